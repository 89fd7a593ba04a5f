/* What detectors want to know of a run beside its tables. */
#pragma once

#include "detect/detect.h"
#include "store/run.h"

DetectFacts detect_facts(const RunInfo *info);
/* How the run is called on a command line: its id, or its path (NULL: unknown). */
void detect_facts_name(DetectFacts *facts, const char *path);

/* Gives the lines of output.log to detectors: all of a small one, of a large one the first and the last
 * REPORT_OUTPUT_BYTES. Without one, or when it cannot be read: nothing. */
enum { REPORT_OUTPUT_BYTES = 2 << 20 };
void report_read_output(RunReader *reader, Detect *detect);
