/*
 * The reader's side of a perf mmap ring: look once for what is there, take records one by one,
 * give the room back at the end. A record that is looked at and not taken stays for the next
 * time, so the ring itself is the queue. perf_event_open(2), "MMAP layout".
 */
#pragma once

#include <linux/perf_event.h>

#include "track/perf-record.h"

typedef struct PerfRing {
        struct perf_event_mmap_page *page; /* NULL: not mapped */
        size_t mapped;                     /* bytes */
        uint64_t head, tail;               /* head as looked at last; tail as taken so far */
        uint64_t damaged;                  /* bytes given up because they made no sense */
        uint64_t newest_ns;                /* latest time of a record taken */
        uint64_t next_size;                /* of the record in `next`; 0: none read yet */
        PerfRecord next;
} PerfRing;

/* Maps the event's ring with at most `pages` data pages (a power of two), fewer where the
 * limits on locked memory (kernel.perf_event_mlock_kb, RLIMIT_MEMLOCK) allow no more.
 * 0 or -errno; -EPERM: not even four pages. */
int perf_ring_map(PerfRing *ring, int fd, size_t pages);
void perf_ring_unmap(PerfRing *ring);

void perf_ring_look(PerfRing *ring);

/* The next record, borrowed until it is taken; NULL at the end of what was looked at.
 * Damaged bytes are given up to the head and counted. */
const PerfRecord *perf_ring_next(PerfRing *ring);
/* A quarter of it is not yet taken. */
bool perf_ring_is_crowded(const PerfRing *ring);
void perf_ring_take(PerfRing *ring);

/* For a ring that several CPUs write to, whose published head may stay behind for ever: takes
 * one more record of this type and size into what was looked at, if it stands behind the head
 * and is complete and not of an earlier round: its last word, the time, is not older than
 * what was taken last by more than PERF_RING_DISORDER_NS. */
#define PERF_RING_DISORDER_NS 5000000ull
bool perf_ring_reach(PerfRing *ring, uint32_t type, size_t size);

/* Gives what was taken back to the kernel. */
void perf_ring_release(PerfRing *ring);
