/*
 * summary.log as MyMonitor leaves it behind beside each build: what it took, and the peak of each kind
 * of process. Its lines are kept to the letter; its faults are not: a peak is the highest sum at one
 * moment, not the largest process, and nothing that ran is left out for being short.
 *
 * What no tick saw alive stands with the peak of its largest process. KB are those of
 * /proc (1024 bytes). What is not known is the word "unknown"; an unknown -j is "-j?".
 */
#pragma once

#include <stdint.h>

#include "base/text.h"
#include "model/summary.h"
#include "store/run.h"

/* Appends it. wall_ns: RUN_UNKNOWN. 0 or -ENOMEM. */
int summary_log_add(const RunInfo *info, const Summary *summary, uint64_t wall_ns, String *out);

/* The number of jobs of a command: of -jN, -j N, --jobs, --parallel, or a variable that stands for one
 * (MAKEFLAGS=-j8); the last one counts, also inside of `sh -c '…'`. 0: it does not say. */
unsigned summary_log_jobs(const char *const *command);
