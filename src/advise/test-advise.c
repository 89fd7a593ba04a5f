/* Builds whose truth is known, recorded at one -j and forecast at others. */
#include "advise/test-advise-world.h"

#include "advise/slowdown.h"
#include "advise/width.h"
#include "base/cleanup.h"

static const unsigned few[] = {1, 2, 4, 8};

static void no_build_is_forecast_without_one(void **state)
{
        static World w = {.tool = NULL};
        const ForecastOptions options = {.memory_bytes = BUILD_UNKNOWN};
        Advise a;

        w.n = 0;
        for (int i = 0; i < 4; i++)
                world_add(&w, "sleep", 0.1, 2);
        world_advise(&w, 2, 2, &options, &a);
        assert_null(a.plan);
        assert_int_equal(a.forecast.n, 0);
        assert_int_equal(a.list.n, 0);
        advise_done(&a);
        /* and of nothing at all */
        assert_int_equal(advise_init(&a, 2), 0);
        assert_int_equal(advise_plan(&a, NAN), 1);
        assert_int_equal(advise_finish(&a, &options, NULL), 0);
        advise_done(&a);
}

/* Lengths that differ, so that ends do not fall together. */
static double length(int i)
{
        return 0.4 + 0.13 * (i * 7 % 10);
}

static void independent_jobs(void **state)
{
        static World w = {.tool = "make"};

        w.n = 0;
        for (int i = 0; i < 40; i++)
                world_add(&w, "cc1", length(i), 50 + 10 * (i % 5));
        world_check(&w, 4, 8, few, 4, 0.05, 0.10);
        world_check(&w, 1, 8, few, 4, 0.05, 0.10);
        world_check(&w, 8, 8, few, 4, 0.05, 0.10);
}

/* A -j of eight on two CPUs: jobs were four times as slow as they are. */
static void oversubscribed(void **state)
{
        static World w = {.tool = "ninja"};

        w.n = 0;
        for (int i = 0; i < 40; i++)
                world_add(&w, "cc1", length(i), 60);
        world_check(&w, 8, 2, few, 4, 0.08, 0.10);
        world_check(&w, 2, 2, few, 4, 0.08, 0.10);
        /* With waiting for disks in it, as far as it can be told: more jobs than CPUs are worth it. */
        for (int i = 0; i < 40; i++)
                w.jobs[i].other_s = length(i);
        world_check(&w, 1, 2, few, 4, 0.12, 0.10);
        world_check(&w, 2, 2, few, 4, 0.15, 0.10);
}

static void a_chain(void **state)
{
        static World w = {.tool = "make"};
        const ForecastOptions options = {.memory_bytes = BUILD_UNKNOWN};
        Advise a;

        w.n = 0;
        for (int i = 0; i < 10; i++) {
                WorldJob *job = world_add(&w, "cc1", length(i), 50);
                job->n_waits = i > 0;
                job->waits[0] = i - 1;
        }
        world_check(&w, 4, 4, few, 4, 0.05, 0.10);
        world_advise(&w, 4, 4, &options, &a);
        assert_true(a.forecast.chain_s > w.wall_ms / 1000 * 0.97);
        assert_int_equal(a.forecast.levels[a.forecast.best].jobs, 1);
        advise_done(&a);
        /* One at a time no time tells of it: names do. */
        for (int i = 0; i < 10; i++)
                w.jobs[i].named = true;
        world_check(&w, 1, 4, few, 4, 0.05, 0.10);
}

static void a_diamond(void **state)
{
        static World w = {.tool = "make"};

        w.n = 0;
        world_add(&w, "sh", 1, 20);
        for (int i = 1; i < 7; i++) {
                WorldJob *job = world_add(&w, "cc1", length(i), 80);
                job->n_waits = 1; /* 0 */
        }
        WorldJob *last = world_add(&w, "ld", 1.5, 200);
        last->n_waits = 1;
        last->waits[0] = -1;
        for (unsigned recorded = 1; recorded <= 8; recorded *= 2)
                world_check(&w, recorded, 8, few, 4, 0.06, 0.12);
}

static void a_serial_link(void **state)
{
        static World w = {.tool = "ninja"};
        const ForecastOptions options = {.memory_bytes = BUILD_UNKNOWN};
        Advise a;

        w.n = 0;
        for (int i = 0; i < 24; i++)
                world_add(&w, "cc1", length(i), 70);
        WorldJob *link = world_add(&w, "ld", 6, 400);
        link->n_waits = 1;
        link->waits[0] = -1;
        for (unsigned recorded = 1; recorded <= 8; recorded *= 2)
                world_check(&w, recorded, 8, few, 4, 0.06, 0.10);
        world_advise(&w, 4, 8, &options, &a);
        assert_true(a.forecast.chain_s > 6 && a.forecast.chain_s < 9);
        assert_int_equal(a.plan->n_links, 1);
        /* One link alone gives no reason for a pool. */
        for (size_t i = 0; i < a.list.n; i++)
                assert_string_not_equal(a.list.items[i].id, "cmake-link-pool");
        advise_done(&a);
}

static const Advice *find(const Advise *a, const char *id)
{
        for (size_t i = 0; i < a->list.n; i++)
                if (strcmp(a->list.items[i].id, id) == 0)
                        return &a->list.items[i];
        return NULL;
}

/* Links of 4 GiB: with a limit of 10 GiB only two jobs at a time are sure to fit, or more with a pool. */
static void heavy_links(void **state)
{
        static World w = {.tool = "ninja"};
        ForecastOptions options = {.memory_bytes = 10ull << 30};
        Advise a;

        w.n = 0;
        for (int i = 0; i < 24; i++)
                world_add(&w, "cc1", length(i), 200);
        for (int i = 0; i < 4; i++) {
                WorldJob *link = world_add(&w, "ld", 3 + i * 0.2, 4096);
                link->n_waits = 1;
                link->waits[0] = -1;
        }
        world_check(&w, 2, 8, few, 4, 0.08, 0.12);
        world_check(&w, 4, 8, few, 4, 0.08, 0.12);
        world_advise(&w, 8, 8, &options, &a);
        assert_true(a.forecast.best != SIZE_MAX);
        assert_int_equal(a.forecast.levels[a.forecast.best].jobs, 2);
        assert_true(world_level(&a, 2)->fits && !world_level(&a, 4)->fits);
        const Advice *pool = find(&a, "cmake-link-pool");
        assert_non_null(pool);
        assert_non_null(strstr(pool->snippet, "CMAKE_JOB_POOL_LINK"));
        const Advice *jobs = find(&a, "ninja-jobs");
        assert_non_null(jobs);
        assert_non_null(strstr(jobs->snippet, "ninja -j2"));
        assert_null(find(&a, "make-jobs"));
        advise_done(&a);
        /* With one link at a time more jobs fit. */
        options.link_jobs = 1;
        world_advise(&w, 8, 8, &options, &a);
        assert_true(a.forecast.levels[a.forecast.best].jobs >= 6);
        advise_done(&a);
        /* With less memory than one link needs nothing does, and it is said. */
        options = (ForecastOptions){.memory_bytes = 2ull << 30};
        world_advise(&w, 2, 8, &options, &a);
        assert_true(a.forecast.best == SIZE_MAX);
        _cleanup_string_ String verdict = {0};
        advice_add_verdict(&a.forecast, &verdict);
        assert_non_null(strstr(string_get(&verdict), "not even -j1"));
        assert_null(find(&a, "ninja-jobs"));
        advise_done(&a);
}

static void recursive_make(void **state)
{
        static World w = {.tool = "make"};
        const ForecastOptions options = {.memory_bytes = BUILD_UNKNOWN};
        Advise a;

        w.n = 0;
        for (int sub = 1; sub <= 3; sub++)
                for (int i = 0; i < 8; i++)
                        world_add(&w, "cc1", length(i + sub), 50)->tool = sub;
        world_advise(&w, 1, 4, &options, &a);
        assert_int_equal(a.plan->n_jobs, 24);
        assert_int_equal(a.plan->width, 1);
        advise_done(&a);
        world_check(&w, 1, 4, few, 4, 0.08, 0.12);
        world_check(&w, 4, 4, few, 4, 0.08, 0.12);
}

static int keep_note(const char *sentence, void *data)
{
        string_add_format(data, "%s\n", sentence);
        return 0;
}

static void failed_and_incomplete(void **state)
{
        static World w = {.tool = "make", .exit_code = 2};
        const ForecastOptions options = {.memory_bytes = BUILD_UNKNOWN};
        _cleanup_string_ String notes = {0};
        Advise a;

        w.n = 0;
        for (int i = 0; i < 20; i++)
                world_add(&w, "cc1", length(i), 50);
        assert_int_equal(advise_init(&a, 4), 0);
        world_build(&w, 4, 4);
        world_observe(&w, &a, INFINITY);
        a.failed = true;
        assert_int_equal(advise_finish(&a, &options, NULL), 0);
        assert_int_equal(advise_notes(&a, keep_note, &notes), 0);
        assert_non_null(strstr(string_get(&notes), "the build failed"));
        advise_done(&a);

        string_clear(&notes);
        assert_int_equal(advise_init(&a, 4), 0);
        a.incomplete = true;
        world_observe(&w, &a, 2000);
        assert_int_equal(advise_finish(&a, &options, NULL), 0);
        assert_null(a.plan);
        assert_non_null(strstr(advise_refusal(&a), "incomplete"));
        advise_done(&a);
}

static void widths_of_command_lines(void **state)
{
        static const struct {
                BuildTool tool;
                const char *command;
                unsigned width;
        } cases[] = {
                {TOOL_MAKE, "make", 0}, {TOOL_MAKE, "make -j4", 4}, {TOOL_MAKE, "make -j 12 all", 12},
                {TOOL_MAKE, "make -kj8 all", 8}, {TOOL_MAKE, "make -j all", UINT32_MAX}, {TOOL_MAKE, "make --jobs=3", 3},
                {TOOL_MAKE, "make --jobs 5", 5}, {TOOL_MAKE, "make -f x-j9 CFLAGS=-j7", 0}, 
                {TOOL_MAKE, "make -j2 -j6", 6}, {TOOL_MAKE, "make -j99999999999999999999", 0}, {TOOL_NINJA, "ninja -j16", 16},
                {TOOL_NINJA, "ninja -C build -j 2", 2}, {TOOL_NINJA, "ninja", 0}, {TOOL_CARGO, "cargo build -j 3", 3},
                {TOOL_CARGO, "cargo run -- -j9", 0}, {TOOL_BAZEL, "bazel build --jobs=7 //x", 7},
                {TOOL_NIX, "nix-build --max-jobs 4", 4}, {TOOL_MAKE, "", 0}, {TOOL_MAKE, "   ", 0}, {TOOL_MAKE, "make -", 0},
                {TOOL_MAKE, "make -j", UINT32_MAX}, {TOOL_MAKE, "make -j0", 0},
        };

        for (size_t i = 0; i < ARRAY_LENGTH(cases); i++)
                if (width_of_command(cases[i].tool, cases[i].command) != cases[i].width)
                        fail_msg("%s: %u", cases[i].command, width_of_command(cases[i].tool, cases[i].command));
}

static double slow(double cpus, int jobs, double busy)
{
        _cleanup_(slowdown_freep) Slowdown *s = NULL;
        SlowdownLoad load = {0};

        assert_int_equal(slowdown_new(cpus, &s), 0);
        for (int i = 0; i < jobs; i++)
                slowdown_load(&load, busy, 1, 1);
        return slowdown_of(s, &load);
}

static void slowdowns(void **state)
{
        assert_true(fabs(slow(2, 1, 1) - 1) < 1e-6);
        assert_true(fabs(slow(2, 2, 1) - 1) < 1e-6);
        assert_true(fabs(slow(2, 4, 1) - 2) < 1e-3);
        assert_true(fabs(slow(1.5, 3, 1) - 2) < 1e-3);
        assert_true(fabs(slow(4, 200, 1) - 50) < 1e-3);
        assert_true(fabs(slow(INFINITY, 200, 1) - 1) < 1e-6);
        assert_true(fabs(slow(2, 0, 0) - 1) < 1e-6);
        /* Three jobs, half of their time on one of two CPUs: machine repairmen, within a few parts in a hundred. */
        double chance = slow(2, 3, 0.5);
        assert_true(chance > 1.02 && chance < 1.2);
}

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
                world_add(w, "cc1", length(i), 1024);
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
                if (!find(&a, ids[i]))
                        fail_msg("no %s", ids[i]);
        assert_string_equal(find(&a, "sysctl-threads-max")->snippet, "sysctl -w kernel.threads-max=2000");
        assert_non_null(find(&a, "systemd-memory-max"));
        assert_non_null(strstr(find(&a, "systemd-memory-max")->snippet, "MemoryMax="));
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
        assert_non_null(find(&a, "swap-size"));
        assert_null(find(&a, "make-jobs"));
        advise_done(&a);

        on_machine(&a, &w, large, large, limits);
        assert_int_equal(advise_finish(&a, &options, NULL), 0);
        assert_true(a.forecast.limit_is_cgroup && a.forecast.limit_bytes == GIB && a.forecast.best == SIZE_MAX);
        assert_null(find(&a, "swap-size"));
        advise_done(&a);
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
                world_add(&w, "cc1", length(i), 50);
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
                const Advice *load = find(&a, "make-load");
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
                world_add(&w, "cc1", length(i) / 2, 50);
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

/* Two builders of Nix, each with a make: Nix is to be told, not make. */
static void builders_of_nix(void **state)
{
        const ForecastOptions options = {.memory_bytes = BUILD_UNKNOWN};
        Advise a;
        Batch *b;
        uint64_t key = 20;

        assert_int_equal(advise_init(&a, 4), 0);
        assert_int_equal(batch_new(&processes_schema, 64, 1 << 20, &b), 0);
        for (uint64_t builder = 0; builder < 2; builder++) {
                double at = 20 + 5 * (double)builder;
                for (int i = 0; i < 8; i++, key++)
                        world_process(b, key, 10 + builder, "cc1", "cc1", at + 500 * (i / 2) + i % 2, at + 490 + 500 * (i / 2), 0.489, 50, 0);
                world_process(b, 10 + builder, 2 + builder, "make", "make -j2", at - 5, 2100, 0.01, 2, 0);
                world_process(b, 2 + builder, 1, "bash", "bash -e builder.sh", at - 10, 2110, 0.01, 2, 0);
        }
        world_process(b, 1, 0, "nix-daemon", "nix-daemon", 0, 2200, 0.01, 9, 0);
        assert_int_equal(advise_observe(&a, "processes", b), 0);
        assert_int_equal(advise_plan(&a, 2.2), 0);
        assert_int_equal(advise_finish(&a, &options, NULL), 0);
        assert_int_equal(a.plan->n_jobs, 16);
        assert_int_equal(a.plan->builders, 2);
        assert_int_equal(a.plan->width, 4);
        assert_null(find(&a, "make-jobs"));
        const Advice *nix = find(&a, "nix-jobs");
        assert_non_null(nix);
        assert_string_equal(nix->snippet, "nix.settings.max-jobs = 2;\nnix.settings.cores = 2;");
        advise_done(&a);
        batch_free(b);
}

/* Texts of strangers do no harm and mean nothing. */
static void hostile_texts(void **state)
{
        const ForecastOptions options = {.memory_bytes = BUILD_UNKNOWN};
        Advise a;
        Batch *b;
        char *line = malloc(128 << 10);

        assert_non_null(line);
        memset(line, '/', 128 << 10);
        for (size_t i = 0; i < (128 << 10); i += 97)
                line[i] = "- \xff.\n<'\"\\$"[i % 11];
        line[(128 << 10) - 1] = '\0';
        assert_int_equal(advise_init(&a, 2), 0);
        assert_int_equal(batch_new(&processes_schema, 64, 1 << 20, &b), 0);
        world_process(b, 2, 1, "cc1", line, 10, 500, 0.4, 10, 0);
        world_process(b, 3, 1, "ld", " -o  -o > >> 1> -l -l/ ../../../.. @ -o", 510, 900, 0.4, 10, 0);
        world_process(b, 4, 99, "ld", "", 5, 4, 1e6, 1e6, 0);  /* ends before it begins, of an unknown parent */
        world_process(b, 5, 5, "make", "make -j", 20, 30, 0, 0, 0); /* its own parent */
        world_process(b, 2, 1, "cc1", "twice", 10, 500, 0.4, 10, 0); /* a key twice */
        batch_set_i64(b, PROCESS_START_NS, INT64_MIN);
        batch_set_i64(b, PROCESS_END_NS, INT64_MAX);
        batch_set_u64(b, PROCESS_CPU_US, UINT64_MAX);
        world_process(b, 1, 0, "make", "make -j3", 0, 1000, 0.01, 2, 0);
        assert_int_equal(advise_observe(&a, "processes", b), 0);
        assert_int_equal(advise_plan(&a, 1), 0);
        assert_int_equal(advise_observe_commands(&a, b), 0);
        assert_int_equal(advise_finish(&a, &options, NULL), 0);
        assert_true(a.forecast.n > 0 && isfinite(a.forecast.levels[0].wall_s.expected));
        advise_done(&a);
        batch_free(b);
        free(line);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(no_build_is_forecast_without_one),
                cmocka_unit_test(independent_jobs),
                cmocka_unit_test(oversubscribed),
                cmocka_unit_test(a_chain),
                cmocka_unit_test(a_diamond),
                cmocka_unit_test(a_serial_link),
                cmocka_unit_test(heavy_links),
                cmocka_unit_test(recursive_make),
                cmocka_unit_test(failed_and_incomplete),
                cmocka_unit_test(widths_of_command_lines),
                cmocka_unit_test(slowdowns),
                cmocka_unit_test(machine_without_trouble),
                cmocka_unit_test(machine_near_its_limits),
                cmocka_unit_test(machine_too_small),
                cmocka_unit_test(machine_of_others),
                cmocka_unit_test(cpus_of_others),
                cmocka_unit_test(a_machine_of_its_own),
                cmocka_unit_test(builders_of_nix),
                cmocka_unit_test(hostile_texts),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
