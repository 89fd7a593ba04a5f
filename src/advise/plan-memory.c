/* What a job holds over its life, from samples of its processes (their peaks where no tick saw them); what the
 * tools hold beside them; and how the sum of jobs compares with what was recorded, which knows what they share. */
#include "advise/plan-memory.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"

enum { TICKS_COMPARED = 160 };

#define COMMON_BYTES (2.0 * 1024 * 1024) /* of what a program shares: the C library and the like, */
#define COMMON_ELSEWHERE 0.8             /* which so far is on other programs' account */
#define POINT_S 0.02 /* a point of memory stands for at least so long */

/* What all instances of a program share, beyond what every program shares. */
static double counted_once(double shared_bytes)
{
        return shared_bytes - COMMON_ELSEWHERE * MIN(shared_bytes, COMMON_BYTES);
}

void memory_add(MemorySum *sum, const Plan *plan, const PlanNode *node, double at)
{
        if (node->n_points == 0)
                return;
        double place = fmin(fmax(at, 0), 1) * (node->n_points - 1);
        const PlanPoint *p = &plan->points[node->points + (uint32_t)(place + 0.5)];
        sum->own_bytes += p->own_bytes;
        if (p->shared_bytes <= 0)
                return;
        if (sum->shared_bytes[node->program] <= 0)
                sum->seen[sum->n_seen++] = node->program;
        sum->shared_bytes[node->program] = MAX(sum->shared_bytes[node->program], p->shared_bytes);
}

double memory_take(MemorySum *sum, const Plan *plan)
{
        double bytes = sum->own_bytes;

        for (unsigned i = 0; i < sum->n_seen; i++) {
                bytes += counted_once(sum->shared_bytes[sum->seen[i]]);
                sum->shared_bytes[sum->seen[i]] = 0;
        }
        sum->own_bytes = 0;
        sum->n_seen = 0;
        return bytes * plan->memory_scale + plan->rest_bytes;
}

/* What of each program's memory is shared, where no sample says it. */
typedef struct SharedParts {
        double own[BUILD_PROGRAMS_MAX + 1], shared[BUILD_PROGRAMS_MAX + 1];
        double most[BUILD_PROGRAMS_MAX + 1]; /* shared by any instance: text and libraries end somewhere */
} SharedParts;

/* Of the moment of an end a row tells how much it was (told exactly) and guesses the parts. */
static bool is_guess(const BuildRows *rows, const BuildSample *s)
{
        return s->t_ns >= rows->processes[s->process].end_ns;
}

static void find_parts(SharedParts *parts, const BuildRows *rows)
{
        for (size_t i = 0; i < rows->n_samples; i++) {
                const BuildSample *s = &rows->samples[i];
                uint8_t program = rows->processes[s->process].program;
                if (is_guess(rows, s))
                        continue;
                parts->own[program] += s->own_bytes;
                parts->shared[program] += s->shared_bytes;
                parts->most[program] = MAX(parts->most[program], s->shared_bytes);
        }
}

typedef struct Held {
        double own, shared;
} Held;

/* It held `now` when it was last seen (nothing: it was not), and that much later: as much of the rest is shared as of
 * others that run the program. */
static Held grown_to(const SharedParts *parts, uint8_t program, Held now, double bytes)
{
        double sum = parts->own[program] + parts->shared[program], part = sum > 0 ? parts->shared[program] / sum : 0.5;
        double grown = fmax(bytes - now.own - now.shared, 0);
        double shared = sum > 0 ? fmin(grown * part, fmax(parts->most[program] - now.shared, 0)) : grown * part;

        return (Held){now.own + grown - shared, now.shared + shared};
}

static Held between(double t, double t0, Held a, double t1, Held b)
{
        double part = t1 > t0 ? fmin(fmax((t - t0) / (t1 - t0), 0), 1) : 1;

        return (Held){a.own + (b.own - a.own) * part, a.shared + (b.shared - a.shared) * part};
}

/* How many of its samples are of its life. */
static uint32_t seen_samples(const BuildRows *rows, const BuildProcess *p)
{
        uint32_t n = p->n_samples;

        while (n > 0 && is_guess(rows, &rows->samples[p->samples + n - 1]))
                n--;
        return n;
}

/* What it held at its end, if that is more than was seen last: its peak, unless it had been higher before. */
static double end_bytes(const BuildRows *rows, const BuildProcess *p)
{
        const BuildSample *samples = rows->samples + p->samples;
        uint32_t n = seen_samples(rows, p);
        double last = n > 0 ? (double)samples[n - 1].own_bytes + (double)samples[n - 1].shared_bytes : 0;

        for (uint32_t i = 0; i + 1 < n; i++)
                if ((double)samples[i].own_bytes + (double)samples[i].shared_bytes > last)
                        return last;
        return p->peak_bytes == BUILD_UNKNOWN ? last : MAX((double)p->peak_bytes, last);
}

/* Of one process at a time in its life: from a third at its start, from sample to sample, to its peak at its end. */
static Held held_at(const BuildRows *rows, const BuildProcess *p, const SharedParts *parts, double start, double end, double t)
{
        const BuildSample *samples = rows->samples + p->samples;
        uint32_t n = seen_samples(rows, p);

        if (n == 0) {
                Held most = grown_to(parts, p->program, (Held){0, 0}, end_bytes(rows, p));
                return between(t, start, (Held){most.own / 3, most.shared / 3}, end, most);
        }
        uint32_t low = 0, high = n; /* the first after t */
        while (low < high) {
                uint32_t mid = (low + high) / 2;
                if ((double)samples[mid].t_ns / 1e9 <= t)
                        low = mid + 1;
                else
                        high = mid;
        }
        const BuildSample *next = low < n ? &samples[low] : NULL, *last = low > 0 ? &samples[low - 1] : NULL;
        if (!last)
                return between(t, start, (Held){next->own_bytes / 3, next->shared_bytes / 3}, (double)next->t_ns / 1e9,
                               (Held){next->own_bytes, next->shared_bytes});
        Held now = {last->own_bytes, last->shared_bytes};
        double last_s = (double)last->t_ns / 1e9;
        if (next)
                return between(t, last_s, now, (double)next->t_ns / 1e9, (Held){next->own_bytes, next->shared_bytes});
        return between(t, last_s, now, end, grown_to(parts, p->program, now, end_bytes(rows, p)));
}

static double node_time(const PlanNode *n, uint32_t k)
{
        return n->start_s + (n->end_s - n->start_s) * k / MAX(n->n_points - 1, 1u);
}

static void add_process(Plan *plan, const BuildRows *rows, const SharedParts *parts, uint32_t i)
{
        const BuildProcess *p = &rows->processes[i];
        PlanNode *n = &plan->nodes[plan->node_of[i]];
        double start = (double)p->start_ns / 1e9, end = p->end_ns == INT64_MAX ? n->end_s : (double)p->end_ns / 1e9;
        double step = (n->end_s - n->start_s) / MAX(n->n_points - 1, 1u);
        uint32_t from = step > 0 ? (uint32_t)MAX(floor((start - n->start_s) / step - 0.5), 0.0) : 0;

        for (uint32_t k = from; k < n->n_points; k++) {
                double t = node_time(n, k);
                if (t + step / 2 < start)
                        continue;
                if (t - step / 2 > end)
                        break;
                PlanPoint *point = &plan->points[n->points + k];
                Held held = held_at(rows, p, parts, start, end, fmin(fmax(t, start), end));
                /* One that lived for a part of the point's time holds its memory for that part. */
                double lived = step > 0 ? MIN(t + step / 2, end) - MAX(t - step / 2, start) : 0;
                double part = step > 0 ? fmin(fmax(lived / step, 0), 1) : 1;
                if (k == 0 || k == n->n_points - 1)
                        part = MIN(part * 2, 1.0);
                point->own_bytes += (float)(held.own * part);
                point->shared_bytes = MAX(point->shared_bytes, (float)(held.shared * part));
        }
}

static int make_points(Plan *plan)
{
        size_t n = 0;

        for (uint32_t i = 1; i < plan->n; i++) {
                PlanNode *node = &plan->nodes[i];
                if (node->is_tool)
                        continue;
                node->points = (uint32_t)n;
                node->n_points = (uint32_t)MIN((node->end_s - node->start_s) / POINT_S + 2, (double)PLAN_POINTS_MAX);
                n += node->n_points;
        }
        plan->n_points = n;
        plan->points = calloc(n + 1, sizeof *plan->points);
        return plan->points ? 0 : -ENOMEM;
}

static int by_value(const void *a, const void *b)
{
        double x = *(const double *)a, y = *(const double *)b;

        return x < y ? -1 : x > y;
}

/* ---- what the samples add up to, tick by tick ---- */

static int by_tick(const void *a, const void *b)
{
        const BuildSample *x = *(const BuildSample *const *)a, *y = *(const BuildSample *const *)b;

        if (x->t_ns != y->t_ns)
                return x->t_ns < y->t_ns ? -1 : 1;
        return x->process < y->process ? -1 : x->process > y->process;
}

typedef struct Living {
        uint32_t *processes; /* alive and sampled */
        size_t n;
        const BuildSample **latest; /* by process */
        double *programs;    /* scratch */
} Living;

static bool is_of_job(const Plan *plan, uint32_t process)
{
        return plan->node_of[process] != 0 && !plan->nodes[plan->node_of[process]].is_tool;
}

static void drop_ended(Living *living, const BuildRows *rows, int64_t t_ns)
{
        for (size_t i = 0; i < living->n;) {
                if (rows->processes[living->processes[i]].end_ns <= t_ns)
                        living->processes[i] = living->processes[--living->n];
                else
                        i++;
        }
}

/* Own memory of all, or of jobs only, and what instances share once: as if pages were counted once each. */
static double count_living(Living *living, const Plan *plan, const BuildRows *rows, bool jobs_only)
{
        double sum = 0;

        memset(living->programs, 0, (BUILD_PROGRAMS_MAX + 1) * sizeof *living->programs);
        for (size_t i = 0; i < living->n; i++) {
                uint8_t program = rows->processes[living->processes[i]].program;
                const BuildSample *s = living->latest[living->processes[i]];
                if (jobs_only && !is_of_job(plan, living->processes[i]))
                        continue;
                sum += s->own_bytes;
                if (s->shared_bytes > living->programs[program]) {
                        sum += counted_once(s->shared_bytes) - counted_once(living->programs[program]);
                        living->programs[program] = s->shared_bytes;
                }
        }
        return sum;
}

/* At the end of a process: its job held at least what its living processes had together then. A point in a job's
 * life is a mean of a time that may be longer than the process. */
static void raise_point(Plan *plan, const BuildRows *rows, const Living *living, const BuildSample *moment)
{
        uint32_t node = plan->node_of[moment->process];
        const PlanNode *n = &plan->nodes[node];
        float own = 0, shared = 0;

        if (node == 0 || n->is_tool || n->n_points == 0)
                return;
        for (size_t i = 0; i < living->n; i++) {
                if (plan->node_of[living->processes[i]] != node)
                        continue;
                own += living->latest[living->processes[i]]->own_bytes;
                shared = MAX(shared, living->latest[living->processes[i]]->shared_bytes);
        }
        double at = n->end_s > n->start_s ? ((double)moment->t_ns / 1e9 - n->start_s) / (n->end_s - n->start_s) : 1;
        PlanPoint *point = &plan->points[n->points + (uint32_t)(fmin(fmax(at, 0), 1) * (n->n_points - 1) + 0.5)];
        point->own_bytes = MAX(point->own_bytes, own);
        point->shared_bytes = MAX(point->shared_bytes, shared);
}

/* What lived at a tick of the samples: all of it, and of that what is no job's: tools, and what runs them. */
typedef struct Tick {
        int64_t t_ns;
        double bytes, rest_bytes;
} Tick;

/* What processes held the moment before they ended, whether a tick saw it or not. */
static size_t last_moments(const BuildRows *rows, const SharedParts *parts, BuildSample *ret)
{
        size_t n = 0;

        for (uint32_t i = 0; i < rows->n; i++) {
                const BuildProcess *p = &rows->processes[i];
                if (p->peak_bytes == BUILD_UNKNOWN || p->end_ns == INT64_MAX || p->end_ns <= p->start_ns)
                        continue;
                double end = (double)p->end_ns / 1e9;
                Held held = held_at(rows, p, parts, (double)p->start_ns / 1e9, end, end);
                ret[n++] = (BuildSample){p->end_ns - 1, i, (float)held.own, (float)held.shared};
        }
        return n;
}

/* Appends each tick of the samples, and each moment at which a process ended; the jobs' points are raised
 * by these. *ret_n of them; owned by the caller. */
static int count_ticks(Plan *plan, const BuildRows *rows, const SharedParts *parts, Tick **ret, size_t *ret_n)
{
        _cleanup_free_ BuildSample *moments = calloc(rows->n + 1, sizeof *moments);
        _cleanup_free_ const BuildSample **order = calloc(rows->n_samples + rows->n + 1, sizeof *order);
        _cleanup_free_ uint32_t *processes = calloc(rows->n + 1, sizeof *processes);
        _cleanup_free_ const BuildSample **latest = calloc(rows->n + 1, sizeof *latest);
        _cleanup_free_ double *programs = calloc(BUILD_PROGRAMS_MAX + 1, sizeof *programs);
        Tick *ticks = calloc(rows->n_samples + rows->n + 1, sizeof *ticks);
        Living living = {.processes = processes, .latest = latest, .programs = programs};

        if (!moments || !order || !processes || !latest || !programs || !ticks) {
                free(ticks);
                return -ENOMEM;
        }
        size_t n = last_moments(rows, parts, moments);
        for (size_t i = 0; i < n; i++)
                order[i] = &moments[i];
        for (size_t i = 0; i < rows->n_samples; i++)
                if (!is_guess(rows, &rows->samples[i]))
                        order[n++] = &rows->samples[i];
        if (n > 0)
                qsort(order, n, sizeof *order, by_tick);
        *ret_n = 0;
        for (size_t i = 0; i < n;) {
                const int64_t t_ns = order[i]->t_ns;
                const size_t first = i;
                for (; i < n && order[i]->t_ns == t_ns; i++) {
                        if (!latest[order[i]->process])
                                processes[living.n++] = order[i]->process;
                        latest[order[i]->process] = order[i];
                }
                drop_ended(&living, rows, t_ns);
                for (size_t k = first; k < i; k++)
                        if (t_ns == rows->processes[order[k]->process].end_ns - 1)
                                raise_point(plan, rows, &living, order[k]);
                double all = count_living(&living, plan, rows, false);
                ticks[(*ret_n)++] = (Tick){t_ns, all, all - count_living(&living, plan, rows, true)};
        }
        *ret = ticks;
        return 0;
}

/* The model's sum of jobs; before anything is known of the rest and the scale. */
static double jobs_at(const Plan *plan, MemorySum *sum, double t)
{
        for (uint32_t k = 1; k < plan->n && plan->nodes[k].start_s <= t; k++) {
                const PlanNode *node = &plan->nodes[k];
                if (!node->is_tool && node->end_s > t)
                        memory_add(sum, plan, node, (t - node->start_s) / (node->end_s - node->start_s));
        }
        return memory_take(sum, plan);
}

/* At recorded ticks near the jobs' peak: what tools held there, and the model's sum of jobs against what samples add up to. */
static int compare_with_samples(Plan *plan, const BuildRows *rows, const SharedParts *parts)
{
        _cleanup_free_ double *ratios = calloc(TICKS_COMPARED + 1, sizeof *ratios);
        _cleanup_free_ double *rests = calloc(TICKS_COMPARED + 1, sizeof *rests);
        _cleanup_free_ MemorySum *sum = calloc(1, sizeof *sum);
        _cleanup_free_ Tick *ticks = NULL;
        double most = 0, most_jobs = 0;
        size_t high = 0, n = 0, n_rests = 0, n_ticks, skipped = 0;

        if (!ratios || !rests || !sum || count_ticks(plan, rows, parts, &ticks, &n_ticks) < 0)
                return -ENOMEM;
        for (size_t i = 0; i < n_ticks; i++) {
                most = MAX(most, ticks[i].bytes);
                most_jobs = MAX(most_jobs, ticks[i].bytes - ticks[i].rest_bytes);
                plan->rest_most_bytes = MAX(plan->rest_most_bytes, ticks[i].rest_bytes);
        }
        plan->peak_bytes = n_ticks > 0 ? (uint64_t)most : BUILD_UNKNOWN;
        for (size_t i = 0; i < n_ticks; i++)
                high += ticks[i].bytes - ticks[i].rest_bytes >= most_jobs * 0.7;
        for (size_t i = 0; i < n_ticks && n_rests < TICKS_COMPARED && most_jobs > 0; i++) {
                double jobs = ticks[i].bytes - ticks[i].rest_bytes;
                if (jobs < most_jobs * 0.7 || skipped++ % (high / TICKS_COMPARED + 1) != 0)
                        continue;
                double model = jobs_at(plan, sum, (double)ticks[i].t_ns / 1e9);
                rests[n_rests++] = ticks[i].rest_bytes;
                if (model > 0)
                        ratios[n++] = jobs / model;
        }
        if (n_rests > 0) {
                qsort(rests, n_rests, sizeof *rests, by_value);
                plan->rest_bytes = rests[n_rests / 2];
        }
        if (n < 3)
                return 0;
        qsort(ratios, n, sizeof *ratios, by_value);
        plan->memory_scale = fmin(fmax(ratios[n / 2], 0.5), 1.5);
        return 0;
}

int plan_measure_memory(Plan *plan, const BuildRows *rows)
{
        _cleanup_free_ SharedParts *parts = calloc(1, sizeof *parts);

        plan->told_bytes = BUILD_UNKNOWN;
        for (size_t i = 0; i < rows->n_totals; i++)
                if (plan->told_bytes == BUILD_UNKNOWN || rows->totals[i].bytes > (double)plan->told_bytes)
                        plan->told_bytes = (uint64_t)rows->totals[i].bytes;
        if (!parts || make_points(plan) < 0)
                return -ENOMEM;
        find_parts(parts, rows);
        for (uint32_t i = 0; i < rows->n; i++)
                if (is_of_job(plan, i))
                        add_process(plan, rows, parts, i);
        return compare_with_samples(plan, rows, parts);
}
