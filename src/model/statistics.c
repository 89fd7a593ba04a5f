/* Spread of a few values, Welch's interval, and the BCa bootstrap with a generator of its own. */
#include "model/statistics.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>

#include "base/cleanup.h"

static const double level = 0.95;

static int compare_doubles(const void *a, const void *b)
{
        double x = *(const double *)a, y = *(const double *)b;

        return x < y ? -1 : x > y;
}

/* The known ones, in an order that does not depend on the one they were given in. */
static int known_sorted(const double *values, size_t n, double **ret, size_t *ret_n)
{
        double *known = malloc((n + 1) * sizeof *known);
        size_t n_known = 0;

        if (!known)
                return -ENOMEM;
        for (size_t i = 0; i < n; i++)
                if (isfinite(values[i]))
                        known[n_known++] = values[i];
        qsort(known, n_known, sizeof *known, compare_doubles);
        *ret = known;
        *ret_n = n_known;
        return 0;
}

static double mean_of(const double *values, size_t n)
{
        double sum = 0;

        for (size_t i = 0; i < n; i++)
                sum += values[i];
        return n > 0 ? sum / (double)n : NAN;
}

static double variance_of(const double *values, size_t n, double mean)
{
        double sum = 0;

        for (size_t i = 0; i < n; i++)
                sum += (values[i] - mean) * (values[i] - mean);
        return n > 1 ? sum / (double)(n - 1) : NAN;
}

/* Of sorted values: Hyndman and Fan's type 7, as R and NumPy do unless told. */
static double quantile_of(const double *sorted, size_t n, double p)
{
        if (n == 0)
                return NAN;
        double at = p * (double)(n - 1);
        size_t below = (size_t)at;
        if (below + 1 >= n)
                return sorted[n - 1];
        return sorted[below] + (at - (double)below) * (sorted[below + 1] - sorted[below]);
}

int spread_of(const double *values, size_t n, Spread *ret)
{
        _cleanup_free_ double *sorted = NULL;
        size_t n_known;

        if (known_sorted(values, n, &sorted, &n_known) < 0)
                return -ENOMEM;
        double mean = mean_of(sorted, n_known);
        *ret = (Spread){
                .n = n_known,
                .unknown = n - n_known,
                .mean = mean,
                .sd = sqrt(variance_of(sorted, n_known, mean)),
                .median = quantile_of(sorted, n_known, 0.5),
                .quartile_low = quantile_of(sorted, n_known, 0.25),
                .quartile_high = quantile_of(sorted, n_known, 0.75),
                .min = n_known > 0 ? sorted[0] : NAN,
                .max = n_known > 0 ? sorted[n_known - 1] : NAN,
        };
        return 0;
}

const char *interval_method_name(IntervalMethod method)
{
        static const char *const names[] = {"none", "welch", "bootstrap"};

        return names[method];
}

/* ---- distributions ---- */

/* The continued fraction of the incomplete beta function, by Lentz's method (Press et al.,
 * "Numerical Recipes", 6.4; DLMF 8.17.22). */
static double beta_fraction(double a, double b, double x)
{
        const double tiny = 1e-300;
        double c = 1, d = 1 - (a + b) * x / (a + 1), f;

        d = 1 / (fabs(d) < tiny ? tiny : d);
        f = d;
        for (int i = 1; i <= 500; i++) {
                double m = i, even = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m));
                double odd = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1));
                d = 1 + even * d;
                d = 1 / (fabs(d) < tiny ? tiny : d);
                c = 1 + even / c;
                c = fabs(c) < tiny ? tiny : c;
                f *= d * c;
                d = 1 + odd * d;
                d = 1 / (fabs(d) < tiny ? tiny : d);
                c = 1 + odd / c;
                c = fabs(c) < tiny ? tiny : c;
                f *= d * c;
                if (fabs(d * c - 1) < 1e-14)
                        break;
        }
        return f;
}

static double log_gamma(double x)
{
        int sign;

        return lgamma_r(x, &sign);
}

static double incomplete_beta(double a, double b, double x)
{
        if (x <= 0 || x >= 1)
                return x <= 0 ? 0 : 1;
        double front = exp(log_gamma(a + b) - log_gamma(a) - log_gamma(b) + a * log(x) + b * log1p(-x));
        if (x < (a + 1) / (a + b + 2))
                return front * beta_fraction(a, b, x) / a;
        return 1 - front * beta_fraction(b, a, 1 - x) / b;
}

double student_tail(double t, double degrees)
{
        return 0.5 * incomplete_beta(degrees / 2, 0.5, degrees / (degrees + t * t));
}

static double normal_tail(double z, double unused)
{
        (void)unused;
        return 0.5 * erfc(z / sqrt(2));
}

/* The t >= 0 beyond which `tail` lies. */
static double find_tail(double (*tail_of)(double, double), double degrees, double tail)
{
        double low = 0, high = 1;

        while (tail_of(high, degrees) > tail && high < 1e12)
                high *= 2;
        for (int i = 0; i < 100; i++) {
                double middle = (low + high) / 2;
                if (tail_of(middle, degrees) > tail)
                        low = middle;
                else
                        high = middle;
        }
        return (low + high) / 2;
}

double student_quantile(double p, double degrees)
{
        return p < 0.5 ? -find_tail(student_tail, degrees, p) : find_tail(student_tail, degrees, 1 - p);
}

double normal_quantile(double p)
{
        return p < 0.5 ? -find_tail(normal_tail, 0, p) : find_tail(normal_tail, 0, 1 - p);
}

/* ---- intervals ---- */

typedef struct Sample {
        const double *values; /* known, sorted */
        size_t n;
        double mean, variance;
} Sample;

typedef double (*CompareFn)(double mean_a, double mean_b);

static double change_of(double a, double b)
{
        return b - a;
}

static double log_ratio_of(double a, double b)
{
        return log(b) - log(a);
}

/* The degrees of freedom of a sum of two variances of means (Welch and Satterthwaite). */
static double welch_degrees(double variance_a, size_t n_a, double variance_b, size_t n_b)
{
        double a = variance_a / (double)n_a, b = variance_b / (double)n_b;

        if (a + b <= 0)
                return (double)(MIN(n_a, n_b) - 1);
        return (a + b) * (a + b) / (a * a / (double)(n_a - 1) + b * b / (double)(n_b - 1));
}

/* scale: what the values are divided by before they are spread, 1 or the group's mean. */
static Interval welch_interval(const Sample *a, const Sample *b, double scale_a, double scale_b,
                               double at)
{
        double variance_a = a->variance / (scale_a * scale_a);
        double variance_b = b->variance / (scale_b * scale_b);
        double error = sqrt(variance_a / (double)a->n + variance_b / (double)b->n);
        double t = student_quantile(1 - (1 - level) / 2, welch_degrees(variance_a, a->n, variance_b, b->n));

        return (Interval){INTERVAL_WELCH, at - t * error, at + t * error};
}

/* SplitMix64 (Steele, Lea and Flood, 2014): enough for resampling, and the same everywhere. */
static uint64_t next_random(uint64_t *state)
{
        uint64_t z = *state += 0x9e3779b97f4a7c15u;

        z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
        z = (z ^ z >> 27) * 0x94d049bb133111ebu;
        return z ^ z >> 31;
}

static double resampled_mean(const Sample *s, uint64_t *random)
{
        double sum = 0;

        for (size_t i = 0; i < s->n; i++)
                sum += s->values[(next_random(random) >> 32) * s->n >> 32];
        return sum / (double)s->n;
}

/* The skew of the statistic's influences, from leaving one value out at a time (Efron and
 * Tibshirani, "An Introduction to the Bootstrap", 14.3; for two samples DiCiccio and Efron 1996). */
static double acceleration(const Sample *a, const Sample *b, CompareFn compare)
{
        double cubes = 0, squares = 0;

        for (int side = 0; side < 2; side++) {
                const Sample *s = side == 0 ? a : b;
                double n = (double)s->n, sum = 0;
                for (int pass = 0; pass < 2; pass++)
                        for (size_t i = 0; i < s->n; i++) {
                                double without = (s->mean * n - s->values[i]) / (n - 1);
                                double value = side == 0 ? compare(without, b->mean)
                                                         : compare(a->mean, without);
                                if (pass == 0) {
                                        sum += value;
                                        continue;
                                }
                                double influence = (n - 1) * (sum / n - value) / n;
                                cubes += influence * influence * influence;
                                squares += influence * influence;
                        }
        }
        return squares > 0 && isfinite(cubes) ? cubes / (6 * pow(squares, 1.5)) : 0;
}

/* The share of resamples below which an end of the interval lies. */
static double corrected_level(double z, double bias, double skew)
{
        double below = bias + (bias + z) / (1 - skew * (bias + z));

        return 1 - normal_tail(below, 0);
}

static int bootstrap_interval(const Sample *a, const Sample *b, CompareFn compare, Interval *ret)
{
        _cleanup_free_ double *means = malloc(STATISTICS_RESAMPLES * sizeof *means);
        uint64_t random = 0x76696769610000u + a->n * 4099 + b->n;
        double at = compare(a->mean, b->mean), below = 0;
        size_t least = MIN(a->n, b->n);

        if (!means)
                return -ENOMEM;
        for (size_t i = 0; i < STATISTICS_RESAMPLES; i++) {
                double mean_a = resampled_mean(a, &random), mean_b = resampled_mean(b, &random);
                means[i] = compare(mean_a, mean_b);
                below += means[i] < at ? 1 : means[i] == at ? 0.5 : 0;
        }
        qsort(means, STATISTICS_RESAMPLES, sizeof *means, compare_doubles);
        double share = below / STATISTICS_RESAMPLES;
        double bias = share > 0 && share < 1 ? normal_quantile(share) : 0;
        double skew = acceleration(a, b, compare);
        double z = student_quantile(1 - (1 - level) / 2, welch_degrees(a->variance, a->n, b->variance, b->n)) *
                   sqrt((double)least / (double)(least - 1));
        *ret = (Interval){
                INTERVAL_BOOTSTRAP,
                quantile_of(means, STATISTICS_RESAMPLES, corrected_level(-z, bias, skew)),
                quantile_of(means, STATISTICS_RESAMPLES, corrected_level(z, bias, skew)),
        };
        return 0;
}

static int interval_of(const Sample *a, const Sample *b, bool ratio, bool quick, Interval *ret)
{
        double at = ratio ? log_ratio_of(a->mean, b->mean) : change_of(a->mean, b->mean);
        int r = 0;

        if (quick || MIN(a->n, b->n) < STATISTICS_BOOTSTRAP_LEAST)
                *ret = welch_interval(a, b, ratio ? a->mean : 1, ratio ? b->mean : 1, at);
        else
                r = bootstrap_interval(a, b, ratio ? log_ratio_of : change_of, ret);
        if (r == 0 && ratio) {
                ret->low = exp(ret->low);
                ret->high = exp(ret->high);
        }
        return r;
}

static int difference(const double *a, size_t n_a, const double *b, size_t n_b, bool quick, Difference *ret)
{
        _cleanup_free_ double *sorted_a = NULL, *sorted_b = NULL;
        Sample x = {0}, y = {0};
        const Interval none = {INTERVAL_NONE, NAN, NAN};
        Difference d = {.ratio = NAN, .change_interval = none, .ratio_interval = none};
        int r = 0;

        if (known_sorted(a, MIN(n_a, (size_t)STATISTICS_VALUES_MAX), &sorted_a, &x.n) < 0 ||
            known_sorted(b, MIN(n_b, (size_t)STATISTICS_VALUES_MAX), &sorted_b, &y.n) < 0)
                return -ENOMEM;
        x.values = sorted_a;
        y.values = sorted_b;
        x.mean = d.a = mean_of(x.values, x.n);
        y.mean = d.b = mean_of(y.values, y.n);
        x.variance = variance_of(x.values, x.n, x.mean);
        y.variance = variance_of(y.values, y.n, y.mean);
        d.change = d.b - d.a;
        if (x.n > 0 && y.n > 0 && x.values[0] >= 0 && y.values[0] >= 0 && x.mean > 0)
                d.ratio = d.b / d.a;
        if (x.n > 1 && y.n > 1)
                r = interval_of(&x, &y, false, quick, &d.change_interval);
        /* A logarithm needs values over 0, in every resample. */
        if (r == 0 && x.n > 1 && y.n > 1 && x.values[0] > 0 && y.values[0] > 0)
                r = interval_of(&x, &y, true, quick, &d.ratio_interval);
        if (r == 0)
                *ret = d;
        return r;
}

int difference_of(const double *a, size_t n_a, const double *b, size_t n_b, Difference *ret)
{
        return difference(a, n_a, b, n_b, false, ret);
}

int difference_of_quick(const double *a, size_t n_a, const double *b, size_t n_b, Difference *ret)
{
        return difference(a, n_a, b, n_b, true, ret);
}
