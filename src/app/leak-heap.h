/* `vigia leak --heap PID | -- COMMAND`: which places of a program keep taking memory, by probes on its C library. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "detect/leak-judge.h"

typedef struct LeakHeapAsked {
        char *const *words;   /* a number: this process; else a command */
        size_t n_words;
        uint64_t duration_ns; /* 0: until it ends, or we are told to */
        LeakLimits limits;    /* MB */
        bool json;
        LeakClass fails;      /* LEAK_UNKNOWN: never */
} LeakHeapAsked;

/* The exit code: the command's, 0 for a process; EXIT_NO where a place is of that class; 2, 3. */
int leak_heap(const LeakHeapAsked *asked);
