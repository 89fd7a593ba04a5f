/*
 * What the programs of track.bpf.c and sample.bpf.c share: the map of the processes in scope, the
 * ring to the reader, and the slots of samples. The reader lets the second object use the maps
 * of the first.
 */
#pragma once

#include "bpf/kernel.h"

#include <bpf/bpf_helpers.h>

#include "bpf/track.event.h"

const volatile u32 ring_half = 1 << 18; /* set by the reader before loading */
u64 lost;                               /* told to the reader */

/* The processes in scope, by tgid as the first pid namespace knows it. */
struct {
        __uint(type, BPF_MAP_TYPE_HASH);
        __uint(max_entries, 16384);
        __type(key, u32);
        __type(value, struct bpf_track_member);
} members SEC(".maps");

struct {
        __uint(type, BPF_MAP_TYPE_RINGBUF);
        __uint(max_entries, 1 << 19); /* the reader sizes it by the number of CPUs */
} ring SEC(".maps");

struct {
        __uint(type, BPF_MAP_TYPE_ARRAY);
        __uint(map_flags, BPF_F_MMAPABLE);
        __uint(max_entries, BPF_TRACK_SLOTS);
        __type(key, u32);
        __type(value, struct bpf_track_slot);
} slots SEC(".maps");

static __always_inline u64 wake(void)
{
        return bpf_ringbuf_query(&ring, BPF_RB_AVAIL_DATA) > ring_half ? BPF_RB_FORCE_WAKEUP
                                                                       : BPF_RB_NO_WAKEUP;
}

static __always_inline void send(void *data, u64 size)
{
        if (bpf_ringbuf_output(&ring, data, size, wake()) != 0)
                __sync_fetch_and_add(&lost, 1);
}

static __always_inline struct bpf_track_member *member_of(u32 tgid)
{
        return bpf_map_lookup_elem(&members, &tgid);
}

static __always_inline void head(struct bpf_track_event *e, u32 type, u32 tgid,
                                 const struct bpf_track_member *m)
{
        __builtin_memset(e, 0, sizeof *e);
        e->type = type;
        e->time_ns = bpf_ktime_get_ns();
        e->tgid = tgid;
        e->pid = m->pid;
        e->start_ns = m->start_ns;
        e->peak_pages = BPF_TRACK_UNKNOWN;
}
