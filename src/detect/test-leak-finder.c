/* Rows in, processes out: identities over execs, private memory, orphans, room, what hostile tables say. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/clock.h"
#include "detect/leak-finder.h"
#include "detect/leak-images.h"
#include "table/columns.h"
#include "table/process-tables.h"

#define MINUTE (60 * (int64_t)NS_PER_SECOND)

typedef struct World {
        LeakFinder *finder;
        Batch *processes, *samples;
} World;

static void begin(World *w, const LeakOptions *options)
{
        assert_int_equal(leak_finder_new(options ? options : &leak_options_default, &w->finder), 0);
        assert_int_equal(batch_new(&processes_schema, 4096, 1 << 20, &w->processes), 0);
        assert_int_equal(batch_new(&samples_schema, 1 << 16, 0, &w->samples), 0);
}

static void end(World *w)
{
        leak_finder_free(w->finder);
        batch_free(w->processes);
        batch_free(w->samples);
}

/* end_ns LEAK_ALIVE: alive; exits: it ended by exiting. */
static void process(World *w, uint64_t key, int pid, uint64_t parent, int64_t start_ns, int64_t end_ns, bool exits, const char *cmdline)
{
        Batch *b = w->processes;

        assert_int_equal(batch_add_row(b), 0);
        batch_set_u64(b, PROCESS_PROCESS, key);
        batch_set_i64(b, PROCESS_PID, pid);
        if (parent)
                batch_set_u64(b, PROCESS_PARENT, parent);
        batch_set_i64(b, PROCESS_START_NS, start_ns);
        if (end_ns != LEAK_ALIVE)
                batch_set_i64(b, PROCESS_END_NS, end_ns);
        if (exits)
                batch_set_i64(b, PROCESS_EXIT_CODE, 0);
        batch_set_text(b, PROCESS_COMM, "prog", 4);
        batch_set_text(b, PROCESS_CMDLINE, cmdline, strlen(cmdline));
}

static void sample(World *w, uint64_t key, int64_t t_ns, double anon_mb, double swap_mb, unsigned fds)
{
        Batch *b = w->samples;

        assert_int_equal(batch_add_row(b), 0);
        batch_set_i64(b, SAMPLE_T_NS, t_ns);
        batch_set_u64(b, SAMPLE_PROCESS, key);
        batch_set_u64(b, SAMPLE_RSS_ANON_BYTES, (uint64_t)(anon_mb * 1e6));
        batch_set_u64(b, SAMPLE_SWAP_BYTES, (uint64_t)(swap_mb * 1e6));
        batch_set_u64(b, SAMPLE_FDS, fds);
        batch_set_u64(b, SAMPLE_THREADS, 1);
}

static const LeakReport *finish(World *w, int64_t end_ns)
{
        const LeakReport *report;

        assert_int_equal(leak_finder_observe(w->finder, "processes", w->processes), 0);
        assert_int_equal(leak_finder_observe(w->finder, "samples", w->samples), 0);
        assert_int_equal(leak_finder_finish(w->finder, end_ns, &report), 0);
        return report;
}

static const LeakProcess *find(const LeakReport *report, int pid)
{
        for (size_t i = 0; i < report->n; i++)
                if (report->processes[i].pid == pid)
                        return &report->processes[i];
        return NULL;
}

static void test_private_memory_counts_swap(void **state)
{
        World w;

        begin(&w, NULL);
        process(&w, 1, 10, 0, 0, LEAK_ALIVE, false, "grows into swap");
        process(&w, 2, 11, 0, 0, LEAK_ALIVE, false, "is swapped out");
        for (int i = 0; i <= 120; i++) {
                sample(&w, 1, i * MINUTE / 6, 50, i * 0.5, 5);
                sample(&w, 2, i * MINUTE / 6, 100 - i * 0.5, i * 0.5, 5);
        }
        const LeakReport *r = finish(&w, 20 * MINUTE);
        assert_int_equal(r->n, 2);
        assert_int_equal(r->n_leaking, 1);
        assert_int_equal(r->processes[0].pid, 10);
        assert_int_equal(r->processes[0].memory.class, LEAK_LEAK);
        assert_true(fabs(r->processes[0].memory.rate - 3) < 0.05);
        assert_int_equal(r->processes[0].memory_bytes, 110000000);
        assert_int_equal(find(r, 11)->memory.class, LEAK_NORMAL);
        assert_true(isnan(r->processes[0].exhaustion.minutes)); /* how much room there is was not told */
        end(&w);
}

static void test_exec_is_one_process(void **state)
{
        World w;

        begin(&w, NULL);
        /* A shell of a minute becomes a server, which opens a file a minute as the shell did. */
        process(&w, 1, 10, 0, 0, MINUTE, false, "sh start.sh");
        process(&w, 2, 10, 0, MINUTE, LEAK_ALIVE, false, "server");
        /* The same pid later in another process. */
        process(&w, 3, 12, 0, 0, MINUTE, true, "first");
        process(&w, 4, 12, 0, MINUTE, LEAK_ALIVE, false, "second");
        for (int i = 0; i <= 180; i++) {
                int64_t t = i * MINUTE / 6;
                if (t < MINUTE)
                        sample(&w, 1, t, 500, 0, 3 + (unsigned)i / 6);
                else
                        sample(&w, 2, t, 20, 0, 3 + (unsigned)i / 6);
                sample(&w, t < MINUTE ? 3 : 4, t, 30, 0, 3);
        }
        const LeakReport *r = finish(&w, 30 * MINUTE);
        assert_int_equal(r->n, 3);
        assert_int_equal(r->seen, 4);
        const LeakProcess *p = find(r, 10);
        assert_string_equal(p->cmdline, "server");
        assert_int_equal(p->memory.class, LEAK_NORMAL);
        assert_true(p->memory.highest < 21); /* of the server alone */
        assert_int_equal(p->start_ns, 0);
        assert_true(p->fds.class >= LEAK_SLOW && fabs(p->fds.rate - 1) < 0.1);
        assert_ptr_equal(p, &r->processes[0]); /* growing files come before what does not grow */
        end(&w);
}

static void test_orphans(void **state)
{
        World w;

        begin(&w, NULL);
        process(&w, 1, 10, 0, 0, MINUTE, true, "parent");
        process(&w, 2, 11, 1, 0, LEAK_ALIVE, false, "stays");
        process(&w, 3, 12, 1, 0, MINUTE + 1000000, true, "goes with it");
        process(&w, 4, 13, 0, 0, MINUTE, false, "becomes another");
        process(&w, 5, 13, 0, MINUTE, LEAK_ALIVE, false, "other");
        process(&w, 6, 14, 4, 0, LEAK_ALIVE, false, "child of both");
        for (int i = 0; i <= 30; i++)
                for (uint64_t key = 1; key <= 6; key++)
                        if (i * MINUTE / 6 <= MINUTE || key == 2 || key >= 5)
                                sample(&w, key, i * MINUTE / 6, 10, 0, 3);
        const LeakReport *r = finish(&w, 5 * MINUTE);
        assert_true(find(r, 11)->orphan);
        assert_int_equal(find(r, 11)->orphaned_ns, MINUTE);
        assert_false(find(r, 12)->orphan);
        assert_false(find(r, 14)->orphan);
        assert_false(find(r, 10)->orphan);
        end(&w);
}

static bool wants_eleven(int32_t pid, const char *comm, const char *cmdline, void *data)
{
        return pid == 11;
}

static void test_window_and_filter(void **state)
{
        LeakOptions options = leak_options_default;
        World w;

        options.from_ns = 10 * MINUTE;
        options.until_ns = 20 * MINUTE;
        options.wanted = wants_eleven;
        begin(&w, &options);
        process(&w, 1, 10, 0, 0, LEAK_ALIVE, false, "a");
        process(&w, 2, 11, 0, 0, LEAK_ALIVE, false, "b");
        for (int i = 0; i <= 360; i++) {
                double minutes = i / 6.0;
                sample(&w, 1, i * MINUTE / 6, 10, 0, 3);
                /* Grows only within the window. */
                sample(&w, 2, i * MINUTE / 6, 10 + 2 * fmin(fmax(minutes - 10, 0), 10), 0, 3);
        }
        const LeakReport *r = finish(&w, 60 * MINUTE);
        assert_int_equal(r->n, 1);
        assert_int_equal(r->unwatched, 1);
        assert_true(fabs(r->minutes - 10) < 0.2);
        assert_int_equal(r->processes[0].memory.class, LEAK_LEAK);
        assert_true(fabs(r->processes[0].memory.rate - 2) < 0.05);
        end(&w);
}

static void test_room(void **state)
{
        static const Column memory[] = {KEY("t_ns", I64, NS, ""), GAUGE("available_bytes", U64, BYTES, ""),
                                        GAUGE("swap_free_bytes", U64, BYTES, "")};
        static const Column limits[] = {KEY("t_ns", I64, NS, ""), GAUGE("memory_current_bytes", U64, BYTES, ""),
                                        GAUGE("memory_max_bytes", U64, BYTES, "")};
        static const Schema memory_schema = {"memory", memory, 3}, limits_schema = {"limits", limits, 3};
        Batch *m, *l;
        World w;

        begin(&w, NULL);
        assert_int_equal(batch_new(&memory_schema, 8, 0, &m), 0);
        assert_int_equal(batch_new(&limits_schema, 8, 0, &l), 0);
        batch_add_row(m);
        batch_set_u64(m, 1, 5000000000);
        batch_set_u64(m, 2, 1000000000);
        batch_add_row(l);
        batch_set_u64(l, 1, 400000000);
        batch_set_u64(l, 2, 1000000000);
        process(&w, 1, 10, 0, 0, LEAK_ALIVE, false, "a");
        for (int i = 0; i <= 120; i++)
                sample(&w, 1, i * MINUTE / 6, 10 + i / 6.0 * 3, 0, 3);
        assert_int_equal(leak_finder_observe(w.finder, "processes", w.processes), 0);
        assert_int_equal(leak_finder_observe(w.finder, "samples", w.samples), 0);
        assert_int_equal(leak_finder_observe(w.finder, "memory", m), 0);
        assert_int_equal(leak_finder_observe(w.finder, "limits", l), 0);
        const LeakReport *r;
        assert_int_equal(leak_finder_finish(w.finder, 20 * MINUTE, &r), 0);
        assert_int_equal(r->room, LEAK_ROOM_CGROUP);
        assert_int_equal(r->room_bytes, 600000000);
        assert_true(fabs(r->processes[0].exhaustion.minutes - 200) < 4);
        batch_free(m);
        batch_free(l);
        end(&w);
}

/* Workers that leak and are replaced: they stand behind who leaks less and lives, and use nothing up. */
static void test_over(void **state)
{
        World w;

        begin(&w, NULL);
        process(&w, 1, 10, 0, 0, 9 * MINUTE, true, "worker");
        process(&w, 2, 11, 0, 10 * MINUTE, 20 * MINUTE, true, "worker");
        process(&w, 3, 12, 0, 0, LEAK_ALIVE, false, "server");
        process(&w, 4, 13, 0, 0, 20 * MINUTE, true, "until the end");
        for (int i = 0; i <= 120; i++) {
                if (i < 54)
                        sample(&w, 1, i * MINUTE / 6, 50 + i * 2.0, 0, 5);
                if (i > 60)
                        sample(&w, 2, i * MINUTE / 6, 50 + (i - 60) * 1.0, 0, 5);
                sample(&w, 3, i * MINUTE / 6, 50 + i * 0.5, 0, 5);
                sample(&w, 4, i * MINUTE / 6, 50 + i * 0.25, 0, 5);
        }
        const LeakReport *r = finish(&w, 20 * MINUTE);
        assert_int_equal(r->n, 4);
        assert_int_equal(r->n_leaking, 4);
        assert_int_equal(r->processes[0].pid, 11);
        assert_int_equal(r->processes[1].pid, 12);
        assert_int_equal(r->processes[2].pid, 13);
        assert_int_equal(r->processes[3].pid, 10);
        assert_true(r->processes[3].over && !r->processes[0].over && !r->processes[2].over);
        assert_int_equal(r->processes[3].memory.class, LEAK_LEAK);
        assert_true(fabs(r->mb_per_min - 10.5) < 0.2);
        end(&w);
}

/* Columns of other types, keys that are not there, times from everywhere: nothing is found, and nothing breaks. */
static void test_strange_tables(void **state)
{
        static const Column strange[] = {WORDS("t_ns", ""), WORDS("process", ""), GAUGE("rss_anon_bytes", F64, BYTES, "")};
        static const Schema schema = {"samples", strange, 3};
        Batch *b;
        World w;
        const LeakReport *r;

        begin(&w, NULL);
        assert_int_equal(batch_new(&schema, 8, 64, &b), 0);
        batch_add_row(b);
        batch_set_text(b, 0, "now", 3);
        batch_set_text(b, 1, "me", 2);
        batch_set_f64(b, 2, 1e30);
        process(&w, 1, 10, 1, INT64_MIN, INT64_MAX - 1, true, "");
        process(&w, UINT64_MAX, -5, 7, INT64_MAX, INT64_MIN, false, "\x1b[31m");
        assert_int_equal(batch_add_row(w.processes), 0); /* all null */
        sample(&w, 1, INT64_MIN, 1e10, 0, 0);
        sample(&w, 1, INT64_MAX, 0.001, 0, UINT32_MAX);
        sample(&w, 77, 0, 1, 0, 1);
        assert_int_equal(leak_finder_observe(w.finder, "processes", w.processes), 0);
        assert_int_equal(leak_finder_observe(w.finder, "processes", b), 0);
        assert_int_equal(leak_finder_observe(w.finder, "samples", b), 0);
        assert_int_equal(leak_finder_observe(w.finder, "samples", w.samples), 0);
        assert_int_equal(leak_finder_observe(w.finder, "memory", b), 0);
        assert_int_equal(leak_finder_finish(w.finder, INT64_MIN, &r), 0);
        for (size_t i = 0; i < r->n; i++)
                assert_true(r->processes[i].memory.class <= LEAK_NORMAL);
        batch_free(b);
        end(&w);
}

static void test_nothing(void **state)
{
        World w;

        begin(&w, NULL);
        const LeakReport *r = finish(&w, INT64_MIN);
        assert_int_equal(r->n, 0);
        assert_int_equal(r->n_leaking, 0);
        end(&w);
}

int main(void)
{
        static const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_private_memory_counts_swap), cmocka_unit_test(test_exec_is_one_process),
                cmocka_unit_test(test_orphans), cmocka_unit_test(test_window_and_filter), cmocka_unit_test(test_room), cmocka_unit_test(test_over),
                cmocka_unit_test(test_strange_tables), cmocka_unit_test(test_nothing),
        };

        return cmocka_run_group_tests_name("leak-finder", tests, NULL, NULL);
}
