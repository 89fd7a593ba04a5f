/* OOM kills and what looks like them: told by bpf, by the kernel's log, by counters; SIGKILL by others; words. */
#include <stdio.h>
#include <string.h>

#include "detect/test-world.h"
#include "table/process-tables.h"

#define MIB ((uint64_t)1 << 20)
#define GIB ((uint64_t)1 << 30)
#define S   ((int64_t)NS_PER_SECOND)

static const Column memory_columns[] = {
        {"t_ns", COLUMN_I64, ROLE_KEY, UNIT_NS, ""},
        {"total_bytes", COLUMN_U64, ROLE_GAUGE, UNIT_BYTES, ""},
        {"available_bytes", COLUMN_U64, ROLE_GAUGE, UNIT_BYTES, ""},
        {"swap_total_bytes", COLUMN_U64, ROLE_GAUGE, UNIT_BYTES, ""},
        {"swap_free_bytes", COLUMN_U64, ROLE_GAUGE, UNIT_BYTES, ""},
        {"oom_kills", COLUMN_U64, ROLE_COUNTER, UNIT_COUNT, ""},
};
static const Schema memory_schema = {"memory", memory_columns, ARRAY_LENGTH(memory_columns)};

static const Column cgroup_columns[] = {
        {"t_ns", COLUMN_I64, ROLE_KEY, UNIT_NS, ""},
        {"path", COLUMN_TEXT, ROLE_GAUGE, UNIT_NONE, ""},
        {"memory_bytes", COLUMN_U64, ROLE_GAUGE, UNIT_BYTES, ""},
        {"memory_max_bytes", COLUMN_U64, ROLE_GAUGE, UNIT_BYTES, ""},
        {"memory_limit_bytes", COLUMN_U64, ROLE_GAUGE, UNIT_BYTES, ""},
        {"oom_kills", COLUMN_U64, ROLE_COUNTER, UNIT_COUNT, ""},
};
static const Schema cgroup_schema = {"cgroup", cgroup_columns, ARRAY_LENGTH(cgroup_columns)};

typedef struct Rows {
        Batch *events, *processes, *memory, *cgroup;
} Rows;

static void rows_begin(Rows *r)
{
        *r = (Rows){0};
        assert_int_equal(batch_new(&events_schema, 256, 1 << 16, &r->events), 0);
        assert_int_equal(batch_new(&processes_schema, 256, 1 << 16, &r->processes), 0);
        assert_int_equal(batch_new(&memory_schema, 256, 0, &r->memory), 0);
        assert_int_equal(batch_new(&cgroup_schema, 256, 1 << 16, &r->cgroup), 0);
}

/* As a report gives them: events ahead, then each table. */
static const Findings *rows_give(Rows *r, World *w)
{
        assert_int_equal(detect_observe(w->detect, "events", r->events, true), 0);
        assert_int_equal(detect_observe(w->detect, "processes", r->processes, false), 0);
        assert_int_equal(detect_observe(w->detect, "events", r->events, false), 0);
        assert_int_equal(detect_observe(w->detect, "memory", r->memory, false), 0);
        assert_int_equal(detect_observe(w->detect, "cgroup", r->cgroup, false), 0);
        batch_free(r->events);
        batch_free(r->processes);
        batch_free(r->memory);
        batch_free(r->cgroup);
        return world_finish(w);
}

static void text(Batch *rows, size_t column, const char *words)
{
        assert_int_equal(batch_set_text(rows, column, words, strlen(words)), 0);
}

static void event(Rows *r, int64_t t_ns, const char *kind, int32_t pid, uint64_t process, const char *words)
{
        assert_int_equal(batch_add_row(r->events), 0);
        batch_set_i64(r->events, EVENT_T_NS, t_ns);
        text(r->events, EVENT_KIND, kind);
        if (pid > 0)
                batch_set_i64(r->events, EVENT_PID, pid);
        if (process)
                batch_set_u64(r->events, EVENT_PROCESS, process);
        text(r->events, EVENT_TEXT, words);
}

/* key, pid and parent's pid; from, to in seconds (to 0: it lives). */
static void process(Rows *r, uint64_t key, int32_t pid, int32_t ppid, const char *comm, int64_t from, int64_t to, int signal,
                    uint64_t peak)
{
        Batch *b = r->processes;

        assert_int_equal(batch_add_row(b), 0);
        batch_set_u64(b, PROCESS_PROCESS, key);
        batch_set_i64(b, PROCESS_PID, pid);
        batch_set_i64(b, PROCESS_PPID, ppid);
        text(b, PROCESS_COMM, comm);
        text(b, PROCESS_CMDLINE, comm);
        text(b, PROCESS_CATEGORY, "C++ compile");
        batch_set_i64(b, PROCESS_START_NS, from * S);
        if (to > 0)
                batch_set_i64(b, PROCESS_END_NS, to * S);
        if (signal)
                batch_set_i64(b, PROCESS_EXIT_SIGNAL, signal);
        batch_set_u64(b, PROCESS_PEAK_RSS_BYTES, peak);
}

static void memory(Rows *r, int64_t t_ns, uint64_t available, uint64_t kills)
{
        assert_int_equal(batch_add_row(r->memory), 0);
        batch_set_i64(r->memory, 0, t_ns);
        batch_set_u64(r->memory, 1, 16 * GIB);
        batch_set_u64(r->memory, 2, available);
        batch_set_u64(r->memory, 3, 0);
        batch_set_u64(r->memory, 4, 0);
        batch_set_u64(r->memory, 5, kills);
}

static void cgroup(Rows *r, int64_t t_ns, uint64_t used, uint64_t kills)
{
        assert_int_equal(batch_add_row(r->cgroup), 0);
        batch_set_i64(r->cgroup, 0, t_ns);
        text(r->cgroup, 1, "/system.slice/ci.service/vigia-1");
        batch_set_u64(r->cgroup, 2, used);
        batch_set_u64(r->cgroup, 4, 2 * GIB);
        batch_set_u64(r->cgroup, 5, kills);
}

static void four_compilers(Rows *r)
{
        process(r, 10, 100, 1, "sh", 0, 20, 0, 2 * MIB);
        process(r, 11, 101, 100, "cc1plus", 1, 10, 9, 6 * GIB);
        process(r, 12, 102, 100, "cc1plus", 1, 12, 0, 4 * GIB);
        process(r, 13, 103, 100, "cc1plus", 2, 12, 0, 3 * GIB);
        process(r, 14, 104, 100, "cc1plus", 2, 12, 0, 3 * GIB);
        process(r, 15, 105, 100, "as", 15, 16, 0, 9 * GIB); /* later */
}

static void has(const char *sentence, const char *words)
{
        if (!sentence || !strstr(sentence, words))
                fail_msg("\"%s\" is not in \"%s\"", words, sentence ? sentence : "(none)");
}

static void hasnt(const char *sentence, const char *words)
{
        if (sentence && strstr(sentence, words))
                fail_msg("\"%s\" is in \"%s\"", words, sentence);
}

static size_t count(const Findings *found, const char *id)
{
        size_t n = 0;

        for (size_t i = 0; i < found->n; i++)
                n += text_equal(found->items[i]->id, id);
        return n;
}

/* bpf and the log tell one kill; the machine's memory was short before, which is not said first. */
static void test_machine(void **state)
{
        World w;
        Rows r;

        world_begin(&w);
        w.context.facts.exit_code = 2;
        detect_set_facts(w.detect, &w.context.facts);
        rows_begin(&r);
        event(&r, 9990000000, "oom-kill", 101, 11, "the kernel's OOM killer chose cc1plus (pid 101, 5.9 GiB)");
        event(&r, 10 * S, "kernel-oom-note", 101, 11,
              "oom-kill:constraint=CONSTRAINT_NONE,nodemask=(null),cpuset=/,mems_allowed=0,global_oom,task_memcg=/a,"
              "task=cc1plus,pid=101,uid=0");
        event(&r, 10 * S, "kernel-oom", 101, 11,
              "Out of memory: Killed process 101 (cc1plus) total-vm:7000000kB, anon-rss:6081740kB, file-rss:0kB, "
              "shmem-rss:0kB, UID:0 pgtables:12000kB oom_score_adj:0");
        four_compilers(&r);
        memory(&r, 0, 12 * GIB, 3);
        memory(&r, 9 * S, 100 * MIB, 3);
        memory(&r, 11 * S, 6 * GIB, 4);
        const Findings *found = rows_give(&r, &w);
        const Finding *f = found->items[0];
        assert_string_equal(f->id, "oom");
        assert_int_equal(count(found, "oom"), 1);
        assert_int_equal(count(found, "killed"), 0);
        assert_int_equal(f->severity, SEVERITY_CRITICAL);
        assert_int_equal(f->sure, SURE_CERTAIN);
        assert_int_equal(f->pid, 101);
        assert_int_equal(f->process, 11);
        assert_string_equal(f->title, "out of memory: the kernel killed cc1plus (5.8 GiB) at 9.99 s, for want of memory in the machine");
        has(f->evidence, "C++ compile");
        has(f->evidence, "100 MiB of 16 GiB left at 9 s, and no swap");
        has(f->evidence, "5 processes lived then, with peaks of 16 GiB together, the heaviest cc1plus (pid 101) 6 GiB, cc1plus (pid 102) 4 GiB");
        hasnt(f->evidence, "as (pid");
        has(f->evidence, "told by bpf and the kernel's log");
        has(f->advice, "-j 3\n");
        world_end(&w);
}

static void test_cgroup(void **state)
{
        World w;
        Rows r;

        world_begin(&w);
        rows_begin(&r);
        event(&r, 10 * S, "kernel-oom-note", 101, 11,
              "oom-kill:constraint=CONSTRAINT_MEMCG,nodemask=(null),cpuset=/,mems_allowed=0,oom_memcg=/system.slice/ci.service,"
              "task_memcg=/system.slice/ci.service/vigia-1,task=cc1plus,pid=101,uid=0");
        event(&r, 10 * S, "kernel-oom", 101, 11,
              "Memory cgroup out of memory: Killed process 101 (cc1plus) total-vm:7000000kB, anon-rss:2000000kB, file-rss:0kB, "
              "shmem-rss:0kB, UID:0 pgtables:12000kB oom_score_adj:0");
        four_compilers(&r);
        memory(&r, 9 * S, 12 * GIB, 0);
        memory(&r, 11 * S, 12 * GIB, 1);
        cgroup(&r, 9900 * (int64_t)NS_PER_MS, 2 * GIB - MIB, 0);
        cgroup(&r, 11 * S, GIB, 1);
        const Findings *found = rows_give(&r, &w);
        const Finding *f = found->items[0];
        assert_int_equal(world_told(found), 1);
        has(f->title, "out of memory: the kernel killed cc1plus (1.91 GiB) at 10 s, by a cgroup's limit");
        has(f->evidence, "cgroup /system.slice/ci.service; the lowest memory.max above the run is 2 GiB, the run's cgroup used 2 GiB at 9.9 s");
        has(f->meaning, "not the machine's memory");
        world_end(&w);
}

/* A daemon's child, with a name that would be something else. */
static void test_outside(void **state)
{
        World w;
        Rows r;

        world_begin(&w);
        rows_begin(&r);
        event(&r, 10 * S, "kernel-oom", 900, 0,
              "Out of memory: Killed process 900 (x) total-vm:1kB) total-vm:7000000kB, anon-rss:1024kB, file-rss:0kB, shmem-rss:0kB");
        process(&r, 10, 100, 1, "sh", 0, 20, 0, 2 * MIB);
        const Findings *found = rows_give(&r, &w);
        assert_int_equal(world_told(found), 1);
        assert_int_equal(found->items[0]->severity, SEVERITY_WARNING);
        assert_int_equal(found->items[0]->pid, 900);
        has(found->items[0]->meaning, "none of the run's recorded processes");
        world_end(&w);
}

/* In a container the log counts other pids: name and time make them one, and find the process. */
static void test_other_namespace(void **state)
{
        World w;
        Rows r;

        world_begin(&w);
        rows_begin(&r);
        event(&r, 10 * S, "kernel-oom", 0, 0,
              "Out of memory: Killed process 77101 (cc1plus) total-vm:7000000kB, anon-rss:2000000kB, file-rss:0kB, shmem-rss:0kB");
        event(&r, 10 * S, "oom-kill", 101, 11, "the kernel's OOM killer chose cc1plus (pid 101)");
        event(&r, 13 * S, "kernel-oom", 0, 0,
              "Out of memory: Killed process 77102 (ld) total-vm:7000000kB, anon-rss:2000000kB, file-rss:0kB, shmem-rss:0kB");
        four_compilers(&r);
        process(&r, 16, 106, 100, "ld", 12, 13, 9, 2 * GIB);
        process(&r, 17, 107, 100, "ld", 12, 19, 9, 2 * GIB); /* not that one */
        const Findings *found = rows_give(&r, &w);
        assert_int_equal(count(found, "oom"), 2);
        assert_int_equal(found->items[0]->process, 11);
        assert_int_equal(found->items[1]->process, 16);
        assert_int_equal(found->items[1]->severity, SEVERITY_CRITICAL);
        assert_int_equal(count(found, "killed"), 1);
        world_end(&w);
}

/* Nobody told, but a counter moved while a process ended by SIGKILL. */
static void test_counted(void **state)
{
        World w;
        Rows r;

        world_begin(&w);
        rows_begin(&r);
        four_compilers(&r);
        memory(&r, 8 * S, 12 * GIB, 7);
        memory(&r, 11 * S, 12 * GIB, 8);
        cgroup(&r, 9 * S, 2 * GIB - MIB, 0);
        cgroup(&r, 11 * S, GIB, 1);
        const Findings *found = rows_give(&r, &w);
        assert_int_equal(world_told(found), 1);
        const Finding *f = found->items[0];
        assert_string_equal(f->id, "oom");
        assert_int_equal(f->sure, SURE_LIKELY);
        assert_int_equal(f->severity, SEVERITY_CRITICAL);
        assert_int_equal(f->process, 11);
        has(f->evidence, "told by the kernel's counter of such kills alone");
        world_end(&w);
}

/* The machine's counter moved, but nobody of the run ended: somebody else's. */
static void test_counted_elsewhere(void **state)
{
        World w;
        Rows r;

        world_begin(&w);
        rows_begin(&r);
        process(&r, 10, 100, 1, "sh", 0, 20, 0, 2 * MIB);
        memory(&r, 8 * S, 12 * GIB, 7);
        memory(&r, 11 * S, 12 * GIB, 9);
        const Findings *found = rows_give(&r, &w);
        assert_int_equal(world_told(found), 1);
        assert_string_equal(found->items[0]->id, "oom");
        assert_int_equal(found->items[0]->severity, SEVERITY_WARNING);
        world_end(&w);
}

/* A plain kill -9: the counter stood still. */
static void test_sigkill(void **state)
{
        World w;
        Rows r;

        world_begin(&w);
        w.context.facts.exit_code = -1;
        w.context.facts.exit_signal = 9;
        detect_set_facts(w.detect, &w.context.facts);
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
        has(f->evidence, "counter of OOM kills did not move");
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
        has(f->title, "while memory was nearly used up");
        world_end(&w);
}

static void test_timeout(void **state)
{
        World w;
        Rows r;

        world_begin(&w);
        w.context.facts.exit_code = 137;
        detect_set_facts(w.detect, &w.context.facts);
        rows_begin(&r);
        process(&r, 10, 100, 1, "timeout", 0, 30, 0, 2 * MIB);
        process(&r, 11, 101, 100, "sleep", 0, 30, 9, 2 * MIB);
        const Findings *found = rows_give(&r, &w);
        assert_int_equal(world_told(found), 1);
        assert_string_equal(found->items[0]->title, "timeout(1) killed sleep after 30 s");
        assert_int_equal(found->items[0]->severity, SEVERITY_CRITICAL);
        world_end(&w);
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
                has(found->items[0]->title, cases[i].name);
                has(found->items[0]->title, "killed cc1plus");
                world_end(&w);
        }
}

static void say(World *w, const char *line)
{
        detect_output(w->detect, line, strlen(line));
}

static void test_refused(void **state)
{
        static const char *const lines[] = {
                "virtual memory exhausted: Cannot allocate memory",
                "cc1plus: out of memory allocating 65536 bytes after a total of 132972544 bytes",
                "LLVM ERROR: out of memory",
                "memory allocation of 1073741824 bytes failed",
                "terminate called after throwing an instance of 'std::bad_alloc'",
                "fatal error: runtime: out of memory",
                "java.lang.OutOfMemoryError: Java heap space",
                "MemoryError",
                "FATAL ERROR: Reached heap limit Allocation failed - JavaScript heap out of memory",
        };

        for (size_t i = 0; i < ARRAY_LENGTH(lines); i++) {
                World w;
                Rows r;
                world_begin(&w);
                w.context.facts.exit_code = 1;
                detect_set_facts(w.detect, &w.context.facts);
                rows_begin(&r);
                memory(&r, 8 * S, 12 * GIB, 7);
                say(&w, lines[i]);
                rows_give(&r, &w);
                const Finding *f = world_find(&w, "memory-refused", NULL);
                assert_non_null(f);
                assert_int_equal(f->severity, SEVERITY_CRITICAL);
                has(f->title, lines[i]);
                has(f->meaning, "ulimit -v");
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
                "sending SIGTERM to process group",
        };
        World w;
        Rows r;

        world_begin(&w);
        rows_begin(&r);
        for (size_t i = 0; i < ARRAY_LENGTH(lines); i++)
                say(&w, lines[i]);
        four_compilers(&r);
        const Findings *found = rows_give(&r, &w);
        assert_int_equal(count(found, "memory-refused") + count(found, "oom-daemon") + count(found, "oom"), 0);
        world_end(&w);
}

/* A storm of kills is bounded; rows of strangers do no harm. */
static void test_strange(void **state)
{
        World w;
        Rows r;

        world_begin(&w);
        rows_begin(&r);
        event(&r, INT64_MIN, "oom-kill", -5, UINT64_MAX, "");
        event(&r, INT64_MAX, "kernel-oom", 1, 0, "Killed process ");
        event(&r, 0, "kernel-oom", 1, 0, "Killed process 99999999999999999999 (");
        event(&r, 0, "kernel-oom-note", 1, 0, "oom-kill:constraint=CONSTRAINT_MEMCG,oom_memcg=");
        for (int i = 1; i < 100; i++) {
                char words[64];
                snprintf(words, sizeof words, "the kernel's OOM killer chose x (pid %d)", 1000 + i);
                event(&r, i * S, "oom-kill", 1000 + i, 0, words);
        }
        assert_int_equal(batch_add_row(r.processes), 0);
        assert_int_equal(batch_add_row(r.events), 0);
        const Findings *found = rows_give(&r, &w);
        assert_true(count(found, "oom") > 30 && count(found, "oom") <= FINDINGS_OF_ID_MAX);
        world_end(&w);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_machine),           cmocka_unit_test(test_cgroup),
                cmocka_unit_test(test_outside),           cmocka_unit_test(test_other_namespace),
                cmocka_unit_test(test_counted),           cmocka_unit_test(test_counted_elsewhere),
                cmocka_unit_test(test_sigkill),           cmocka_unit_test(test_sigkill_short),
                cmocka_unit_test(test_timeout),           cmocka_unit_test(test_daemons),
                cmocka_unit_test(test_refused),           cmocka_unit_test(test_not_refused),
                cmocka_unit_test(test_strange),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
