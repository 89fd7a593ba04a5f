/*
 * Who takes memory and does not give it back: probes on the entry and return of a C library's malloc and its kin, in one
 * process. A call that begins is remembered with its stack; when it returns the block is known by its address until it
 * is given back; figures are kept a place. Of many calls only one in 2^shift is looked at, and weighs as much. The stack
 * of a place that is new is handed out, to be unwound where the tables for that can be read.
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

struct {
        __uint(type, BPF_MAP_TYPE_ARRAY);
        __uint(max_entries, 1);
        __type(key, u32);
        __type(value, struct heap_texts);
} texts SEC(".maps");

struct heap_words {
        u64 word[HEAP_PATH_WORDS];
};

struct {
        __uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
        __uint(max_entries, 1);
        __type(key, u32);
        __type(value, struct heap_words);
} scratch SEC(".maps");

struct {
        __uint(type, BPF_MAP_TYPE_RINGBUF);
        __uint(max_entries, HEAP_RING);
} snippets SEC(".maps");

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

#if defined(__TARGET_ARCH_x86)
static __always_inline void take_registers(struct pt_regs *ctx, struct heap_snippet *to)
{
        to->registers[0] = ctx->ax;
        to->registers[1] = ctx->dx;
        to->registers[2] = ctx->cx;
        to->registers[3] = ctx->bx;
        to->registers[4] = ctx->si;
        to->registers[5] = ctx->di;
        to->registers[6] = ctx->bp;
        to->registers[7] = ctx->sp;
        to->registers[8] = ctx->r8;
        to->registers[9] = ctx->r9;
        to->registers[10] = ctx->r10;
        to->registers[11] = ctx->r11;
        to->registers[12] = ctx->r12;
        to->registers[13] = ctx->r13;
        to->registers[14] = ctx->r14;
        to->registers[15] = ctx->r15;
        to->registers[16] = ctx->ip;
}

/* What there is of it: a stack may end sooner. */
static __always_inline u64 take_stack(struct heap_snippet *to, const void *from)
{
        if (bpf_probe_read_user(to->stack, HEAP_SNIPPET, from) == 0)
                return HEAP_SNIPPET;
        if (bpf_probe_read_user(to->stack, HEAP_SNIPPET / 2, from) == 0)
                return HEAP_SNIPPET / 2;
        if (bpf_probe_read_user(to->stack, HEAP_SNIPPET / 4, from) == 0)
                return HEAP_SNIPPET / 4;
        if (bpf_probe_read_user(to->stack, HEAP_SNIPPET / 8, from) == 0)
                return HEAP_SNIPPET / 8;
        return bpf_probe_read_user(to->stack, HEAP_SNIPPET / 32, from) == 0 ? HEAP_SNIPPET / 32 : 0;
}

static __always_inline bool hand_out(struct pt_regs *ctx, const struct heap_site *site)
{
        struct heap_snippet *to = bpf_ringbuf_reserve(&snippets, sizeof *to, 0);

        if (!to)
                return false;
        to->site = *site;
        take_registers(ctx, to);
        to->size = take_stack(to, (const void *)ctx->sp);
        bpf_ringbuf_submit(to, BPF_RB_NO_WAKEUP);
        return true;
}

/* A word of a stack, if it points into code. Global, so that the verifier looks at it once and not at every call. */
__attribute__((noinline)) u64 mix_code(u64 path, u64 word)
{
        u32 zero = 0;
        const struct heap_texts *where = bpf_map_lookup_elem(&texts, &zero);

        for (u64 k = 0; where && k < HEAP_TEXTS && k < where->n; k++)
                if (word >= where->range[k].from && word < where->range[k].to)
                        return (path ^ word) * 0x9e3779b97f4a7c15ull;
        return path;
}

/* What may be return addresses near the stack's end, and how deep it is: two ways to the same call hardly ever agree
 * in both. That one way has several of these does no harm. */
static __always_inline u64 path_of(struct pt_regs *ctx)
{
        u32 zero = 0;
        struct heap_words *words = bpf_map_lookup_elem(&scratch, &zero);
        u64 path = ctx->sp, n = HEAP_PATH_WORDS;

        if (!words)
                return 0;
        /* A stack that has just begun may be shorter. */
        if (bpf_probe_read_user(words, sizeof *words, (const void *)ctx->sp) != 0) {
                n = HEAP_PATH_WORDS / 8;
                if (bpf_probe_read_user(words, sizeof *words / 8, (const void *)ctx->sp) != 0)
                        return 0;
        }
        for (u64 i = 0; i < HEAP_PATH_WORDS && i < n; i++)
                path = mix_code(path, words->word[i]);
        return path | 1;
}

/* Of a site that is new, once there is room. */
static __always_inline void add_way(struct pt_regs *ctx, struct heap_site *site)
{
        struct heap_figures none = {}, *figures;
        struct heap_texts *where;
        u32 zero = 0;

        where = bpf_map_lookup_elem(&texts, &zero);
        if (!where || where->n == 0)
                return;
        site->path = path_of(ctx);
        if (site->path == 0)
                return;
        struct heap_site key = *site;
        figures = bpf_map_lookup_elem(&sites, &key);
        if (!figures) {
                bpf_map_update_elem(&sites, &key, &none, BPF_NOEXIST);
                figures = bpf_map_lookup_elem(&sites, &key);
        }
        if (!figures)
                site->path = 0; /* too many ways: by its caller alone */
        else if (!figures->told)
                figures->told = hand_out(ctx, &key);
}
#else
static __always_inline void add_way(struct pt_regs *ctx, struct heap_site *site)
{
}
#endif

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
        add_way(ctx, &block.site);
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
        if (!figures) {
                count(HEAP_MISSED);
                return;
        }
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
