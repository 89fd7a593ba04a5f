/*
 * Who takes memory and does not give it back: probes on the entry and return of a C library's malloc and its kin, in one
 * process. A call that begins is remembered with its stack; when it returns the block is known by its address until it
 * is given back; figures are kept a place. Of many calls only one in 2^shift is looked at, and weighs as much.
 */
#include "bpf/kernel.h"

#include <bpf/bpf_helpers.h>

#include "bpf/heap.event.h"

char LICENSE[] SEC("license") = "Dual MIT/GPL";

enum { BPF_MAP_TYPE_STACK_TRACE_ = 7, BPF_F_NO_PREALLOC_ = 1, BPF_F_USER_STACK_ = 1 << 8 };

#if defined(__TARGET_ARCH_x86)
#define THIRD_ARGUMENT(regs)  ((regs)->dx)
#define FOURTH_ARGUMENT(regs) ((regs)->cx)
#define RETURN_VALUE(regs)    ((regs)->ax)
#else
#define THIRD_ARGUMENT(regs)  ((regs)->regs[2])
#define FOURTH_ARGUMENT(regs) ((regs)->regs[3])
#define RETURN_VALUE(regs)    ((regs)->regs[0])
#endif

#define MAPPING         (1ull << 63) /* of a pending key: mmap, which malloc itself may call */
#define MAP_ANONYMOUS_  0x20

struct heap_block {
        u64 bytes;
        u64 weight;
        struct heap_site site;
};

struct {
        __uint(type, BPF_MAP_TYPE_HASH);
        __uint(max_entries, HEAP_PENDING);
        __type(key, u64);
        __type(value, struct heap_block);
} pending SEC(".maps");

struct {
        __uint(type, BPF_MAP_TYPE_HASH);
        __uint(max_entries, HEAP_LIVE);
        __uint(map_flags, BPF_F_NO_PREALLOC_);
        __type(key, u64);
        __type(value, struct heap_block);
} live SEC(".maps");

struct {
        __uint(type, BPF_MAP_TYPE_HASH);
        __uint(max_entries, HEAP_SITES);
        __type(key, struct heap_site);
        __type(value, struct heap_figures);
} sites SEC(".maps");

struct {
        __uint(type, BPF_MAP_TYPE_STACK_TRACE_);
        __uint(max_entries, HEAP_SITES);
        __uint(key_size, sizeof(u32));
        __uint(value_size, HEAP_STACK_DEPTH * sizeof(u64));
} stacks SEC(".maps");

struct {
        __uint(type, BPF_MAP_TYPE_ARRAY);
        __uint(max_entries, HEAP_COUNTERS);
        __type(key, u32);
        __type(value, u64);
} counters SEC(".maps");

struct {
        __uint(type, BPF_MAP_TYPE_ARRAY);
        __uint(max_entries, 1);
        __type(key, u32);
        __type(value, u32);
} sampling SEC(".maps"); /* the shift */

static __always_inline void count(u32 which)
{
        u64 *counter = bpf_map_lookup_elem(&counters, &which);

        if (counter)
                __sync_fetch_and_add(counter, 1);
}

static __always_inline u64 caller_of(struct pt_regs *ctx)
{
        u64 caller = 0;

#if defined(__TARGET_ARCH_x86)
        bpf_probe_read_user(&caller, sizeof caller, (void *)ctx->sp);
#else
        caller = ctx->regs[30];
#endif
        return caller;
}

static __always_inline int begin(struct pt_regs *ctx, u64 bytes, u64 which)
{
        struct heap_block block = {};
        u32 zero = 0, *shift = bpf_map_lookup_elem(&sampling, &zero);
        u64 key = bpf_get_current_pid_tgid() | which;

        count(HEAP_CALLS);
        if (shift && *shift > 0 && *shift < 31 && (bpf_get_prandom_u32() & ((1u << *shift) - 1)) != 0)
                return 0;
        block.bytes = bytes;
        block.weight = shift && *shift < 31 ? 1ull << *shift : 1;
        block.site.caller = caller_of(ctx);
        block.site.stack = bpf_get_stackid(ctx, &stacks, BPF_F_USER_STACK_);
        if (block.site.stack < 0)
                block.site.stack = -1;
        if (bpf_map_update_elem(&pending, &key, &block, BPF_ANY) != 0)
                count(HEAP_MISSED);
        return 0;
}

static __always_inline void add_taken(const struct heap_block *block)
{
        struct heap_figures none = {}, *figures;
        struct heap_site site = block->site;

        figures = bpf_map_lookup_elem(&sites, &site);
        if (!figures) {
                bpf_map_update_elem(&sites, &site, &none, BPF_NOEXIST);
                figures = bpf_map_lookup_elem(&sites, &site);
        }
        if (!figures)
                return;
        __sync_fetch_and_add(&figures->taken_bytes, block->bytes * block->weight);
        __sync_fetch_and_add(&figures->taken_blocks, block->weight);
}

static __always_inline int release(u64 address)
{
        struct heap_block *found = address ? bpf_map_lookup_elem(&live, &address) : NULL;

        if (!found)
                return 0;
        struct heap_site site = found->site;
        struct heap_figures *figures = bpf_map_lookup_elem(&sites, &site);
        if (figures) {
                __sync_fetch_and_add(&figures->freed_bytes, found->bytes * found->weight);
                __sync_fetch_and_add(&figures->freed_blocks, found->weight);
        }
        bpf_map_delete_elem(&live, &address);
        return 0;
}

static __always_inline int end(u64 address, u64 which)
{
        u64 key = bpf_get_current_pid_tgid() | which;
        struct heap_block *found = bpf_map_lookup_elem(&pending, &key);

        if (!found)
                return 0;
        struct heap_block block = *found;
        bpf_map_delete_elem(&pending, &key);
        if (address == 0 || address == ~0ull)
                return 0;
        if (bpf_map_update_elem(&live, &address, &block, BPF_ANY) != 0)
                count(HEAP_MISSED);
        else
                add_taken(&block);
        return 0;
}

SEC("uprobe")
int begin_malloc(struct pt_regs *ctx)
{
        return begin(ctx, FIRST_ARGUMENT(ctx), 0);
}

SEC("uprobe")
int begin_calloc(struct pt_regs *ctx)
{
        return begin(ctx, FIRST_ARGUMENT(ctx) * SECOND_ARGUMENT(ctx), 0);
}

/* What it had is given back; where it fails that is wrong, which is rare and over soon. */
SEC("uprobe")
int begin_realloc(struct pt_regs *ctx)
{
        release(FIRST_ARGUMENT(ctx));
        return SECOND_ARGUMENT(ctx) ? begin(ctx, SECOND_ARGUMENT(ctx), 0) : 0;
}

SEC("uprobe")
int begin_aligned(struct pt_regs *ctx)
{
        return begin(ctx, SECOND_ARGUMENT(ctx), 0);
}

SEC("uretprobe")
int end_taking(struct pt_regs *ctx)
{
        return end(RETURN_VALUE(ctx), 0);
}

SEC("uprobe")
int on_free(struct pt_regs *ctx)
{
        return release(FIRST_ARGUMENT(ctx));
}

/* Not what malloc maps for itself: that is counted there. */
SEC("uprobe")
int begin_mmap(struct pt_regs *ctx)
{
        u64 key = bpf_get_current_pid_tgid();

        if (!(FOURTH_ARGUMENT(ctx) & MAP_ANONYMOUS_) || bpf_map_lookup_elem(&pending, &key))
                return 0;
        return begin(ctx, SECOND_ARGUMENT(ctx), MAPPING);
}

SEC("uretprobe")
int end_mmap(struct pt_regs *ctx)
{
        return end(RETURN_VALUE(ctx), MAPPING);
}
