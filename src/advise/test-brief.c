/* What is told unasked: the settings worth most, and when rather nothing. */
#include "advise/brief.h"
#include "advise/test-advise-world.h"

/* 60 compilations of 0.3 s and 100 MiB, then a link; a machine of four CPUs of its own. */
static void build(Advise *a, unsigned jobs, uint64_t memory_bytes, uint64_t kills)
{
        static World w;
        const ForecastOptions options = {.memory_bytes = memory_bytes};

        w = (World){.tool = "make"};
        for (int i = 0; i < 60; i++)
                world_add(&w, "cc1", 0.3, 100);
        WorldJob *link = world_add(&w, "ld", 0.2, 150);
        link->waits[0] = -1;
        link->n_waits = 1;
        assert_int_equal(advise_init(a, 4), 0);
        a->oom_kills = kills;
        world_build(&w, jobs, 4);
        world_observe(&w, a, INFINITY);
        a->rows.machine.outside_cpus = 0;
        assert_int_equal(advise_finish(a, &options, NULL), 0);
        assert_non_null(a->plan);
}

static void expect_refused(const Advise *a, const char *part, bool worth)
{
        AdviceBrief brief;
        const char *why;
        bool is_worth;

        assert_int_equal(advice_brief(a, &brief, &why, &is_worth), 1);
        if (!strstr(why, part))
                fail_msg("\"%s\" does not say \"%s\"", why, part);
        assert_int_equal(is_worth, worth);
}

static void other_jobs_first(void **state)
{
        _cleanup_string_ String words = {0}, command = {0};
        AdviceBrief brief;
        const char *why;
        bool worth;
        Advise a;

        build(&a, 1, BUILD_UNKNOWN, 0);
        assert_int_equal(advice_brief(&a, &brief, &why, &worth), 0);
        assert_true(worth && brief.n >= 1 && advice_is_jobs(brief.settings[0]));
        assert_int_equal(brief.recorded->jobs, 1);
        assert_true(brief.best->jobs >= 4);
        advice_add_brief(&a, &brief, &words);
        assert_non_null(strstr(string_get(&words), "; -j1 took 18"));
        advice_add_command(brief.settings[0], &command);
        assert_memory_equal(string_get(&command), "make -j", 7);
        assert_null(strchr(string_get(&command), '\n'));
        advise_done(&a);
}

/* Nothing to change: the sentence, and no setting that was so already. */
static void as_it_was(void **state)
{
        _cleanup_string_ String words = {0};
        AdviceBrief brief;
        const char *why;
        bool worth;
        Advise a;

        build(&a, 4, BUILD_UNKNOWN, 0);
        assert_int_equal(advice_brief(&a, &brief, &why, &worth), 0);
        assert_ptr_equal(brief.best, brief.recorded);
        for (size_t i = 0; i < brief.n; i++)
                assert_false(advice_is_jobs(brief.settings[i]));
        advice_add_brief(&a, &brief, &words);
        assert_non_null(strstr(string_get(&words), "-j4 is as fast as it gets"));
        assert_null(strstr(string_get(&words), "took"));
        advise_done(&a);
}

/* Memory ran out: fewer jobs that fit are told, with a limit for the build; as many as there were, never. */
static void memory_ran_out(void **state)
{
        AdviceBrief brief;
        const char *why;
        bool worth;
        Advise a;

        build(&a, 4, (uint64_t)(300 * MIB), 1);
        a.failed = true;
        assert_int_equal(advice_brief(&a, &brief, &why, &worth), 0);
        assert_true(brief.best && brief.best->jobs < 4);
        assert_true(brief.n >= 2 && advice_is_jobs(brief.settings[0]));
        assert_string_equal(brief.settings[1]->id, "systemd-memory-max");
        advise_done(&a);
        build(&a, 4, BUILD_UNKNOWN, 1);
        expect_refused(&a, "memory ran out", true);
        a.oom_kills = 0;
        a.failed = true;
        expect_refused(&a, "failed", false);
        advise_done(&a);
}

static void rather_nothing(void **state)
{
        Advise a;

        build(&a, 2, BUILD_UNKNOWN, 0);
        a.partial = true;
        expect_refused(&a, "polled", false);
        a.partial = false;
        a.lost_events = 3;
        expect_refused(&a, "lost", false);
        a.lost_events = 0;
        a.rows.machine.outside_cpus = 3;
        expect_refused(&a, "others kept", true);
        a.rows.machine.outside_cpus = NAN;
        expect_refused(&a, "not recorded", false);
        a.rows.machine.outside_cpus = 0;
        a.forecast.replay_ratio = 1.5;
        expect_refused(&a, "replay", true);
        a.forecast.replay_ratio = 1;
        a.attached = true;
        expect_refused(&a, "attach", false);
        a.attached = false;
        a.wall_s = 86400;
        expect_refused(&a, "a day", false);
        a.wall_s = 0.4;
        expect_refused(&a, "too short", false);
        advise_done(&a);
}

/* make -j2 with sub-makes that each had -j2: together more than was asked for. */
static void forced_in_submakes(void **state)
{
        static World w = {.tool = "make", .forced = true};
        const ForecastOptions options = {.memory_bytes = BUILD_UNKNOWN};
        Advise a;

        for (int i = 0; i < 60; i++)
                world_add(&w, "cc1", 0.3, 100)->tool = 1 + i % 2;
        assert_int_equal(advise_init(&a, 4), 0);
        world_build(&w, 2, 4);
        world_observe(&w, &a, INFINITY);
        a.rows.machine.outside_cpus = 0;
        assert_int_equal(advise_finish(&a, &options, NULL), 0);
        assert_true(a.plan->forced);
        assert_int_equal(a.plan->width, 4);
        expect_refused(&a, "a -j of their own", true);
        advise_done(&a);
        w.forced = false;
        assert_int_equal(advise_init(&a, 4), 0);
        world_observe(&w, &a, INFINITY);
        assert_false(a.plan->forced);
        assert_int_equal(a.plan->width, 2);
        advise_done(&a);
}

static void no_build_at_all(void **state)
{
        Advise a;

        assert_int_equal(advise_init(&a, 4), 0);
        assert_int_equal(advise_plan(&a, 3), 1);
        expect_refused(&a, "no processes", false);
        advise_done(&a);
}

static void commands(void **state)
{
        const struct {
                const char *snippet, *command;
        } cases[] = {{"# .bazelrc\nbuild --jobs=4", "build --jobs=4"}, {"make -j4\nexport X=1", "make -j4"}, {"", ""},
                     {"# only words", "# only words"}, {"sysctl -w a=1", "sysctl -w a=1"}};

        for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
                _cleanup_string_ String text = {0};
                const Advice advice = {.snippet = (char *)cases[i].snippet};
                advice_add_command(&advice, &text);
                assert_string_equal(string_get(&text), cases[i].command);
        }
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(other_jobs_first), cmocka_unit_test(as_it_was),       cmocka_unit_test(memory_ran_out),
                cmocka_unit_test(rather_nothing),   cmocka_unit_test(no_build_at_all), cmocka_unit_test(commands),           cmocka_unit_test(forced_in_submakes),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
