/* The judge over made-up memory: a small corpus, and single traces of which the answer is known. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/macros.h"
#include "detect/leak-judge.h"
#include "detect/leak-traces.h"

static const LeakLimits limits = {.slow = 0.1, .leak = 1, .least_minutes = 2, .least_growth = 0.2};

typedef double (*LevelFn)(double minutes);

/* A trace of half an hour with a level every second and a little noise that is the same each time. */
static LeakVerdict judge_for(LevelFn level, double minutes)
{
        TrendSeries series;
        LeakVerdict verdict;
        unsigned noise = 1;

        trend_series_init(&series, 25000000000);
        for (double t = 0; t < minutes; t += 1 / 60.0) {
                noise = noise * 1103515245 + 12345;
                assert_int_equal(trend_series_add(&series, (int64_t)(t * 60e9), level(t) + (noise >> 16) % 100 * 1e-3), 0);
        }
        assert_int_equal(trend_series_finish(&series, (int64_t)(minutes * 60e9)), 0);
        assert_int_equal(leak_judge(&series, &limits, &verdict), 0);
        trend_series_done(&series);
        return verdict;
}

static LeakVerdict judge(LevelFn level)
{
        return judge_for(level, 30);
}

static double flat(double t)
{
        return 100;
}

static double steady(double t)
{
        return 100 + 2 * t;
}

static double slow(double t)
{
        return 100 + 0.3 * t;
}

static double warm_flat(double t)
{
        return 100 + 30 * MIN(t, 4.0);
}

static double warm_leak(double t)
{
        return 100 + 30 * MIN(t, 4.0) + 2 * t;
}

static double one_jump(double t)
{
        return t < 17 ? 100 : 150;
}

static double two_jumps(double t)
{
        return 100 + 40 * (t > 8) + 55 * (t > 21);
}

static double many_jumps(double t)
{
        return 100 + 6 * floor(t / 3);
}

static double teeth(double t)
{
        return 100 + 40 * fmod(t, 1.5);
}

static double teeth_leak(double t)
{
        return 100 + 40 * fmod(t, 1.5) + 1.5 * t;
}

static double filling(double t)
{
        return 100 + 200 * (1 - exp(-t / 6));
}

static double comes_back(double t)
{
        return 100 + (t < 15 ? 4 * t : 4 * (30 - t));
}

static double shrinking(double t)
{
        return 300 - 2 * t;
}

/* Bursts of up to a minute, most of them early: they go away. */
static double bursts_leak(double t)
{
        static const double at[] = {1, 2.2, 3, 4.1, 5.5, 7, 9.8, 14, 22};
        double burst = 0;

        for (size_t i = 0; i < ARRAY_LENGTH(at); i++)
                burst = t >= at[i] && t < at[i] + 0.4 + 0.4 * (double)(i % 3) ? 70 : burst;
        return 100 + 2 * t + burst;
}

static double late_leak(double t)
{
        return 100 + 4 * MAX(t - 13, 0.0);
}

/* What it adds differs by far from one time to the next, and is never given back. */
static unsigned lumps_seed;

static double lumps(double t)
{
        unsigned lump = lumps_seed;
        double sum = 0;

        for (int i = 0; i < (int)(t * 4); i++) {
                lump = lump * 1103515245 + 12345;
                sum += (lump >> 16) % 4 == 0 ? -log(((lump >> 18) % 4096 + 1) / 4097.0) : 0;
        }
        return 100 + 2 * sum;
}

static double fills_far(double t)
{
        return 100 + 9000 * (1 - exp(-t / 6.3));
}

static void test_bursts(void **state)
{
        LeakVerdict v = judge(bursts_leak);

        assert_int_equal(v.class, LEAK_LEAK);
        assert_int_equal(v.shape, LEAK_STEADY);
        assert_true(fabs(v.rate - 2) < 0.02 && v.low <= 2 && 2 <= v.high);
}

static void test_late(void **state)
{
        LeakVerdict v = judge(late_leak);

        assert_int_equal(v.class, LEAK_LEAK);
        assert_true(fabs(v.rate - 4) < 0.1 && v.low <= 4 && 4 <= v.high);
        assert_true(fabs(v.warm_up_minutes - 13) < 1 && fabs(v.minutes - 17) < 1);
}

static void test_lumps(void **state)
{
        unsigned right = 0, holds = 0;

        for (unsigned seed = 1; seed <= 40; seed++) {
                lumps_seed = seed * 7919;
                double rate = (lumps(30) - lumps(0)) / 30;
                LeakVerdict v = judge(lumps);
                right += v.class == (rate > 1 ? LEAK_LEAK : LEAK_SLOW);
                holds += v.low > 0 && v.low <= rate && rate <= v.high;
        }
        assert_true(right >= 36);
        assert_true(holds >= 35);
}

static void test_kinds(void **state)
{
        LeakVerdict v = judge(flat);

        assert_int_equal(v.class, LEAK_NORMAL);
        assert_int_equal(v.shape, LEAK_FLAT);
        v = judge(steady);
        assert_int_equal(v.class, LEAK_LEAK);
        assert_int_equal(v.shape, LEAK_STEADY);
        assert_true(v.low <= 2 && 2 <= v.high && v.high - v.low < 0.1);
        v = judge(slow);
        assert_int_equal(v.class, LEAK_SLOW);
        v = judge(warm_flat);
        assert_int_equal(v.class, LEAK_NORMAL);
        assert_int_equal(v.shape, LEAK_WARM);
        assert_true(fabs(v.warm_up_minutes - 4) < 0.5);
        v = judge(warm_leak);
        assert_int_equal(v.class, LEAK_LEAK);
        assert_true(fabs(v.warm_up_minutes - 4) < 0.5 && fabs(v.rate - 2) < 0.05);
        v = judge(shrinking);
        assert_int_equal(v.class, LEAK_NORMAL);
        assert_int_equal(v.shape, LEAK_FALLING);
}

static void test_jumps(void **state)
{
        LeakVerdict v = judge(one_jump);

        assert_int_equal(v.class, LEAK_NORMAL);
        v = judge(two_jumps);
        assert_int_equal(v.class, LEAK_NORMAL);
        v = judge(many_jumps);
        assert_int_equal(v.class, LEAK_LEAK);
        assert_int_equal(v.shape, LEAK_STEPPED);
        assert_true(v.steps >= 8 && v.steps <= 9);
        assert_true(v.low <= 2 && 2 <= v.high);
}

static void test_teeth(void **state)
{
        LeakVerdict v = judge(teeth);

        assert_int_equal(v.class, LEAK_NORMAL);
        assert_int_equal(v.shape, LEAK_TEETH_FLAT);
        assert_true(v.troughs >= 18 && v.peaks >= 17 && v.peaks_kept == 0);
        v = judge(teeth_leak);
        assert_int_equal(v.class, LEAK_LEAK);
        assert_int_equal(v.shape, LEAK_TEETH);
        assert_true(fabs(v.rate - 1.5) < 0.1 && v.low <= 1.5 && 1.5 <= v.high);
}

static void test_no_leaks(void **state)
{
        LeakVerdict v = judge(filling);

        assert_int_equal(v.class, LEAK_NORMAL);
        v = judge(comes_back);
        assert_int_equal(v.class, LEAK_NORMAL);
        v = judge(fills_far);
        assert_int_equal(v.class, LEAK_NORMAL);
}

static void test_too_short(void **state)
{
        LeakVerdict v = judge_for(steady, 1.5);

        assert_int_equal(v.class, LEAK_UNKNOWN);
        assert_int_equal(v.shape, LEAK_SHORT);
        assert_true(fabs(v.rate - 2) < 0.2); /* what it grew is told all the same */
        TrendSeries series;
        trend_series_init(&series, 25000000000);
        assert_int_equal(leak_judge(&series, &limits, &v), 0);
        assert_int_equal(v.class, LEAK_UNKNOWN);
        assert_true(isnan(v.rate) && isnan(v.low) && isnan(v.highest));
        trend_series_add(&series, 0, 5);
        assert_int_equal(leak_judge(&series, &limits, &v), 0);
        assert_int_equal(v.class, LEAK_UNKNOWN);
        trend_series_done(&series);
}

/* A few of bench-leak's, with seeds that nothing was tuned on. */
static void test_corpus(void **state)
{
        unsigned n = 0, right = 0, alarms = 0, of_flat = 0;

        for (int kind = 0; kind < TRACE_KINDS; kind++)
                for (uint64_t seed = 2000000; seed < 2000016; seed++) {
                        Trace trace;
                        LeakVerdict v;
                        assert_true(trace_make(&trace, (TraceKind)kind, 30, seed));
                        assert_int_equal(leak_judge(&trace.series, &limits, &v), 0);
                        LeakClass above = trace.rate * 1.15 > 1 ? LEAK_LEAK : trace.rate * 1.15 >= 0.1 ? LEAK_SLOW : LEAK_NORMAL;
                        LeakClass below = trace.rate / 1.15 > 1 ? LEAK_LEAK : trace.rate / 1.15 >= 0.1 ? LEAK_SLOW : LEAK_NORMAL;
                        n++;
                        right += v.class == above || v.class == below;
                        alarms += kind >= TRACE_LEAKS && v.class > LEAK_NORMAL;
                        of_flat += (kind == TRACE_FLAT || kind == TRACE_NOISE) && v.class > LEAK_NORMAL;
                        trend_series_done(&trace.series);
                }
        assert_int_equal(of_flat, 0);
        assert_true(alarms <= 1);
        assert_true(right * 100 >= n * 97);
}

int main(void)
{
        static const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_kinds),   cmocka_unit_test(test_jumps),     cmocka_unit_test(test_teeth),
                cmocka_unit_test(test_bursts),  cmocka_unit_test(test_late),      cmocka_unit_test(test_lumps),
                cmocka_unit_test(test_no_leaks), cmocka_unit_test(test_too_short), cmocka_unit_test(test_corpus),
        };

        return cmocka_run_group_tests_name("leak-judge", tests, NULL, NULL);
}
