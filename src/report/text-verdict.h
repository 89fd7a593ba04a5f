/* The verdict, and words for how processes end. */
#pragma once

#include "report/text-page.h"

/* Appends one line of at most `columns` (no newline); returns the colour it deserves. */
PageStyle text_verdict(const ReportData *data, size_t columns, bool ascii, String *out);

/* The command never ran: no process of the run got as far as exec. */
bool text_could_not_start(const ReportData *data);

void string_add_signal(String *out, int number); /* SIGSEGV, or "signal 42" */
