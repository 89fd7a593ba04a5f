/* The columns of the monitor `cgroup`, and which file of v1 and of v2 fills which. */
#pragma once

#include "host/key-lines.h"
#include "monitor/monitor.h"

enum {
        CGROUP_PATH = MONITOR_FIRST,
        CGROUP_MEMORY_BYTES,
        CGROUP_MEMORY_PEAK_BYTES,
        CGROUP_MEMORY_MAX_BYTES,
        CGROUP_MEMORY_HIGH_BYTES,
        CGROUP_MEMORY_LIMIT_BYTES,
        CGROUP_SWAP_BYTES,
        CGROUP_SWAP_MAX_BYTES,
        CGROUP_ZSWAP_BYTES,
        CGROUP_ANON_BYTES,
        CGROUP_FILE_BYTES,
        CGROUP_SHMEM_BYTES,
        CGROUP_MAPPED_BYTES,
        CGROUP_DIRTY_BYTES,
        CGROUP_WRITEBACK_BYTES,
        CGROUP_KERNEL_BYTES,
        CGROUP_KERNEL_STACK_BYTES,
        CGROUP_PAGE_TABLES_BYTES,
        CGROUP_SLAB_BYTES,
        CGROUP_SOCK_BYTES,
        CGROUP_MAJOR_FAULTS,
        CGROUP_WORKINGSET_REFAULTS,
        CGROUP_LOW_EVENTS,
        CGROUP_HIGH_EVENTS,
        CGROUP_MAX_EVENTS,
        CGROUP_OOM_EVENTS,
        CGROUP_OOM_KILLS,
        CGROUP_OOM_GROUP_KILLS,
        CGROUP_CPU_US,
        CGROUP_CPU_USER_US,
        CGROUP_CPU_SYSTEM_US,
        CGROUP_CPU_LIMIT_RATIO,
        CGROUP_CPU_PERIODS,
        CGROUP_CPU_THROTTLED_PERIODS,
        CGROUP_CPU_THROTTLED_US,
        CGROUP_MEMORY_SOME_US,
        CGROUP_MEMORY_FULL_US,
        CGROUP_CPU_SOME_US,
        CGROUP_CPU_FULL_US,
        CGROUP_READ_BYTES,
        CGROUP_WRITE_BYTES,
        CGROUP_READS,
        CGROUP_WRITES,
        CGROUP_TASKS,
        CGROUP_TASKS_PEAK,
        CGROUP_TASKS_MAX,
        CGROUP_TASKS_LIMIT,
        CGROUP_FORKS_REFUSED,
        N_CGROUP_COLUMNS,

        /* Read, but no columns. */
        CGROUP_QUOTA_US = N_CGROUP_COLUMNS,
        CGROUP_PERIOD_US,
        CGROUP_THROTTLED_NS,
        CGROUP_HIERARCHY_LIMIT_BYTES,
        N_CGROUP_VALUES,
};

extern const Schema cgroup_schema;

typedef enum CgroupFileKind {
        CGROUP_VALUE,        /* a number or "max" */
        CGROUP_VALUE_NS,     /* nanoseconds, wanted in µs */
        CGROUP_KEYS,         /* lines of key and number */
        CGROUP_CPU_MAX,      /* "max 100000" */
        CGROUP_IO_STAT,      /* v2, all figures */
        CGROUP_PRESSURE,     /* v2, PSI; `some` into the target, `full` into the next */
        CGROUP_BLKIO_BYTES,  /* v1 */
        CGROUP_BLKIO_COUNTS, /* v1 */
} CgroupFileKind;

typedef struct CgroupFile {
        const char *controller;
        bool v1;
        const char *name;
        CgroupFileKind kind;
        size_t target; /* of a value */
        const KeyLine *lines;
        size_t n_lines;
} CgroupFile;

enum { CGROUP_FILES = 36 };
extern const CgroupFile cgroup_files[CGROUP_FILES];
