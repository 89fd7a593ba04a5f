/* The contract of workload.h without a terminal, and the parts whose corners a whole run would
 * meet only by luck: line ends cut anywhere, which files are the same, trees. */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/cleanup.h"
#include "record/workload-internal.h"

static int temporary_file(int flags)
{
        return open("/tmp", O_TMPFILE | O_RDWR | O_CLOEXEC | flags, 0600);
}

static size_t contents(int fd, char *to, size_t size)
{
        ssize_t n = pread(fd, to, size - 1, 0);

        assert_true(n >= 0);
        to[n] = 0;
        return (size_t)n;
}

/* However the pty's bytes are cut into chunks, the log holds what was written. */
static void test_log_line_ends(void **state)
{
        static const char written[] = "a\nb\n\n\rc\r\nd\r\r\n\ne\r";
        char pty[64], got[64];
        size_t n = 0;

        for (const char *p = written; *p; p++) {
                if (*p == '\n')
                        pty[n++] = '\r';
                pty[n++] = *p;
        }
        for (size_t a = 0; a <= n; a++)
                for (size_t b = a; b <= n; b++) {
                        _cleanup_close_ int fd = temporary_file(0);
                        WorkloadLog log = {.fd = fd};
                        char copy[64];
                        memcpy(copy, pty, n);
                        workload_log_passed(&log, (uint8_t *)copy, a, true);
                        workload_log_passed(&log, (uint8_t *)copy + a, b - a, true);
                        workload_log_passed(&log, (uint8_t *)copy + b, n - b, true);
                        workload_log_flush(&log);
                        contents(fd, got, sizeof got);
                        assert_string_equal(got, written);
                        assert_int_equal(log.error, 0);
                }
}

static void test_log_full(void **state)
{
        _cleanup_close_ int fd = open("/dev/full", O_WRONLY | O_CLOEXEC);
        WorkloadLog log = {.fd = fd};
        uint8_t data[3] = "abc";

        if (fd < 0)
                skip();
        workload_log_passed(&log, data, 3, false);
        assert_int_equal(log.error, -ENOSPC);
        workload_log_passed(&log, data, 3, false);
        assert_int_equal(log.bytes, 6);
        assert_int_equal(log.fd, -1);
}

static void test_same_file(void **state)
{
        _cleanup_close_ int a = temporary_file(0), b = temporary_file(0), copy = dup(a);
        _cleanup_close_ int null = open("/dev/null", O_WRONLY | O_CLOEXEC);
        _cleanup_close_ int null_again = open("/dev/null", O_WRONLY | O_CLOEXEC);
        char path[32];

        snprintf(path, sizeof path, "/dev/fd/%d", a);
        _cleanup_close_ int again = open(path, O_WRONLY | O_CLOEXEC);
        _cleanup_close_ int append = open(path, O_WRONLY | O_APPEND | O_CLOEXEC);
        _cleanup_close_ int append_again = open(path, O_WRONLY | O_APPEND | O_CLOEXEC);
        assert_true(workload_same_file(a, copy));
        assert_false(workload_same_file(a, b));
        assert_false(workload_same_file(a, again)); /* another position */
        assert_false(workload_same_file(a, append));
        assert_true(workload_same_file(append, append_again));
        assert_true(workload_same_file(null, null_again));
        assert_false(workload_same_file(a, -1));
}

/* Passes what is there without waiting for a reader, and says when it has to. */
static void test_stream(int to, int reader)
{
        WorkloadStream stream;
        WorkloadLog log = {.fd = temporary_file(0)};
        enum { SIZE = 3 * 1024 * 1024 };
        _cleanup_free_ char *data = malloc(SIZE), *got = malloc(SIZE);
        int ends[2];
        size_t sent = 0, received = 0;
        bool was_blocked = false;

        for (size_t i = 0; i < SIZE; i++)
                data[i] = (char)(i * 7 + i / 251);
        assert_int_equal(workload_pipe_make(ends), 0);
        fcntl(ends[1], F_SETFL, O_NONBLOCK);
        assert_int_equal(workload_stream_init(&stream, ends[0], to, false), 0);
        assert_int_equal(fcntl(to, F_GETFL) & O_NONBLOCK, 0);
        while (received < SIZE) {
                ssize_t n = sent < SIZE ? write(ends[1], data + sent, MIN(SIZE - sent, (size_t)70001)) : -1;
                sent += n > 0 ? (size_t)n : 0;
                bool moved = workload_stream_move(&stream, &log);
                was_blocked |= stream.blocked;
                if (moved && n > 0)
                        continue;
                n = read(reader, got + received, SIZE - received);
                assert_true(n > 0);
                received += (size_t)n;
        }
        assert_memory_equal(data, got, SIZE);
        assert_true(was_blocked);
        assert_int_equal(log.bytes, SIZE);
        assert_int_equal(pread(log.fd, got, SIZE, 0), SIZE);
        assert_memory_equal(data, got, SIZE);
        close(reader);
        assert_true(stream.from >= 0);
        assert_int_equal(write(ends[1], "x", 1), 1);
        workload_stream_move(&stream, &log);
        assert_int_equal(stream.from, -1); /* nobody reads: the writer is to feel it */
        assert_int_equal(write(ends[1], "x", 1), -1);
        close(ends[1]);
        close(log.fd);
        close(to);
}

static void test_stream_to_pipe(void **state)
{
        int ends[2];

        assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
        test_stream(ends[1], ends[0]);
}

static void test_stream_to_socket(void **state)
{
        int ends[2];

        assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
        test_stream(ends[1], ends[0]);
}

static void test_tree(void **state)
{
        int ends[2];
        char byte;

        assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
        pid_t child = fork();
        if (child == 0) {
                pid_t grandchild = fork();
                if (grandchild == 0)
                        kill(getpid(), SIGSTOP); /* told to go on, it hears */
                if (write(ends[1], "x", 1) == 1)
                        for (;;)
                                pause();
                _exit(1);
        }
        close(ends[1]);
        assert_int_equal(read(ends[0], &byte, 1), 1);
        workload_tree_signal(child, SIGTERM);
        int status;
        assert_int_equal(waitpid(child, &status, 0), child);
        assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGTERM);
        /* The pipe ends when the grandchild has gone, too. */
        while (read(ends[0], &byte, 1) > 0)
                ;
        close(ends[0]);
}

/* --- the contract --- */

typedef struct Seen {
        Loop *loop;
        WorkloadResult result;
        unsigned calls;
} Seen;

static void on_done(const WorkloadResult *result, void *data)
{
        Seen *seen = data;

        seen->result = *result;
        seen->calls++;
        loop_stop(seen->loop);
}

static int run(const WorkloadOptions *options, Seen *seen, int signal, Error *err)
{
        _cleanup_(loop_freep) Loop *loop = NULL;
        _cleanup_(workload_freep) Workload *workload = NULL;

        assert_int_equal(loop_new(&loop), 0);
        seen->loop = loop;
        assert_int_equal(workload_fork(loop, options, &workload, err), 0);
        assert_int_equal(kill(workload_pid(workload), 0), 0);
        assert_true(workload_relay_pid(workload) > 0);
        int r = workload_release(workload, on_done, seen, err);
        if (signal)
                assert_int_equal(workload_signal(workload, signal), 0);
        assert_int_equal(loop_run(loop), 0);
        assert_int_equal(seen->calls, 1);
        assert_int_equal(workload_signal(workload, SIGTERM), -ESRCH);
        return r;
}

static void test_contract(void **state)
{
        char *argv[] = {(char[]){"/bin/sh"}, (char[]){"-c"}, (char[]){"exit 42"}, NULL};
        WorkloadOptions options = {.argv = argv, .output_fd = -1};
        Seen seen = {0};
        Error err = {0};

        assert_int_equal(run(&options, &seen, 0, &err), 0);
        assert_int_equal(seen.result.exit_code, 42);
        assert_int_equal(seen.result.exit_signal, 0);
        assert_true(seen.result.start_ns < seen.result.exec_ns);
        assert_true(seen.result.exec_ns <= seen.result.end_ns);
        assert_true(seen.result.usage.ru_minflt > 0);
}

static void test_contract_exec_fails(void **state)
{
        char *argv[] = {(char[]){"/nowhere/at all"}, NULL};
        WorkloadOptions options = {.argv = argv, .output_fd = -1};
        Seen seen = {0};
        Error err = {0};

        assert_int_equal(run(&options, &seen, 0, &err), -ENOENT);
        assert_string_equal(err.message, "/nowhere/at all: not found");
        assert_int_equal(seen.result.exit_code, 127);
        assert_true(seen.result.exec_failed);
        assert_int_equal(seen.result.exec_errno, ENOENT);
}

static void test_contract_signal(void **state)
{
        char *argv[] = {(char[]){"/bin/sleep"}, (char[]){"100"}, NULL};
        WorkloadOptions options = {.argv = argv, .output_fd = -1};
        Seen seen = {0};
        Error err = {0};

        assert_int_equal(run(&options, &seen, SIGUSR1, &err), 0);
        assert_int_equal(seen.result.exit_code, 128 + SIGUSR1);
        assert_int_equal(seen.result.exit_signal, SIGUSR1);
}

/* Freed before its release, the command never runs. */
static void test_contract_not_released(void **state)
{
        char path[] = "/tmp/vigia-test-workload-XXXXXX", mark[64];
        _cleanup_(loop_freep) Loop *loop = NULL;
        Workload *workload = NULL;
        Error err = {0};

        assert_non_null(mkdtemp(path));
        snprintf(mark, sizeof mark, "%s/mark", path);
        char *argv[] = {(char[]){"/bin/touch"}, mark, NULL};
        WorkloadOptions options = {.argv = argv, .output_fd = -1};
        assert_int_equal(loop_new(&loop), 0);
        assert_int_equal(workload_fork(loop, &options, &workload, &err), 0);
        pid_t relay = workload_relay_pid(workload);
        workload = workload_free(workload);
        while (kill(relay, 0) == 0 && waitpid(relay, NULL, 0) < 0 && errno == EINTR)
                ;
        assert_int_not_equal(access(mark, F_OK), 0);
        rmdir(path);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_log_line_ends),
                cmocka_unit_test(test_log_full),
                cmocka_unit_test(test_same_file),
                cmocka_unit_test(test_stream_to_pipe),
                cmocka_unit_test(test_stream_to_socket),
                cmocka_unit_test(test_tree),
                cmocka_unit_test(test_contract),
                cmocka_unit_test(test_contract_exec_fails),
                cmocka_unit_test(test_contract_signal),
                cmocka_unit_test(test_contract_not_released),
        };

        signal(SIGPIPE, SIG_IGN);
        return cmocka_run_group_tests(tests, NULL, NULL);
}
