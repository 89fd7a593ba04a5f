/* What `vigia plot` is given, opened: runs, or a sweep and its runs. */
#pragma once

#include "app/plot-command.h"
#include "sweep/jobs.h"

typedef struct PlotGiven {
        PlotRun runs[PLOT_RUNS_MOST];
        size_t n_runs;
        Sweep sweep;
        char *sweep_path; /* owned; NULL: no sweep was given */
        SweepJobs jobs;   /* of a sweep only these; n 0: all */
} PlotGiven;

void plot_given_done(PlotGiven *given);

/* A run or a sweep by its name. -EINVAL, -ENOENT, … with a sentence. */
int plot_given_add(PlotGiven *given, const char *name, Error *err);

/* Opens the runs of the sweep: of each -j the one whose peak is the median. */
int plot_given_open_sweep(PlotGiven *given, Error *err);
