/* A column of a batch by its name, or nothing where the table lacks it. */
#pragma once

#include "table/batch.h"

typedef struct BuildCells {
        const Batch *rows;
        int column;
} BuildCells;

static inline BuildCells build_cells(const Batch *rows, const char *name)
{
        return (BuildCells){rows, schema_find(batch_schema(rows), name)};
}

static inline bool build_cell(BuildCells c, size_t row, uint64_t *ret)
{
        if (c.column < 0 || batch_is_null(c.rows, (size_t)c.column, row))
                return false;
        *ret = batch_cells(c.rows, (size_t)c.column)[row];
        return true;
}

static inline uint64_t build_cell_or(BuildCells c, size_t row, uint64_t unknown)
{
        uint64_t value = unknown;

        build_cell(c, row, &value);
        return value;
}

/* "" where it is null. Not NUL-terminated. */
static inline const char *build_cell_text(BuildCells c, size_t row, size_t *ret_size)
{
        *ret_size = 0;
        return c.column < 0 ? "" : batch_text(c.rows, (size_t)c.column, row, ret_size);
}
