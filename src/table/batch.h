/*
 * Some rows of one table, column by column. A cell that was never set is null. Text is
 * interned within the batch: equal texts have equal cells, so a writer can build its
 * dictionary from 64-bit cells without hashing bytes again.
 *
 * Bounded: a batch takes at most max_rows rows and max_text bytes of text, then says
 * -ENOBUFS and the owner hands it on and clears it. Memory grows to what was used and stays.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/macros.h"
#include "table/schema.h"

typedef struct Batch Batch;

/* The schema is borrowed and must outlive the batch. 0 or -ENOMEM. */
int batch_new(const Schema *schema, size_t max_rows, size_t max_text, Batch **ret);
Batch *batch_free(Batch *batch);
DEFINE_CLEANUP(Batch, batch)

const Schema *batch_schema(const Batch *batch);
size_t batch_rows(const Batch *batch);
size_t batch_text_bytes(const Batch *batch); /* interned text held */
void batch_clear(Batch *batch);

/* Begins a new row, all null; setters then write to it. 0, -ENOBUFS (full) or -ENOMEM. */
int batch_add_row(Batch *batch);

/* Drops rows from the end until `rows` are left: a sample that failed half way is undone. */
void batch_truncate(Batch *batch, size_t rows);

/* Write to the last row. Types follow the column: u64 for U64 and U32, i64 for I64, I32 and
 * TIME. A value that does not fit a 32-bit column becomes null. */
void batch_set_u64(Batch *batch, size_t column, uint64_t value);
void batch_set_i64(Batch *batch, size_t column, int64_t value);
void batch_set_f64(Batch *batch, size_t column, double value); /* nan → null */
void batch_set_bool(Batch *batch, size_t column, bool value);
void batch_set_null(Batch *batch, size_t column);
/* 0, -ENOBUFS when the text does not fit any more (the cell is null then), -ENOMEM. */
int batch_set_text(Batch *batch, size_t column, const char *text, size_t size);
int batch_set_textz(Batch *batch, size_t column, const char *text); /* NULL: the cell stays null */
/* As batch_set_u64, but for UINT64_MAX, by which all tell of figures they do not know: it stays null. */
void batch_set_known(Batch *batch, size_t column, uint64_t value);

bool batch_is_null(const Batch *batch, size_t column, size_t row);
uint64_t batch_u64(const Batch *batch, size_t column, size_t row); /* 0 if null */
int64_t batch_i64(const Batch *batch, size_t column, size_t row);
double batch_f64(const Batch *batch, size_t column, size_t row); /* any numeric type, converted */
bool batch_bool(const Batch *batch, size_t column, size_t row);
/* A time within a range in which differences cannot overflow: a stranger's table may say anything. */
static inline int64_t batch_sane_ns(uint64_t cell)
{
        int64_t ns = (int64_t)cell;

        return ns > INT64_MAX / 4 ? INT64_MAX / 4 : ns < -(INT64_MAX / 4) ? -(INT64_MAX / 4) : ns;
}

/* Not NUL-terminated; "" if null or no text. Valid until the batch changes. */
const char *batch_text(const Batch *batch, size_t column, size_t row, size_t *ret_size);

/* Appends row `row` of `from` (same schema). As batch_add_row, batch_set_text. */
int batch_append(Batch *batch, const Batch *from, size_t row);

/* For encoders: the raw 64-bit cells of a column (U64/I64/TIME/U32/I32 as a 64-bit integer,
 * F64 as its bits, BOOL 0 or 1, TEXT as offset << 32 | size into batch_text_data), the bitmap of
 * cells that are set (bit row % 64 of word row / 64), and the number of nulls. */
const uint64_t *batch_cells(const Batch *batch, size_t column);
const uint64_t *batch_valid(const Batch *batch, size_t column);
size_t batch_null_count(const Batch *batch, size_t column);
const char *batch_text_data(const Batch *batch);

/* For decoders: sets a cell of any fixed type by its raw 64-bit form. */
void batch_set_cell(Batch *batch, size_t column, uint64_t cell);
