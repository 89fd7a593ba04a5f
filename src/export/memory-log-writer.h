/*
 * The log of the memory guide's process monitor: Timestamp,Process_ID,Memory_MB,CPU_%,Status, a line for each process
 * that is alive every so many seconds (its own step is 5). Timestamps are local, "2026-11-21 10:15:02"; MB are 2^20
 * bytes of resident memory, and Status is running (it used CPU since the line before) or sleeping.
 */
#pragma once

#include <stdint.h>

#include "base/error.h"
#include "store/run.h"

#define MEMORY_LOG_HEADER "Timestamp,Process_ID,Memory_MB,CPU_%,Status"

enum { MEMORY_LOG_INTERVAL_S = 5 };

/* To a path as output_file_open has it. interval_ns 0: 5 s. */
int memory_log_write(RunReader *run, const char *path, uint64_t interval_ns, int64_t end_ns, Error *err);
