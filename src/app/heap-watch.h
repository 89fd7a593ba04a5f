/* The places of a program while it is watched: their stacks in words, their figures, how they go over time. */
#pragma once

#include "app/heap-symbols.h"
#include "detect/leak-judge.h"
#include "track/heap-probe.h"

enum { HEAP_PLACES_MAX = 4096, HEAP_RATE_MOST = 20000 /* calls a second that are all looked at */ };

typedef struct HeapWatched {
        uint64_t key;
        uint64_t calls[HEAP_STACK_DEPTH + 1];
        size_t n_calls;
        bool named; /* its calls were put into words: frames */
        LeakFrame frames[LEAK_FRAMES]; /* without the allocator's own */
        size_t n_frames;
        bool whole; /* up to where the program, or the thread, began */
        bool unwound; /* by tables, so that each call is sure; else by frame pointers, where only the first is */
        struct heap_figures figures;
        TrendSeries series; /* MB that are held */
        LeakVerdict verdict; /* heap_watch_finish's */
} HeapWatched;

typedef struct HeapWatch {
        HeapProbe *probe;       /* borrowed */
        HeapSymbols *symbols;   /* borrowed; NULL: addresses */
        HeapWatched *places;    /* those that hold most first, after finish */
        size_t n, capacity;
        struct Map *by_key, *by_stack; /* index + 1 */
        struct Map *hopeless;   /* keys whose stack could not be unwound */
        struct heap_texts texts; /* as the probe was told */
        uint64_t left_out;      /* places beyond the bound */
        uint64_t begun_ns, looked_ns, calls, missed;
        unsigned shift, highest_shift;
        bool refreshed;         /* the maps, in this look */
        uint64_t name_until_ns; /* of clock_monotonic_ns: names take long in a large program, and it goes on meanwhile */
        bool failed;            /* for want of memory */
} HeapWatch;

int heap_watch_init(HeapWatch *watch, HeapProbe *probe, HeapSymbols *symbols, uint64_t now_ns); /* 0 or -ENOMEM */
void heap_watch_done(HeapWatch *watch);

/* A look at all places. 0 or -ENOMEM. */
int heap_watch_look(HeapWatch *watch, uint64_t now_ns);
/* Judges, sorts, and names what was not yet, from the largest on. 0 or -ENOMEM. */
int heap_watch_finish(HeapWatch *watch, const LeakLimits *limits);

uint64_t heap_watch_held(const HeapWatched *place); /* bytes taken and not given back */
