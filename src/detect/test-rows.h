/* For tests of detectors: a row in one line, and columns to make tables of. */
#pragma once

#include <math.h>
#include <stdarg.h>
#include <string.h>

#include "detect/test-world.h"

#define NUMBER(n) {n, COLUMN_U64, ROLE_GAUGE, UNIT_NONE, "", 0}
#define SIGNED(n) {n, COLUMN_I64, ROLE_KEY, UNIT_NONE, "", 0}
#define REAL(n)   {n, COLUMN_F64, ROLE_GAUGE, UNIT_NONE, "", 0}
#define TEXT(n)   {n, COLUMN_TEXT, ROLE_KEY, UNIT_NONE, "", 0}
#define FLAG(n)   {n, COLUMN_BOOL, ROLE_GAUGE, UNIT_NONE, "", 0}
#define NOTHING   ((double)NAN)
#define SECOND    (1e9)

/* One argument a column: const char * of texts (NULL: null), int of flags, double of numbers (NOTHING: null). */
static inline void add_row(Batch *rows, ...)
{
        const Schema *schema = batch_schema(rows);
        va_list arguments;

        va_start(arguments, rows);
        assert_int_equal(batch_add_row(rows), 0);
        for (size_t i = 0; i < schema->n_columns; i++) {
                ColumnType type = schema->columns[i].type;
                if (type == COLUMN_TEXT) {
                        const char *text = va_arg(arguments, const char *);
                        if (text)
                                assert_int_equal(batch_set_text(rows, i, text, strlen(text)), 0);
                        continue;
                }
                if (type == COLUMN_BOOL) {
                        batch_set_bool(rows, i, va_arg(arguments, int));
                        continue;
                }
                double value = va_arg(arguments, double);
                if (isnan(value))
                        continue;
                if (type == COLUMN_F64)
                        batch_set_f64(rows, i, value);
                else if (type == COLUMN_I64)
                        batch_set_i64(rows, i, (int64_t)value);
                else
                        batch_set_u64(rows, i, (uint64_t)value);
        }
        va_end(arguments);
}

static inline Batch *new_rows(const Schema *schema)
{
        Batch *rows;

        assert_int_equal(batch_new(schema, 4096, 1 << 20, &rows), 0);
        return rows;
}
