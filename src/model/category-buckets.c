/* Buckets that fold in pairs: of levels the pair's higher tick stays, amounts add up. */
#include "model/category-buckets.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"

enum { LEAST_BUCKETS = 64, MOST_BUCKETS = 1 << 20 };
#define LEAST_SCALE 0.25
#define LEAST_CPU_SCALE 0.5 /* what is further off than this and its inverse is left as it is */
#define CPU_DIFFERENCE 0.1

void category_buckets_init(CategoryBuckets *b, size_t n, uint64_t span_ns, uint64_t least_width_ns)
{
        b->n = MIN(MAX(n + n % 2, (size_t)LEAST_BUCKETS), (size_t)MOST_BUCKETS);
        b->width_ns = MAX(span_ns / b->n + 1, (uint64_t)NS_PER_MS);
        b->width_ns = MAX(b->width_ns, least_width_ns);
}

void category_buckets_done(CategoryBuckets *b)
{
        free(b->known);
        free(b->cpu);
        for (size_t m = 0; m < CATEGORY_CPU; m++) {
                free(b->best[m]);
                free(b->at_ns[m]);
        }
        for (size_t i = 0; i < SUMMARY_GROUPS; i++)
                for (size_t m = 0; m < CATEGORY_METRICS; m++)
                        free(b->now[i].buckets[m]);
        *b = (CategoryBuckets){0};
}

static int allocate(CategoryBuckets *b)
{
        b->known = calloc(b->n, sizeof *b->known);
        if (!b->known)
                return -ENOMEM;
        for (size_t m = 0; m < CATEGORY_CPU; m++) {
                b->best[m] = calloc(b->n, sizeof **b->best);
                b->at_ns[m] = calloc(b->n, sizeof **b->at_ns);
                if (!b->best[m] || !b->at_ns[m])
                        return -ENOMEM;
                for (size_t i = 0; i < b->n; i++) {
                        b->best[m][i] = -1;
                        b->at_ns[m][i] = INT64_MIN;
                }
        }
        return 0;
}

/* Of each pair of buckets the one whose tick had the higher total. */
static void fold_level(CategoryBuckets *b, size_t m)
{
        for (size_t i = 0; i < b->n / 2; i++) {
                size_t from = b->best[m][2 * i] >= b->best[m][2 * i + 1] ? 2 * i : 2 * i + 1;
                b->best[m][i] = b->best[m][from];
                b->at_ns[m][i] = b->at_ns[m][from];
                for (size_t g = 0; g < SUMMARY_GROUPS; g++)
                        if (b->now[g].buckets[m])
                                b->now[g].buckets[m][i] = b->now[g].buckets[m][from];
        }
        for (size_t i = b->n / 2; i < b->n; i++) {
                b->best[m][i] = -1;
                b->at_ns[m][i] = INT64_MIN;
        }
}

static void fold_amounts(double *amounts, size_t half)
{
        for (size_t i = 0; amounts && i < half; i++)
                amounts[i] = amounts[2 * i] + amounts[2 * i + 1];
        if (amounts)
                memset(amounts + half, 0, half * sizeof *amounts);
}

static void fold(CategoryBuckets *b)
{
        size_t half = b->n / 2;

        for (size_t m = 0; b->known && m < CATEGORY_CPU; m++)
                fold_level(b, m);
        for (size_t i = 0; b->known && i < half; i++)
                b->known[i] = b->known[2 * i] || b->known[2 * i + 1];
        if (b->known)
                memset(b->known + half, 0, half * sizeof *b->known);
        fold_amounts(b->cpu, half);
        for (size_t g = 0; g < SUMMARY_GROUPS; g++) {
                fold_amounts(b->now[g].buckets[CATEGORY_CPU], half);
                for (size_t m = 0; m < CATEGORY_CPU; m++)
                        if (b->now[g].buckets[m])
                                memset(b->now[g].buckets[m] + half, 0, half * sizeof **b->now[g].buckets);
        }
        b->width_ns *= 2;
        b->last = (b->last + 1) / 2;
}

/* Half as many buckets from here on; what is allocated already just stays half empty. */
static void use_half(CategoryBuckets *b)
{
        fold(b);
        b->n = b->n / 2 + b->n / 2 % 2;
}

static int array_of(CategoryBuckets *b, size_t group, size_t m, double **ret)
{
        double **array = &b->now[group].buckets[m];

        if (!*array) {
                while ((b->n_arrays + 1) * b->n > CATEGORY_SERIES_VALUES && b->n > 2 * LEAST_BUCKETS)
                        use_half(b);
                *array = calloc(b->n, sizeof **array);
                if (!*array)
                        return -ENOMEM;
                b->n_arrays++;
        }
        *ret = *array;
        return 0;
}

int category_buckets_room(CategoryBuckets *b, int64_t t_ns, size_t *ret)
{
        uint64_t t = t_ns > 0 ? (uint64_t)t_ns : 0;
        int r = b->known ? 0 : allocate(b);

        while (t / b->width_ns >= b->n)
                fold(b);
        *ret = t / b->width_ns;
        return r;
}

void category_buckets_move(CategoryBuckets *b, size_t group, size_t metric, double by)
{
        CategoryNow *now = &b->now[group];

        b->n_now = MAX(b->n_now, group + 1);
        now->values[metric] += by;
        b->totals[metric] += by;
        if (!now->dirty) {
                now->dirty = true;
                b->dirty[b->n_dirty++] = (uint16_t)group;
        }
}

/* What is further off is no estimate's error: nobody knows what it is. Until more is known it stays. */
static double scale_of(CategoryBuckets *b, double pss_bytes)
{
        double scale = b->totals[CATEGORY_PSS] > 0 ? pss_bytes / b->totals[CATEGORY_PSS] : NAN;

        if (!isnan(scale))
                b->less_one = (scale > LEAST_SCALE && scale <= CATEGORY_SCALE_UP ? scale : 1) - 1;
        return 1 + b->less_one;
}

/* The bucket tells of this tick from now on. */
static int take(CategoryBuckets *b, size_t m, int64_t t_ns, double scale)
{
        for (size_t g = 0; g < b->n_now; g++) {
                double *array;
                if (b->now[g].values[m] != 0 && array_of(b, g, m, &array) < 0)
                        return -ENOMEM;
        }
        size_t bucket = t_ns > 0 ? (uint64_t)t_ns / b->width_ns : 0; /* an array may have folded them */
        for (size_t g = 0; g < b->n_now; g++)
                if (b->now[g].buckets[m])
                        b->now[g].buckets[m][bucket] = b->now[g].values[m] * scale;
        b->best[m][bucket] = b->totals[m] * scale;
        b->at_ns[m][bucket] = t_ns;
        return 0;
}

int category_buckets_tick(CategoryBuckets *b, int64_t t_ns, double pss_bytes)
{
        double scales[CATEGORY_CPU] = {1, 1, 1};
        size_t bucket;
        int r = category_buckets_room(b, t_ns, &bucket);

        scales[CATEGORY_PSS] = scale_of(b, pss_bytes);
        for (size_t i = 0; i < b->n_dirty; i++) {
                CategoryNow *now = &b->now[b->dirty[i]];
                for (size_t m = 0; m < CATEGORY_CPU; m++)
                        now->peaks[m] = MAX(now->peaks[m], now->values[m] * scales[m]);
                now->dirty = false;
        }
        b->n_dirty = 0;
        for (size_t m = 0; r == 0 && m < CATEGORY_CPU; m++) {
                bucket = t_ns > 0 ? (uint64_t)t_ns / b->width_ns : 0;
                if (b->totals[m] * scales[m] > b->best[m][bucket])
                        r = take(b, m, t_ns, scales[m]);
        }
        if (r < 0)
                return r;
        bucket = t_ns > 0 ? (uint64_t)t_ns / b->width_ns : 0;
        b->known[bucket] = true;
        b->last = MAX(b->last, bucket + 1);
        return 0;
}

static void spread(const CategoryBuckets *b, double *array, int64_t from_ns, int64_t to_ns, double seconds)
{
        if (from_ns < 0) {
                seconds *= (double)to_ns / ((double)to_ns - (double)from_ns);
                from_ns = 0;
        }
        uint64_t from = (uint64_t)MIN(from_ns, to_ns), to = (uint64_t)to_ns;
        if (from == to) {
                array[to / b->width_ns] += seconds;
                return;
        }
        for (uint64_t i = from / b->width_ns; i <= to / b->width_ns; i++) {
                uint64_t begin = MAX(from, i * b->width_ns), end = MIN(to, (i + 1) * b->width_ns);
                array[i] += seconds * ((double)(end - begin) / (double)(to - from));
        }
}

int category_buckets_spread(CategoryBuckets *b, size_t group, int64_t from_ns, int64_t to_ns, double seconds)
{
        size_t last;
        double *array = NULL;

        if (to_ns < 0 || seconds <= 0)
                return 0;
        int r = category_buckets_room(b, to_ns, &last);
        if (r == 0)
                r = array_of(b, group, CATEGORY_CPU, &array);
        if (r == 0)
                spread(b, array, from_ns, to_ns, seconds);
        return r;
}

static int spread_total(CategoryBuckets *b)
{
        size_t last;
        int r = category_buckets_room(b, b->cpu_to_ns, &last);

        if (r == 0 && !b->cpu)
                b->cpu = calloc(b->n, sizeof *b->cpu);
        if (r < 0 || !b->cpu)
                return -ENOMEM;
        if (b->cpu_to_ns >= 0)
                spread(b, b->cpu, b->cpu_from_ns, b->cpu_to_ns, (double)(b->cpu_to_us - b->cpu_from_us) / 1e6);
        b->cpu_from_us = b->cpu_to_us;
        b->cpu_from_ns = b->cpu_to_ns;
        return 0;
}

int category_buckets_total_cpu(CategoryBuckets *b, int64_t t_ns, uint64_t cpu_us)
{
        if (b->have_cpu && (t_ns <= b->cpu_to_ns || cpu_us < b->cpu_to_us))
                return 0;
        b->cpu_to_us = cpu_us;
        b->cpu_to_ns = t_ns;
        if (!b->have_cpu) {
                b->have_cpu = true;
                b->cpu_from_us = cpu_us;
                b->cpu_from_ns = t_ns;
        }
        return b->cpu_to_ns - b->cpu_from_ns >= (int64_t)CATEGORY_SPAN_LEAST_NS ? spread_total(b) : 0;
}

/* ---- the end ---- */

/* CPU seconds become cores. A last bucket that the end cuts short may be a millisecond in
 * which processes end that ran longer: it shows what it and the one before had together. */
static void finish_cpu(const CategorySeries *s, double *cpu)
{
        for (size_t i = 0; i < s->n_buckets; i++) {
                uint64_t end = MIN((i + 1) * s->width_ns, s->end_ns);
                double seconds = (double)(end - i * s->width_ns) / (double)NS_PER_SECOND;
                if (i > 0 && end < (i + 1) * s->width_ns) {
                        double before = (double)s->width_ns / (double)NS_PER_SECOND;
                        cpu[i] = (cpu[i] + cpu[i - 1] * before) / (seconds + before);
                        cpu[i - 1] = cpu[i];
                } else {
                        cpu[i] /= seconds;
                }
        }
}

static double cpu_in(const CategoryBuckets *b, size_t bucket)
{
        double sum = 0;

        for (size_t g = 0; g < SUMMARY_GROUPS; g++)
                sum += b->now[g].buckets[CATEGORY_CPU] ? b->now[g].buckets[CATEGORY_CPU][bucket] : 0;
        return sum;
}

/* Clocks differ; what is so much late is not late but of a machine that got more CPUs. */
#define CPUS_TOLERANCE 1.002
#define LATE_SECONDS   0.5

/* A counter of CPU time lags: the kernel brings it up to date with its clock tick, /proc shows it in hundredths of a
 * second, and what a process used of those is known when it ends. So what is told of a bucket beyond all that its CPUs
 * can do was used before: the least that is possible of it goes to the bucket before, and so on. */
static void take_back_late(const CategoryBuckets *b, uint64_t end_ns, double *cpu)
{
        const size_t n = MIN((size_t)(end_ns / b->width_ns + 1), b->n);
        double late = 0, latest = 0;

        if (b->cpus == 0)
                return;
        for (unsigned turn = 0; turn < 2; turn++) { /* first whether it comes out even */
                late = 0;
                for (size_t i = n; i-- > 0;) {
                        const uint64_t end = MIN((i + 1) * b->width_ns, end_ns);
                        const double most = (double)(end - i * b->width_ns) / 1e9 * b->cpus * CPUS_TOLERANCE;
                        const double here = MIN(cpu[i] + late, most);
                        late += cpu[i] - here;
                        latest = MAX(latest, late);
                        if (turn == 1)
                                cpu[i] = here;
                }
                if (late > 1e-9 || latest > LATE_SECONDS * b->cpus)
                        return;
        }
}

/* The last processes may end a little after the clock was read. */
static void take_in_tail(const CategoryBuckets *b, uint64_t end_ns, double *cpu)
{
        const size_t last = end_ns > 0 ? (size_t)((end_ns - 1) / b->width_ns) : 0;

        for (size_t i = last + 1; cpu && i < b->n; i++) {
                cpu[last] += cpu[i];
                cpu[i] = 0;
        }
}

/* When within its life a process used its time is known from tick to tick at best; of all processes together it is
 * known exactly. */
static int agree_with_total(CategoryBuckets *b, uint64_t end_ns)
{
        int r = b->cpu_to_ns > b->cpu_from_ns ? spread_total(b) : 0;
        double told = 0, summed = 0;

        for (size_t g = 0; g < SUMMARY_GROUPS; g++)
                take_in_tail(b, end_ns, b->now[g].buckets[CATEGORY_CPU]);
        take_in_tail(b, end_ns, b->cpu);
        if (b->cpu)
                take_back_late(b, end_ns, b->cpu);
        for (size_t i = 0; b->cpu && i < b->n; i++) {
                told += b->cpu[i];
                summed += cpu_in(b, i);
        }
        if (!b->cpu || fabs(told - summed) > summed * CPU_DIFFERENCE)
                return r;
        for (size_t i = 0; i < b->n; i++) {
                double sum = cpu_in(b, i), scale = sum > 0 ? b->cpu[i] / sum : 1;
                if (scale < LEAST_CPU_SCALE || scale > 1 / LEAST_CPU_SCALE)
                        continue;
                for (size_t g = 0; g < SUMMARY_GROUPS; g++)
                        if (b->now[g].buckets[CATEGORY_CPU])
                                b->now[g].buckets[CATEGORY_CPU][i] *= scale;
        }
        return r;
}

int category_buckets_finish(CategoryBuckets *b, uint64_t end_ns, CategorySeries **ret)
{
        _cleanup_(category_series_freep) CategorySeries *s = calloc(1, sizeof *s);
        size_t unused;
        int r = s ? category_buckets_room(b, (int64_t)end_ns, &unused) : -ENOMEM;

        if (r == 0)
                r = agree_with_total(b, end_ns);
        if (r < 0)
                return r;
        s->width_ns = b->width_ns;
        s->end_ns = end_ns;
        s->n_buckets = (size_t)(end_ns / b->width_ns + (end_ns % b->width_ns != 0));
        s->known = TAKE(b->known);
        for (size_t m = 0; m < CATEGORY_CPU; m++) {
                s->totals[m] = TAKE(b->best[m]);
                s->at_ns[m] = TAKE(b->at_ns[m]);
                for (size_t i = 0; i < s->n_buckets; i++)
                        if (!s->known[i])
                                s->totals[m][i] = NAN;
        }
        s->totals[CATEGORY_CPU] = calloc(s->n_buckets + 1, sizeof *s->totals[CATEGORY_CPU]);
        if (!s->totals[CATEGORY_CPU])
                return -ENOMEM;
        *ret = TAKE(s);
        return 0;
}

void category_buckets_give(CategoryBuckets *b, size_t group, const CategorySeries *s, CategoryLine *line)
{
        CategoryNow *now = &b->now[group];

        if (s->n_buckets == 0)
                return;
        for (size_t m = 0; m < CATEGORY_CPU; m++) {
                line->peaks[m] = now->peaks[m];
                line->values[m] = TAKE(now->buckets[m]);
                for (size_t i = 0; line->values[m] && i < s->n_buckets; i++)
                        if (!s->known[i])
                                line->values[m][i] = NAN;
        }
        double *cpu = TAKE(now->buckets[CATEGORY_CPU]);
        line->values[CATEGORY_CPU] = cpu;
        if (cpu)
                finish_cpu(s, cpu);
        for (size_t i = 0; cpu && i < s->n_buckets; i++)
                line->peaks[CATEGORY_CPU] = MAX(line->peaks[CATEGORY_CPU], cpu[i]);
}

void category_series_blank(CategorySeries *s, int64_t from_ns, int64_t to_ns)
{
        for (size_t i = 0; i < s->n_buckets; i++) {
                int64_t begin = category_series_begin_ns(s, i);
                if (begin < from_ns || begin + (int64_t)s->width_ns > to_ns)
                        continue;
                s->known[i] = false;
                for (size_t m = 0; m < CATEGORY_CPU; m++) {
                        s->totals[m][i] = NAN;
                        s->at_ns[m][i] = INT64_MIN;
                        for (size_t k = 0; k < s->n_lines; k++)
                                if (s->lines[k].values[m])
                                        s->lines[k].values[m][i] = NAN;
                }
        }
}

static int compare_lines(const void *a, const void *b)
{
        const CategoryLine *x = a, *y = b;
        static const CategoryMetric order[] = {CATEGORY_PSS, CATEGORY_CPU, CATEGORY_PROCESSES};

        for (size_t i = 0; i < ARRAY_LENGTH(order); i++)
                if (x->peaks[order[i]] != y->peaks[order[i]])
                        return x->peaks[order[i]] < y->peaks[order[i]] ? 1 : -1;
        return strcmp(x->name, y->name);
}

static void sum_cpu(CategorySeries *s)
{
        for (size_t k = 0; k < s->n_lines; k++)
                for (size_t i = 0; s->lines[k].values[CATEGORY_CPU] && i < s->n_buckets; i++)
                        s->totals[CATEGORY_CPU][i] += s->lines[k].values[CATEGORY_CPU][i];
}

void category_series_order(CategorySeries *s)
{
        if (s->n_lines > 1)
                qsort(s->lines, s->n_lines, sizeof *s->lines, compare_lines);
        sum_cpu(s);
}

CategorySeries *category_series_free(CategorySeries *s)
{
        if (!s)
                return NULL;
        for (size_t k = 0; k < s->n_lines; k++) {
                free(s->lines[k].name);
                free(s->lines[k].major);
                for (size_t m = 0; m < CATEGORY_METRICS; m++)
                        free(s->lines[k].values[m]);
        }
        free(s->lines);
        free(s->known);
        for (size_t m = 0; m < CATEGORY_METRICS; m++) {
                free(s->at_ns[m]);
                free(s->totals[m]);
        }
        free(s);
        return NULL;
}

/* ---- coarser ---- */

/* The bucket in [from, to) whose tick had the highest total; SIZE_MAX: none is known. */
static size_t highest(const CategorySeries *s, size_t m, size_t from, size_t to)
{
        size_t found = SIZE_MAX;

        for (size_t i = from; i < to; i++)
                if (s->known[i] && (found == SIZE_MAX || s->totals[m][i] > s->totals[m][found]))
                        found = i;
        return found;
}

/* Cores of several buckets: their CPU seconds over their time. */
static double mean(const CategorySeries *s, const double *cpu, size_t from, size_t to)
{
        double seconds = 0, time = 0;

        for (size_t i = from; i < to; i++) {
                double width = (double)(MIN((i + 1) * s->width_ns, s->end_ns) - i * s->width_ns);
                seconds += cpu[i] * width;
                time += width;
        }
        return time > 0 ? seconds / time : 0;
}

static int coarsen_line(const CategorySeries *s, const CategoryLine *from, size_t factor, CategorySeries *c,
                        CategoryLine *to)
{
        *to = (CategoryLine){.name = strdup(from->name), .ignored = from->ignored,
                             .major = from->major ? strdup(from->major) : NULL};
        if (!to->name || (from->major && !to->major))
                return -ENOMEM;
        memcpy(to->peaks, from->peaks, sizeof to->peaks);
        to->peaks[CATEGORY_CPU] = 0;
        for (size_t m = 0; m < CATEGORY_METRICS; m++) {
                if (!from->values[m])
                        continue;
                to->values[m] = calloc(c->n_buckets + 1, sizeof *to->values[m]);
                if (!to->values[m])
                        return -ENOMEM;
                for (size_t i = 0; i < c->n_buckets; i++) {
                        size_t begin = i * factor, end = MIN(begin + factor, s->n_buckets);
                        if (m == CATEGORY_CPU) {
                                to->values[m][i] = mean(s, from->values[m], begin, end);
                                to->peaks[m] = MAX(to->peaks[m], to->values[m][i]);
                                continue;
                        }
                        size_t best = highest(s, m, begin, end);
                        to->values[m][i] = best == SIZE_MAX ? NAN : from->values[m][best];
                }
        }
        return 0;
}

int category_series_coarsen(const CategorySeries *s, size_t factor, CategorySeries **ret)
{
        _cleanup_(category_series_freep) CategorySeries *c = calloc(1, sizeof *c);

        factor = MAX(factor, (size_t)1);
        if (!c)
                return -ENOMEM;
        c->width_ns = s->width_ns * factor;
        c->end_ns = s->end_ns;
        c->n_buckets = (s->n_buckets + factor - 1) / factor;
        c->pss = s->pss;
        c->known = calloc(c->n_buckets + 1, sizeof *c->known);
        c->lines = calloc(s->n_lines + 1, sizeof *c->lines);
        if (!c->known || !c->lines)
                return -ENOMEM;
        for (size_t m = 0; m < CATEGORY_METRICS; m++) {
                c->totals[m] = calloc(c->n_buckets + 1, sizeof *c->totals[m]);
                c->at_ns[m] = m < CATEGORY_CPU ? calloc(c->n_buckets + 1, sizeof *c->at_ns[m]) : NULL;
                if (!c->totals[m] || (m < CATEGORY_CPU && !c->at_ns[m]))
                        return -ENOMEM;
                for (size_t i = 0; m < CATEGORY_CPU && i < c->n_buckets; i++) {
                        size_t best = highest(s, m, i * factor, MIN((i + 1) * factor, s->n_buckets));
                        c->known[i] |= best != SIZE_MAX;
                        c->totals[m][i] = best == SIZE_MAX ? NAN : s->totals[m][best];
                        c->at_ns[m][i] = best == SIZE_MAX ? INT64_MIN : s->at_ns[m][best];
                }
        }
        for (size_t k = 0; k < s->n_lines; k++) {
                int r = coarsen_line(s, &s->lines[k], factor, c, &c->lines[c->n_lines++]);
                if (r < 0)
                        return r;
        }
        sum_cpu(c); /* the order stays, though peaks of CPU are others: lines are told by their number */
        *ret = TAKE(c);
        return 0;
}
