/*
 * The ticks of a run, as its totals tell them: when, and how much memory the whole tree held. For sums of
 * processes that are to agree with the kernel's own, and to know between which two looks something happened.
 * Bounded: beyond TICK_LIST_MAX ticks none are known.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { TICK_LIST_MAX = 2 << 20 }; /* a day of 50 ms, 26 MiB */

typedef struct TickList {
        int64_t *t_ns;
        float *bytes; /* NAN: unknown */
        bool *looked;
        size_t n, capacity;
        size_t next; /* the first that is later than what was asked for last */
} TickList;

void tick_list_done(TickList *list);

/* In the order of time; others are left out. bytes: NAN unknown. looked: at all processes; else it is a moment
 * between two such looks of which only memory is told. 0 or -ENOMEM. */
int tick_list_add(TickList *list, int64_t t_ns, double bytes, bool looked);

/* The first tick after t_ns, in ascending order of questions; INT64_MAX: none. */
int64_t tick_list_after(TickList *list, int64_t t_ns);

/* Of the tick at t_ns, NAN: there is none, or it is unknown. As above. */
double tick_list_bytes(TickList *list, int64_t t_ns);

/* Whether there was a look at t_ns, as far as is known: false for a moment between two. As above. */
bool tick_list_looked(TickList *list, int64_t t_ns);
