/* The kernel monitor over a log that grows while it watches: which lines become rows, at which
 * time, what a gap and a storm leave. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/text.h"
#include "monitor/event-gate.h"
#include "monitor/monitor.h"
#include "table/process-tables.h"

typedef struct Log {
        char path[64], file[80];
        Host *host;
        const Monitor *monitor;
        void *state;
        Batch *rows;
} Log;

static void append(const Log *log, const char *text)
{
        _cleanup_close_ int fd = open(log->file, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600);

        assert_true(fd >= 0);
        assert_int_equal(file_write_all(fd, text, strlen(text)), 0);
}

static void each(const MonitorScope *scope, int (*fn)(const MonitorProcess *process, void *data),
                 void *data)
{
        static const MonitorProcess living[] = {{7, 100}, {0, 200}, {9, 300}};

        for (size_t i = 0; i < 3; i++)
                if (fn(&living[i], data))
                        return;
}

static const MonitorScope scope = {each};

static int setup(void **state)
{
        Log *log = calloc(1, sizeof *log);
        char path[96];
        Error err;

        *state = log;
        text_copy(log->path, sizeof log->path, "/tmp/test-kernel.XXXXXX");
        if (!mkdtemp(log->path) || host_new(log->path, &log->host) < 0)
                return -1;
        snprintf(path, sizeof path, "%s/proc/self/ns", log->path);
        if (directory_make(path, 0700) < 0)
                return -1;
        snprintf(path, sizeof path, "%s/proc/self/ns/pid", log->path);
        if (symlink("pid:[4026531836]", path) < 0)
                return -1;
        snprintf(path, sizeof path, "%s/dev", log->path);
        if (directory_make(path, 0700) < 0)
                return -1;
        snprintf(log->file, sizeof log->file, "%s/dev/kmsg", log->path);
        append(log, "0,9,1000000,-;Kernel panic - not syncing: of before the recording\n");
        log->monitor = monitor_find("kernel");
        log->state = calloc(1, log->monitor->state_size);
        MonitorContext context = {.host = log->host, .monitor = log->monitor, .scope = &scope};
        if (log->monitor->probe(&context, &err, &err) < 0 ||
            log->monitor->start(log->state, &context, &err) < 0)
                return -1;
        return batch_new(&events_schema, 4096, 1 << 20, &log->rows);
}

static int teardown(void **state)
{
        Log *log = *state;

        log->monitor->stop(log->state);
        batch_free(log->rows);
        host_free(log->host);
        directory_remove(AT_FDCWD, log->path);
        free(log->state);
        free(log);
        return 0;
}

static void sample(const Log *log, uint64_t now_ns, size_t wanted_rows)
{
        MonitorTick tick = {now_ns, (int64_t)(now_ns + 5 * NS_PER_SECOND), (int64_t)now_ns - 1000};
        Error err;

        batch_clear(log->rows);
        assert_int_equal(log->monitor->sample(log->state, &tick, log->rows, &err), 0);
        assert_int_equal(batch_rows(log->rows), wanted_rows);
}

static void check_text(const Log *log, size_t column, size_t row, const char *wanted)
{
        size_t size;
        const char *text = batch_text(log->rows, column, row, &size);

        assert_int_equal(size, strlen(wanted));
        assert_memory_equal(text, wanted, size);
}

static void test_lines(void **state)
{
        const Log *log = *state;

        sample(log, NS_PER_SECOND, 0);
        append(log, "6,10,1500000,-;usb 1-1: new device\n"
                    "3,11,1500000,-;Out of memory: Killed process 200 (cc1plus) total-vm:1kB\n"
                    " SUBSYSTEM=none\n"
                    "12,12,1500000,-;Out of memory: Killed process 1 (a program says)\n"
                    "4,13,1500000,-;something is odd\n"
                    "2,14,1500000,-;something is bad\n"
                    "6,15,1500000,-;x[555]: segfault at 0 ip 0\n"
                    "4,16,1500000,c; a piece\n"
                    "no record\n");
        sample(log, 2 * NS_PER_SECOND, 4);
        check_text(log, EVENT_KIND, 0, "kernel-oom");
        check_text(log, EVENT_SEVERITY, 0, "critical");
        check_text(log, EVENT_TEXT, 0, "Out of memory: Killed process 200 (cc1plus) total-vm:1kB");
        assert_int_equal(batch_i64(log->rows, EVENT_PID, 0), 200);
        assert_false(batch_is_null(log->rows, EVENT_PROCESS, 0));
        assert_int_equal(batch_u64(log->rows, EVENT_PROCESS, 0), 0);
        check_text(log, EVENT_KIND, 1, "kernel");
        check_text(log, EVENT_SEVERITY, 1, "info");
        assert_true(batch_is_null(log->rows, EVENT_PID, 1));
        check_text(log, EVENT_SEVERITY, 2, "warning");
        check_text(log, EVENT_KIND, 3, "kernel-segfault");
        assert_int_equal(batch_i64(log->rows, EVENT_PID, 3), 555);
        assert_true(batch_is_null(log->rows, EVENT_PROCESS, 3));
}

/* The stack and the registers of a report are no lines of their own; what else is known is. */
static void test_reports(void **state)
{
        const Log *log = *state;

        append(log, "4,10,1000000,-;cc1plus invoked oom-killer: gfp_mask=0x0, order=0\n"
                    "4,11,1000100,-;CPU: 0 PID: 100 Comm: cc1plus Not tainted 6.1.0\n"
                    "4,12,1900000,-; dump_stack_lvl+0x44/0x5c\n"
                    "4,13,2800000,-;Mem-Info:\n"
                    "3,14,2900000,-;Out of memory: Killed process 5 (cc1plus) total-vm:1kB\n"
                    "4,15,2900001,-;130942 pages RAM\n"
                    "4,16,3900002,-;something else, a second later\n"
                    "4,17,4000000,-;WARNING: CPU: 0 PID: 7 at mm/slub.c:1 x+0x1/0x2\n");
        sample(log, 2 * NS_PER_SECOND, 4);
        check_text(log, EVENT_KIND, 0, "kernel-oom-note");
        check_text(log, EVENT_KIND, 1, "kernel-oom");
        check_text(log, EVENT_TEXT, 2, "something else, a second later");
        check_text(log, EVENT_KIND, 3, "kernel-bug");
        for (unsigned i = 0; i < 20; i++) {
                char line[64];
                snprintf(line, sizeof line, "4,%u,%u,-;a detail, or for ever?\n", 18 + i,
                         4500000 + i * 900000);
                append(log, line);
        }
        sample(log, 2 * NS_PER_SECOND, 9); /* not for ever: ten seconds of them are details */
}

static void check_time(const Log *log, size_t row, uint64_t now_ns)
{
        assert_int_equal(batch_i64(log->rows, EVENT_T_NS, row), (int64_t)now_ns - 1000);
        assert_int_equal(batch_i64(log->rows, EVENT_TIME, row),
                         (int64_t)(now_ns + 5 * NS_PER_SECOND));
}

/* printk's clock is 40 s behind; lines that were read late are put where they belong. */
static void test_times(void **state)
{
        const Log *log = *state;
        const uint64_t ms = NS_PER_MS;

        append(log, "4,10,10000000,-;one\n");
        sample(log, 50000 * ms, 1);
        check_time(log, 0, 50000 * ms);
        append(log, "4,11,10200000,-;two\n4,12,10300000,-;three\n");
        sample(log, 50400 * ms, 2); /* 100 ms after the newest */
        check_time(log, 0, 50200 * ms);
        check_time(log, 1, 50300 * ms);
        append(log, "4,13,11000000,-;four\n");
        sample(log, 50900 * ms, 1); /* the distance is less than was thought */
        check_time(log, 0, 50900 * ms);
        append(log, "4,14,12000000,-;five\n");
        sample(log, 52400 * ms, 1);
        check_time(log, 0, 51900 * ms);
        append(log, "4,15,13000000,-;six\n");
        sample(log, 90000 * ms, 1); /* its clock stood still */
        check_time(log, 0, 90000 * ms);
        append(log, "4,16,18446744073709551615,-;seven\n");
        sample(log, 90001 * ms, 1);
        append(log, "4,17,13001000,-;eight\n");
        sample(log, 90001 * ms, 1);
        check_time(log, 0, 90001 * ms);
}

static void test_lost(void **state)
{
        const Log *log = *state;

        append(log, "6,10,1000000,-;fine\n6,1244,1000000,-;fine\n6,1245,1000000,-;fine\n");
        sample(log, NS_PER_SECOND, 1);
        check_text(log, EVENT_KIND, 0, "kernel-lost");
        check_text(log, EVENT_TEXT, 0,
                   "1,233 messages of the kernel were overwritten before they could be read");
}

static void append_storm(const Log *log, unsigned n, const char *line)
{
        for (unsigned i = 0; i < n; i++)
                append(log, line);
}

static void test_storm(void **state)
{
        const Log *log = *state;
        const uint64_t now_ns = 10 * NS_PER_SECOND;

        append_storm(log, 90, "4,1,1000000,-;odd\n");
        sample(log, now_ns, 90);
        append_storm(log, 90, "4,1,1000000,-;odd\n");
        append(log, "3,1,1000000,-;Killed process 5 (x) total-vm:1kB\n");
        sample(log, now_ns + 1, EVENT_GATE_LINES - 90 + 1);
        check_text(log, EVENT_KIND, 10, "kernel-oom"); /* still there */
        append(log, "4,1,1000000,-;odd\n");
        sample(log, now_ns + NS_PER_SECOND + 1, 1);
        check_text(log, EVENT_KIND, 0, "kernel-left-out");
        check_text(log, EVENT_TEXT, 0, "81 more lines of the kernel within a second are left out");
        append(log, "4,1,1000000,-;odd\n");
        sample(log, now_ns + NS_PER_SECOND + 2, 1);
        check_text(log, EVENT_KIND, 0, "kernel");
}

/* The storm ends, and no line wakes the monitor any more: its timer does. */
static void test_storm_is_told(void **state)
{
        const Log *log = *state;
        struct pollfd wait = {.fd = log->monitor->fd(log->state), .events = POLLIN};

        append_storm(log, EVENT_GATE_LINES + 3, "4,1,1000000,-;odd\n");
        assert_int_equal(poll(&wait, 1, 0), 0);
        sample(log, NS_PER_SECOND, EVENT_GATE_LINES);
        assert_int_equal(poll(&wait, 1, 60000), 1);
        sample(log, NS_PER_SECOND, 1); /* the tick's clock stands in this test */
        check_text(log, EVENT_TEXT, 0, "3 more lines of the kernel within a second are left out");
        assert_int_equal(poll(&wait, 1, 0), 0);
}

/* A batch that is full is gone on with. */
static void test_full(void **state)
{
        Log *log = *state;
        MonitorTick tick = {NS_PER_SECOND, 0, 0};
        size_t rows = 0;
        Error err;
        int r;

        batch_free(log->rows);
        assert_int_equal(batch_new(&events_schema, 4, 1 << 20, &log->rows), 0);
        append_storm(log, 10, "4,1,1000000,-;odd\n");
        do {
                batch_clear(log->rows);
                r = log->monitor->sample(log->state, &tick, log->rows, &err);
                rows += batch_rows(log->rows);
        } while (r == -ENOBUFS);
        assert_int_equal(r, 0);
        assert_int_equal(rows, 10);
}

static void test_absent(void **state)
{
        const Monitor *monitor = monitor_find("kernel");
        _cleanup_(host_freep) Host *host = NULL;
        Error why = {0}, fix = {0};

        assert_int_equal(host_new("/proc/self/fdinfo", &host), 0);
        MonitorContext context = {.host = host, .monitor = monitor};
        assert_true(monitor->probe(&context, &why, &fix) < 0);
        assert_string_equal(why.message, "no /dev/kmsg here, as in most containers");
        assert_string_equal(fix.message, "");
        _cleanup_free_ void *s = calloc(1, monitor->state_size);
        assert_true(monitor->start(s, &context, &why) < 0);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test_setup_teardown(test_lines, setup, teardown),
                cmocka_unit_test_setup_teardown(test_reports, setup, teardown),
                cmocka_unit_test_setup_teardown(test_times, setup, teardown),
                cmocka_unit_test_setup_teardown(test_lost, setup, teardown),
                cmocka_unit_test_setup_teardown(test_storm, setup, teardown),
                cmocka_unit_test_setup_teardown(test_storm_is_told, setup, teardown),
                cmocka_unit_test_setup_teardown(test_full, setup, teardown),
                cmocka_unit_test(test_absent),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
