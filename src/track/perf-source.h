/*
 * What the files of the perf source share: the source itself, and the events that write its
 * lifecycle records.
 */
#pragma once

#include "track/exit-status.h"
#include "track/found.h"
#include "track/perf-count.h"
#include "track/perf-open.h"
#include "track/perf-ring.h"
#include "track/perf-tree.h"
#include "track/track.h"

typedef struct PerfCpu {
        int cpu;
        int fd; /* has the ring: of this CPU (wide), or of ourselves and never counting */
        PerfRing ring;
} PerfCpu;

typedef struct PerfSource {
        TrackSource source;
        const Host *host;
        TrackScope scope;
        bool wide;        /* events of the CPUs, not of tasks */
        PerfCpu *cpus;
        size_t n_cpus;
        int *fds;         /* the tasks' events */
        size_t n_fds, fds_max;
        bool tells_lost;  /* read(2) gives PERF_FORMAT_LOST, since Linux 6.0 */
        uint64_t lost_records, lost_checked;
        PerfTree tree;
        PerfCount count;
        ExitStatus *status; /* NULL: the connector does not work here */
        FoundQueue queue;   /* merged with what the rings hold */
        uint64_t opened_ns;
        int timer_fd;
} PerfSource;

/* Lists the CPUs, opens an event with a ring on each. 0 or -errno with the reason. */
int perf_events_open(PerfSource *s, bool everything, Error *why);

/* Events of a thread on every CPU, writing into those rings. 0; -ESRCH: it is gone; -errno. */
int perf_events_follow(PerfSource *s, pid_t tid, Error *err);

/* Records lost in all, where read(2) tells (Linux 6.0); else 0. */
uint64_t perf_events_lost(const PerfSource *s);

void perf_events_close(PerfSource *s);
