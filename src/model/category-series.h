/*
 * Memory, CPU and processes by category over the run: for stacks and lines, in plots and on the page.
 *
 * Time is cut into buckets of equal width, which doubles when the run outgrows them. Of a level (PSS,
 * RSS, processes) each bucket tells one tick, the one with the highest total in it: its parts are what
 * the categories held at that same moment, so that a stack's top was really reached and the run's peak
 * is always there. Where the totals say what the whole tree held (with the kernel's own count of its anonymous
 * pages), the parts of PSS are brought to that sum: a stack's highest top is then the report's peak. What no
 * living process holds is that of one which is ending. A bucket
 * without a tick holds what the last tick said. CPU time is an amount: each bucket has what was used in it, in
 * cores (CPU seconds a second), also by processes that no tick saw; what a counter tells late, beyond all that the
 * machine's CPUs can do in a moment, was used before it.
 *
 * Tables are observed once, in this order: processes, totals, samples (each may be absent). Memory is
 * bounded: CATEGORY_SERIES_VALUES numbers, beyond which buckets become wider.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/macros.h"
#include "table/batch.h"
#include "table/label.h"

enum {
        CATEGORY_BUCKETS = 1200,          /* where nothing else is asked for */
        CATEGORY_SERIES_VALUES = 8 << 20, /* numbers kept at most, of 8 bytes */
};

/* Of memory that the kernel counts and nobody is known to hold or to have held. */
#define CATEGORY_UNATTRIBUTED "(unattributed)"

typedef enum CategoryMetric {
        CATEGORY_PSS,       /* bytes; of processes whose PSS is unknown their RSS */
        CATEGORY_RSS,       /* bytes */
        CATEGORY_PROCESSES, /* alive at the tick, of those a tick saw */
        CATEGORY_CPU,       /* cores */
        CATEGORY_METRICS,
} CategoryMetric;

/* One category, or one program where no rules gave one. */
typedef struct CategoryLine {
        char *name;  /* owned */
        char *major; /* owned; NULL: no rules applied */
        bool ignored; /* its major is Ignored: hidden unless asked for */
        double *values[CATEGORY_METRICS]; /* owned, n_buckets of each; NULL: nothing but 0 */
        double peaks[CATEGORY_METRICS];   /* highest at any tick (CPU: in any bucket), not only at those told */
} CategoryLine;

typedef struct CategorySeries {
        uint64_t width_ns, end_ns;
        size_t n_buckets;
        /* owned; NAN in lines of levels, too: nothing was recorded here (before the first tick, in a gap) */
        bool *known;
        int64_t *at_ns[CATEGORY_METRICS]; /* owned; the tick told of, INT64_MIN: none; NULL for CPU */
        double *totals[CATEGORY_METRICS]; /* owned; sums of all lines in the bucket */
        CategoryLine *lines; /* owned; by highest peak of PSS first, then by CPU */
        size_t n_lines;
        bool pss; /* some sample had it; else CATEGORY_PSS is RSS throughout */
} CategorySeries;

CategorySeries *category_series_free(CategorySeries *series);
DEFINE_CLEANUP(CategorySeries, category_series)

/* The same with `factor` buckets made one: 0 or -ENOMEM. Peaks stay, and the order of lines. */
int category_series_coarsen(const CategorySeries *series, size_t factor, CategorySeries **ret);

/* When a bucket begins. */
static inline int64_t category_series_begin_ns(const CategorySeries *series, size_t bucket)
{
        return (int64_t)(bucket * series->width_ns);
}

typedef struct CategorySeriesOptions {
        size_t buckets;       /* at most; 0: CATEGORY_BUCKETS; made even */
        uint64_t span_ns;     /* how long the run is, as far as is known: buckets fit it; 0: they grow */
        uint64_t width_ns;    /* of a bucket, at least; 0: any */
        uint64_t interval_ns; /* between ticks: what is much longer is a gap; 0: none is seen */
        unsigned cpus;        /* of the machine: no more than these can have been busy; 0: not known */
        LabelFn label;        /* NULL: as the rows say */
        void *label_data;
} CategorySeriesOptions;

typedef struct CategorySeriesBuilder CategorySeriesBuilder;

int category_series_new(const CategorySeriesOptions *options, CategorySeriesBuilder **ret); /* 0 or -ENOMEM */
CategorySeriesBuilder *category_series_builder_free(CategorySeriesBuilder *builder);
DEFINE_CLEANUP(CategorySeriesBuilder, category_series_builder)

/* Where the label's rules ask for parents: all rows of processes before all else, as summary_learn. */
int category_series_learn(CategorySeriesBuilder *builder, const Batch *processes);

/* Rows of processes, totals or samples; others are ignored. 0 or -ENOMEM. */
int category_series_observe(CategorySeriesBuilder *builder, const char *table, const Batch *rows);

/* Columns looked at, for reading no others; NULL-terminated. */
extern const char *const category_series_process_columns[];
extern const char *const category_series_total_columns[];
extern const char *const category_series_sample_columns[];

/* end_ns: of the run; INT64_MIN: what was seen last. The builder is only to be freed then. 0 or -ENOMEM. */
int category_series_finish(CategorySeriesBuilder *builder, int64_t end_ns, CategorySeries **ret);
