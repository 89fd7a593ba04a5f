/* The plan, and what follows from runs that have been made. */
#include "sweep/sweep.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"

const char *sweep_state_name(SweepState state)
{
        static const char *const names[] = {
                [SWEEP_PLANNED] = "planned", [SWEEP_RUNNING] = "running",     [SWEEP_DONE] = "done",
                [SWEEP_FAILED] = "failed",   [SWEEP_TIMED_OUT] = "timed out", [SWEEP_INTERRUPTED] = "interrupted",
        };

        return names[state];
}

void sweep_init(Sweep *sweep)
{
        *sweep = (Sweep){
                .repeat = 1,
                .pre_clean = true,
                .post_clean = true,
                .memory_bytes = RUN_UNKNOWN,
                .start_realtime_ns = -1,
                .end_realtime_ns = -1,
        };
}

static void free_texts(char **texts)
{
        for (size_t i = 0; texts && texts[i]; i++)
                free(texts[i]);
        free(texts);
}

void sweep_drop_figures(SweepRun *run)
{
        SweepFigures *f = &run->figures;

        for (size_t i = 0; i < f->n_groups; i++) {
                free(f->groups[i].major);
                free(f->groups[i].name);
        }
        free(f->groups);
        *f = (SweepFigures){
                .wall_ns = RUN_UNKNOWN,
                .cpu_us = RUN_UNKNOWN,
                .user_us = RUN_UNKNOWN,
                .system_us = RUN_UNKNOWN,
                .peak_bytes = RUN_UNKNOWN,
                .peak_rss_bytes = RUN_UNKNOWN,
                .peak_cgroup_bytes = RUN_UNKNOWN,
                .peak_t_ns = INT64_MIN,
                .processes = RUN_UNKNOWN,
                .lost_events = RUN_UNKNOWN,
        };
}

static void run_done(SweepRun *run)
{
        sweep_drop_figures(run);
        free(run->path);
        free(run->build_cpus);
        free(run->recorder_cpus);
}

void sweep_keep_first(Sweep *s)
{
        size_t keep = 0;

        while (keep + 1 < s->n_runs && s->runs[keep].warm_up)
                keep++;
        for (size_t i = 0; i < s->n_runs; i++)
                if (i != keep)
                        run_done(&s->runs[i]);
        if (s->n_runs == 0)
                return;
        s->runs[0] = s->runs[keep];
        s->n_runs = 1;
        s->repeat = 1;
        if (s->jobs.n > 0)
                s->jobs = (SweepJobs){.levels = {s->runs[0].jobs}, .n = 1};
}

void sweep_done(Sweep *s)
{
        char *texts[] = {s->id,    s->label, s->vigia_version, s->host,  s->kernel,   s->machine,    s->user,
                         s->project, s->setup, s->clean,       s->dir,   s->match,    s->programs,
                         s->build_cpus, s->recorder_cpus, s->run_setup, s->run_clean};

        for (size_t i = 0; i < ARRAY_LENGTH(texts); i++)
                free(texts[i]);
        free_texts(s->command);
        free_texts(s->environment);
        free_texts(s->options);
        free_texts(s->run_command);
        free_texts(s->run_environment);
        for (size_t i = 0; i < s->n_runs; i++)
                run_done(&s->runs[i]);
        free(s->runs);
        sweep_init(s);
}

static char **copy_texts(char *const *texts)
{
        size_t n = 0;

        while (texts[n])
                n++;
        char **copy = calloc(n + 1, sizeof *copy);
        for (size_t i = 0; copy && i < n; i++) {
                copy[i] = strdup(texts[i]);
                if (!copy[i]) {
                        free_texts(copy);
                        return NULL;
                }
        }
        return copy;
}

int sweep_use_stored(Sweep *s)
{
        s->run_command = copy_texts(s->command);
        s->run_environment = s->environment ? copy_texts(s->environment) : NULL;
        s->run_setup = s->setup ? strdup(s->setup) : NULL;
        s->run_clean = s->clean ? strdup(s->clean) : NULL;
        bool fine = s->run_command && !s->environment == !s->run_environment && !s->setup == !s->run_setup &&
                    !s->clean == !s->run_clean;
        return fine ? 0 : -ENOMEM;
}

/* ---- the plan ---- */

/* splitmix64: the same seed gives the same order everywhere. */
static uint64_t next_random(uint64_t *state)
{
        uint64_t z = *state += UINT64_C(0x9e3779b97f4a7c15);

        z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
        z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
        return z ^ z >> 31;
}

static void shuffle(unsigned *levels, size_t n, uint64_t *state)
{
        for (size_t i = n; i > 1; i--) {
                size_t k = (size_t)(next_random(state) % i);
                unsigned kept = levels[i - 1];
                levels[i - 1] = levels[k];
                levels[k] = kept;
        }
}

static int add_run(Sweep *sweep, unsigned jobs, unsigned repeat, bool warm_up)
{
        SweepRun *run = &sweep->runs[sweep->n_runs];
        char path[48];

        *run = (SweepRun){
                .jobs = jobs,
                .repeat = repeat,
                .warm_up = warm_up,
                .exit_code = -1,
                .exit_signal = -1,
                .around_ns = RUN_UNKNOWN,
        };
        sweep_drop_figures(run);
        if (warm_up)
                text_copy(path, sizeof path, "warm-up");
        else if (jobs == 0)
                snprintf(path, sizeof path, "run-%u", repeat);
        else
                snprintf(path, sizeof path, "j%u-%u", jobs, repeat);
        run->path = strdup(path);
        sweep->n_runs += run->path != NULL;
        return run->path ? 0 : -ENOMEM;
}

static unsigned most(const SweepJobs *jobs)
{
        unsigned best = 0;

        for (size_t i = 0; i < jobs->n; i++)
                best = MAX(best, jobs->levels[i]);
        return best;
}

int sweep_plan(Sweep *sweep, Error *err)
{
        size_t n_levels = MAX(sweep->jobs.n, (size_t)1), n = n_levels * sweep->repeat;
        unsigned levels[SWEEP_LEVELS_MAX] = {0};
        uint64_t state = sweep->seed;
        int r = 0;

        if (n + sweep->warm_up > SWEEP_RUNS_MAX)
                return error_set(err, E2BIG, "%zu runs are planned; expected at most %d", n, SWEEP_RUNS_MAX);
        sweep->runs = calloc(n + 1, sizeof *sweep->runs);
        if (!sweep->runs)
                return error_set(err, ENOMEM, "out of memory");
        if (sweep->warm_up)
                r = add_run(sweep, most(&sweep->jobs), 1, true);
        for (unsigned repeat = 1; repeat <= sweep->repeat; repeat++) {
                for (size_t i = 0; i < sweep->jobs.n; i++)
                        levels[i] = sweep->jobs.levels[i];
                if (sweep->order == SWEEP_RANDOM)
                        shuffle(levels, n_levels, &state);
                for (size_t i = 0; i < n_levels && r == 0; i++)
                        r = add_run(sweep, levels[i], repeat, false);
        }
        return r < 0 ? error_set(err, r, "out of memory") : 0;
}

/* ---- what became of a run ---- */

SweepState sweep_judge(const Sweep *sweep, const RunInfo *info)
{
        bool expected = sweep->n_exits == 0 && info->exit_code == 0;

        if (!info->complete)
                return SWEEP_INTERRUPTED;
        if (info->timed_out)
                return SWEEP_TIMED_OUT;
        for (size_t i = 0; i < sweep->n_exits; i++)
                expected |= info->exit_code == sweep->exits[i];
        return expected && info->exit_signal <= 0 ? SWEEP_DONE : SWEEP_FAILED;
}

static int compare_groups(const void *a, const void *b)
{
        const SummaryGroup *const *x = a, *const *y = b;
        uint64_t p = (*x)->peak_bytes, q = (*y)->peak_bytes;

        p = p == SUMMARY_UNKNOWN ? 0 : p;
        q = q == SUMMARY_UNKNOWN ? 0 : q;
        return p != q ? (p < q ? 1 : -1) : strcmp((*x)->name, (*y)->name);
}

static int take_groups(SweepFigures *f, const Summary *s)
{
        const SummaryGroup **sorted = calloc(s->n_groups + 1, sizeof *sorted);
        size_t n = MIN(s->n_groups, (size_t)SWEEP_GROUPS);
        int r = 0;

        f->groups = calloc(n + 1, sizeof *f->groups);
        if (!sorted || !f->groups) {
                free(sorted);
                return -ENOMEM;
        }
        for (size_t i = 0; i < s->n_groups; i++)
                sorted[i] = &s->groups[i];
        qsort(sorted, s->n_groups, sizeof *sorted, compare_groups);
        for (size_t i = 0; i < n && r == 0; i++) {
                const SummaryGroup *from = sorted[i];
                f->groups[i] = (SweepGroup){
                        .major = from->major ? strdup(from->major) : NULL,
                        .name = strdup(from->name),
                        .processes = from->processes,
                        .peak_bytes = from->peak_bytes,
                        .at_peak_bytes = from->at_peak_bytes,
                        .largest_bytes = from->largest_bytes,
                        .cpu_us = from->cpu_us,
                };
                f->n_groups++;
                r = f->groups[i].name && (!from->major || f->groups[i].major) ? 0 : -ENOMEM;
        }
        free(sorted);
        return r;
}

/* Of table and rusage, whichever saw more. */
static uint64_t more_of(uint64_t a, uint64_t b)
{
        return a == RUN_UNKNOWN || b == RUN_UNKNOWN ? MIN(a, b) : MAX(a, b);
}

int sweep_take_figures(SweepRun *run, const RunInfo *info, const Summary *s)
{
        SweepFigures *f = &run->figures;

        sweep_drop_figures(run);
        f->wall_ns = info->wall_ns != RUN_UNKNOWN ? info->wall_ns
                     : s->last_ns > 0             ? (uint64_t)s->last_ns
                                                  : RUN_UNKNOWN;
        f->cpu_us = more_of(s->cpu_us, info->command_cpu_us);
        f->user_us = s->user_us;
        f->system_us = s->system_us;
        f->peak_bytes = s->peak_pss_bytes != SUMMARY_UNKNOWN ? s->peak_pss_bytes : s->peak_rss_bytes;
        if (f->peak_bytes == 0)
                f->peak_bytes = RUN_UNKNOWN; /* over before the first sample */
        f->peak_rss_bytes = s->peak_rss_bytes;
        f->peak_cgroup_bytes = info->peak_cgroup_bytes;
        f->peak_t_ns = s->peak_known ? s->peak_t_ns : INT64_MIN;
        f->processes = info->processes != RUN_UNKNOWN && info->complete ? info->processes : s->processes;
        f->lost_events = info->lost_events;
        f->partial = info->partial;
        run->exit_code = info->exit_code;
        run->exit_signal = info->exit_signal;
        return take_groups(f, s);
}

/* ---- how long it will take ---- */

static bool counts(const SweepRun *run)
{
        return run->state == SWEEP_DONE && run->figures.wall_ns != RUN_UNKNOWN;
}

/* Of runs at the same -j the mean; else the newest of another, as if all jobs that have a CPU were
 * busy all the time: a guess that is corrected by the first run of its own -j. */
uint64_t sweep_expected_ns(const Sweep *sweep, const SweepRun *run)
{
        const SweepRun *near = NULL;
        uint64_t sum = 0, n = 0;

        for (size_t i = 0; i < sweep->n_runs; i++) {
                const SweepRun *other = &sweep->runs[i];
                if (!counts(other))
                        continue;
                if (other->jobs == run->jobs) {
                        sum += other->figures.wall_ns / NS_PER_MS;
                        n++;
                }
                near = other;
        }
        if (n > 0)
                return sum / n * NS_PER_MS;
        if (!near)
                return RUN_UNKNOWN;
        double wall = (double)near->figures.wall_ns;
        unsigned most_cpus = MAX(sweep->usable_cpus, 1u);
        double from = MIN(near->jobs, most_cpus), to = MIN(run->jobs, most_cpus);
        double expected = from > 0 && to > 0 ? wall * from / to : wall;
        return expected < 1e18 ? (uint64_t)expected : RUN_UNKNOWN;
}

static uint64_t around_ns(const Sweep *sweep)
{
        uint64_t sum = 0, n = 0;

        for (size_t i = 0; i < sweep->n_runs; i++)
                if (sweep->runs[i].around_ns != RUN_UNKNOWN) {
                        sum += sweep->runs[i].around_ns / NS_PER_MS;
                        n++;
                }
        return n > 0 ? sum / n * NS_PER_MS : 0;
}

uint64_t sweep_time_left_ns(const Sweep *sweep, const SweepRun *at_work, uint64_t elapsed_ns)
{
        uint64_t left = 0, around = around_ns(sweep);

        for (size_t i = 0; i < sweep->n_runs; i++) {
                const SweepRun *run = &sweep->runs[i];
                if (run->state != SWEEP_PLANNED && run->state != SWEEP_RUNNING)
                        continue;
                uint64_t expected = sweep_expected_ns(sweep, run);
                if (expected == RUN_UNKNOWN)
                        return RUN_UNKNOWN;
                left += (run == at_work ? expected - MIN(elapsed_ns, expected) : expected + around);
        }
        return left;
}
