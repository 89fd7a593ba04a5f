/*
 * A thread in which a blocking monitor is started and sampled, so that a dead mount or a slow device
 * delays nobody. It is asked, works, and its answer is fetched at a later tick: never waited for, but a
 * moment at the end. One that hangs then is left behind with all it may still touch (its state, its
 * rows, the worker itself): the caller keeps those alive, too, until the process ends.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "base/macros.h"

typedef struct MonitorWorker MonitorWorker;

/* Runs in the thread. */
typedef int (*MonitorJob)(void *data, Error *err);

/* 0, or -errno: no thread can be had. */
int monitor_worker_new(const char *name, MonitorWorker **ret);

/* True: the job was taken. False: it is still at the one before, or its answer was not fetched. */
bool monitor_worker_ask(MonitorWorker *worker, MonitorJob job, void *data);

/* At a job, or its answer waits to be fetched. */
bool monitor_worker_busy(MonitorWorker *worker);

/* True once for each job that was done: what it returned, and its sentence. */
bool monitor_worker_fetch(MonitorWorker *worker, int *ret, Error *err);

/* Waits until the job is done, or that moment of CLOCK_MONOTONIC has come. */
void monitor_worker_wait(MonitorWorker *worker, uint64_t until_ns);

/* Ends the thread if it is at nothing. False: it hangs in a job, and goes on by itself. */
bool monitor_worker_end(MonitorWorker *worker);
