/* What looks like OOM kills: SIGKILL by others, daemons that kill for memory, timeout(1), programs that say that memory was
 * refused to them, and what only sounds so. */
#include "detect/test-oom-rows.h"

/* A plain kill -9: the counter stood still. */
static void test_sigkill(void **state)
{
        World w;
        Rows r;

        world_begin_ended(&w, -9);
        rows_begin(&r);
        four_compilers(&r);
        memory(&r, 8 * S, 12 * GIB, 7);
        memory(&r, 21 * S, 12 * GIB, 7);
        const Findings *found = rows_give(&r, &w);
        assert_int_equal(world_told(found), 1);
        const Finding *f = found->items[0];
        assert_string_equal(f->id, "killed");
        assert_string_equal(f->title, "something sent SIGKILL to cc1plus at 10 s");
        assert_int_equal(f->severity, SEVERITY_CRITICAL);
        assert_int_equal(f->sure, SURE_LIKELY);
        assert_has(f->evidence, "counter of OOM kills did not move");
        world_end(&w);
}

/* Without a counter and with memory gone it may have been the kernel: possible, no more. */
static void test_sigkill_short(void **state)
{
        World w;
        Rows r;

        world_begin(&w);
        rows_begin(&r);
        four_compilers(&r);
        assert_int_equal(batch_add_row(r.memory), 0);
        batch_set_i64(r.memory, 0, 10 * S);
        batch_set_u64(r.memory, 1, 16 * GIB);
        batch_set_u64(r.memory, 2, 50 * MIB);
        rows_give(&r, &w);
        const Finding *f = world_find(&w, "killed", NULL);
        assert_non_null(f);
        assert_int_equal(f->sure, SURE_POSSIBLE);
        assert_has(f->title, "while memory was nearly used up");
        world_end(&w);
}

static void test_timeout(void **state)
{
        World w;
        Rows r;

        world_begin_ended(&w, 137);
        rows_begin(&r);
        process(&r, 10, 100, 1, "timeout", 0, 30, 0, 2 * MIB);
        process(&r, 11, 101, 100, "sleep", 0, 30, 9, 2 * MIB);
        const Findings *found = rows_give(&r, &w);
        assert_int_equal(world_told(found), 1);
        assert_string_equal(found->items[0]->title, "timeout(1) killed sleep after 30 s");
        assert_int_equal(found->items[0]->severity, SEVERITY_CRITICAL);
        world_end(&w);
}

/* As timeout(1) does it, unless it is told otherwise; a SIGTERM without it is nobody's business. */
static void test_timeout_term(void **state)
{
        for (int timed = 0; timed < 2; timed++) {
                World w;
                Rows r;
                world_begin_ended(&w, 124);
                rows_begin(&r);
                process(&r, 10, 100, 1, timed ? "timeout" : "sh", 0, 30, 0, 2 * MIB);
                batch_set_i64(r.processes, PROCESS_EXIT_CODE, 124);
                process(&r, 11, 101, 100, "sleep", 0, 30, 15, 2 * MIB);
                const Findings *found = rows_give(&r, &w);
                assert_int_equal(world_told(found), timed);
                if (timed) {
                        assert_string_equal(found->items[0]->title, "timeout(1) ended sleep after 30 s");
                        assert_int_equal(found->items[0]->severity, SEVERITY_CRITICAL);
                        assert_has(found->items[0]->evidence, "ended by signal 15");
                }
                world_end(&w);
        }
}

/* vigia's own: certain, whatever signal it took. */
static void test_own_timeout(void **state)
{
        for (int killed = 0; killed < 2; killed++) {
                World w;
                Rows r;
                world_begin(&w);
                w.context.facts.timed_out = true;
                w.context.facts.exit_signal = killed ? 9 : 15;
                detect_set_facts(w.detect, &w.context.facts);
                rows_begin(&r);
                process(&r, 11, 101, 100, "sleep", 0, 30, killed ? 9 : 15, 2 * MIB);
                const Findings *found = rows_give(&r, &w);
                assert_int_equal(world_told(found), 1);
                assert_has(found->items[0]->title, "--timeout");
                assert_int_equal(found->items[0]->sure, SURE_CERTAIN);
                assert_int_equal(found->items[0]->severity, SEVERITY_CRITICAL);
                world_end(&w);
        }
}

static void test_daemons(void **state)
{
        static const struct {
                const char *line, *name;
        } cases[] = {
                {"earlyoom.service: sending SIGTERM to process 101 uid 1000 \"cc1plus\": badness 900, VmRSS 6000 MiB", "earlyoom"},
                {"systemd-oomd.service: Killed /user.slice/u.scope due to memory pressure for /user.slice being 60.00% > 50.00%",
                 "systemd-oomd"},
                {"init.scope: ci.service: systemd-oomd killed 12 process(es) in this unit.", "systemd-oomd"},
        };

        for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
                World w;
                Rows r;
                world_begin(&w);
                rows_begin(&r);
                four_compilers(&r);
                event(&r, 10 * S, "journal", 0, 0, cases[i].line);
                const Findings *found = rows_give(&r, &w);
                assert_int_equal(world_told(found), 1);
                assert_string_equal(found->items[0]->id, "oom-daemon");
                assert_has(found->items[0]->title, cases[i].name);
                assert_has(found->items[0]->title, "killed cc1plus");
                if (strcmp(cases[i].name, "systemd-oomd") == 0)
                        assert_has(found->items[0]->advice, strstr(cases[i].line, "/user.slice/") ? "\nsystemd-run --user --scope -p ManagedOOMPreference=omit COMMAND\n"
                                                                                          : "\nsystemd-run --scope -p ManagedOOMPreference=omit COMMAND\n");
                world_end(&w);
        }
}

/* systemd-oomd ends a shell and its compiler at once. */
static void test_whole_cgroup(void **state)
{
        World w;
        Rows r;

        world_begin(&w);
        rows_begin(&r);
        process(&r, 11, 101, 100, "sh", 1, 10, 9, MIB);
        process(&r, 12, 102, 101, "cc1plus", 1, 10, 9, 4 * GIB);
        event(&r, 10 * S, "journal", 0, 0, "systemd-oomd.service: Killed /ci.slice/x.scope due to memory pressure for /ci.slice being 60.00% > 50.00%");
        const Findings *found = rows_give(&r, &w);
        assert_has(found->items[0]->title, "out of memory: systemd-oomd killed cc1plus at 10 s");
        world_end(&w);
}

/* earlyoom sends SIGTERM first, and says to whom: nobody of the run, or one of it. */
static void test_earlyoom(void **state)
{
        static const struct {
                const char *line;
                bool ours;
        } cases[] = {
                {"earlyoom.service: sending SIGTERM to process 102 uid 1000 \"cc1plus\": badness 900, VmRSS 4000 MiB", true},
                {"earlyoom.service: sending SIGTERM to process 999 uid 1000 \"firefox\": badness 900, VmRSS 4000 MiB", false},
        };

        for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
                World w;
                Rows r;
                world_begin(&w);
                rows_begin(&r);
                process(&r, 11, 101, 100, "make", 1, 14, 0, 6 * MIB);
                process(&r, 12, 102, 100, "cc1plus", 1, 12, 15, 4 * GIB);
                event(&r, 12 * S, "journal", 0, 0, cases[i].line);
                const Findings *found = rows_give(&r, &w);
                assert_int_equal(world_count(found, "oom-daemon"), cases[i].ours);
                assert_int_equal(world_told(found), cases[i].ours);
                if (cases[i].ours) {
                        assert_has(found->items[0]->title, "out of memory: earlyoom killed cc1plus at 12 s");
                        assert_has(found->items[0]->evidence, "cc1plus (pid 102) ended by signal 15");
                        assert_int_equal(found->items[0]->sure, SURE_CERTAIN);
                }
                world_end(&w);
        }
}

/* One that nobody told of, where little was left and the kernel's counter stood still. */
static void test_daemon_unheard(void **state)
{
        World w;
        Rows r;

        world_begin(&w);
        rows_begin(&r);
        four_compilers(&r);
        memory(&r, 8 * S, 12 * GIB, 7);
        memory(&r, 9500 * (int64_t)NS_PER_MS, GIB, 7);
        memory(&r, 11 * S, 12 * GIB, 7);
        rows_give(&r, &w);
        const Finding *f = world_find(&w, "killed", NULL);
        assert_non_null(f);
        assert_int_equal(f->sure, SURE_POSSIBLE);
        assert_has(f->title, "SIGKILL ended cc1plus at 10 s while memory was nearly used up");
        assert_has(f->meaning, "earlyoom or systemd-oomd");
        assert_has(f->advice, "\njournalctl -u earlyoom");
        world_end(&w);
}

/* The same by SIGTERM, which is what earlyoom sends first; with plenty left it has nothing to do with memory. */
static void test_daemon_asked(void **state)
{
        for (int low = 0; low < 2; low++) {
                World w;
                Rows r;
                world_begin_ended(&w, 2);
                rows_begin(&r);
                process(&r, 11, 101, 100, "make", 1, 14, 15, 6 * MIB);
                process(&r, 12, 102, 100, "cc1plus", 1, 12, 15, 4 * GIB);
                memory(&r, 8 * S, 12 * GIB, 7);
                memory(&r, 11500 * (int64_t)NS_PER_MS, low ? GIB : 8 * GIB, 7);
                memory(&r, 15 * S, 12 * GIB, 7);
                rows_give(&r, &w);
                const Finding *f = world_find(&w, "killed", NULL);
                assert_non_null(f);
                assert_has(f->title, low ? "SIGTERM ended cc1plus at 12 s while memory was nearly used up" : "something sent SIGTERM to ");
                assert_int_equal(f->sure == SURE_POSSIBLE, low);
                world_end(&w);
        }
}

static void test_refused(void **state)
{
        static const struct {
                const char *line, *advice;
        } cases[] = {
                {"virtual memory exhausted: Cannot allocate memory", "\nulimit -v unlimited\n"},
                {"cc1plus: out of memory allocating 65536 bytes after a total of 132972544 bytes", "\nulimit -v unlimited\n"},
                {"LLVM ERROR: out of memory", "\nulimit -v unlimited\n"},
                {"memory allocation of 1073741824 bytes failed", "\nulimit -v unlimited\n"},
                {"terminate called after throwing an instance of 'std::bad_alloc'", "\nulimit -v unlimited\n"},
                {"fatal error: runtime: out of memory", "\nulimit -v unlimited\n"},
                {"java.lang.OutOfMemoryError: Java heap space", "\nexport JAVA_TOOL_OPTIONS=-Xmx4g\n"},
                {"MemoryError", "\nulimit -v unlimited\n"},
                {"xz: (stdin): Cannot allocate memory", "\nulimit -v unlimited\n"},
                {"OSError: [Errno 12] Cannot allocate memory", "\nulimit -v unlimited\n"},
                {"FATAL ERROR: Reached heap limit Allocation failed - JavaScript heap out of memory", "\nexport NODE_OPTIONS=--max-old-space-size="},
        };

        for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
                World w;
                Rows r;
                world_begin_ended(&w, 1);
                rows_begin(&r);
                memory(&r, 8 * S, 12 * GIB, 7);
                world_say(&w, cases[i].line);
                rows_give(&r, &w);
                const Finding *f = world_find(&w, "memory-refused", NULL);
                assert_non_null(f);
                assert_int_equal(f->severity, SEVERITY_CRITICAL);
                assert_has(f->title, cases[i].line);
                assert_has(f->advice, cases[i].advice);
                world_end(&w);
        }
}

/* overcommit_memory 2, by the figures and, certainly, by the kernel's own word. */
static void test_refused_promise(void **state)
{
        static const Column limits_columns[] = {{"t_ns", COLUMN_I64, ROLE_KEY, UNIT_NS, ""}, {"overcommit_memory", COLUMN_U32, ROLE_GAUGE, UNIT_NONE, ""}};
        static const Column promise_columns[] = {{"t_ns", COLUMN_I64, ROLE_KEY, UNIT_NS, ""},
                                                 {"commit_limit_bytes", COLUMN_U64, ROLE_GAUGE, UNIT_BYTES, ""},
                                                 {"committed_bytes", COLUMN_U64, ROLE_GAUGE, UNIT_BYTES, ""}};
        static const Schema limits_schema = {"limits", limits_columns, ARRAY_LENGTH(limits_columns)},
                            promise_schema = {"memory", promise_columns, ARRAY_LENGTH(promise_columns)};

        for (int kernel = 0; kernel < 2; kernel++) {
                _cleanup_(batch_freep) Batch *limits = NULL, *promise = NULL;
                World w;
                Rows r;
                world_begin_ended(&w, 1);
                rows_begin(&r);
                assert_int_equal(batch_new(&limits_schema, 8, 0, &limits), 0);
                assert_int_equal(batch_new(&promise_schema, 8, 0, &promise), 0);
                assert_int_equal(batch_add_row(limits), 0);
                batch_set_u64(limits, 1, 2);
                assert_int_equal(batch_add_row(promise), 0);
                batch_set_i64(promise, 0, 3 * S);
                batch_set_u64(promise, 1, 8 * GIB);
                batch_set_u64(promise, 2, 7 * GIB);
                world_give(&w, limits);
                world_give(&w, promise);
                if (kernel)
                        event(&r, 3 * S, "kernel-allocation-failure", 101, 11,
                              "__vm_enough_memory: pid: 101, comm: cc1plus, no enough memory for the allocation");
                world_say(&w, "virtual memory exhausted: Cannot allocate memory");
                const Findings *found = rows_give(&r, &w);
                const Finding *f = found->items[0];
                assert_string_equal(f->id, "memory-refused");
                assert_int_equal(f->sure, kernel ? SURE_CERTAIN : SURE_LIKELY);
                assert_has(f->title, "by the limit on what may be promised (CommitLimit): virtual memory exhausted");
                assert_has(f->evidence, "7 GiB of the 8 GiB that may be promised");
                assert_has(f->advice, "\nsudo sysctl vm.overcommit_ratio=");
                world_end(&w);
        }
}

/* A run that went well was refused nothing that matters, whatever its tests print; nor one that said it long before. */
static void test_refused_in_tests(void **state)
{
        for (int failed = 0; failed < 2; failed++) {
                World w;
                Rows r;
                world_begin_ended(&w, failed);
                rows_begin(&r);
                memory(&r, 8 * S, 12 * GIB, 7);
                world_say(&w, "malloc: Cannot allocate memory");
                for (int i = 0; i < 2000; i++)
                        world_say(&w, "CC something.o");
                const Findings *found = rows_give(&r, &w);
                assert_int_equal(world_count(found, "memory-refused"), failed);
                if (failed) {
                        assert_int_equal(found->items[0]->sure, SURE_POSSIBLE);
                        assert_int_equal(found->items[0]->severity, SEVERITY_WARNING);
                }
                world_end(&w);
        }
}

/* Words that others use, too. */
static void test_not_refused(void **state)
{
        static const char *const lines[] = {
                "read: Resource temporarily unavailable",
                "checking for memory allocation... ok",
                "class MemoryErrorHandler compiled",
                "MemoryErrors: 0",
                "java.lang.OutOfMemoryError: unable to create native thread",
                "x: error while loading shared libraries: y.so: failed to map segment from shared object: Operation not permitted",
                "ok 12 - malloc says: Cannot allocate memory",
                "   12 | puts(\"virtual memory exhausted\");",
                "test oom::std::bad_alloc ... ok",
                "note: candidate: std::bad_alloc::bad_alloc()",
                "sh: fork: Cannot allocate memory",
                "sending SIGTERM to process group",
        };
        World w;
        Rows r;

        world_begin_ended(&w, 1);
        rows_begin(&r);
        for (size_t i = 0; i < ARRAY_LENGTH(lines); i++)
                world_say(&w, lines[i]);
        four_compilers(&r);
        const Findings *found = rows_give(&r, &w);
        assert_int_equal(world_count(found, "memory-refused") + world_count(found, "oom-daemon") + world_count(found, "oom"), 0);
        world_end(&w);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_sigkill), cmocka_unit_test(test_sigkill_short), cmocka_unit_test(test_timeout),
                cmocka_unit_test(test_timeout_term), cmocka_unit_test(test_own_timeout), cmocka_unit_test(test_daemons),
                cmocka_unit_test(test_whole_cgroup), cmocka_unit_test(test_earlyoom), cmocka_unit_test(test_daemon_unheard), cmocka_unit_test(test_daemon_asked), cmocka_unit_test(test_refused),
                cmocka_unit_test(test_refused_promise), cmocka_unit_test(test_refused_in_tests), cmocka_unit_test(test_not_refused),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
