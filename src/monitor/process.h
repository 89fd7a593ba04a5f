/*
 * The process monitor: at each tick it drains the source, samples who is alive, follows PSS, and
 * writes rows to the tables processes, samples, totals and events.
 */
#pragma once

#include <stdint.h>

#include "base/error.h"
#include "host/host.h"
#include "monitor/monitor.h"
#include "monitor/tree-pss.h"
#include "table/sink.h"
#include "track/process-table.h"
#include "track/track.h"

/* The one timestamp of a tick; record/ reads the clocks. */
typedef struct Tick {
        uint64_t now_ns;       /* CLOCK_MONOTONIC */
        int64_t realtime_ns;   /* CLOCK_REALTIME at that moment */
        uint64_t late_ns;      /* after it was due */
        uint64_t own_cpu_ns;   /* used by vigia so far; 0: not read at this tick */
        uint64_t cgroup_bytes, cgroup_peak_bytes; /* charged to the command's cgroup; UINT64_MAX unknown */
        TreePagesFn tree_pages; /* of the command's cgroup; NULL: none, or the run is more than it */
        void *tree_data;
} Tick;

typedef struct ProcessMonitorOptions {
        const Host *host;
        TrackSource *source;        /* borrowed */
        Sink *processes, *samples, *totals, *events; /* borrowed; events may be NULL */
        uint64_t start_ns;          /* CLOCK_MONOTONIC of the run's start */
        int64_t start_realtime_ns;  /* CLOCK_REALTIME then */
        double pss_budget_ratio;    /* 0.01; 0: never read PSS */
        bool all;                   /* the whole machine: also what the source does not list */
        bool match_only;            /* as in ProcessTableOptions */
        pid_t root;
        bool (*match)(const char *cmdline, void *data);
        bool (*match_at)(const char *cmdline, const char *cwd, void *data);
        bool (*own)(pid_t pid, void *data);
        void *match_data;
        LabelFn label;              /* what processes are for; NULL: not told */
        void *label_data;
} ProcessMonitorOptions;

typedef struct ProcessMonitor ProcessMonitor;

int process_monitor_new(const ProcessMonitorOptions *options, ProcessMonitor **ret);
ProcessMonitor *process_monitor_free(ProcessMonitor *monitor);
DEFINE_CLEANUP(ProcessMonitor, process_monitor)

/* Takes events out of the source without sampling: its buffers are half full. */
int process_monitor_drain(ProcessMonitor *monitor);

/* One tick. 0, or the first error of a sink (its rows stay with the sink or are counted there). */
int process_monitor_tick(ProcessMonitor *monitor, const Tick *tick, Error *err);

/* The command was waited for: how it ended, which not every source knows. */
void process_monitor_waited(ProcessMonitor *monitor, pid_t pid, int wait_status);

/* Of how many that ended the final figures are still to come: the kernel tells them when it frees a
 * process, an RCU grace period later (tens of ms on a busy machine). */
size_t process_monitor_awaited(const ProcessMonitor *monitor);

/* Writes the rows of all that are left: those whose final figures never came, and those still
 * alive (end_ns null). Live rows are not to be asked for any more. */
int process_monitor_finish(ProcessMonitor *monitor, uint64_t now_ns, Error *err);

/* A RunLiveFn of the processes table: rows of those alive, end_ns null. */
void process_monitor_live(Batch *rows, void *monitor);

/* A RunLiveVersionFn of it: who is alive, by number. */
uint64_t process_monitor_live_version(const void *monitor);

/* Who is in the run, as far as was drained; borrowed. */
ProcessTable *process_monitor_table(ProcessMonitor *monitor);

/* Those alive, for other monitors; until process_monitor_free. */
const MonitorScope *process_monitor_scope(const ProcessMonitor *monitor);

typedef struct ProcessMonitorCounts {
        uint64_t processes, images, alive, samples, oom_kills, lost_events, pss_reads;
} ProcessMonitorCounts;

void process_monitor_counts(const ProcessMonitor *monitor, ProcessMonitorCounts *ret);

/* A row of the events table. */
void process_monitor_event(ProcessMonitor *monitor, const Tick *tick, const char *kind,
                           const char *severity, const Process *process, const char *text);
