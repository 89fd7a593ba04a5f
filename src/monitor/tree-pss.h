/*
 * The tree's memory with shared pages once. The sum over the processes is close, and exact where the kernel
 * also counts the pages of their cgroup; that count costs more than all else in a tick (memory.stat), so
 * it is asked for only when it can matter, and what it told last holds in between.
 */
#pragma once

#include "monitor/process-figures.h"

/* Anonymous pages and shared ones of the tree, each once. False: not known now. */
typedef bool (*TreePagesFn)(void *data, uint64_t *ret_anon_bytes, uint64_t *ret_shmem_bytes);

/* All zero at the beginning. */
typedef struct TreePss {
        bool known;
        uint64_t asked_ns;
        int64_t anon_excess_bytes; /* what the sum had too much, or too little, when it was asked */
        uint64_t shmem_excess_bytes;
        uint64_t highest_bytes;
} TreePss;

/* In bytes, of the sums of one tick. `ask` NULL: there is no cgroup of the tree alone. */
uint64_t tree_pss_bytes(TreePss *tree, const ProcessSums *sums, uint64_t now_ns, TreePagesFn ask, void *data);
