/*
 * What the threads of each process did, from rows of the table of threads: who was busy all the time, who was idle,
 * who never ran; and what is worth a second look. Pure over rows, in the order of their times.
 *
 * Bounded: LEAK_THREADS_MAX threads; further ones are counted.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/macros.h"
#include "table/batch.h"

enum { LEAK_THREADS_MAX = 1 << 16, LEAK_THREAD_NAME = 32, LEAK_THREADS_TOP = 5 };

typedef struct LeakThread {
        uint64_t process; /* key */
        uint64_t start_ns;
        uint32_t tid;
        char name[LEAK_THREAD_NAME];
        char state;       /* the last */
        bool has_cpu;     /* its CPU time is known (a log has none) */
        int64_t first_ns, last_ns;
        uint64_t first_cpu_us, cpu_us, user_us;
        double ratio;     /* of one CPU, over the time it was seen; NAN unknown */
} LeakThread;

typedef struct LeakThreadGroup {
        uint64_t process;
        const LeakThread *top[LEAK_THREADS_TOP]; /* by CPU time */
        size_t n_top;
        size_t threads;   /* that there were */
        size_t busy;      /* over 90 % of a CPU for ten seconds at least */
        size_t idle;      /* under 1 % */
        size_t never_ran; /* of idle: no CPU time was counted, in steps of 10 ms */
        size_t running;   /* in state R when last seen */
        bool mostly_idle; /* over 80 % of five threads at least */
        bool long_user;   /* one has more than 10 s of user time */
} LeakThreadGroup;

typedef struct LeakThreads LeakThreads;

int leak_threads_new(LeakThreads **ret); /* 0 or -ENOMEM */
LeakThreads *leak_threads_free(LeakThreads *threads);
DEFINE_CLEANUP(LeakThreads, leak_threads)

extern const char *const leak_thread_columns[];

int leak_threads_observe(LeakThreads *threads, const Batch *rows); /* 0 or -ENOMEM */

/* By process, those with most threads first; until it is freed. 0 or -ENOMEM. */
int leak_threads_finish(LeakThreads *threads, const LeakThreadGroup **ret, size_t *ret_n);
uint64_t leak_threads_left_out(const LeakThreads *threads);
