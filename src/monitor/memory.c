/* The machine's memory: levels out of /proc/meminfo, what was swapped, reclaimed and killed out
 * of /proc/vmstat. proc(5); Documentation/filesystems/proc.rst. */
#include <errno.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "host/key-lines.h"
#include "monitor/monitor.h"

enum {
        TOTAL_BYTES = MONITOR_FIRST,
        FREE_BYTES,
        AVAILABLE_BYTES,
        BUFFERS_BYTES,
        CACHED_BYTES,
        DIRTY_BYTES,
        WRITEBACK_BYTES,
        ANON_BYTES,
        MAPPED_BYTES,
        SHMEM_BYTES,
        SLAB_BYTES,
        SLAB_RECLAIMABLE_BYTES,
        KERNEL_STACK_BYTES,
        PAGE_TABLES_BYTES,
        SWAP_TOTAL_BYTES,
        SWAP_FREE_BYTES,
        ZSWAP_BYTES,
        ZSWAPPED_BYTES,
        COMMIT_LIMIT_BYTES,
        COMMITTED_BYTES,
        SWAP_IN_PAGES,
        SWAP_OUT_PAGES,
        ALLOCATION_STALLS,
        DIRECT_SCANNED_PAGES,
        MAJOR_FAULTS,
        WORKINGSET_REFAULTS,
        OOM_KILLS,
        N_COLUMNS,
};

/* A level that moves by less tells nobody anything; what is stored is exact all the same. */
#define LEVEL (4.0 * 1024 * 1024)

static const Column memory_columns[N_COLUMNS] = {
        MONITOR_TIME_COLUMNS,
        [TOTAL_BYTES] = GAUGE("total_bytes", U64, BYTES, "usable memory of the machine"),
        [FREE_BYTES] = GAUGE_NOISY("free_bytes", U64, BYTES, LEVEL, "not used for anything"),
        [AVAILABLE_BYTES] = GAUGE_NOISY("available_bytes", U64, BYTES, LEVEL,
                                        "what programs can still get without swapping"),
        [BUFFERS_BYTES] = GAUGE_NOISY("buffers_bytes", U64, BYTES, LEVEL, "cache of block devices"),
        [CACHED_BYTES] = GAUGE_NOISY("cached_bytes", U64, BYTES, LEVEL, "cache of files, and shmem"),
        [DIRTY_BYTES] = GAUGE_NOISY("dirty_bytes", U64, BYTES, LEVEL, "waiting to be written"),
        [WRITEBACK_BYTES] = GAUGE_NOISY("writeback_bytes", U64, BYTES, LEVEL, "being written"),
        [ANON_BYTES] = GAUGE_NOISY("anon_bytes", U64, BYTES, LEVEL, "anonymous pages in page tables"),
        [MAPPED_BYTES] = GAUGE_NOISY("mapped_bytes", U64, BYTES, LEVEL, "files mapped by processes"),
        [SHMEM_BYTES] = GAUGE_NOISY("shmem_bytes", U64, BYTES, LEVEL, "shared memory and tmpfs"),
        [SLAB_BYTES] = GAUGE_NOISY("slab_bytes", U64, BYTES, LEVEL, "kernel data structures"),
        [SLAB_RECLAIMABLE_BYTES] = GAUGE_NOISY("slab_reclaimable_bytes", U64, BYTES, LEVEL,
                                               "the part of slab that can be given up"),
        [KERNEL_STACK_BYTES] = GAUGE_NOISY("kernel_stack_bytes", U64, BYTES, LEVEL, "stacks of tasks"),
        [PAGE_TABLES_BYTES] = GAUGE_NOISY("page_tables_bytes", U64, BYTES, LEVEL, "page tables"),
        [SWAP_TOTAL_BYTES] = GAUGE("swap_total_bytes", U64, BYTES, "size of swap"),
        [SWAP_FREE_BYTES] = GAUGE_NOISY("swap_free_bytes", U64, BYTES, LEVEL, "swap not used"),
        [ZSWAP_BYTES] = GAUGE_NOISY("zswap_bytes", U64, BYTES, LEVEL,
                                    "memory that holds compressed swap"),
        [ZSWAPPED_BYTES] = GAUGE_NOISY("zswapped_bytes", U64, BYTES, LEVEL,
                                       "what it was before compression"),
        [COMMIT_LIMIT_BYTES] = GAUGE_NOISY("commit_limit_bytes", U64, BYTES, LEVEL,
                                           "most that may be promised; binding in overcommit mode 2"),
        [COMMITTED_BYTES] = GAUGE_NOISY("committed_bytes", U64, BYTES, LEVEL,
                                        "memory promised to processes"),
        [SWAP_IN_PAGES] = COUNTER("swap_in_pages", U64, PAGES, "pages read from swap"),
        [SWAP_OUT_PAGES] = COUNTER("swap_out_pages", U64, PAGES, "pages written to swap"),
        [ALLOCATION_STALLS] = COUNTER("allocation_stalls", U64, COUNT,
                                      "allocations that had to free memory first"),
        [DIRECT_SCANNED_PAGES] = COUNTER("direct_scanned_pages", U64, PAGES,
                                         "pages looked through by those"),
        [MAJOR_FAULTS] = COUNTER_NOISY("major_faults", U64, COUNT, 20, "page faults with I/O"),
        [WORKINGSET_REFAULTS] = COUNTER_NOISY("workingset_refaults", U64, PAGES, 20,
                                              "pages read again soon after they were given up"),
        [OOM_KILLS] = COUNTER("oom_kills", U64, COUNT, "processes the kernel killed for memory"),
};

static const Schema memory_schema = {"memory", memory_columns, N_COLUMNS};

/* In the kernel's order; fs/proc/meminfo.c. */
static const KeyLine meminfo_lines[] = {
        {"MemTotal", TOTAL_BYTES},         {"MemFree", FREE_BYTES},
        {"MemAvailable", AVAILABLE_BYTES}, {"Buffers", BUFFERS_BYTES},
        {"Cached", CACHED_BYTES},          {"SwapTotal", SWAP_TOTAL_BYTES},
        {"SwapFree", SWAP_FREE_BYTES},     {"Zswap", ZSWAP_BYTES},
        {"Zswapped", ZSWAPPED_BYTES},      {"Dirty", DIRTY_BYTES},
        {"Writeback", WRITEBACK_BYTES},    {"AnonPages", ANON_BYTES},
        {"Mapped", MAPPED_BYTES},          {"Shmem", SHMEM_BYTES},
        {"Slab", SLAB_BYTES},              {"SReclaimable", SLAB_RECLAIMABLE_BYTES},
        {"KernelStack", KERNEL_STACK_BYTES}, {"PageTables", PAGE_TABLES_BYTES},
        {"CommitLimit", COMMIT_LIMIT_BYTES}, {"Committed_AS", COMMITTED_BYTES},
};

/* mm/vmstat.c. Several lines make one counter: by zone, and by kind of page since 5.9. */
static const KeyLine vmstat_lines[] = {
        {"workingset_refault", WORKINGSET_REFAULTS}, {"workingset_refault_anon", WORKINGSET_REFAULTS},
        {"workingset_refault_file", WORKINGSET_REFAULTS}, {"pswpin", SWAP_IN_PAGES},
        {"pswpout", SWAP_OUT_PAGES},             {"allocstall", ALLOCATION_STALLS},
        {"allocstall_dma", ALLOCATION_STALLS},   {"allocstall_dma32", ALLOCATION_STALLS},
        {"allocstall_normal", ALLOCATION_STALLS}, {"allocstall_high", ALLOCATION_STALLS},
        {"allocstall_movable", ALLOCATION_STALLS}, {"allocstall_device", ALLOCATION_STALLS},
        {"pgmajfault", MAJOR_FAULTS},            {"pgscan_direct", DIRECT_SCANNED_PAGES},
        {"oom_kill", OOM_KILLS},
};

enum { MEMINFO_MAX = 8192, VMSTAT_MAX = 16384 };

typedef struct MemoryState {
        int meminfo, vmstat; /* vmstat: -1 where there is none */
        uint64_t values[N_COLUMNS];
        bool known[N_COLUMNS];
        char text[VMSTAT_MAX];
} MemoryState;

static int memory_probe(const MonitorContext *context, Error *why, Error *fix)
{
        return monitor_probe_file(context, "proc/meminfo", why);
}

static int memory_start(void *state, const MonitorContext *context, Error *err)
{
        MemoryState *s = state;

        s->meminfo = monitor_open_file(context, "proc/meminfo", err);
        if (s->meminfo < 0)
                return s->meminfo;
        s->vmstat = host_open(context->host, "proc/vmstat");
        return 0;
}

static void add_value(size_t target, uint64_t value, void *data)
{
        MemoryState *s = data;

        s->values[target] += value;
        s->known[target] = true;
}

static int memory_sample(void *state, const MonitorTick *tick, Batch *rows, Error *err)
{
        MemoryState *s = state;

        for (size_t i = 0; i < N_COLUMNS; i++) {
                s->values[i] = 0;
                s->known[i] = false;
        }
        ssize_t n = host_reread(s->meminfo, s->text, MEMINFO_MAX);
        if (n < 0)
                return error_set_errno(err, (int)n, "/proc/meminfo");
        key_lines_read(s->text, (size_t)n, meminfo_lines, ARRAY_LENGTH(meminfo_lines), add_value, s);
        n = s->vmstat >= 0 ? host_reread(s->vmstat, s->text, sizeof s->text) : -ENOENT;
        if (n > 0)
                key_lines_read(s->text, (size_t)n, vmstat_lines, ARRAY_LENGTH(vmstat_lines),
                               add_value, s);
        if (!s->known[TOTAL_BYTES])
                return error_set(err, EBADMSG, "/proc/meminfo: no MemTotal in it");
        int r = monitor_row(rows, tick);
        for (size_t i = MONITOR_FIRST; r == 0 && i < N_COLUMNS; i++)
                if (s->known[i])
                        batch_set_u64(rows, i, s->values[i]);
        return r;
}

static void memory_stop(void *state)
{
        MemoryState *s = state;

        fd_close(s->meminfo);
        fd_close(s->vmstat);
}

const Monitor monitor_memory = {
        .name = "memory",
        .what = "memory, swap, reclaim and commit of the machine",
        .schema = &memory_schema,
        .interval_us = 250000,
        .state_size = sizeof(MemoryState),
        .probe = memory_probe,
        .start = memory_start,
        .sample = memory_sample,
        .stop = memory_stop,
};
