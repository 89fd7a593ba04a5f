/*
 * Processes made of the tasks that perf tells of: threads only count into their process, a
 * process ends with its last thread, whichever that is, and an exec by any thread leaves one.
 */
#pragma once

#include "base/hash.h"
#include "track/perf-record.h"
#include "track/track.h"

typedef struct PerfProcess {
        pid_t pid;
        uint32_t threads, threads_max; /* now; since the last exec */
        uint32_t ended;                /* tasks since fork */
        uint64_t since_ns;             /* fork or last exec */
        bool found;                    /* existed before */
        bool counted;                  /* the command or its descendant: perf-count.h */
        bool removed;                  /* no longer told of, nor its descendants */
        char comm[16];
} PerfProcess;

typedef struct PerfTree {
        Map *processes;   /* pid → PerfProcess, owned */
        bool everything;  /* unknown parents are no reason to leave a process out */
        bool descendants; /* children of known processes are known */
        pid_t root;       /* the command; 0: attached */
        uint64_t dropped; /* out of memory */
} PerfTree;

int perf_tree_init(PerfTree *tree, bool everything, bool descendants);
void perf_tree_done(PerfTree *tree);

PerfProcess *perf_tree_find(const PerfTree *tree, pid_t pid);

/* Adds a process that is not there. NULL: out of memory. */
PerfProcess *perf_tree_add(PerfTree *tree, pid_t pid, uint64_t time_ns, const char *comm);

/* Whether the record is the end of the last thread of a process that is told of. */
PerfProcess *perf_tree_ends(const PerfTree *tree, const PerfRecord *record);

/* Follows a record. True: *ret is what to tell (an EXIT without figures and status). */
bool perf_tree_apply(PerfTree *tree, const PerfRecord *record, TrackEvent *ret);

/* An event about the process with all else unknown. */
TrackEvent perf_tree_event(const PerfProcess *process, TrackEventType type, uint64_t time_ns);

/* Forgets it. */
void perf_tree_drop(PerfTree *tree, pid_t pid);
