/* Figures are gathered per level; nothing is averaged (model/statistics). */
#include "sweep/result.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "model/statistics.h"

void sweep_result_done(SweepResult *result)
{
        free(result->levels);
        *result = (SweepResult){0};
}

/* What is counted stays whole. */
static int summarise(const double *values, size_t n, SweepSpread *ret)
{
        Spread spread;
        int r = spread_of(values, n, &spread);

        if (r == 0)
                *ret = n == 0 ? (SweepSpread){0}
                              : (SweepSpread){.n = n,
                                              .low = (uint64_t)spread.min,
                                              .median = (uint64_t)llround(spread.median),
                                              .high = (uint64_t)spread.max};
        return r;
}

static bool belongs(const SweepRun *run, unsigned jobs)
{
        return run->jobs == jobs && !run->warm_up;
}

typedef uint64_t (*FigureFn)(const SweepRun *run, const SweepCategory *category);

static uint64_t wall_of(const SweepRun *run, const SweepCategory *category)
{
        return run->figures.wall_ns;
}

static uint64_t peak_of(const SweepRun *run, const SweepCategory *category)
{
        return run->figures.peak_bytes;
}

static uint64_t cpu_of(const SweepRun *run, const SweepCategory *category)
{
        return run->figures.cpu_us;
}

static uint64_t busy_of(const SweepRun *run, const SweepCategory *category)
{
        const SweepFigures *f = &run->figures;

        if (f->cpu_us == RUN_UNKNOWN || f->wall_ns == RUN_UNKNOWN || f->wall_ns == 0)
                return RUN_UNKNOWN;
        double busy = (double)f->cpu_us * 1e6 / (double)f->wall_ns + 0.5;
        return busy < 1e12 ? (uint64_t)busy : RUN_UNKNOWN; /* no machine has as many */
}

/* A category that a run does not have peaked at nothing there. */
static uint64_t category_of(const SweepRun *run, const SweepCategory *category)
{
        for (size_t i = 0; i < run->figures.n_groups; i++)
                if (text_equal(run->figures.groups[i].name, category->name))
                        return run->figures.groups[i].peak_bytes;
        return run->figures.n_groups < SWEEP_GROUPS ? 0 : RUN_UNKNOWN;
}

/* Figures that no double holds exactly are none that was measured. */
#define FIGURE_MAX (UINT64_C(1) << 53)

static int gather(const Sweep *sweep, unsigned jobs, FigureFn figure, const SweepCategory *category, double *room,
                  SweepSpread *ret)
{
        size_t n = 0;

        for (size_t i = 0; i < sweep->n_runs; i++) {
                const SweepRun *run = &sweep->runs[i];
                if (!belongs(run, jobs) || run->state != SWEEP_DONE)
                        continue;
                uint64_t value = figure(run, category);
                if (value < FIGURE_MAX)
                        room[n++] = (double)value;
        }
        return summarise(room, n, ret);
}

/* ---- categories ---- */

static void offer_category(SweepResult *result, uint64_t *peaks, const SweepGroup *group)
{
        size_t n = result->n_categories, i = 0;

        if (group->peak_bytes == SUMMARY_UNKNOWN || group->peak_bytes == 0)
                return;
        while (i < n && !text_equal(result->categories[i].name, group->name))
                i++;
        if (i < n && peaks[i] >= group->peak_bytes)
                return;
        if (i == SWEEP_CATEGORIES && peaks[--i] >= group->peak_bytes)
                return;
        if (i == n)
                result->n_categories++;
        for (; i > 0 && peaks[i - 1] < group->peak_bytes; i--) {
                peaks[i] = peaks[i - 1];
                result->categories[i] = result->categories[i - 1];
        }
        peaks[i] = group->peak_bytes;
        result->categories[i] = (SweepCategory){group->major, group->name};
}

static void choose_categories(const Sweep *sweep, SweepResult *result)
{
        uint64_t peaks[SWEEP_CATEGORIES] = {0};

        for (size_t i = 0; i < sweep->n_runs; i++) {
                const SweepRun *run = &sweep->runs[i];
                for (size_t g = 0; g < run->figures.n_groups && run->state == SWEEP_DONE && !run->warm_up; g++)
                        offer_category(result, peaks, &run->figures.groups[g]);
        }
}

/* ---- levels ---- */

static void count_runs(const Sweep *sweep, SweepLevel *level)
{
        for (size_t i = 0; i < sweep->n_runs; i++) {
                const SweepRun *run = &sweep->runs[i];
                if (!belongs(run, level->jobs))
                        continue;
                level->n_done += run->state == SWEEP_DONE;
                level->n_failed += run->state == SWEEP_FAILED || run->state == SWEEP_TIMED_OUT;
                level->n_left += run->state == SWEEP_PLANNED || run->state == SWEEP_RUNNING ||
                                 run->state == SWEEP_INTERRUPTED;
                if (run->state != SWEEP_DONE)
                        continue;
                level->partial |= run->figures.partial;
                if (run->figures.lost_events != RUN_UNKNOWN)
                        level->lost_events += run->figures.lost_events;
        }
}

static int fill_level(const Sweep *sweep, const SweepResult *result, SweepLevel *level, double *room)
{
        int r;

        count_runs(sweep, level);
        r = gather(sweep, level->jobs, wall_of, NULL, room, &level->wall_ns);
        if (r == 0)
                r = gather(sweep, level->jobs, peak_of, NULL, room, &level->peak_bytes);
        if (r == 0)
                r = gather(sweep, level->jobs, cpu_of, NULL, room, &level->cpu_us);
        if (r == 0)
                r = gather(sweep, level->jobs, busy_of, NULL, room, &level->busy_milli);
        for (size_t i = 0; i < result->n_categories && r == 0; i++)
                r = gather(sweep, level->jobs, category_of, &result->categories[i], room, &level->categories[i]);
        return r;
}

static void choose_best(SweepResult *result)
{
        result->best = result->least = SIZE_MAX;
        for (size_t i = 0; i < result->n_levels; i++) {
                const SweepLevel *level = &result->levels[i];
                if (level->wall_ns.n > 0 &&
                    (result->best == SIZE_MAX ||
                     level->wall_ns.median < result->levels[result->best].wall_ns.median))
                        result->best = i;
                if (level->peak_bytes.n > 0 &&
                    (result->least == SIZE_MAX ||
                     level->peak_bytes.median < result->levels[result->least].peak_bytes.median))
                        result->least = i;
        }
}

int sweep_result(const Sweep *sweep, SweepResult *ret)
{
        SweepResult result = {.n_levels = MAX(sweep->jobs.n, (size_t)1)};
        _cleanup_free_ double *room = calloc(sweep->n_runs + 1, sizeof *room);
        int r = room ? 0 : -ENOMEM;

        result.levels = calloc(result.n_levels, sizeof *result.levels);
        if (!result.levels)
                return -ENOMEM;
        choose_categories(sweep, &result);
        for (size_t i = 0; i < result.n_levels && r == 0; i++) {
                SweepLevel *level = &result.levels[i];
                level->jobs = sweep->jobs.n > 0 ? sweep->jobs.levels[i] : 0;
                r = fill_level(sweep, &result, level, room);
                result.n_done += level->n_done;
                result.n_failed += level->n_failed;
                result.n_left += level->n_left;
        }
        if (r < 0) {
                sweep_result_done(&result);
                return r;
        }
        choose_best(&result);
        *ret = result;
        return 0;
}

bool sweep_best_is_clear(const SweepResult *result)
{
        const SweepLevel *best = result->best != SIZE_MAX ? &result->levels[result->best] : NULL;

        if (!best || best->wall_ns.n < 2)
                return false;
        for (size_t i = 0; i < result->n_levels; i++) {
                const SweepLevel *other = &result->levels[i];
                if (i == result->best || other->wall_ns.n == 0)
                        continue;
                if (other->wall_ns.n < 2 || other->wall_ns.low <= best->wall_ns.high)
                        return false;
        }
        return true;
}
