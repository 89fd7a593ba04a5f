/* CPUs: what is said of a build that wants just all of them (nothing), and of one that wants too many. */
#include "detect/test-rows.h"

static const Column cpu_columns[] = {SIGNED("t_ns"), NUMBER("cpu"), NUMBER("user_us"), NUMBER("nice_us"), NUMBER("system_us"),
                                     NUMBER("idle_us"), NUMBER("iowait_us"), NUMBER("steal_us"), NUMBER("running_tasks"),
                                     NUMBER("blocked_tasks"), REAL("load_1m"), NUMBER("online_cpus")};
static const Schema cpu_schema = {"cpu", cpu_columns, ARRAY_LENGTH(cpu_columns)};
static const Column totals_columns[] = {SIGNED("t_ns"), NUMBER("cpu_us")};
static const Schema totals_schema = {"totals", totals_columns, ARRAY_LENGTH(totals_columns)};
static const Column cgroup_columns[] = {SIGNED("t_ns"), TEXT("path"), REAL("cpu_limit_ratio"), NUMBER("cpu_periods"),
                                        NUMBER("cpu_throttled_periods"), NUMBER("cpu_throttled_us")};
static const Schema cgroup_schema = {"cgroup", cgroup_columns, ARRAY_LENGTH(cgroup_columns)};

/* Of a machine of 4 CPUs, each second; ratios are of its CPU time. */
static void give_machine(World *w, unsigned seconds, double busy, double iowait, double steal, double load, double run)
{
        Batch *rows = new_rows(&cpu_schema), *totals = new_rows(&totals_schema);

        for (unsigned s = 0; s <= seconds; s++) {
                double us = s * 4e6;
                add_row(rows, s * SECOND, NOTHING, us * busy, 0.0, 0.0, us * (1 - busy - iowait - steal), us * iowait, us * steal,
                        load, 0.0, load, 4.0);
                add_row(rows, s * SECOND, 0.0, us, 0.0, 0.0, 0.0, us, us, 99.0, 99.0, 99.0, 99.0); /* of one CPU: not looked at */
                add_row(totals, s * SECOND, us * run);
        }
        world_give(w, rows);
        world_give(w, totals);
        batch_free(rows);
        batch_free(totals);
}

static void test_healthy(void **state)
{
        World w;

        world_begin(&w);
        give_machine(&w, 600, 1.0, 0, 0, 4.9, 0.97); /* make -j4 and somebody */
        assert_int_equal(world_finish(&w)->n, 0);
        world_end(&w);
        world_begin(&w);
        give_machine(&w, 30, 1.0, 0, 0, 40, 1); /* not for long */
        assert_int_equal(world_finish(&w)->n, 0);
        world_end(&w);
}

static void test_load(void **state)
{
        World w;

        world_begin(&w);
        give_machine(&w, 300, 1.0, 0, 0, 17, 0.9);
        const Findings *found = world_finish(&w);
        assert_int_equal(found->n, 1);
        const Finding *f = found->items[0];
        assert_string_equal(f->id, "load");
        assert_int_equal(f->severity, SEVERITY_WARNING);
        assert_string_equal(f->title, "more tasks wanted to run than there are cores: a load of 17.0 on 4");
        assert_string_equal(f->evidence, "the mean of a minute, highest at 0 s; so high for 5m 00s; meanwhile the run used 90.0 % of the "
                                         "cores, others 10.0 %");
        assert_string_equal(f->advice, "run about 4 jobs at once: -j4");
        world_end(&w);
}

static void test_load_of_others(void **state)
{
        World w;

        world_begin(&w);
        give_machine(&w, 300, 1.0, 0, 0, 5.5, 0.1);
        const Findings *found = world_finish(&w);
        assert_int_equal(found->n, 1);
        assert_int_equal(found->items[0]->severity, SEVERITY_INFO);
        assert_non_null(strstr(found->items[0]->meaning, "not the run's"));
        assert_null(found->items[0]->advice);
        world_end(&w);
}

static void test_iowait_and_steal(void **state)
{
        World w;

        world_begin(&w);
        give_machine(&w, 60, 0.2, 0.5, 0.2, 1, 0.1);
        const Findings *found = world_finish(&w);
        assert_int_equal(found->n, 2);
        assert_string_equal(found->items[0]->id, "iowait");
        assert_string_equal(found->items[0]->title, "CPUs had nothing to do while tasks waited for I/O: up to 50.0 % of their time");
        assert_string_equal(found->items[1]->id, "steal");
        world_end(&w);
        /* A run so short that 10 s of it are not known for as long, but that waited all along. */
        world_begin(&w);
        give_machine(&w, 14, 0.2, 0.5, 0, 1, 0.1);
        found = world_finish(&w);
        assert_int_equal(found->n, 1);
        assert_string_equal(found->items[0]->id, "iowait");
        world_end(&w);
        world_begin(&w);
        give_machine(&w, 9, 0.2, 0.5, 0, 1, 0.1);
        assert_int_equal(world_finish(&w)->n, 0);
        world_end(&w);
}

static void test_quota(void **state)
{
        World w;
        Batch *rows = new_rows(&cgroup_schema);

        world_begin(&w);
        for (unsigned s = 0; s <= 60; s++)
                add_row(rows, s * SECOND, "/system.slice/ci.service", 1.5, s * 10.0, s * 4.0, s * 300000.0);
        world_give(&w, rows);
        const Findings *found = world_finish(&w);
        assert_int_equal(found->n, 1);
        assert_string_equal(found->items[0]->title, "a quota of 1.5 CPUs held the run back in 40.0 % of its periods");
        assert_string_equal(found->items[0]->evidence, "cpu.max of /system.slice/ci.service was used up in 240 of 600 periods; its tasks "
                                                       "were held back for 18 s, all together");
        world_end(&w);
        batch_free(rows);
}

static void test_strange(void **state)
{
        World w;
        Batch *rows = new_rows(&cpu_schema), *cgroups = new_rows(&cgroup_schema);

        world_begin(&w);
        add_row(rows, NOTHING, NOTHING, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1e300, 0.0);
        for (unsigned i = 0; i < 100; i++) /* counters that fall, time that does, too */
                add_row(rows, (double)(i % 7) * 1e18 - 3e18, NOTHING, 1e6 - i, NOTHING, 1e18, 1e3 * (100 - i), 1e18 * (i % 2), 0.0, NOTHING,
                        NOTHING, -1.0, 0.0);
        world_give(&w, rows);
        add_row(cgroups, 0.0, NULL, -1.0, 1e18, 1e18, 1e18);
        add_row(cgroups, 1.0, NULL, NOTHING, 0.0, 0.0, 0.0);
        world_give(&w, cgroups);
        world_finish(&w);
        assert_null(world_find(&w, "load", NULL));
        assert_null(world_find(&w, "cpu-quota", NULL));
        world_end(&w);
        batch_free(rows);
        batch_free(cgroups);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_healthy), cmocka_unit_test(test_load), cmocka_unit_test(test_load_of_others),
                cmocka_unit_test(test_iowait_and_steal), cmocka_unit_test(test_quota), cmocka_unit_test(test_strange),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
