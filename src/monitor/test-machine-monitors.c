/* Files of the machine that grow, turn to nonsense, vanish and come back under the monitors cpu,
 * pressure, limits, fork and files. */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/text.h"
#include "monitor/test-monitor-place.h"

static char root[] = "/tmp/vigia-machine.XXXXXX";

typedef struct Running {
        const Monitor *monitor;
        Host *host;
        void *state;
        Batch *rows;
        Error err;
} Running;

static void write_file(const char *name, const void *text, size_t size)
{
        char path[256];

        snprintf(path, sizeof path, "%s/%s", root, name);
        for (char *at = path + sizeof root; (at = strchr(at, '/')); at++) {
                *at = '\0';
                mkdir(path, 0755);
                *at = '/';
        }
        FILE *file = fopen(path, "w");
        assert_non_null(file);
        assert_int_equal(fwrite(text, 1, size, file), size);
        assert_int_equal(fclose(file), 0);
}

static void write_text(const char *name, const char *text)
{
        write_file(name, text, strlen(text));
}

static int make_root(void **state)
{
        return mkdtemp(root) ? 0 : -1;
}

static int remove_root(void **state)
{
        char command[128];

        snprintf(command, sizeof command, "rm -rf %s", root);
        return system(command);
}

/* command: its pid; 0: the whole machine is watched. */
static int begin_of(Running *run, const char *name, pid_t command)
{
        *run = (Running){.monitor = monitor_find(name)};
        assert_non_null(run->monitor);
        assert_int_equal(host_new(root, &run->host), 0);
        run->state = calloc(1, run->monitor->state_size);
        assert_non_null(run->state);
        assert_int_equal(batch_new(run->monitor->schema, 10000, 1 << 16, &run->rows), 0);
        MonitorContext context = {.host = run->host, .monitor = run->monitor, .uid = 1000,
                                  .root = command, .all = command == 0, .run_fd = -1};
        int r = run->monitor->probe(&context, &run->err, &run->err);
        return r < 0 ? r : run->monitor->start(run->state, &context, &run->err);
}

static int begin(Running *run, const char *name)
{
        return begin_of(run, name, 0);
}

static int sample(Running *run)
{
        MonitorTick tick = {1, 1, 1};

        batch_clear(run->rows);
        run->err = (Error){0};
        int r = run->monitor->sample(run->state, &tick, run->rows, &run->err);
        assert_true((r < 0) == (run->err.message[0] != '\0'));
        return r;
}

static void end(Running *run, bool started)
{
        if (started)
                run->monitor->stop(run->state);
        free(run->state);
        batch_free(run->rows);
        host_free(run->host);
}

static size_t column(const Running *run, const char *name)
{
        return column_of(run->monitor->schema, name);
}

static const char stat_text[] = "cpu  10 0 5 100 1 0 0 0 0 0\ncpu0 10 0 5 100 1 0 0 0 0 0\n"
                                "intr 7 1 2\nctxt 9\nprocesses 3\nprocs_running 1\n"
                                "procs_blocked 0\nsoftirq 4 1\n";

/* CPUs and interrupts are added while it runs, more than the first buffer holds. */
static void test_cpu_grows(void **state)
{
        _cleanup_string_ String text = {0};
        Running run;

        write_text("proc/stat", stat_text);
        assert_int_equal(begin(&run, "cpu"), 0);
        assert_int_equal(sample(&run), 0);
        assert_int_equal(batch_rows(run.rows), 2);
        assert_int_equal(batch_u64(run.rows, column(&run, "user_us"), 0), 100000);
        assert_true(batch_is_null(run.rows, column(&run, "load_1m"), 0)); /* no loadavg */
        string_add(&text, "cpu  1000 0 5 100 1 0 0 0 0 0\n");
        for (unsigned i = 0; i < 2000; i++)
                string_add_format(&text, "cpu%u 10 0 5 100 1 0 0 0 0 0\n", i);
        string_add(&text, "intr 7");
        for (unsigned i = 0; i < 20000; i++)
                string_add(&text, " 0");
        string_add(&text, "\nctxt 12345\n");
        write_file("proc/stat", text.text, text.size);
        assert_int_equal(sample(&run), 0);
        assert_int_equal(batch_rows(run.rows), 2001);
        assert_int_equal(batch_u64(run.rows, column(&run, "online_cpus"), 0), 2000);
        assert_int_equal(batch_u64(run.rows, column(&run, "context_switches"), 0), 12345);
        assert_int_equal(batch_u64(run.rows, column(&run, "cpu"), 2000), 1999);
        end(&run, true);
}

static void test_cpu_nonsense(void **state)
{
        const size_t huge = (size_t)5 << 20;
        char *text = malloc(huge);
        Running run;

        assert_non_null(text);
        memset(text, '\0', huge);
        write_text("proc/stat", stat_text);
        assert_int_equal(begin(&run, "cpu"), 0);
        write_file("proc/stat", text, huge);
        assert_int_equal(sample(&run), -EFBIG);
        write_file("proc/stat", text, 5000);
        assert_int_equal(sample(&run), -EBADMSG);
        write_text("proc/stat", "");
        assert_int_equal(sample(&run), -EBADMSG);
        write_text("proc/stat", stat_text);
        write_text("proc/loadavg", "no load\n");
        assert_int_equal(sample(&run), 0);
        assert_int_equal(batch_rows(run.rows), 2);
        end(&run, true);
        free(text);
}

static void test_cpu_absent(void **state)
{
        char path[128];
        Running run;

        snprintf(path, sizeof path, "%s/proc/stat", root);
        unlink(path);
        assert_int_equal(begin(&run, "cpu"), -ENOENT);
        assert_string_equal(run.err.message, "/proc/stat: No such file or directory");
        end(&run, false);
}

#define LINE "avg10=0.00 avg60=0.00 avg300=0.00 total=7\n"

/* One resource that breaks does not take the others with it. */
static void test_pressure(void **state)
{
        Running run;

        assert_int_equal(begin(&run, "pressure"), -EOPNOTSUPP);
        end(&run, false);
        write_text("proc/pressure/cpu", "some " LINE);
        write_text("proc/pressure/memory", "some " LINE "full " LINE);
        assert_int_equal(begin(&run, "pressure"), 0);
        assert_int_equal(sample(&run), 0);
        assert_int_equal(batch_rows(run.rows), 2);
        assert_true(batch_is_null(run.rows, column(&run, "full_us"), 0));
        write_text("proc/pressure/cpu", "\xff\xfe\0");
        assert_int_equal(sample(&run), 0);
        assert_int_equal(batch_rows(run.rows), 1);
        write_text("proc/pressure/memory", "");
        assert_int_equal(sample(&run), -EBADMSG);
        assert_int_equal(batch_rows(run.rows), 0);
        end(&run, true);
}

static void test_limits(void **state)
{
        Running run;

        assert_int_equal(begin(&run, "limits"), -ENOENT);
        end(&run, false);
        write_text("proc/sys/kernel/threads-max", "125436\n");
        write_text("proc/sys/vm/overcommit_memory", "banana\n");
        write_text("proc/sys/vm/overcommit_kbytes", "2048\n");
        assert_int_equal(begin(&run, "limits"), 0);
        assert_int_equal(sample(&run), 0);
        assert_int_equal(batch_rows(run.rows), 1);
        assert_int_equal(batch_u64(run.rows, column(&run, "threads_max"), 0), 125436);
        assert_int_equal(batch_u64(run.rows, column(&run, "overcommit_bytes"), 0), 2 << 20);
        assert_true(batch_is_null(run.rows, column(&run, "overcommit_memory"), 0));
        assert_true(batch_is_null(run.rows, column(&run, "pids_max"), 0));
        write_text("proc/sys/kernel/threads-max", "");
        assert_int_equal(sample(&run), -ENODATA);
        end(&run, true);
}

#define LIMITS_TITLE "Limit                     Soft Limit           Hard Limit           Units     \n"

/* The command's own; where it was gone before it was looked at, those that it was started with. */
static void test_limits_of_command(void **state)
{
        Running run;

        write_text("proc/sys/kernel/threads-max", "125436\n");
        write_text("proc/self/limits", LIMITS_TITLE "Max processes             60                   90                   processes \n");
        write_text("proc/77/limits", LIMITS_TITLE "Max processes             40                   80                   processes \n");
        write_text("proc/78/limits", "");
        assert_int_equal(begin_of(&run, "limits", 77), 0);
        assert_int_equal(sample(&run), 0);
        assert_int_equal(batch_u64(run.rows, column(&run, "nproc_soft"), 0), 40);
        assert_int_equal(batch_u64(run.rows, column(&run, "nproc_hard"), 0), 80);
        write_text("proc/77/limits", ""); /* it ends: what was read stays */
        assert_int_equal(sample(&run), 0);
        assert_int_equal(batch_u64(run.rows, column(&run, "nproc_soft"), 0), 40);
        end(&run, true);
        for (pid_t gone = 78; gone <= 79; gone++) {
                assert_int_equal(begin_of(&run, "limits", gone), 0);
                assert_int_equal(sample(&run), 0);
                assert_int_equal(batch_u64(run.rows, column(&run, "nproc_soft"), 0), 60);
                end(&run, true);
        }
        write_text("proc/self/limits", "");
}

static void test_fork(void **state)
{
        Running run;
        size_t size;

        assert_int_equal(begin(&run, "fork"), -ENOENT);
        end(&run, false);
        write_text("proc/meminfo", "MemTotal: 1000000 kB\nMemAvailable: 600000 kB\n");
        assert_int_equal(begin(&run, "fork"), 0);
        assert_int_equal(sample(&run), 0);
        assert_memory_equal(batch_text(run.rows, column(&run, "verdict"), 0, &size), "marginal", 8);
        assert_int_equal(batch_u64(run.rows, column(&run, "left_bytes"), 0), 600000 << 10);
        /* Before 3.14 there was no MemAvailable: nothing is known that could stop it. */
        write_text("proc/meminfo", "MemTotal: 1000000 kB\n");
        assert_int_equal(sample(&run), 0);
        assert_true(batch_is_null(run.rows, column(&run, "verdict"), 0));
        write_text("proc/meminfo", "\n\n");
        assert_int_equal(sample(&run), -EBADMSG);
        end(&run, true);
}

static void test_files(void **state)
{
        Running run;

        assert_int_equal(begin(&run, "files"), -ENOENT);
        end(&run, false);
        write_text("proc/sys/fs/file-nr", "100\t4\t9223372036854775807\n");
        assert_int_equal(begin(&run, "files"), 0);
        assert_int_equal(sample(&run), 0);
        assert_int_equal(batch_u64(run.rows, column(&run, "open_files"), 0), 96);
        assert_true(batch_is_null(run.rows, column(&run, "inodes"), 0));
        write_text("proc/sys/fs/file-nr", "100\n");
        assert_int_equal(sample(&run), -EBADMSG);
        assert_int_equal(batch_rows(run.rows), 0);
        end(&run, true);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_cpu_grows),  cmocka_unit_test(test_cpu_nonsense),
                cmocka_unit_test(test_cpu_absent), cmocka_unit_test(test_pressure),
                cmocka_unit_test(test_limits),     cmocka_unit_test(test_limits_of_command),
                cmocka_unit_test(test_fork),       cmocka_unit_test(test_files),
        };

        return cmocka_run_group_tests(tests, make_root, remove_root);
}
