/*
 * The tables about processes (SPEC 4): column numbers for whoever fills them; readers look
 * columns up by name. Times ending in _ns are CLOCK_MONOTONIC nanoseconds since the run's
 * start (negative: before it).
 */
#pragma once

#include "table/schema.h"

enum {
        PROCESS_PROCESS,
        PROCESS_IMAGE,
        PROCESS_PID,
        PROCESS_PPID,
        PROCESS_PARENT,
        PROCESS_UID,
        PROCESS_COMM,
        PROCESS_EXE,
        PROCESS_CMDLINE,
        PROCESS_CWD,
        PROCESS_CGROUP,
        PROCESS_MAJOR,
        PROCESS_CATEGORY,
        PROCESS_START_NS,
        PROCESS_EXEC_NS,
        PROCESS_END_NS,
        PROCESS_EXIT_CODE,
        PROCESS_EXIT_SIGNAL,
        PROCESS_SIGNAL_BY,
        PROCESS_SIGNAL_PID,
        PROCESS_SIGNAL_COMM,
        PROCESS_USER_US,
        PROCESS_SYSTEM_US,
        PROCESS_CPU_US,
        PROCESS_PEAK_RSS_BYTES,
        PROCESS_PEAK_PSS_BYTES,
        PROCESS_PEAK_SOURCE,
        PROCESS_READ_BYTES,
        PROCESS_WRITE_BYTES,
        PROCESS_READ_CHARS,
        PROCESS_WRITE_CHARS,
        PROCESS_MINOR_FAULTS,
        PROCESS_MAJOR_FAULTS,
        PROCESS_VOLUNTARY_SWITCHES,
        PROCESS_INVOLUNTARY_SWITCHES,
        PROCESS_THREADS_MAX,
        PROCESS_FDS_MAX,
        PROCESS_SOURCE,
        PROCESS_COLUMNS,
};

enum {
        SAMPLE_T_NS,
        SAMPLE_PROCESS,
        SAMPLE_RSS_ANON_BYTES,
        SAMPLE_RSS_FILE_BYTES,
        SAMPLE_RSS_SHMEM_BYTES,
        SAMPLE_SWAP_BYTES,
        SAMPLE_PSS_BYTES,
        SAMPLE_PSS_AGE_MS,
        SAMPLE_USER_US,
        SAMPLE_SYSTEM_US,
        SAMPLE_THREADS,
        SAMPLE_FDS,
        SAMPLE_READ_BYTES,
        SAMPLE_WRITE_BYTES,
        SAMPLE_COLUMNS,
};

enum {
        TOTAL_TIME,
        TOTAL_T_NS,
        TOTAL_PROCESSES,
        TOTAL_THREADS,
        TOTAL_RSS_BYTES,
        TOTAL_PSS_BYTES,
        TOTAL_SWAP_BYTES,
        TOTAL_CGROUP_BYTES,
        TOTAL_CGROUP_PEAK_BYTES,
        TOTAL_CPU_US,
        TOTAL_READ_BYTES,
        TOTAL_WRITE_BYTES,
        TOTAL_STARTED,
        TOTAL_ENDED,
        TOTAL_LATE_US,
        TOTAL_COLUMNS,
};

enum {
        EVENT_TIME,
        EVENT_T_NS,
        EVENT_KIND,     /* "oom-kill", "lost-events", "clock-step", "suspend", "late-tick", … */
        EVENT_SEVERITY, /* info | warning | critical */
        EVENT_PID,
        EVENT_PROCESS,
        EVENT_TEXT,
        EVENT_COLUMNS,
};

extern const Schema processes_schema;
extern const Schema samples_schema;
extern const Schema totals_schema;
extern const Schema events_schema;
