/*
 * What monitors of events share (kernel, journal): the descriptor that wakes them, and a limit on
 * rows a second, so that a storm of lines fills neither the run nor the day. What is left out is
 * counted and said in one row when its second is over: a timer wakes the monitor for that.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "monitor/monitor.h"

enum {
        EVENT_GATE_LINES = 100,     /* a second */
        EVENT_GATE_CRITICAL = 1000, /* the same for critical ones */
};

typedef struct EventGate {
        int epoll_fd, timer_fd; /* owned; -1 */
        uint64_t since_ns;      /* begin of the second, CLOCK_MONOTONIC; 0: none begun */
        uint32_t used;
        uint64_t left_out; /* in that second */
} EventGate;

/* fd (borrowed) is what the monitor waits for; a regular file, as in a recorded root, wakes
 * nobody. 0 or -errno. event_gate_done also after a failure, and on zeroes after = {.epoll_fd = -1,
 * .timer_fd = -1}. */
int event_gate_init(EventGate *gate, int fd);
void event_gate_done(EventGate *gate);

/* Whether one more row may be written. False: it is counted as left out. */
bool event_gate_pass(EventGate *gate, uint64_t now_ns, bool critical);

/* To be called at the end of every sample: how many were left out in the second that is over; 0:
 * none, or it is not over. They are then forgotten. */
uint64_t event_gate_take(EventGate *gate, uint64_t now_ns);

/* More is there than a sample takes: the descriptor is to wake the recorder again. */
void event_gate_wake(EventGate *gate);

/* One row of the table `events`. */
typedef struct EventRow {
        uint64_t ago_ns; /* before the tick */
        const char *kind, *severity;
        pid_t pid;       /* 0: about none */
        bool in_run;     /* then `process` is the key of its image */
        uint64_t process;
        const char *text;
        size_t size;
} EventRow;

/* 0, or as batch_add_row and batch_set_text: the row is then not there. */
int event_row_add(Batch *rows, const MonitorTick *tick, const EventRow *row);

/* The key of the image that a living process of the scope has; false: it is none of the run. */
bool event_find_process(const MonitorScope *scope, pid_t pid, uint64_t *ret);
