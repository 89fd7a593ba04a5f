/*
 * Limits of processes and of the machine, and how much of them is used: /proc/PID/limits,
 * /proc/sys, and the tasks of a user. getrlimit(2), proc(5), fs/proc/base.c.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#define LIMIT_NONE UINT64_MAX /* "unlimited" */

/* The line of that name ("Max processes", "Max open files") of /proc/PID/limits. 0, -ENOENT or
 * -EBADMSG; *ret_soft and *ret_hard (either may be NULL) are untouched then. */
int proc_limit_parse(const char *text, size_t size, const char *name, uint64_t *ret_soft,
                     uint64_t *ret_hard);

/* The first n numbers of a file of /proc/sys ("596\t0\t2470389"). 0 or -EBADMSG, if there are
 * fewer; *ret is untouched then. */
int sysctl_parse(const char *text, size_t size, uint64_t *ret, size_t n);

/* The same of a kept descriptor (-1: -ENOENT). 0 or -errno. */
int sysctl_reread(int fd, uint64_t *ret, size_t n);

/*
 * How many tasks (threads) a user has: what RLIMIT_NPROC is held against, but by effective user
 * and without those of other pid namespaces. proc_fd is /proc, opened with host_open; one
 * fstatat(2) a process, 0.7 µs; ret_processes are those looked at, of all users. -ENODATA: no
 * process is to be seen there; -EPERM: some are hidden (hidepid); -E2BIG: more than
 * USER_TASKS_WALK_MAX processes; other -errno.
 */
enum { USER_TASKS_WALK_MAX = 16384 };
int user_tasks_count(int proc_fd, uid_t uid, uint64_t *ret_tasks, size_t *ret_processes);
