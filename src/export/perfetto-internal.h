/* The parts of perfetto.h, shared by its files only. */
#pragma once

#include "export/perfetto.h"
#include "export/trace-writer.h"

typedef struct PerfettoRun {
        RunReader *run;
        const PerfettoOptions *options;
        TraceWriter *to;
        Error *err;
} PerfettoRun;

/* Slices of all images and the names of their tracks. 0 or -errno with a sentence. */
int perfetto_add_processes(const PerfettoRun *p);

/* Counters by category, and of all tables that have gauges or counters. */
int perfetto_add_categories(const PerfettoRun *p);
int perfetto_add_tables(const PerfettoRun *p);

/* What reading came to: 0 for a damaged table, of which is told; else `result`. */
int perfetto_forgive(const PerfettoRun *p, int result);

/* run_reader_each; what is damaged is warned of and ends the table. */
int perfetto_read(const PerfettoRun *p, const char *table, const char *const *columns, RunRowsFn fn, void *data);
