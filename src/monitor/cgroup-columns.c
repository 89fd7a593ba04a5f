/* v1 names are put beside v2's where they mean the same; Documentation/admin-guide/cgroup-v2.rst,
 * cgroup-v1/memory.rst, cpuacct.rst, blkio-controller.rst; mm/memcontrol.c, kernel/sched/core.c. */
#include "monitor/cgroup-columns.h"

/* A level that moves by less tells nobody anything; what is stored is exact all the same. */
#define LEVEL (4.0 * 1024 * 1024)
/* Idle cgroups wait a little, too. */
#define WAITED(n, h)   COUNTER_NOISY(n, U64, US, 10000, h)
#define LEVEL_OF(n, h) GAUGE_NOISY(n, U64, BYTES, LEVEL, h)

static const Column cgroup_columns[N_CGROUP_COLUMNS] = {
        MONITOR_TIME_COLUMNS,
        [CGROUP_PATH] = WORDS("path", "which cgroup"),
        [CGROUP_MEMORY_BYTES] = LEVEL_OF("memory_bytes", "all memory charged to it, caches too"),
        [CGROUP_MEMORY_PEAK_BYTES] = LEVEL_OF("memory_peak_bytes", "the most it ever was"),
        [CGROUP_MEMORY_MAX_BYTES] = GAUGE("memory_max_bytes", U64, BYTES,
                                          "its hard limit; null: none of its own"),
        [CGROUP_MEMORY_HIGH_BYTES] = GAUGE("memory_high_bytes", U64, BYTES,
                                           "where it is slowed down; null: nowhere"),
        [CGROUP_MEMORY_LIMIT_BYTES] = GAUGE(
                "memory_limit_bytes", U64, BYTES,
                "the lowest hard limit of it and the cgroups above that are seen; null: none"),
        [CGROUP_SWAP_BYTES] = LEVEL_OF("swap_bytes", "swap it uses"),
        [CGROUP_SWAP_MAX_BYTES] = GAUGE("swap_max_bytes", U64, BYTES,
                                        "most swap it may use; null: no limit"),
        [CGROUP_ZSWAP_BYTES] = LEVEL_OF("zswap_bytes", "memory that holds its compressed swap"),
        [CGROUP_ANON_BYTES] = LEVEL_OF("anon_bytes", "anonymous memory of its processes"),
        [CGROUP_FILE_BYTES] = LEVEL_OF("file_bytes", "cache of files, and shmem"),
        [CGROUP_SHMEM_BYTES] = LEVEL_OF("shmem_bytes", "shared memory and tmpfs"),
        [CGROUP_MAPPED_BYTES] = LEVEL_OF("mapped_bytes", "files mapped by processes"),
        [CGROUP_DIRTY_BYTES] = LEVEL_OF("dirty_bytes", "waiting to be written"),
        [CGROUP_WRITEBACK_BYTES] = LEVEL_OF("writeback_bytes", "being written"),
        [CGROUP_KERNEL_BYTES] = LEVEL_OF("kernel_bytes", "memory of the kernel on its behalf"),
        [CGROUP_KERNEL_STACK_BYTES] = LEVEL_OF("kernel_stack_bytes", "stacks of its tasks"),
        [CGROUP_PAGE_TABLES_BYTES] = LEVEL_OF("page_tables_bytes", "page tables"),
        [CGROUP_SLAB_BYTES] = LEVEL_OF("slab_bytes", "kernel data structures"),
        [CGROUP_SOCK_BYTES] = LEVEL_OF("sock_bytes", "buffers of the network"),
        [CGROUP_MAJOR_FAULTS] = COUNTER_NOISY("major_faults", U64, COUNT, NOISE_ANY,
                                              "page faults that read a disk"),
        [CGROUP_WORKINGSET_REFAULTS] =
                COUNTER_NOISY("workingset_refaults", U64, COUNT, 1024,
                              "pages read again soon after they were given up"),
        [CGROUP_LOW_EVENTS] = COUNTER("low_events", U64, COUNT,
                                      "reclaimed though below its protection memory.low"),
        [CGROUP_HIGH_EVENTS] = COUNTER("high_events", U64, COUNT, "slowed down at memory.high"),
        [CGROUP_MAX_EVENTS] = COUNTER("max_events", U64, COUNT, "times the hard limit was reached"),
        [CGROUP_OOM_EVENTS] = COUNTER("oom_events", U64, COUNT,
                                      "times an allocation was about to fail at the limit"),
        [CGROUP_OOM_KILLS] = COUNTER("oom_kills", U64, COUNT, "its processes killed for memory"),
        [CGROUP_OOM_GROUP_KILLS] = COUNTER("oom_group_kills", U64, COUNT,
                                           "times it was killed as a whole"),
        [CGROUP_CPU_US] = COUNTER_NOISY("cpu_us", U64, US, 200000, "CPU time"),
        [CGROUP_CPU_USER_US] = COUNTER_NOISY("cpu_user_us", U64, US, NOISE_ANY,
                                             "CPU time in programs"),
        [CGROUP_CPU_SYSTEM_US] = COUNTER_NOISY("cpu_system_us", U64, US, NOISE_ANY,
                                               "CPU time in the kernel"),
        [CGROUP_CPU_LIMIT_RATIO] = GAUGE("cpu_limit_ratio", F64, RATIO,
                                         "CPUs it may use, by its own quota; null: no limit"),
        [CGROUP_CPU_PERIODS] = COUNTER_NOISY("cpu_periods", U64, COUNT, NOISE_ANY,
                                             "periods of the quota in which it ran"),
        [CGROUP_CPU_THROTTLED_PERIODS] = COUNTER("cpu_throttled_periods", U64, COUNT,
                                                 "periods in which the quota was used up"),
        [CGROUP_CPU_THROTTLED_US] = COUNTER("cpu_throttled_us", U64, US,
                                            "time its tasks were held back for that"),
        [CGROUP_MEMORY_SOME_US] = WAITED("memory_some_us", "time in which some task of it waited for memory"),
        [CGROUP_MEMORY_FULL_US] = WAITED("memory_full_us", "time in which every task of it that was not idle did"),
        [CGROUP_CPU_SOME_US] = WAITED("cpu_some_us", "time in which some task of it waited for a CPU"),
        [CGROUP_CPU_FULL_US] = WAITED("cpu_full_us", "time in which every task of it that was not idle did"),
        [CGROUP_READ_BYTES] = COUNTER_NOISY("read_bytes", U64, BYTES, LEVEL, "read from disks"),
        [CGROUP_WRITE_BYTES] = COUNTER_NOISY("write_bytes", U64, BYTES, LEVEL, "written to disks"),
        [CGROUP_READS] = COUNTER_NOISY("reads", U64, COUNT, 1024, "read requests"),
        [CGROUP_WRITES] = COUNTER_NOISY("writes", U64, COUNT, 1024, "write requests"),
        [CGROUP_TASKS] = GAUGE_NOISY("tasks", U64, COUNT, 2, "processes and threads in it"),
        [CGROUP_TASKS_PEAK] = GAUGE("tasks_peak", U64, COUNT, "the most there ever were"),
        [CGROUP_TASKS_MAX] = GAUGE("tasks_max", U64, COUNT, "its pids.max; null: none of its own"),
        [CGROUP_TASKS_LIMIT] = GAUGE(
                "tasks_limit", U64, COUNT,
                "the lowest pids.max of it and the cgroups above that are seen; null: none"),
        [CGROUP_FORKS_REFUSED] = COUNTER("forks_refused", U64, COUNT,
                                         "forks that failed at a pids.max"),
};

const Schema cgroup_schema = {"cgroup", cgroup_columns, N_CGROUP_COLUMNS};

/* In the kernel's order. */
static const KeyLine memory_stat[] = {
        {"anon", CGROUP_ANON_BYTES},
        {"file", CGROUP_FILE_BYTES},
        {"kernel", CGROUP_KERNEL_BYTES},
        {"kernel_stack", CGROUP_KERNEL_STACK_BYTES},
        {"pagetables", CGROUP_PAGE_TABLES_BYTES},
        {"sock", CGROUP_SOCK_BYTES},
        {"shmem", CGROUP_SHMEM_BYTES},
        {"file_mapped", CGROUP_MAPPED_BYTES},
        {"file_dirty", CGROUP_DIRTY_BYTES},
        {"file_writeback", CGROUP_WRITEBACK_BYTES},
        {"slab", CGROUP_SLAB_BYTES},
        {"workingset_refault", CGROUP_WORKINGSET_REFAULTS},
        {"workingset_refault_anon", CGROUP_WORKINGSET_REFAULTS},
        {"workingset_refault_file", CGROUP_WORKINGSET_REFAULTS},
        {"pgmajfault", CGROUP_MAJOR_FAULTS},
};

static const KeyLine memory_events[] = {
        {"low", CGROUP_LOW_EVENTS},       {"high", CGROUP_HIGH_EVENTS},
        {"max", CGROUP_MAX_EVENTS},       {"oom", CGROUP_OOM_EVENTS},
        {"oom_kill", CGROUP_OOM_KILLS},   {"oom_group_kill", CGROUP_OOM_GROUP_KILLS},
};

static const KeyLine cpu_stat[] = {
        {"usage_usec", CGROUP_CPU_US},
        {"user_usec", CGROUP_CPU_USER_US},
        {"system_usec", CGROUP_CPU_SYSTEM_US},
        {"nr_periods", CGROUP_CPU_PERIODS},
        {"nr_throttled", CGROUP_CPU_THROTTLED_PERIODS},
        {"throttled_usec", CGROUP_CPU_THROTTLED_US},
};

static const KeyLine pids_events[] = {{"max", CGROUP_FORKS_REFUSED}};

/* v1's total_ lines are of the cgroup and all below it, as v2's plain ones are. */
static const KeyLine memory_stat_v1[] = {
        {"hierarchical_memory_limit", CGROUP_HIERARCHY_LIMIT_BYTES},
        {"total_cache", CGROUP_FILE_BYTES},
        {"total_rss", CGROUP_ANON_BYTES},
        {"total_shmem", CGROUP_SHMEM_BYTES},
        {"total_mapped_file", CGROUP_MAPPED_BYTES},
        {"total_dirty", CGROUP_DIRTY_BYTES},
        {"total_writeback", CGROUP_WRITEBACK_BYTES},
        {"total_workingset_refault_anon", CGROUP_WORKINGSET_REFAULTS},
        {"total_workingset_refault_file", CGROUP_WORKINGSET_REFAULTS},
        {"total_swap", CGROUP_SWAP_BYTES},
        {"total_pgmajfault", CGROUP_MAJOR_FAULTS},
};

static const KeyLine oom_control_v1[] = {{"oom_kill", CGROUP_OOM_KILLS}};

static const KeyLine cpu_stat_v1[] = {
        {"nr_periods", CGROUP_CPU_PERIODS},
        {"nr_throttled", CGROUP_CPU_THROTTLED_PERIODS},
        {"throttled_time", CGROUP_THROTTLED_NS},
};

#define V2(c, n, t)       {c, false, n, CGROUP_VALUE, t, NULL, 0}
#define V1(c, n, t)       {c, true, n, CGROUP_VALUE, t, NULL, 0}
#define V1_NS(c, n, t)    {c, true, n, CGROUP_VALUE_NS, t, NULL, 0}
#define OTHER(c, v, n, k) {c, v, n, k, 0, NULL, 0}
#define LINES(c, v, n, l) {c, v, n, CGROUP_KEYS, 0, l, ARRAY_LENGTH(l)}

const CgroupFile cgroup_files[CGROUP_FILES] = {
        V2("memory", "memory.current", CGROUP_MEMORY_BYTES),
        V2("memory", "memory.peak", CGROUP_MEMORY_PEAK_BYTES),
        V2("memory", "memory.max", CGROUP_MEMORY_MAX_BYTES),
        V2("memory", "memory.high", CGROUP_MEMORY_HIGH_BYTES),
        V2("memory", "memory.swap.current", CGROUP_SWAP_BYTES),
        V2("memory", "memory.swap.max", CGROUP_SWAP_MAX_BYTES),
        V2("memory", "memory.zswap.current", CGROUP_ZSWAP_BYTES),
        LINES("memory", false, "memory.stat", memory_stat),
        LINES("memory", false, "memory.events", memory_events),
        LINES("cpu", false, "cpu.stat", cpu_stat),
        OTHER("cpu", false, "cpu.max", CGROUP_CPU_MAX),
        {"memory", false, "memory.pressure", CGROUP_PRESSURE, CGROUP_MEMORY_SOME_US, NULL, 0},
        {"cpu", false, "cpu.pressure", CGROUP_PRESSURE, CGROUP_CPU_SOME_US, NULL, 0},
        OTHER("blkio", false, "io.stat", CGROUP_IO_STAT),
        V2("pids", "pids.current", CGROUP_TASKS),
        V2("pids", "pids.peak", CGROUP_TASKS_PEAK),
        V2("pids", "pids.max", CGROUP_TASKS_MAX),
        LINES("pids", false, "pids.events", pids_events),

        V1("memory", "memory.usage_in_bytes", CGROUP_MEMORY_BYTES),
        V1("memory", "memory.max_usage_in_bytes", CGROUP_MEMORY_PEAK_BYTES),
        V1("memory", "memory.limit_in_bytes", CGROUP_MEMORY_MAX_BYTES),
        V1("memory", "memory.kmem.usage_in_bytes", CGROUP_KERNEL_BYTES),
        V1("memory", "memory.failcnt", CGROUP_MAX_EVENTS),
        LINES("memory", true, "memory.stat", memory_stat_v1),
        LINES("memory", true, "memory.oom_control", oom_control_v1),
        V1_NS("cpuacct", "cpuacct.usage", CGROUP_CPU_US),
        V1_NS("cpuacct", "cpuacct.usage_user", CGROUP_CPU_USER_US),
        V1_NS("cpuacct", "cpuacct.usage_sys", CGROUP_CPU_SYSTEM_US),
        LINES("cpu", true, "cpu.stat", cpu_stat_v1),
        V1("cpu", "cpu.cfs_quota_us", CGROUP_QUOTA_US),
        V1("cpu", "cpu.cfs_period_us", CGROUP_PERIOD_US),
        OTHER("blkio", true, "blkio.throttle.io_service_bytes_recursive", CGROUP_BLKIO_BYTES),
        OTHER("blkio", true, "blkio.throttle.io_serviced_recursive", CGROUP_BLKIO_COUNTS),
        V1("pids", "pids.current", CGROUP_TASKS),
        V1("pids", "pids.max", CGROUP_TASKS_MAX),
        LINES("pids", true, "pids.events", pids_events),
};
