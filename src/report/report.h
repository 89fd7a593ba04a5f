/*
 * What is told about a run (SPEC 3.1, 10; LOOK): one screen of text, or JSON. The end-of-run
 * summary on stderr, `vigia report RUN` and summary.txt are the same function.
 */
#pragma once

#include <stdbool.h>
#include <stdio.h>

#include "base/error.h"
#include "base/text.h"
#include "detect/thresholds.h"
#include "store/run.h"
#include "table/label.h"

typedef struct ReportOptions {
        bool color;       /* escape sequences for the verdict, criticals and labels */
        bool ascii;       /* no sparklines, "×" or "…" */
        unsigned columns; /* 0: 80 */
} ReportOptions;

/* What a report is written as. */
typedef enum ReportForm { REPORT_TEXT, REPORT_JSON, REPORT_MARKDOWN } ReportForm;

/* What a run is judged by, where that is not as it was recorded: rules that say what each process is
 * for, and from where on something is found. NULL in its place: all as recorded, the defaults. */
typedef struct ReportLabels {
        LabelFn label; /* NULL: labels as recorded; else as Labeller */
        void *data;
        bool parents;
        const Thresholds *thresholds; /* NULL: the defaults */
} ReportLabels;

/* Colour if `to` is a terminal and NO_COLOR is not set (no-color.org), ASCII unless the
 * environment's locale is UTF-8, the terminal's width up to 80. */
void report_options_for(FILE *to, ReportOptions *ret);

/* Appends the text summary, lines ended by '\n'. Reads the run's tables once; a table that is
 * damaged is said to be in the text. Labels NULL: those that were recorded. 0, -ENOMEM or what run.h
 * says. */
int report_text(RunReader *reader, const ReportLabels *labels, const ReportOptions *options, String *out,
                Error *err);

/* report_text as `to` wants it, printed there. */
int report_print(RunReader *reader, const ReportLabels *labels, FILE *to, Error *err);

/* Appends Markdown for the page of a CI job: at most 60 lines, strangers' text escaped; of a run that
 * failed the last lines of its output, too. */
int report_markdown(RunReader *reader, const ReportLabels *labels, String *out, Error *err);

/* Appends SPEC 10's JSON (docs/report.schema.json), pretty-printed, ended by '\n'. */
int report_json(RunReader *reader, const ReportLabels *labels, String *out, Error *err);
