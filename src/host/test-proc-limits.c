/* Limits as the kernel prints them, numbers of /proc/sys, and a user whose tasks are known. */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/cleanup.h"
#include "host/proc-limits.h"

static const char typical[] =
        "Limit                     Soft Limit           Hard Limit           Units     \n"
        "Max cpu time              unlimited            unlimited            seconds   \n"
        "Max processes             4096                 127482               processes \n"
        "Max open files            1024                 unlimited            files     \n";

static void test_limits(void **state)
{
        uint64_t soft, hard;

        assert_int_equal(
                proc_limit_parse(typical, strlen(typical), "Max processes", &soft, &hard), 0);
        assert_int_equal(soft, 4096);
        assert_int_equal(hard, 127482);
        assert_int_equal(
                proc_limit_parse(typical, strlen(typical), "Max open files", &soft, &hard), 0);
        assert_int_equal(soft, 1024);
        assert_true(hard == LIMIT_NONE);
        assert_int_equal(proc_limit_parse(typical, strlen(typical), "Max cpu time", &soft, NULL),
                         0);
        assert_true(soft == LIMIT_NONE);
}

static void test_bad_limits(void **state)
{
        static const char *const texts[] = {
                "Max processes             \n",
                "Max processes             4096\n",
                "Max processes             -1                   5\n",
                "Max processes             99999999999999999999 5\n",
                "Max processes             unlimite             unlimited\n",
        };
        uint64_t soft = 7, hard = 8;

        for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
                assert_int_equal(proc_limit_parse(texts[i], strlen(texts[i]), "Max processes",
                                                  &soft, &hard),
                                 -EBADMSG);
        assert_int_equal(proc_limit_parse("", 0, "Max processes", &soft, &hard), -ENOENT);
        assert_int_equal(proc_limit_parse("Max processes", 13, "Max processes", &soft, &hard),
                         -ENOENT);
        assert_int_equal(proc_limit_parse(typical, strlen(typical), "Max process", &soft, &hard),
                         -ENOENT);
        assert_int_equal(soft, 7);
        assert_int_equal(hard, 8);
}

static void test_numbers(void **state)
{
        uint64_t n[3] = {7, 7, 7};

        assert_int_equal(sysctl_parse("596\t0\t9223372036854775807\n", 26, n, 3), 0);
        assert_int_equal(n[0], 596);
        assert_int_equal(n[2], INT64_MAX);
        assert_int_equal(sysctl_parse("1 2\n", 4, n, 3), -EBADMSG);
        assert_int_equal(sysctl_parse("", 0, n, 1), -EBADMSG);
        assert_int_equal(n[0], 596);
        assert_int_equal(sysctl_parse("1", 1, n, 9), -EINVAL);
        assert_int_equal(sysctl_reread(-1, n, 1), -ENOENT);
}

enum { NOBODY_ELSE = 64321, THREADS = 3 };

static void *wait_for_end(void *data)
{
        char c;

        return read(*(int *)data, &c, 1) >= 0 ? NULL : data;
}

/* A user of its own with THREADS + 1 tasks; ends when `until` is closed. */
static void be_somebody(int ready, int until)
{
        pthread_t threads[THREADS];

        if (setresuid(NOBODY_ELSE, NOBODY_ELSE, NOBODY_ELSE) < 0)
                _exit(1);
        for (size_t i = 0; i < THREADS; i++)
                if (pthread_create(&threads[i], NULL, wait_for_end, &until) != 0)
                        _exit(1);
        if (write(ready, "x", 1) != 1)
                _exit(1);
        wait_for_end(&until);
        _exit(0);
}

static void test_user(void **state)
{
        _cleanup_close_ int proc = open("/proc", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        int ready[2], until[2], status;
        uint64_t tasks = 0;
        size_t processes = 0;
        char c;

        assert_true(proc >= 0);
        assert_int_equal(user_tasks_count(proc, getuid(), &tasks, &processes), 0);
        assert_true(tasks >= 1 && processes >= 1);
        if (getuid() != 0)
                skip();
        assert_int_equal(pipe2(ready, O_CLOEXEC), 0);
        assert_int_equal(pipe2(until, O_CLOEXEC), 0);
        pid_t pid = fork();
        assert_true(pid >= 0);
        if (pid == 0) {
                close(until[1]);
                be_somebody(ready[1], until[0]);
        }
        close(ready[1]);
        if (read(ready[0], &c, 1) != 1) { /* root of a namespace without that user */
                assert_int_equal(waitpid(pid, &status, 0), pid);
                skip();
        }
        assert_int_equal(user_tasks_count(proc, NOBODY_ELSE, &tasks, &processes), 0);
        assert_int_equal(tasks, THREADS + 1);
        close(until[0]);
        close(until[1]);
        close(ready[0]);
        assert_int_equal(waitpid(pid, &status, 0), pid);
        assert_int_equal(status, 0);
        assert_int_equal(user_tasks_count(proc, NOBODY_ELSE, &tasks, &processes), 0);
        assert_int_equal(tasks, 0);
}

/* A recorded /proc without processes knows nothing of them. */
static void test_none(void **state)
{
        char path[] = "/tmp/vigia-proc-limits.XXXXXX";
        uint64_t tasks = 7;
        size_t processes;

        assert_non_null(mkdtemp(path));
        int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        assert_int_equal(user_tasks_count(fd, 0, &tasks, &processes), -ENODATA);
        assert_int_equal(tasks, 7);
        close(fd);
        rmdir(path);
        assert_int_equal(user_tasks_count(-1, 0, &tasks, &processes), -EBADF);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_limits), cmocka_unit_test(test_bad_limits),
                cmocka_unit_test(test_numbers), cmocka_unit_test(test_user),
                cmocka_unit_test(test_none),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
