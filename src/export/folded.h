/*
 * Folded stacks, as flamegraph.pl, inferno and speedscope read them: a line a path through the tree of
 * processes, "make;sh;gcc;cc1 1234567", and what the processes at its end took themselves. Paths come in
 * the order of their bytes.
 *
 * A frame is a program's name. In it, what such tools or a terminal could misread becomes '_' (blanks and
 * semicolons) or '?' (control bytes, invalid UTF-8, bidi overrides). Memory is not additive over time:
 * FOLDED_MEMORY adds up the peaks of processes, whenever they were.
 */
#pragma once

#include "store/run.h"

typedef enum FoldedWeight {
        FOLDED_CPU,    /* CPU time in microseconds */
        FOLDED_MEMORY, /* each process's peak: RSS (else PSS), in bytes */
} FoldedWeight;

/* Writes to fd (borrowed). Paths of which nothing is known, or 0, are left out. 0 or -errno; *ret_output:
 * it was the output, not the run, that failed. */
int folded_write(RunReader *run, FoldedWeight weight, int fd, bool *ret_output, Error *err);
