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
        const MonitorScope *scope; /* while it is not known who stands for the run; else NULL */
        const char *cgroup;        /* of the run's own, or NULL */
        uid_t uid;                 /* whose limits these are */
        bool root;                 /* the machine's root: RLIMIT_NPROC does not bind him */
        bool process_read;         /* of its file was something to read at least once */
        CgroupLimits pids, memory;
        int process;                             /* /proc/PID/limits; -1: none */
        int proc, loadavg, pid_max, threads_max; /* -1: none */
        uint64_t nproc_soft, nproc_hard;         /* LIMIT_NONE: unlimited, or unknown */
        uint64_t user_tasks;                     /* SCOPE_UNKNOWN */
        unsigned skip;                           /* walks of /proc to leave out: they took long */
} ScopeLimits;

/* The command stands for the run; without one, who is in the scope first; when the whole machine
 * is watched, vigia itself. */
void scope_limits_open(ScopeLimits *limits, const MonitorContext *context);
void scope_limits_close(ScopeLimits *limits);

/* To be called at each sample: looks whether there is somebody in the scope yet. Until then no
 * limit of a user or cgroup is known. */
void scope_limits_follow(ScopeLimits *limits);

/* Of the machine; SCOPE_UNKNOWN where its file is missing. */
typedef struct ScopeTasks {
        uint64_t tasks, threads_max, pid_max;
} ScopeTasks;

void scope_limits_read_tasks(const ScopeLimits *limits, ScopeTasks *ret);

/* Looks at RLIMIT_NPROC anew (what was read last stays when the process has gone). */
void scope_limits_read_process(ScopeLimits *limits);

/* Counts the user's tasks, on a machine of many processes not at every call. */
void scope_limits_count_tasks(ScopeLimits *limits);
