/* Statistics against figures worked out by hand, and against what they promise over many seeds. */
#include <errno.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "detect/trend-series.h"
#include "detect/trend.h"

#define assert_near(a, b, off) assert_true(fabs((a) - (b)) <= (off))

static double uniform(uint64_t *random)
{
        *random = *random * 6364136223846793005u + 1442695040888963407u;
        return ((double)(*random >> 11) + 0.5) * 0x1p-53;
}

static double normal(uint64_t *random)
{
        double u = uniform(random);

        return sqrt(-2 * log(u)) * cos(2 * M_PI * uniform(random));
}

static void test_select(void **state)
{
        uint64_t random = 1;

        for (size_t n = 1; n < 60; n++)
                for (size_t k = 0; k < n; k++) {
                        double values[60];
                        size_t below = 0, equal = 0;
                        for (size_t i = 0; i < n; i++)
                                values[i] = floor(uniform(&random) * 12);
                        double found = trend_select(values, n, k);
                        for (size_t i = 0; i < n; i++) {
                                below += values[i] < found;
                                equal += values[i] == found;
                        }
                        assert_true(below <= k && k < below + equal);
                }
}

static void test_by_hand(void **state)
{
        static const double t[] = {1, 2, 3, 4, 5}, y[] = {1, 3, 2, 5, 4};
        Trend trend;

        /* Slopes, sorted: -1 -1 1/3 1/2 3/4 1 1 4/3 2 3. */
        assert_int_equal(trend_of(t, y, 5, &trend), 0);
        assert_near(trend.slope, 0.875, 1e-12);
        assert_near(trend.s, 6, 0);
        assert_true(trend.exact);
        assert_near(trend.p, 28 / 120.0, 1e-12);
        /* Of five points one order in 60 is all there is: the interval is that of least squares, 0.875 beside 2. */
        assert_true(trend.low < 0 && trend.high > 1.75);
        assert_near(trend.low + trend.high, 2 * trend.slope, 1e-9);
}

static void test_exact_distribution(void **state)
{
        assert_near(trend_kendall_exact(3, 3), 2 / 6.0, 1e-12);
        assert_near(trend_kendall_exact(4, 6), 2 / 24.0, 1e-12);
        assert_near(trend_kendall_exact(5, 10), 2 / 120.0, 1e-12);
        assert_near(trend_kendall_exact(5, 0), 1, 1e-12);
        /* Kendall's table: n = 10, S = 23: 0.023 one-sided. */
        assert_near(trend_kendall_exact(10, 23), 0.0466, 0.0005);
}

static void test_what_cannot_be(void **state)
{
        double t[3] = {0, 1, 2}, y[3] = {1, 2, 3}, slope;
        Trend trend;

        assert_int_equal(trend_of(t, y, 2, &trend), -EINVAL);
        y[1] = NAN;
        assert_int_equal(trend_of(t, y, 3, &trend), -EINVAL);
        y[1] = 2;
        t[1] = -1;
        assert_int_equal(trend_of(t, y, 3, &trend), -EINVAL);
        t[0] = t[1] = t[2] = 1;
        assert_int_equal(trend_of(t, y, 3, &trend), -EINVAL);
        t[1] = 1.5;
        t[2] = 2;
        assert_int_equal(trend_slope(t, y, 3, &slope), 0);
        assert_near(slope, 2, 1e-12);
}

static void test_line_without_noise(void **state)
{
        double t[100], y[100];
        Trend trend;

        for (size_t i = 0; i < 100; i++) {
                t[i] = (double)i;
                y[i] = 7 + 0.25 * t[i];
        }
        assert_int_equal(trend_of(t, y, 100, &trend), 0);
        assert_near(trend.slope, 0.25, 1e-9);
        assert_near(trend.low, 0.25, 1e-9);
        assert_near(trend.high, 0.25, 1e-9);
        assert_near(trend.intercept, 7, 1e-9);
        assert_true(trend.p < 1e-20);
        for (size_t i = 0; i < 100; i++)
                y[i] = 7;
        assert_int_equal(trend_of(t, y, 100, &trend), 0);
        assert_near(trend.slope, 0, 0);
        assert_true(trend.p > 0.9);
}

static void test_spikes_are_nothing(void **state)
{
        double t[100], y[100];
        uint64_t random = 5;
        Trend trend;

        for (size_t i = 0; i < 100; i++) {
                t[i] = (double)i;
                y[i] = 2 * t[i] + normal(&random) + (i % 7 == 0 ? 1e6 : 0);
        }
        assert_int_equal(trend_of(t, y, 100, &trend), 0);
        assert_near(trend.slope, 2, 0.05);
}

/* How often the interval holds the truth, and how often no slope is said to be one, for noise that holds
 * together over 1 / (1 - rho) samples. */
static void coverage(double rho, double *ret_holds, double *ret_wrong)
{
        unsigned holds = 0, wrong = 0, n = 400;

        for (unsigned k = 0; k < n; k++) {
                double t[200], y[200], x = 0;
                uint64_t random = k * 7919 + 3;
                Trend trend;
                x = normal(&random);
                for (size_t i = 0; i < 200; i++) {
                        x = rho * x + sqrt(1 - rho * rho) * normal(&random);
                        t[i] = (double)i;
                        y[i] = x + 0.01 * t[i];
                }
                assert_int_equal(trend_of(t, y, 200, &trend), 0);
                holds += trend.low <= 0.01 && 0.01 <= trend.high;
                for (size_t i = 0; i < 200; i++)
                        y[i] -= 0.01 * t[i];
                assert_int_equal(trend_of(t, y, 200, &trend), 0);
                wrong += trend.p < 0.05;
        }
        *ret_holds = (double)holds / n;
        *ret_wrong = (double)wrong / n;
}

static void test_interval_holds(void **state)
{
        double holds, wrong;

        coverage(0, &holds, &wrong);
        assert_true(holds >= 0.92 && wrong <= 0.08);
        coverage(0.7, &holds, &wrong);
        assert_true(holds >= 0.90 && wrong <= 0.10);
        coverage(0.95, &holds, &wrong); /* ten independent ones in 200 */
        assert_true(holds >= 0.88 && wrong <= 0.14);
}

static void test_series_is_bounded(void **state)
{
        TrendSeries s;
        double t[TREND_POINTS], low[TREND_POINTS], high[TREND_POINTS], mean[TREND_POINTS];

        trend_series_init(&s, 20000000000);
        /* A day of samples every second: a saw-tooth of 0 to 9 in ten seconds. */
        for (int64_t i = 0; i < 86400; i++)
                assert_int_equal(trend_series_add(&s, i * 1000000000, (double)(i % 10)), 0);
        assert_int_equal(trend_series_finish(&s, 86400000000000), 0);
        size_t n = trend_series_points(&s, t, low, high, mean);
        assert_true(n >= TREND_POINTS / 2 && n <= TREND_POINTS);
        for (size_t i = 1; i + 1 < n; i++) {
                assert_near(low[i], 0, 0);
                assert_near(high[i], 9, 0);
                assert_near(mean[i], 4.5, 0.2);
                assert_true(t[i] > t[i - 1]);
        }
        assert_near(t[n - 1], 1440, 12);
        trend_series_done(&s);
}

static void test_series_holds_and_gaps(void **state)
{
        TrendSeries s;
        double t[TREND_POINTS], low[TREND_POINTS];

        trend_series_init(&s, 10000000000);
        trend_series_add(&s, 0, 1);
        trend_series_add(&s, 100000000000, 3); /* nothing is known from 10 s to 100 s */
        trend_series_finish(&s, 110000000000);
        size_t n = trend_series_points(&s, t, low, NULL, NULL);
        for (size_t i = 0; i < n; i++) {
                assert_true(t[i] * 60 < 11 || t[i] * 60 > 99);
                assert_near(low[i], t[i] * 60 < 11 ? 1 : 3, 0);
        }
        trend_series_done(&s);

        /* Points: each by itself, and times that go back are no harm. */
        trend_series_init(&s, 0);
        trend_series_add(&s, 0, 1);
        trend_series_add(&s, 30000000000, 2);
        trend_series_add(&s, 20000000000, 4);
        n = trend_series_points(&s, t, low, NULL, NULL);
        assert_int_equal(n, 2);
        assert_near(low[1], 2, 0);
        trend_series_done(&s);
}

static void test_series_hostile_times(void **state)
{
        TrendSeries s;
        double t[TREND_POINTS];

        trend_series_init(&s, 25000000000);
        trend_series_add(&s, -(INT64_MAX / 4), 1);
        trend_series_add(&s, 0, 2);
        trend_series_add(&s, INT64_MAX / 4, 3);
        assert_int_equal(trend_series_finish(&s, INT64_MAX / 4), 0);
        assert_true(trend_series_points(&s, t, NULL, NULL, NULL) >= 2);
        trend_series_done(&s);
}

int main(void)
{
        static const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_select),
                cmocka_unit_test(test_by_hand),
                cmocka_unit_test(test_exact_distribution),
                cmocka_unit_test(test_what_cannot_be),
                cmocka_unit_test(test_line_without_noise),
                cmocka_unit_test(test_spikes_are_nothing),
                cmocka_unit_test(test_interval_holds),
                cmocka_unit_test(test_series_is_bounded),
                cmocka_unit_test(test_series_holds_and_gaps),
                cmocka_unit_test(test_series_hostile_times),
        };

        return cmocka_run_group_tests_name("trend", tests, NULL, NULL);
}
