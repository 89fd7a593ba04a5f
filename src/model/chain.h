/*
 * What held a run up, from who started whom and when: walked backwards from the end, each moment is laid to
 * one process. Within a process, the child that ended last is taken to be what it waited for; what lies between is its
 * own time. Ends and starts are facts; that one waited for the other is inferred. The page's
 * web/src/processes/chain.ts is the same.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

typedef struct ChainProcess { /* an image */
        int64_t start_ns, end_ns; /* who is alive at the end ends there */
        int32_t parent;           /* index, before this one; -1: none */
        int32_t pid;
} ChainProcess;

typedef struct ChainStep {
        uint32_t process;
        int64_t from_ns, to_ns;
} ChainStep;

/* Steps in order of time, from the first start to the last end of the family that lasted longest: free().
 * 0 or -ENOMEM; none of nobody. */
int chain_find(const ChainProcess *processes, size_t n, ChainStep **ret, size_t *ret_n);
