/*
 * Growth that comes by lumps: what each of a dozen stretches of the time added. Where a program keeps something now
 * and then, of uneven size, its level wanders about any line for long, and points beside the line say next to nothing;
 * what the stretches added is independent of each other. Pure.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "detect/leak-shape.h"

typedef struct LeakLumps {
        size_t n;          /* what was added was seen so often; 0: too few points */
        double rate;       /* a minute, from the first stretch's level to the last's */
        double reach;      /* of it, 95 % on either side */
        double p;          /* two-sided: that such additions come by chance, as often up as down */
        double end;        /* the rate over the last third */
        double fell;       /* the deepest fall below what was reached before, a share of the growth in all */
        bool wanders;      /* additions stay: noise would take back in one what it added in the one before */
} LeakLumps;

LeakLumps leak_lumps(const LeakPoints *points);
