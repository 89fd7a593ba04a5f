/*
 * Is there a trend in a series of numbers, how steep, and how sure is that? Pure statistics over arrays.
 *
 * - Slope: Theil and Sen's, the median of the slopes between all pairs of points; up to 29 % of the
 *   points may be anything (Sen, "Estimates of the regression coefficient based on Kendall's tau", 1968).
 * - Test: Mann and Kendall's S, ties counted out of its variance; for few points without ties its exact
 *   distribution, else the normal one.
 * - Interval: Sen's, from the ranks of the slopes that S's spread allows.
 * - Successive samples are not independent: memory that is high now is high a second later. The
 *   spread of S is widened by n / n_effective, from the autocorrelation of what is left beside the
 *   slope (the sum of its lags as long as they are positive, corrected for what the fit took); Student's t with n_effective - 2 degrees then stands for the normal.
 *   Yue and Wang, "The Mann-Kendall test modified by effective sample size", 2004.
 *
 * - S knows only order: of few independent points it is never sure. Where what is beside the line is little against the
 *   slope, p_line says so; where S allows no interval at all, it is that of least squares.
 *
 * O(n²) in time and memory.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

enum { TREND_MAX = 600, TREND_EXACT_MAX = 12 };

typedef struct Trend {
        size_t n;
        double slope, intercept; /* y = intercept + slope × t */
        double low, high;        /* of the slope, 95 % two-sided; infinite: nothing is known of it */
        double s;                /* Mann-Kendall's */
        double t;                /* S over its spread: how far from none; INFINITY: no doubt at all */
        double n_effective;
        double p;                /* two-sided */
        double p_line;           /* the same by what is beside the line, as least squares would have it */
        double noise;            /* spread of what is beside the line: 1.4826 × median of its distances */
        double beside;           /* the root of the mean of the squares of these distances */
        bool exact;              /* S's distribution is the exact one, without autocorrelation */
} Trend;

/* t ascending. n below 3 or over TREND_MAX, or values that are not finite: -EINVAL. 0, -ENOMEM. */
int trend_of(const double *t, const double *y, size_t n, Trend *ret);
/* The same where it is known over how many samples they hold together; 0: it is found out. */
int trend_of_held(const double *t, const double *y, size_t n, double held, Trend *ret);

/* The slope only. 0, -EINVAL, -ENOMEM. */
int trend_slope(const double *t, const double *y, size_t n, double *ret);

/* ---- pieces ---- */

/* The k-th smallest, from 0; reorders the values. */
double trend_select(double *values, size_t n, size_t k);
double trend_median(double *values, size_t n); /* reorders; n > 0 */

/* Over how many samples residuals hold together, at least 1: n_effective = n / this. */
double trend_correlation(const double *residuals, size_t n);

/* P(|S| ≥ |s|) for n ≤ TREND_EXACT_MAX untied values in any order. */
double trend_kendall_exact(size_t n, double s);
