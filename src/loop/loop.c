/* Sources are a linked list; one freed while events are being handed out is only marked, and
 * swept when the round is over, so that a callback may free any source, itself included. */
#include "loop/loop.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/clock.h"

typedef enum SourceKind { SOURCE_FD, SOURCE_TIMER, SOURCE_SIGNAL, SOURCE_CHILD } SourceKind;

struct LoopSource {
        Loop *loop;
        LoopSource *next, *previous;
        SourceKind kind;
        int fd;
        bool own_fd, dead;
        union {
                LoopFdFn fd;
                LoopTimerFn timer;
                LoopSignalFn signal;
                LoopChildFn child;
        } fn;
        void *data;
        pid_t pid;
        uint64_t next_ns, interval_ns;
};

struct Loop {
        int epoll_fd;
        bool stop, dispatching, has_dead;
        LoopSource *sources;
        sigset_t original_mask;
};

int loop_new(Loop **ret)
{
        Loop *loop = calloc(1, sizeof *loop);

        if (!loop)
                return -ENOMEM;
        sigprocmask(SIG_SETMASK, NULL, &loop->original_mask);
        loop->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
        if (loop->epoll_fd < 0) {
                int r = -errno;
                free(loop);
                return r;
        }
        *ret = loop;
        return 0;
}

static void unlink_source(LoopSource *source)
{
        if (source->previous)
                source->previous->next = source->next;
        else
                source->loop->sources = source->next;
        if (source->next)
                source->next->previous = source->previous;
        free(source);
}

Loop *loop_free(Loop *loop)
{
        if (loop) {
                loop->dispatching = false;
                while (loop->sources)
                        if (loop->sources->dead)
                                unlink_source(loop->sources);
                        else
                                loop_source_free(loop->sources);
                fd_close(loop->epoll_fd);
                free(loop);
        }
        return NULL;
}

const sigset_t *loop_original_mask(const Loop *loop)
{
        return &loop->original_mask;
}

static int add(Loop *loop, SourceKind kind, int fd, bool own_fd, uint32_t events, void *data,
               LoopSource **ret)
{
        LoopSource *source = calloc(1, sizeof *source);
        struct epoll_event event = {.events = events, .data.ptr = source};

        if (!source) {
                if (own_fd)
                        fd_close(fd);
                return -ENOMEM;
        }
        *source = (LoopSource){.loop = loop, .kind = kind, .fd = fd, .own_fd = own_fd, .data = data};
        if (epoll_ctl(loop->epoll_fd, EPOLL_CTL_ADD, fd, &event) < 0) {
                int r = -errno;
                if (own_fd)
                        fd_close(fd);
                free(source);
                return r;
        }
        source->next = loop->sources;
        if (source->next)
                source->next->previous = source;
        loop->sources = source;
        *ret = source;
        return 0;
}

int loop_add_fd(Loop *loop, int fd, uint32_t events, LoopFdFn fn, void *data, LoopSource **ret)
{
        LoopSource *source = NULL;
        int r = add(loop, SOURCE_FD, fd, false, events, data, &source);

        if (r < 0)
                return r;
        source->fn.fd = fn;
        *ret = source;
        return 0;
}

int loop_fd_events(LoopSource *source, uint32_t events)
{
        struct epoll_event event = {.events = events, .data.ptr = source};

        return epoll_ctl(source->loop->epoll_fd, EPOLL_CTL_MOD, source->fd, &event) < 0 ? -errno : 0;
}

int loop_timer_set(LoopSource *source, uint64_t first_ns, uint64_t interval_ns)
{
        struct itimerspec spec = {
                .it_value = {(time_t)(first_ns / NS_PER_SECOND), (long)(first_ns % NS_PER_SECOND)},
                .it_interval = {(time_t)(interval_ns / NS_PER_SECOND),
                                (long)(interval_ns % NS_PER_SECOND)},
        };

        source->next_ns = first_ns;
        source->interval_ns = interval_ns;
        return timerfd_settime(source->fd, TFD_TIMER_ABSTIME, &spec, NULL) < 0 ? -errno : 0;
}

int loop_add_timer(Loop *loop, uint64_t first_ns, uint64_t interval_ns, LoopTimerFn fn, void *data,
                   LoopSource **ret)
{
        LoopSource *source = NULL;
        int fd = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);

        if (fd < 0)
                return -errno;
        int r = add(loop, SOURCE_TIMER, fd, true, EPOLLIN, data, &source);
        if (r < 0)
                return r;
        source->fn.timer = fn;
        r = loop_timer_set(source, first_ns, interval_ns);
        if (r < 0) {
                loop_source_free(source);
                return r;
        }
        *ret = source;
        return 0;
}

int loop_add_signals(Loop *loop, const sigset_t *signals, LoopSignalFn fn, void *data,
                     LoopSource **ret)
{
        LoopSource *source = NULL;

        if (sigprocmask(SIG_BLOCK, signals, NULL) < 0)
                return -errno;
        int fd = signalfd(-1, signals, SFD_CLOEXEC | SFD_NONBLOCK);
        if (fd < 0)
                return -errno;
        int r = add(loop, SOURCE_SIGNAL, fd, true, EPOLLIN, data, &source);
        if (r < 0)
                return r;
        source->fn.signal = fn;
        *ret = source;
        return 0;
}

int loop_add_child(Loop *loop, pid_t pid, LoopChildFn fn, void *data, LoopSource **ret)
{
        LoopSource *source = NULL;
        int fd = (int)syscall(SYS_pidfd_open, pid, 0);

        if (fd < 0)
                return -errno;
        int r = add(loop, SOURCE_CHILD, fd, true, EPOLLIN, data, &source);
        if (r < 0)
                return r;
        source->fn.child = fn;
        source->pid = pid;
        *ret = source;
        return 0;
}

LoopSource *loop_source_free(LoopSource *source)
{
        if (!source || source->dead)
                return NULL;
        Loop *loop = source->loop;
        epoll_ctl(loop->epoll_fd, EPOLL_CTL_DEL, source->fd, NULL);
        if (source->kind == SOURCE_SIGNAL)
                sigprocmask(SIG_SETMASK, &loop->original_mask, NULL);
        if (source->own_fd)
                fd_close(source->fd);
        if (loop->dispatching) {
                source->dead = true;
                loop->has_dead = true;
        } else {
                unlink_source(source);
        }
        return NULL;
}

static int dispatch_timer(LoopSource *source)
{
        uint64_t expirations;

        if (read(source->fd, &expirations, sizeof expirations) != sizeof expirations)
                return 0;
        uint64_t due = source->next_ns + (expirations - 1) * source->interval_ns;
        source->next_ns = due + source->interval_ns;
        return source->fn.timer(expirations, due, source->data);
}

static int dispatch_signals(LoopSource *source)
{
        struct signalfd_siginfo info;
        int r = 0;

        while (r == 0 && !source->dead && read(source->fd, &info, sizeof info) == sizeof info)
                r = source->fn.signal(&info, source->data);
        return r;
}

static int dispatch(LoopSource *source, uint32_t events)
{
        switch (source->kind) {
        case SOURCE_FD:
                return source->fn.fd(source->fd, events, source->data);
        case SOURCE_TIMER:
                return dispatch_timer(source);
        case SOURCE_SIGNAL:
                return dispatch_signals(source);
        case SOURCE_CHILD:
                epoll_ctl(source->loop->epoll_fd, EPOLL_CTL_DEL, source->fd, NULL);
                return source->fn.child(source->pid, source->data);
        }
        return -EINVAL;
}

static void sweep(Loop *loop)
{
        LoopSource *next;

        for (LoopSource *source = loop->sources; source; source = next) {
                next = source->next;
                if (source->dead)
                        unlink_source(source);
        }
        loop->has_dead = false;
}

int loop_run_once(Loop *loop, int timeout_ms)
{
        struct epoll_event events[16];
        int n = epoll_wait(loop->epoll_fd, events, ARRAY_LENGTH(events), timeout_ms);
        int r = 0;

        if (n < 0)
                return errno == EINTR ? 0 : -errno;
        loop->dispatching = true;
        for (int i = 0; i < n && r == 0; i++) {
                LoopSource *source = events[i].data.ptr;
                if (!source->dead)
                        r = dispatch(source, events[i].events);
        }
        loop->dispatching = false;
        if (loop->has_dead)
                sweep(loop);
        return r < 0 ? r : 0;
}

int loop_run(Loop *loop)
{
        loop->stop = false;
        while (!loop->stop) {
                int r = loop_run_once(loop, -1);
                if (r < 0)
                        return r;
        }
        return 0;
}

void loop_stop(Loop *loop)
{
        loop->stop = true;
}
