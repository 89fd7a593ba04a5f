/* Cells of a column that may be null, or of none: what a table lacks is unknown, too. */
#pragma once

#include <stdbool.h>

#include "table/batch.h"

/* A column of a batch, or nothing where the table lacks it. */
typedef struct Cells {
        const Batch *rows; /* borrowed */
        const uint64_t *values, *valid;
        int column;
} Cells;

static inline Cells cells_find(const Batch *rows, const char *name)
{
        int i = schema_find(batch_schema(rows), name);

        if (i < 0)
                return (Cells){.column = -1};
        return (Cells){rows, batch_cells(rows, (size_t)i), batch_valid(rows, (size_t)i), i};
}

static inline bool cells_get(Cells c, size_t row, uint64_t *ret)
{
        if (c.column < 0 || !(c.valid[row / 64] >> row % 64 & 1))
                return false;
        *ret = c.values[row];
        return true;
}

static inline uint64_t cells_or(Cells c, size_t row, uint64_t unknown)
{
        uint64_t value = unknown;

        cells_get(c, row, &value);
        return value;
}

/* "" where it is null. Not NUL-terminated. */
static inline const char *cells_text(Cells c, size_t row, size_t *ret_size)
{
        *ret_size = 0;
        return c.column < 0 ? "" : batch_text(c.rows, (size_t)c.column, row, ret_size);
}
