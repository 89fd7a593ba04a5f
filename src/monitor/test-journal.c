/* The journal monitor over a journal that systemd's own writer makes and goes on with; skipped
 * where systemd-journal-remote or libsystemd is not there. */
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

#include "base/buffer.h"
#include "base/cleanup.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/text.h"
#include "monitor/event-gate.h"
#include "monitor/monitor.h"
#include "table/process-tables.h"

static const char writer[] = "/lib/systemd/systemd-journal-remote";

typedef struct Journal {
        char path[64];
        int fd;
        Host *host;
        const Monitor *monitor;
        void *state;
        Batch *rows;
        uint64_t now_us; /* of the entries; grows */
} Journal;

static const uint64_t start_us = 1763716800000000;

/* An entry of a service, as journalctl -o export writes it. */
static void add(Journal *j, String *to, const char *unit, int pid, const char *more,
                const char *message)
{
        j->now_us += 1000;
        string_add_format(to,
                          "__REALTIME_TIMESTAMP=%llu\n__MONOTONIC_TIMESTAMP=%llu\n"
                          "_BOOT_ID=0123456789abcdef0123456789abcdef\n_PID=%d\n"
                          "_SYSTEMD_UNIT=%s\n%sMESSAGE=%s\n\n",
                          (unsigned long long)j->now_us,
                          (unsigned long long)(j->now_us - start_us), pid, unit, more, message);
}

static bool write_journal(const Journal *j, const String *text)
{
        char command[256];

        snprintf(command, sizeof command, "%s -o %s/log.journal - >/dev/null 2>&1", writer, j->path);
        FILE *pipe = popen(command, "we");
        if (!pipe)
                return false;
        fputs(string_get(text), pipe);
        return pclose(pipe) == 0;
}

static void write_one(Journal *j, const char *unit, int pid, const char *more, const char *message)
{
        _cleanup_string_ String text = {0};

        add(j, &text, unit, pid, more, message);
        assert_true(write_journal(j, &text));
}

static int begin(Journal *j, const char *const *units, size_t n, uint64_t log_bytes)
{
        static const char *directories[1];
        static char directory[64];
        Error err = {0}, fix;

        text_copy(directory, sizeof directory, j->path);
        directories[0] = directory;
        MonitorSetting settings[] = {
                {"journal", "units", units, n, 0},
                {"journal", "directory", directories, 1, 0},
                {"journal", "log_bytes", NULL, 0, log_bytes},
        };
        MonitorContext context = {.host = j->host, .monitor = j->monitor, .settings = settings,
                                  .n_settings = 3, .run_fd = j->fd};
        int r = j->monitor->probe(&context, &err, &fix);
        if (r == 0)
                r = j->monitor->start(j->state, &context, &err);
        if (r < 0)
                print_message("%s\n", err.message);
        return r;
}

static int teardown(void **state)
{
        Journal *j = *state;

        batch_free(j->rows);
        host_free(j->host);
        fd_close(j->fd);
        directory_remove(AT_FDCWD, j->path);
        free(j->state);
        free(j);
        return 0;
}

static int setup(void **state)
{
        Journal *j = calloc(1, sizeof *j);

        *state = j;
        text_copy(j->path, sizeof j->path, "/tmp/test-journal.XXXXXX");
        if (!mkdtemp(j->path) || host_new(NULL, &j->host) < 0)
                return -1;
        j->now_us = start_us;
        j->fd = open(j->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        j->monitor = monitor_find("journal");
        j->state = calloc(1, j->monitor->state_size);
        return batch_new(&events_schema, 4096, 1 << 20, &j->rows);
}

/* Makes the journal with one entry of before. False: that cannot be had here. */
static bool can(Journal *j)
{
        _cleanup_string_ String text = {0};
        static const char *const units[] = {"demo"};

        add(j, &text, "demo.service", 7, "", "before the recording");
        if (access(writer, X_OK) < 0 || !write_journal(j, &text)) {
                print_message("no systemd-journal-remote here\n");
                return false;
        }
        int r = begin(j, units, 1, 100000);
        if (r == -EOPNOTSUPP)
                return false;
        assert_int_equal(r, 0);
        return true;
}

/* Waits for the monitor's descriptor, as the recorder does, and takes a sample. */
static void sample(Journal *j)
{
        struct pollfd wait = {.fd = j->monitor->fd(j->state), .events = POLLIN};
        MonitorTick tick = {NS_PER_SECOND, (int64_t)((j->now_us + 500) * 1000),
                            5 * (int64_t)NS_PER_SECOND};
        Error err;

        assert_int_equal(poll(&wait, 1, 60000), 1);
        batch_clear(j->rows);
        assert_int_equal(j->monitor->sample(j->state, &tick, j->rows, &err), 0);
}

/* The file is changed more often than entries come. */
static void sample_rows(Journal *j, size_t wanted)
{
        do
                sample(j);
        while (batch_rows(j->rows) == 0 && wanted > 0);
        assert_int_equal(batch_rows(j->rows), wanted);
}

static void check_text(const Journal *j, size_t column, size_t row, const char *wanted)
{
        size_t size;
        const char *text = batch_text(j->rows, column, row, &size);

        assert_int_equal(size, strlen(wanted));
        assert_memory_equal(text, wanted, size);
}

static void test_lines(void **state)
{
        _cleanup_string_ String text = {0};
        Journal *j = *state;

        if (!can(j))
                skip();
        add(j, &text, "other.service", 8, "", "of another unit");
        add(j, &text, "demo.service", 77, "PRIORITY=3\nSYSLOG_IDENTIFIER=demod\n", "it failed");
        add(j, &text, "init.scope", 1, "PRIORITY=2\nUNIT=demo.service\n", "main process exited");
        add(j, &text, "liar.service", 9, "UNIT=demo.service\n", "says that it is demo");
        add(j, &text, "demo.service", 77, "PRIORITY=nine\n", "tab\tescape\x1b[31m");
        assert_true(write_journal(j, &text));
        sample_rows(j, 3);
        check_text(j, EVENT_KIND, 0, "journal");
        check_text(j, EVENT_SEVERITY, 0, "warning");
        check_text(j, EVENT_TEXT, 0, "demo.service: it failed");
        assert_int_equal(batch_i64(j->rows, EVENT_PID, 0), 77);
        /* 3.5 ms before the tick, by the wall clock: that boot is not this one */
        assert_int_equal(batch_i64(j->rows, EVENT_T_NS, 0), 5000000000 - 3500000);
        check_text(j, EVENT_SEVERITY, 1, "critical");
        check_text(j, EVENT_TEXT, 1, "demo.service: main process exited");
        assert_true(batch_is_null(j->rows, EVENT_PID, 1));
        check_text(j, EVENT_SEVERITY, 2, "info");
        j->monitor->stop(j->state);

        Buffer log = {0};
        Error err;
        assert_int_equal(file_read_path(j->fd, "journal.log", 10000, &log, &err), 0);
        assert_string_equal((const char *)log.data,
                            "2025-11-21T09:20:00.003000Z demo.service demod[77]: it failed\n"
                            "2025-11-21T09:20:00.004000Z demo.service : main process exited\n"
                            "2025-11-21T09:20:00.006000Z demo.service [77]: tab\tescape?[31m\n");
        buffer_done(&log);
}

static void test_storm(void **state)
{
        _cleanup_string_ String text = {0};
        Journal *j = *state;
        struct stat st;

        if (!can(j))
                skip();
        for (unsigned i = 0; i < EVENT_GATE_LINES + 900; i++)
                add(j, &text, "demo.service", 77, "", "again");
        assert_true(write_journal(j, &text));
        sample_rows(j, EVENT_GATE_LINES);
        sample_rows(j, 1); /* woken by the timer, not by the journal */
        assert_int_equal(fstatat(j->fd, "journal.log", &st, 0), 0);
        assert_int_equal(st.st_size, 1000 * strlen("2025-11-21T09:20:00.003000Z demo.service [77]: "
                                                   "again\n"));
        j->monitor->stop(j->state);
}

/* The log is full: said once, the rows go on. */
static void test_full_log(void **state)
{
        static const char *const units[] = {"demo.service"};
        Journal *j = *state;
        struct stat st;

        if (!can(j))
                skip();
        j->monitor->stop(j->state);
        memset(j->state, 0, j->monitor->state_size);
        assert_int_equal(begin(j, units, 1, 60), 0);
        write_one(j, "demo.service", 5, "", "first");
        sample_rows(j, 1);
        write_one(j, "demo.service", 5, "", "second");
        sample_rows(j, 2);
        check_text(j, EVENT_TEXT, 0, "journal.log ends here: it has reached log_bytes");
        check_text(j, EVENT_TEXT, 1, "demo.service: second");
        write_one(j, "demo.service", 5, "", "third");
        sample_rows(j, 1);
        assert_int_equal(fstatat(j->fd, "journal.log", &st, 0), 0);
        assert_in_range(st.st_size, 40, 60);
        j->monitor->stop(j->state);
}

static void test_bad_settings(void **state)
{
        static const char *const empty[] = {""};
        char long_name[400];
        const char *long_names[] = {long_name};
        Journal *j = *state;
        Error err;

        if (!can(j))
                skip();
        j->monitor->stop(j->state);
        memset(j->state, 0, j->monitor->state_size);
        memset(long_name, 'a', sizeof long_name);
        long_name[sizeof long_name - 1] = '\0';
        assert_int_equal(begin(j, empty, 1, 0), -EINVAL);
        assert_int_equal(begin(j, long_names, 1, 0), -EINVAL);
        MonitorContext context = {.host = j->host, .monitor = j->monitor, .run_fd = -1};
        assert_int_equal(j->monitor->start(j->state, &context, &err), -EINVAL);
        assert_string_equal(err.message, "no units are set: units = [\"NAME.service\"]");
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test_setup_teardown(test_lines, setup, teardown),
                cmocka_unit_test_setup_teardown(test_storm, setup, teardown),
                cmocka_unit_test_setup_teardown(test_full_log, setup, teardown),
                cmocka_unit_test_setup_teardown(test_bad_settings, setup, teardown),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
