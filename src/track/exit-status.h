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

typedef struct ExitStatus ExitStatus;

/* Subscribes, and proves by a child that ends with 1 that it works (about 0.2 ms).
 * -EOPNOTSUPP or other -errno: it does not. */
int exit_status_new(ExitStatus **ret);
ExitStatus *exit_status_free(ExitStatus *status);
DEFINE_CLEANUP(ExitStatus, exit_status)

/* Takes in what the kernel told meanwhile. */
void exit_status_drain(ExitStatus *status);

/* Whether it was told that the process, whose last thread was seen to end at exit_ns
 * (CLOCK_MONOTONIC), is over; then its wait status, as wait(2) gives it, and when it was over: after
 * the memory was given back, just after its parent could know. */
bool exit_status_find(const ExitStatus *status, pid_t pid, uint64_t exit_ns, int *ret_wait_status,
                      uint64_t *ret_over_ns);

/* Messages were lost that would be about an exit at exit_ns: there is none to wait for. */
bool exit_status_missed(const ExitStatus *status, uint64_t exit_ns);

void exit_status_forget(ExitStatus *status, pid_t pid);

/* Drops messages older than before_ns, about processes that are nobody's. */
void exit_status_expire(ExitStatus *status, uint64_t before_ns);

typedef struct ExitMessage {
        pid_t tid, pid; /* thread that ended, its process */
        uint64_t time_ns;
        int wait_status;
} ExitMessage;

/* Pure: one netlink datagram. False: not of an exit. */
bool exit_status_parse(const void *bytes, size_t size, ExitMessage *ret);
