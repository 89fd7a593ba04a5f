/* OOM kills: told by bpf, by the kernel's log, by counters alone; who lived then and what was left. */
#include "detect/test-oom-rows.h"

/* bpf and the log tell one kill; the machine's memory was short before, which is not said first. */
static void test_machine(void **state)
{
        World w;
        Rows r;

        world_begin_ended(&w, 2);
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
        assert_int_equal(world_count(found, "oom"), 1);
        assert_int_equal(world_count(found, "killed"), 0);
        assert_int_equal(f->severity, SEVERITY_CRITICAL);
        assert_int_equal(f->sure, SURE_CERTAIN);
        assert_int_equal(f->pid, 101);
        assert_int_equal(f->process, 11);
        assert_string_equal(f->title, "out of memory: the kernel killed cc1plus (5.8 GiB) at 9.99 s, for want of memory in the machine");
        assert_has(f->evidence, "C++ compile");
        assert_has(f->evidence, "100 MiB of 16 GiB left at 9 s, and no swap");
        assert_has(f->evidence, "5 processes lived then, with peaks of 16 GiB together, the heaviest cc1plus (pid 101) 6 GiB, cc1plus (pid 102) 4 GiB");
        assert_has_not(f->evidence, "as (pid");
        assert_has(f->evidence, "told by bpf and the kernel's log");
        assert_has(f->advice, "-j 3\n");
        world_end(&w);
}

/* A driver beside its compiler, and a shell, are no jobs: four of 3.5 GiB each were, of 14 GiB. */
static void test_drivers(void **state)
{
        World w;
        Rows r;

        world_begin_ended(&w, 2);
        rows_begin(&r);
        event(&r, 10 * S, "oom-kill", 101, 11, "the kernel's OOM killer chose cc1plus (pid 101, 3.5 GiB)");
        for (int i = 0; i < 4; i++) {
                process(&r, 11 + (uint64_t)i, 101 + i, 201 + i, "cc1plus", 1, 10, i == 0 ? 9 : 0, 7 * GIB / 2);
                process(&r, 21 + (uint64_t)i, 201 + i, 100, "g++", 1, 11, 0, 3 * MIB);
        }
        memory(&r, 0, 12 * GIB, 3);
        memory(&r, 9500 * (int64_t)NS_PER_MS, 100 * MIB, 3);
        const Findings *found = rows_give(&r, &w);
        assert_has(found->items[0]->advice, "4 of this kind (C++ compile) ran then, 3.5 GiB each on the average; of 16 GiB about 3 fit");
        assert_has(found->items[0]->advice, "-j 3\n");
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
        assert_has(f->title, "out of memory: the kernel killed cc1plus (1.91 GiB) at 10 s, by a cgroup's limit");
        assert_has(f->evidence, "cgroup /system.slice/ci.service; the lowest memory.max above the run is 2 GiB, the run's cgroup used 2 GiB at 9.9 s");
        assert_has(f->meaning, "not the machine's memory");
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
        assert_has(found->items[0]->meaning, "none of the run's recorded processes");
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
        assert_int_equal(world_count(found, "oom"), 2);
        assert_int_equal(found->items[0]->process, 11);
        assert_int_equal(found->items[1]->process, 16);
        assert_int_equal(found->items[1]->severity, SEVERITY_CRITICAL);
        assert_int_equal(world_count(found, "killed"), 0); /* others were seldom the cause */
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
        assert_has(f->evidence, "told by the kernel's counter of such kills alone");
        /* Who lived then, and what was left before, as for a kill that the log tells. */
        assert_has(f->evidence, "the machine had 12 GiB of 16 GiB left at 8 s");
        assert_has(f->evidence, "of the run 5 processes lived then, with peaks of 16 GiB together, the heaviest cc1plus (pid 101) 6 GiB, cc1plus (pid 102) 4 GiB");
        assert_has_not(f->evidence, "as (pid");
        assert_has(f->title, "by a cgroup's limit");
        world_end(&w);
}

static void sample(Batch *b, int64_t t_ns, uint64_t key, uint64_t bytes)
{
        assert_int_equal(batch_add_row(b), 0);
        batch_set_i64(b, SAMPLE_T_NS, t_ns);
        batch_set_u64(b, SAMPLE_PROCESS, key);
        batch_set_u64(b, SAMPLE_RSS_ANON_BYTES, bytes);
}

/* What each held at that moment, not what it once had: the last sample before the kill. */
static void test_held_then(void **state)
{
        for (int counted = 0; counted < 2; counted++) {
                _cleanup_(batch_freep) Batch *samples = NULL;
                World w;
                Rows r;
                world_begin(&w);
                rows_begin(&r);
                if (!counted)
                        event(&r, 10 * S, "oom-kill", 101, 11, "the kernel's OOM killer chose cc1plus (pid 101)");
                four_compilers(&r);
                process(&r, 16, 106, 100, "ld", 1, 30, 0, 8 * GIB); /* later it has much */
                memory(&r, 9 * S, GIB, 7);
                memory(&r, 11 * S, 12 * GIB, 8);
                cgroup(&r, 9 * S, 2 * GIB - MIB, 0);
                cgroup(&r, 11 * S, GIB, 1);
                assert_int_equal(batch_new(&samples_schema, 16, 0, &samples), 0);
                sample(samples, 9 * S, 11, 5 * GIB);
                sample(samples, 9900 * (int64_t)NS_PER_MS, 11, 6 * GIB - 100 * MIB);
                sample(samples, 8 * S, 12, 3 * GIB);
                sample(samples, 11 * S, 12, 4 * GIB);
                sample(samples, 9 * S, 16, 100 * MIB);
                sample(samples, 25 * S, 16, 8 * GIB);
                sample(samples, -50 * S, 14, 1 * GIB); /* too long ago */
                assert_int_equal(detect_observe(w.detect, "events", r.events, true), 0);
                assert_int_equal(detect_observe(w.detect, "processes", r.processes, false), 0);
                assert_int_equal(detect_observe(w.detect, "samples", samples, false), 0);
                batch_clear(r.events);
                batch_clear(r.processes);
                const Findings *found = rows_give(&r, &w);
                assert_int_equal(world_count(found, "oom"), 1);
                assert_has(found->items[0]->evidence, "of the run 6 processes lived then");
                assert_has(found->items[0]->evidence, "the heaviest cc1plus (pid 101) 5.9 GiB, cc1plus (pid 102) 3 GiB, cc1plus (pid 103) 3 GiB, cc1plus (pid 104) 3 GiB, "
                                               "ld (pid 106) 100 MiB");
                world_end(&w);
        }
}

/* Nobody saw how they ended, as where an ordinary user records: the heaviest that ended then, and no more than possible. */
static void test_counted_suspect(void **state)
{
        for (int light = 0; light < 2; light++) {
                World w;
                Rows r;
                world_begin(&w);
                rows_begin(&r);
                process(&r, 10, 100, 1, "sh", 0, 20, 0, 2 * MIB);
                batch_set_i64(r.processes, PROCESS_EXIT_CODE, 3);
                for (unsigned i = 0; i < 20; i++) /* of other times */
                        process(&r, 20 + i, 200 + (int32_t)i, 100, "cc1", 1, 3, 0, 7 * GIB);
                process(&r, 11, 101, 100, light ? "true" : "cc1plus", 1, 10, 0, light ? MIB : 12 * GIB);
                process(&r, 12, 102, 100, "cc1plus", 1, 15, 0, 4 * GIB);
                batch_set_i64(r.processes, PROCESS_EXIT_CODE, 0);
                memory(&r, 8 * S, GIB, 7);
                memory(&r, 11 * S, 12 * GIB, 8);
                const Findings *found = rows_give(&r, &w);
                const Finding *f = NULL;
                for (size_t i = 0; i < found->n; i++)
                        if (text_equal(found->items[i]->id, "oom"))
                                f = found->items[i];
                assert_non_null(f);
                assert_int_equal(world_count(found, "oom"), 1);
                if (light) { /* nobody of those would have been chosen */
                        assert_int_equal(f->process, 0);
                } else {
                        assert_int_equal(f->process, 11);
                        assert_int_equal(f->sure, SURE_POSSIBLE);
                        assert_has(f->title, "the kernel killed cc1plus at 10 s, probably for want of memory in the machine");
                        assert_has(f->evidence, "how it ended was not seen");
                        assert_has(f->evidence, "of the run 3 processes lived then, with peaks of 16 GiB together, the heaviest cc1plus (pid 101) 12 GiB, cc1plus (pid 102) 4 GiB");
                }
                world_end(&w);
        }
}

/* The machine's counter moved and something of the run was killed, but the run's own cgroup counts its kills: none. */
static void test_counted_not_ours(void **state)
{
        World w;
        Rows r;

        world_begin_ended(&w, 137);
        rows_begin(&r);
        four_compilers(&r);
        memory(&r, 8 * S, 12 * GIB, 7);
        memory(&r, 11 * S, 12 * GIB, 8);
        cgroup(&r, 7 * S, GIB, 0);
        cgroup(&r, 12 * S, GIB, 0);
        const Findings *found = rows_give(&r, &w);
        const Finding *oom = NULL;
        for (size_t i = 0; i < found->n; i++)
                if (text_equal(found->items[i]->id, "oom"))
                        oom = found->items[i];
        assert_non_null(oom);
        assert_int_equal(oom->severity, SEVERITY_WARNING);
        assert_int_equal(oom->process, 0);
        assert_string_equal(found->items[0]->id, "killed");
        assert_int_equal(found->items[0]->severity, SEVERITY_CRITICAL);
        world_end(&w);
}

/* Names that look like the kernel's own words. */
static void test_forged(void **state)
{
        World w;
        Rows r;

        world_begin(&w);
        rows_begin(&r);
        event(&r, 10 * S, "kernel-oom-note", 101, 11,
              "oom-kill:constraint=CONSTRAINT_MEMCG,nodemask=(null),cpuset=/,mems_allowed=0,oom_memcg=/a,task_memcg=/a/b,task=x,pid=7,uid=0,pid=101,uid=0");
        event(&r, 10 * S, "kernel-oom", 101, 11,
              "Memory cgroup out of memory: Killed process 101 (a anon-rss:9kB) total-vm:7000000kB, anon-rss:2000000kB, file-rss:0kB, "
              "shmem-rss:0kB, UID:0 pgtables:12000kB oom_score_adj:0");
        four_compilers(&r);
        const Findings *found = rows_give(&r, &w);
        assert_int_equal(world_count(found, "oom"), 1);
        assert_has(found->items[0]->title, "the kernel killed a anon-rss:9kB (1.91 GiB) at 10 s, by a cgroup's limit");
        assert_has(found->items[0]->evidence, "cgroup /a");
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
        assert_true(world_count(found, "oom") > 30 && world_count(found, "oom") <= FINDINGS_OF_ID_MAX);
        world_end(&w);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_machine), cmocka_unit_test(test_drivers), cmocka_unit_test(test_cgroup), cmocka_unit_test(test_outside),
                cmocka_unit_test(test_other_namespace), cmocka_unit_test(test_counted), cmocka_unit_test(test_held_then),
                cmocka_unit_test(test_counted_not_ours), cmocka_unit_test(test_forged), cmocka_unit_test(test_counted_suspect), cmocka_unit_test(test_counted_elsewhere),
                cmocka_unit_test(test_strange),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
