/* `vigia export RUN --to summary.log`: what MyMonitor says of a build. */
#pragma once

#include "base/error.h"
#include "store/run.h"

/* Writes it to `output`: a folder (the file is then summary.log in it; it has to exist or to end with
 * '/'), a file, or "-". NULL: stdout. A run that was recorded without labels gets those of the built-in
 * rules. */
int export_summary_log(RunReader *reader, const char *output, Error *err);
