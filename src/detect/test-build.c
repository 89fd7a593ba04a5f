/* Builds: a serial end, a low -j, one that is well, one whose cores others used; swap; threads; the chain. */
#include "detect/build.h"

#include <stdio.h>
#include <stdlib.h>

#include "detect/stretch.h"
#include "detect/test-rows.h"

static const Column process_columns[] = {NUMBER("process"), NUMBER("pid"), NUMBER("parent"), TEXT("comm"), TEXT("cmdline"),
                                         SIGNED("start_ns"), SIGNED("exec_ns"), SIGNED("end_ns"), NUMBER("cpu_us")};
static const Schema process_schema = {"processes", process_columns, ARRAY_LENGTH(process_columns)};
static const Column total_columns[] = {SIGNED("t_ns"), NUMBER("cpu_us")};
static const Schema total_schema = {"totals", total_columns, ARRAY_LENGTH(total_columns)};
static const Column cpu_columns[] = {SIGNED("t_ns"), NUMBER("cpu"), NUMBER("user_us"), NUMBER("idle_us"), NUMBER("iowait_us")};
static const Schema cpu_schema = {"cpu", cpu_columns, ARRAY_LENGTH(cpu_columns)};
static const Column memory_columns[] = {SIGNED("t_ns"), NUMBER("swap_in_pages"), NUMBER("major_faults"), NUMBER("allocation_stalls")};
static const Schema memory_schema = {"memory", memory_columns, ARRAY_LENGTH(memory_columns)};
static const Column thread_columns[] = {SIGNED("t_ns"), NUMBER("process"), NUMBER("tid"), NUMBER("start_boottime_ns"), TEXT("name"),
                                        TEXT("state"), NUMBER("user_us"), NUMBER("system_us")};
static const Schema thread_schema = {"threads", thread_columns, ARRAY_LENGTH(thread_columns)};

static const Column pressure_columns[] = {SIGNED("t_ns"), TEXT("resource"), NUMBER("some_us")};
static const Schema pressure_schema = {"pressure", pressure_columns, ARRAY_LENGTH(pressure_columns)};
static const Column high_columns[] = {SIGNED("t_ns"), TEXT("path"), NUMBER("memory_bytes"), NUMBER("memory_high_bytes"), NUMBER("high_events")};
static const Schema high_schema = {"cgroup", high_columns, ARRAY_LENGTH(high_columns)};

enum { COMPILE_S = 60 };

/* make -j`jobs` on 4 cores: a minute of compiling, then `link_s` of ld; others use `others` cores all the time. */
static void give_build(World *w, double jobs, double link_s, double others)
{
        Batch *processes = new_rows(&process_schema), *totals = new_rows(&total_schema), *cpus = new_rows(&cpu_schema);
        const double wall = COMPILE_S + link_s;
        char line[64];

        world_begin(w);
        for (unsigned k = 0; k < COMPILE_S; k++) { /* a second each, `jobs` at once: as many rows as seconds is enough */
                snprintf(line, sizeof line, "/usr/lib/cc1 -quiet src/f%u.c -o /tmp/cc%u.s", k, k);
                add_row(processes, 10.0 + k, 100.0 + k, 1.0, "cc1", line, k * SECOND, NOTHING, (k + 1) * SECOND, jobs * 1e6);
        }
        if (link_s > 0)
                add_row(processes, 90.0, 300.0, 1.0, "ld", "ld -o out/app f1.o f2.o", COMPILE_S * SECOND, NOTHING, wall * SECOND, link_s * 1e6);
        add_row(processes, 1.0, 50.0, NOTHING, "make", "make -j", 0.0, NOTHING, wall * SECOND, 1e5);
        for (unsigned s = 0; s <= wall; s++) {
                double run = MIN(s, (unsigned)COMPILE_S) * jobs + (s > COMPILE_S ? s - COMPILE_S : 0);
                add_row(totals, s * SECOND, run * 1e6);
                double busy = run + others * s;
                add_row(cpus, s * SECOND, NOTHING, busy * 1e6, MAX(s * 4.0 - busy, 0.0) * 1e6, 0.0);
        }
        world_give(w, processes);
        world_give(w, totals);
        world_give(w, cpus);
        w->context.facts.wall_ns = (uint64_t)(wall * SECOND);
        detect_set_facts(w->detect, &w->context.facts);
        batch_free(processes);
        batch_free(totals);
        batch_free(cpus);
}

static void test_tail(void **state)
{
        World w;

        give_build(&w, 4, 40, 0);
        const Findings *all = world_finish(&w);
        const Finding *f = world_find(&w, "serial-tail", NULL);
        assert_non_null(f);
        assert_ptr_equal(all->items[0], f); /* before what cost most, which is no fault */
        assert_int_equal(f->severity, SEVERITY_INFO);
        assert_in_range(f->t_ns, 59 * NS_PER_SECOND, 60 * NS_PER_SECOND);
        assert_string_equal(f->title, "the last 40 s (40.0 % of the run) kept 1.0 of 4 cores busy");
        assert_string_equal(f->evidence, "it waited for ld app 40 s; on all cores that work would be over 30 s earlier at best");
        assert_non_null(strstr(f->advice, "mold"));
        f = world_find(&w, "idle-cores", NULL);
        assert_string_equal(f->title, "30.0 % of the time of 4 cores was unused: the run kept 2.8 of them busy");
        assert_int_equal(f->sure, SURE_LIKELY);
        world_end(&w);
}

static void test_well(void **state)
{
        World w;

        give_build(&w, 4, 2, 0);
        world_finish(&w);
        assert_null(world_find(&w, "serial-tail", NULL));
        assert_null(world_find(&w, "idle-cores", NULL));
        world_end(&w);
        /* The same cores were left by the run, but others used them. */
        give_build(&w, 1, 40, 3);
        world_finish(&w);
        assert_null(world_find(&w, "serial-tail", NULL));
        assert_null(world_find(&w, "idle-cores", NULL));
        world_end(&w);
        /* It waits for something all along. */
        give_build(&w, 0.1, 0, 0);
        world_finish(&w);
        assert_null(world_find(&w, "idle-cores", NULL));
        world_end(&w);
}

static void test_few_jobs(void **state)
{
        World w;

        give_build(&w, 2, 0, 0);
        world_finish(&w);
        const Finding *f = world_find(&w, "idle-cores", NULL);
        assert_non_null(f);
        assert_int_equal(f->sure, SURE_POSSIBLE);
        assert_string_equal(f->evidence, "it never kept more than 2.0 busy");
        assert_string_equal(f->advice, "try -j4, where memory allows");
        f = world_find(&w, "costly-commands", NULL);
        assert_string_equal(f->title, "cc1 took 99.9 % of the CPU time: 2m 00s of 2m 00s");
        assert_non_null(strstr(f->evidence, "; single commands: cc1 f0.c 2 s, "));
        world_end(&w);
}

static void test_labels(void **state)
{
        static const struct {
                const char *comm, *cmdline, *label;
        } cases[] = {
                {"cc1plus", "/usr/lib/cc1plus -quiet -I x /src/a/dag.cpp -o /tmp/ccX.s", "cc1plus dag.cpp"},
                {"ld", "/usr/bin/ld -o build/app a.o", "ld app"},
                {"as", "as -o /tmp/ccX.o /tmp/ccY.s", "as"},
                {"sh", "sh -c 'x'", "sh"},
                {"", "", "?"},
                {"a", "a -o", "a"},
        };
        char label[BUILD_LABEL_MAX], *long_line = malloc(200000);

        assert_non_null(long_line);
        for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
                build_label_of(cases[i].comm, strlen(cases[i].comm), cases[i].cmdline, strlen(cases[i].cmdline), label);
                assert_string_equal(label, cases[i].label);
        }
        memset(long_line, 'x', 200000);
        memcpy(long_line, "cc1 ", 4);
        memcpy(long_line + 300, ".c ", 3);
        build_label_of(long_line, 100000, long_line, 200000, label);
        assert_int_equal(strlen(label), BUILD_LABEL_MAX - 1);
        free(long_line);
}

static void test_chain(void **state)
{
        const int64_t s = (int64_t)NS_PER_SECOND;
        const ChainProcess p[] = {
                {0, 100 * s, -1, 1},      /* make */
                {1 * s, 40 * s, 0, 2},    /* what the next one waits for */
                {2 * s, 20 * s, 0, 3},    /* runs beside it */
                {40 * s, 99 * s, 0, 4},
                {50 * s, 51 * s, 99, 5},  /* a parent that is none */
                {60 * s, 60 * s, 5, 6},   /* its own */
        };
        ChainStep *steps;
        size_t n;
        int64_t t = 0;

        assert_int_equal(chain_find(p, ARRAY_LENGTH(p), &steps, &n), 0);
        static const uint32_t who[] = {0, 1, 3, 0};
        assert_int_equal(n, ARRAY_LENGTH(who));
        for (size_t i = 0; i < n; i++) {
                assert_int_equal(steps[i].process, who[i]);
                assert_int_equal(steps[i].from_ns, t);
                t = steps[i].to_ns;
        }
        assert_int_equal(t, 100 * s);
        free(steps);
        assert_int_equal(chain_find(p, 0, &steps, &n), 0);
        assert_int_equal(n, 0);

        /* sh -c 'make; ld': the shell becomes its last command, which is shorter than what it was. */
        const ChainProcess execed[] = {{0, 60 * s, -1, 1}, {1 * s, 59 * s, 0, 2}, {60 * s, 80 * s, -1, 1}};
        assert_int_equal(chain_find(execed, ARRAY_LENGTH(execed), &steps, &n), 0);
        assert_int_equal(n, 4);
        assert_int_equal(steps[1].process, 1);
        assert_int_equal(steps[3].process, 2);
        assert_int_equal(steps[3].to_ns, 80 * s);
        free(steps);
}

/* Growth thins out without losing what it grew to. */
static void test_growth(void **state)
{
        Growth g = {0};
        const int64_t ms = (int64_t)NS_PER_MS;

        for (int64_t i = 0; i <= 100000; i++)
                growth_add(&g, i * 50 * ms, (double)i);
        assert_true(g.n <= GROWTH_POINTS + 1);
        assert_true(fabs(growth_between(&g, 0, INT64_MAX) - 100000) < 0.5);
        assert_true(fabs(growth_between(&g, 1000 * 50 * ms, 51000 * 50 * ms) - 50000) < 0.5);
        growth_add(&g, 200000 * 50 * ms, 10); /* began anew */
        assert_true(fabs(growth_between(&g, 0, INT64_MAX) - 100010) < 0.5);
        assert_true(growth_between(&g, 5, 5) == 0);
}

static void test_swap(void **state)
{
        World w;
        Batch *rows = new_rows(&memory_schema);

        world_begin(&w);
        for (unsigned s = 0; s <= 60; s++)
                add_row(rows, s * SECOND, s * 5000.0, s * 800.0, s * 10.0);
        world_give(&w, rows);
        const Findings *found = world_finish(&w);
        assert_int_equal(found->n, 1);
        assert_string_equal(found->items[0]->title, "memory was read back from swap: up to 5,000 pages a second");
        world_end(&w);
        batch_free(rows);
}

/* Few pages: what the kernel says of waiting decides. */
static void test_swap_waits(void **state)
{
        for (int waits = 0; waits < 2; waits++) {
                Batch *rows = new_rows(&memory_schema), *pressure = new_rows(&pressure_schema);
                World w;
                world_begin(&w);
                for (unsigned s = 0; s <= 60; s++) {
                        add_row(rows, s * SECOND, s * 300.0, s * 80.0, 0.0);
                        add_row(pressure, s * SECOND, "cpu", s * 1e6);
                        add_row(pressure, s * SECOND, "memory", waits ? s * 4e5 : s * 1e4);
                }
                world_give(&w, rows);
                world_give(&w, pressure);
                const Findings *found = world_finish(&w);
                assert_int_equal(found->n, waits);
                if (waits) {
                        assert_string_equal(found->items[0]->id, "swap-thrash");
                        assert_true(found->items[0]->cause);
                        assert_non_null(strstr(found->items[0]->evidence, "tasks waited for memory up to 40.0 % of the time"));
                }
                world_end(&w);
                batch_free(rows);
                batch_free(pressure);
        }
}

static void test_threads(void **state)
{
        World w;
        Batch *rows = new_rows(&thread_schema), *processes = new_rows(&process_schema);

        world_begin(&w);
        for (unsigned s = 0; s <= 120; s += 10)
                for (unsigned tid = 1; tid <= 10; tid++) {
                        add_row(rows, s * SECOND, 7.0, 1000.0 + tid, 5.0, tid == 1 ? "event-loop" : "worker", "S", tid == 1 ? s * 0.99e6 : 0.0, 0.0);
                        add_row(rows, s * SECOND, 8.0, 2000.0 + tid, 5.0, "cc", "R", s * 0.9e6, 0.0); /* all at work */
                }
        assert_int_equal(detect_observe(w.detect, "threads", rows, true), 0);
        add_row(processes, 7.0, 4711.0, NOTHING, "server", "server", 0.0, NOTHING, NOTHING, NOTHING);
        world_give(&w, processes);
        const Findings *found = world_finish(&w);
        assert_int_equal(found->n, 2);
        assert_string_equal(world_find(&w, "thread-busy", "7")->title, "one thread of server (pid 4711), event-loop, was always busy while most "
                                                                       "of its 10 did nothing");
        assert_string_equal(world_find(&w, "threads-idle", "7")->title, "9 of 10 threads of server (pid 4711) were idle");
        world_end(&w);
        batch_free(rows);
        batch_free(processes);
}

/* Over memory.high for seconds; a moment of it, or none set on what counts it, is not worth a word. */
static void test_memory_high(void **state)
{
        for (int kind = 0; kind < 3; kind++) {
                Batch *rows = new_rows(&high_schema);
                World w;
                world_begin(&w);
                for (unsigned i = 0; i <= 40; i++)
                        add_row(rows, i * 0.25 * SECOND, "/system.slice/ci.service", 60e6, kind == 2 ? NOTHING : (double)(64u << 20),
                                kind == 1 ? 5.0 + (i > 20) : 5.0 + MAX((double)i - 8, 0.0));
                world_give(&w, rows);
                assert_int_equal(world_finish(&w)->n, kind == 0);
                const Finding *f = world_find(&w, "memory-high", "/system.slice/ci.service");
                if (kind == 0) {
                        assert_non_null(f);
                        assert_int_equal(f->severity, SEVERITY_WARNING);
                        assert_string_equal(f->title, "a cgroup's memory.high of 64 MiB slowed the run down");
                        assert_non_null(strstr(f->evidence, "32 times in 8 s, from 2 s to 10 s"));
                        assert_non_null(strstr(f->advice, "\nsystemctl set-property ci.service MemoryHigh=96M\n"));
                }
                batch_free(rows);
                world_end(&w);
        }
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_tail), cmocka_unit_test(test_well), cmocka_unit_test(test_few_jobs), cmocka_unit_test(test_labels),
                cmocka_unit_test(test_chain), cmocka_unit_test(test_growth), cmocka_unit_test(test_swap),
                cmocka_unit_test(test_swap_waits), cmocka_unit_test(test_threads),
                cmocka_unit_test(test_memory_high),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
