/*
 * A chart as data, and its picture as PNG, SVG or PDF. Who asks fills a Plot with panels of series;
 * layout (ticks.h, layout.h) is pure functions, and the picture is drawn through a Canvas: SVG is
 * written here with real text in it, PNG and PDF are drawn by cairo where vigia is built with it.
 *
 * Texts may be anything: they are made safe (string_add_shown) and cut in the middle where they are too
 * long. All memory is owned; plot_done frees. Unknown values are NAN and leave a gap.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "base/text.h"
#include "plot/colors.h"
#include "plot/ticks.h"

enum {
        PLOT_SIZE_LEAST = 200, /* px, either side */
        PLOT_SIZE_MOST = 8192,
        PLOT_WIDTH = 1280, /* where nothing else is asked for */
        PLOT_HEIGHT = 720,
        PLOT_HEIGHT_PANELS = 1080, /* of several panels */
        PLOT_PANELS = 4,
};

typedef enum PlotFormat { PLOT_PNG, PLOT_SVG, PLOT_PDF } PlotFormat;

typedef enum PlotMark {
        PLOT_STACK, /* areas on top of each other, the first at the bottom; all of the same points */
        PLOT_LINE,  /* steps where the panel says so */
        PLOT_BAR,   /* bars at labelled places, on top of each other */
} PlotMark;

typedef struct PlotSeries {
        char *name;
        char *value; /* behind the name in the legend: "3.9 GiB"; may be NULL */
        PlotColor color;
        PlotMark mark;
        bool dashed, right; /* right: of the right axis */
        size_t n;
        double *x;          /* NULL: evenly from panel->x_begin in steps of panel->x_step */
        double *y;
        double *low, *high; /* how far it spreads; a line's as a band, a bar's as a whisker; may be NULL */
} PlotSeries;

typedef struct PlotLimit {
        char *name;   /* "memory of the machine" */
        double value; /* of the left axis */
} PlotLimit;

typedef struct PlotAxis {
        PlotUnit unit;
        char *label;   /* "memory (PSS)"; may be NULL */
        double least;  /* the axis begins here: 0 unless said otherwise */
        double most;   /* the axis reaches at least this far; 0: as the data need it */
        bool close;    /* it begins near the lowest value instead */
} PlotAxis;

typedef struct PlotPanel {
        char *title; /* NULL: none */
        PlotAxis left, right;
        char *x_label;
        char **places;  /* NULL: x is time in seconds; else n_places labels, at 0, 1, … */
        size_t n_places;
        double x_begin, x_step, x_end; /* x_end: of the axis */
        bool steps;     /* values hold until the next point */
        PlotSeries *series;
        size_t n_series;
        PlotLimit *limits;
        size_t n_limits;
        char *box;      /* lines of text in a corner where the data leave room; may be NULL */
        char *values;   /* what the series' values are: "highest"; may be NULL */
        char *empty;    /* said in place of data, if there are none */
} PlotPanel;

typedef struct Plot {
        char *title, *subtitle, *source; /* owned; may be NULL */
        unsigned width, height;          /* px; 0: the usual */
        PlotTheme theme;
        PlotPanel panels[PLOT_PANELS];
        size_t n_panels;
} Plot;

void plot_done(Plot *plot);

/* A panel, a series, a limit behind those that are there. NULL: no memory, or no room. The pointer is
 * good until the next of its kind is added. */
PlotPanel *plot_add_panel(Plot *plot);
PlotSeries *plot_add_series(PlotPanel *panel, const char *name, PlotMark mark, PlotColor color, size_t n);
int plot_add_limit(PlotPanel *panel, const char *name, double value); /* 0 or -ENOMEM */

/* "png", "svg", "pdf". 0 or -EINVAL. */
int plot_format_parse(const char *name, PlotFormat *ret);
int plot_format_of_path(const char *path, PlotFormat *ret); /* by its ending */
const char *plot_format_name(PlotFormat format);

/* "1200x675" → both sides; -EINVAL, -ERANGE with what was expected. */
int plot_size_parse(const char *text, unsigned *ret_width, unsigned *ret_height, Error *err);

/* Whether this build can make it; else *why says what is missing. */
bool plot_format_available(PlotFormat format, Error *why);

/* Draws it into a descriptor (borrowed). -EOPNOTSUPP as above; -ENOMEM; what writing gave. */
int plot_write(const Plot *plot, PlotFormat format, int fd, Error *err);
