/* Up from the end at a push, down from the top at a pop. */
#include "base/priority-queue.h"

#include <errno.h>
#include <stdlib.h>

#include "base/array.h"

void priority_queue_done(PriorityQueue *q)
{
        free(q->entries);
        *q = (PriorityQueue){0};
}

static void swap(PriorityQueueEntry *entries, size_t a, size_t b)
{
        PriorityQueueEntry kept = entries[a];

        entries[a] = entries[b];
        entries[b] = kept;
}

int priority_queue_push(PriorityQueue *q, int64_t due, void *item)
{
        PriorityQueueEntry *entries = array_grow(q->entries, &q->capacity, q->n, sizeof *entries);

        if (!entries)
                return -ENOMEM;
        q->entries = entries;
        size_t i = q->n++;
        q->entries[i] = (PriorityQueueEntry){due, item};
        for (; i > 0 && q->entries[(i - 1) / 2].due > due; i = (i - 1) / 2)
                swap(q->entries, i, (i - 1) / 2);
        return 0;
}

void *priority_queue_pop(PriorityQueue *q, int64_t before)
{
        if (q->n == 0 || q->entries[0].due >= before)
                return NULL;
        void *first = q->entries[0].item;
        size_t n = --q->n, i = 0;
        q->entries[0] = q->entries[n];
        for (;;) {
                size_t child = 2 * i + 1;
                if (child >= n)
                        break;
                if (child + 1 < n && q->entries[child + 1].due < q->entries[child].due)
                        child++;
                if (q->entries[i].due <= q->entries[child].due)
                        break;
                swap(q->entries, i, child);
                i = child;
        }
        return first;
}
