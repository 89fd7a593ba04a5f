/* A command line as a person recognises it: a compiler by its source file, `sh -c` by the
 * script, python by the script or module. What strangers wrote is not yet made safe here. */
#pragma once

#include "base/text.h"
#include "model/summary.h"

/* Appends the program's short name: its file's name, or comm. */
void shown_program(const SummaryProcess *process, String *out);

/* Appends what it worked on; nothing if that is not known. */
void shown_work(const SummaryProcess *process, String *out);
