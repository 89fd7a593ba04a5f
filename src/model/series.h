/*
 * A curve over a run of unknown length in fixed memory: slots of equal width that double in
 * width when time runs past the last one. Levels keep their maxima; amounts keep their sums.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { SERIES_SLOTS = 128 };

typedef struct Series {
        uint64_t width_ns; /* of a slot */
        uint64_t end_ns;   /* the latest time told of */
        double slots[SERIES_SLOTS];
        bool amounts; /* else levels */
} Series;

void series_init(Series *series, bool amounts);

/* A level that held over [from_ns, to_ns], or an amount spread evenly over it. Times before
 * the run's start count as its start. */
void series_add(Series *series, int64_t from_ns, int64_t to_ns, double value);

/* The curve over [0, span_ns] (0: as far as was told) in n columns: the highest level in each,
 * or the amount per second. Returns false if nothing was told. */
bool series_columns(const Series *series, uint64_t span_ns, size_t n, double *ret);

/* How long before span_ns the rate of amounts stayed at or under `per_second`. */
uint64_t series_tail_under(const Series *series, uint64_t span_ns, double per_second);
