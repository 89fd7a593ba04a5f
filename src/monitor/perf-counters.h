/*
 * Perf events that count a command and all that it forks, some processes and all that they fork
 * from then on, or the whole machine. perf_event_open(2).
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/error.h"
#include "base/macros.h"
#include "host/host.h"
#include "host/perf-event.h"

enum { PERF_EVENTS_MAX = 32 };

typedef struct PerfCounters PerfCounters;

/* What is counted: a command stopped before its exec (from its exec on), these tasks, or with
 * neither the machine. */
typedef struct PerfScope {
        pid_t command;
        const pid_t *tasks;
        size_t n_tasks;
} PerfScope;

typedef struct PerfReading {
        const PerfEvent *event;
        const char *scope;     /* "command", "processes", "machine" */
        bool user_only;        /* the kernel's part could not be had */
        bool known;            /* value is: it was counted at least some of the time */
        uint64_t value;
        uint64_t enabled_us, running_us; /* how long there was something to count, and it was */
        const char *why;       /* it cannot be counted at all; NULL: it is */
} PerfReading;

/* Opens what can be; -errno with a sentence if that is nothing at all. */
int perf_counters_new(const Host *host, const PerfEvent *events, size_t n, const PerfScope *scope,
                      PerfCounters **ret, Error *err);
PerfCounters *perf_counters_free(PerfCounters *counters);
DEFINE_CLEANUP(PerfCounters, perf_counters)

size_t perf_counters_count(const PerfCounters *counters);
void perf_counters_read(const PerfCounters *counters, size_t i, PerfReading *ret);
