/* A run's process images one by one, for the exports that tell of processes rather than of tables. */
#pragma once

#include "base/text.h"
#include "model/summary.h"
#include "store/run.h"
#include "table/label.h"

/* Valid until the next one. Texts as in the table, NULL unknown, cut at 16 KiB and at a NUL byte. */
typedef struct ProcessRow {
        SummaryProcess process; /* borrowed texts */
        const char *major;      /* NULL: no rules */
        const char *cwd;
        uint64_t parent;        /* key of the parent's image; 0: none in the run */
        uint32_t image;         /* 0, 1, … of the same process */
        int64_t start_ns;       /* INT64_MIN: unknown */
        uint64_t user_us, system_us;
} ProcessRow;

typedef struct ProcessReader ProcessReader;

/* labeller NULL: labels as they were recorded. The run's reader must outlive it. 0 or as run.h says; a run
 * without processes has no rows. */
int process_reader_new(RunReader *run, const Labeller *labeller, ProcessReader **ret, Error *err);
int process_reader_next(ProcessReader *reader, const ProcessRow **ret, Error *err); /* 1, 0: the end */
ProcessReader *process_reader_free(ProcessReader *reader);
DEFINE_CLEANUP(ProcessReader, process_reader)

/* What the program is called: Summary's name of it, else the word "unnamed". */
void process_row_name(const ProcessRow *row, String *out);
