/* SVG 1.1 with text as text: it can be searched, copied and read aloud. Coordinates to a tenth of a px. */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "plot/canvas.h"

typedef struct SvgCanvas {
        Canvas canvas;
        String out;
        unsigned n_clips;
        bool clipped;
} SvgCanvas;

static void add_number(String *s, double value)
{
        long long tenths = llround(isfinite(value) ? value * 10 : 0);

        if (tenths % 10 == 0)
                string_add_format(s, "%lld", tenths / 10);
        else
                string_add_format(s, "%s%lld.%lld", tenths < 0 ? "-" : "", llabs(tenths) / 10, llabs(tenths) % 10);
}

static void add_color(String *s, const char *name, PlotColor c)
{
        string_add_format(s, " %s=\"#%02x%02x%02x\"", name, c.red, c.green, c.blue);
}

static void add_text(String *s, const char *text)
{
        for (; *text; text++) {
                if (*text == '&')
                        string_add(s, "&amp;");
                else if (*text == '<')
                        string_add(s, "&lt;");
                else if (*text == '>')
                        string_add(s, "&gt;");
                else if (*text == '"')
                        string_add(s, "&quot;");
                else
                        string_add_char(s, *text);
        }
}

static void add_path(String *s, const Point *points, size_t n)
{
        double x = 0, y = 0;

        for (size_t i = 0; i < n; i++) {
                /* Steps are mostly straight along one axis. */
                if (i > 0 && llround(points[i].y * 10) == llround(y * 10)) {
                        if (llround(points[i].x * 10) == llround(x * 10))
                                continue;
                        string_add_char(s, 'H');
                        add_number(s, points[i].x);
                } else if (i > 0 && llround(points[i].x * 10) == llround(x * 10)) {
                        string_add_char(s, 'V');
                        add_number(s, points[i].y);
                } else {
                        string_add_char(s, i == 0 ? 'M' : 'L');
                        add_number(s, points[i].x);
                        string_add_char(s, ' ');
                        add_number(s, points[i].y);
                }
                x = points[i].x;
                y = points[i].y;
        }
}

static void svg_fill(Canvas *canvas, const Point *points, size_t n, PlotColor color, double opacity)
{
        String *s = &((SvgCanvas *)canvas)->out;

        string_add(s, "<path d=\"");
        add_path(s, points, n);
        string_add(s, "Z\"");
        add_color(s, "fill", color);
        if (opacity < 1)
                string_add_format(s, " fill-opacity=\"%.2f\"", opacity);
        string_add(s, "/>\n");
}

static void svg_stroke(Canvas *canvas, const Point *points, size_t n, const Stroke *stroke)
{
        String *s = &((SvgCanvas *)canvas)->out;

        string_add(s, "<path fill=\"none\" d=\"");
        add_path(s, points, n);
        string_add(s, "\"");
        add_color(s, "stroke", stroke->color);
        string_add_format(s, " stroke-width=\"%.2f\"", stroke->width);
        if (stroke->dash > 0)
                string_add_format(s, " stroke-dasharray=\"%.1f %.1f\"", stroke->dash, stroke->dash);
        string_add(s, "/>\n");
}

static void svg_text(Canvas *canvas, Point base, const char *text, const TextStyle *style)
{
        static const char *const anchors[] = {"start", "middle", "end"};
        String *s = &((SvgCanvas *)canvas)->out;

        string_add(s, "<text x=\"");
        add_number(s, base.x);
        string_add(s, "\" y=\"");
        add_number(s, base.y);
        string_add(s, "\" font-size=\"");
        add_number(s, style->size);
        string_add(s, "\"");
        add_color(s, "fill", style->color);
        if (style->anchor != ANCHOR_START)
                string_add_format(s, " text-anchor=\"%s\"", anchors[style->anchor]);
        if (style->bold)
                string_add(s, " font-weight=\"bold\"");
        string_add(s, ">");
        add_text(s, text);
        string_add(s, "</text>\n");
}

static void svg_clip(Canvas *canvas, Point corner, Point size)
{
        SvgCanvas *c = (SvgCanvas *)canvas;

        string_add_format(&c->out, "<clipPath id=\"panel-%u\"><rect x=\"", ++c->n_clips);
        add_number(&c->out, corner.x);
        string_add(&c->out, "\" y=\"");
        add_number(&c->out, corner.y);
        string_add(&c->out, "\" width=\"");
        add_number(&c->out, size.x);
        string_add(&c->out, "\" height=\"");
        add_number(&c->out, size.y);
        string_add_format(&c->out, "\"/></clipPath>\n<g clip-path=\"url(#panel-%u)\">\n", c->n_clips);
}

static void svg_unclip(Canvas *canvas)
{
        string_add(&((SvgCanvas *)canvas)->out, "</g>\n");
}

static int svg_finish(Canvas *canvas, int fd, Error *err)
{
        SvgCanvas *c = (SvgCanvas *)canvas;

        string_add(&c->out, "</svg>\n");
        if (c->out.failed)
                return error_set(err, ENOMEM, "out of memory");
        int r = file_write_all(fd, c->out.text, c->out.size);
        return r < 0 ? error_set_errno(err, r, "cannot write the plot") : 0;
}

static Canvas *svg_free(Canvas *canvas)
{
        SvgCanvas *c = (SvgCanvas *)canvas;

        string_done(&c->out);
        free(c);
        return NULL;
}

static const CanvasOps svg_ops = {
        .fill = svg_fill,
        .stroke = svg_stroke,
        .text = svg_text,
        .clip = svg_clip,
        .unclip = svg_unclip,
        .finish = svg_finish,
        .free = svg_free,
};

int canvas_svg_new(double width, double height, const char *title, Canvas **ret)
{
        SvgCanvas *c = calloc(1, sizeof *c);

        if (!c)
                return -ENOMEM;
        c->canvas.ops = &svg_ops;
        string_add_format(&c->out,
                          "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
                          "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%.0f\" height=\"%.0f\" "
                          "viewBox=\"0 0 %.0f %.0f\" role=\"img\" "
                          "font-family=\"'DejaVu Sans', Verdana, sans-serif\">\n<title>",
                          width, height, width, height);
        add_text(&c->out, title);
        string_add(&c->out, "</title>\n");
        *ret = &c->canvas;
        return 0;
}
