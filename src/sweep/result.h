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

/* Markdown for the page of a CI job, at most 60 lines. 0 or -ENOMEM. */
int sweep_markdown(const Sweep *sweep, String *out);

/* ---- what both say ---- */

typedef enum SweepMood { SWEEP_MOOD_FINE, SWEEP_MOOD_WARNING, SWEEP_MOOD_FAILED } SweepMood;

/* One sentence: which -j is fastest and what it takes. Returns how good the news is. */
SweepMood sweep_answer(const Sweep *sweep, const SweepResult *result, bool ascii, String *to);

size_t sweep_count_measured(const SweepResult *result); /* levels of which a time is known */
const char *sweep_level_name(char buffer[FORMAT_MAX], unsigned jobs); /* "-j8", "the build" */
const char *sweep_runs_text(char *to, size_t size, const SweepLevel *level); /* "2 of 3" */
/* "+12 %" over the best; "" for the best itself. There is a best. */
const char *sweep_over_text(char text[FORMAT_MAX], const SweepResult *result, const SweepLevel *level);

/* What failed, how sure the figures are, where they are from: told one by one, not made safe. */
typedef void (*SweepRemarkFn)(void *data, const char *label, const char *text);
void sweep_remarks(const Sweep *sweep, const SweepResult *result, SweepRemarkFn tell, void *data);
