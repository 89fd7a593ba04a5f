/* Column-major 64-bit cells, validity bitmaps, and one interned text heap. */
#include "table/batch.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/buffer.h"
#include "base/hash.h"

enum { FEW_ROWS = 8 }; /* most batches hold one sample of one thing */

typedef struct Cells {
        uint64_t *values;
        uint64_t *valid;
} Cells;

struct Batch {
        const Schema *schema;
        size_t rows, capacity, max_rows, max_text;
        Cells *columns;
        Buffer text;
        uint64_t *interned; /* open addressing: the cell (offset << 32 | size) + 1; 0 empty */
        size_t n_interned, interned_slots;
};

int batch_new(const Schema *schema, size_t max_rows, size_t max_text, Batch **ret)
{
        Batch *b = calloc(1, sizeof *b);

        if (!b)
                return -ENOMEM;
        b->schema = schema;
        b->max_rows = max_rows;
        b->max_text = MIN(max_text, (size_t)UINT32_MAX);
        b->columns = calloc(MAX(schema->n_columns, (size_t)1), sizeof *b->columns);
        if (!b->columns) {
                free(b);
                return -ENOMEM;
        }
        *ret = b;
        return 0;
}

Batch *batch_free(Batch *b)
{
        if (b) {
                for (size_t i = 0; i < b->schema->n_columns; i++) {
                        free(b->columns[i].values);
                        free(b->columns[i].valid);
                }
                free(b->columns);
                free(b->interned);
                buffer_done(&b->text);
                free(b);
        }
        return NULL;
}

const Schema *batch_schema(const Batch *b)
{
        return b->schema;
}

size_t batch_rows(const Batch *b)
{
        return b->rows;
}

size_t batch_text_bytes(const Batch *b)
{
        return b->text.size;
}

void batch_clear(Batch *b)
{
        b->rows = 0;
        buffer_clear(&b->text);
        if (b->n_interned > 0)
                memset(b->interned, 0, b->interned_slots * sizeof *b->interned);
        b->n_interned = 0;
}

static int grow(Batch *b)
{
        size_t capacity = MIN(MAX(b->capacity * 2, (size_t)FEW_ROWS), b->max_rows);
        size_t words = (capacity + 63) / 64;

        for (size_t i = 0; i < b->schema->n_columns; i++) {
                Cells *c = &b->columns[i];
                uint64_t *values = realloc(c->values, capacity * sizeof *values);
                if (!values)
                        return -ENOMEM;
                c->values = values;
                uint64_t *valid = realloc(c->valid, words * sizeof *valid);
                if (!valid)
                        return -ENOMEM;
                c->valid = valid;
        }
        b->capacity = capacity;
        return 0;
}

int batch_add_row(Batch *b)
{
        if (b->rows >= b->max_rows)
                return -ENOBUFS;
        if (b->rows >= b->capacity) {
                int r = grow(b);
                if (r < 0)
                        return r;
        }
        size_t row = b->rows++;
        for (size_t i = 0; i < b->schema->n_columns; i++) {
                Cells *c = &b->columns[i];
                c->values[row] = 0;
                c->valid[row / 64] &= ~(1ull << row % 64);
        }
        return 0;
}

void batch_truncate(Batch *b, size_t rows)
{
        if (rows < b->rows)
                b->rows = rows;
        if (rows == 0)
                batch_clear(b);
}

void batch_set_cell(Batch *b, size_t column, uint64_t cell)
{
        size_t row = b->rows - 1;

        b->columns[column].values[row] = cell;
        b->columns[column].valid[row / 64] |= 1ull << row % 64;
}

void batch_set_null(Batch *b, size_t column)
{
        size_t row = b->rows - 1;

        b->columns[column].values[row] = 0;
        b->columns[column].valid[row / 64] &= ~(1ull << row % 64);
}

void batch_set_u64(Batch *b, size_t column, uint64_t value)
{
        if (b->schema->columns[column].type == COLUMN_U32 && value > UINT32_MAX)
                batch_set_null(b, column);
        else
                batch_set_cell(b, column, value);
}

void batch_set_i64(Batch *b, size_t column, int64_t value)
{
        if (b->schema->columns[column].type == COLUMN_I32 && (value > INT32_MAX || value < INT32_MIN))
                batch_set_null(b, column);
        else
                batch_set_cell(b, column, (uint64_t)value);
}

void batch_set_f64(Batch *b, size_t column, double value)
{
        uint64_t bits;

        if (isnan(value)) {
                batch_set_null(b, column);
                return;
        }
        memcpy(&bits, &value, sizeof bits);
        batch_set_cell(b, column, bits);
}

void batch_set_bool(Batch *b, size_t column, bool value)
{
        batch_set_cell(b, column, value);
}

static uint64_t *intern_slot(Batch *b, const char *text, size_t size)
{
        size_t mask = b->interned_slots - 1, i = hash_bytes(text, size) & mask;

        for (; b->interned[i]; i = (i + 1) & mask) {
                uint64_t cell = b->interned[i] - 1;
                if ((uint32_t)cell == size && memcmp(b->text.data + (cell >> 32), text, size) == 0)
                        break;
        }
        return &b->interned[i];
}

static int grow_interned(Batch *b)
{
        size_t n_old = b->interned_slots;
        uint64_t *old = b->interned;
        uint64_t *slots = calloc(MAX(n_old * 2, (size_t)64), sizeof *slots);

        if (!slots)
                return -ENOMEM;
        b->interned = slots;
        b->interned_slots = MAX(n_old * 2, (size_t)64);
        for (size_t i = 0; i < n_old; i++)
                if (old[i]) {
                        uint64_t cell = old[i] - 1;
                        *intern_slot(b, (const char *)b->text.data + (cell >> 32),
                                     (uint32_t)cell) = old[i];
                }
        free(old);
        return 0;
}

/* Directories, users, sources, categories: often the text of the row above. */
static bool is_as_above(const Batch *b, size_t column, const char *text, size_t size)
{
        size_t row = b->rows - 1;

        if (row == 0 || batch_is_null(b, column, row - 1))
                return false;
        uint64_t cell = b->columns[column].values[row - 1];
        return (uint32_t)cell == size && memcmp(b->text.data + (cell >> 32), text, size) == 0;
}

int batch_set_text(Batch *b, size_t column, const char *text, size_t size)
{
        int r;

        batch_set_null(b, column);
        if (size == 0) {
                batch_set_cell(b, column, 0);
                return 0;
        }
        if (is_as_above(b, column, text, size)) {
                batch_set_cell(b, column, b->columns[column].values[b->rows - 2]);
                return 0;
        }
        if ((b->n_interned + 1) * 4 > b->interned_slots * 3) {
                r = grow_interned(b);
                if (r < 0)
                        return r;
        }
        uint64_t *slot = intern_slot(b, text, size);
        if (!*slot) {
                if (size > b->max_text - b->text.size)
                        return -ENOBUFS;
                uint64_t offset = b->text.size;
                r = buffer_append(&b->text, text, size);
                if (r < 0)
                        return r;
                *slot = (offset << 32 | (uint32_t)size) + 1;
                b->n_interned++;
        }
        batch_set_cell(b, column, *slot - 1);
        return 0;
}

int batch_set_textz(Batch *batch, size_t column, const char *text)
{
        return text ? batch_set_text(batch, column, text, strlen(text)) : 0;
}

void batch_set_known(Batch *batch, size_t column, uint64_t value)
{
        if (value != UINT64_MAX)
                batch_set_u64(batch, column, value);
}

bool batch_is_null(const Batch *b, size_t column, size_t row)
{
        return !(b->columns[column].valid[row / 64] >> row % 64 & 1);
}

uint64_t batch_u64(const Batch *b, size_t column, size_t row)
{
        return b->columns[column].values[row];
}

int64_t batch_i64(const Batch *b, size_t column, size_t row)
{
        return (int64_t)b->columns[column].values[row];
}

double batch_f64(const Batch *b, size_t column, size_t row)
{
        uint64_t cell = b->columns[column].values[row];
        double value;

        switch (b->schema->columns[column].type) {
        case COLUMN_F64:
                memcpy(&value, &cell, sizeof value);
                return value;
        case COLUMN_I64:
        case COLUMN_I32:
        case COLUMN_TIME:
                return (double)(int64_t)cell;
        default:
                return (double)cell;
        }
}

bool batch_bool(const Batch *b, size_t column, size_t row)
{
        return b->columns[column].values[row] != 0;
}

const char *batch_text(const Batch *b, size_t column, size_t row, size_t *ret_size)
{
        uint64_t cell = b->columns[column].values[row];

        *ret_size = (uint32_t)cell;
        if ((cell >> 32) + *ret_size <= b->text.size && b->text.data)
                return (const char *)b->text.data + (cell >> 32);
        *ret_size = 0; /* a stranger's table has numbers where texts are looked for */
        return "";
}

int batch_append(Batch *b, const Batch *from, size_t row)
{
        size_t rows = b->rows;
        int r = batch_add_row(b);

        for (size_t i = 0; r == 0 && i < b->schema->n_columns; i++) {
                size_t size;
                const char *text;
                if (batch_is_null(from, i, row))
                        continue;
                if (b->schema->columns[i].type != COLUMN_TEXT) {
                        batch_set_cell(b, i, batch_u64(from, i, row));
                        continue;
                }
                text = batch_text(from, i, row, &size);
                r = batch_set_text(b, i, text, size);
        }
        if (r < 0 && b->rows > rows)
                b->rows = rows;
        return r;
}

const uint64_t *batch_cells(const Batch *b, size_t column)
{
        return b->columns[column].values;
}

const uint64_t *batch_valid(const Batch *b, size_t column)
{
        return b->columns[column].valid;
}

size_t batch_null_count(const Batch *b, size_t column)
{
        const uint64_t *valid = b->columns[column].valid;
        size_t set = 0;

        for (size_t i = 0; i < b->rows / 64; i++)
                set += (size_t)__builtin_popcountll(valid[i]);
        if (b->rows % 64)
                set += (size_t)__builtin_popcountll(valid[b->rows / 64] & ((1ull << b->rows % 64) - 1));
        return b->rows - set;
}

const char *batch_text_data(const Batch *b)
{
        return b->text.data ? (const char *)b->text.data : "";
}
