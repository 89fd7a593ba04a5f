/*
 * How much slower CPU work goes when more want a CPU than there are. Each of n jobs wants one for a part of
 * its time (busy), by chance at the same time as others: the number of those that want one is binomial, and
 * whoever has to share is slowed down, so that it wants one for a larger part of its time: a closed queue,
 * solved by iteration. With busy 1 it is plainly n / cpus.
 */
#pragma once

#include "base/macros.h"

typedef struct Slowdown Slowdown;

int slowdown_new(double cpus, Slowdown **ret); /* cpus: may have a fraction, INFINITY: no contention. 0 or -ENOMEM */
Slowdown *slowdown_free(Slowdown *slowdown);
DEFINE_CLEANUP(Slowdown, slowdown)

/* Who is at work. */
typedef struct SlowdownLoad {
        int jobs;
        double busy, threads; /* sums: of busy, of busy × threads */
} SlowdownLoad;

static inline void slowdown_load(SlowdownLoad *load, double busy, double threads, int by)
{
        load->jobs += by;
        load->busy += by * busy;
        load->threads += by * busy * threads;
}

/* At least 1. What was asked is kept. */
double slowdown_of(Slowdown *slowdown, const SlowdownLoad *load);
