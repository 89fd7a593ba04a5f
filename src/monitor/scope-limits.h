/*
 * The limits that hold for the processes of a run, whichever way they are set: of its user, of
 * its cgroup and those above, of the machine. What the monitors limits and fork share.
 */
#pragma once

#include "host/cgroup-limits.h"
#include "host/proc-limits.h"
#include "monitor/monitor.h"

#define SCOPE_UNKNOWN UINT64_MAX

/* Embedded in a monitor's state, zeroed; scope_limits_close at the end. */
typedef struct ScopeLimits {
        const Host *host;
        uid_t uid;
        CgroupLimits pids, memory;
        int process;  /* /proc/PID/limits of the command, or of one of the scope, or ours */
        int proc, loadavg, pid_max, threads_max; /* -1: none */
        uint64_t nproc_soft, nproc_hard;         /* LIMIT_NONE: unlimited, or unknown */
        uint64_t user_tasks;                     /* SCOPE_UNKNOWN */
        unsigned skip;                           /* walks of /proc to leave out: they took long */
} ScopeLimits;

void scope_limits_open(ScopeLimits *limits, const MonitorContext *context);
void scope_limits_close(ScopeLimits *limits);

/* Of the machine; SCOPE_UNKNOWN where its file is missing. */
typedef struct ScopeTasks {
        uint64_t tasks, threads_max, pid_max;
} ScopeTasks;

void scope_limits_read_tasks(const ScopeLimits *limits, ScopeTasks *ret);

/* Looks at RLIMIT_NPROC anew (what was read last stays when the process has gone). */
void scope_limits_read_process(ScopeLimits *limits);

/* Counts the user's tasks, on a machine of many processes not at every call. */
void scope_limits_count_tasks(ScopeLimits *limits);
