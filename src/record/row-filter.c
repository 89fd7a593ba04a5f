/* One slot for each thing: the cells of its last told row, and where in the last sample its row is. */
#include "record/row-filter.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "monitor/monitor.h"

enum {
        SLOTS_MAX = 16384, /* things; rows of further ones are all told */
        NOWHERE = UINT32_MAX,
        SAMPLE_ROWS_MAX = 16384,
        SAMPLE_TEXT_MAX = 4 << 20,
};

typedef struct Cell {
        uint64_t bits; /* of text: a hash */
        bool known;
} Cell;

typedef struct Slot {
        uint64_t key;
        uint64_t sample;  /* the newest it was in */
        uint32_t row;     /* of the newest sample; NOWHERE: told already */
        int64_t told_ns;  /* t_ns of the last row told */
        bool ever_told;
        Cell cells[];
} Slot;

struct RowFilter {
        const Schema *schema;
        int64_t repeat_ns;
        Map *slots;       /* key → Slot */
        Batch *newest;    /* the last sample, whole */
        uint64_t samples; /* so far */
        Slot **by_row;    /* slots of the sample at hand */
        size_t by_row_size;
};

int row_filter_new(const Schema *schema, uint64_t repeat_ns, RowFilter **ret)
{
        _cleanup_(row_filter_freep) RowFilter *f = calloc(1, sizeof *f);

        if (!f)
                return -ENOMEM;
        f->schema = schema;
        f->repeat_ns = (int64_t)repeat_ns;
        int r = map_new(&f->slots);
        if (r == 0)
                r = batch_new(schema, SAMPLE_ROWS_MAX, SAMPLE_TEXT_MAX, &f->newest);
        if (r < 0)
                return r;
        *ret = TAKE(f);
        return 0;
}

static bool drop_slot(uint64_t key, void *value, void *data)
{
        free(value);
        return true;
}

RowFilter *row_filter_free(RowFilter *f)
{
        if (f) {
                if (f->slots)
                        map_remove_if(f->slots, drop_slot, NULL);
                map_free(f->slots);
                batch_free(f->newest);
                free(f->by_row);
                free(f);
        }
        return NULL;
}

/* ---- cells ---- */

static Cell cell_at(const Batch *rows, size_t column, size_t row)
{
        Cell cell = {0, !batch_is_null(rows, column, row)};

        if (!cell.known)
                return cell;
        if (batch_schema(rows)->columns[column].type == COLUMN_TEXT) {
                size_t size;
                const char *text = batch_text(rows, column, row, &size);
                cell.bits = hash_bytes(text, size);
        } else {
                cell.bits = batch_cells(rows, column)[row];
        }
        return cell;
}

static double distance(ColumnType type, uint64_t a, uint64_t b)
{
        if (type == COLUMN_F64) {
                double x, y;
                memcpy(&x, &a, sizeof x);
                memcpy(&y, &b, sizeof y);
                return fabs(x - y);
        }
        bool less = type == COLUMN_I64 || type == COLUMN_I32 ? (int64_t)a < (int64_t)b : a < b;
        return (double)(less ? b - a : a - b);
}

static bool says_something(const Column *column, Cell told, Cell now)
{
        if (told.known != now.known)
                return !isinf(column->noise);
        if (!now.known || told.bits == now.bits)
                return false;
        if (column->type == COLUMN_TEXT || column->type == COLUMN_BOOL)
                return true;
        return distance(column->type, told.bits, now.bits) > column->noise;
}

static bool is_new(const RowFilter *f, const Slot *slot, const Batch *rows, size_t row)
{
        for (size_t c = MONITOR_FIRST; c < f->schema->n_columns; c++)
                if (f->schema->columns[c].role != ROLE_KEY &&
                    says_something(&f->schema->columns[c], slot->cells[c], cell_at(rows, c, row)))
                        return true;
        return false;
}

/* ---- slots ---- */

static uint64_t key_of(const RowFilter *f, const Batch *rows, size_t row)
{
        uint64_t key = 1;

        for (size_t c = MONITOR_FIRST; c < f->schema->n_columns; c++) {
                if (f->schema->columns[c].role != ROLE_KEY)
                        continue;
                Cell cell = cell_at(rows, c, row);
                key = hash_u64(key ^ cell.bits) + cell.known;
        }
        return key;
}

/* The slot of this row; of things that cannot be told apart, the first not yet in this sample.
 * NULL: there are too many, or no memory. */
static Slot *slot_of(RowFilter *f, const Batch *rows, size_t row)
{
        uint64_t key = key_of(f, rows, row);
        Slot *slot;

        while ((slot = map_get(f->slots, key)) != NULL && slot->sample == f->samples)
                key = hash_u64(key + 1);
        if (slot || map_size(f->slots) >= SLOTS_MAX)
                return slot;
        slot = calloc(1, sizeof *slot + f->schema->n_columns * sizeof *slot->cells);
        if (!slot)
                return NULL;
        slot->key = key;
        slot->row = NOWHERE;
        if (map_put(f->slots, key, slot) < 0) {
                free(slot);
                return NULL;
        }
        return slot;
}

static int tell(RowFilter *f, Slot *slot, const Batch *rows, size_t row, Batch *told)
{
        int r = batch_append(told, rows, row);

        if (r < 0 || !slot)
                return r;
        for (size_t c = 0; c < f->schema->n_columns; c++)
                slot->cells[c] = cell_at(rows, c, row);
        slot->told_ns = batch_i64(rows, MONITOR_T_NS, row);
        slot->ever_told = true;
        slot->row = NOWHERE;
        return 0;
}

/* ---- a sample ---- */

static int reserve(RowFilter *f, size_t rows)
{
        if (rows <= f->by_row_size)
                return 0;
        Slot **by_row = realloc(f->by_row, rows * sizeof *by_row);
        if (!by_row)
                return -ENOMEM;
        f->by_row = by_row;
        f->by_row_size = rows;
        return 0;
}

/* What stood before the changes of this sample; and the last of what it does not have any more. */
static int tell_before(RowFilter *f, const Batch *rows, Batch *told)
{
        size_t position = 0;
        uint64_t key;
        void *value;
        int r = 0;

        for (size_t row = 0; r == 0 && row < batch_rows(rows); row++) {
                Slot *slot = f->by_row[row];
                if (slot && slot->ever_told && slot->row != NOWHERE && is_new(f, slot, rows, row))
                        r = batch_append(told, f->newest, slot->row);
        }
        while (r == 0 && map_next(f->slots, &position, &key, &value)) {
                Slot *slot = value;
                if (slot->sample != f->samples && slot->row != NOWHERE)
                        r = tell(f, slot, f->newest, slot->row, told);
        }
        return r;
}

static bool is_gone(uint64_t key, void *value, void *data)
{
        const uint64_t *sample = data;
        Slot *slot = value;

        if (slot->sample == *sample)
                return false;
        free(slot);
        return true;
}

static int tell_now(RowFilter *f, const Batch *rows, Batch *told)
{
        int r = 0;

        for (size_t row = 0; r == 0 && row < batch_rows(rows); row++) {
                Slot *slot = f->by_row[row];
                int64_t t_ns = batch_i64(rows, MONITOR_T_NS, row);
                if (!slot || !slot->ever_told || t_ns - slot->told_ns >= f->repeat_ns ||
                    is_new(f, slot, rows, row))
                        r = tell(f, slot, rows, row, told);
                else
                        slot->row = (uint32_t)row;
        }
        return r;
}

/* Rows left out are wanted if a change follows: the sample is kept, whole. */
static int keep(RowFilter *f, const Batch *rows)
{
        int r = 0;

        batch_clear(f->newest);
        for (size_t row = 0; r == 0 && row < batch_rows(rows); row++)
                r = batch_append(f->newest, rows, row);
        return r;
}

int row_filter_pass(RowFilter *f, const Batch *rows, Batch *told)
{
        int r = reserve(f, batch_rows(rows));

        if (r < 0)
                return r;
        f->samples++;
        for (size_t row = 0; row < batch_rows(rows); row++) {
                f->by_row[row] = slot_of(f, rows, row);
                if (f->by_row[row])
                        f->by_row[row]->sample = f->samples;
        }
        r = tell_before(f, rows, told);
        map_remove_if(f->slots, is_gone, &f->samples);
        int now = tell_now(f, rows, told);
        int kept = keep(f, rows);
        if (kept < 0) { /* then nothing is left out that could be asked for */
                map_remove_if(f->slots, drop_slot, NULL);
                batch_clear(f->newest);
        }
        return r < 0 ? r : now < 0 ? now : kept;
}

int row_filter_finish(RowFilter *f, Batch *told)
{
        size_t position = 0;
        uint64_t key;
        void *value;
        int r = 0;

        while (r == 0 && map_next(f->slots, &position, &key, &value)) {
                Slot *slot = value;
                if (slot->row != NOWHERE)
                        r = tell(f, slot, f->newest, slot->row, told);
        }
        return r;
}
