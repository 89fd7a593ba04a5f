/*
 * Builds of known truth. A build is jobs that wait for jobs; world_build makes it at some -j on a machine with so
 * many CPUs, in steps of a millisecond, by rules of its own: a tool starts what is ready in its order, 2 ms after
 * one another; whoever wants a CPU gets an equal share of them; what a job waits for besides comes after its CPU
 * time. The result is rows, as a recorder would write them, or how long it took.
 */
#pragma once

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "advise/advise.h"
#include "base/clock.h"
#include "table/process-tables.h"

enum { JOBS_MAX = 400, WAITS_MAX = 8, STEP_NS = 1000000, TICK_MS = 50 };

#define MIB (1024.0 * 1024)

typedef struct WorldJob {
        const char *program;  /* "cc1", "ld", "sh" */
        double cpu_s, other_s, mib;
        int waits[WAITS_MAX]; /* indexes of jobs before; -1: all before that are not links */
        size_t n_waits;
        int tool;             /* 0: the build tool itself; else a sub-make of that number, which begins with its first job */
        bool named;           /* command lines name what it makes and uses */
        /* as it went */
        double left_cpu, left_other, start_ms, end_ms;
        bool running, done;
} WorldJob;

typedef struct World {
        WorldJob jobs[JOBS_MAX];
        size_t n;
        const char *tool;     /* "make", "ninja"; NULL: none, a script runs the jobs */
        unsigned jobs_at_once;
        double cpus;
        double wall_ms, peak_mib;
        int exit_code;
        bool forced;          /* sub-makes have a -j of their own */
        bool cmake;           /* sub-makes are as its makefiles start them: 1 and 2 are of one target, 3 and 4 of the next */
        bool cut;             /* the recording ends in the middle */
        double parse_mib, tool_mib; /* of the build tool in its first 0.3 s, and after them */
} World;

static inline double world_tool_mib(const World *w, double t_ms)
{
        return t_ms < 300 ? w->parse_mib : w->tool_mib;
}

/* In seconds, of job i: they differ, so that ends do not fall together. */
static inline double world_length(int i)
{
        return 0.4 + 0.13 * (i * 7 % 10);
}

static inline WorldJob *world_add(World *w, const char *program, double cpu_s, double mib)
{
        assert_true(w->n < JOBS_MAX);
        WorldJob *job = &w->jobs[w->n++];
        *job = (WorldJob){.program = program, .cpu_s = cpu_s, .mib = mib};
        return job;
}

static inline bool world_ready(const World *w, size_t i)
{
        for (size_t k = 0; k < w->jobs[i].n_waits; k++) {
                int on = w->jobs[i].waits[k];
                if (on >= 0 && !w->jobs[on].done)
                        return false;
                for (size_t before = 0; on < 0 && before < i; before++)
                        if (strcmp(w->jobs[before].program, "ld") != 0 && !w->jobs[before].done)
                                return false;
        }
        return true;
}

static inline void world_step(World *w, double now_ms)
{
        double wanting = 0, mib = world_tool_mib(w, now_ms);

        for (size_t i = 0; i < w->n; i++)
                wanting += w->jobs[i].running && w->jobs[i].left_cpu > 0;
        double share = wanting > w->cpus ? w->cpus / wanting : 1;
        for (size_t i = 0; i < w->n; i++) {
                WorldJob *job = &w->jobs[i];
                if (!job->running)
                        continue;
                mib += job->mib;
                if (job->left_cpu > 1e-9)
                        job->left_cpu -= share / 1000;
                else
                        job->left_other -= 1.0 / 1000;
                if (job->left_cpu > 1e-9 || job->left_other > 1e-9)
                        continue;
                job->running = false;
                job->done = true;
                job->end_ms = now_ms + 1;
        }
        w->peak_mib = fmax(w->peak_mib, mib);
}

/* As a build tool with so many slots does it. */
static inline void world_build(World *w, unsigned jobs_at_once, double cpus)
{
        double next_start = w->parse_mib > 0 ? 300 : 5;
        size_t n_done = 0;

        w->jobs_at_once = jobs_at_once;
        w->cpus = cpus;
        w->peak_mib = 0;
        for (size_t i = 0; i < w->n; i++) {
                WorldJob *job = &w->jobs[i];
                job->left_cpu = job->cpu_s;
                job->left_other = job->other_s;
                job->running = job->done = false;
        }
        for (w->wall_ms = 0; n_done < w->n; w->wall_ms++) {
                size_t running = 0, first = w->n;
                for (size_t i = 0; i < w->n; i++) {
                        running += w->jobs[i].running;
                        if (first == w->n && !w->jobs[i].running && !w->jobs[i].done && world_ready(w, i))
                                first = i;
                }
                if (first < w->n && running < jobs_at_once && w->wall_ms >= next_start) {
                        w->jobs[first].running = true;
                        w->jobs[first].start_ms = w->wall_ms;
                        next_start = w->wall_ms + 2;
                }
                world_step(w, w->wall_ms);
                size_t before = n_done;
                n_done = 0;
                for (size_t i = 0; i < w->n; i++)
                        n_done += w->jobs[i].done;
                if (w->cmake && n_done > before) /* its sub-make ends before the next line begins */
                        next_start = fmax(next_start, w->wall_ms + 4);
        }
        w->wall_ms += 3;
}

/* ---- rows ---- */

static inline void world_text(Batch *b, size_t column, const char *text)
{
        assert_int_equal(batch_set_text(b, column, text, strlen(text)), 0);
}

static inline void world_process(Batch *b, uint64_t key, uint64_t parent, const char *program, const char *line, double start_ms,
                                 double end_ms, double cpu_s, double mib, int code)
{
        char path[128];

        assert_int_equal(batch_add_row(b), 0);
        snprintf(path, sizeof path, "/usr/bin/%s", program);
        batch_set_u64(b, PROCESS_PROCESS, key);
        batch_set_u64(b, PROCESS_IMAGE, 0);
        batch_set_i64(b, PROCESS_PID, (int64_t)key + 1000);
        if (parent)
                batch_set_u64(b, PROCESS_PARENT, parent);
        world_text(b, PROCESS_COMM, program);
        world_text(b, PROCESS_EXE, path);
        world_text(b, PROCESS_CMDLINE, line);
        world_text(b, PROCESS_CWD, "/src");
        batch_set_i64(b, PROCESS_START_NS, (int64_t)(start_ms * 1e6));
        if (isfinite(end_ms))
                batch_set_i64(b, PROCESS_END_NS, (int64_t)(end_ms * 1e6));
        batch_set_u64(b, PROCESS_CPU_US, (uint64_t)(cpu_s * 1e6));
        batch_set_u64(b, PROCESS_PEAK_RSS_BYTES, (uint64_t)(mib * MIB));
        batch_set_i64(b, PROCESS_EXIT_CODE, code);
}

static inline void world_line(const World *w, size_t i, char *to, size_t size)
{
        const WorldJob *job = &w->jobs[i];
        size_t n = (size_t)snprintf(to, size, "%s", job->program);

        if (!job->named)
                return;
        n += (size_t)snprintf(to + n, size - n, " -o out/%zu.o", i);
        for (size_t k = 0; k < job->n_waits; k++)
                if (job->waits[k] >= 0)
                        n += (size_t)snprintf(to + n, size - n, " ./out/../out/%d.o", job->waits[k]);
}

enum { TOOL_KEY = 1, SUB_KEY = 10, JOB_KEY = 100 };

static inline void world_sub_makes(const World *w, Batch *b)
{
        char line[64];

        for (int sub = 1; sub < 80; sub++) {
                double start = INFINITY, end = 0;
                for (size_t i = 0; i < w->n; i++)
                        if (w->jobs[i].tool == sub) {
                                start = fmin(start, w->jobs[i].start_ms);
                                end = fmax(end, w->jobs[i].end_ms);
                        }
                if (w->forced)
                        snprintf(line, sizeof line, "make -j%u --jobserver-auth=*** -C sub", w->jobs_at_once);
                else if (w->cmake)
                        snprintf(line, sizeof line, "make -f t%d.dir/build.make t%d.dir/%s", (sub + 1) / 2, (sub + 1) / 2, sub % 2 ? "depend" : "build");
                else
                        snprintf(line, sizeof line, "make -C sub");
                if (isfinite(start))
                        world_process(b, SUB_KEY + (uint64_t)sub, TOOL_KEY, "make", line, start - 1, end + 1, 0.001, 2, 0);
        }
}

static inline void world_sample(Batch *b, double t_ms, uint64_t key, double mib)
{
        assert_int_equal(batch_add_row(b), 0);
        batch_set_i64(b, SAMPLE_T_NS, (int64_t)(t_ms * 1e6));
        batch_set_u64(b, SAMPLE_PROCESS, key);
        batch_set_u64(b, SAMPLE_RSS_ANON_BYTES, (uint64_t)(mib * MIB));
        batch_set_u64(b, SAMPLE_RSS_FILE_BYTES, 0);
}

/* cut_ms: what goes on then goes on for ever; INFINITY: to the end. */
static inline void world_observe(const World *w, Advise *a, double cut_ms)
{
        Batch *processes, *samples;
        char line[512];

        assert_int_equal(batch_new(&processes_schema, 4096, 1 << 20, &processes), 0);
        assert_int_equal(batch_new(&samples_schema, 1 << 18, 0, &samples), 0);
        for (size_t i = 0; i < w->n; i++) {
                const WorldJob *job = &w->jobs[i];
                if (job->start_ms >= cut_ms)
                        continue;
                world_line(w, i, line, sizeof line);
                double part = job->end_ms < cut_ms ? 1 : (cut_ms - job->start_ms) / (job->end_ms - job->start_ms);
                world_process(processes, JOB_KEY + i, job->tool ? SUB_KEY + (uint64_t)job->tool : TOOL_KEY, job->program, line,
                              job->start_ms, job->end_ms < cut_ms ? job->end_ms : INFINITY, job->cpu_s * part, job->mib,
                              i + 1 == w->n ? w->exit_code : 0);
        }
        world_sub_makes(w, processes);
        snprintf(line, sizeof line, "%s -j%u", w->tool ? w->tool : "sh", w->jobs_at_once);
        world_process(processes, TOOL_KEY, 0, w->tool ? w->tool : "sh", line, 0, isfinite(cut_ms) ? INFINITY : w->wall_ms, 0.01, 2 + fmax(w->parse_mib, w->tool_mib),
                      w->exit_code);
        assert_int_equal(advise_observe(a, "processes", processes), 0);
        for (double t = TICK_MS; t < fmin(w->wall_ms, cut_ms); t += TICK_MS) {
                if (w->parse_mib > 0)
                        world_sample(samples, t, TOOL_KEY, world_tool_mib(w, t));
                for (size_t i = 0; i < w->n; i++)
                        if (w->jobs[i].start_ms <= t && w->jobs[i].end_ms > t)
                                world_sample(samples, t, JOB_KEY + i, w->jobs[i].mib);
        }
        assert_int_equal(advise_observe(a, "samples", samples), 0);
        int r = advise_plan(a, fmin(w->wall_ms, cut_ms) / 1000);
        assert_true(r == 0 || r == 1);
        if (r == 0)
                assert_int_equal(advise_observe_commands(a, processes), 0);
        batch_free(processes);
        batch_free(samples);
}

/* What is forecast of a build recorded so; free with advise_done. */
static inline void world_advise(World *w, unsigned jobs, double cpus, const ForecastOptions *options, Advise *a)
{
        assert_int_equal(advise_init(a, (unsigned)cpus), 0);
        world_build(w, jobs, cpus);
        world_observe(w, a, INFINITY);
        assert_int_equal(advise_finish(a, options, NULL), 0);
}

static inline const ForecastLevel *world_level(const Advise *a, unsigned jobs)
{
        for (size_t i = 0; i < a->forecast.n; i++)
                if (a->forecast.levels[i].jobs == jobs)
                        return &a->forecast.levels[i];
        fail_msg("no -j%u in the forecast", jobs);
        return NULL;
}

/* Recorded at one -j, forecast at others, against the build made at those: time and memory within these parts. */
static inline void world_check(World *w, unsigned recorded, double cpus, const unsigned *levels, size_t n, double time, double memory)
{
        const ForecastOptions options = {.memory_bytes = BUILD_UNKNOWN, .levels = levels, .n_levels = n};
        Advise a;

        world_advise(w, recorded, cpus, &options, &a);
        if (w->tool)
                assert_int_equal(a.plan->width, recorded);
        for (size_t i = 0; i < n; i++) {
                const ForecastLevel *l = world_level(&a, levels[i]);
                world_build(w, levels[i], cpus);
                double wall = l->wall_s.expected / (w->wall_ms / 1000) - 1, peak = l->peak_bytes.expected / (w->peak_mib * MIB) - 1;
                if (fabs(wall) > time || fabs(peak) > memory)
                        fail_msg("-j%u from -j%u: %.2f s forecast, %.2f s true (%+.0f %%); %.0f MiB forecast, %.0f MiB true (%+.0f %%)",
                                 levels[i], recorded, l->wall_s.expected, w->wall_ms / 1000, wall * 100,
                                 l->peak_bytes.expected / MIB, w->peak_mib, peak * 100);
        }
        advise_done(&a);
}

/* NULL: it is not given. */
static inline const Advice *world_find(const Advise *a, const char *id)
{
        for (size_t i = 0; i < a->list.n; i++)
                if (strcmp(a->list.items[i].id, id) == 0)
                        return &a->list.items[i];
        return NULL;
}
