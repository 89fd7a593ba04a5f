/*
 * What the folders of /proc/PID tell that no text does: how many descriptors a process has, which
 * threads. Without an allocation, for readers that come back at every tick. All take pids as they are
 * now; a process that has gone is PROC_GONE. proc(5), fs/proc/fd.c, fs/proc/base.c.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "host/host.h"
#include "host/proc-identity.h"
#include "host/proc-text.h"

/* Calls fn with each name of an open folder that begins with a digit, until it returns other than
 * 0, which is returned. Starts at its beginning. -errno. */
typedef int (*NumberFn)(const char *name, void *data);
int numbers_walk(int fd, NumberFn fn, void *data);

/* Whether this kernel tells the number of descriptors as the size of /proc/PID/fd (since 6.2),
 * tried on ourselves: true only if that is what counting finds. */
bool proc_fds_have_size(const Host *host);

/* How many descriptors a process has open: of its folder's size if by_size, else counted, at most
 * PROC_FDS_MAX of them. 0, PROC_GONE, -EACCES (counting another user's), other -errno. */
enum { PROC_FDS_MAX = 1 << 20 };
int proc_fds_count(const Host *host, pid_t pid, bool by_size, uint64_t *ret);

/* Opens /proc/PID/task, for numbers_walk. fd, -ENOENT when it is gone. */
int proc_threads_open(const Host *host, pid_t pid);

/* stat of one thread in that folder. 0, PROC_GONE, -errno. */
int proc_thread_stat_read(int task_fd, pid_t tid, ProcStat *ret);
