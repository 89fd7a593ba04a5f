/*
 * How processes ended, for a recorder that is not their parent: the kernel's process event
 * connector tells every user of exits that were not 0 since Linux 6.6 (PROC_EVENT_NONZERO_EXIT).
 * Who is not told of, while the connector is proven to work and nothing was missed, ended
 * with 0. drivers/connector/cn_proc.c, include/uapi/linux/cn_proc.h. Not in containers: the
 * connector speaks only in the first pid, user and network namespaces.
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

/* The wait status, as wait(2) gives it, of a process that ended at exit_ns (CLOCK_MONOTONIC) and
 * forgets it; not before since_ns (its start or last exec). -1: unknown (messages were missed).
 * 0 is only true when perf_status_drain ran PERF_STATUS_SETTLE_NS after exit_ns: the kernel sends
 * the message a few microseconds after the process is seen to end. */
#define PERF_STATUS_SETTLE_NS 2000000ull
int perf_status_take(PerfStatus *status, pid_t pid, uint64_t since_ns, uint64_t exit_ns);

/* Whether its message has come. */
bool perf_status_has(const PerfStatus *status, pid_t pid, uint64_t since_ns);

/* Drops messages about processes that are nobody's, older than before_ns. */
void perf_status_expire(PerfStatus *status, uint64_t before_ns);

/* Pure: one netlink datagram → pid of the process and its status. False: not such a message. */
bool perf_status_parse(const void *bytes, size_t size, pid_t *ret_pid, uint64_t *ret_time_ns,
                       int *ret_wait_status);
