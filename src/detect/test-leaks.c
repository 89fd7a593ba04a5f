/* Rows of a run in, findings out: who leaks, who only looks so, orphans, zombies, and what is no finding. */
#include <string.h>

#include "detect/test-rows.h"
#include "table/columns.h"
#include "table/process-tables.h"

#define MINUTES (60e9)

typedef struct Rows {
        World world;
        Batch *processes, *samples, *events;
} Rows;

static void begin(Rows *r, double minutes, bool attached)
{
        *r = (Rows){.world.context.facts = {.memory_bytes = 16ull << 30, .cpus = 4, .interval_ns = NS_PER_SECOND,
                                            .wall_ns = (uint64_t)(minutes * MINUTES), .exit_code = -1, .exit_signal = 15,
                                            .complete = true, .attached = attached, .run = "the-run"}};
        thresholds_init(&r->world.context.thresholds);
        assert_int_equal(detect_new(&r->world.context, &r->world.detect), 0);
        assert_int_equal(batch_new(&processes_schema, 4096, 1 << 20, &r->processes), 0);
        assert_int_equal(batch_new(&samples_schema, 1 << 16, 0, &r->samples), 0);
        assert_int_equal(batch_new(&events_schema, 4096, 1 << 20, &r->events), 0);
}

static void end(Rows *r)
{
        world_end(&r->world);
        batch_free(r->processes);
        batch_free(r->samples);
        batch_free(r->events);
}

/* to < 0: alive; code < 0: none. Times in minutes. */
static void process(Rows *r, uint64_t key, uint64_t parent, const char *comm, const char *major, double from, double to, int code)
{
        Batch *b = r->processes;

        assert_int_equal(batch_add_row(b), 0);
        batch_set_u64(b, PROCESS_PROCESS, key);
        batch_set_i64(b, PROCESS_PID, 100 + (int64_t)key);
        if (parent)
                batch_set_u64(b, PROCESS_PARENT, parent);
        batch_set_i64(b, PROCESS_START_NS, (int64_t)(from * MINUTES));
        if (to >= 0)
                batch_set_i64(b, PROCESS_END_NS, (int64_t)(to * MINUTES));
        if (code >= 0)
                batch_set_i64(b, PROCESS_EXIT_CODE, code);
        batch_set_text(b, PROCESS_COMM, comm, strlen(comm));
        batch_set_text(b, PROCESS_CMDLINE, comm, strlen(comm));
        if (major)
                batch_set_text(b, PROCESS_MAJOR, major, strlen(major));
}

static void sample(Rows *r, uint64_t key, double minute, double mb, double fds, double threads)
{
        Batch *b = r->samples;

        assert_int_equal(batch_add_row(b), 0);
        batch_set_i64(b, SAMPLE_T_NS, (int64_t)(minute * MINUTES));
        batch_set_u64(b, SAMPLE_PROCESS, key);
        batch_set_u64(b, SAMPLE_RSS_ANON_BYTES, (uint64_t)(mb * 1e6));
        batch_set_u64(b, SAMPLE_SWAP_BYTES, 0);
        batch_set_u64(b, SAMPLE_FDS, (uint64_t)fds);
        batch_set_u64(b, SAMPLE_THREADS, (uint64_t)threads);
}

static void event(Rows *r, const char *kind, uint64_t key, double minute, const char *text)
{
        Batch *b = r->events;

        assert_int_equal(batch_add_row(b), 0);
        batch_set_i64(b, EVENT_T_NS, (int64_t)(minute * MINUTES));
        batch_set_text(b, EVENT_KIND, kind, strlen(kind));
        batch_set_i64(b, EVENT_PID, 100 + (int64_t)key);
        batch_set_u64(b, EVENT_PROCESS, key);
        batch_set_text(b, EVENT_TEXT, text, strlen(text));
}

static const Findings *finish(Rows *r)
{
        assert_int_equal(detect_observe(r->world.detect, "events", r->events, true), 0);
        assert_int_equal(detect_observe(r->world.detect, "processes", r->processes, false), 0);
        assert_int_equal(detect_observe(r->world.detect, "samples", r->samples, false), 0);
        return world_finish(&r->world);
}

/* Of the ids that this is about. */
static size_t count(const Findings *found)
{
        static const char *const ids[] = {"leak", "leak-files", "leak-threads", "peaks-kept", "orphan", "zombies"};
        size_t n = 0;

        for (size_t i = 0; i < found->n; i++)
                for (size_t k = 0; k < ARRAY_LENGTH(ids); k++)
                        n += text_equal(found->items[i]->id, ids[k]);
        return n;
}

/* A small noise that is the same each time. */
static double noise(int i)
{
        return (double)((unsigned)i * 2654435761u >> 16 & 1023) / 1024;
}

static void test_growth(void **state)
{
        Rows r;

        begin(&r, 60, false);
        process(&r, 1, 0, "server", NULL, 0, -1, -1);
        process(&r, 2, 0, "learner", NULL, 0, -1, -1);
        process(&r, 3, 0, "flat", NULL, 0, -1, -1);
        process(&r, 4, 0, "opener", NULL, 0, -1, -1);
        process(&r, 5, 0, "starter", NULL, 0, -1, -1);
        process(&r, 6, 0, "warm", NULL, 0, -1, -1);
        for (int i = 1; i < 360; i++) {
                double m = i / 6.0;
                sample(&r, 1, m, 50 + 3 * m + noise(i), 5, 1);
                sample(&r, 2, m, 50 + 0.4 * m + noise(i), 5, 1);
                sample(&r, 3, m, 50 + noise(i), 5 + noise(i) * 3, 1);
                sample(&r, 4, m, 50, 5 + 12 * m, 1);
                sample(&r, 5, m, 50, 5, 1 + 0.5 * m);
                sample(&r, 6, m, 50 + (m < 8 ? 20 * m : 160) + noise(i), 5, 1);
        }
        const Findings *found = finish(&r);
        assert_int_equal(count(found), 4);
        const Finding *f = findings_find(found, "leak", "1");
        assert_non_null(f);
        assert_int_equal(f->severity, SEVERITY_WARNING);
        assert_int_equal(f->sure, SURE_LIKELY);
        assert_int_equal(f->pid, 101);
        assert_non_null(strstr(f->title, "server (pid 101) leaks 3.0"));
        assert_non_null(strstr(f->evidence, "steadily; "));
        assert_non_null(strstr(f->advice, "\nvigia leak the-run\nvigia leak --heap 101\nvigia leak --valgrind -- server\n"));
        f = findings_find(found, "leak", "2");
        assert_int_equal(f->severity, SEVERITY_INFO);
        assert_non_null(strstr(f->title, "grows slowly, 0.4"));
        f = findings_find(found, "leak-files", "4");
        assert_int_equal(f->severity, SEVERITY_WARNING);
        assert_non_null(strstr(f->advice, "/proc/104/fd"));
        f = findings_find(found, "leak-threads", "5");
        assert_int_equal(f->severity, SEVERITY_INFO);
        end(&r);
}

/* How long the memory lasts makes it critical; who ended well has given it back. */
static void test_exhaustion(void **state)
{
        static const Column columns[] = {KEY("t_ns", I64, NS, ""), GAUGE("available_bytes", U64, BYTES, ""),
                                         GAUGE("swap_free_bytes", U64, BYTES, "")};
        static const Schema schema = {"memory", columns, 3};
        Batch *memory;
        Rows r;

        begin(&r, 60, false);
        assert_int_equal(batch_new(&schema, 8, 0, &memory), 0);
        batch_add_row(memory);
        batch_set_i64(memory, 0, (int64_t)(59 * MINUTES));
        batch_set_u64(memory, 1, 300000000);
        batch_set_u64(memory, 2, 0);
        assert_int_equal(detect_observe(r.world.detect, "memory", memory, false), 0);
        batch_free(memory);
        process(&r, 1, 0, "server", NULL, 0, -1, -1);
        process(&r, 2, 0, "program", NULL, 0, 60, 0);
        for (int i = 1; i < 360; i++) {
                sample(&r, 1, i / 6.0, 50 + i + noise(i), 5, 1);
                sample(&r, 2, i / 6.0, 50 + i + noise(i), 5, 1);
        }
        const Findings *found = finish(&r);
        const Finding *f = findings_find(found, "leak", "1");
        assert_int_equal(f->severity, SEVERITY_CRITICAL);
        assert_non_null(strstr(f->meaning, "MiB the machine has left last 5"));
        f = findings_find(found, "leak", "2");
        assert_int_equal(f->severity, SEVERITY_WARNING);
        assert_null(strstr(f->meaning, "has left"));
        end(&r);
}

/* A build: compilers that grow to their end, its tool, a test that ended well meanwhile. */
static void test_build(void **state)
{
        Rows r;

        for (int attached = 0; attached < 2; attached++) {
                begin(&r, 60, attached);
                process(&r, 1, 0, "ninja", "BuildSystem", 0, 60, 0);
                process(&r, 2, 1, "cc1plus", "CPP_Compile", 1, 20, 0);
                process(&r, 3, 1, "ld.lld", "CPP_Link", 50, 59.9, 0);
                process(&r, 4, 1, "check", "Testing", 20, 40, 0);
                for (int i = 6; i < 360; i++) {
                        double m = i / 6.0;
                        sample(&r, 1, m, 50 + 2 * m, 5, 1);
                        if (m < 20)
                                sample(&r, 2, m, 50 + 100 * m, 5, 1);
                        if (m > 50)
                                sample(&r, 3, m, 300 * (m - 49), 5, 1);
                        if (m > 20 && m < 40)
                                sample(&r, 4, m, 5 * m, 5, 1);
                }
                const Findings *found = finish(&r);
                const Finding *f = findings_find(found, "leak", "4");
                assert_int_equal(f->severity, SEVERITY_INFO);
                assert_non_null(strstr(f->title, "until it ended"));
                /* A build tool that somebody attached to may be a server. */
                assert_int_equal(findings_find(found, "leak", "1") != NULL, attached);
                assert_int_equal(count(found), 1 + (size_t)attached);
                end(&r);
        }
}

static void test_short_runs(void **state)
{
        Rows r;

        begin(&r, 0.9, false);
        process(&r, 1, 0, "grows", NULL, 0, -1, -1);
        for (int i = 1; i < 540; i++)
                sample(&r, 1, i / 600.0, 50 + i, i, i);
        assert_int_equal(count(finish(&r)), 0);
        end(&r);
        begin(&r, 2.5, false);
        process(&r, 1, 0, "grows", NULL, 1, -1, -1);
        for (int i = 1; i < 900; i++)
                sample(&r, 1, 1 + i / 600.0, 50 + i, i, i);
        assert_int_equal(count(finish(&r)), 0);
        end(&r);
}

static void test_peaks(void **state)
{
        Rows r;

        begin(&r, 60, false);
        process(&r, 1, 0, "keeps", NULL, 0, -1, -1);
        process(&r, 2, 0, "returns", NULL, 0, -1, -1);
        for (int i = 1; i < 360; i++) {
                double m = i / 6.0;
                sample(&r, 1, m, m < 10 ? 100 : m < 12 ? 900 : m < 40 ? 600 : m < 42 ? 1400 : 1100, 5, 1);
                sample(&r, 2, m, m < 10 ? 100 : m < 12 ? 900 : m < 40 ? 100 : m < 42 ? 1400 : 100, 5, 1);
        }
        const Findings *found = finish(&r);
        assert_int_equal(count(found), 1);
        const Finding *f = findings_find(found, "peaks-kept", "1");
        assert_int_equal(f->severity, SEVERITY_INFO);
        assert_non_null(strstr(f->title, "keeps (pid 101) did not give back 954 MiB that it took in 2 peaks"));
        end(&r);
}

static void test_many(void **state)
{
        Rows r;

        begin(&r, 60, false);
        for (uint64_t key = 1; key <= 20; key++) {
                process(&r, key, 0, "worker", NULL, 0, -1, -1);
                for (int i = 1; i < 360; i++)
                        sample(&r, key, i / 6.0, 50 + i / 3.0 + noise(i), 5, 1);
        }
        /* Faster, but they are over: they come last, and into no sum. */
        for (uint64_t key = 21; key <= 25; key++) {
                process(&r, key, 0, "job", NULL, 0, 30, 0);
                for (int i = 1; i < 180; i++)
                        sample(&r, key, i / 6.0, 50 + i + noise(i), 5, 1);
        }
        const Findings *found = finish(&r);
        assert_int_equal(count(found), 10);
        const Finding *f = findings_find(found, "leak", "ended");
        assert_int_equal(f->severity, SEVERITY_INFO);
        assert_string_equal(f->title, "5 more processes grew in private memory until they ended");
        f = findings_find(found, "leak", "others");
        assert_int_equal(f->severity, SEVERITY_WARNING);
        assert_string_equal(f->title, "12 more processes grow in private memory, 24.0 MB a minute together");
        end(&r);
}

static void test_orphans(void **state)
{
        Rows r;

        for (int attached = 0; attached < 2; attached++) {
                begin(&r, 10, attached);
                process(&r, 1, 0, "launcher", NULL, 0, 1, 0);
                process(&r, 2, 1, "daemon", NULL, 0.5, -1, -1);
                process(&r, 3, 1, "short", NULL, 0.5, 5, 0); /* ended by itself */
                process(&r, 4, 0, "make", NULL, 0, 9.9, 0);
                process(&r, 5, 4, "late", NULL, 0, -1, -1);
                for (int i = 3; i < 60; i++) {
                        sample(&r, 2, i / 6.0, 30, 5, 1);
                        sample(&r, 5, i / 6.0, 30, 5, 1);
                }
                const Findings *found = finish(&r);
                assert_int_equal(count(found), !attached);
                const Finding *f = findings_find(found, "orphan", "2");
                if (!attached) {
                        assert_string_equal(f->title, "daemon (pid 102) outlived launcher (pid 101) that started it, and was still there at the end");
                        assert_non_null(strstr(f->evidence, "ended at 1m 00s, 9m 00s before the end; it holds 28.6 MiB"));
                        assert_non_null(strstr(f->advice, "\nkill 102\n"));
                }
                end(&r);
        }
}

static void test_zombies(void **state)
{
        Rows r;

        begin(&r, 10, false);
        process(&r, 1, 0, "server", NULL, 0, 0.1, -1);
        process(&r, 9, 0, "server", NULL, 0.2, -1, -1);
        for (uint64_t key = 10; key < 13; key++) {
                process(&r, key, 9, "worker", NULL, 1, 2, 0);
                event(&r, "zombie", key, 2.1, "worker ended 5.0 s ago");
        }
        process(&r, 13, 9, "waited", NULL, 1, 2, 0);
        event(&r, "zombie", 13, 2.1, "waited ended 5.0 s ago");
        event(&r, "zombie-gone", 13, 2.3, "gone");
        process(&r, 14, 1, "adopted", NULL, 0, 5, 0);
        event(&r, "zombie", 14, 5.1, "adopted ended 5.0 s ago and its parent, init (pid 1), has not waited for it");
        const Findings *found = finish(&r);
        assert_int_equal(count(found), 2);
        const Finding *f = findings_find(found, "zombies", "9");
        assert_int_equal(f->severity, SEVERITY_INFO);
        assert_int_equal(f->pid, 109);
        assert_string_equal(f->title, "server (pid 109) does not wait for its children: 3 ended and stayed as zombies");
        assert_non_null(strstr(f->evidence, "3 still there at the end; the longest for 8m 00s; the first ended at 2m 00s: worker"));
        f = findings_find(found, "zombies", "adopted");
        assert_non_null(strstr(f->title, "1 process ended and stayed as a zombie: the parent is gone"));
        assert_non_null(strstr(f->evidence, "init (pid 1)"));
        end(&r);
}

int main(void)
{
        static const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_growth), cmocka_unit_test(test_exhaustion), cmocka_unit_test(test_build),
                cmocka_unit_test(test_short_runs), cmocka_unit_test(test_peaks), cmocka_unit_test(test_many),
                cmocka_unit_test(test_orphans), cmocka_unit_test(test_zombies),
        };

        return cmocka_run_group_tests_name("leaks", tests, NULL, NULL);
}
