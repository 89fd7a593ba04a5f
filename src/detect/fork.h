/* What the detector `fork` knows: limits on tasks and memory, how near the run came to each, and who said that
 * a fork was refused. fork.c gathers, fork-words.c reads lines, fork-tell.c judges and says. */
#pragma once

#include "detect/detect.h"

enum { FORK_PATHS_MAX = 8, FORK_PATH = 256, FORK_LINE = 160 };

#define FORK_NONE UINT64_MAX

/* Of tasks first: they make fork(2) fail with EAGAIN, the others with ENOMEM. */
typedef enum ForkBound {
        BOUND_USER,       /* RLIMIT_NPROC */
        BOUND_PIDS,       /* pids.max */
        BOUND_THREADS,    /* kernel.threads-max */
        BOUND_PID_NUMBER, /* kernel.pid_max */
        BOUND_COMMIT,     /* CommitLimit, in overcommit mode 2 */
        BOUND_OVERCOMMIT, /* mode 0: one process larger than memory and swap together */
        BOUND_CGROUP_MEMORY,
        BOUND_MEMORY,
        BOUNDS,
} ForkBound;

static inline bool bound_is_tasks(ForkBound bound)
{
        return bound <= BOUND_PID_NUMBER;
}

/* The nearest that a limit was come to. */
typedef struct ForkReach {
        bool known;
        uint64_t used, limit; /* tasks or bytes; used may be FORK_NONE */
        int64_t t_ns;
        char path[FORK_PATH]; /* of a cgroup's */
} ForkReach;

typedef enum ForkError { FORK_SAID_NOTHING, FORK_SAID_AGAIN, FORK_SAID_NO_MEMORY, FORK_SAID_FAILED } ForkError;

typedef struct ForkRejected {
        char path[FORK_PATH];
        int64_t t_ns;
        uint64_t n;
} ForkRejected;

typedef struct ForkState {
        bool begun;
        ForkReach reach[BOUNDS];
        ForkRejected rejected[FORK_PATHS_MAX];
        size_t n_rejected;
        bool counted; /* the cgroup counts refused forks */
        uint64_t counted_last, counted_rise;
        int64_t counted_ns; /* when it first rose */
        char cgroup[FORK_PATH];
        uint64_t uid, nproc_hard; /* FORK_NONE */
        uint64_t user_least;      /* tasks of the user, fewest seen: about those that are not the run's */
        uint64_t threads_most;    /* of the run */
        uint64_t words[FORK_SAID_FAILED + 1]; /* lines, by what they say */
        char line[FORK_LINE];     /* the first */
        unsigned python_lines;    /* that may still say what became of a call of Python's */
} ForkState;

/* What a line of the output says of a fork, or of a thread that could not be made. */
ForkError fork_read_line(const char *line, size_t size);

/* Python's traceback: the line of a call that makes a process; the error that a line behind it says. */
bool fork_is_python_call(const char *line, size_t size);
ForkError fork_read_python_error(const char *line, size_t size);

void fork_tell_rejected(const ForkState *s, const ForkRejected *rejected, const DetectContext *context, Findings *out);
/* All that is known at the end. */
void fork_tell(ForkState *s, const DetectContext *context, Findings *out);
