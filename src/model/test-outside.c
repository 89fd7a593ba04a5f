/* Who is told of, and who is not. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/clock.h"
#include "base/macros.h"
#include "model/outside.h"
#include "model/outside-daemons.h"
#include "table/columns.h"
#include "table/process-tables.h"

#define BOOT (1000 * NS_PER_SECOND) /* the run's start */
#define NONE UINT64_MAX

enum { PID, START, HOW, ADDRESS, COMM, CMDLINE, CPU, USUAL, N_COLUMNS };

static const Column columns[N_COLUMNS] = {
        [PID] = KEY("pid", U32, NONE, NULL),
        [START] = KEY("start_boottime_ns", U64, NS, NULL),
        [HOW] = KEY("how", TEXT, NONE, NULL),
        [ADDRESS] = KEY("address", TEXT, NONE, NULL),
        [COMM] = WORDS("comm", NULL),
        [CMDLINE] = WORDS("cmdline", NULL),
        [CPU] = COUNTER("cpu_us", U64, US, NULL),
        [USUAL] = GAUGE("usual_cpu_us", U64, US, NULL),
};
static const Schema schema = {"outside", columns, N_COLUMNS};

typedef struct World {
        Batch *outside, *processes;
        uint64_t keys;
} World;

static void set_up(World *w)
{
        *w = (World){0};
        assert_int_equal(batch_new(&schema, 100, 10000, &w->outside), 0);
        assert_int_equal(batch_new(&processes_schema, 100, 10000, &w->processes), 0);
}

static void set_text(Batch *b, size_t column, const char *text)
{
        if (text)
                assert_int_equal(batch_set_text(b, column, text, strlen(text)), 0);
}

static void add_row(World *w, const char *how, uint64_t pid, const char *address, const char *cmdline, uint64_t cpu_ms,
                    uint64_t usual_ms)
{
        assert_int_equal(batch_add_row(w->outside), 0);
        if (pid != NONE) {
                batch_set_u64(w->outside, PID, pid);
                batch_set_u64(w->outside, START, BOOT - NS_PER_SECOND * pid);
                set_text(w->outside, COMM, "daemon");
        }
        set_text(w->outside, HOW, how);
        set_text(w->outside, ADDRESS, address);
        set_text(w->outside, CMDLINE, cmdline);
        if (cpu_ms != NONE)
                batch_set_u64(w->outside, CPU, cpu_ms * 1000);
        if (usual_ms != NONE)
                batch_set_u64(w->outside, USUAL, usual_ms * 1000);
}

/* parent 0: none. exec_ms NONE: it was there before. */
static void add_process(World *w, uint64_t pid, uint64_t parent, const char *comm, const char *cmdline, int64_t start_ms,
                        uint64_t exec_ms, uint64_t cpu_ms)
{
        Batch *b = w->processes;

        assert_int_equal(batch_add_row(b), 0);
        batch_set_u64(b, PROCESS_PROCESS, ++w->keys);
        batch_set_u64(b, PROCESS_IMAGE, 0);
        batch_set_i64(b, PROCESS_PID, (int64_t)pid);
        if (parent)
                batch_set_u64(b, PROCESS_PARENT, parent);
        set_text(b, PROCESS_COMM, comm);
        set_text(b, PROCESS_CMDLINE, cmdline);
        batch_set_i64(b, PROCESS_START_NS, start_ms * (int64_t)NS_PER_MS);
        if (exec_ms != NONE)
                batch_set_i64(b, PROCESS_EXEC_NS, (int64_t)(exec_ms * NS_PER_MS));
        batch_set_u64(b, PROCESS_CPU_US, cpu_ms * 1000);
}

static Outside *finish(World *w, uint64_t run_cpu_ms)
{
        OutsideBuilder *b;
        Outside *o;

        assert_int_equal(outside_new(BOOT, true, &b), 0);
        assert_int_equal(outside_observe(b, "outside", w->outside), 0);
        assert_int_equal(outside_observe(b, "processes", w->processes), 0);
        if (outside_wants_parents(b))
                assert_int_equal(outside_observe_parents(b, w->processes), 0);
        assert_int_equal(outside_finish(b, run_cpu_ms * 1000, &o), 0);
        outside_builder_free(b);
        batch_free(w->outside);
        batch_free(w->processes);
        return o;
}

static void test_who_is_told(void **state)
{
        World w;

        set_up(&w);
        add_row(&w, "unix", 10, "/run/d.sock", "/usr/sbin/daemon -x", 100, NONE);
        add_row(&w, "unix", 10, "/run/d.sock", "/usr/sbin/daemon -x", 900, NONE); /* later: more */
        add_row(&w, "busy", 10, NULL, "/usr/sbin/daemon -x", 5000, 1);           /* the same one */
        add_row(&w, "tcp", 20, "4226", "python3 -u /opt/s.py", NONE, NONE);
        add_row(&w, "unix", NONE, "/run/other", NULL, NONE, NONE);
        add_row(&w, "unix", 30, "/run/systemd/journal/stdout", "journald", 1, NONE);
        add_row(&w, "unix", 40, "@inside", "daemon of ours", 1, NONE);
        add_row(&w, "busy", 50, NULL, "burn", 5000, 100);
        add_row(&w, "busy", 60, NULL, "as always", 9000, 8000);
        add_row(&w, "busy", 70, NULL, "little", 4000, NONE);
        add_process(&w, 100, 0, "make", "make", 0, 1, 100000);
        add_process(&w, 40, 1, "daemon", "daemon", -40000, 5, 0);
        Outside *o = finish(&w, 100000);
        assert_int_equal(o->n, 4);
        assert_int_equal(o->workers[0].pid, 10);
        assert_int_equal(o->workers[0].how, OUTSIDE_CONNECTED);
        assert_int_equal(o->workers[0].cpu_us, 900000);
        assert_string_equal(o->workers[0].match, "(^|/)daemon( |$)");
        assert_int_equal(o->workers[1].pid, -1);
        assert_null(o->workers[1].match);
        assert_int_equal(o->workers[2].pid, 20);
        assert_string_equal(o->workers[2].address, "port 4226");
        assert_string_equal(o->workers[2].match, "(^|[/ ])s\\.py( |$)");
        assert_int_equal(o->workers[3].pid, 50);
        assert_int_equal(o->workers[3].how, OUTSIDE_BUSY);
        assert_int_equal(o->matched_processes, 0);
        outside_free(o);
}

static void test_matched(void **state)
{
        World w;

        set_up(&w);
        add_process(&w, 1, 0, "nix-daemon", "nix-daemon", -5, NONE, 10); /* there before the command */
        add_process(&w, 2, 0, "nix-build", "nix-build", 0, 1, 20);
        add_process(&w, 3, 2, "sh", "sh", 5, 6, 40);
        add_process(&w, 4, 1, "nix-daemon", "nix-daemon", 5, NONE, 80);
        add_process(&w, 5, 4, "cc1", "cc1", 9, 9, 160);
        Outside *o = finish(&w, 1000);
        assert_int_equal(o->n, 0); /* its daemon is in the run */
        assert_int_equal(o->matched_processes, 3);
        assert_int_equal(o->matched_cpu_us, 250000);
        outside_free(o);
}

static const OutsideDaemon *daemon_of(const char *comm, const char *cmdline)
{
        for (const OutsideDaemon *d = outside_daemons; d->name; d++)
                if (outside_is_client(d, comm, cmdline))
                        return d;
        return NULL;
}

static void test_known(void **state)
{
        static const struct {
                const char *comm, *cmdline, *daemon; /* NULL: none */
        } cases[] = {
                {"nix-build", "nix-build .", "nix-daemon"},
                {"docker", "docker build -f containerd/Dockerfile .", "dockerd"},
                {"docker", "docker version", NULL},
                {"java", "java -cp x.jar org.gradle.wrapper.GradleWrapperMain build", "the Gradle daemon"},
                {"java", "java -jar server.jar", NULL},
                {"sccache", "sccache gcc -c a.c", "sccache's server"},
                {"sccache", "/usr/bin/sccache", NULL},
                {"systemd-run", "systemd-run --wait make", "systemd"},
                {"make", "make nix-build", NULL},
                {"bazel", NULL, "bazel's server"},
        };

        for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
                const OutsideDaemon *d = daemon_of(cases[i].comm, cases[i].cmdline);
                if (!cases[i].daemon != !d || (d && strcmp(d->name, cases[i].daemon) != 0))
                        fail_msg("case %zu: %s", i, d ? d->name : "none");
        }
}

static void test_match(void **state)
{
        static const char *const cases[][2] = {
                {"/usr/bin/nix-daemon --daemon", "(^|/)nix-daemon( |$)"},
                {"bazel(ws) --x", "(^|/)bazel\\(ws\\)( |$)"},
                {"java -Xmx1g -cp a.jar org.Main x", "(^|[/ ])a\\.jar( |$)"},
                {"python3.11 /srv/it's.py", "(^|[/ ])it.s\\.py( |$)"},
                {"python3", "(^|/)python3( |$)"},
                {"shepherd x", "(^|/)shepherd( |$)"},
                {"bash -", "(^|/)bash( |$)"},
                {"a\033b", "(^|/)a.b( |$)"},
                {"", "(^|/)( |$)"},
                {"bash -lc make -j2", ""},
                {"bash /dev/fd/3", ""},
                {"sh -e /srv/run.sh", "(^|[/ ])run\\.sh( |$)"},
                {"perl -e print", ""},
        };

        for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
                String s = {0};
                outside_add_match(&s, cases[i][0]);
                assert_string_equal(string_get(&s), cases[i][1]);
                string_done(&s);
        }
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_who_is_told),
                cmocka_unit_test(test_matched),
                cmocka_unit_test(test_known),
                cmocka_unit_test(test_match),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
