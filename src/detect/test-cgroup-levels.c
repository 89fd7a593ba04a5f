/* Limits of the run's cgroup and of those above it: each by itself, by rows by hand. */
#include <stdio.h>

#include "detect/test-rows.h"

static const Column totals_columns[] = {SIGNED("t_ns"), NUMBER("cpu_us")};
static const Schema totals_schema = {"totals", totals_columns, ARRAY_LENGTH(totals_columns)};
static const Column own_columns[] = {SIGNED("t_ns"), TEXT("path"), REAL("cpu_limit_ratio"), NUMBER("cpu_us"), NUMBER("cpu_periods"),
                                     NUMBER("cpu_throttled_periods"), NUMBER("memory_bytes"), NUMBER("memory_high_bytes"),
                                     NUMBER("memory_max_bytes"), NUMBER("high_events"), NUMBER("max_events"), NUMBER("memory_some_us")};
static const Schema own_schema = {"cgroup", own_columns, ARRAY_LENGTH(own_columns)};
static const Column above_columns[] = {SIGNED("t_ns"), TEXT("path"), NUMBER("version"), REAL("cpu_limit_ratio"), NUMBER("cpu_us"),
                                       NUMBER("cpu_periods"), NUMBER("cpu_throttled_periods"), NUMBER("cpu_throttled_us"), NUMBER("memory_bytes"),
                                       NUMBER("memory_high_bytes"), NUMBER("memory_max_bytes"), NUMBER("high_events"), NUMBER("max_events")};
static const Schema above_schema = {"cgroups_above", above_columns, ARRAY_LENGTH(above_columns)};

#define JOB   "/user.slice/user-1000.slice/job.scope"
#define USER  "/user.slice/user-1000.slice"
#define USERS "/user.slice"

/* 60 s in which user-1000.slice used its 1.5 CPUs up; the run had `share` of it. The slice above has a quota, too, which
 * is not reached, and the run's own has none. */
static void give_quota(World *w, double share, double version)
{
        Batch *own = new_rows(&own_schema), *above = new_rows(&above_schema), *totals = new_rows(&totals_schema);

        for (unsigned s = 0; s <= 60; s++) {
                add_row(own, s * SECOND, JOB, NOTHING, s * 1.5e6 * share, NOTHING, NOTHING, NOTHING, NOTHING, NOTHING, NOTHING, NOTHING, NOTHING);
                add_row(above, s * SECOND, USER, version, 1.5, s * 1.5e6, s * 10.0, s * 9.0, s * 2e5, NOTHING, NOTHING, NOTHING, NOTHING, NOTHING);
                add_row(above, s * SECOND, USERS, version, 3.0, s * 1.6e6, s * 10.0, 0.0, 0.0, NOTHING, NOTHING, NOTHING, NOTHING, NOTHING);
                add_row(totals, s * SECOND, s * 1.5e6 * share);
        }
        world_give(w, above);
        world_give(w, own);
        world_give(w, totals);
        batch_free(own);
        batch_free(above);
        batch_free(totals);
}

static void test_quota_above(void **state)
{
        World w;

        world_begin(&w);
        give_quota(&w, 0.98, 2);
        const Findings *found = world_finish(&w);
        assert_int_equal(found->n, 1);
        const Finding *f = found->items[0];
        assert_string_equal(f->id, "cpu-quota");
        assert_string_equal(f->subject, USER);
        assert_string_equal(f->title, "a quota of 1.5 CPUs on user-1000.slice, which the run is in, held the run back in 90.0 % of its periods");
        assert_string_equal(f->evidence, "cpu.max of " USER " was used up in 540 of 600 periods; its tasks were held back for 12 s, all together; of "
                                         "the CPU time that it used the run had 98.0 %");
        assert_string_equal(f->advice, "run about 2 jobs at once, or raise the quota, to 4 CPUs say:\nsystemctl set-property user-1000.slice CPUQuota=400%\n");
        world_end(&w);
}

/* The others in it are who is held back. */
static void test_quota_of_others(void **state)
{
        World w;

        world_begin(&w);
        give_quota(&w, 0.01, 2);
        assert_int_equal(world_finish(&w)->n, 0);
        world_end(&w);
        world_begin(&w);
        give_quota(&w, 0.4, 1);
        const Findings *found = world_finish(&w);
        assert_int_equal(found->n, 1);
        assert_non_null(strstr(found->items[0]->evidence, "cpu.cfs_quota_us of " USER));
        assert_non_null(strstr(found->items[0]->meaning, "what else is in it uses it up, too"));
        world_end(&w);
}

/* A memory.high of user-1000.slice that is gone over for 10 s; tasks of the run waited for so much of it. */
static void give_high(World *w, double waited, bool max)
{
        Batch *own = new_rows(&own_schema), *above = new_rows(&above_schema);

        for (unsigned s = 0; s <= 10; s++) {
                const double events = s * 100.0, mib = 1 << 20;
                add_row(own, s * SECOND, JOB, NOTHING, NOTHING, NOTHING, NOTHING, 50 * mib, NOTHING, NOTHING, 0.0, 0.0,
                        waited < 0 ? NOTHING : s * waited * 1e6);
                add_row(above, s * SECOND, USER, 2.0, NOTHING, NOTHING, NOTHING, NOTHING, NOTHING, 61 * mib, max ? NOTHING : 60 * mib,
                        max ? 60 * mib : NOTHING, max ? 0.0 : events, max ? events : 0.0);
                add_row(above, s * SECOND, USERS, 2.0, NOTHING, NOTHING, NOTHING, NOTHING, NOTHING, 70 * mib, 500 * mib, NOTHING, 0.0, 0.0);
        }
        world_give(w, own);
        world_give(w, above);
        batch_free(own);
        batch_free(above);
}

static void test_high_above(void **state)
{
        World w;

        world_begin(&w);
        give_high(&w, 0.5, false);
        const Findings *found = world_finish(&w);
        assert_int_equal(found->n, 1);
        const Finding *f = found->items[0];
        assert_string_equal(f->id, "memory-high");
        assert_string_equal(f->subject, USER);
        assert_int_equal(f->sure, SURE_CERTAIN);
        assert_string_equal(f->title, "a cgroup's memory.high of 60 MiB on user-1000.slice, which the run is in, slowed the run down");
        assert_string_equal(f->evidence, "tasks of " USER " were over it 1,000 times in 10 s, from 0 s to 10 s; it used up to 61 MiB; tasks of the "
                                         "run waited for memory 50.0 % of that time");
        assert_string_equal(f->advice, "run fewer jobs at once (-j), or raise it:\nsystemctl set-property user-1000.slice MemoryHigh=90M\n");
        world_end(&w);
}

static void test_high_of_others(void **state)
{
        World w;

        world_begin(&w);
        give_high(&w, 0, false);
        assert_int_equal(world_finish(&w)->n, 0);
        world_end(&w);
        /* A kernel that does not tell who waited. */
        world_begin(&w);
        give_high(&w, -1, false);
        const Findings *found = world_finish(&w);
        assert_int_equal(found->n, 1);
        assert_int_equal(found->items[0]->sure, SURE_LIKELY);
        assert_non_null(strstr(found->items[0]->meaning, "whether it was the run or others"));
        world_end(&w);
}

/* At memory.max cached files make room, which is well as long as nobody waits for it. */
static void test_max(void **state)
{
        World w;

        for (int i = -1; i <= 1; i++) {
                world_begin(&w);
                give_high(&w, i < 0 ? -1 : i == 0 ? 0.1 : 0.4, true);
                const Findings *found = world_finish(&w);
                assert_int_equal(found->n, i == 1);
                if (i == 1) {
                        assert_string_equal(found->items[0]->id, "memory-max");
                        assert_string_equal(found->items[0]->title,
                                            "a cgroup's memory.max of 60 MiB on user-1000.slice, which the run is in, slowed the run down");
                        assert_non_null(strstr(found->items[0]->advice, "systemctl set-property user-1000.slice MemoryMax=90M\n"));
                }
                world_end(&w);
        }
}

/* Paths that are the same for as long as they are kept, of strangers, none; counters that fall. */
static void test_strange(void **state)
{
        Batch *above = new_rows(&above_schema);
        char path[2][1024];
        World w;

        memset(path, 'x', sizeof path);
        for (size_t i = 0; i < 2; i++) {
                path[i][0] = path[i][500] = '/';
                path[i][600 + i * 100] = '\0';
        }
        world_begin(&w);
        for (unsigned s = 0; s <= 20; s++)
                for (size_t i = 0; i < 2; i++) /* one is held back, the other is not */
                        add_row(above, s * SECOND, path[i], 2.0, 1.0, NOTHING, s * 10.0, i ? s * 10.0 : 0.0, 0.0, NOTHING, NOTHING, NOTHING, NOTHING, NOTHING);
        world_give(&w, above);
        const Findings *found = world_finish(&w);
        assert_int_equal(found->n, 1);
        assert_non_null(strstr(found->items[0]->title, "100 % of its periods"));
        world_end(&w);

        world_begin(&w);
        for (unsigned i = 0; i < 600; i++) {
                char name[16];
                snprintf(name, sizeof name, "/%u", i);
                add_row(above, (double)(i % 7) * 1e18 - 3e18, i % 2 ? name : NULL, 1e18, -1.0, 1e18 - i, 1e6 - i, 1e18, 0.0, 1e18, 1e18, 1e18, 1e6 - i, NOTHING);
        }
        world_give(&w, above);
        world_finish(&w);
        world_end(&w);
        batch_free(above);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_quota_above), cmocka_unit_test(test_quota_of_others), cmocka_unit_test(test_high_above),
                cmocka_unit_test(test_high_of_others), cmocka_unit_test(test_max), cmocka_unit_test(test_strange),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
