/*
 * Processes that exist already, as TRACK_FOUND events out of /proc: for sources that attach
 * without a view into the kernel (perf, poll).
 */
#pragma once

#include "base/buffer.h"
#include "host/proc-identity.h"
#include "track/track.h"

/* 0; PROC_GONE (also a zombie); -errno. The time is now; figures are those of stat, at
 * clock-tick exactness; start_ns is field 22 as ns, rounded down to a tick. */
int found_read(const Host *host, pid_t pid, TrackEvent *ret);

/* The same out of a stat that was read; uid -1. */
TrackEvent found_event(const ProcStat *stat);

/* The pid and all its descendants at this moment, parents first. fn as in proc_pids_walk. */
int found_walk(const Host *host, pid_t pid, ProcPidFn fn, void *data);

/* Events that wait for the next drain. Zero-initialise. */
typedef struct FoundQueue {
        Buffer events;
        size_t told;
} FoundQueue;

int found_queue_add(FoundQueue *queue, const TrackEvent *event); /* 0 or -ENOMEM */
/* Tells those up to a time; they were added in order of time. */
void found_queue_tell(FoundQueue *queue, uint64_t until_ns, TrackEventFn fn, void *data);
/* Tells all, in order of time, else of adding. 0 or -ENOMEM: they are kept. */
int found_queue_tell_sorted(FoundQueue *queue, TrackEventFn fn, void *data);
void found_queue_done(FoundQueue *queue);
