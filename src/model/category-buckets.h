/* The buckets behind category-series.h, shared by its files only. */
#pragma once

#include "model/category-series.h"
#include "model/summary.h"

/* What a group holds at the moment. */
typedef struct CategoryNow {
        double values[CATEGORY_CPU], peaks[CATEGORY_CPU];
        bool dirty; /* since the last tick */
        double *buckets[CATEGORY_METRICS]; /* NULL: nothing but 0 yet */
} CategoryNow;

typedef struct CategoryBuckets {
        size_t n;          /* even */
        uint64_t width_ns;
        size_t n_arrays;   /* of the groups */
        size_t last;       /* highest that a tick fell into, + 1 */
        bool *known;
        double *best[CATEGORY_CPU]; /* total of the tick told of; below 0: none */
        int64_t *at_ns[CATEGORY_CPU];
        CategoryNow now[SUMMARY_GROUPS];
        size_t n_now; /* highest that ever had a level, + 1 */
        uint16_t dirty[SUMMARY_GROUPS];
        size_t n_dirty;
        double totals[CATEGORY_CPU];
} CategoryBuckets;

void category_buckets_init(CategoryBuckets *b, size_t n, uint64_t span_ns, uint64_t least_width_ns);
void category_buckets_done(CategoryBuckets *b);

/* The bucket of a time; buckets become wider until there is one. -ENOMEM, or 0. */
int category_buckets_room(CategoryBuckets *b, int64_t t_ns, size_t *ret);

/* A level of a group goes up or down by so much. */
void category_buckets_move(CategoryBuckets *b, size_t group, size_t metric, double by);

/* A tick is whole: all levels hold at t_ns. 0 or -ENOMEM. */
int category_buckets_tick(CategoryBuckets *b, int64_t t_ns);

/* CPU seconds, used evenly over [from_ns, to_ns]; what is before the run's start is left out. */
int category_buckets_spread(CategoryBuckets *b, size_t group, int64_t from_ns, int64_t to_ns, double seconds);

/* A series without lines. */
int category_buckets_finish(CategoryBuckets *b, uint64_t end_ns, CategorySeries **ret);
/* The numbers of one group go to a line of it. */
void category_buckets_give(CategoryBuckets *b, size_t group, const CategorySeries *series, CategoryLine *line);

/* Levels of whole buckets within are unknown. */
void category_series_blank(CategorySeries *series, int64_t from_ns, int64_t to_ns);
/* Lines in their order, and totals of CPU time. */
void category_series_order(CategorySeries *series);
