/* How many jobs at a time a recorded build ran: as its command line says, else as many as there were. */
#pragma once

#include "advise/plan.h"

/* Sets width, width_given, unlimited, most and builders. 0 or -ENOMEM. */
int width_find(Plan *plan, const BuildRows *rows);

/* The -j of a tool's command line: 0: none is there; UINT_MAX: as many as it can (make -j). */
unsigned width_of_command(BuildTool tool, const char *command);
