/*
 * What fragmentation.bpf.c counts, and how monitor/fragmentation-bpf.c finds it: plain counters in
 * memory that both share. Fixed-size integers only.
 */
#pragma once

#ifndef __bpf__
#include <stdint.h>
typedef uint32_t u32;
typedef uint64_t u64;
#endif

/* One counter for each way an allocation can fall back on another migrate type; orders up to 15,
 * migrate types up to 7. */
enum {
        FALLBACK_CELLS = 1 << 15,
        FALLBACK_ORDER_SHIFT = 4,
        FALLBACK_FROM_SHIFT = 8,
        FALLBACK_TO_SHIFT = 11,
        FALLBACK_CLAIMED_SHIFT = 14,
};

/* enum compact_result of include/linux/compaction.h, whose values end below. */
enum { COMPACTION_RESULTS = 16, COMPACTION_TASKS = 2048 };

struct bpf_compaction {
        u64 begun;
        u64 ended[COMPACTION_RESULTS];
        u64 time_ns[COMPACTION_RESULTS];
        u64 untimed; /* more tasks at once than COMPACTION_TASKS, or begun before we looked */
};
