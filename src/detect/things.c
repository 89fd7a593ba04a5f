/* A short list, looked through from the front. */
#include "detect/things.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void *things_get(Things *things, const char *name, size_t size, size_t state_size)
{
        size = MIN(size, (size_t)THING_NAME_MAX);
        for (size_t i = 0; i < things->n; i++)
                if (strncmp(things->items[i].name, name, size) == 0 && things->items[i].name[size] == '\0')
                        return things->items[i].state;
        if (things->n >= THINGS_MAX)
                return NULL;
        Thing *items = realloc(things->items, (things->n + 1) * sizeof *items);
        if (!items)
                return NULL;
        things->items = items;
        Thing thing = {.name = strndup(name, size), .state = calloc(1, state_size)};
        if (!thing.name || !thing.state) {
                free(thing.name);
                free(thing.state);
                return NULL;
        }
        things->items[things->n++] = thing;
        return thing.state;
}

void things_done(Things *things)
{
        for (size_t i = 0; i < things->n; i++) {
                free(things->items[i].name);
                free(things->items[i].state);
        }
        free(things->items);
        *things = (Things){0};
}

const char *row_text(const Batch *rows, Cells cells, size_t row, size_t *ret_size)
{
        *ret_size = 0;
        return cells.column < 0 ? "" : batch_text(rows, (size_t)cells.column, row, ret_size);
}

bool row_text_is(const Batch *rows, Cells cells, size_t row, const char *text)
{
        size_t size;
        const char *is = row_text(rows, cells, row, &size);

        return size == strlen(text) && memcmp(is, text, size) == 0;
}

bool row_number(const Batch *rows, Cells cells, size_t row, double *ret)
{
        uint64_t unused;

        if (!cells_get(cells, row, &unused))
                return false;
        double value = batch_f64(rows, (size_t)cells.column, row);
        if (!isfinite(value))
                return false;
        *ret = value;
        return true;
}

bool row_time(const Batch *rows, Cells cells, size_t row, int64_t *ret)
{
        uint64_t cell;

        if (rows == NULL || !cells_get(cells, row, &cell))
                return false;
        *ret = batch_sane_ns(cell);
        return true;
}

const char *format_moment(char buffer[FORMAT_MAX], int64_t t_ns)
{
        return format_duration(buffer, t_ns > 0 ? (uint64_t)t_ns : 0);
}

const char *format_number(char buffer[FORMAT_MAX], double value)
{
        double size = fabs(value);

        snprintf(buffer, FORMAT_MAX, "%.*f", size < 0.995 ? 2 : size < 99.95 ? 1 : 0, value);
        return buffer;
}
