/* Records as the kernel writes them, decoded; and processes made of them: threads, a leader that
 * dies first, an exec by another thread, forks of strangers, lost ends. */
#include <errno.h>
#include <linux/perf_event.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "track/perf-open.h"
#include "track/perf-tree.h"

static void test_parse_fork(void **state)
{
        struct {
                struct perf_event_header header;
                uint32_t pid, ppid, tid, ptid;
                uint64_t time, sample_time;
        } r = {{PERF_RECORD_FORK, 0, sizeof r}, 11, 10, 12, 10, 500, 501};
        PerfRecord record = {.pid = -7};

        for (size_t size = 0; size < sizeof r; size++)
                assert_int_equal(perf_record_parse((uint8_t *)&r, size, &record), -EBADMSG);
        assert_int_equal(record.pid, -7);
        assert_int_equal(perf_record_parse((uint8_t *)&r, sizeof r, &record), 0);
        assert_int_equal(record.type, PERF_RECORD_FORK);
        assert_int_equal(record.pid, 11);
        assert_int_equal(record.ppid, 10);
        assert_int_equal(record.tid, 12);
        assert_int_equal(record.time_ns, 501);
}

static void test_parse_comm(void **state)
{
        struct {
                struct perf_event_header header;
                uint32_t pid, tid;
                char comm[24];
                uint64_t sample_time;
        } r = {{PERF_RECORD_COMM, PERF_RECORD_MISC_COMM_EXEC, sizeof r}, 11, 12, "", 77};
        PerfRecord record;

        memset(r.comm, 'x', sizeof r.comm); /* longer than the kernel's, and not ended */
        assert_int_equal(perf_record_parse((uint8_t *)&r, sizeof r, &record), 0);
        assert_true(record.exec);
        assert_string_equal(record.comm, "xxxxxxxxxxxxxxx");
        assert_int_equal(record.tid, 12);
        assert_int_equal(record.time_ns, 77);
        r.header.misc = 0;
        assert_int_equal(perf_record_parse((uint8_t *)&r, sizeof r, &record), 0);
        assert_false(record.exec);
}

static void test_parse_others(void **state)
{
        struct {
                struct perf_event_header header;
                uint32_t pid, tid;
                uint64_t value, id, sample_time;
        } r = {{PERF_RECORD_READ, 0, sizeof r}, 11, 12, 1234, 5, 78};
        struct {
                struct perf_event_header header;
                uint64_t id, lost, sample_time;
        } l = {{PERF_RECORD_LOST, 0, sizeof l}, 5, 99, 79};
        PerfRecord record;

        assert_int_equal(perf_record_parse((uint8_t *)&r, sizeof r, &record), 0);
        assert_int_equal(record.pid, 11);
        assert_int_equal(record.value, 1234);
        assert_int_equal(record.id, 5);
        assert_int_equal(perf_record_parse((uint8_t *)&l, sizeof l, &record), 0);
        assert_int_equal(record.lost, 99);
        assert_int_equal(record.pid, 0);
        l.header.type = 4711;
        assert_int_equal(perf_record_parse((uint8_t *)&l, 8, &record), 0);
        assert_int_equal(record.type, 0);
}

static void test_cpus(void **state)
{
        int cpus[8];

        assert_int_equal(perf_cpus_parse("0-2,5,7-8\n", 10, cpus, 8), 6);
        assert_int_equal(cpus[2], 2);
        assert_int_equal(cpus[3], 5);
        assert_int_equal(cpus[5], 8);
        assert_int_equal(perf_cpus_parse("0-99999", 7, cpus, 8), -EBADMSG);
        assert_int_equal(perf_cpus_parse("3-1", 3, cpus, 8), -EBADMSG);
        assert_int_equal(perf_cpus_parse("0-63", 4, cpus, 8), 8);
        assert_int_equal(perf_cpus_parse("", 0, cpus, 8), -EBADMSG);
        assert_int_equal(perf_cpus_parse("0;1", 3, cpus, 8), -EBADMSG);
        assert_int_equal(perf_cpus_parse("0-", 2, cpus, 8), -EBADMSG);
}

static uint64_t ticks;

static PerfRecord fork_of(pid_t ppid, pid_t pid, pid_t tid)
{
        return (PerfRecord){.type = PERF_RECORD_FORK, .ppid = ppid, .pid = pid, .tid = tid,
                            .time_ns = ++ticks};
}

static PerfRecord exit_of(pid_t pid, pid_t tid)
{
        return (PerfRecord){.type = PERF_RECORD_EXIT, .pid = pid, .tid = tid, .time_ns = ++ticks};
}

static PerfRecord comm_of(pid_t pid, pid_t tid, bool exec, const char *comm)
{
        PerfRecord record = {.type = PERF_RECORD_COMM, .pid = pid, .tid = tid, .exec = exec,
                             .time_ns = ++ticks};

        strncpy(record.comm, comm, sizeof record.comm - 1);
        return record;
}

/* The type of event that the record makes, -1 none. */
static int apply(PerfTree *tree, PerfRecord record, TrackEvent *event)
{
        return perf_tree_apply(tree, &record, event) ? (int)event->type : -1;
}

static int setup(void **state)
{
        static PerfTree tree;

        ticks = 1000;
        *state = &tree;
        assert_int_equal(perf_tree_init(&tree, false, true), 0);
        tree.root = 10;
        return perf_tree_add(&tree, 10, 1, "sh") ? 0 : -1;
}

static int teardown(void **state)
{
        perf_tree_done(*state);
        return 0;
}

static void test_life(void **state)
{
        PerfTree *tree = *state;
        TrackEvent e;

        assert_int_equal(apply(tree, fork_of(10, 11, 11), &e), TRACK_FORK);
        assert_int_equal(e.pid, 11);
        assert_int_equal(e.ppid, 10);
        assert_string_equal(e.comm, "sh"); /* until it execs */
        assert_true(e.figures.cpu_ns == TRACK_UNKNOWN && e.wait_status == -1);
        assert_int_equal(apply(tree, comm_of(11, 11, true, "cc1"), &e), TRACK_EXEC);
        assert_string_equal(e.comm, "cc1");
        assert_int_equal(apply(tree, comm_of(11, 11, false, "work"), &e), TRACK_COMM);
        assert_int_equal(apply(tree, exit_of(11, 11), &e), TRACK_EXIT);
        assert_string_equal(e.comm, "work");
        assert_int_equal(e.threads_max, 1);
        assert_null(perf_tree_find(tree, 11));
        assert_int_equal(apply(tree, exit_of(11, 11), &e), -1);
}

static void test_threads(void **state)
{
        PerfTree *tree = *state;
        PerfRecord last = exit_of(11, 13);
        TrackEvent e;

        apply(tree, fork_of(10, 11, 11), &e);
        assert_int_equal(apply(tree, fork_of(11, 11, 12), &e), -1);
        assert_int_equal(apply(tree, fork_of(11, 11, 13), &e), -1);
        assert_int_equal(apply(tree, comm_of(11, 12, false, "worker"), &e), -1);
        assert_int_equal(apply(tree, exit_of(11, 11), &e), -1); /* the leader first */
        assert_null(perf_tree_ends(tree, &last));
        assert_int_equal(apply(tree, exit_of(11, 12), &e), -1);
        assert_non_null(perf_tree_ends(tree, &last));
        assert_int_equal(perf_tree_find(tree, 11)->ended, 2);
        assert_int_equal(apply(tree, last, &e), TRACK_EXIT);
        assert_int_equal(e.threads_max, 3);
}

/* Thread 12 execs: the kernel ends all others and gives it the leader's id. */
static void test_exec_of_thread(void **state)
{
        PerfTree *tree = *state;
        TrackEvent e;

        apply(tree, fork_of(10, 11, 11), &e);
        apply(tree, fork_of(11, 11, 12), &e);
        assert_int_equal(apply(tree, exit_of(11, 11), &e), -1);
        assert_int_equal(apply(tree, comm_of(11, 11, true, "new"), &e), TRACK_EXEC);
        assert_int_equal(apply(tree, exit_of(11, 11), &e), TRACK_EXIT);
        assert_int_equal(e.threads_max, 1);
}

static void test_strangers(void **state)
{
        PerfTree *tree = *state;
        TrackEvent e;

        assert_int_equal(apply(tree, fork_of(99, 98, 98), &e), -1);
        assert_int_equal(apply(tree, exit_of(98, 98), &e), -1);
        assert_int_equal(apply(tree, fork_of(10, 0, 0), &e), -1);
        tree->everything = true;
        assert_int_equal(apply(tree, fork_of(99, 98, 98), &e), TRACK_FORK);
        assert_false(perf_tree_find(tree, 98)->counted);
        assert_int_equal(apply(tree, fork_of(10, 11, 11), &e), TRACK_FORK);
        assert_true(perf_tree_find(tree, 11)->counted == perf_tree_find(tree, 10)->counted);
}

static void test_removed(void **state)
{
        PerfTree *tree = *state;
        TrackEvent e;

        apply(tree, fork_of(10, 11, 11), &e);
        perf_tree_find(tree, 11)->removed = true;
        assert_int_equal(apply(tree, fork_of(11, 12, 12), &e), -1);
        assert_int_equal(apply(tree, exit_of(12, 12), &e), -1);
        assert_int_equal(apply(tree, exit_of(11, 11), &e), -1);
        assert_null(perf_tree_find(tree, 11));
}

static void test_found(void **state)
{
        PerfTree *tree = *state;
        PerfRecord late = fork_of(10, 11, 11);
        TrackEvent e;

        perf_tree_add(tree, 11, late.time_ns + 5, "seen"); /* in /proc before its fork was read */
        assert_int_equal(apply(tree, late, &e), -1);
        assert_string_equal(perf_tree_find(tree, 11)->comm, "seen");
        ticks += 10;
        assert_int_equal(apply(tree, fork_of(10, 11, 11), &e), TRACK_FORK); /* its end was lost */
        assert_int_equal(perf_tree_find(tree, 11)->threads, 1);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_parse_fork),
                cmocka_unit_test(test_parse_comm),
                cmocka_unit_test(test_parse_others),
                cmocka_unit_test(test_cpus),
                cmocka_unit_test_setup_teardown(test_life, setup, teardown),
                cmocka_unit_test_setup_teardown(test_threads, setup, teardown),
                cmocka_unit_test_setup_teardown(test_exec_of_thread, setup, teardown),
                cmocka_unit_test_setup_teardown(test_strangers, setup, teardown),
                cmocka_unit_test_setup_teardown(test_removed, setup, teardown),
                cmocka_unit_test_setup_teardown(test_found, setup, teardown),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
