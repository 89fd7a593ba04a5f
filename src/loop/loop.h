/*
 * One epoll loop: descriptors, absolute timers, signals, children. Single-threaded; callbacks
 * return 0 or a negative errno, which ends loop_run. Sources may be freed inside callbacks.
 */
#pragma once

#include <signal.h>
#include <stdint.h>
#include <sys/epoll.h>
#include <sys/signalfd.h>
#include <sys/types.h>

#include "base/macros.h"

typedef struct Loop Loop;
typedef struct LoopSource LoopSource;

int loop_new(Loop **ret);
Loop *loop_free(Loop *loop); /* frees the sources that are left, too */
DEFINE_CLEANUP(Loop, loop)

int loop_run(Loop *loop);           /* until loop_stop (→ 0) or a callback's error */
void loop_stop(Loop *loop);
int loop_run_once(Loop *loop, int timeout_ms); /* one epoll_wait; -1 waits for ever. 0 or -errno */

typedef int (*LoopFdFn)(int fd, uint32_t epoll_events, void *data);
typedef int (*LoopTimerFn)(uint64_t expirations, uint64_t due_ns, void *data);
typedef int (*LoopSignalFn)(const struct signalfd_siginfo *info, void *data);
typedef int (*LoopChildFn)(pid_t pid, void *data);

/* The descriptor is borrowed. events: EPOLLIN … -EPERM for regular files (as epoll_ctl(2)). */
int loop_add_fd(Loop *loop, int fd, uint32_t events, LoopFdFn fn, void *data, LoopSource **ret);
int loop_fd_events(LoopSource *source, uint32_t events); /* 0 pauses it */

/* Fires at first_ns (CLOCK_MONOTONIC), then every interval_ns (0: once) at absolute times
 * (timerfd_create(2)); `expirations` > 1 tells that ticks were late, due_ns when the newest
 * was due. first_ns 0 with interval 0: disarmed. */
int loop_add_timer(Loop *loop, uint64_t first_ns, uint64_t interval_ns, LoopTimerFn fn, void *data,
                   LoopSource **ret);
int loop_timer_set(LoopSource *source, uint64_t first_ns, uint64_t interval_ns);

/* Blocks the signals in this thread and delivers them as callbacks (signalfd(2)). Freeing the
 * source restores the mask that was. Children must restore it before exec: loop_original_mask. */
int loop_add_signals(Loop *loop, const sigset_t *signals, LoopSignalFn fn, void *data,
                     LoopSource **ret);
const sigset_t *loop_original_mask(const Loop *loop);

/* Calls once when the process has exited (pidfd_open(2)); reaping it is the callback's. */
int loop_add_child(Loop *loop, pid_t pid, LoopChildFn fn, void *data, LoopSource **ret);

LoopSource *loop_source_free(LoopSource *source);
DEFINE_CLEANUP(LoopSource, loop_source)
