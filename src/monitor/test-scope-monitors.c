/* The monitors that look at the processes of a run: files, threads, limits and fork, on ourselves
 * and on many. */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/text.h"
#include "monitor/test-monitor-place.h"

/* The same process under many keys. */
typedef struct Fake {
        MonitorScope scope;
        size_t n;
        pid_t pid;
} Fake;

static void each(const MonitorScope *scope, int (*fn)(const MonitorProcess *process, void *data),
                 void *data)
{
        const Fake *fake = (const Fake *)(const void *)scope;

        for (size_t i = 1; i <= fake->n; i++) {
                MonitorProcess process = {.process = i, .pid = fake->pid};
                if (fn(&process, data) != 0)
                        break;
        }
}

typedef struct Running {
        const Monitor *monitor;
        Host *host;
        void *state;
        Fake fake;
        Batch *rows;
        uint64_t now_ns;
} Running;

static void begin_with(Running *run, const char *name, size_t n, pid_t pid, size_t max_rows,
                       const MonitorSetting *setting)
{
        Error err = {0};

        run->now_ns = 0;
        run->monitor = monitor_find(name);
        assert_non_null(run->monitor);
        assert_int_equal(host_new(NULL, &run->host), 0);
        run->fake = (Fake){.scope = {each}, .n = n, .pid = pid};
        run->state = calloc(1, run->monitor->state_size);
        assert_non_null(run->state);
        assert_int_equal(batch_new(run->monitor->schema, max_rows, 1 << 16, &run->rows), 0);
        MonitorContext context = {.host = run->host,
                                  .monitor = run->monitor,
                                  .scope = &run->fake.scope,
                                  .settings = setting,
                                  .n_settings = setting != NULL,
                                  .run_fd = -1};
        assert_int_equal(run->monitor->probe(&context, &err, &err), 0);
        assert_int_equal(run->monitor->start(run->state, &context, &err), 0);
}

static void begin(Running *run, const char *name, size_t n, pid_t pid, size_t max_rows)
{
        begin_with(run, name, n, pid, max_rows, NULL);
}

static int sample(Running *run)
{
        MonitorTick tick = {run->now_ns += 1000000000, 1, 1};
        Error err = {0};

        batch_clear(run->rows);
        return run->monitor->sample(run->state, &tick, run->rows, &err);
}

static void end(Running *run)
{
        if (run->monitor->stop)
                run->monitor->stop(run->state);
        free(run->state);
        batch_free(run->rows);
        host_free(run->host);
}

static size_t column(const Running *run, const char *name)
{
        return column_of(run->monitor->schema, name);
}

static void test_files(void **state)
{
        struct rlimit limit;
        Running run;
        int fds[10];

        begin(&run, "files", 1, getpid(), 100);
        assert_int_equal(sample(&run), 0);
        assert_int_equal(batch_rows(run.rows), 2);
        assert_true(batch_is_null(run.rows, column(&run, "process"), 0));
        assert_true(batch_u64(run.rows, column(&run, "open_files"), 0) > 0);
        assert_true(batch_is_null(run.rows, column(&run, "fds"), 0));
        assert_int_equal(batch_u64(run.rows, column(&run, "process"), 1), 1);
        uint64_t before = batch_u64(run.rows, column(&run, "fds"), 1);
        assert_int_equal(getrlimit(RLIMIT_NOFILE, &limit), 0);
        if (limit.rlim_cur == RLIM_INFINITY)
                assert_true(batch_is_null(run.rows, column(&run, "fds_max"), 1));
        else
                assert_int_equal(batch_u64(run.rows, column(&run, "fds_max"), 1), limit.rlim_cur);
        for (size_t i = 0; i < 10; i++)
                assert_true((fds[i] = open("/dev/null", O_RDONLY | O_CLOEXEC)) >= 0);
        assert_int_equal(sample(&run), 0);
        assert_int_equal(batch_u64(run.rows, column(&run, "fds"), 1), before + 10);
        /* Nothing new: it is told again after a minute. */
        assert_int_equal(sample(&run), 0);
        assert_int_equal(batch_rows(run.rows), 1);
        run.now_ns += 60000000000;
        assert_int_equal(sample(&run), 0);
        assert_int_equal(batch_rows(run.rows), 2);
        for (size_t i = 0; i < 10; i++)
                close(fds[i]);
        end(&run);
}

/* Of a thousand some are looked at in each sample, and all within few. */
static void test_turns(void **state)
{
        bool seen[1001] = {false};
        size_t n_seen = 0;
        Running run;

        begin(&run, "files", 1000, getpid(), 2000);
        for (size_t i = 0; i < 30 && n_seen < 1000; i++) {
                assert_int_equal(sample(&run), 0);
                assert_true(batch_rows(run.rows) <= 1 + 2 * 200);
                for (size_t row = 1; row < batch_rows(run.rows); row++) {
                        uint64_t key = batch_u64(run.rows, column(&run, "process"), row);
                        assert_true(key >= 1 && key <= 1000);
                        n_seen += !seen[key];
                        seen[key] = true;
                }
        }
        assert_int_equal(n_seen, 1000);
        end(&run);
}

/* Nothing is said of a process that has gone; a full batch is said to be. */
static void test_edges(void **state)
{
        Running run;

        begin(&run, "files", 3, INT32_MAX, 100);
        assert_int_equal(sample(&run), 0);
        assert_int_equal(batch_rows(run.rows), 1);
        end(&run);
        begin(&run, "files", 30, getpid(), 5);
        assert_int_equal(sample(&run), -ENOBUFS);
        assert_int_equal(batch_rows(run.rows), 5);
        end(&run);
        begin(&run, "threads", 3, INT32_MAX, 100);
        assert_int_equal(sample(&run), 0);
        assert_int_equal(batch_rows(run.rows), 0);
        end(&run);
}

/* Whose limits count when processes are attached to: theirs, from when there is one. */
static void test_limits(void **state)
{
        struct rlimit limit;
        Running run;

        assert_int_equal(getrlimit(RLIMIT_NPROC, &limit), 0);
        begin(&run, "limits", 0, getpid(), 100);
        assert_int_equal(sample(&run), 0);
        assert_true(batch_u64(run.rows, column(&run, "tasks"), 0) > 0);
        assert_true(batch_is_null(run.rows, column(&run, "uid"), 0));
        assert_true(batch_is_null(run.rows, column(&run, "nproc_soft"), 0));
        assert_true(batch_is_null(run.rows, column(&run, "user_tasks"), 0));
        run.fake.n = 1;
        assert_int_equal(sample(&run), 0);
        assert_int_equal(batch_u64(run.rows, column(&run, "uid"), 0), geteuid());
        if (limit.rlim_cur != RLIM_INFINITY)
                assert_int_equal(batch_u64(run.rows, column(&run, "nproc_soft"), 0),
                                 limit.rlim_cur);
        /* Under hidepid nobody can be counted. */
        assert_true(batch_is_null(run.rows, column(&run, "user_tasks"), 0) ||
                    batch_u64(run.rows, column(&run, "user_tasks"), 0) > 0);
        run.fake.pid = INT32_MAX; /* it ends: what was its, stays */
        assert_int_equal(sample(&run), 0);
        assert_int_equal(batch_u64(run.rows, column(&run, "uid"), 0), geteuid());
        end(&run);
}

/* Nothing of that size fits anywhere; whether one byte does, the machine decides. */
static void test_fork(void **state)
{
        MonitorSetting setting = {"fork", "size", NULL, 0, INT64_MAX};
        const char *verdict;
        Running run;
        size_t size;

        begin_with(&run, "fork", 1, getpid(), 100, &setting);
        assert_int_equal(sample(&run), 0);
        verdict = batch_text(run.rows, column(&run, "verdict"), 0, &size);
        assert_int_equal(size, 2);
        assert_memory_equal(verdict, "no", 2);
        assert_true(batch_u64(run.rows, column(&run, "size_bytes"), 0) == INT64_MAX);
        end(&run);
        setting.number = 1;
        begin_with(&run, "fork", 1, getpid(), 100, &setting);
        assert_int_equal(sample(&run), 0);
        assert_int_equal(batch_u64(run.rows, column(&run, "size_bytes"), 0), 1);
        assert_true(batch_is_null(run.rows, column(&run, "left_bytes"), 0) !=
                    batch_is_null(run.rows, column(&run, "left_tasks"), 0));
        end(&run);
}

static pthread_barrier_t named;

static void *wait_for_end(void *data)
{
        char c;

        pthread_setname_np(pthread_self(), "a \") b\n(");
        pthread_barrier_wait(&named);
        return read(*(int *)data, &c, 1) >= 0 ? NULL : data;
}

static void test_threads(void **state)
{
        pthread_t threads[3];
        size_t n_named = 0, size;
        int until[2];
        Running run;

        begin(&run, "threads", 1, getpid(), 100);
        assert_int_equal(sample(&run), 0);
        size_t before = batch_rows(run.rows); /* a sanitizer may have one of its own */
        assert_int_equal(pipe2(until, O_CLOEXEC), 0);
        assert_int_equal(pthread_barrier_init(&named, NULL, 4), 0);
        for (size_t i = 0; i < 3; i++)
                assert_int_equal(pthread_create(&threads[i], NULL, wait_for_end, &until[0]), 0);
        pthread_barrier_wait(&named);
        assert_int_equal(sample(&run), 0);
        assert_int_equal(batch_rows(run.rows), before + 3);
        for (size_t row = 0; row < batch_rows(run.rows); row++) {
                const char *name = batch_text(run.rows, column(&run, "name"), row, &size);
                n_named += size == 8 && memcmp(name, "a \") b\n(", 8) == 0;
                assert_int_equal(batch_u64(run.rows, column(&run, "process"), row), 1);
                assert_true(batch_u64(run.rows, column(&run, "tid"), row) > 0);
                assert_true(batch_u64(run.rows, column(&run, "start_boottime_ns"), row) > 0);
                batch_text(run.rows, column(&run, "state"), row, &size);
                assert_int_equal(size, 1);
        }
        assert_int_equal(n_named, 3);
        close(until[1]);
        for (size_t i = 0; i < 3; i++)
                assert_int_equal(pthread_join(threads[i], NULL), 0);
        close(until[0]);
        pthread_barrier_destroy(&named);
        end(&run);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_files),
                cmocka_unit_test(test_turns),
                cmocka_unit_test(test_edges),
                cmocka_unit_test(test_limits),
                cmocka_unit_test(test_fork),
                cmocka_unit_test(test_threads),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
