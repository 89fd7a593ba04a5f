/*
 * Opening perf events: the attributes that all of ours share, the CPUs, and what to tell a
 * person when the kernel refuses. perf_event_open(2), Documentation/admin-guide/perf-security.rst.
 */
#pragma once

#include <linux/perf_event.h>
#include <stdbool.h>
#include <sys/types.h>

#include "base/error.h"
#include "host/host.h"

/* A software event, as every user may have it at kernel.perf_event_paranoid ≤ 2: times of
 * CLOCK_MONOTONIC on each record, no wake-ups. */
struct perf_event_attr perf_attr(uint64_t config);

/* fd (O_CLOEXEC) or -errno. pid 0 is this thread, -1 all; cpu -1 all. */
int perf_open(const struct perf_event_attr *attr, pid_t pid, int cpu);

/* Online CPUs out of /sys/devices/system/cpu/online. How many, at most `max`; or -errno. */
int perf_cpus(const Host *host, int *cpus, size_t max);
/* Pure: "0-3,8,10-11". */
int perf_cpus_parse(const char *text, size_t size, int *cpus, size_t max);

/* Says why an open failed with -errno r, and what to run. Returns r. wide: the whole machine
 * was asked for. */
int perf_refused(const Host *host, int r, bool wide, Error *why);
