/*
 * What every task used, counted by the kernel and told when it ends: events with inherit_stat
 * give one PERF_RECORD_READ per event when a task that inherited them exits.
 *
 * The events are not bound to a CPU (cpu -1): one per kind is inherited at each fork, on 2
 * CPUs as on 64. Such an event has no ring of its own (the kernel refuses the mmap), but it
 * may write into that of an event of the same task which is not inherited; that one counts
 * the command's first process itself, for which no record is written (it has the originals).
 * Tasks on several CPUs then write into one ring, which the kernel does without atomic
 * instructions. Two that end in the same few nanoseconds may leave its count of nested writers
 * wrong (seen once in some 20,000 exits): records are written then, but the head is published
 * no more. Therefore nothing but these figures goes into that ring, and where complete records
 * stand behind a head that does not move they are taken all the same.
 *
 * Exact: CPU time of each task, from fork to near the end of exit. Faults and switches only
 * where kernel events may be counted (kernel.perf_event_paranoid ≤ 1, CAP_PERFMON): with
 * exclude_kernel the kernel leaves out all switches and the faults of system calls.
 * Linux 5.13 … 6.18 before a fix in stable (perf_event_exit_task detached the context too
 * early) write no such records: found out by use, and figures are unknown then.
 */
#pragma once

#include "base/error.h"
#include "base/hash.h"
#include "track/perf-ring.h"
#include "track/track.h"

typedef enum PerfKind { PERF_CPU, PERF_MINOR, PERF_MAJOR, PERF_SWITCHES, PERF_KINDS } PerfKind;

typedef struct PerfCount {
        bool on;                       /* else nothing is counted */
        pid_t root;
        size_t kinds;                  /* 1, or PERF_KINDS */
        int own_fds[PERF_KINDS];       /* the first process's own */
        int inherited_fds[PERF_KINDS]; /* its descendants' and other threads' */
        uint64_t ids[PERF_KINDS];      /* of the inherited ones */
        PerfRing ring;
        Map *sums;                     /* pid → what its ended tasks told */
        bool stuck;                    /* the ring's head is not published any more */
        uint64_t stuck_at, stuck_ns;   /* a record seen behind the head, since when */
        uint64_t records, missing;
} PerfCount;

void perf_count_init(PerfCount *count);
void perf_count_done(PerfCount *count);

/* Starts counting the held command. 0, or -errno: nothing is counted. */
int perf_count_start(PerfCount *count, pid_t root);

/* Takes in the records that came. */
void perf_count_drain(PerfCount *count);

/* A new process has this pid: what was told of an older one is void. */
void perf_count_fork(PerfCount *count, pid_t pid, uint64_t time_ns);

/* Whether all its `tasks` tasks have told. */
bool perf_count_complete(const PerfCount *count, pid_t pid, uint32_t tasks);

/* The sums of a process that ended, forgotten here; unknown unless complete. */
void perf_count_take(PerfCount *count, pid_t pid, uint32_t tasks, TrackFigures *ret);
