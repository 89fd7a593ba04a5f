/* Spreads and intervals against R's quantile, sd, qt, qnorm and t.test; how often intervals cover
 * the truth, with a generator of our own, so that the count is the same every time. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/macros.h"
#include "model/statistics.h"

static void assert_near(double value, double expected, double within)
{
        if (!(fabs(value - expected) <= within))
                fail_msg("%.12g is not %.12g", value, expected);
}

static void test_spread(void **state)
{
        const double values[] = {7, 1, NAN, 3, 9, 4, INFINITY, 12, 6};
        Spread s;

        assert_int_equal(spread_of(values, ARRAY_LENGTH(values), &s), 0);
        assert_int_equal(s.n, 7);
        assert_int_equal(s.unknown, 2);
        assert_near(s.mean, 6, 1e-12);
        assert_near(s.sd, 3.74165738677, 1e-10);
        assert_near(s.median, 6, 0);
        assert_near(s.quartile_low, 3.5, 0);
        assert_near(s.quartile_high, 8, 0);
        assert_near(s.min, 1, 0);
        assert_near(s.max, 12, 0);
}

static void test_spread_of_few(void **state)
{
        const double one[] = {5, NAN}, two[] = {4, 2};
        Spread s;

        assert_int_equal(spread_of(one, 2, &s), 0);
        assert_int_equal(s.n, 1);
        assert_near(s.median, 5, 0);
        assert_near(s.quartile_high, 5, 0);
        assert_true(isnan(s.sd));
        assert_int_equal(spread_of(two, 2, &s), 0);
        assert_near(s.median, 3, 0);
        assert_near(s.sd, 1.4142135623731, 1e-12);
        assert_int_equal(spread_of(NULL, 0, &s), 0);
        assert_int_equal(s.n, 0);
        assert_true(isnan(s.mean) && isnan(s.median) && isnan(s.min) && isnan(s.sd));
}

static void test_quantiles(void **state)
{
        assert_near(student_quantile(0.975, 1), 12.70620473617, 1e-9);
        assert_near(student_quantile(0.025, 3.7), -2.86752070719, 1e-9);
        assert_near(student_quantile(0.9, 12), 1.35621733402, 1e-9);
        assert_near(student_quantile(0.5, 4), 0, 1e-9);
        assert_near(normal_quantile(0.975), 1.95996398454, 1e-10);
        assert_near(student_quantile(0.975, 1e7), 1.95996398454, 1e-6);
}

static void test_welch(void **state)
{
        const double a[] = {40.1, 40.9, 40.3}, b[] = {45.0, NAN, 46.1, 44.8};
        const double c[] = {1, 2}, e[] = {4, 9}, f[] = {10, 12}, g[] = {15, 18};
        Difference d;

        assert_int_equal(difference_of(a, 3, b, 4, &d), 0);
        assert_int_equal(d.change_interval.method, INTERVAL_WELCH);
        assert_near(d.change, 4.86666666667, 1e-10);
        assert_near(d.change_interval.low, 3.43496965984, 1e-9);
        assert_near(d.change_interval.high, 6.29836367349, 1e-9);
        assert_int_equal(difference_of(c, 2, e, 2, &d), 0);
        assert_near(d.change_interval.low, -22.2466073703, 1e-8);
        assert_near(d.change_interval.high, 32.2466073703, 1e-8);
        assert_int_equal(difference_of(f, 2, g, 2, &d), 0);
        assert_near(d.ratio, 1.5, 1e-12);
        assert_near(d.ratio_interval.low, 0.862685675102, 1e-9);
        assert_near(d.ratio_interval.high, 2.608134184832, 1e-9);
}

static void test_no_spread(void **state)
{
        const double one[] = {10}, other[] = {12}, many[] = {10, 11, 12}, lost[] = {NAN, NAN};
        Difference d;

        assert_int_equal(difference_of(one, 1, other, 1, &d), 0);
        assert_near(d.ratio, 1.2, 1e-12);
        assert_int_equal(d.ratio_interval.method, INTERVAL_NONE);
        assert_true(isnan(d.ratio_interval.low) && isnan(d.change_interval.high));
        assert_int_equal(difference_of(many, 3, other, 1, &d), 0);
        assert_int_equal(d.change_interval.method, INTERVAL_NONE);
        assert_int_equal(difference_of(many, 3, lost, 2, &d), 0);
        assert_true(isnan(d.b) && isnan(d.change) && isnan(d.ratio));
}

/* No ratio against nothing, and no logarithm of it; values that never vary have no width. */
static void test_zeros(void **state)
{
        const double none[] = {0, 0, 0}, some[] = {0, 4, 8}, same[] = {5, 5, 5}, minus[] = {-1, 2, 9};
        Difference d;

        assert_int_equal(difference_of(none, 3, some, 3, &d), 0);
        assert_true(isnan(d.ratio));
        assert_int_equal(d.ratio_interval.method, INTERVAL_NONE);
        assert_int_equal(d.change_interval.method, INTERVAL_WELCH);
        assert_int_equal(difference_of(same, 3, some, 3, &d), 0);
        assert_near(d.ratio, 0.8, 1e-12);
        assert_int_equal(d.ratio_interval.method, INTERVAL_NONE);
        assert_int_equal(difference_of(same, 3, minus, 3, &d), 0);
        assert_true(isnan(d.ratio));
        assert_int_equal(difference_of(same, 3, same, 3, &d), 0);
        assert_near(d.ratio_interval.low, 1, 1e-12);
        assert_near(d.ratio_interval.high, 1, 1e-12);
}

static void test_bootstrap(void **state)
{
        double a[] = {52, 104, 146, 10, 51, 30, 40, 27, 46}, b[] = {94, 197, 16, 38, 99, 141, 23};
        double turned[ARRAY_LENGTH(b)], same[8] = {3, 3, 3, 3, 3, 3, 3, 3};
        Difference d, again;

        assert_int_equal(difference_of(a, 9, b, 7, &d), 0);
        assert_int_equal(d.change_interval.method, INTERVAL_BOOTSTRAP);
        assert_near(d.change, 30.6349206349, 1e-9);
        assert_true(d.change_interval.low < -20 && d.change_interval.low > -45);
        assert_true(d.change_interval.high > 75 && d.change_interval.high < 105);
        /* The order of the values is no part of what they say; nor is chance. */
        for (size_t i = 0; i < ARRAY_LENGTH(b); i++)
                turned[i] = b[ARRAY_LENGTH(b) - 1 - i];
        assert_int_equal(difference_of(a, 9, turned, 7, &again), 0);
        assert_memory_equal(&d, &again, sizeof d);
        assert_int_equal(difference_of(same, 8, same, 8, &d), 0);
        assert_near(d.ratio_interval.low, 1, 1e-12);
        assert_near(d.ratio_interval.high, 1, 1e-12);
}

static double next_uniform(uint64_t *state)
{
        *state = *state * 6364136223846793005u + 1442695040888963407u;
        return ((double)(*state >> 11) + 0.5) / 9007199254740992.0;
}

static double next_normal(uint64_t *state)
{
        double radius = sqrt(-2 * log(next_uniform(state)));

        return radius * cos(2 * M_PI * next_uniform(state));
}

/* Of intervals that say 95 %, how many hold the truth: 4 apart, spreads 1 and 2. */
static double coverage(size_t n, size_t trials)
{
        uint64_t random = 20261121;
        size_t covered = 0;

        for (size_t i = 0; i < trials; i++) {
                double a[16], b[16];
                Difference d;
                for (size_t k = 0; k < n; k++) {
                        a[k] = 40 + next_normal(&random);
                        b[k] = 44 + 2 * next_normal(&random);
                }
                assert_int_equal(difference_of(a, n, b, n, &d), 0);
                covered += d.change_interval.low <= 4 && d.change_interval.high >= 4;
                /* What one interval excludes, the other does, but for a hair's breadth. */
                assert_true((d.change_interval.low > 1) <= (d.ratio_interval.low > 1));
        }
        return (double)covered / (double)trials;
}

static void test_coverage(void **state)
{
        assert_near(coverage(2, 1000), 0.97, 0.03);
        assert_near(coverage(3, 1000), 0.95, 0.03);
        assert_near(coverage(5, 1000), 0.95, 0.03);
        assert_near(coverage(8, 100), 0.94, 0.06);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_spread),    cmocka_unit_test(test_spread_of_few),
                cmocka_unit_test(test_quantiles), cmocka_unit_test(test_welch),
                cmocka_unit_test(test_no_spread), cmocka_unit_test(test_zeros),
                cmocka_unit_test(test_bootstrap), cmocka_unit_test(test_coverage),
        };

        return cmocka_run_group_tests_name("statistics", tests, NULL, NULL);
}
