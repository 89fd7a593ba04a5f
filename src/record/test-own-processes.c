/* Real processes: a fork of ours is our own until it runs another program. */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "record/own-processes.h"

/* A child that says when it is there, and stays until it is killed. */
static pid_t begin(bool exec)
{
        int ends[2];
        char byte;

        assert_int_equal(pipe(ends), 0);
        pid_t pid = fork();
        if (pid == 0) {
                dup2(ends[1], STDOUT_FILENO);
                close(ends[0]);
                close(ends[1]);
                if (exec)
                        execl("/bin/sh", "sh", "-c", "echo; exec sleep 1000", NULL);
                else
                        (void)!write(STDOUT_FILENO, "\n", 1);
                for (;;)
                        pause();
        }
        assert_true(pid > 0);
        close(ends[1]);
        assert_int_equal(read(ends[0], &byte, 1), 1);
        close(ends[0]);
        return pid;
}

static void end(pid_t pid)
{
        kill(pid, SIGKILL);
        waitpid(pid, NULL, 0);
}

static void test_own(void **state)
{
        Host *host;
        OwnProcesses own;

        assert_int_equal(host_new("/", &host), 0);
        own_processes_find(&own, host);
        assert_true(own_processes_has(&own, host, getpid()));
        assert_true(own_processes_has(&own, host, getppid()));
        assert_int_not_equal(own.stack_start, 0);
        pid_t fork_of_ours = begin(false), other = begin(true);
        assert_true(own_processes_has(&own, host, fork_of_ours));
        assert_false(own_processes_has(&own, host, other));
        end(fork_of_ours);
        end(other);
        assert_false(own_processes_has(&own, host, fork_of_ours)); /* gone */
        own.line[0].start_ticks++; /* as if the pid were another's by now */
        own.stack_start = 0;
        assert_false(own_processes_has(&own, host, getpid()));
        host_free(host);
}

int main(void)
{
        const struct CMUnitTest tests[] = {cmocka_unit_test(test_own)};

        return cmocka_run_group_tests(tests, NULL, NULL);
}
