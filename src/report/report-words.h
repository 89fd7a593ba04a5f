/* Sentences about a run that more than one form of the report says. */
#pragma once

#include "report/report-data.h"

/* "30.9 GiB of 31.2 at 12 s": what the tree held at its highest. False: too short for a sample of it;
 * nothing is added then. *ret_peak: bytes, or SUMMARY_UNKNOWN. */
bool report_memory_words(const ReportData *data, String *out, uint64_t *ret_peak);

void report_cores_words(const ReportData *data, String *out); /* "3.4 of 4 cores busy", or nothing */
void report_cpu_words(const ReportData *data, String *out);   /* "user 3m 2s, system 12 s", or nothing */

/* The process to blame for the command's failure; NULL: it did not fail, or by itself. Borrowed. */
const SummaryProcess *report_culprit(const ReportData *data);

/* "cc1 foo.c exited 1 at 12 s": the report_culprit, made safe, in at most `columns`. False: there
 * is none; nothing is added then. */
bool report_culprit_words(const ReportData *data, size_t columns, bool ascii, String *out);

/* What the watching itself cost, and how far its figures can be trusted. */
void report_own_words(const ReportData *data, String *out);

/* Whether a screen or a CI job's page has it: not what is good to know of the run only (`vigia why`). */
bool report_summary_tells(const Finding *finding);

uint64_t report_peak_of(const SummaryProcess *process); /* its RSS, else its PSS */
