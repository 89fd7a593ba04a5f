/* Whom a signal ended, and whether the run failed of it: crashes, limits, who was asked to end. */
#include <signal.h>

#include "detect/signals.h"
#include "detect/test-oom-rows.h"

static void begin(World *w, Rows *r, int exit_code)
{
        world_begin_ended(w, exit_code);
        rows_begin(r);
}

static void test_crashes(void **state)
{
        static const struct {
                int signal;
                const char *comm;
                int code; /* of the command */
                const char *log, *line, *id, *title;
                Sureness sure;
        } cases[] = {
                {SIGSEGV, "make", 2, NULL, NULL, "crashed", "gen crashed at 5 s: a bad memory access (SIGSEGV)", SURE_LIKELY},
                {SIGSEGV, "sh", 139, NULL, NULL, "crashed", "a bad memory access", SURE_LIKELY},
                {SIGSEGV, "sh", 1, NULL, NULL, "crashed", "a bad memory access", SURE_POSSIBLE},
                {SIGSEGV, "pytest", 1, NULL, NULL, "crashed", "a bad memory access", SURE_POSSIBLE},
                {SIGSEGV, "make", 2, "gen[101]: segfault at 18 ip 000055e3eda89139 sp 00007ffe1c8d0aa0 error 4 in gen", NULL, "crashed",
                 "it used a null pointer", SURE_LIKELY},
                {SIGSEGV, "make", 2, "gen[101]: segfault at 7ffe1c8cfff8 ip 000055e3eda89139 sp 00007ffe1c8d0000 error 6 in gen", NULL, "crashed",
                 "it outgrew its stack", SURE_LIKELY},
                {SIGSEGV, "make", 2, "gen[999]: segfault at 0 ip 000055e3eda89139 sp 00007ffe1c8d0aa0 error 4 in gen", NULL, "crashed",
                 "a bad memory access", SURE_LIKELY},
                {SIGABRT, "make", 2, NULL, "gen: t.c:2: main: Assertion `sorted' failed.", "crashed", "gen gave up at 5 s (SIGABRT): gen: t.c:2: main: Assert", SURE_LIKELY},
                {SIGPIPE, "bash", 141, NULL, NULL, "broken-pipe", "gen was ended at 5 s: it wrote to a pipe that nobody read any more", SURE_LIKELY},
                {SIGUSR1, "make", 2, NULL, NULL, "killed", "something sent SIGUSR1 to gen at 5 s", SURE_LIKELY},
                {SIGXCPU, "make", 2, NULL, NULL, "cpu-time-limit", "gen used up the CPU time that it may have", SURE_LIKELY},
                {SIGXFSZ, "make", 2, NULL, NULL, "file-size-limit", "gen wrote more into one file than it may", SURE_LIKELY},
                {SIGTERM, "make", 2, NULL, NULL, "killed", "something sent SIGTERM to gen at 5 s", SURE_LIKELY},
                {SIGHUP, "make", 2, NULL, NULL, "killed", "something sent SIGHUP to gen at 5 s", SURE_LIKELY},
        };

        for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
                World w;
                Rows r;
                begin(&w, &r, cases[i].code);
                failed(&r, 11, 101, 100, "gen", 5, 0, cases[i].signal);
                failed(&r, 10, 100, 1, cases[i].comm, 6, cases[i].code, 0);
                if (cases[i].log)
                        event(&r, 5 * S, "kernel-segfault", 101, 0, cases[i].log);
                if (cases[i].line)
                        world_say(&w, cases[i].line);
                const Findings *found = rows_give(&r, &w);
                assert_int_equal(world_told(found), 1);
                assert_string_equal(found->items[0]->id, cases[i].id);
                assert_has(found->items[0]->title, cases[i].title);
                assert_int_equal(found->items[0]->sure, cases[i].sure);
                assert_int_equal(found->items[0]->pid, 101);
                world_end(&w);
        }
}

static void test_command_itself(void **state)
{
        World w;
        Rows r;

        begin(&w, &r, -SIGTERM);
        failed(&r, 10, 100, 1, "cargo", 6, 0, SIGTERM);
        const Findings *found = rows_give(&r, &w);
        assert_int_equal(world_told(found), 1);
        assert_string_equal(found->items[0]->title, "something sent SIGTERM to cargo at 6 s");
        assert_int_equal(found->items[0]->sure, SURE_CERTAIN);
        assert_int_equal(found->items[0]->severity, SEVERITY_WARNING);
        world_end(&w);
}

/* A test that failed and then stopped its server; a reader that was gone; a run that went well; one over its time. */
static void test_nobodys_fault(void **state)
{
        static const struct {
                int code, signal;
                bool timed_out;
        } cases[] = {{1, SIGTERM, false}, {1, SIGPIPE, false}, {0, SIGSEGV, false}, {-SIGTERM, SIGTERM, true}};

        for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
                World w;
                Rows r;
                begin(&w, &r, cases[i].code);
                w.context.facts.timed_out = cases[i].timed_out;
                if (cases[i].code == 0)
                        w.context.facts.exit_code = 0;
                detect_set_facts(w.detect, &w.context.facts);
                if (cases[i].code > 0)
                        failed(&r, 12, 102, 100, "test", 4, 1, 0);
                failed(&r, 11, 101, 100, "server", 5, 0, cases[i].signal);
                failed(&r, 10, 100, 1, "sh", 6, MAX(cases[i].code, 0), cases[i].code < 0 ? -cases[i].code : 0);
                const Findings *found = rows_give(&r, &w);
                assert_int_equal(world_count(found, "crashed"), 0);
                for (size_t k = 0; k < found->n; k++)
                        assert_has_not(found->items[k]->title, "something sent");
                world_end(&w);
        }
}

/* A script that goes on when its command was asked to end (by earlyoom, unheard), and a shell that says so. */
static void test_mentioned(void **state)
{
        for (int said = 0; said < 2; said++) {
                World w;
                Rows r;
                begin(&w, &r, 3);
                failed(&r, 11, 101, 100, "cc1plus", 5, 0, SIGTERM);
                failed(&r, 10, 100, 1, "sh", 6, 3, 0);
                if (said)
                        world_say(&w, "Terminated");
                const Findings *found = rows_give(&r, &w);
                assert_int_equal(world_told(found), said);
                if (said) {
                        assert_string_equal(found->items[0]->title, "something sent SIGTERM to cc1plus at 5 s");
                        assert_int_equal(found->items[0]->sure, SURE_POSSIBLE);
                }
                world_end(&w);
        }
}

/* Who gave up for want of memory is told by its words, and not twice. */
static void test_refused(void **state)
{
        World w;
        Rows r;

        begin(&w, &r, 134);
        failed(&r, 11, 101, 100, "node", 5, 0, SIGABRT);
        failed(&r, 10, 100, 1, "sh", 6, 134, 0);
        world_say(&w, "FATAL ERROR: Reached heap limit Allocation failed - JavaScript heap out of memory");
        const Findings *found = rows_give(&r, &w);
        assert_int_equal(world_told(found), 1);
        assert_string_equal(found->items[0]->id, "memory-refused");
        world_end(&w);
}

/* How programs ended was not seen: what is said of it, by make, cargo, gcc, a shell. */
static void test_said(void **state)
{
        static const struct {
                const char *line;
                int code;
                const char *title; /* NULL: nothing */
                Sureness sure;
        } cases[] = {
                {"make: *** [Makefile:5: b] Segmentation fault", 2, "a program crashed: a bad memory access (SIGSEGV)", SURE_LIKELY},
                {"make[2]: *** [CMakeFiles/x.dir/build.make:70: x.o] Aborted (core dumped)", 2, "a program crashed: it gave up by itself", SURE_LIKELY},
                {"  process didn't exit successfully: `rustc` (signal: 11, SIGSEGV: invalid memory reference)", 101, "SIGSEGV", SURE_LIKELY},
                {"x.c:3:1: internal compiler error: Segmentation fault", 1, "SIGSEGV", SURE_LIKELY},
                {"Segmentation fault (core dumped)", 139, "SIGSEGV", SURE_LIKELY},
                {"Segmentation fault", 1, "SIGSEGV", SURE_POSSIBLE},
                {"CPU time limit exceeded", 152, "a program used up the CPU time that it may have", SURE_LIKELY},
                {"make: *** [Makefile:5: c] Killed", 2, "something sent SIGKILL to the command, or to a program that it ran", SURE_POSSIBLE},
                {"make: *** [Makefile:5: c] Terminated", 2, "something sent SIGTERM", SURE_LIKELY},
                {"x.sh: line 7:  6946 Segmentation fault      (core dumped) ./t", 139, "SIGSEGV", SURE_LIKELY},
                {"Aborted by the user's wish", 1, NULL, SURE_LIKELY},
                {"Terminated 12 connections", 1, NULL, SURE_LIKELY},
                {"nothing", 143, "something sent SIGTERM to the command", SURE_LIKELY},
                {"ok 3 - Segmentation fault", 1, NULL, SURE_LIKELY},
                {"docs: what a Segmentation fault is", 1, NULL, SURE_LIKELY},
                {"nothing", 1, NULL, SURE_LIKELY},
        };

        for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
                World w;
                Rows r;
                begin(&w, &r, cases[i].code);
                failed(&r, 10, 100, 1, "sh", 6, cases[i].code, 0);
                world_say(&w, cases[i].line);
                const Findings *found = rows_give(&r, &w);
                if (world_told(found) != (cases[i].title != NULL))
                        fail_msg("\"%s\": %zu findings", cases[i].line, world_told(found));
                if (cases[i].title) {
                        assert_has(found->items[0]->title, cases[i].title);
                        assert_int_equal(found->items[0]->sure, cases[i].sure);
                }
                world_end(&w);
        }
}

/* More failures than are kept, and texts that are none. */
static void test_bounds(void **state)
{
        World w;
        Rows r;

        begin(&w, &r, 2);
        for (int i = 0; i < 200; i++)
                failed(&r, 1000 + (uint64_t)i, 1000 + i, 100, "conftest", 2, 1, 0);
        for (int i = 0; i < 40; i++) {
                event(&r, 3 * S, "kernel-segfault", 101, 0, "]: segfault at ");
                event(&r, 3 * S, "kernel-segfault", 101, 0, "gen[99999999999999999999]: segfault at zz ip sp");
        }
        failed(&r, 11, 101, 100, "gen", 5, 0, SIGSEGV);
        failed(&r, 10, 100, 1, "make", 6, 2, 0);
        const Findings *found = rows_give(&r, &w);
        assert_int_equal(world_told(found), 1);
        assert_has(found->items[0]->title, "gen crashed");
        world_end(&w);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_crashes), cmocka_unit_test(test_command_itself), cmocka_unit_test(test_nobodys_fault),
                cmocka_unit_test(test_mentioned), cmocka_unit_test(test_refused), cmocka_unit_test(test_said),           cmocka_unit_test(test_bounds),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
