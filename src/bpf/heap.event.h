/* What heap.bpf.c and its reader share. */
#pragma once

enum {
        HEAP_STACK_DEPTH = 24,
        HEAP_SITES = 16384,
        HEAP_LIVE = 262144, /* blocks that are held; further ones are counted as missed */
        HEAP_PENDING = 16384, /* calls that have begun */
};

/* Where memory was taken: who called, and the stack's number (negative: none could be had). */
struct heap_site {
        unsigned long long caller;
        int stack;
        unsigned int pad;
};

struct heap_figures {
        unsigned long long taken_bytes, taken_blocks, freed_bytes, freed_blocks;
};

enum { HEAP_CALLS, HEAP_MISSED, HEAP_COUNTERS };
