/* From where on something is found: [findings] of a configuration, with SPEC 8's defaults. */
#pragma once

#include <stddef.h>
#include <stdint.h>

typedef struct Thresholds {
        uint64_t available_warning_bytes, available_critical_bytes; /* memory left for programs: below */
        double memory_used_warning_ratio, memory_used_critical_ratio;
        uint64_t swap_used_bytes;
        double memory_stalled_ratio;  /* PSI "full" of memory, over 10 s */
        double process_memory_ratio;  /* one process, of all memory */
        double load_warning_ratio, load_critical_ratio; /* load over cores */
        double iowait_ratio;
        double steal_ratio;           /* CPU time that the hypervisor gave to others */
        double throttled_ratio;       /* of a cgroup's CPU periods */
        double cpu_warning_c, cpu_critical_c, gpu_warning_c;
        double disk_warning_ratio, disk_critical_ratio; /* used; inodes, too */
        uint64_t store_growth_bytes;
        double files_ratio;           /* of file-max, of a process's RLIMIT_NOFILE */
        double tasks_warning_ratio, tasks_critical_ratio; /* of the limit that binds */
        double threads_ratio;         /* of threads-max */
        double idle_cores_ratio;      /* of the machine's CPU time unused while jobs waited */
        double serial_tail_ratio;     /* of the run at its end with one process at work */
        double leak_slow_mb, leak_mb; /* (10^6 bytes) a minute of a process's private memory: more is slow, a leak */
        double leak_slow_count, leak_count; /* the same of its open files, its threads */
        uint64_t leak_time_ns;        /* to judge by, behind the warm-up */
        uint64_t leak_bytes;          /* growth in all that is told; less is not worth it */
        uint64_t leak_exhaustion_ns;  /* memory that lasts no longer is critical */
        uint64_t peaks_kept_bytes;    /* what peaks left behind, of who does not grow */
        uint64_t zombie_ns;           /* ended for so long, and not waited for */
        double zombies;               /* so many of one parent are a warning */
        uint64_t orphan_ns;           /* outlived its parent by so long */
} Thresholds;

void thresholds_init(Thresholds *thresholds); /* the defaults */

typedef enum ThresholdKind {
        THRESHOLD_BYTES,
        THRESHOLD_PERCENT,
        THRESHOLD_CELSIUS,
        THRESHOLD_NUMBER,
        THRESHOLD_DURATION, /* ns */
} ThresholdKind;

/* Each by its name in [findings], for a configuration: percent there are ratios here. */
typedef struct ThresholdKey {
        const char *name, *initial, *help;
        ThresholdKind kind;
        size_t offset; /* in Thresholds: uint64_t of bytes and durations, double else */
} ThresholdKey;

const ThresholdKey *threshold_keys(size_t *ret_n);
