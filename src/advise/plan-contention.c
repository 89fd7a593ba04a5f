/* How long each job would have taken by itself. In the recording jobs waited for CPUs that others had; how much
 * follows from how many wanted one at each moment, which follows from how much of its time each job wanted one:
 * found by going round a few times. What a job waited beyond that, it waited for disks, pipes or locks. */
#include <errno.h>
#include <math.h>
#include <stdlib.h>

#include "advise/plan.h"
#include "advise/replay.h"
#include "advise/slowdown.h"
#include "base/cleanup.h"

enum { ROUNDS = 5, STEPS = 6 };

#define FULL 0.93
#define UNSURE 0.03
#define CLOSE 0.98 /* a replay that takes so much of the recorded time is right */

typedef struct Moment {
        double t_s;
        uint32_t node;
        bool end;
} Moment;

static int by_time(const void *a, const void *b)
{
        const Moment *x = a, *y = b;

        if (x->t_s != y->t_s)
                return x->t_s < y->t_s ? -1 : 1;
        return (int)y->end - (int)x->end;
}

typedef struct Curve {
        Moment *moments;
        double *integral; /* of the slowdown, up to each moment */
        double *slow;     /* from each moment on */
        uint32_t *begins, *ends; /* by node: which moment */
        size_t n;
} Curve;

static void curve_done(Curve *c)
{
        free(c->moments);
        free(c->integral);
        free(c->slow);
        free(c->begins);
        free(c->ends);
}

static int curve_init(Curve *c, const Plan *plan)
{
        *c = (Curve){.moments = calloc(plan->n * 2, sizeof *c->moments),
                     .integral = calloc(plan->n * 2 + 1, sizeof *c->integral),
                     .slow = calloc(plan->n * 2 + 1, sizeof *c->slow),
                     .begins = calloc(plan->n, sizeof *c->begins),
                     .ends = calloc(plan->n, sizeof *c->ends)};
        if (!c->moments || !c->integral || !c->slow || !c->begins || !c->ends)
                return -ENOMEM;
        for (uint32_t i = 1; i < plan->n; i++)
                if (!plan->nodes[i].is_tool) {
                        c->moments[c->n++] = (Moment){plan->nodes[i].start_s, i, false};
                        c->moments[c->n++] = (Moment){plan->nodes[i].end_s, i, true};
                }
        if (c->n > 0)
                qsort(c->moments, c->n, sizeof *c->moments, by_time);
        for (size_t i = 0; i < c->n; i++)
                *(c->moments[i].end ? &c->ends[c->moments[i].node] : &c->begins[c->moments[i].node]) = (uint32_t)i;
        return 0;
}

/* How much slower CPU work went at each moment. */
static void curve_fill(Curve *c, const Plan *plan, Slowdown *slowdown)
{
        SlowdownLoad load = {0};

        for (size_t i = 0; i < c->n; i++) {
                const PlanNode *n = &plan->nodes[c->moments[i].node];
                if (i > 0)
                        c->integral[i] = c->integral[i - 1] + c->slow[i - 1] * (c->moments[i].t_s - c->moments[i - 1].t_s);
                slowdown_load(&load, n->busy, n->threads, c->moments[i].end ? -1 : 1);
                c->slow[i] = slowdown_of(slowdown, &load);
        }
}

static double curve_mean(const Curve *c, const PlanNode *n, uint32_t i)
{
        double width = n->end_s - n->start_s;

        return width > 0 ? MAX((c->integral[c->ends[i]] - c->integral[c->begins[i]]) / width, 1.0) : 1;
}

/* cpu × slowdown of its time it had or waited for a CPU; the rest it waited for other things, of which a
 * part is believed. */
static void set_times(PlanNode *n, double slow, double believed)
{
        double wall = n->end_s - n->start_s, cpu = MIN(n->cpu_s, wall * 4096), other = wall - cpu * slow;

        n->threads = 1;
        n->busy = 1;
        if (wall <= 0) {
                n->work_s = 0;
        } else if (cpu > wall * 1.1) {
                n->threads = cpu * slow / wall;
                n->work_s = wall / slow;
        } else if (other <= 0) {
                n->work_s = cpu;
        } else {
                other *= believed;
                n->work_s = cpu + other;
                n->busy = n->work_s > 0 ? cpu / n->work_s : 1;
        }
}

/* What a tool needed to start a job, it waited for a CPU for a part of it. */
static void set_lags(Plan *plan, const Curve *c, const double *lags)
{
        for (uint32_t i = 1; i < plan->n; i++)
                if (!plan->nodes[i].is_tool) {
                        uint32_t at = c->begins[i];
                        plan->nodes[i].lag_s = lags[i] / (at > 0 ? c->slow[at - 1] : 1);
                }
}

static void set_all(Plan *plan, Curve *c, Slowdown *slowdown, const double *lags, double believed)
{
        /* First the most that they can have wanted a CPU, so that the way leads down. */
        for (uint32_t i = 1; i < plan->n; i++)
                plan->nodes[i].busy = 1;
        for (int round = 0; round < ROUNDS; round++) {
                curve_fill(c, plan, slowdown);
                for (uint32_t i = 1; i < plan->n; i++)
                        if (!plan->nodes[i].is_tool)
                                set_times(&plan->nodes[i], curve_mean(c, &plan->nodes[i], i), believed);
        }
        set_lags(plan, c, lags);
}

static int replay_believing(Plan *plan, Curve *c, Slowdown *slowdown, const double *lags, double believed, double *ret_s)
{
        _cleanup_(replay_freep) Replay *replay = NULL;
        const ReplayOptions options = {.jobs = plan->width, .cpus = plan->capacity, .only_time = true};
        ReplayResult result;

        set_all(plan, c, slowdown, lags, believed);
        plan->believed = believed;
        if (replay_new(plan, &replay) < 0 || replay_run(replay, &options, &result) < 0)
                return -ENOMEM;
        *ret_s = result.wall_s;
        return 0;
}

/* CPUs are not shared out evenly, so that much of what a job waited beyond its part of the slowdown was for a CPU
 * all the same. Believed is the least part of it with which a replay takes as long as the recording did, or
 * nearly as long as with all of it: where the CPUs are full, waiting hides in it. */
static int believe(Plan *plan, Curve *c, Slowdown *slowdown, const double *lags)
{
        double none_s, all_s, some_s, low = 0, high = 1;
        int r = replay_believing(plan, c, slowdown, lags, 1, &all_s);

        if (r == 0)
                r = replay_believing(plan, c, slowdown, lags, 0, &none_s);
        if (r < 0)
                return r;
        /* Where the CPUs were full nothing else shows; and what others left is the less certain the less it was. */
        if (plan->cpu_s >= FULL * plan->capacity * plan->wall_s)
                return 0;
        double wanted = fmin(plan->wall_s, all_s) * fmax(CLOSE - UNSURE * plan->others / plan->capacity, 0.5);
        for (int step = 0; none_s < wanted && step < STEPS; step++) {
                double believed = (low + high) / 2;
                r = replay_believing(plan, c, slowdown, lags, believed, &some_s);
                if (r < 0)
                        return r;
                *(some_s < wanted ? &low : &high) = believed;
        }
        return 0;
}

int plan_remove_contention(Plan *plan)
{
        Curve c;
        _cleanup_(slowdown_freep) Slowdown *slowdown = NULL;
        _cleanup_free_ double *lags = calloc(plan->n, sizeof *lags);
        int r = curve_init(&c, plan);

        if (r == 0)
                r = lags ? slowdown_new(plan->capacity, &slowdown) : -ENOMEM;
        for (uint32_t i = 0; r == 0 && i < plan->n; i++)
                lags[i] = plan->nodes[i].lag_s;
        if (r == 0)
                r = believe(plan, &c, slowdown, lags);
        curve_done(&c);
        return r;
}
