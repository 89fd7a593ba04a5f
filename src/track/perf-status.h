/*
 * How and when processes ended, for a recorder that is not their parent: the kernel's process
 * event connector tells every user of all exits since Linux 6.6, root long before.
 * drivers/connector/cn_proc.c, include/uapi/linux/cn_proc.h. Not in containers: the connector
 * speaks only in the first pid, user and network namespaces.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/macros.h"

typedef struct PerfStatus PerfStatus;

/* Subscribes, and proves by a child that ends with 1 that it works (about 0.2 ms).
 * -EOPNOTSUPP or other -errno: it does not. */
int perf_status_new(PerfStatus **ret);
PerfStatus *perf_status_free(PerfStatus *status);
DEFINE_CLEANUP(PerfStatus, perf_status)

/* Takes in what the kernel told meanwhile. */
void perf_status_drain(PerfStatus *status);

/* Whether it was told that the process, whose last thread was seen to end at exit_ns
 * (CLOCK_MONOTONIC), is over; then its wait status, as wait(2) gives it, and when it was over: after
 * the memory was given back, just after its parent could know. */
bool perf_status_find(const PerfStatus *status, pid_t pid, uint64_t exit_ns, int *ret_wait_status,
                      uint64_t *ret_over_ns);

/* Messages were lost that would be about an exit at exit_ns: there is none to wait for. */
bool perf_status_missed(const PerfStatus *status, uint64_t exit_ns);

void perf_status_forget(PerfStatus *status, pid_t pid);

/* Drops messages older than before_ns, about processes that are nobody's. */
void perf_status_expire(PerfStatus *status, uint64_t before_ns);

typedef struct PerfStatusMessage {
        pid_t tid, pid; /* thread that ended, its process */
        uint64_t time_ns;
        int wait_status;
} PerfStatusMessage;

/* Pure: one netlink datagram. False: not of an exit. */
bool perf_status_parse(const void *bytes, size_t size, PerfStatusMessage *ret);
