/*
 * What a sweep came to: its runs by -j, repeats as median and range, which -j is best, and which
 * categories held the memory. From the figures in sweep.json alone.
 */
#pragma once

#include "sweep/sweep.h"

enum { SWEEP_CATEGORIES = 8 };

/* Of the runs that are done; n 0: nothing is known. */
typedef struct SweepSpread {
        size_t n;
        uint64_t low, median, high;
} SweepSpread;

typedef struct SweepLevel {
        unsigned jobs;
        size_t n_done, n_failed, n_left; /* failed: timed out, too; left: planned or interrupted */
        SweepSpread wall_ns, peak_bytes, cpu_us;
        SweepSpread busy_milli; /* cores busy, in thousandths */
        bool partial;           /* some run's capture missed short processes */
        uint64_t lost_events;
        SweepSpread categories[SWEEP_CATEGORIES]; /* peaks, of the result's categories */
} SweepLevel;

typedef struct SweepCategory {
        const char *major, *name; /* borrowed from the sweep; major may be NULL */
} SweepCategory;

typedef struct SweepResult {
        SweepLevel *levels; /* in the order of ->jobs */
        size_t n_levels;
        size_t best, least; /* shortest median time; smallest median peak. SIZE_MAX: none is known */
        SweepCategory categories[SWEEP_CATEGORIES]; /* highest peak first */
        size_t n_categories;
        size_t n_done, n_failed, n_left;
} SweepResult;

/* The sweep must outlive it. 0 or -ENOMEM. */
int sweep_result(const Sweep *sweep, SweepResult *ret);
void sweep_result_done(SweepResult *result);

/* Whether the best differs from the next by more than the repeats of both do; false with one each. */
bool sweep_best_is_clear(const SweepResult *result);

typedef struct SweepTextOptions {
        bool color, ascii;
        unsigned columns; /* 0: 80 */
        const char *path; /* of the sweep, to be shown; NULL: not */
} SweepTextOptions;

/* The text of summary.txt and of `vigia report`. 0 or -ENOMEM. */
int sweep_text(const Sweep *sweep, const SweepTextOptions *options, String *out);
