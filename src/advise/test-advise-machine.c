/* What the machine of a build has to do with the advice: its limits, and what others took of it. */
#include "advise/test-advise-world.h"

#include "base/cleanup.h"

/* ---- the machine, and advice about it ---- */

static const Column memory_columns[] = {{"t_ns", COLUMN_I64, ROLE_KEY, UNIT_NS, NULL, 0},
                                        {"total_bytes", COLUMN_U64, ROLE_GAUGE, UNIT_BYTES, NULL, 0},
                                        {"available_bytes", COLUMN_U64, ROLE_GAUGE, UNIT_BYTES, NULL, 0},
                                        {"swap_total_bytes", COLUMN_U64, ROLE_GAUGE, UNIT_BYTES, NULL, 0},
                                        {"swap_free_bytes", COLUMN_U64, ROLE_GAUGE, UNIT_BYTES, NULL, 0}};
static const Column limits_columns[] = {{"tasks", COLUMN_U64, ROLE_GAUGE, UNIT_COUNT, NULL, 0},
                                        {"threads_max", COLUMN_U64, ROLE_GAUGE, UNIT_COUNT, NULL, 0},
                                        {"pid_max", COLUMN_U64, ROLE_GAUGE, UNIT_COUNT, NULL, 0},
                                        {"pids_current", COLUMN_U64, ROLE_GAUGE, UNIT_COUNT, NULL, 0},
                                        {"pids_max", COLUMN_U64, ROLE_GAUGE, UNIT_COUNT, NULL, 0},
                                        {"memory_max_bytes", COLUMN_U64, ROLE_GAUGE, UNIT_BYTES, NULL, 0},
                                        {"overcommit_memory", COLUMN_U64, ROLE_GAUGE, UNIT_NONE, NULL, 0},
                                        {"commit_limit_bytes", COLUMN_U64, ROLE_GAUGE, UNIT_BYTES, NULL, 0},
                                        {"committed_bytes", COLUMN_U64, ROLE_GAUGE, UNIT_BYTES, NULL, 0}};
static const Column cpu_columns[] = {{"cpu", COLUMN_U64, ROLE_KEY, UNIT_NONE, NULL, 0},
                                     {"user_us", COLUMN_U64, ROLE_COUNTER, UNIT_US, NULL, 0},
                                     {"idle_us", COLUMN_U64, ROLE_COUNTER, UNIT_US, NULL, 0},
                                     {"iowait_us", COLUMN_U64, ROLE_COUNTER, UNIT_US, NULL, 0}};
static const Column cgroup_columns[] = {{"cpu_limit_ratio", COLUMN_F64, ROLE_GAUGE, UNIT_RATIO, NULL, 0},
                                        {"memory_limit_bytes", COLUMN_U64, ROLE_GAUGE, UNIT_BYTES, NULL, 0}};
static const Column above_columns[] = {{"path", COLUMN_TEXT, ROLE_KEY, UNIT_NONE, NULL, 0},
                                       {"cpu_limit_ratio", COLUMN_F64, ROLE_GAUGE, UNIT_RATIO, NULL, 0},
                                       {"memory_high_bytes", COLUMN_U64, ROLE_GAUGE, UNIT_BYTES, NULL, 0},
                                       {"memory_max_bytes", COLUMN_U64, ROLE_GAUGE, UNIT_BYTES, NULL, 0},
                                       {"tasks_max", COLUMN_U64, ROLE_GAUGE, UNIT_COUNT, NULL, 0}};
static const Schema above_schema = {"cgroups_above", above_columns, ARRAY_LENGTH(above_columns)};
static const Schema memory_schema = {"memory", memory_columns, ARRAY_LENGTH(memory_columns)};
static const Schema limits_schema = {"limits", limits_columns, ARRAY_LENGTH(limits_columns)};
static const Schema cpu_schema = {"cpu", cpu_columns, ARRAY_LENGTH(cpu_columns)};
static const Schema cgroup_schema = {"cgroup", cgroup_columns, ARRAY_LENGTH(cgroup_columns)};

#define NULL_CELL UINT64_MAX

/* A row of numbers; NULL_CELL: null. */
static void say(Advise *a, const Schema *schema, const uint64_t *cells)
{
        Batch *b;

        assert_int_equal(batch_new(schema, 4, 0, &b), 0);
        assert_int_equal(batch_add_row(b), 0);
        for (size_t i = 0; i < schema->n_columns; i++)
                if (cells[i] != NULL_CELL)
                        batch_set_u64(b, i, cells[i]);
        assert_int_equal(advise_observe(a, schema->table, b), 0);
        batch_free(b);
}

#define GIB (1ull << 30)

/* Twenty jobs of 1 GiB at -j4, and what the machine said. */
static void on_machine(Advise *a, World *w, const uint64_t *memory_first, const uint64_t *memory_last, const uint64_t *limits)
{
        w->n = 0;
        for (int i = 0; i < 20; i++)
                world_add(w, "cc1", world_length(i), 1024);
        assert_int_equal(advise_init(a, 4), 0);
        world_build(w, 4, 4);
        say(a, &memory_schema, memory_first);
        say(a, &memory_schema, memory_last);
        if (limits)
                say(a, &limits_schema, limits);
        world_observe(w, a, INFINITY);
}

static void machine_without_trouble(void **state)
{
        static World w = {.tool = "make"};
        const ForecastOptions options = {.memory_bytes = BUILD_UNKNOWN};
        const uint64_t memory[] = {0, 64 * GIB, 60 * GIB, 0, 0};
        const uint64_t limits[] = {400, 100000, 32768, NULL_CELL, NULL_CELL, NULL_CELL, 0, 50 * GIB, 49 * GIB};
        Advise a;

        on_machine(&a, &w, memory, memory, limits);
        assert_int_equal(advise_finish(&a, &options, NULL), 0);
        assert_int_equal(a.list.n, 1);
        assert_string_equal(a.list.items[0].id, "make-jobs");
        assert_true(a.forecast.limit_bytes == 64 * GIB && !a.forecast.limit_is_cgroup && !a.forecast.room_is_free);
        advise_done(&a);
}

static void machine_near_its_limits(void **state)
{
        static World w = {.tool = "make"};
        const ForecastOptions options = {.memory_bytes = BUILD_UNKNOWN};
        const uint64_t first[] = {0, 16 * GIB, 15 * GIB, 8 * GIB, 8 * GIB}, last[] = {9, 16 * GIB, 9 * GIB, 8 * GIB, 7 * GIB};
        const uint64_t limits[] = {900, 1000, 1100, 95, 100, NULL_CELL, 2, 20 * GIB, 19 * GIB};
        static const char *const ids[] = {"sysctl-threads-max", "sysctl-pid-max", "sysctl-overcommit", "sysctl-swappiness", "systemd-tasks-max"};
        Advise a;

        on_machine(&a, &w, first, last, limits);
        a.oom_kills = 1;
        assert_int_equal(advise_finish(&a, &options, NULL), 0);
        for (size_t i = 0; i < ARRAY_LENGTH(ids); i++)
                if (!world_find(&a, ids[i]))
                        fail_msg("no %s", ids[i]);
        assert_string_equal(world_find(&a, "sysctl-threads-max")->snippet, "sysctl -w kernel.threads-max=2000");
        assert_non_null(world_find(&a, "systemd-memory-max"));
        assert_non_null(strstr(world_find(&a, "systemd-memory-max")->snippet, "MemoryMax="));
        advise_done(&a);
        /* Asked for make, nothing else is told. */
        on_machine(&a, &w, first, last, limits);
        assert_int_equal(advise_finish(&a, &options, "make"), 0);
        assert_int_equal(a.list.n, 1);
        advise_done(&a);
}

/* Less memory than one job needs: swap, by as much as is missing. In a container its limit counts, and swap of the
 * machine is no answer. */
static void machine_too_small(void **state)
{
        static World w = {.tool = "make"};
        const ForecastOptions options = {.memory_bytes = BUILD_UNKNOWN};
        const uint64_t memory[] = {0, GIB, GIB - (64 << 20), 0, 0}, large[] = {0, 64 * GIB, 60 * GIB, 0, 0};
        const uint64_t limits[] = {400, 100000, 32768, NULL_CELL, NULL_CELL, GIB, 0, 50 * GIB, GIB};
        Advise a;

        on_machine(&a, &w, memory, memory, NULL);
        assert_int_equal(advise_finish(&a, &options, NULL), 0);
        assert_true(a.forecast.best == SIZE_MAX);
        assert_non_null(world_find(&a, "swap-size"));
        assert_null(world_find(&a, "make-jobs"));
        advise_done(&a);

        on_machine(&a, &w, large, large, limits);
        assert_int_equal(advise_finish(&a, &options, NULL), 0);
        assert_true(a.forecast.limit_is_cgroup && a.forecast.limit_bytes == GIB && a.forecast.best == SIZE_MAX);
        assert_null(world_find(&a, "swap-size"));
        advise_done(&a);
}

/* A slice above with CPUQuota=150% and MemoryMax=1G (or MemoryHigh=1G), one above that with more of both: what is lowest
 * counts, whatever the machine has. */
static void slice_above(void **state)
{
        static World w = {.tool = "make"};
        const ForecastOptions options = {.memory_bytes = BUILD_UNKNOWN};
        const uint64_t memory[] = {0, 64 * GIB, 60 * GIB, 0, 0};
        Advise a;
        Batch *b;

        for (int high = 0; high < 2; high++) {
                w.n = 0;
                for (int i = 0; i < 20; i++)
                        world_add(&w, "cc1", world_length(i), 300);
                assert_int_equal(advise_init(&a, 4), 0);
                world_build(&w, 4, 4);
                say(&a, &memory_schema, memory);
                assert_int_equal(batch_new(&above_schema, 4, 256, &b), 0);
                for (int i = 0; i < 2; i++) {
                        assert_int_equal(batch_add_row(b), 0);
                        batch_set_textz(b, 0, i ? "/ci.slice" : "/ci.slice/ci-job.slice");
                        batch_set_f64(b, 1, i ? 3 : 1.5);
                        batch_set_u64(b, high && i == 0 ? 2 : 3, i ? 8 * GIB : GIB);
                }
                assert_int_equal(advise_observe(&a, "cgroups_above", b), 0);
                batch_free(b);
                world_observe(&w, &a, INFINITY);
                assert_int_equal(advise_finish(&a, &options, NULL), 0);
                assert_true(fabs(a.forecast.cpus - 1.5) < 0.01);
                assert_true(a.forecast.limit_is_cgroup && a.forecast.limit_bytes == GIB);
                assert_true(a.forecast.best != SIZE_MAX);
                assert_int_equal(a.forecast.levels[a.forecast.best].jobs, 2); /* 300 MiB each */
                advise_done(&a);
        }
}

/* Others held most of the memory. */
static void machine_of_others(void **state)
{
        static World w = {.tool = "make"};
        const ForecastOptions options = {.memory_bytes = BUILD_UNKNOWN};
        const uint64_t memory[] = {0, 64 * GIB, 3 * GIB, 0, 0};
        _cleanup_string_ String verdict = {0};
        Advise a;

        on_machine(&a, &w, memory, memory, NULL);
        assert_int_equal(advise_finish(&a, &options, NULL), 0);
        assert_true(a.forecast.room_is_free && a.forecast.best != SIZE_MAX);
        assert_int_equal(a.forecast.levels[a.forecast.best].jobs, 2);
        advice_add_verdict(&a.forecast, &verdict);
        assert_non_null(strstr(string_get(&verdict), "-j2 is the largest that fits the 2.85 GiB that others left"));
        advise_done(&a);
}

/* CPU time of a machine on which others had so many CPUs while the build went on. */
static void say_others(Advise *a, const World *w, double cpus, double others)
{
        Batch *totals;
        double cpu_s = 0.01;

        for (size_t i = 0; i < w->n; i++)
                cpu_s += w->jobs[i].cpu_s;
        assert_int_equal(batch_new(&totals_schema, 4, 0, &totals), 0);
        for (int end = 0; end < 2; end++) {
                double busy = end * (cpu_s + others * w->wall_ms / 1000), all = end * cpus * w->wall_ms / 1000;
                const uint64_t cpu[] = {NULL_CELL, (uint64_t)(busy * 1e6), (uint64_t)((all - busy) * 1e6), 0};
                const uint64_t one[] = {0, 77, 77, 0};
                say(a, &cpu_schema, cpu);
                say(a, &cpu_schema, one); /* of a single CPU: not to be counted */
                assert_int_equal(batch_add_row(totals), 0);
                batch_set_i64(totals, TOTAL_T_NS, (int64_t)(end * w->wall_ms * 1e6));
                batch_set_u64(totals, TOTAL_CPU_US, (uint64_t)(end * cpu_s * 1e6));
        }
        assert_int_equal(advise_observe(a, "totals", totals), 0);
        batch_free(totals);
}

/* Of eight CPUs others had three; a container's quota is less than that, once. */
static void cpus_of_others(void **state)
{
        static World w = {.tool = "make"};
        const ForecastOptions options = {.memory_bytes = BUILD_UNKNOWN};
        Batch *cgroup;
        Advise a;

        w.n = 0;
        for (int i = 0; i < 30; i++)
                world_add(&w, "cc1", world_length(i), 50);
        world_build(&w, 4, 4);
        for (int quota = 0; quota < 2; quota++) {
                assert_int_equal(advise_init(&a, 8), 0);
                say_others(&a, &w, 8, 3);
                if (quota) {
                        assert_int_equal(batch_new(&cgroup_schema, 4, 0, &cgroup), 0);
                        assert_int_equal(batch_add_row(cgroup), 0);
                        batch_set_f64(cgroup, 0, 4.5);
                        assert_int_equal(advise_observe(&a, "cgroup", cgroup), 0);
                        batch_free(cgroup);
                }
                world_observe(&w, &a, INFINITY);
                assert_int_equal(advise_finish(&a, &options, NULL), 0);
                assert_true(fabs(a.rows.machine.outside_cpus - 3) < 0.05);
                assert_true(fabs(a.forecast.cpus - (quota ? 4.5 : 5)) < 0.06);
                const Advice *load = world_find(&a, "make-load");
                assert_non_null(load);
                assert_non_null(strstr(load->snippet, "-l8"));
                advise_done(&a);
        }
}

/* Recorded where others had all but half a CPU of four, forecast for the machine by itself: what jobs waited for a
 * CPU is not to be taken for waiting for disks. */
static void a_machine_of_its_own(void **state)
{
        static World w = {.tool = "make"};
        static const unsigned levels[] = {1, 2, 4};
        const ForecastOptions options = {.memory_bytes = BUILD_UNKNOWN, .cpus = 4, .levels = levels, .n_levels = 3};
        Advise a;

        w.n = 0;
        for (int i = 0; i < 30; i++)
                world_add(&w, "cc1", world_length(i) / 2, 50);
        world_build(&w, 2, 0.5);
        assert_int_equal(advise_init(&a, 4), 0);
        say_others(&a, &w, 4, 3.45); /* clocks are not exact */
        world_observe(&w, &a, INFINITY);
        assert_int_equal(advise_finish(&a, &options, NULL), 0);
        for (size_t i = 0; i < 3; i++) {
                world_build(&w, levels[i], 4);
                assert_true(fabs(world_level(&a, levels[i])->wall_s.expected / (w.wall_ms / 1000) - 1) < 0.10);
        }
        advise_done(&a);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(machine_without_trouble),
                cmocka_unit_test(machine_near_its_limits),
                cmocka_unit_test(machine_too_small),
                cmocka_unit_test(slice_above),
                cmocka_unit_test(machine_of_others),
                cmocka_unit_test(cpus_of_others),
                cmocka_unit_test(a_machine_of_its_own),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
