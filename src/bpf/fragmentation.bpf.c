/*
 * Counts what fragments memory and what is done against it: allocations that fall back on another
 * migrate type (kmem:mm_page_alloc_extfrag) and compaction. Tracepoints, not raw ones: only their
 * record says whether the page block changed its type. They run inside the page allocator with the
 * zone's lock held, so there is nothing but arithmetic on memory that is there; what times
 * compaction is allocated beforehand. include/trace/events/kmem.h, compaction.h.
 */
#include "bpf/kernel.h"

#include <bpf/bpf_helpers.h>

#include "bpf/fragmentation.event.h"

char LICENSE[] SEC("license") = "Dual MIT/GPL"; /* the helpers used ask for a GPL-compatible one */

u64 fallbacks[FALLBACK_CELLS];
struct bpf_compaction compactions[2]; /* asynchronous, synchronous */

#pragma clang attribute push(__attribute__((preserve_access_index)), apply_to = record)

struct trace_event_raw_mm_page_alloc_extfrag {
        int alloc_order, fallback_order;
        int alloc_migratetype, fallback_migratetype;
        int change_ownership;
};

/* `sync` is a bool there; of one, clang would take for granted what the verifier asks to be shown. */
struct trace_event_raw_mm_compaction_begin {
        u8 sync;
};

struct trace_event_raw_mm_compaction_end {
        u8 sync;
        int status;
};

#pragma clang attribute pop

struct {
        __uint(type, BPF_MAP_TYPE_HASH);
        __uint(max_entries, COMPACTION_TASKS);
        __type(key, u32); /* thread */
        __type(value, u64);
} begun_at SEC(".maps");

SEC("tracepoint/kmem/mm_page_alloc_extfrag")
int on_fallback(struct trace_event_raw_mm_page_alloc_extfrag *event)
{
        u64 cell = (event->alloc_order & 15) |
                   (event->fallback_order & 15) << FALLBACK_ORDER_SHIFT |
                   (event->alloc_migratetype & 7) << FALLBACK_TO_SHIFT |
                   (event->fallback_migratetype & 7) << FALLBACK_FROM_SHIFT |
                   (event->change_ownership ? 1u << FALLBACK_CLAIMED_SHIFT : 0);

        /* Clang knows that it is below FALLBACK_CELLS; the verifier until 6.3 or so does not. */
        asm volatile("" : "+r"(cell));
        __sync_fetch_and_add(&fallbacks[cell & (FALLBACK_CELLS - 1)], 1);
        return 0;
}

SEC("tracepoint/compaction/mm_compaction_begin")
int on_compaction_begin(struct trace_event_raw_mm_compaction_begin *event)
{
        u32 thread = (u32)bpf_get_current_pid_tgid();
        u64 now_ns = bpf_ktime_get_ns();

        __sync_fetch_and_add(&compactions[event->sync & 1].begun, 1);
        bpf_map_update_elem(&begun_at, &thread, &now_ns, BPF_ANY);
        return 0;
}

SEC("tracepoint/compaction/mm_compaction_end")
int on_compaction_end(struct trace_event_raw_mm_compaction_end *event)
{
        u32 thread = (u32)bpf_get_current_pid_tgid();
        struct bpf_compaction *compaction = &compactions[event->sync & 1];
        u64 result = event->status & (COMPACTION_RESULTS - 1);
        u64 *begun_ns = bpf_map_lookup_elem(&begun_at, &thread);

        __sync_fetch_and_add(&compaction->ended[result], 1);
        if (begun_ns) {
                __sync_fetch_and_add(&compaction->time_ns[result], bpf_ktime_get_ns() - *begun_ns);
                bpf_map_delete_elem(&begun_at, &thread);
        } else {
                __sync_fetch_and_add(&compaction->untimed, 1);
        }
        return 0;
}
