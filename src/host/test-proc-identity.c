/* The readers against processes of this test's own whose facts are known. */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/clock.h"
#include "host/proc-identity.h"

static int setup(void **state)
{
        Host *host;
        int r = host_new(NULL, &host);

        *state = host;
        return r;
}

static int teardown(void **state)
{
        host_free(*state);
        return 0;
}

/* A sleep with one more argument, past its exec. */
static pid_t spawn(const char *extra)
{
        char *const argv[] = {(char *)"sleep", (char *)"1000", (char *)extra, NULL};
        int ready[2];
        pid_t pid;
        char c;

        assert_int_equal(pipe2(ready, O_CLOEXEC), 0);
        pid = fork();
        assert_true(pid >= 0);
        if (pid == 0) {
                execv("/bin/sleep", argv);
                _exit(127);
        }
        close(ready[1]);
        assert_int_equal(read(ready[0], &c, 1), 0); /* closed by the exec */
        close(ready[0]);
        return pid;
}

static void end(pid_t pid)
{
        kill(pid, SIGKILL);
        assert_int_equal(waitpid(pid, NULL, 0), pid);
}

static void test_self(void **state)
{
        const Host *host = *state;
        ProcStat stat;
        ProcStatus status;
        ProcSmaps smaps;
        ProcIo io;
        int64_t uid;
        uint64_t start;
        char text[4096], expected[4096];

        assert_int_equal(prctl(PR_SET_NAME, "a) R 1 ("), 0);
        assert_int_equal(proc_stat_read(host, getpid(), &stat), 0);
        assert_int_equal(stat.pid, getpid());
        assert_int_equal(stat.ppid, getppid());
        assert_string_equal(stat.comm, "a) R 1 (");
        assert_int_equal(stat.threads, 1);
        assert_int_equal(proc_status_read(host, getpid(), &status), 0);
        assert_int_equal(status.uid, getuid());
        assert_int_equal(status.threads, 1);
        assert_int_equal(proc_io_read(host, getpid(), &io), 0);
        assert_true(io.read_chars > 0);
        assert_int_equal(proc_smaps_rollup_read(host, getpid(), &smaps), 0);
        assert_true(smaps.pss_bytes > 0 && smaps.pss_bytes <= smaps.rss_bytes);
        assert_int_equal(proc_uid_read(host, getpid(), &uid), 0);
        assert_int_equal(uid, geteuid());
        assert_int_equal(proc_start_read(host, getpid(), &start), 0);
        assert_true(start <= clock_boottime_ns());
        assert_non_null(getcwd(expected, sizeof expected));
        assert_int_equal(proc_cwd_read(host, getpid(), text, sizeof text), 0);
        assert_string_equal(text, expected);
        ssize_t n = readlink("/proc/self/exe", expected, sizeof expected - 1);
        assert_true(n > 0);
        expected[n] = '\0';
        assert_int_equal(proc_exe_read(host, getpid(), text, sizeof text), 0);
        assert_string_equal(text, expected);
        assert_int_equal(proc_exe_read(host, getpid(), text, 5), 0);
        assert_int_equal(strlen(text), 4);
}

static void test_cmdline(void **state)
{
        const Host *host = *state;
        static char big[8000];
        char text[PROC_CMDLINE_MAX + 1];
        size_t size = 0;
        bool cut = true;
        pid_t pid = spawn(NULL);

        assert_int_equal(proc_cmdline_read(host, pid, text, &size, &cut), 0);
        assert_int_equal(size, 11);
        assert_memory_equal(text, "sleep\0" "1000", 11);
        assert_false(cut);
        end(pid);
        memset(big, '0', sizeof big - 1);
        pid = spawn(big);
        assert_int_equal(proc_cmdline_read(host, pid, text, &size, &cut), 0);
        assert_int_equal(size, PROC_CMDLINE_MAX);
        assert_true(cut);
        end(pid);
}

static void test_gone(void **state)
{
        const Host *host = *state;
        char text[PROC_CMDLINE_MAX + 1];
        ProcStat stat;
        ProcSmaps smaps;
        size_t size = 1;
        uint64_t start;
        bool cut;
        pid_t pid = spawn(NULL);
        siginfo_t info;

        kill(pid, SIGKILL);
        assert_int_equal(waitid(P_PID, (id_t)pid, &info, WEXITED | WNOWAIT), 0);
        assert_int_equal(proc_stat_read(host, pid, &stat), 0); /* a zombie still has a name */
        assert_int_equal(stat.state, 'Z');
        assert_int_equal(stat.wait_status, SIGKILL);
        assert_int_equal(proc_smaps_rollup_read(host, pid, &smaps), PROC_GONE);
        assert_int_equal(proc_cmdline_read(host, pid, text, &size, &cut), 0);
        assert_int_equal(size, 0);
        assert_int_equal(waitpid(pid, NULL, 0), pid);
        assert_int_equal(proc_stat_read(host, pid, &stat), PROC_GONE);
        assert_int_equal(proc_smaps_rollup_read(host, pid, &smaps), PROC_GONE);
        assert_int_equal(proc_cmdline_read(host, pid, text, &size, &cut), PROC_GONE);
        assert_int_equal(proc_start_read(host, pid, &start), PROC_GONE);
        assert_int_equal(proc_exe_read(host, pid, text, sizeof text), PROC_GONE);
}

static int count_self(pid_t pid, void *data)
{
        *(unsigned *)data += pid == getpid();
        return 0;
}

static int stop_at_self(pid_t pid, void *data)
{
        return pid == getpid() ? 42 : 0;
}

static void test_walk(void **state)
{
        const Host *host = *state;
        unsigned seen = 0;

        assert_int_equal(proc_pids_walk(host, count_self, &seen), 0);
        assert_int_equal(seen, 1);
        assert_int_equal(proc_threads_walk(host, getpid(), count_self, &seen), 0);
        assert_int_equal(seen, 2);
        assert_int_equal(proc_pids_walk(host, stop_at_self, NULL), 42);
        assert_int_equal(proc_threads_walk(host, INT32_MAX, count_self, &seen), PROC_GONE);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_self),
                cmocka_unit_test(test_cmdline),
                cmocka_unit_test(test_gone),
                cmocka_unit_test(test_walk),
        };
        return cmocka_run_group_tests(tests, setup, teardown);
}
