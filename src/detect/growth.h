/*
 * A counter over a run of any length in fixed memory: what it had grown to at a moment, by straight lines
 * between points that thin out as the run gets longer. Pure; rows come in order of time.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "table/batch.h"

enum { GROWTH_POINTS = 1024 };

/* All zero at the beginning. */
typedef struct Growth {
        struct {
                int64_t t_ns;
                double value;
        } points[GROWTH_POINTS + 1]; /* the newest is always the last one */
        size_t n;
        int64_t least_ns; /* between points */
        double offset, last; /* a counter that fell began anew */
} Growth;

void growth_add(Growth *growth, int64_t t_ns, double value);
/* A column of rows that have t_ns; nulls are passed over. */
void growth_add_rows(Growth *growth, const Batch *rows, const char *column);

/* From one moment to another, those outside of what is known moved in; 0 where nothing is. */
double growth_between(const Growth *growth, int64_t from_ns, int64_t to_ns);
