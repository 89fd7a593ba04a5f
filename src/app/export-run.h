/* Exports that are one file of the whole run, not a file a table. */
#pragma once

#include "export/folded.h"
#include "store/run.h"

/* output: a file, or NULL or "-" for stdout. 0; -EINVAL: not for a terminal; -EBADMSG: the run's fault; or another
 * -errno. */
int export_perfetto(RunReader *reader, const char *output, Error *err);
int export_folded(RunReader *reader, FoldedWeight weight, const char *output, Error *err);
