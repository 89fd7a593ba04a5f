/*
 * Whether a level over time leaks: a process's private memory, its descriptors, its threads. Pure over a
 * TrendSeries; figures are in the series' unit and minutes.
 *
 * The lowest of each bucket is judged: a peak that goes away is no growth. The warm-up is found and cut off; of
 * a saw-tooth only the troughs count. It leaks when the growth of the rest
 * - is a trend that chance does not make (trend.h; one time in a thousand),
 * - is still there when the two tenths of the time in which it grew most are taken out: one jump, or two, are none,
 * - does not go away when a level that is approached ever more slowly is fitted beside it: a cache that fills,
 * - is there between the beginning and the end: what went up came not down again.
 * What grows from some time on only is judged from then on. Where it comes by lumps, so that points beside a line say
 * little, what stretches of the time added has to agree.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "detect/trend-series.h"

typedef enum LeakClass {
        LEAK_UNKNOWN, /* too short, or too few points, to tell */
        LEAK_NORMAL,
        LEAK_SLOW,
        LEAK_LEAK,
} LeakClass;

const char *leak_class_name(LeakClass class); /* "unknown", "normal", "slow", "leak" */

typedef enum LeakShape {
        LEAK_FLAT,    /* no growth that could be told from noise */
        LEAK_STEADY,  /* evenly */
        LEAK_STEPPED, /* by jumps, again and again */
        LEAK_TEETH,   /* a saw-tooth whose troughs rise */
        LEAK_TEETH_FLAT,
        LEAK_WARM,    /* grew in the beginning, flat then */
        LEAK_FILLING, /* ever more slowly */
        LEAK_JUMPED,  /* by one jump or two that stay */
        LEAK_RETURNED, /* went up, and came back or may */
        LEAK_FALLING,
        LEAK_SHORT,
        LEAK_SHAPES,
} LeakShape;

const char *leak_shape_name(LeakShape shape); /* one word, for programs */

typedef struct LeakLimits {
        double slow, leak;    /* a minute, in the series' unit */
        double least_minutes; /* of time behind the warm-up */
        double least_growth;  /* over that time, in the unit; less is normal */
} LeakLimits;

typedef struct LeakVerdict {
        LeakClass class;
        LeakShape shape;
        /* A minute, of what was judged; low and high: 95 %, and may be infinite. All NAN where there were too
         * few points. */
        double rate, low, high;
        double p;               /* of Mann and Kendall's test, two-sided */
        double n_effective;
        double minutes;         /* judged, behind the warm-up */
        double warm_up_minutes; /* cut off; 0: none */
        bool late;              /* it was no warm-up: what was cut off grew by nothing, or by far less */
        double first, last;     /* levels at the beginning and the end of what was judged */
        double lowest, highest; /* of all that was seen */
        size_t steps;           /* jumps, where it is stepped */
        size_t troughs;         /* of a saw-tooth */
        size_t peaks, peaks_kept; /* peaks, and those after which it stayed higher than before */
} LeakVerdict;

/* 0 or -ENOMEM. */
int leak_judge(const TrendSeries *series, const LeakLimits *limits, LeakVerdict *ret);
