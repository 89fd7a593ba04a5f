/*
 * Whether a process of a given size could be forked now, and which limit would stop it: a pure
 * function of what was read. fork(2) ERRORS; kernel/fork.c (copy_process), kernel/pid.c,
 * kernel/cgroup/pids.c, mm/util.c (__vm_enough_memory), Documentation/mm/overcommit-accounting.rst.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define FORK_UNKNOWN UINT64_MAX

typedef enum ForkAnswer { FORK_YES, FORK_MARGINAL, FORK_NO } ForkAnswer;

/* What would stop it, or (yes) what is nearest. Of equals the first. */
typedef enum ForkLimit {
        FORK_MEMORY,        /* the machine's, and swap */
        FORK_OVERCOMMIT,    /* mode 0: larger than memory and swap together */
        FORK_COMMIT,        /* mode 2: CommitLimit */
        FORK_CGROUP_MEMORY, /* memory.max on some level */
        FORK_CGROUP_PIDS,   /* pids.max on some level */
        FORK_USER,          /* RLIMIT_NPROC */
        FORK_THREADS_MAX,
        FORK_PID_MAX,
        FORK_LIMITS,
} ForkLimit;

/* A limit that is set on a cgroup. */
typedef struct ForkCgroup {
        bool memory; /* bytes; else tasks */
        uint64_t limit, current;
        uint64_t reclaimable; /* bytes of current that are page cache; 0 unknown */
        uint64_t swap_left;   /* bytes it may still swap; FORK_UNKNOWN: no limit */
        size_t level;         /* the caller's */
} ForkCgroup;

enum { FORK_CGROUPS_MAX = 64 };

/* FORK_UNKNOWN for what could not be read: that limit is left out. Bytes, and tasks. */
typedef struct ForkFacts {
        uint64_t size_bytes; /* of the process; at least 1 */
        uint64_t total_bytes, available_bytes, swap_total_bytes, swap_free_bytes;
        uint64_t overcommit_mode; /* 0, 1, 2 */
        uint64_t commit_limit_bytes, committed_bytes;
        uint64_t admin_reserve_bytes, user_reserve_bytes;
        bool root;                       /* RLIMIT_NPROC and the admin's reserve do not bind him */
        uint64_t user_limit, user_tasks; /* RLIMIT_NPROC, soft; FORK_UNKNOWN: unlimited */
        uint64_t tasks, threads_max, pid_max;
        ForkCgroup cgroups[FORK_CGROUPS_MAX];
        size_t n_cgroups;
} ForkFacts;

/*
 * Memory: yes when twice the size is left without swapping, marginal when once, or when swap
 * would have to help. (For the default of 512 MiB these are the 1 GiB and 512 MiB of which the
 * findings warn.) Tasks: no when none is left, marginal when less than a tenth of the limit or
 * fewer than 16 are.
 */
typedef struct ForkVerdict {
        ForkAnswer answer;
        ForkLimit limit;
        bool known;       /* false: not one fact; the rest means nothing then */
        bool tasks;       /* the three below are tasks, else bytes */
        uint64_t most;    /* the limit's value */
        uint64_t used;    /* FORK_UNKNOWN: that limit knows no use */
        uint64_t left;    /* for such a process, as the kernel counts it */
        size_t cgroup;    /* index of facts->cgroups, for the two that are a cgroup's */
        uint64_t fits;    /* so many of these processes */
} ForkVerdict;

ForkVerdict fork_judge(const ForkFacts *facts);

const char *fork_answer_name(ForkAnswer answer); /* "yes", "marginal", "no" */
const char *fork_limit_name(ForkLimit limit);    /* the kernel's word: "MemAvailable", "pids.max" */
