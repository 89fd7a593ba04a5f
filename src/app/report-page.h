/* The report page of a run, written where it is wanted. */
#pragma once

#include "base/error.h"
#include "report/page.h"
#include "report/report.h"

/* Appends the page, with what the monitors say of their tables. As report_page. */
int report_page_make(RunReader *reader, const ReportLabels *labels, String *page, Error *err);

/* to: a file, replaced whole; "-" for standard output; "" for report.html in the run's directory. */
int report_page_put(RunReader *reader, const ReportLabels *labels, const char *to, Error *err);

/* A page that is made, to the same places; `directory` is the run's or the sweep's. */
int report_page_write(const String *page, const char *directory, const char *to, Error *err);

/* What monitors say of their tables; all else as page.h has it. */
extern const PageOptions report_page_options;
