/* A binary heap: what is due first comes out first. It never owns its items. Zero-initialise. */
#pragma once

#include <stddef.h>
#include <stdint.h>

typedef struct PriorityQueueEntry {
        int64_t due; /* on whatever scale the caller counts */
        void *item;
} PriorityQueueEntry;

typedef struct PriorityQueue {
        PriorityQueueEntry *entries; /* owned; of each the two at 2i + 1 and 2i + 2 are due no earlier */
        size_t n, capacity;
} PriorityQueue;

void priority_queue_done(PriorityQueue *q); /* frees, leaves it empty and usable */

int priority_queue_push(PriorityQueue *q, int64_t due, void *item); /* 0 or -ENOMEM */

/* Takes out the first of those that are due before `before`, in no particular order of equals. NULL: none. */
void *priority_queue_pop(PriorityQueue *q, int64_t before);
