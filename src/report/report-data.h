/* What every form of the report is made from: the run's facts, its summary, its findings. */
#pragma once

#include "detect/detect.h"
#include "model/outside.h"
#include "model/summary.h"
#include "report/report.h"

typedef struct NextRun NextRun; /* report/next-run.h */

typedef struct ReportData {
        const RunInfo *info; /* borrowed */
        const char *path;    /* borrowed; NULL: not shown */
        bool recording;
        Summary *summary; /* owned */
        Outside *outside; /* owned; NULL: not looked for */
        Finding *findings;
        size_t n_findings;
        NextRun *next_run; /* owned; NULL: not asked for */
} ReportData;

/* Reads the tables and computes the findings. The reader must outlive the data. */
int report_data_load(ReportData *data, RunReader *reader, Error *err);
/* The same with other labels; NULL: those that were recorded. */
int report_data_load_labelled(ReportData *data, RunReader *reader, const ReportLabels *labels, Error *err);

/* Who else looks at the rows on their way, after the summary has (the report page). */
typedef struct ReportTap {
        /* Columns of a table that it wants, NULL-terminated; NULL: none. */
        const char *const *(*columns)(const char *table);
        /* Rows of processes ahead of all else, where labels ask for parents. 0 or -ENOMEM. */
        int (*learn)(const Batch *processes, void *data);
        int (*observe)(const SummaryBuilder *summary, const char *table, const Batch *rows, void *data);
        void *data;
} ReportTap;

/* The same with somebody else looking; tap NULL: nobody. */
int report_data_load_advised(ReportData *data, RunReader *reader, const ReportLabels *labels,
                             const ReportTap *tap, Error *err); /* and with advice for the next run */
int report_data_load_tapped(ReportData *data, RunReader *reader, const ReportLabels *labels,
                            const ReportTap *tap, Error *err);

/* Findings about the recording itself and the events in it: data->info and data->summary are
 * set; and those of the detectors, which are emptied. Most severe first. 0 or -ENOMEM. */
int report_find(ReportData *data, Findings *detected);
int report_add_finding(ReportData *data, const char *id, Severity severity, int64_t t_ns,
                       const char *title, const char *evidence, const char *advice);
void report_data_done(ReportData *data);

/* How long the run took, as far as is known: run.json, else the last thing recorded. */
uint64_t report_wall_ns(const ReportData *data);
uint64_t report_cpu_us(const ReportData *data); /* whichever of table and rusage saw more */
uint64_t report_processes(const ReportData *data);
const char *report_source(const ReportData *data); /* bpf, perf, poll; NULL: not known */

/* The forms, from the data alone. */
int report_write_text(const ReportData *data, const ReportOptions *options, String *out);
int report_write_json(const ReportData *data, String *out);
int report_write_markdown(const ReportData *data, String *out);
