/*
 * `vigia why`: the story of a run that failed or could go better. What happened, what is wrong, the likeliest
 * cause first, each with its evidence, what it means and what to do; where nothing explains a failure,
 * that is said, with the last of the command's output.
 */
#pragma once

#include "detect/finding.h"
#include "report/report.h"

/* Appends text for a terminal, lines ended by '\n'. As report_text. */
int report_why(RunReader *reader, const ReportLabels *labels, const ReportOptions *options, String *out, Error *err);
/* The same as one JSON object (docs/why.schema.json). */
int report_why_json(RunReader *reader, const ReportLabels *labels, String *out, Error *err);

/* The most severe finding of a run. 1: *ret is set; 0: there is none; or -errno. */
int report_worst(RunReader *reader, const ReportLabels *labels, Severity *ret, Error *err);
