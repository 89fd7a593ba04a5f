/* All pairs of points, once: the sign of each makes S, its slope goes into the array of slopes, from which
 * the median and the ends of the interval are selected. */
#include "detect/trend.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/macros.h"
#include "model/statistics.h"

static void swap(double *a, double *b)
{
        double c = *a;

        *a = *b;
        *b = c;
}

/* Hoare's, with the median of three; equal values are shared out to both sides. */
double trend_select(double *values, size_t n, size_t k)
{
        size_t low = 0, high = n - 1;

        while (low < high) {
                size_t middle = low + (high - low) / 2, i = low, j = high;
                if (values[middle] < values[low])
                        swap(&values[middle], &values[low]);
                if (values[high] < values[low])
                        swap(&values[high], &values[low]);
                if (values[high] < values[middle])
                        swap(&values[high], &values[middle]);
                double pivot = values[middle];
                for (;;) {
                        while (values[i] < pivot)
                                i++;
                        while (values[j] > pivot)
                                j--;
                        if (i >= j)
                                break;
                        swap(&values[i++], &values[j--]);
                }
                if (j < k)
                        low = j + 1;
                else
                        high = j;
        }
        return values[k];
}

double trend_median(double *values, size_t n)
{
        double upper = trend_select(values, n, n / 2);

        return n % 2 ? upper : (trend_select(values, n / 2, n / 2 - 1) + upper) / 2;
}

/* Slopes of all pairs at different times. */
static size_t add_pairs(const double *t, const double *y, size_t n, double *slopes, double *ret_s)
{
        size_t n_slopes = 0;
        double s = 0;

        for (size_t i = 0; i < n; i++)
                for (size_t j = i + 1; j < n; j++) {
                        double dy = y[j] - y[i], dt = t[j] - t[i];
                        s += (dy > 0) - (dy < 0);
                        if (dt > 0)
                                slopes[n_slopes++] = dy / dt;
                }
        *ret_s = s;
        return n_slopes;
}

static int check(const double *t, const double *y, size_t n)
{
        for (size_t i = 0; i < n && n <= TREND_MAX; i++)
                if (!isfinite(t[i]) || !isfinite(y[i]) || (i > 0 && t[i] < t[i - 1]))
                        return -EINVAL;
        return n < 3 || n > TREND_MAX || !(t[n - 1] > t[0]) ? -EINVAL : 0;
}

int trend_slope(const double *t, const double *y, size_t n, double *ret)
{
        _cleanup_free_ double *slopes = NULL;
        double s;
        int r = check(t, y, n);

        if (r < 0)
                return r;
        slopes = malloc(n * (n - 1) / 2 * sizeof *slopes);
        if (!slopes)
                return -ENOMEM;
        *ret = trend_median(slopes, add_pairs(t, y, n, slopes, &s));
        return 0;
}

static int compare(const void *a, const void *b)
{
        double x = *(const double *)a, y = *(const double *)b;

        return (x > y) - (x < y);
}

/* Var(S) without autocorrelation. Sorts. */
static double variance_of(double *values, size_t n, bool *ret_tied)
{
        double m = (double)n, variance = m * (m - 1) * (2 * m + 5);

        qsort(values, n, sizeof *values, compare);
        *ret_tied = false;
        for (size_t i = 0, j; i < n; i = j) {
                for (j = i + 1; j < n && values[j] == values[i]; j++)
                        *ret_tied = true;
                double ties = (double)(j - i);
                variance -= ties * (ties - 1) * (2 * ties + 5);
        }
        return variance / 18;
}

/* How many orders of n have each number of inversions, by one more value at a time. Of n = 12 there are
 * 67 numbers, and all orders fit a double exactly. */
double trend_kendall_exact(size_t n, double s)
{
        double orders[TREND_EXACT_MAX * (TREND_EXACT_MAX - 1) / 2 + 1] = {1}, all = 1, beyond = 0;
        size_t pairs = n * (n - 1) / 2;

        for (size_t m = 2; m <= n; m++) {
                double next[ARRAY_LENGTH(orders)] = {0};
                for (size_t d = 0; d <= m * (m - 1) / 2; d++)
                        for (size_t k = 0; k < m && k <= d; k++)
                                next[d] += orders[d - k];
                memcpy(orders, next, sizeof orders);
                all *= (double)m;
        }
        for (size_t d = 0; d <= pairs; d++)
                if (fabs((double)pairs - 2 * (double)d) >= fabs(s))
                        beyond += orders[d];
        return beyond / all;
}

/* The least |S| whose chance is at most 5 %. */
static double exact_reach(size_t n)
{
        double pairs = (double)(n * (n - 1) / 2), reach = pairs + 2;

        while (reach - 2 >= 0 && trend_kendall_exact(n, reach - 2) <= 0.05)
                reach -= 2;
        return reach;
}

double trend_correlation(const double *residuals, size_t n)
{
        double mean = 0, zero = 0, sum = 0, before = 1, m = (double)n;

        for (size_t i = 0; i < n; i++)
                mean += residuals[i] / m;
        for (size_t i = 0; i < n; i++)
                zero += (residuals[i] - mean) * (residuals[i] - mean);
        if (!(zero > 0) || n < 4)
                return 1;
        for (size_t lag = 1; lag <= n / 2; lag++) {
                double c = 0;
                for (size_t i = 0; i + lag < n; i++)
                        c += (residuals[i] - mean) * (residuals[i + lag] - mean);
                c /= zero;
                if (lag == 1 && c < 1.64 / sqrt(m))
                        return 1; /* chance makes as much */
                if (lag % 2 == 0 && before + c <= 0)
                        break; /* pairs of lags, as Geyer has it: a single one below zero may be chance */
                sum += c;
                before = c;
        }
        /* A line was fitted, which takes part of what holds together along: the more, the longer it does. */
        double held = MAX(1 + 2 * sum, 1.0);
        return MIN(held / MAX(1 - 3 * (held - 1) / m, 0.2), MAX(m / 3, 1.0));
}

static void spread_of_residuals(Trend *trend, const double *t, const double *y, double *room)
{
        for (size_t i = 0; i < trend->n; i++)
                room[i] = y[i] - trend->slope * t[i];
        trend->intercept = trend_median(room, trend->n);
        for (size_t i = 0; i < trend->n; i++) {
                room[i] = fabs(y[i] - trend->slope * t[i] - trend->intercept);
                trend->beside += room[i] * room[i] / (double)trend->n;
        }
        trend->beside = sqrt(trend->beside);
        trend->noise = 1.4826 * trend_median(room, trend->n);
}

/* What is beside the line, cut at five times its spread: one spike is not what holds it together. */
static double correlation_of(const Trend *trend, const double *t, const double *y, double *room)
{
        double most = trend->noise > 0 ? 5 * trend->noise : INFINITY;

        for (size_t i = 0; i < trend->n; i++)
                room[i] = MIN(MAX(y[i] - trend->slope * t[i] - trend->intercept, -most), most);
        return trend_correlation(room, trend->n);
}

/* S against its spread; the reach of S within 95 %. */
static double judge(Trend *trend, double variance, double held, bool tied)
{
        double degrees = MAX(trend->n_effective - 2, 1.0), spread = sqrt(variance * held);

        trend->exact = trend->n <= TREND_EXACT_MAX && !tied && held < 1.05;
        /* Of S, one step towards none: it is a whole number. */
        double s = trend->s > 0 ? trend->s - 1 : trend->s < 0 ? trend->s + 1 : 0;
        trend->t = spread > 0 ? s / spread : 0;
        if (trend->exact) {
                trend->p = trend_kendall_exact(trend->n, trend->s);
                return exact_reach(trend->n);
        }
        trend->p = 2 * student_tail(fabs(trend->t), degrees);
        return student_quantile(0.975, degrees) * spread;
}

/* S cannot be more than all pairs, so that few independent points are never sure of anything, however little is beside
 * the line: then what a line by least squares would say, with all that is beside this one. */
static void judge_line(Trend *trend, const double *t)
{
        double mean = 0, squares = 0, degrees = trend->n_effective - 2;

        for (size_t i = 0; i < trend->n; i++)
                mean += t[i] / (double)trend->n;
        for (size_t i = 0; i < trend->n; i++)
                squares += (t[i] - mean) * (t[i] - mean);
        trend->p_line = 1;
        if (degrees < 1)
                return;
        double error = trend->beside * sqrt((double)trend->n / degrees / squares);
        trend->p_line = error > 0 ? 2 * student_tail(fabs(trend->slope) / error, degrees) : trend->slope != 0 ? 0 : 1;
        if (!isfinite(trend->low)) {
                double reach = error * student_quantile(0.975, degrees);
                trend->low = trend->slope - reach;
                trend->high = trend->slope + reach;
        }
}

int trend_of_held(const double *t, const double *y, size_t n, double held, Trend *ret)
{
        _cleanup_free_ double *slopes = NULL, *room = NULL;
        Trend trend = {.n = n, .low = -INFINITY, .high = INFINITY};
        bool tied;
        int r = check(t, y, n);

        if (r < 0)
                return r;
        slopes = malloc(n * (n - 1) / 2 * sizeof *slopes);
        room = malloc(n * sizeof *room);
        if (!slopes || !room)
                return -ENOMEM;
        size_t n_slopes = add_pairs(t, y, n, slopes, &trend.s);
        trend.slope = trend_median(slopes, n_slopes);
        spread_of_residuals(&trend, t, y, room);
        if (held <= 0)
                held = correlation_of(&trend, t, y, room);
        trend.n_effective = (double)n / held;
        memcpy(room, y, n * sizeof *room);
        double variance = variance_of(room, n, &tied);
        double reach = judge(&trend, variance, held, tied);
        double below = ((double)n_slopes - reach) / 2;
        /* Sen's: the below-th slope from either end, below rounded down, and the one beyond it. */
        if (below >= 1) {
                size_t k = (size_t)below - 1;
                trend.low = trend_select(slopes, n_slopes, k);
                trend.high = trend_select(slopes, n_slopes, n_slopes - 1 - k);
        }
        judge_line(&trend, t);
        *ret = trend;
        return 0;
}

int trend_of(const double *t, const double *y, size_t n, Trend *ret)
{
        return trend_of_held(t, y, n, 0, ret);
}
