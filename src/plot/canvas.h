/* What a picture is drawn with: few shapes and text, in px from the top left corner. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"
#include "plot/plot.h"

typedef struct Point {
        double x, y;
} Point;

typedef enum Anchor { ANCHOR_START, ANCHOR_MIDDLE, ANCHOR_END } Anchor;

typedef struct Stroke {
        PlotColor color;
        double width;
        double dash; /* length of a dash, and of the gap behind it; 0: none */
} Stroke;

typedef struct TextStyle {
        double size;
        PlotColor color;
        Anchor anchor;
        bool bold;
} TextStyle;

typedef struct Canvas Canvas;

typedef struct CanvasOps {
        void (*fill)(Canvas *canvas, const Point *points, size_t n, PlotColor color, double opacity);
        void (*stroke)(Canvas *canvas, const Point *points, size_t n, const Stroke *stroke);
        void (*text)(Canvas *canvas, Point base, const char *text, const TextStyle *style); /* as text_clean leaves it */
        void (*clip)(Canvas *canvas, Point corner, Point size); /* until unclip; not nested */
        void (*unclip)(Canvas *canvas);
        int (*finish)(Canvas *canvas, int fd, Error *err);      /* writes it */
        Canvas *(*free)(Canvas *canvas);
} CanvasOps;

struct Canvas {
        const CanvasOps *ops;
};

static inline Canvas *canvas_free(Canvas *canvas)
{
        return canvas ? canvas->ops->free(canvas) : NULL;
}
DEFINE_CLEANUP(Canvas, canvas)

static inline void canvas_line(Canvas *canvas, Point from, Point to, const Stroke *stroke)
{
        const Point points[] = {from, to};

        canvas->ops->stroke(canvas, points, 2, stroke);
}

static inline void canvas_rectangle(Canvas *canvas, Point corner, Point size, PlotColor color, double opacity)
{
        const Point points[] = {corner,
                                {corner.x + size.x, corner.y},
                                {corner.x + size.x, corner.y + size.y},
                                {corner.x, corner.y + size.y}};

        canvas->ops->fill(canvas, points, 4, color, opacity);
}

/* The title is for who cannot see the picture. 0 or -ENOMEM. */
int canvas_svg_new(double width, double height, const char *title, Canvas **ret);

/* PNG and PDF, by cairo. -EOPNOTSUPP with what is missing (canvas-cairo-absent.c), -ENOMEM. */
int canvas_cairo_new(PlotFormat format, double width, double height, const char *title, Canvas **ret, Error *err);
bool canvas_cairo_available(Error *why);
