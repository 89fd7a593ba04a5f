/* Rows of the process tables out of what the process table and a tick know. */
#pragma once

#include "monitor/process-figures.h"
#include "monitor/process.h"
#include "table/batch.h"

/* Each adds one row: 0, -ENOBUFS (batch full: hand it on and call again) or -ENOMEM. The label may
 * be NULL. */
int process_row_add(Batch *rows, const Process *process, const Label *label, const char *source,
                    uint64_t start_ns);
int sample_row_add(Batch *rows, const Process *process, uint64_t now_ns, uint64_t start_ns);
/* Of the tree's memory at a moment near the tick; all else of it is for the caller to set, and null elsewhere. */
int totals_row_add(Batch *rows, const ProcessSums *sums, bool has_pss, const Tick *tick, uint64_t now_ns, uint64_t start_ns);
