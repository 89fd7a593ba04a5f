/*
 * A monitor's own thread for what may take long or for ever (a dead server's mount, a tree of a
 * million files), so that a sample only fetches what is known by now. Whoever ends it never waits for
 * long: one that hangs is left behind with its data, which it frees itself when it comes back.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

typedef struct SideThread SideThread;

typedef struct SideThreadOptions {
        const char *name;                            /* at most 15 bytes */
        bool idle;                                   /* SCHED_IDLE, and idle for the disk scheduler */
        void (*run)(SideThread *self, void *data);   /* returns soon once side_thread_over */
        void (*free_data)(void *data);               /* called when both sides are done with it */
        void *data;                                  /* owned from a successful start on */
} SideThreadOptions;

/* 0, or -errno: then data is still the caller's. */
int side_thread_start(const SideThreadOptions *options, SideThread **ret);

/* The data, held against the other side until side_thread_unlock. */
void *side_thread_lock(SideThread *thread);
void side_thread_unlock(SideThread *thread);
/* Of an idle thread: one that holds its data may not get the CPU for long on a busy machine. NULL:
 * not now. */
void *side_thread_try(SideThread *thread);

/* For the owner: ends a side_thread_pause. */
void side_thread_poke(SideThread *thread);
/* For the owner: asks it to end, waits at most 50 ms. Returns NULL. */
SideThread *side_thread_end(SideThread *thread);
/* The same without waiting, for one that is known to hang. */
SideThread *side_thread_leave(SideThread *thread);

/* For the thread: whether it shall end. */
bool side_thread_over(SideThread *self);
/* For the thread: sleeps until it is poked, shall end, or the time has passed (UINT64_MAX: not by
 * time); not at all if it was poked since the last pause. */
void side_thread_pause(SideThread *self, uint64_t ns);
