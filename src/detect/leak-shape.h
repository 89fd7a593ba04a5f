/*
 * What else than a leak makes memory grow, found in a series of points: warming up, a jump that stays,
 * a cache that fills; and the troughs of a saw-tooth, which is what a garbage collector draws. Pure.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "detect/trend-series.h"

/* t in minutes, ascending; y in the series' unit. */
typedef struct LeakPoints {
        double t[TREND_POINTS], y[TREND_POINTS];
        size_t n;
} LeakPoints;

/* Cuts off peaks that stand far above the line through all and go away within a tenth of the time. 0 or -ENOMEM. */
int leak_cut_bursts(LeakPoints *points);

/* Where the warm-up is over: the first of the points that count; 0: there was none. It is found where
 * two lines, one on either side, say much more than one over all, and the first is the steeper. */
size_t leak_warm_up(const LeakPoints *points);

/* Where growth begins that goes on to the end, steeper than what was before and beyond all that was reached before;
 * 0: nowhere. */
size_t leak_late_start(const LeakPoints *points);

/* The troughs where the series is a saw-tooth: it rises slowly and falls steeply, again and again. Returns how many
 * there are; 0: it is none, *ret is untouched then. */
size_t leak_troughs(const LeakPoints *points, LeakPoints *ret);

/* Takes out the tenth of the time in which it grew most, if that stands out of what other tenths grew: its points,
 * and its growth from those behind it. What is left of a jump is flat. How far it grew there; 0: none stands out. */
double leak_cut_jump(LeakPoints *points);

/* A level that is approached ever more slowly, beside a line: y = a + slope × t + height × (1 - exp(-t / tau)). */
typedef struct LeakFill {
        bool found;    /* it says much more than a line alone */
        double tau, height;
        double slope;
        double least;  /* that the slope may be, over all tau that fit nearly as well */
        double low, high; /* 95 % of it, over the same */
        bool alone;    /* the line is no more than what another way of filling would have left at the end */
} LeakFill;

LeakFill leak_fill(const LeakPoints *points);

/* Jumps between levels that hold. */
typedef struct LeakSteps {
        size_t up, down;
        double sum, squares; /* of their heights, and of the squares of these */
        double explained;    /* share of the growth between beginning and end that they make */
        bool late;           /* there is one in the last four tenths of the time */
} LeakSteps;

LeakSteps leak_steps(const LeakPoints *points);

/* Whether one jump between two levels says more than a line does. */
bool leak_is_one_jump(const LeakPoints *points);

/* Whether a level that is approached ever more slowly, and then held, says as much as a line; or, where a warm-up
 * was found, as two lines with the cut between them. */
bool leak_is_filling(const LeakPoints *points, size_t cut);
