/*
 * A run as Chrome trace events, for Perfetto (ui.perfetto.dev), chrome://tracing and what else reads them.
 *
 * - A process is a track of its own, named and sorted by its start; each program image is a slice on it,
 *   with command line, category, CPU time, peaks and ending as arguments. A pid that the kernel gave out
 *   again is another track, whose number is above any pid; the pid stands in the arguments.
 * - The run is a process, too, PERFETTO_RUN_PID: counters of memory and CPU by category, of the tree, of
 *   pressure and of every other monitor's table; events and findings as instants.
 *
 * Counters tell the highest value in buckets of time, PERFETTO_BUCKETS at most over a run; where nothing
 * changed, nothing is told. Processes that ran before the run began start with it.
 */
#pragma once

#include "base/text.h"
#include "model/summary.h"
#include "store/run.h"
#include "table/label.h"

enum {
        PERFETTO_RUN_PID = 1 << 22, /* PID_MAX_LIMIT: no process has it */
        PERFETTO_BUCKETS = 10000,
        PERFETTO_CATEGORIES = 32, /* counters by category; further ones are added up */
};

/* Something found at a moment. */
typedef struct PerfettoMark {
        int64_t t_ns;
        const char *id, *severity, *title, *evidence, *advice; /* borrowed; evidence and advice may be NULL */
} PerfettoMark;

typedef struct PerfettoOptions {
        const Labeller *labeller; /* NULL: labels as they were recorded */
        const PerfettoMark *marks;
        size_t n_marks;
        /* What a process worked on, appended behind its program's name: "dag.cpp"; NULL: nothing. */
        void (*add_work)(const SummaryProcess *process, String *out);
        uint64_t wall_ns; /* of the run; RUN_UNKNOWN */
        /* Told of a table that cannot be read whole, which costs what it holds, not the trace; NULL: nobody. */
        void (*warn)(const char *sentence);
} PerfettoOptions;

/* Writes to fd (borrowed). 0 or -errno; *ret_output: it was the output, not the run, that failed. */
int perfetto_write(RunReader *run, const PerfettoOptions *options, int fd, bool *ret_output, Error *err);
