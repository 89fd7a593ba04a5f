/*
 * Names of perf events, as perf-list(1) has them, → what perf_event_open(2) takes:
 *
 *         page-faults  cycles:u  L1-dcache-load-misses    generic ones, by table
 *         r01a8                                           a raw event of the processor
 *         sched:sched_switch                              a tracepoint
 *         power/energy-pkg/  cpu/event=0x3c,umask=0x1/    of a unit that the kernel lists
 *
 * with :u or :k behind for user space or kernel only.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "host/host.h"

enum { PERF_NAME_MAX = 96 };

typedef struct PerfEvent {
        char name[PERF_NAME_MAX]; /* as asked for */
        uint32_t type;
        uint64_t config[3];       /* config, config1, config2 */
        bool user_only, kernel_only;
        bool in_kernel;           /* happens in the kernel only: of user space alone it is always 0 */
        bool of_machine;          /* of a unit that knows no processes; counted on `cpus` */
        char cpus[256];           /* "0,18": one CPU of each such unit */
        double scale;             /* value × scale is in `unit`; 1 and "" for a count */
        char unit[16];
} PerfEvent;

/* 0, or -EINVAL (no such name), -ENOENT, -EACCES with a sentence; fix as in Monitor.probe. */
int perf_event_find(const Host *host, const char *text, PerfEvent *ret, Error *why, Error *fix);

/* The generic events and raw ones; false: none of that name. Pure. */
bool perf_event_generic(const char *name, PerfEvent *ret);

/* A processor with two kinds of cores has a unit for each, and a generic event of the hardware is by
 * itself of the first only: one event for each kind then. 1 (ret[0] is a copy) or 2. */
size_t perf_event_by_core(const Host *host, const PerfEvent *event, PerfEvent ret[2]);

/* An event of a unit, in perf-event-pmu.c: `unit` and `terms` of "unit/terms/". */
int perf_event_of_unit(const Host *host, const char *unit, const char *terms, PerfEvent *ret,
                       Error *why);

/* Puts a value where the text of a file in format/ says: "config:0-7,32-35", low bits first. False:
 * that is no such text, or the value is too big. Pure. */
bool perf_event_place(const char *format, uint64_t value, uint64_t config[3]);
