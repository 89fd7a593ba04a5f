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

static void independent_jobs(void **state)
{
        static World w = {.tool = "make"};

        w.n = 0;
        for (int i = 0; i < 40; i++)
                world_add(&w, "cc1", world_length(i), 50 + 10 * (i % 5));
        world_check(&w, 4, 8, few, 4, 0.05, 0.10);
        world_check(&w, 1, 8, few, 4, 0.05, 0.10);
        world_check(&w, 8, 8, few, 4, 0.05, 0.10);
}

/* What the tool held while it read its files is not there beside the jobs; nor is it forgotten where it was the most. */
static void a_large_tool(void **state)
{
        static World w = {.tool = "make", .parse_mib = 120, .tool_mib = 30};

        w.n = 0;
        for (int i = 0; i < 40; i++)
                world_add(&w, "cc1", world_length(i), 50 + 10 * (i % 5));
        for (; w.parse_mib < 1000; w.parse_mib += 600)
                for (unsigned recorded = 1; recorded <= 8; recorded *= 2)
                        world_check(&w, recorded, 8, few, 4, 0.05, 0.10);
}

/* An archive is made in less than a tick and holds more than any compiler: no sample knows, the end of its process does. */
static void between_ticks(void **state)
{
        static World w = {.tool = "make"};

        w.n = 0;
        for (int i = 0; i < 48; i++) {
                if (i == 20)
                        world_add(&w, "ar", 0.012, 120);
                else
                        world_add(&w, "cc1", world_length(i), 30 + 5 * (i % 3));
        }
        for (unsigned recorded = 1; recorded <= 4; recorded *= 2)
                world_check(&w, recorded, 4, few, 3, 0.05, 0.10);
}

/* The link ran alone at last when there were jobs enough, but its command names what it uses: with fewer jobs there are
 * others beside it. */
static void a_link_that_names_its_parts(void **state)
{
        static World w = {.tool = "make"};
        static const unsigned two = 2;

        w.n = 0;
        for (int i = 0; i < 7; i++)
                world_add(&w, "cc1", i == 0 ? 4 : 0.4, 40)->named = true;
        WorldJob *link = world_add(&w, "ld", 0.5, 120);
        link->named = true;
        for (link->n_waits = 0; link->n_waits < 7; link->n_waits++)
                link->waits[link->n_waits] = (int)link->n_waits;
        for (int i = 0; i < 8; i++)
                world_add(&w, "cc1", 0.6, 40)->named = true;
        world_check(&w, 8, 8, &two, 1, 0.05, 0.05);
}

/* A -j of eight on two CPUs: jobs were four times as slow as they are. */
static void oversubscribed(void **state)
{
        static World w = {.tool = "ninja"};

        w.n = 0;
        for (int i = 0; i < 40; i++)
                world_add(&w, "cc1", world_length(i), 60);
        world_check(&w, 8, 2, few, 4, 0.08, 0.10);
        world_check(&w, 2, 2, few, 4, 0.08, 0.10);
        /* With waiting for disks in it, as far as it can be told: more jobs than CPUs are worth it. */
        for (int i = 0; i < 40; i++)
                w.jobs[i].other_s = world_length(i);
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
                WorldJob *job = world_add(&w, "cc1", world_length(i), 50);
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
                WorldJob *job = world_add(&w, "cc1", world_length(i), 80);
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
                world_add(&w, "cc1", world_length(i), 70);
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

/* Links of 4 GiB: with a limit of 10 GiB only two jobs at a time are sure to fit, or more with a pool. */
static void heavy_links(void **state)
{
        static World w = {.tool = "ninja"};
        ForecastOptions options = {.memory_bytes = 10ull << 30};
        Advise a;

        w.n = 0;
        for (int i = 0; i < 24; i++)
                world_add(&w, "cc1", world_length(i), 200);
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
        const Advice *pool = world_find(&a, "cmake-link-pool");
        assert_non_null(pool);
        assert_non_null(strstr(pool->snippet, "CMAKE_JOB_POOL_LINK"));
        const Advice *jobs = world_find(&a, "ninja-jobs");
        assert_non_null(jobs);
        assert_non_null(strstr(jobs->snippet, "ninja -j2"));
        assert_null(world_find(&a, "make-jobs"));
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
        assert_null(world_find(&a, "ninja-jobs"));
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
                        world_add(&w, "cc1", world_length(i + sub), 50)->tool = sub;
        world_advise(&w, 1, 4, &options, &a);
        assert_int_equal(a.plan->n_jobs, 24);
        assert_int_equal(a.plan->width, 1);
        advise_done(&a);
        world_check(&w, 1, 4, few, 4, 0.08, 0.12);
        world_check(&w, 4, 4, few, 4, 0.08, 0.12);
}

/* A script of two makes; what is last ends after the run's time, whose clock begins later than that of rows. */
static void ends_behind_the_end(void **state)
{
        static const unsigned two[] = {2};
        const ForecastOptions options = {.memory_bytes = BUILD_UNKNOWN, .levels = two, .n_levels = 1, .cpus = 2};
        Advise a;
        Batch *b;

        assert_int_equal(advise_init(&a, 2), 0);
        assert_int_equal(batch_new(&processes_schema, 64, 1 << 20, &b), 0);
        for (unsigned i = 0; i < 8; i++)
                world_process(b, 10 + i, 2, "cc1", "cc1", 20 + 750.0 * i, 20 + 750.0 * (i + 1) - 2, 0.748, 10, 0);
        world_process(b, 2, 1, "make", "make -j1", 10, 6020, 0.01, 2, 0);
        world_process(b, 20, 1, "sh", "sh", 6022, 6024, 0.002, 2, 0);
        world_process(b, 21, 3, "sh", "sh", 6028, 6030, 0.002, 2, 0);
        world_process(b, 3, 1, "make", "make -j1 install", 6025, 6031, 0.001, 2, 0);
        world_process(b, 1, 0, "sh", "sh -c 'make -j1; make -j1 install'", 0, 6032, 0.01, 2, 0);
        assert_int_equal(advise_observe(&a, "processes", b), 0);
        assert_int_equal(advise_plan(&a, 6.0), 0);
        assert_int_equal(advise_observe_commands(&a, b), 0);
        assert_int_equal(advise_finish(&a, &options, NULL), 0);
        assert_true(a.forecast.levels[0].wall_s.expected > 2.9 && a.forecast.levels[0].wall_s.expected < 3.3);
        assert_true(a.forecast.chain_s < 1);
        advise_done(&a);
        batch_free(b);
}

/* Makefiles of CMake: each target has two sub-makes in order, and a line that says that it is built. One uses
 * another's library, and nobody else waits for anybody. */
static void makefiles_of_cmake(void **state)
{
        static World w = {.tool = "make", .cmake = true};
        int first_link = 0;

        w.n = 0;
        for (int target = 0; target < 6; target++) {
                WorldJob *depend = world_add(&w, "sh", 0.05, 5);
                depend->tool = 2 * target + 1;
                depend->n_waits = target == 5;
                depend->waits[0] = first_link;
                for (int i = 0; i < 2; i++) {
                        WorldJob *compile = world_add(&w, "cc1", world_length(target + i), 60);
                        *compile = (WorldJob){.program = "cc1", .cpu_s = compile->cpu_s, .mib = 60, .tool = 2 * target + 2, .named = true,
                                              .n_waits = 1, .waits = {(int)w.n - 2 - i}};
                }
                WorldJob *link = world_add(&w, "ld", 0.2, 40);
                *link = (WorldJob){.program = "ld", .cpu_s = 0.2, .mib = 40, .tool = 2 * target + 2, .named = true,
                                   .n_waits = 2, .waits = {(int)w.n - 3, (int)w.n - 2}};
                if (target == 0)
                        first_link = (int)w.n - 1;
                if (target == 5)
                        link->waits[link->n_waits++] = first_link;
                WorldJob *say = world_add(&w, "echo", 0.01, 2);
                say->n_waits = 1;
                say->waits[0] = (int)w.n - 2;
        }
        world_check(&w, 1, 4, few, 4, 0.05, 0.10);
        world_check(&w, 4, 4, few, 4, 0.05, 0.10);
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
                world_add(&w, "cc1", world_length(i), 50);
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
        /* Its hook and its helpers are no builders; jobs without weight. */
        world_process(b, 5, 1, "build-remote", "build-remote 3", 20, 40, 0.01, 2, 0);
        world_process(b, 6, 1, "nix-daemon", "nix-daemon", 25, 30, 0.001, 2, 0);
        world_process(b, 1, 0, "nix-daemon", "nix-daemon", 0, 2200, 0.01, 9, 0);
        assert_int_equal(advise_observe(&a, "processes", b), 0);
        assert_int_equal(advise_plan(&a, 2.2), 0);
        assert_int_equal(advise_finish(&a, &options, NULL), 0);
        assert_int_equal(a.plan->n_jobs, 18);
        assert_int_equal(a.plan->builders, 2);
        assert_int_equal(a.plan->width, 4);
        assert_null(world_find(&a, "make-jobs"));
        const Advice *nix = world_find(&a, "nix-jobs");
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
        world_process(b, 5, 5, "make", "make -j", 20, 30, 0, 0, 0);  /* its own parent */
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
                cmocka_unit_test(a_large_tool),
                cmocka_unit_test(between_ticks),
                cmocka_unit_test(a_link_that_names_its_parts),
                cmocka_unit_test(oversubscribed),
                cmocka_unit_test(a_chain),
                cmocka_unit_test(a_diamond),
                cmocka_unit_test(a_serial_link),
                cmocka_unit_test(heavy_links),
                cmocka_unit_test(recursive_make),
                cmocka_unit_test(ends_behind_the_end),
                cmocka_unit_test(makefiles_of_cmake),
                cmocka_unit_test(failed_and_incomplete),
                cmocka_unit_test(widths_of_command_lines),
                cmocka_unit_test(slowdowns),
                cmocka_unit_test(builders_of_nix),
                cmocka_unit_test(hostile_texts),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
