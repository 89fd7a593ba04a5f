/*
 * What a build would take at each -j: how long and how much memory, each with a range; how far that is worth
 * while; what fits.
 *
 * A range is what replays with a little chance in them come to (jobs take longer or shorter), with and
 * without the waits that are only assumed, and never narrower than the errors that real builds have shown
 * (`BENCH_ONLY=advise make bench`): FORECAST_WALL_ERROR and FORECAST_PEAK_ERROR, more the further a -j is from
 * the recorded one.
 */
#pragma once

#include "advise/plan.h"

enum { FORECAST_LEVELS_MAX = 64 };

#define FORECAST_WALL_ERROR 0.08
#define FORECAST_PEAK_ERROR 0.06

typedef struct Range {
        double expected, low, high;
} Range;

typedef struct ForecastLevel {
        unsigned jobs;
        bool recorded; /* the recording's own -j */
        Range wall_s, peak_bytes;
        double busy_cpus;
        bool fits;     /* the high end of its peak is within the room */
} ForecastLevel;

typedef struct ForecastOptions {
        double cpus;           /* may have a fraction; 0: as recorded */
        uint64_t memory_bytes; /* that the build may take; BUILD_UNKNOWN: as recorded */
        unsigned link_jobs;    /* 0: not limited */
        const unsigned *levels; /* NULL: 1, 2, 3, 4, 6, 8, 12, … to twice the CPUs, and the recorded one */
        size_t n_levels;
        size_t work;           /* jobs replayed in all, about; 0: as many as make a good range */
} ForecastOptions;

typedef struct Forecast {
        ForecastLevel levels[FORECAST_LEVELS_MAX];
        size_t n;
        double cpus;           /* that the table supposes */
        bool cpus_given;
        uint64_t room_bytes;   /* that the build may take; BUILD_UNKNOWN */
        uint64_t limit_bytes;  /* of the container or machine */
        bool limit_is_cgroup, room_given;
        bool room_is_free;     /* others held so much at the beginning that this is what counts */
        size_t best;           /* what is advised, into levels; SIZE_MAX: none fits */
        size_t fits;           /* the highest that fits; SIZE_MAX: none, or room unknown */
        size_t knee;           /* from here on more -j saves less than a thirtieth */
        double chain_s;        /* the longest chain of jobs that wait for each other: no -j is faster */
        double cpu_floor_s;    /* CPU time over CPUs: nor is this */
        double replay_ratio;   /* the recorded wall time over what the model makes of it; far from 1: not understood */
        double link_peak_bytes; /* with links one at a time, at the best -j; NAN: no links, or no difference */
} Forecast;

/* 0 or -ENOMEM. */
int forecast_make(const Plan *plan, const BuildRows *rows, const ForecastOptions *options, Forecast *ret);
