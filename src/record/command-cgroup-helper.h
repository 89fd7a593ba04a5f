/*
 * Slow work in a process of its own: a forked helper does it, writes how it went into a pipe and
 * ends. The recorder goes on meanwhile, keeps none of the helper's memory, and may leave one
 * behind that hangs. And a keeper: a process that does nothing, so that what it is in stays.
 */
#pragma once

#include <stdint.h>
#include <sys/types.h>

#include "base/error.h"

typedef struct Helper {
        pid_t pid; /* 0: none */
        int pidfd; /* a signal by it cannot reach a stranger */
        int fd;    /* result, or (keeper) what it waits on */
} Helper;

typedef int (*HelperFn)(void *data, Error *why); /* in the helper: 0 or -errno */

void helper_init(Helper *helper);
int helper_start(Helper *helper, HelperFn fn, void *data); /* 0 or -errno */
int helper_start_keeper(Helper *helper);                   /* lives until helper_done or us */

/* What fn returned, with its sentence; -ETIMEDOUT at the deadline (CLOCK_MONOTONIC ns). */
int helper_wait(Helper *helper, uint64_t deadline_ns, Error *why);

/* Ends and reaps it. */
void helper_done(Helper *helper);

/* In a helper: gives up every capability, if it is not root. */
void helper_drop_capabilities(void);
