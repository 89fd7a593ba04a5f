/* The table of slowdowns for a number of CPUs, filled as it is asked. */
#include "advise/slowdown.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>

enum { JOBS_MAX = 64, STEPS = 32, ROUNDS = 12 };

struct Slowdown {
        double cpus;
        float table[JOBS_MAX + 1][STEPS + 1]; /* by jobs and busy; 0: not asked for yet */
};

/* CPUs in use on average where each of n wants one with probability p. */
static double served(int n, double p, double cpus)
{
        double q = 1 - p, term, sum = 0;

        if (p >= 1)
                return MIN((double)n, cpus);
        term = pow(q, n);
        for (int k = 0; k <= n; k++) {
                sum += term * MIN((double)k, cpus);
                term *= (double)(n - k) / (k + 1) * p / q;
        }
        return sum;
}

static double solve(int n, double busy, double cpus)
{
        double slow = 1;

        for (int round = 0; round < ROUNDS && busy > 0; round++) {
                double p = busy * slow / (1 - busy + busy * slow);
                double next = fmax(n * p / fmax(served(n, p, cpus), 1e-9), 1);
                slow = (slow + next) / 2;
        }
        return slow;
}

int slowdown_new(double cpus, Slowdown **ret)
{
        Slowdown *s = calloc(1, sizeof *s);

        if (!s)
                return -ENOMEM;
        s->cpus = cpus;
        *ret = s;
        return 0;
}

Slowdown *slowdown_free(Slowdown *slowdown)
{
        free(slowdown);
        return NULL;
}

static double table_of(Slowdown *s, int n, int step)
{
        float *cell = &s->table[n][step];

        if (*cell == 0)
                *cell = (float)(n <= s->cpus ? 1 : solve(n, (double)step / STEPS, s->cpus));
        return *cell;
}

double slowdown_of(Slowdown *s, const SlowdownLoad *load)
{
        if (!isfinite(s->cpus) || load->jobs <= 0)
                return 1;
        double plain = MAX(load->threads / s->cpus, 1.0);
        if (load->jobs > JOBS_MAX || load->threads > load->busy * 1.05)
                return plain;
        double at = fmin(fmax(load->busy / load->jobs, 0), 1) * STEPS;
        int step = MIN((int)at, STEPS - 1);
        double part = at - step;
        return table_of(s, load->jobs, step) * (1 - part) + table_of(s, load->jobs, step + 1) * part;
}
