/*
 * Probes on malloc and its kin in one process (heap.bpf.c): what was taken and given back, by stack of calls. Needs
 * root or CAP_BPF and CAP_PERFMON, and a kernel with uprobes.
 *
 * Stacks follow frame pointers: of a program compiled without them only the caller is sure. Where it is told where code
 * lies, it also hands out what is needed to unwind them by tables (x86-64 only).
 * posix_memalign, memory that was taken before, and allocators of a program's own are not seen. A call costs some
 * microseconds.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/error.h"
#include "base/macros.h"
#include "bpf/heap.event.h"

typedef struct HeapProbe HeapProbe;

/* Who took: innermost first, return addresses in the process. */
typedef struct HeapPlace {
        uint64_t calls[HEAP_STACK_DEPTH + 1];
        size_t n;
        uint64_t key; /* that tells it from others */
        struct heap_figures figures;
} HeapPlace;

/* 0; -EOPNOTSUPP, -EPERM with a sentence: it cannot work here. */
int heap_probe_possible(Error *why);

/* The process's C library, as a path that can be opened here. Until the probe is freed. 0, -ENOENT: it has none of the
 * functions, or what the kernel says, with a sentence. */
int heap_probe_new(pid_t pid, const char *library, HeapProbe **ret, Error *err);
HeapProbe *heap_probe_free(HeapProbe *probe);
DEFINE_CLEANUP(HeapProbe, heap_probe)

/* Of the calls one in 2^shift is looked at from now on. */
int heap_probe_sample(HeapProbe *probe, unsigned shift);

/* Calls so far, and those that could not be kept for want of room. */
void heap_probe_counters(const HeapProbe *probe, uint64_t *ret_calls, uint64_t *ret_missed);

/* Where the process has code, ascending or not; from then on stacks are handed out. At most HEAP_TEXTS count. */
void heap_probe_set_texts(HeapProbe *probe, const struct heap_texts *texts);

/* Stacks that were handed out since; fn's snippet lasts for the call. */
void heap_probe_drain(HeapProbe *probe, void (*fn)(uint64_t key, const struct heap_snippet *snippet, void *data), void *data);

/* Each place there is. What fn fails with is handed on. */
int heap_probe_each(const HeapProbe *probe, int (*fn)(const HeapPlace *place, void *data), void *data);
