/* The lines of the text report about who worked for the run without being in it. */
#pragma once

#include "report/text-page.h"

/* Nothing where nobody is known. */
void text_add_outside(Page *page);

/* One who worked for the run without being in it: what was seen and how it would be taken in; made safe. */
void report_outside_words(const OutsideWorker *worker, bool ascii, String *line);
