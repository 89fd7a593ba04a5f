/*
 * A level over time in bounded room, for trend.h: buckets of equal width, which doubles when the
 * series outgrows them. Each bucket keeps the lowest and the highest level and the mean over time; the
 * lowest is what troughs of a saw-tooth shorter than a bucket leave.
 *
 * Pure: no clock, no file. Times are nanoseconds, in the order of time.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
        TREND_POINTS = 256,                  /* buckets at most; half as many after each doubling */
        TREND_WIDTH_LEAST_NS = 10 * 1000000, /* of a bucket in the beginning */
};

typedef struct TrendBucket {
        float low, high, mean; /* low > high: nothing known */
        float weight;          /* share of the bucket that is known */
} TrendBucket;

typedef struct TrendSeries {
        /* A level holds until the next one, but no longer than this; 0: each is a point by itself. */
        uint64_t hold_ns;
        uint64_t width_ns;
        int64_t start_ns;
        TrendBucket *buckets; /* owned */
        size_t n, capacity;
        uint64_t seen; /* levels told */
        int64_t last_ns;
        double last;
} TrendSeries;

void trend_series_init(TrendSeries *series, uint64_t hold_ns);
void trend_series_done(TrendSeries *series);
void trend_series_clear(TrendSeries *series); /* as if nothing had been told */

/* A level from then on. One that is older than the last told counts as of that time. 0 or -ENOMEM. */
int trend_series_add(TrendSeries *series, int64_t t_ns, double level);
/* The last level held until then, as far as it may. 0 or -ENOMEM. */
int trend_series_finish(TrendSeries *series, int64_t end_ns);

/* Buckets of which something is known: the middle of each in minutes since the series' start, and its
 * figures, into arrays of TREND_POINTS. Any of them may be NULL. How many there are. */
size_t trend_series_points(const TrendSeries *series, double *t_min, double *low, double *high, double *mean);
