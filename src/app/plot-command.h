/*
 * `vigia plot`, in parts: options and where pictures go (cmd-plot.c), and from runs to a Plot: memory, CPU
 * and processes by category (plot-category.c), columns of tables (plot-column.c), folio migration
 * (plot-migration.c), sweeps (plot-sweep.c). plot/ draws.
 */
#pragma once

#include "app/labels.h"
#include "app/options.h"
#include "model/category-series.h"
#include "plot/plot.h"
#include "store/run.h"
#include "sweep/sweep.h"

typedef enum PlotKind {
        PLOT_MEMORY,
        PLOT_CPU,
        PLOT_PROCESSES,
        PLOT_COLUMN,
        PLOT_MIGRATION,
        PLOT_SWEEP,
        PLOT_CATEGORIES, /* of a sweep, at the peak of each -j */
        PLOT_KINDS,
} PlotKind;

const char *plot_kind_name(PlotKind kind); /* "memory", "cpu", … */

typedef enum PlotView { PLOT_MAJOR, PLOT_DETAILED, PLOT_OTHER } PlotView;

enum { PLOT_TOP = 8, PLOT_TOP_MOST = 64, PLOT_RUNS_MOST = 32 };

/* What is asked for, checked. Texts are borrowed. */
typedef struct PlotRequest {
        PlotKind kind;
        PlotView view;
        CategoryMetric metric; /* CATEGORY_PSS or CATEGORY_RSS */
        bool cgroup;           /* --metric cgroup */
        bool lines;
        TextList categories, columns, keys;
        const char *table, *title;
        size_t top;
        uint64_t resample_ns;  /* 0: as the picture has room */
        unsigned width, height;
        PlotTheme theme;
        Labels *labels;        /* the rules to label by */
        bool relabel;          /* also runs that have labels */
} PlotRequest;

typedef struct PlotRun {
        RunReader *reader; /* owned */
        char *name;        /* owned; what tells it from the others */
        unsigned jobs;     /* of a sweep; 0: none */
        bool dev;          /* its host or label contains -dev */
        int64_t end_ns;    /* INT64_MIN: not known */
} PlotRun;

/* Each fills an empty Plot. -ENOENT, -EINVAL with a sentence: not of these runs; -ENOMEM; what run.h says. */
int plot_make_category(const PlotRequest *request, PlotRun *runs, size_t n, Plot *ret, Error *err);
int plot_make_column(const PlotRequest *request, PlotRun *runs, size_t n, Plot *ret, Error *err);
int plot_make_migration(const PlotRequest *request, PlotRun *runs, size_t n, Plot *ret, Error *err);
/* The run of a level whose peak is its median (the lower of two); NULL: none is done. */
const SweepRun *plot_median_run(const Sweep *sweep, unsigned jobs);
int plot_make_sweep(const PlotRequest *request, const Sweep *sweep, Plot *ret, Error *err);

/* ---- plot-common.c ---- */

int plot_run_open(const char *path, PlotRun *ret, Error *err);
void plot_run_done(PlotRun *run);
/* Gives each a name: its label, its host, else its id, whichever tells all apart. 0 or -ENOMEM. */
int plot_runs_name(PlotRun *runs, size_t n);

/* Title ("WHAT: LABEL", or --title), subtitle (taken), and the line that says where it is from. */
int plot_describe(const PlotRequest *request, const char *what, const PlotRun *runs, size_t n, String *subtitle,
                  Plot *plot);

/* A panel over the time of the longest run. NULL: no memory. */
PlotPanel *plot_time_panel(Plot *plot, uint64_t end_ns);

/* The interval of a monitor's table, in ns; 0: not known. */
uint64_t plot_table_interval_ns(const PlotRun *run, const char *table);
