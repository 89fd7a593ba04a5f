/*
 * The recording itself: capture source, process monitor, ticks, and the command (run) or a
 * scope of processes that already exist (attach). The only reader of the clocks. What becomes
 * of the rows is the caller's: it gives the Sinks and is called at each tick.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "base/regex.h"
#include "host/host.h"
#include "monitor/process.h"
#include "record/schedule.h"
#include "record/workload.h"
#include "table/label.h"
#include "table/sink.h"

typedef struct RecorderOptions {
        const Host *host;
        const char *id;         /* of the run, names the cgroup */
        const char *source;     /* forced capture source, NULL: the best that works */
        uint64_t interval_ns;
        double pss_budget_ratio;
        const Regex *match;     /* processes outside the tree that belong; NULL none */
        LabelFn label;          /* what processes are for; NULL: not told */
        void *label_data;
        const Regex *match_new; /* the same, but only what begins meanwhile and works in match_dir */
        const char *match_dir;
        bool own_cgroup;        /* give the command a cgroup if that can be had */

        WorkloadOptions workload; /* run: argv not NULL */

        bool all;               /* attach: the whole machine */
        const pid_t *pids;      /* attach: these, and what matches */
        size_t n_pids;
        bool descendants;
        uint64_t duration_ns;   /* attach: 0 until Ctrl-C or the scope is empty */
        bool stay;              /* attach: a hang-up of the terminal does not end it */

        const MonitorPlan *plan; /* the monitors, beside that of processes */
        size_t n_plan;
        const MonitorSetting *settings;
        size_t n_settings;
        const char *scope_cgroup; /* attach: the cgroup that is watched; NULL: none */
        int run_fd;               /* the run's directory, for monitors that keep a log; -1: none */

        Sink *processes, *samples, *totals, *events;
        /* As ScheduleOptions.add_table. */
        int (*add_table)(const Schema *schema, Sink **ret, void *data, Error *err);
        /* What the monitors came to: when they have begun, and at the end. */
        void (*monitored)(const Schedule *schedule, void *data);
        /* After each tick's rows are in the sinks. */
        void (*ticked)(uint64_t now_ns, void *data);
        /* The source is chosen, the monitor exists, nothing is recorded yet. */
        void (*ready)(ProcessMonitor *monitor, void *data);
        /* The command runs, or the scope is watched: the caller may add what is to be served on the same
         * loop (a control socket). What it adds goes with the loop. -errno ends the recording. */
        int (*looping)(Loop *loop, const Schedule *schedule, void *data);
        void *data;
} RecorderOptions;

typedef struct RecorderResult {
        const char *source;     /* bpf | perf | poll */
        bool partial;
        Error source_why;       /* why not a better one; "" if it is the best */
        uint64_t start_ns, end_ns, start_boottime_ns; /* of the recording; end: the command's */
        uint64_t release_ns;    /* run: when the command was let go, to exec */
        int64_t start_realtime_ns, end_realtime_ns;
        uint64_t ticks, late_ticks; /* late: by more than a whole interval */
        uint64_t own_cpu_ns;    /* at the end of the recording, relay included */
        ProcessMonitorCounts counts;
        WorkloadResult workload;/* run */
        char cgroup[256];       /* "" none */
        Error cgroup_why;
        uint64_t cgroup_peak_bytes, cgroup_cpu_us; /* UINT64_MAX unknown */
        int interrupted;        /* attach: the signal that ended it, 0 none */
        int sink_error;         /* first -errno of a sink */
        Error sink_sentence;
} RecorderResult;

/* Records until the command has ended (run), or the scope is empty, the time is over or a
 * signal came (attach). 0, or -errno with a sentence when nothing could be recorded. An exec
 * that failed is 0 with result->workload.exec_failed. */
int recorder_run(const RecorderOptions *options, RecorderResult *result, Error *err);
