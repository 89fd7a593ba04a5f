/* fork, a pipe and a pidfd. */
#include "record/command-cgroup-helper.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/clock.h"

typedef struct HelperResult {
        int code;
        Error why;
} HelperResult;

void helper_init(Helper *helper)
{
        *helper = (Helper){.pidfd = -1, .fd = -1};
}

void helper_drop_capabilities(void)
{
        struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
        struct __user_cap_data_struct none[_LINUX_CAPABILITY_U32S_3] = {{0}};

        if (geteuid() != 0)
                syscall(SYS_capset, &header, none);
}

/* 0 in the child, with the pipe's `end` for it in *ret_fd; the other one is kept in helper. */
static int start(Helper *helper, int end, int *ret_fd)
{
        int ends[2];

        if (pipe2(ends, O_CLOEXEC) < 0)
                return -errno;
        pid_t pid = fork();
        if (pid < 0) {
                int r = -errno;
                fd_close(ends[0]);
                fd_close(ends[1]);
                return r;
        }
        if (pid == 0) {
                fd_close(ends[!end]);
                *ret_fd = ends[end];
                return 0;
        }
        fd_close(ends[end]);
        helper->fd = ends[!end];
        helper->pid = pid;
        helper->pidfd = (int)syscall(SYS_pidfd_open, pid, 0);
        return pid;
}

int helper_start(Helper *helper, HelperFn fn, void *data)
{
        int fd = -1, r = start(helper, 1, &fd);

        if (r != 0)
                return r < 0 ? r : 0;
        HelperResult result = {0};
        result.code = fn(data, &result.why);
        /* Smaller than PIPE_BUF: whole or not at all. */
        if (write(fd, &result, sizeof result) != (ssize_t)sizeof result)
                _exit(1);
        _exit(0);
}

/* Holds nothing of the recorder's: an open pipe or terminal would outlive its closing. */
static void close_all_but(int fd)
{
        int saved = fd == 0 ? 0 : dup2(fd, 0);

        if (saved < 0)
                _exit(1);
        if (syscall(SYS_close_range, 1, ~0u, 0) < 0)
                for (int i = 1; i < 4096; i++)
                        close(i);
}

int helper_start_keeper(Helper *helper)
{
        int fd = -1, r = start(helper, 0, &fd);
        sigset_t all_but_term;
        char byte;

        if (r != 0)
                return r < 0 ? r : 0;
        /* ^C and ^Z are for the command; TERM is how systemd would end the scope. */
        sigfillset(&all_but_term);
        sigdelset(&all_but_term, SIGTERM);
        signal(SIGTERM, SIG_DFL);
        sigprocmask(SIG_SETMASK, &all_but_term, NULL);
        prctl(PR_SET_NAME, "vigia-keeper");
        helper_drop_capabilities();
        close_all_but(fd);
        while (read(0, &byte, 1) < 0 && errno == EINTR)
                continue;
        _exit(0);
}

int helper_wait(Helper *helper, uint64_t deadline_ns, Error *why)
{
        struct pollfd poll_fd = {.fd = helper->fd, .events = POLLIN};
        HelperResult result;

        for (;;) {
                uint64_t now = clock_monotonic_ns();
                int left_ms = now < deadline_ns
                                      ? (int)((deadline_ns - now + NS_PER_MS - 1) / NS_PER_MS)
                                      : 0;
                int n = poll(&poll_fd, 1, left_ms);
                if (n > 0)
                        break;
                if (n < 0 && errno != EINTR)
                        return error_set_errno(why, errno, "poll");
                if (n == 0 && left_ms == 0)
                        return error_set(why, ETIMEDOUT, "no answer in time");
        }
        if (read(helper->fd, &result, sizeof result) != (ssize_t)sizeof result)
                return error_set(why, EIO, "the helper that was to make it died");
        if (result.code < 0 && why)
                *why = result.why;
        return result.code;
}

void helper_done(Helper *helper)
{
        if (helper->pid > 0) {
                if (helper->pidfd >= 0)
                        syscall(SYS_pidfd_send_signal, helper->pidfd, SIGKILL, NULL, 0);
                fd_close(helper->fd); /* ends a keeper without pidfd, too */
                while (waitpid(helper->pid, NULL, 0) < 0 && errno == EINTR)
                        continue;
                fd_close(helper->pidfd);
        }
        helper_init(helper);
}
