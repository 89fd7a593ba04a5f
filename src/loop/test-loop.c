/* Timers count what they missed, children are seen once, sources free themselves. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/clock.h"
#include "loop/loop.h"

typedef struct Seen {
        Loop *loop;
        LoopSource *timer, *child;
        uint64_t expirations;
        unsigned calls;
        int status;
} Seen;

static int on_timer(uint64_t expirations, uint64_t due_ns, void *data)
{
        Seen *seen = data;

        seen->expirations += expirations;
        if (seen->calls++ == 0)
                usleep(20000);
        if (seen->expirations >= 10) {
                seen->timer = loop_source_free(seen->timer);
                loop_stop(seen->loop);
        }
        return 0;
}

static void test_timer(void **state)
{
        Seen seen = {0};
        uint64_t start = clock_monotonic_ns();

        assert_int_equal(loop_new(&seen.loop), 0);
        assert_int_equal(loop_add_timer(seen.loop, start + 1000000, 2000000, on_timer, &seen,
                                        &seen.timer), 0);
        assert_int_equal(loop_run(seen.loop), 0);
        assert_true(seen.calls < seen.expirations); /* slept through some: counted, not lost */
        assert_null(seen.timer);
        loop_free(seen.loop);
}

static int on_child(pid_t pid, void *data)
{
        Seen *seen = data;

        waitpid(pid, &seen->status, 0);
        loop_stop(seen->loop);
        return 0;
}

static void test_child(void **state)
{
        Seen seen = {0};
        pid_t pid = fork();

        if (pid == 0)
                _exit(7);
        assert_int_equal(loop_new(&seen.loop), 0);
        assert_int_equal(loop_add_child(seen.loop, pid, on_child, &seen, &seen.child), 0);
        assert_int_equal(loop_run(seen.loop), 0);
        assert_int_equal(WEXITSTATUS(seen.status), 7);
        loop_free(seen.loop);
}

static int on_signal(const struct signalfd_siginfo *info, void *data)
{
        Seen *seen = data;

        seen->calls = info->ssi_signo;
        loop_stop(seen->loop);
        return 0;
}

static void test_signal(void **state)
{
        Seen seen = {0};
        LoopSource *source;
        sigset_t set, now;

        sigemptyset(&set);
        sigaddset(&set, SIGUSR1);
        assert_int_equal(loop_new(&seen.loop), 0);
        assert_int_equal(loop_add_signals(seen.loop, &set, on_signal, &seen, &source), 0);
        kill(getpid(), SIGUSR1);
        assert_int_equal(loop_run(seen.loop), 0);
        assert_int_equal(seen.calls, SIGUSR1);
        loop_free(seen.loop);
        sigprocmask(SIG_SETMASK, NULL, &now);
        assert_false(sigismember(&now, SIGUSR1));
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_timer),
                cmocka_unit_test(test_child),
                cmocka_unit_test(test_signal),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
