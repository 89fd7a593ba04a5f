/*
 * The command under the recorder (SPEC 3.1): forked and held, then released to exec with its
 * stdin, stdout, stderr and terminal as its own. Where output is kept, stdout and stderr go
 * through a pty if ours is a terminal, through pipes if not (each its own, order kept as far
 * as a pipe can), are always drained, and are copied to output.log.
 *
 * A helper process, the relay, is the command's parent and moves its output: a slow reader of
 * our stdout delays no tick, and killing vigia ends neither the command nor its output. It stays
 * for as long as daemons of the command write, and passes that on.
 *
 * With a pty: raw mode on our terminal while the command is in the foreground, window size
 * followed (SIGWINCH), ^C ^Z ^\ reach the command as they would without us, job control of
 * vigia itself works (suspended and resumed from the shell), the terminal is restored in every
 * case. Signals sent to vigia (TERM, INT, HUP, QUIT, USR1, USR2, …) are passed on.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/resource.h>
#include <sys/types.h>

#include "base/error.h"
#include "loop/loop.h"

typedef struct WorkloadOptions {
        char *const *argv;       /* NULL-terminated */
        const char *user;        /* run as this user (initgroups, HOME, USER, LOGNAME, SHELL); NULL */
        int output_fd;           /* output.log, opened for append; -1: descriptors straight through */
        uint64_t timeout_ns;     /* 0 none: TERM to the command's group, KILL 5 s later */
        uint64_t drain_ns;       /* how long to wait for output of daemons that hold our pipes after
                                    the command has exited; 0: 50 ms of silence */
        pid_t (*fork)(void *data); /* in place of fork(2) for the command: only system calls */
        void *fork_data;           /* (command_cgroup_fork); NULL: fork */
        int (*enter)(void *data);  /* in the command's process, last before exec: only system calls. */
        void *enter_data;          /* -errno: it is not executed. NULL: nothing is to be done */
} WorkloadOptions;

typedef struct WorkloadResult {
        bool exec_failed;        /* exit_code is 126 or 127 then, exec_errno says why */
        int exec_errno;
        int exit_code;           /* 0 … 255; 128 + signal if killed; after a timeout, too, it is the
                                    command's own (143, 137 …), not the 124 of timeout(1) */
        int exit_signal;         /* 0 none */
        bool timed_out;
        struct rusage usage;     /* wait4(2): the command and the children it waited for */
        uint64_t start_ns, exec_ns, end_ns; /* CLOCK_MONOTONIC: fork, exec done, exited */
        uint64_t output_bytes;
        uint64_t relay_cpu_us;   /* what the relay took until then: part of what vigia costs */
        int output_error;        /* 0, or -errno of the first failed write to output.log:
                                    the command's own output goes on */
} WorkloadResult;

typedef struct Workload Workload;

/* Called when the command has exited and its output is drained. */
typedef void (*WorkloadDoneFn)(const WorkloadResult *result, void *data);

/* Forks the command and holds it before exec. Its pid is workload_pid. */
int workload_fork(Loop *loop, const WorkloadOptions *options, Workload **ret, Error *err);
pid_t workload_pid(const Workload *workload);
uid_t workload_uid(const Workload *workload); /* as whom it runs */
pid_t workload_relay_pid(const Workload *workload); /* vigia's own helper, the command's parent */

/* Lets it exec; returns when exec succeeded or failed: 0, or -errno of the exec, with a sentence
 * ("make: not found"). `done` is called from the loop in both cases. */
int workload_release(Workload *workload, WorkloadDoneFn done, void *data, Error *err);

/* Passes a signal to the command (its foreground process group with a pty). */
int workload_signal(Workload *workload, int signal);

/* Restores the terminal; a command that still runs is left alone, and its output goes on. To be
 * freed before its loop. */
Workload *workload_free(Workload *workload);
DEFINE_CLEANUP(Workload, workload)
