/* Numbers of jobs, what they are filled into, the order of runs, and sets of CPUs. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/clock.h"
#include "sweep/sweep.h"

static void test_numbers(void **state)
{
        SweepJobs jobs = {0};
        Error why = {0};

        assert_int_equal(sweep_jobs_add(&jobs, "8,4, 2", &why), 0);
        assert_int_equal(sweep_jobs_add(&jobs, "1", &why), 0);
        assert_int_equal(jobs.n, 4);
        assert_int_equal(jobs.levels[0], 8);
        assert_int_equal(jobs.levels[2], 2);
        assert_int_equal(jobs.levels[3], 1);
        static const char *const bad[] = {"", ",", "3,", ",3", "0", "-1", "x", "3x", "1e3", "65537",
                                          "99999999999999999999", "3,8", "5,5", "3 4"};
        for (size_t i = 0; i < ARRAY_LENGTH(bad); i++) {
                why.message[0] = '\0';
                assert_true(sweep_jobs_add(&jobs, bad[i], &why) < 0);
                assert_true(why.message[0] != '\0');
                assert_int_equal(jobs.n, 4); /* as it was */
        }
}

static void test_numbers_by_default(void **state)
{
        static const struct {
                unsigned cpus, levels[8];
                size_t n;
        } cases[] = {{1, {1}, 1}, {2, {1, 2}, 2}, {6, {1, 2, 4, 6}, 4}, {8, {1, 2, 4, 8}, 4}, {0, {1}, 1}};

        for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
                SweepJobs jobs;
                sweep_jobs_default(&jobs, cases[i].cpus);
                assert_int_equal(jobs.n, cases[i].n);
                for (size_t k = 0; k < jobs.n; k++)
                        assert_int_equal(jobs.levels[k], cases[i].levels[k]);
        }
}

static void test_filling(void **state)
{
        static const struct {
                const char *text, *filled;
                bool has;
        } cases[] = {
                {"make -j{j}", "make -j12", true},
                {"make -j<N> all", "make -j12 all", true},
                {"ninja -j {j_level} -l {j}", "ninja -j 12 -l 12", true},
                {"j=4; make -j${j}", "j=4; make -j${j}", false},
                {"$<N>", "$<N>", false},
                {"{j", "{j", false},
                {"", "", false},
                {"{j}{j}", "1212", true},
                {"<n>{J}", "<n>{J}", false},
        };

        for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
                String filled = {0};
                sweep_fill_jobs(&filled, cases[i].text, 12);
                assert_string_equal(string_get(&filled), cases[i].filled);
                assert_int_equal(sweep_has_jobs(cases[i].text), cases[i].has);
                string_done(&filled);
        }
}

static void plan(Sweep *sweep, SweepOrder order, uint64_t seed)
{
        Error err = {0};

        sweep_init(sweep);
        assert_int_equal(sweep_jobs_add(&sweep->jobs, "8,4,2,1", &err), 0);
        sweep->repeat = 3;
        sweep->order = order;
        sweep->seed = seed;
        sweep->warm_up = true;
        assert_int_equal(sweep_plan(sweep, &err), 0);
}

static void test_rounds(void **state)
{
        static const unsigned given[] = {8, 4, 2, 1};
        Sweep sweep;

        plan(&sweep, SWEEP_AS_GIVEN, 0);
        assert_int_equal(sweep.n_runs, 13);
        assert_true(sweep.runs[0].warm_up);
        assert_int_equal(sweep.runs[0].jobs, 8);
        assert_string_equal(sweep.runs[0].path, "warm-up");
        for (size_t i = 1; i < 13; i++) {
                assert_false(sweep.runs[i].warm_up);
                assert_int_equal(sweep.runs[i].jobs, given[(i - 1) % 4]);
                assert_int_equal(sweep.runs[i].repeat, (i - 1) / 4 + 1);
        }
        assert_string_equal(sweep.runs[6].path, "j4-2");
        sweep_done(&sweep);
}

/* Each round has every number once; the seed, and nothing else, decides the order. */
static void test_random_rounds(void **state)
{
        Sweep a, b, c;
        bool differs = false, moved = false;

        plan(&a, SWEEP_RANDOM, 7);
        plan(&b, SWEEP_RANDOM, 7);
        plan(&c, SWEEP_RANDOM, 8);
        for (size_t round = 0; round < 3; round++) {
                unsigned sum = 0;
                for (size_t i = 0; i < 4; i++) {
                        const SweepRun *run = &a.runs[1 + round * 4 + i];
                        sum |= run->jobs;
                        assert_int_equal(run->repeat, round + 1);
                        assert_int_equal(run->jobs, b.runs[1 + round * 4 + i].jobs);
                        differs |= run->jobs != c.runs[1 + round * 4 + i].jobs;
                        moved |= run->jobs != a.jobs.levels[i];
                }
                assert_int_equal(sum, 15);
        }
        assert_true(differs);
        assert_true(moved);
        sweep_done(&a);
        sweep_done(&b);
        sweep_done(&c);
}

static void test_no_number(void **state)
{
        Sweep sweep;
        Error err = {0};

        sweep_init(&sweep);
        sweep.repeat = 2;
        assert_int_equal(sweep_plan(&sweep, &err), 0);
        assert_int_equal(sweep.n_runs, 2);
        assert_int_equal(sweep.runs[1].jobs, 0);
        assert_string_equal(sweep.runs[1].path, "run-2");
        sweep_done(&sweep);
        sweep_init(&sweep);
        sweep_jobs_default(&sweep.jobs, 1u << 30);
        sweep.repeat = SWEEP_REPEAT_MAX;
        assert_int_equal(sweep_plan(&sweep, &err), -E2BIG);
        sweep_done(&sweep);
}

static SweepRun *run_of(Sweep *sweep, unsigned jobs, unsigned repeat)
{
        for (size_t i = 0; i < sweep->n_runs; i++)
                if (!sweep->runs[i].warm_up && sweep->runs[i].jobs == jobs && sweep->runs[i].repeat == repeat)
                        return &sweep->runs[i];
        return NULL;
}

static void test_expected_end(void **state)
{
        Sweep sweep;

        plan(&sweep, SWEEP_AS_GIVEN, 0);
        sweep.usable_cpus = 4;
        assert_true(sweep_time_left_ns(&sweep, NULL, 0) == RUN_UNKNOWN);
        SweepRun *first = run_of(&sweep, 4, 1);
        first->state = SWEEP_DONE;
        first->figures.wall_ns = 10 * NS_PER_SECOND;
        /* more jobs than CPUs are no faster; fewer are slower by as much as they are fewer */
        assert_int_equal(sweep_expected_ns(&sweep, run_of(&sweep, 8, 1)), 10 * NS_PER_SECOND);
        assert_int_equal(sweep_expected_ns(&sweep, run_of(&sweep, 2, 1)), 20 * NS_PER_SECOND);
        assert_int_equal(sweep_expected_ns(&sweep, run_of(&sweep, 4, 2)), 10 * NS_PER_SECOND);
        run_of(&sweep, 2, 1)->state = SWEEP_DONE;
        run_of(&sweep, 2, 1)->figures.wall_ns = 12 * NS_PER_SECOND;
        assert_int_equal(sweep_expected_ns(&sweep, run_of(&sweep, 2, 3)), 12 * NS_PER_SECOND);
        for (size_t i = 0; i < sweep.n_runs; i++)
                sweep.runs[i].state = SWEEP_DONE;
        run_of(&sweep, 2, 3)->state = SWEEP_RUNNING;
        run_of(&sweep, 4, 3)->state = SWEEP_PLANNED;
        run_of(&sweep, 1, 3)->state = SWEEP_FAILED; /* is not done again by itself */
        assert_int_equal(sweep_time_left_ns(&sweep, run_of(&sweep, 2, 3), 5 * NS_PER_SECOND), 17 * NS_PER_SECOND);
        assert_int_equal(sweep_time_left_ns(&sweep, run_of(&sweep, 2, 3), 50 * NS_PER_SECOND), 10 * NS_PER_SECOND);
        first->around_ns = 2 * NS_PER_SECOND;
        assert_int_equal(sweep_time_left_ns(&sweep, run_of(&sweep, 2, 3), 5 * NS_PER_SECOND), 19 * NS_PER_SECOND);
        sweep_done(&sweep);
}

/* ---- CPUs ---- */

static CpuSet set_of(const char *text)
{
        CpuSet set = {0};

        if (text[0])
                assert_int_equal(cpu_set_parse(text, &set, NULL), 0);
        return set;
}

static void check_set(const CpuSet *set, const char *expected)
{
        String text = {0};

        cpu_set_add_text(&text, set);
        assert_string_equal(string_get(&text), expected);
        string_done(&text);
}

static void test_cpu_lists(void **state)
{
        static const char *const bad[] = {"", "a", "1,", "-", "3-1", "1-", "8192", "0-9999999999", "1 2", "1--2"};
        CpuSet set = set_of("16,0-7,3,9,8191");

        check_set(&set, "0-7,9,16,8191");
        assert_int_equal(cpu_set_count(&set), 11);
        for (size_t i = 0; i < ARRAY_LENGTH(bad); i++) {
                Error why = {0};
                assert_int_equal(cpu_set_parse(bad[i], &set, &why), -EINVAL);
                assert_true(why.message[0] != '\0');
        }
        check_set(&set, "0-7,9,16,8191"); /* as it was */
        CpuSet some = set_of("1,16"), other = set_of("1,17");
        assert_true(cpu_set_within(&some, &set));
        assert_false(cpu_set_within(&other, &set));
}

/* The build gets min(max(1.25 j, j + 4), all). */
static void test_adaptive(void **state)
{
        static const struct {
                const char *all;
                unsigned jobs;
                size_t preferred;
                const char *build, *recorder;
                bool few, shared;
        } cases[] = {
                {"0-15", 4, SIZE_MAX, "8-15", "0-7", false, false},
                {"0-15", 1, SIZE_MAX, "11-15", "0-10", false, false},
                {"0-31", 20, SIZE_MAX, "7-31", "0-6", false, false}, /* 1.25 × 20 = 25 */
                {"0-15", 4, 12, "7-11,13-15", "0-6,12", false, false},
                {"0-15", 16, SIZE_MAX, "0-15", "0-15", false, true},
                {"0-15", 12, 3, "0-15", "0-15", false, true},
                {"0-3", 8, 0, "0-3", "0-3", true, true},
                {"2,5,9,11,13,14", 1, 5, "2,9,11,13-14", "5", false, false}, /* only what is ours */
                {"7", 1, SIZE_MAX, "7", "7", false, true},
        };

        for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
                CpuSet all = set_of(cases[i].all);
                CpuPlan made = {0};
                cpu_plan(CPUS_ADAPTIVE, &all, cases[i].jobs, cases[i].preferred, &made);
                check_set(&made.build, cases[i].build);
                check_set(&made.recorder, cases[i].recorder);
                assert_int_equal(made.few, cases[i].few);
                assert_int_equal(made.shared, cases[i].shared);
        }
}

static void test_manual(void **state)
{
        static const struct {
                const char *build, *recorder, *got_build, *got_recorder;
                bool few, shared;
        } cases[] = {
                {"0-5", "6,7", "0-5", "6-7", false, false},
                {"0-5", "", "0-5", "6-7", false, false},
                {"", "0", "1-7", "0", false, false},
                {"0-2", "2", "0-2", "2", true, true},
                {"0-7", "", "0-7", "0-7", false, true},
        };
        CpuSet all = set_of("0-7");

        for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
                CpuPlan made = {.build = set_of(cases[i].build), .recorder = set_of(cases[i].recorder)};
                cpu_plan(CPUS_MANUAL, &all, 4, SIZE_MAX, &made);
                check_set(&made.build, cases[i].got_build);
                check_set(&made.recorder, cases[i].got_recorder);
                assert_int_equal(made.few, cases[i].few);
                assert_int_equal(made.shared, cases[i].shared);
        }
}

static void test_own_cpus(void **state)
{
        CpuSet own, one = {0}, after;
        CpuPlan made;

        assert_int_equal(cpu_set_own(&own), 0);
        assert_true(cpu_set_count(&own) > 0);
        cpu_plan(CPUS_OFF, &own, 4096, SIZE_MAX, &made);
        assert_memory_equal(&made.build, &own, sizeof own);
        assert_false(made.few || made.shared);
        for (size_t i = 0; i < CPUS_MAX && cpu_set_count(&one) == 0; i++)
                one.bits[i / 64] |= own.bits[i / 64] & UINT64_C(1) << i % 64;
        assert_int_equal(cpu_set_apply(&one), 0);
        assert_int_equal(cpu_set_own(&after), 0);
        assert_memory_equal(&after, &one, sizeof one);
        assert_int_equal(cpu_set_apply(&own), 0);
        assert_true(cpu_set_apply(&(CpuSet){0}) < 0);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_numbers),      cmocka_unit_test(test_numbers_by_default),
                cmocka_unit_test(test_filling),      cmocka_unit_test(test_rounds),
                cmocka_unit_test(test_random_rounds), cmocka_unit_test(test_no_number),
                cmocka_unit_test(test_expected_end), cmocka_unit_test(test_cpu_lists),
                cmocka_unit_test(test_adaptive),     cmocka_unit_test(test_manual),
                cmocka_unit_test(test_own_cpus),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
