/* `vigia export RUN --to nixos-csv`: the files that monitor-rebuild leaves behind, in a folder. And memory-log. */
#pragma once

#include <stdint.h>

#include "base/error.h"
#include "report/report-data.h"
#include "store/run.h"

/* The ten CSV files, monitor.log, top-consumers.log, rebuild.log, rebuild-status.txt, journal.log, report.txt and
 * report.html, as far as the run has what they are made of. interval_ns 0: theirs. */
int export_nixos_csv(RunReader *reader, const char *folder, uint64_t interval_ns, Error *err);

/* output: a file, a folder (memory-log.csv in it), or NULL or "-" for stdout. */
int export_memory_log(RunReader *reader, const char *output, uint64_t interval_ns, Error *err);

/* When the command ended. */
int64_t nixos_end_ns(const ReportData *data);

/* monitor.log: what happened, "DATE [LEVEL] message", in order. */
int nixos_log_write(RunReader *reader, const ReportData *data, const char *path, Error *err);
