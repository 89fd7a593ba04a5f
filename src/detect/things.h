/*
 * What rows are about, by name (a mount, a chip, a cgroup): a state for each, zero at first, so many at
 * most. And small words that detectors share.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/text.h"
#include "model/cells.h"

enum { THINGS_MAX = 256, THING_NAME_MAX = 256 /* bytes; longer names are cut */ };

typedef struct Thing {
        char *name; /* owned, NUL-terminated */
        void *state; /* owned */
} Thing;

/* All zero is empty. */
typedef struct Things {
        Thing *items;
        size_t n;
} Things;

/* The state of `name`, of state_size bytes. NULL: too many of them, or no memory. */
void *things_get(Things *things, const char *name, size_t size, size_t state_size);
void things_done(Things *things);

/* "" where the cell is null; not NUL-terminated. */
const char *row_text(const Batch *rows, Cells cells, size_t row, size_t *ret_size);
bool row_text_is(const Batch *rows, Cells cells, size_t row, const char *text);
/* A number of any numeric column; false: null. */
bool row_number(const Batch *rows, Cells cells, size_t row, double *ret);
/* A time of a stranger's table, in a range that can be computed with; false: null. */
bool row_time(const Batch *rows, Cells cells, size_t row, int64_t *ret);

/* format_duration of a moment; before the run's start is its start. */
const char *format_moment(char buffer[FORMAT_MAX], int64_t t_ns);
/* "3.9", "12", "0.4": three significant digits at most. */
const char *format_number(char buffer[FORMAT_MAX], double value);
