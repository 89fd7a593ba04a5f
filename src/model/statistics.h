/*
 * What a few repeats of the same measurement say: where they lie, how far they spread, and how
 * sure a difference between two groups of them is. Pure functions; the same values always give
 * the same interval.
 *
 * Which interval, and how far to trust it:
 * - One value in either group: none. No spread is known, and none is invented.
 * - Fewer than STATISTICS_BOOTSTRAP_LEAST in either: Welch's t interval of the means (for ratios of
 *   their logarithms, by the delta method). Resampling cannot be used there: n values have only
 *   C(2n-1, n) different resamples (3 for n = 2, 10 for 3, 126 for 5), none reaches beyond the
 *   values seen, and an interval that says 95 % covers the truth in about half (n = 2) to four
 *   fifths (n = 5) of the cases. Student's t pays for the unknown spread with width: at n = 2 against
 *   2 that is wide, and rightly so. It supposes values roughly normal within a group.
 * - From there on: the bootstrap, bias-corrected and accelerated (BCa; Efron, "Better bootstrap
 *   confidence intervals", 1987), 9,999 resamples of each group by itself, levels widened for small n
 *   by sqrt(n / (n - 1)) and Student's t in place of the normal (Hesterberg, "What teachers should
 *   know about the bootstrap", 2015). Still a little too narrow below some 15 values of a skewed
 *   distribution.
 * - No interval knows of drift (a machine that got warmer in between): interleave the runs.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/macros.h"

enum {
        STATISTICS_BOOTSTRAP_LEAST = 6,
        STATISTICS_RESAMPLES = 9999,
        STATISTICS_VALUES_MAX = 4096, /* further ones of a group are left out of an interval */
};

/* Of the values that are numbers; the others (NAN: unknown) are counted only. All figures are NAN
 * where n is too small for them: 0, for sd 1. */
typedef struct Spread {
        size_t n, unknown;
        double mean, sd; /* of a sample: n - 1 */
        double median, quartile_low, quartile_high; /* between values by straight lines (type 7) */
        double min, max;
} Spread;

/* 0 or -ENOMEM. */
int spread_of(const double *values, size_t n, Spread *ret);

typedef enum IntervalMethod { INTERVAL_NONE, INTERVAL_WELCH, INTERVAL_BOOTSTRAP } IntervalMethod;

const char *interval_method_name(IntervalMethod method); /* "none", "welch", "bootstrap" */

/* Two-sided, of 95 %. */
typedef struct Interval {
        IntervalMethod method; /* INTERVAL_NONE: low and high are NAN */
        double low, high;
} Interval;

/* How `b` differs from `a`; means of the values that are known. */
typedef struct Difference {
        double a, b;         /* NAN: no value */
        double change;       /* b - a */
        double ratio;        /* b / a; NAN unless all values are at least 0 and the mean of a over 0 */
        Interval change_interval, ratio_interval;
} Difference;

/* 0 or -ENOMEM. */
int difference_of(const double *a, size_t n_a, const double *b, size_t n_b, Difference *ret);

/* Welch's interval whatever n is: a thousandth of the time, for thousands of figures at once. */
int difference_of_quick(const double *a, size_t n_a, const double *b, size_t n_b, Difference *ret);

/* ---- pieces, for their tests ---- */

double student_quantile(double p, double degrees); /* p in (0, 1), degrees > 0 */
double student_tail(double t, double degrees);     /* P(T > t) for t >= 0 */
double normal_quantile(double p);
