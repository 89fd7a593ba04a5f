/*
 * What to change for the next run of a build, in each form of a report: -j with what it is expected to take, and
 * the settings worth most. Made while the report's tables are read; of a large run not at all, so that a report
 * stays fast.
 */
#pragma once

#include "advise/brief.h"
#include "base/json.h"
#include "report/report-data.h"
#include "report/text-page.h"

enum {
        NEXT_RUN_PROCESSES_MAX = 15000,
        NEXT_RUN_SAMPLES_MAX = 300000,
        NEXT_RUN_WORK = 150000, /* jobs replayed */
};

struct NextRun {
        Advise advise;
        AdviceBrief brief;
        double wall_s;
        size_t samples;
        const char *why_not; /* a sentence; NULL: there is advice */
        bool worth;          /* it is a build, and to be told, if only why there is no advice */
};

/* ---- while tables are read ---- */

/* 0 or -ENOMEM. */
int next_run_begin(ReportData *data);
/* Columns of a table that it looks at; NULL: none. */
const char *const *next_run_columns(const ReportData *data, const char *table);
int next_run_observe(ReportData *data, const char *table, const Batch *rows); /* 0 or -ENOMEM */
/* After all tables: reads the processes once more, if it is a build. 0 or -ENOMEM. */
int next_run_finish(ReportData *data, RunReader *reader);

void next_run_done(ReportData *data);

/* ---- forms: nothing where nothing is known ---- */

void next_run_add_text(Page *page, size_t settings); /* so many at most */
/* The sentence, or why there is none, of a build; false: nothing is to be said. */
bool next_run_words(const ReportData *data, String *verdict);
void next_run_add_json(Json *json, const ReportData *data);
