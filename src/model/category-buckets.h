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
        unsigned cpus;     /* of the machine; 0: not known */
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
        double less_one; /* what PSS is scaled by, less 1: since the last tick whose total is known */
        double *cpu;     /* CPU seconds of all processes together, as totals tell them; NULL: they do not */
        bool have_cpu;
        int64_t cpu_from_ns, cpu_to_ns; /* what is not in `cpu` yet */
        uint64_t cpu_from_us, cpu_to_us;
} CategoryBuckets;

void category_buckets_init(CategoryBuckets *b, size_t n, uint64_t span_ns, uint64_t least_width_ns);
void category_buckets_done(CategoryBuckets *b);

/* The bucket of a time; buckets become wider until there is one. -ENOMEM, or 0. */
int category_buckets_room(CategoryBuckets *b, int64_t t_ns, size_t *ret);

/* A level of a group goes up or down by so much. */
void category_buckets_move(CategoryBuckets *b, size_t group, size_t metric, double by);

/* A tick is whole: all levels hold at t_ns. pss_bytes is what the tree held by the kernel's count (NAN: unknown,
 * scaled as before): what the bucket tells of PSS adds up to it, each part scaled alike. Just after a fork the parts
 * count memory twice that parent and child still share, and a part's PSS is an estimate between two readings. No part
 * is scaled up by more than CATEGORY_SCALE_UP. 0 or -ENOMEM. */
#define CATEGORY_SCALE_UP 1.02
int category_buckets_tick(CategoryBuckets *b, int64_t t_ns, double pss_bytes);

/* CPU seconds, used evenly over [from_ns, to_ns]; what is before the run's start is left out. */
int category_buckets_spread(CategoryBuckets *b, size_t group, int64_t from_ns, int64_t to_ns, double seconds);
/* What all processes together have used up to a tick: in the end the groups' CPU time is brought to it, bucket by
 * bucket, unless the two differ by more than a tenth over the run. */
int category_buckets_total_cpu(CategoryBuckets *b, int64_t t_ns, uint64_t cpu_us);

/* The kernel brings CPU time up to date with its clock tick: over less than this it could be more than a core. */
#define CATEGORY_SPAN_LEAST_NS (100 * NS_PER_MS)

/* A series without lines. */
int category_buckets_finish(CategoryBuckets *b, uint64_t end_ns, CategorySeries **ret);
/* The numbers of one group go to a line of it. */
void category_buckets_give(CategoryBuckets *b, size_t group, const CategorySeries *series, CategoryLine *line);

/* Levels of whole buckets within are unknown. */
void category_series_blank(CategorySeries *series, int64_t from_ns, int64_t to_ns);
/* Lines in their order, and totals of CPU time. */
void category_series_order(CategorySeries *series);
