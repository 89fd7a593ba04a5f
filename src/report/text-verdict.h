/* The verdict, and words for how processes end. */
#pragma once

#include "report/text-page.h"

/* Appends one line of at most `columns` (no newline); returns the colour it deserves. */
PageStyle text_verdict(const ReportData *data, size_t columns, bool ascii, String *out);

void string_add_signal(String *out, int number); /* SIGSEGV, or "signal 42" */
