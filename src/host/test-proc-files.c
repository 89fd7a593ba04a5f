/* Descriptors and threads of ourselves, counted in every way. */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/cleanup.h"
#include "base/text.h"
#include "host/proc-files.h"

static void test_fds(void **state)
{
        _cleanup_(host_freep) Host *host = NULL;
        uint64_t before = 0, after = 0, by_size = 0;
        int fds[20];

        assert_int_equal(host_new(NULL, &host), 0);
        bool have_size = proc_fds_have_size(host);
        assert_int_equal(proc_fds_count(host, getpid(), false, &before), 0);
        for (size_t i = 0; i < 20; i++)
                assert_true((fds[i] = open("/dev/null", O_RDONLY | O_CLOEXEC)) >= 0);
        assert_int_equal(proc_fds_count(host, getpid(), false, &after), 0);
        assert_int_equal(after, before + 20);
        if (have_size) {
                assert_int_equal(proc_fds_count(host, getpid(), true, &by_size), 0);
                assert_int_equal(by_size, after);
        }
        for (size_t i = 0; i < 20; i++)
                close(fds[i]);
        assert_int_equal(proc_fds_count(host, INT32_MAX, false, &after), PROC_GONE);
        assert_int_equal(after, before + 20);
}

/* The size of an ordinary folder is no count. */
static void test_recorded(void **state)
{
        char root[] = "/tmp/vigia-proc-files.XXXXXX", path[128];
        static const char *const folders[] = {"proc", "proc/self", "proc/self/fd", "proc/self/fd/7"};
        _cleanup_(host_freep) Host *host = NULL;

        assert_non_null(mkdtemp(root));
        assert_int_equal(host_new(root, &host), 0);
        assert_false(proc_fds_have_size(host));
        for (size_t i = 0; i < 4; i++) {
                snprintf(path, sizeof path, "%s/%s", root, folders[i]);
                assert_int_equal(mkdir(path, 0755), 0);
        }
        assert_false(proc_fds_have_size(host));
        for (size_t i = 4; i > 0; i--) {
                snprintf(path, sizeof path, "%s/%s", root, folders[i - 1]);
                assert_int_equal(rmdir(path), 0);
        }
        rmdir(root);
}

typedef struct Seen {
        pid_t tids[64];
        size_t n;
} Seen;

static int see(const char *name, void *data)
{
        Seen *seen = data;
        uint64_t tid;

        assert_int_equal(parse_u64z(name, &tid), 0);
        assert_true(seen->n < 64);
        seen->tids[seen->n++] = (pid_t)tid;
        return 0;
}

static int stop(const char *name, void *data)
{
        return 42;
}

static void *wait_for_end(void *data)
{
        char c;

        pthread_setname_np(pthread_self(), "a ) b (");
        return read(*(int *)data, &c, 1) >= 0 ? NULL : data;
}

static void test_threads(void **state)
{
        _cleanup_(host_freep) Host *host = NULL;
        pthread_t threads[3];
        int until[2], named = 0;
        Seen seen = {0};
        ProcStat stat;

        assert_int_equal(host_new(NULL, &host), 0);
        assert_int_equal(pipe2(until, O_CLOEXEC), 0);
        int fd = proc_threads_open(host, getpid());
        assert_true(fd >= 0);
        assert_int_equal(numbers_walk(fd, see, &seen), 0);
        size_t before = seen.n; /* a sanitizer may have one of its own */
        for (size_t i = 0; i < 3; i++)
                assert_int_equal(pthread_create(&threads[i], NULL, wait_for_end, &until[0]), 0);
        seen.n = 0;
        assert_int_equal(numbers_walk(fd, see, &seen), 0);
        assert_int_equal(seen.n, before + 3);
        assert_int_equal(numbers_walk(fd, stop, NULL), 42);
        for (size_t i = 0; i < seen.n; i++) {
                assert_int_equal(proc_thread_stat_read(fd, seen.tids[i], &stat), 0);
                assert_int_equal(stat.pid, seen.tids[i]);
                named += seen.tids[i] == getpid();
        }
        assert_int_equal(named, 1);
        assert_int_equal(proc_thread_stat_read(fd, INT32_MAX, &stat), PROC_GONE);
        close(until[1]);
        for (size_t i = 0; i < 3; i++)
                assert_int_equal(pthread_join(threads[i], NULL), 0);
        close(until[0]);
        close(fd);
        assert_true(proc_threads_open(host, INT32_MAX) < 0);
        assert_int_equal(numbers_walk(-1, see, &seen), -EBADF);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_fds),
                cmocka_unit_test(test_recorded),
                cmocka_unit_test(test_threads),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
