/* What the files that draw share: the page's measure, and where a panel's data lie on it. */
#pragma once

#include "plot/canvas.h"
#include "plot/layout.h"

typedef struct Draw {
        Canvas *canvas;
        const PlotColors *colors;
        double unit; /* px; grows with the picture, so that its text can be read when it is shown small */
} Draw;

/* Sizes of text, in units. */
#define SIZE_TITLE    15.0
#define SIZE_SUBTITLE 11.5
#define SIZE_AXIS     11.0
#define SIZE_LEGEND   11.5
#define SIZE_SOURCE   9.0
#define LEGEND_ROW    17.0
#define SWATCH        10.0
#define HEADS         12.0 /* above the data's rectangle */

typedef struct Frame {
        Point corner, size; /* of the data's rectangle */
        double x_least, x_most, left_least, left_most, right_least, right_most;
        Ticks left_ticks, right_ticks, x_ticks;
} Frame;

static inline double frame_x(const Frame *f, double x)
{
        return f->corner.x + (x - f->x_least) / (f->x_most - f->x_least) * f->size.x;
}

static inline double frame_y(const Frame *f, double y, bool right)
{
        double least = right ? f->right_least : f->left_least, most = right ? f->right_most : f->left_most;

        return f->corner.y + (1 - (y - least) / (most - least)) * f->size.y;
}

static inline double series_x(const PlotPanel *panel, const PlotSeries *s, size_t i)
{
        return s->x ? s->x[i] : panel->x_begin + (double)i * panel->x_step;
}

/* Text cut to `width` (0: as it is), in px. */
void draw_text(const Draw *d, Point base, const char *text, const TextStyle *style, double width);
double draw_span(const Draw *d, const char *text, double size, bool bold); /* size in units; px */

/* ---- axes.c ---- */

/* The ranges that the panel's data need. */
void frame_fit(const PlotPanel *panel, Frame *frame);
double frame_left_margin(const Draw *d, const PlotPanel *panel, const Frame *frame);
double frame_right_margin(const Draw *d, const PlotPanel *panel, const Frame *frame); /* 0 without a right axis */
void draw_axes(const Draw *d, const PlotPanel *panel, const Frame *frame);
void draw_limits(const Draw *d, const PlotPanel *panel, const Frame *frame);

/* ---- marks.c ---- */

void draw_series(const Draw *d, const PlotPanel *panel, const Frame *frame);
bool panel_has(const PlotPanel *panel, PlotMark mark);
bool panel_is_empty(const PlotPanel *panel);

/* ---- legend.c ---- */

/* At the side: what it wants of the width. Below: what it wants of the height, at that width. */
double legend_width(const Draw *d, const PlotPanel *panel);
double legend_height(const Draw *d, const PlotPanel *panel, double width);
void draw_legend_side(const Draw *d, const PlotPanel *panel, const Frame *frame, double x, double width);
void draw_legend_below(const Draw *d, const PlotPanel *panel, Point corner, double width);
