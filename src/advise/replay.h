/*
 * A build once more, at another -j: list scheduling. Tools start what is ready in the order in which the
 * recording started it, one at a time; jobs take slots; whoever runs shares the CPUs with all that run. In
 * between, memory is summed at ticks and at ends, of which a recording knows.
 */
#pragma once

#include "advise/plan.h"

typedef struct Replay Replay; /* what all replays of a plan have in common */

/* The plan must outlive it. 0 or -ENOMEM. */
int replay_new(const Plan *plan, Replay **ret);
Replay *replay_free(Replay *replay);
DEFINE_CLEANUP(Replay, replay)

typedef struct ReplayOptions {
        unsigned jobs;      /* slots; UINT_MAX: any number */
        unsigned link_jobs; /* links at a time; 0: as many as there are slots */
        double cpus;        /* INFINITY: no contention */
        double jitter;      /* jobs take longer or shorter by about this part; 0: exactly as in the plan */
        uint64_t seed;      /* of the jitter */
        bool only_time;     /* memory is not looked at */
        bool certain;       /* what jobs waited for by kind alone (plan.h) they do not wait for */
} ReplayOptions;

typedef struct ReplayResult {
        double wall_s;
        double peak_bytes, peak_s;
        double busy_cpus;   /* mean */
        unsigned most;      /* jobs at one time */
} ReplayResult;

/* 0 or -ENOMEM. */
int replay_run(const Replay *replay, const ReplayOptions *options, ReplayResult *ret);
