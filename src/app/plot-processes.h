/* Which processes a plot of a table of processes shows: of tens of thousands the heaviest few. */
#pragma once

#include "app/plot-command.h"
#include "table/schema.h"

typedef struct ShownProcess {
        uint64_t key, peak_bytes;
        int32_t pid;
        int64_t end_ns; /* INT64_MAX: alive at the end */
        char name[64];
} ShownProcess;

typedef struct ShownProcesses {
        ShownProcess items[PLOT_TOP_MOST];
        size_t n, matching; /* shown; of those that --key matched */
} ShownProcesses;

/* Whether rows of the table are about processes of the run. */
bool plot_is_of_processes(const Schema *schema);

/* The heaviest, of those whose name or command line has one of the request's keys in it. */
int plot_choose_processes(const PlotRequest *request, PlotRun *run, ShownProcesses *ret, Error *err);

/* That which a thing's name ("process 12", "process 12 tid 13") is of; NULL: one that is not shown. */
const ShownProcess *plot_process_of(const ShownProcesses *shown, const char *thing);
