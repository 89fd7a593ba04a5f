/* One poll(2) over what goes in, what comes out, the end, and signals. The end is the process's, not that of its
 * output: an ssh with ControlPersist leaves a master behind that keeps stderr open. */
#include "send/child.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/macros.h"

enum {
        OUT_MAX = 64 << 10,
        ERR_MAX = 4 << 10,
        CHUNK = 64 << 10,
        GRACE_MS = 2000, /* between TERM and KILL */
};

enum { IN, OUT, ERR, END, SIGNALS, N_FDS };

typedef struct Work {
        SendChild *child;
        pid_t pid;
        struct pollfd fds[N_FDS];
        char *chunk; /* CHUNK bytes: what goes in next */
        size_t at, size;
        size_t input_left;
        off_t offset;
        uint64_t moved_ns; /* when a byte last went in or came out */
        uint64_t kill_ns; /* 0: nobody has told it to end */
} Work;

/* ---- in the child ---- */

static void run(const SendChild *child, int in, int out, int err, const sigset_t *mask, pid_t parent)
{
        struct sigaction action = {.sa_handler = SIG_DFL};

        for (int i = 1; i < NSIG; i++)
                sigaction(i, &action, NULL); /* KILL and STOP refuse */
        setpgid(0, 0); /* Ctrl-C is for us, and we end it */
        prctl(PR_SET_PDEATHSIG, SIGTERM);
        if (getppid() != parent)
                _exit(127);
        sigprocmask(SIG_SETMASK, mask, NULL);
        if (dup2(in, 0) < 0 || dup2(out, 1) < 0 || dup2(err, 2) < 0)
                _exit(127);
        setenv("LC_ALL", "C", 1); /* what it says is read */
        execvp(child->argv[0], (char *const *)child->argv);
        dprintf(2, "%s: %s\n", child->argv[0], strerror(errno));
        _exit(127);
}

/* ---- beside it ---- */

static void work_done(Work *w)
{
        for (size_t i = 0; i < N_FDS; i++)
                fd_close(w->fds[i].fd);
        free(w->chunk);
}

static void hang_up(Work *w)
{
        w->fds[IN].fd = fd_close(w->fds[IN].fd);
}

/* What goes in next. Nothing more: the child reads its end of file. */
static int fill(Work *w)
{
        SendChild *c = w->child;

        w->at = w->size = 0;
        if (w->input_left > 0) {
                w->size = MIN(w->input_left, (size_t)CHUNK);
                memcpy(w->chunk, c->input + strlen(c->input) - w->input_left, w->size);
                w->input_left -= w->size;
                return 0;
        }
        ssize_t n = c->fd < 0 ? 0 : pread(c->fd, w->chunk, CHUNK, w->offset);
        if (n < 0)
                return -errno;
        w->offset += n;
        w->size = (size_t)n;
        if (n == 0)
                hang_up(w);
        return 0;
}

static int feed(Work *w)
{
        SendChild *c = w->child;
        int r = 0;

        while (r == 0 && w->fds[IN].fd >= 0) {
                if (w->at == w->size) {
                        r = fill(w);
                        continue;
                }
                ssize_t n = send(w->fds[IN].fd, w->chunk + w->at, w->size - w->at, MSG_NOSIGNAL | MSG_DONTWAIT);
                if (n < 0 && (errno == EAGAIN || errno == EINTR))
                        break;
                if (n < 0) { /* it has stopped listening, and will say why */
                        hang_up(w);
                        break;
                }
                w->at += (size_t)n;
                w->moved_ns = clock_monotonic_ns();
                if (w->offset > c->from)
                        c->sent = (uint64_t)(w->offset - c->from) - (w->size - w->at);
        }
        if (c->progress && c->sent > 0)
                c->progress(c->sent, c->progress_data);
        return r;
}

static void keep_last(String *s, size_t most)
{
        if (s->size > most && s->text) {
                memmove(s->text, s->text + s->size - most, most + 1);
                s->size = most;
        }
}

/* False: the end of it. */
static bool take(Work *w, size_t which)
{
        char text[4096];
        String *to = which == OUT ? &w->child->out : &w->child->err;
        ssize_t n = read(w->fds[which].fd, text, sizeof text);

        if (n < 0)
                return errno == EAGAIN || errno == EINTR;
        w->moved_ns = clock_monotonic_ns();
        if (which == OUT && n > 0 && w->child->heard)
                w->child->heard(text, (size_t)n, w->child->progress_data);
        size_t room = which == OUT ? OUT_MAX - MIN(to->size, (size_t)OUT_MAX) : sizeof text;
        string_add_bytes(to, text, MIN((size_t)n, room));
        if (which == ERR)
                keep_last(to, ERR_MAX);
        return n > 0;
}

static void tell_to_end(Work *w)
{
        if (w->kill_ns > 0)
                return;
        kill(-w->pid, SIGTERM);
        kill(w->pid, SIGTERM); /* before its setpgid */
        w->kill_ns = clock_monotonic_ns() + GRACE_MS * NS_PER_MS;
}

/* When something is to be done if nothing happens; 0: never. */
static uint64_t next_ns(const Work *w)
{
        uint64_t until = w->child->deadline_ns, quiet = w->child->quiet_ns ? w->moved_ns + w->child->quiet_ns : 0;

        if (w->kill_ns)
                return w->kill_ns;
        return until == 0 || (quiet > 0 && quiet < until) ? quiet : until;
}

static int wait_ms(const Work *w)
{
        uint64_t until = next_ns(w), now = clock_monotonic_ns();

        if (until == 0)
                return -1;
        return until <= now ? 0 : (int)MIN((until - now) / NS_PER_MS + 1, (uint64_t)60000);
}

static void look_at_time(Work *w)
{
        uint64_t now = clock_monotonic_ns();

        if (w->kill_ns > 0 && now >= w->kill_ns) {
                kill(-w->pid, SIGKILL);
                kill(w->pid, SIGKILL);
                w->kill_ns = now + NS_PER_SECOND;
        } else if (w->kill_ns == 0 && next_ns(w) > 0 && now >= next_ns(w)) {
                w->child->timed_out = w->child->deadline_ns > 0 && now >= w->child->deadline_ns;
                w->child->hung = !w->child->timed_out;
                tell_to_end(w);
        }
}

static int watch(Work *w)
{
        struct signalfd_siginfo info;
        int r = 0, status = 0;

        for (bool ended = false; !ended;) {
                w->fds[IN].events = POLLOUT;
                int n = poll(w->fds, N_FDS, wait_ms(w));
                if (n < 0 && errno != EINTR)
                        r = -errno;
                look_at_time(w);
                if (n > 0 && w->fds[SIGNALS].revents && read(w->fds[SIGNALS].fd, &info, sizeof info) > 0) {
                        w->child->interrupted = true;
                        tell_to_end(w);
                }
                if (r == 0 && n > 0 && w->fds[IN].revents)
                        r = feed(w);
                for (size_t i = OUT; i <= ERR; i++)
                        if (n > 0 && w->fds[i].revents && !take(w, i))
                                w->fds[i].fd = fd_close(w->fds[i].fd);
                ended = n > 0 && w->fds[END].revents;
                if (r < 0)
                        tell_to_end(w);
        }
        for (size_t i = OUT; i <= ERR; i++) /* what it said last */
                for (int more = 0; w->fds[i].fd >= 0 && more < 64 && poll(&w->fds[i], 1, 0) > 0; more++)
                        if (!take(w, i))
                                break;
        while (waitpid(w->pid, &status, 0) < 0 && errno == EINTR)
                ;
        w->child->exit_code = WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
        return r;
}

static int start(Work *w, const sigset_t *mask, Error *err)
{
        int in[2] = {-1, -1}, out[2] = {-1, -1}, said[2] = {-1, -1}, r = 0;
        pid_t parent = getpid();

        if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, in) < 0 || pipe2(out, O_CLOEXEC) < 0 ||
            pipe2(said, O_CLOEXEC) < 0 || (w->pid = fork()) < 0)
                r = error_set_errno(err, errno, "cannot start %s", w->child->argv[0]);
        else if (w->pid == 0)
                run(w->child, in[1], out[1], said[1], mask, parent);
        fd_close(in[1]);
        fd_close(out[1]);
        fd_close(said[1]);
        w->fds[IN] = (struct pollfd){in[0], POLLOUT, 0};
        w->fds[OUT] = (struct pollfd){out[0], POLLIN, 0};
        w->fds[ERR] = (struct pollfd){said[0], POLLIN, 0};
        if (r < 0)
                return r;
        w->fds[END].fd = (int)syscall(SYS_pidfd_open, w->pid, 0);
        w->fds[END].events = POLLIN;
        if (w->fds[END].fd < 0) {
                r = error_set_errno(err, errno, "cannot watch %s", w->child->argv[0]);
                kill(w->pid, SIGKILL);
                waitpid(w->pid, NULL, 0);
                return r;
        }
        fcntl(w->fds[OUT].fd, F_SETFL, O_NONBLOCK);
        fcntl(w->fds[ERR].fd, F_SETFL, O_NONBLOCK);
        return 0;
}

/* What is ignored stays so (nohup(1)): a signalfd would take it all the same. */
static void choose_signals(sigset_t *ours)
{
        static const int ends[] = {SIGINT, SIGTERM, SIGHUP};
        struct sigaction now;

        sigemptyset(ours);
        for (size_t i = 0; i < ARRAY_LENGTH(ends); i++)
                if (sigaction(ends[i], NULL, &now) == 0 && now.sa_handler != SIG_IGN)
                        sigaddset(ours, ends[i]);
}

int send_child_run(SendChild *child, Error *err)
{
        Work w = {.child = child, .chunk = malloc(CHUNK), .offset = child->from};
        sigset_t ours, before;

        for (size_t i = 0; i < N_FDS; i++)
                w.fds[i].fd = -1;
        string_clear(&child->out);
        string_clear(&child->err);
        child->sent = 0;
        child->timed_out = child->hung = child->interrupted = false;
        if (!w.chunk)
                return error_set(err, ENOMEM, "out of memory");
        w.input_left = child->input ? strlen(child->input) : 0;
        choose_signals(&ours);
        sigprocmask(SIG_BLOCK, &ours, &before);
        w.fds[SIGNALS].fd = signalfd(-1, &ours, SFD_CLOEXEC | SFD_NONBLOCK);
        w.fds[SIGNALS].events = POLLIN;
        int r = start(&w, &before, err);
        w.moved_ns = clock_monotonic_ns();
        if (r == 0) {
                r = watch(&w);
                if (r < 0)
                        error_set_errno(err, r, "%s", child->argv[0]);
        }
        work_done(&w);
        sigprocmask(SIG_SETMASK, &before, NULL);
        return r;
}

void send_child_done(SendChild *child)
{
        string_done(&child->out);
        string_done(&child->err);
}
