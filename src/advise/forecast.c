/* Replays at several -j, and what follows from them. */
#include "advise/forecast.h"

#include <errno.h>
#include <limits.h>
#include <math.h>
#include <stdlib.h>

#include "advise/replay.h"
#include "base/cleanup.h"

enum {
        REPLAYS = 14,         /* of each -j, where the build is not huge */
        WORK_MAX = 6000000,   /* nodes replayed in all, about */
};

#define JITTER 0.06
#define HEAD_ROOM 0.10 /* of the memory there is, left for others */
#define FREE_TOLD 0.85 /* with less than this part of it free at the beginning, that is what is told */
#define WORTH 0.03

static int by_value(const void *a, const void *b)
{
        double x = *(const double *)a, y = *(const double *)b;

        return x < y ? -1 : x > y;
}

/* The recorded run is how the model is known to be off for this build. */
static void set_range(Range *range, double *values, size_t n, double error)
{
        qsort(values, n, sizeof *values, by_value);
        range->expected = values[n / 2];
        range->low = MIN(values[n / 10], range->expected * (1 - error));
        range->high = MAX(values[n - 1 - n / 10], range->expected * (1 + error));
}

static int replay_level(const Replay *replay, const Plan *plan, ForecastLevel *level, double cpus, unsigned link_jobs, size_t replays)
{
        double walls[REPLAYS + 2], peaks[REPLAYS + 2], loose = 0;
        ReplayResult result;

        for (size_t i = 0; i < replays + 1; i++) {
                bool last = i == replays;
                const ReplayOptions options = {
                        .jobs = level->jobs,
                        .link_jobs = link_jobs,
                        .cpus = cpus,
                        .jitter = i == 0 || last ? 0 : JITTER,
                        .seed = i * 7919 + 1,
                        .certain = last,
                };
                if (replay_run(replay, &options, &result) < 0)
                        return -ENOMEM;
                if (last) {
                        loose = result.wall_s;
                        break;
                }
                walls[i] = result.wall_s;
                peaks[i] = MAX(result.peak_bytes, plan->rest_most_bytes);
                if (i == 0)
                        level->busy_cpus = result.busy_cpus;
        }
        double far = fabs(log2((double)level->jobs / fmin(plan->width, fmax(cpus * 4, 1))));
        double exact = walls[0];
        set_range(&level->wall_s, walls, replays, FORECAST_WALL_ERROR * (1 + 0.25 * far));
        set_range(&level->peak_bytes, peaks, replays, FORECAST_PEAK_ERROR * (1 + 0.25 * far));
        level->wall_s.expected = exact;
        level->wall_s.low = fmin(fmin(level->wall_s.low, loose), exact);
        level->wall_s.high = fmax(fmax(level->wall_s.high, loose), exact);
        return 0;
}

static void add_level(Forecast *f, unsigned jobs, unsigned recorded)
{
        for (size_t i = 0; i < f->n; i++)
                if (f->levels[i].jobs == jobs)
                        return;
        if (f->n == FORECAST_LEVELS_MAX || jobs == 0)
                return;
        size_t at = f->n++;
        for (; at > 0 && f->levels[at - 1].jobs > jobs; at--)
                f->levels[at] = f->levels[at - 1];
        f->levels[at] = (ForecastLevel){.jobs = jobs, .recorded = jobs == recorded};
}

static void choose_levels(Forecast *f, const Plan *plan, const ForecastOptions *o)
{
        unsigned recorded = plan->unlimited ? 0 : plan->width, most = (unsigned)MAX(ceil(f->cpus) * 2, 4);

        for (size_t i = 0; o->levels && i < o->n_levels; i++)
                add_level(f, o->levels[i], recorded);
        if (o->levels)
                return;
        for (unsigned jobs = 1; jobs <= most && jobs < 4096; jobs *= 2) {
                add_level(f, jobs, recorded);
                if (jobs >= 2 && jobs + jobs / 2 <= most)
                        add_level(f, jobs + jobs / 2, recorded);
        }
        add_level(f, most, recorded);
        add_level(f, recorded, recorded);
}

/* A cgroup's limit counts if it is below what the machine has. */
static void find_room(Forecast *f, const BuildMachine *m, const ForecastOptions *o)
{
        f->room_bytes = f->limit_bytes = BUILD_UNKNOWN;
        if (o->memory_bytes != BUILD_UNKNOWN) {
                f->limit_bytes = o->memory_bytes;
                f->room_given = true;
        } else if (m->limit_bytes != BUILD_UNKNOWN && (m->memory_bytes == BUILD_UNKNOWN || m->limit_bytes < m->memory_bytes)) {
                f->limit_bytes = m->limit_bytes;
                f->limit_is_cgroup = true;
        } else {
                f->limit_bytes = m->memory_bytes;
        }
        if (f->limit_bytes == BUILD_UNKNOWN)
                return;
        f->room_bytes = (uint64_t)((double)f->limit_bytes * (1 - HEAD_ROOM));
        /* Of what was free at the beginning less is left, since others' share is known. */
        uint64_t left = m->available_bytes == BUILD_UNKNOWN ? BUILD_UNKNOWN : (uint64_t)((double)m->available_bytes * (1 - HEAD_ROOM / 2));
        f->room_is_free = !f->room_given && (double)left < (double)f->room_bytes * FREE_TOLD;
        if (!f->room_given)
                f->room_bytes = MIN(f->room_bytes, left);
}

static void choose(Forecast *f)
{
        double fastest = INFINITY;

        f->fits = f->best = SIZE_MAX;
        for (size_t i = 0; i < f->n; i++) {
                ForecastLevel *l = &f->levels[i];
                l->fits = f->room_bytes == BUILD_UNKNOWN || !(l->peak_bytes.high > (double)f->room_bytes);
                if (l->fits && f->room_bytes != BUILD_UNKNOWN)
                        f->fits = i;
                fastest = MIN(fastest, l->wall_s.expected);
        }
        for (size_t i = 0; i < f->n; i++)
                if (f->levels[i].wall_s.expected <= fastest * (1 + WORTH)) {
                        f->knee = i;
                        break;
                }
        /* The smallest of those that fit which is as fast as any that fits. */
        double reachable = INFINITY;
        for (size_t i = 0; i < f->n; i++)
                if (f->levels[i].fits)
                        reachable = MIN(reachable, f->levels[i].wall_s.expected);
        for (size_t i = 0; i < f->n && f->best == SIZE_MAX; i++)
                if (f->levels[i].fits && f->levels[i].wall_s.expected <= reachable * (1 + WORTH))
                        f->best = i;
}

static int find_floors(Forecast *f, const Replay *replay, const Plan *plan)
{
        ReplayResult result;
        ReplayOptions options = {.jobs = UINT_MAX, .cpus = INFINITY};

        if (replay_run(replay, &options, &result) < 0)
                return -ENOMEM;
        f->chain_s = result.wall_s;
        f->cpu_floor_s = plan->cpu_s / f->cpus;
        options = (ReplayOptions){.jobs = plan->width, .cpus = plan->capacity};
        if (replay_run(replay, &options, &result) < 0)
                return -ENOMEM;
        f->replay_ratio = result.wall_s > 0 ? plan->wall_s / result.wall_s : NAN;
        return 0;
}

static int try_link_pool(Forecast *f, const Replay *replay, const Plan *plan, const ForecastOptions *o)
{
        ReplayResult result;

        f->link_peak_bytes = NAN;
        if (plan->n_links == 0 || f->best == SIZE_MAX || o->link_jobs > 0)
                return 0;
        const ReplayOptions options = {.jobs = f->levels[f->best].jobs, .cpus = f->cpus, .link_jobs = 1};
        if (replay_run(replay, &options, &result) < 0)
                return -ENOMEM;
        f->link_peak_bytes = result.peak_bytes;
        return 0;
}

int forecast_make(const Plan *plan, const BuildRows *rows, const ForecastOptions *o, Forecast *ret)
{
        _cleanup_(replay_freep) Replay *replay = NULL;
        Forecast f = {.best = SIZE_MAX};
        int r = replay_new(plan, &replay);

        if (r < 0)
                return r;
        f.cpus_given = o->cpus > 0;
        f.cpus = f.cpus_given ? o->cpus : plan->capacity;
        find_room(&f, &rows->machine, o);
        choose_levels(&f, plan, o);
        size_t work = o->work ? MIN(o->work, (size_t)WORK_MAX) : WORK_MAX;
        size_t affordable = work / (plan->n * (f.n + 1)), replays = affordable < 3 ? 3 : MIN(affordable, (size_t)REPLAYS);
        r = find_floors(&f, replay, plan);
        for (size_t i = 0; r == 0 && i < f.n; i++)
                r = replay_level(replay, plan, &f.levels[i], f.cpus, o->link_jobs, replays);
        if (r < 0)
                return r;
        choose(&f);
        r = try_link_pool(&f, replay, plan, o);
        if (r == 0)
                *ret = f;
        return r;
}
