/* Whose signal it was is known: what `oom` and `signals` say then. */
#include <signal.h>

#include "detect/signals.h"
#include "detect/test-oom-rows.h"

typedef struct Case {
        int signal;
        const char *by; /* NULL: not known */
        int32_t pid;
        const char *comm;
        uint64_t cpu_us;
        const char *id, *title, *meaning; /* words of them */
        Sureness sure;
} Case;

static const Case cases[] = {
        {SIGKILL, "process", 55, "make", 0, "killed", "make (pid 55) sent SIGKILL to cc1plus at 9 s", "that program did so", SURE_CERTAIN},
        {SIGKILL, "process", 55, "kill", 0, "killed", "kill (pid 55) sent SIGKILL to cc1plus at 9 s", "a script or a person did", SURE_CERTAIN},
        {SIGKILL, "process", 0, "agent", 0, "killed", "agent (outside this container) sent SIGKILL to cc1plus", "that program did so", SURE_CERTAIN},
        {SIGKILL, "process", 101, "cc1plus", 0, "killed", "cc1plus ended itself by SIGKILL", "the program did so itself", SURE_CERTAIN},
        {SIGKILL, "process", 77, "earlyoom", 0, "oom-daemon", "out of memory: earlyoom killed cc1plus at 9 s", "watches memory", SURE_CERTAIN},
        {SIGKILL, "process", 0, "systemd-oomd", 0, "oom-daemon", "out of memory: systemd-oomd killed cc1plus", "watches memory", SURE_CERTAIN},
        {SIGKILL, "kernel", 77, "systemd-oomd", 0, "oom-daemon", "out of memory: systemd-oomd killed cc1plus", "watches memory", SURE_CERTAIN},
        {SIGTERM, "process", 77, "earlyoom", 0, "oom-daemon", "out of memory: earlyoom killed cc1plus at 9 s", "watches memory", SURE_CERTAIN},
        {SIGKILL, "kernel", 101, "cc1plus", 700000, "cpu-time-limit", "cc1plus used up the CPU time that it may have, at 9 s", "RLIMIT_CPU", SURE_LIKELY},
        {SIGKILL, "kernel", 101, "cc1plus", 1000, "killed", "the kernel sent SIGKILL to cc1plus at 9 s", "not for want of memory", SURE_LIKELY},
        {SIGKILL, "kernel", 55, "runner", 2000000, "killed", "the kernel sent SIGKILL to cc1plus at 9 s, for what runner (pid 55) did", "PR_SET_PDEATHSIG", SURE_LIKELY},
        {SIGKILL, NULL, 0, NULL, 2000000, "killed", "something sent SIGKILL to cc1plus at 9 s", "ulimit -t", SURE_LIKELY},
        {SIGTERM, "process", 55, "make", 0, "killed", "make (pid 55) sent SIGTERM to cc1plus at 9 s", "asked to end", SURE_LIKELY},
        {SIGTERM, "process", 101, "cc1plus", 0, "killed", "cc1plus ended itself by SIGTERM at 9 s", "the program did so itself", SURE_LIKELY},
        {SIGTERM, NULL, 0, NULL, 0, "killed", "something sent SIGTERM to cc1plus at 9 s", "a program or a person", SURE_LIKELY},
        {SIGABRT, "process", 1, "systemd", 0, "killed", "systemd (pid 1) sent SIGABRT to cc1plus at 9 s", "watchdog", SURE_LIKELY},
        {SIGABRT, "process", 101, "cc1plus", 0, "crashed", "cc1plus crashed at 9 s", "the program ended itself", SURE_LIKELY},
        {SIGSEGV, "kernel", 0, NULL, 0, "crashed", "cc1plus crashed at 9 s", "a fault of the program", SURE_LIKELY},
        {SIGINT, "kernel", 0, NULL, 0, "killed", "cc1plus was interrupted at 9 s", "the keys", SURE_LIKELY},
        {SIGHUP, "kernel", 0, NULL, 0, "killed", "SIGHUP to cc1plus at 9 s", "its terminal was closed", SURE_LIKELY},
        {SIGHUP, "kernel", 55, "sh", 0, "killed", "the kernel sent SIGHUP to cc1plus at 9 s, for what sh (pid 55) did", "terminal", SURE_LIKELY},
};

static void test_cases(void **state)
{
        for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
                const Case *c = &cases[i];
                World w;
                Rows r;
                world_begin_ended(&w, 128 + c->signal);
                rows_begin(&r);
                failed(&r, 11, 101, 100, "cc1plus", 9, 0, c->signal);
                if (c->cpu_us)
                        batch_set_u64(r.processes, PROCESS_CPU_US, c->cpu_us);
                if (c->by)
                        sent_by(&r, c->by, c->pid, c->comm);
                failed(&r, 10, 100, 1, "sh", 10, 128 + c->signal, 0);
                memory(&r, 0, 12 * GIB, 3);
                memory(&r, 11 * S, 12 * GIB, 3);
                const Findings *found = rows_give(&r, &w);
                if (world_told(found) != 1)
                        fail_msg("case %zu, \"%s\": %zu findings", i, c->title, world_told(found));
                assert_string_equal(found->items[0]->id, c->id);
                assert_has(found->items[0]->title, c->title);
                assert_has(found->items[0]->meaning, c->meaning);
                if (found->items[0]->sure != c->sure)
                        fail_msg("case %zu, \"%s\": sure %d", i, c->title, (int)found->items[0]->sure);
                world_end(&w);
        }
}

/* A process of the run did so: what it was is known, too, whichever row comes first. */
static void test_of_the_run(void **state)
{
        for (int first = 0; first < 2; first++) {
                World w;
                Rows r;
                world_begin_ended(&w, 2);
                rows_begin(&r);
                if (first) {
                        failed(&r, 12, 102, 100, "supervise", 9, 1, 0);
                        batch_set_i64(r.processes, PROCESS_END_NS, 9 * S - 1000); /* a moment before */
                }
                failed(&r, 11, 101, 100, "cc1plus", 9, 0, SIGKILL);
                sent_by(&r, "process", 102, "supervise");
                if (!first)
                        failed(&r, 12, 102, 100, "supervise", 10, 1, 0);
                failed(&r, 13, 102, 100, "later", 20, 1, 0); /* its pid again */
                batch_set_i64(r.processes, PROCESS_START_NS, 12 * S);
                failed(&r, 10, 100, 1, "sh", 21, 2, 0);
                rows_give(&r, &w);
                const Finding *f = world_find(&w, "killed", NULL);
                assert_non_null(f);
                assert_has(f->evidence, "supervise (pid 102) was: supervise; cc1plus (pid 101)");
                assert_has(f->advice, "see why supervise does so");
                world_end(&w);
        }
}

/* timeout(1) stands above it, and somebody else was faster; nobody stands above it, and it was timeout. */
static void test_timeout(void **state)
{
        for (int other = 0; other < 2; other++) {
                World w;
                Rows r;
                world_begin_ended(&w, 137);
                rows_begin(&r);
                failed(&r, 11, 101, other ? 100 : 999, "cc1plus", 9, 0, SIGKILL);
                batch_set_u64(r.processes, PROCESS_PARENT, other ? 10 : 999);
                sent_by(&r, "process", other ? 55 : 100, other ? "make" : "timeout");
                failed(&r, 10, 100, 1, "timeout", 10, 137, 0);
                const Findings *found = rows_give(&r, &w);
                assert_int_equal(world_told(found), 1);
                assert_has(found->items[0]->title, other ? "make (pid 55) sent SIGKILL to cc1plus" : "timeout(1) killed cc1plus after 8 s");
                assert_int_equal(found->items[0]->sure, SURE_CERTAIN);
                world_end(&w);
        }
}

/* The kernel's counter rose meanwhile, for somebody else: who was sent it by a process is not taken for the victim. */
static void test_no_victim(void **state)
{
        World w;
        Rows r;

        world_begin_ended(&w, 137);
        rows_begin(&r);
        failed(&r, 11, 101, 100, "cc1plus", 9, 0, SIGKILL);
        sent_by(&r, "process", 55, "make");
        failed(&r, 10, 100, 1, "sh", 10, 137, 0);
        memory(&r, 8 * S, 100 * MIB, 3);
        memory(&r, 10 * S, 100 * MIB, 4);
        rows_give(&r, &w);
        const Finding *f = world_find(&w, "killed", NULL);
        assert_non_null(f);
        assert_has(f->title, "make (pid 55) sent SIGKILL to cc1plus");
        assert_int_equal(f->severity, SEVERITY_CRITICAL);
        f = world_find(&w, "oom", NULL);
        if (f)
                assert_has_not(f->title, "cc1plus");
        world_end(&w);
}

/* A child was killed, and the run went on until it was ended itself: that is told first, and only that as the cause. */
static void test_borne(void **state)
{
        static const int signals[] = {SIGKILL, SIGUSR1};

        for (size_t i = 0; i < ARRAY_LENGTH(signals); i++) {
                World w;
                Rows r;
                world_begin_ended(&w, -signals[i]);
                rows_begin(&r);
                failed(&r, 11, 101, 100, "cc1plus", 2, 0, SIGKILL);
                sent_by(&r, "process", 100, "sh");
                failed(&r, 10, 100, 1, "sh", 9, 0, signals[i]);
                sent_by(&r, "process", 55, "agent");
                const Findings *found = rows_give(&r, &w);
                assert_int_equal(world_told(found), 1);
                assert_has(found->items[0]->title, "agent (pid 55) sent SIG");
                assert_has(found->items[0]->title, " to sh at 9 s");
                world_end(&w);
        }
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_cases), cmocka_unit_test(test_of_the_run), cmocka_unit_test(test_timeout), cmocka_unit_test(test_no_victim),
                cmocka_unit_test(test_borne),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
