/* What heap.bpf.c and its reader share. */
#pragma once

enum {
        HEAP_STACK_DEPTH = 24,
        HEAP_SITES = 16384,
        HEAP_LIVE = 262144, /* blocks that are held; further ones are counted as missed */
        HEAP_PENDING = 16384, /* calls that have begun */
        HEAP_TEXTS = 8,       /* ranges of code that are told apart */
        HEAP_PATH_WORDS = 128, /* of the stack, that tell the ways to a call apart */
        HEAP_SNIPPET = 8192,  /* bytes of a stack, to be unwound */
        HEAP_RING = 2 << 20,
        HEAP_REGISTERS = 17,  /* as DWARF numbers those of x86-64; the last is the instruction's */
};

/* Where memory was taken: who called, by which way (a hash; 0: not looked at), and the number of the stack by frame
 * pointers (negative: none could be had). */
struct heap_site {
        unsigned long long caller, path;
        int stack;
        unsigned int pad;
};

struct heap_figures {
        unsigned long long taken_bytes, taken_blocks, freed_bytes, freed_blocks;
        unsigned long long told; /* its stack was handed out */
};

/* Where code is; n 0: stacks are not wanted. */
struct heap_texts {
        unsigned long long n;
        struct {
                unsigned long long from, to;
        } range[HEAP_TEXTS];
};

/* A call's registers, and the end of its stack from the stack pointer on. */
struct heap_snippet {
        struct heap_site site;
        unsigned long long registers[HEAP_REGISTERS];
        unsigned long long size;
        unsigned char stack[HEAP_SNIPPET];
};

enum { HEAP_CALLS, HEAP_MISSED, HEAP_COUNTERS };
