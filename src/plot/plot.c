/* The page: title, what it is of, panels one below the other, where it is from. */
#include "plot/plot.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "plot/draw.h"

#define NARROW 520.0 /* units: legends go below */

static void series_done(PlotSeries *s)
{
        free(s->name);
        free(s->value);
        free(s->x);
        free(s->y);
        free(s->low);
        free(s->high);
}

void plot_done(Plot *plot)
{
        for (size_t i = 0; i < plot->n_panels; i++) {
                PlotPanel *p = &plot->panels[i];
                for (size_t k = 0; k < p->n_series; k++)
                        series_done(&p->series[k]);
                for (size_t k = 0; k < p->n_limits; k++)
                        free(p->limits[k].name);
                for (size_t k = 0; p->places && k < p->n_places; k++)
                        free(p->places[k]);
                free(p->places);
                free(p->series);
                free(p->limits);
                free(p->title);
                free(p->left.label);
                free(p->right.label);
                free(p->x_label);
                free(p->box);
                free(p->empty);
                free(p->values);
        }
        free(plot->title);
        free(plot->subtitle);
        free(plot->source);
        *plot = (Plot){0};
}

PlotPanel *plot_add_panel(Plot *plot)
{
        if (plot->n_panels == PLOT_PANELS)
                return NULL;
        plot->panels[plot->n_panels] = (PlotPanel){0};
        return &plot->panels[plot->n_panels++];
}

PlotSeries *plot_add_series(PlotPanel *panel, const char *name, PlotMark mark, PlotColor color, size_t n)
{
        PlotSeries *all = realloc(panel->series, (panel->n_series + 1) * sizeof *all);

        if (!all)
                return NULL;
        panel->series = all;
        PlotSeries *s = &all[panel->n_series];
        _cleanup_string_ String safe = {0};
        text_clean(&safe, name);
        *s = (PlotSeries){.name = string_take(&safe), .mark = mark, .color = color, .n = n,
                          .y = calloc(n + 1, sizeof *s->y)};
        if (!s->name && !safe.failed)
                s->name = strdup("");
        if (!s->name || !s->y) {
                series_done(s);
                return NULL;
        }
        panel->n_series++;
        return s;
}

int plot_add_limit(PlotPanel *panel, const char *name, double value)
{
        PlotLimit *all = realloc(panel->limits, (panel->n_limits + 1) * sizeof *all);

        if (!all)
                return -ENOMEM;
        panel->limits = all;
        all[panel->n_limits] = (PlotLimit){strdup(name), value};
        if (!all[panel->n_limits].name)
                return -ENOMEM;
        panel->n_limits++;
        return 0;
}

/* ---- options ---- */

static const char *const format_names[] = {[PLOT_PNG] = "png", [PLOT_SVG] = "svg", [PLOT_PDF] = "pdf"};

const char *plot_format_name(PlotFormat format)
{
        return format_names[format];
}

int plot_format_parse(const char *name, PlotFormat *ret)
{
        for (size_t i = 0; i < ARRAY_LENGTH(format_names); i++)
                if (text_equal(name, format_names[i])) {
                        *ret = (PlotFormat)i;
                        return 0;
                }
        return -EINVAL;
}

int plot_format_of_path(const char *path, PlotFormat *ret)
{
        const char *slash = strrchr(path, '/'), *dot = strrchr(slash ? slash : path, '.');
        char ending[4] = "";

        if (!dot || strlen(dot) != 4)
                return -EINVAL;
        for (size_t i = 0; i < 3; i++)
                ending[i] = (char)(dot[1 + i] >= 'A' && dot[1 + i] <= 'Z' ? dot[1 + i] + 32 : dot[1 + i]);
        return plot_format_parse(ending, ret);
}

int plot_size_parse(const char *text, unsigned *ret_width, unsigned *ret_height, Error *err)
{
        const char *x = strchr(text, 'x');
        uint64_t width = 0, height = 0;

        if (!x || parse_u64(text, (size_t)(x - text), &width) < 0 || parse_u64z(x + 1, &height) < 0)
                return error_set(err, EINVAL, "expected WIDTHxHEIGHT in px, such as 1280x720");
        if (MIN(width, height) < PLOT_SIZE_LEAST || MAX(width, height) > PLOT_SIZE_MOST)
                return error_set(err, ERANGE, "expected both sides within %d to %d px", PLOT_SIZE_LEAST,
                                 PLOT_SIZE_MOST);
        *ret_width = (unsigned)width;
        *ret_height = (unsigned)height;
        return 0;
}

bool plot_format_available(PlotFormat format, Error *why)
{
        return format == PLOT_SVG || canvas_cairo_available(why);
}

/* ---- the page ---- */

void draw_text(const Draw *d, Point base, const char *text, const TextStyle *style, double width)
{
        _cleanup_string_ String shown = {0};

        if (width > 0)
                text_fit(&shown, text, style->size, style->bold, width);
        else
                text_clean(&shown, text);
        if (shown.size > 0)
                d->canvas->ops->text(d->canvas, base, string_get(&shown), style);
}

double draw_span(const Draw *d, const char *text, double size, bool bold)
{
        return text_span(text, size * d->unit, bold);
}

/* How many points of lines lie within a rectangle. */
static size_t count_within(const PlotPanel *p, const Frame *f, Point corner, Point size)
{
        size_t n = 0;

        for (size_t k = 0; k < p->n_series; k++)
                for (size_t i = 0; i < p->series[k].n; i++) {
                        double x = frame_x(f, series_x(p, &p->series[k], i));
                        double y = frame_y(f, p->series[k].y[i], p->series[k].right);
                        n += x >= corner.x && x <= corner.x + size.x && y >= corner.y && y <= corner.y + size.y;
                }
        return n;
}

/* In the corner where it hides the least. */
static Point place_box(const Draw *d, const PlotPanel *p, const Frame *f, Point size)
{
        double apart = 8 * d->unit;
        Point best = {0};
        size_t least = SIZE_MAX;

        for (size_t i = 0; i < 4; i++) {
                Point at = {i & 1 ? f->corner.x + apart : f->corner.x + f->size.x - size.x - apart,
                            i & 2 ? f->corner.y + apart : f->corner.y + f->size.y - size.y - apart};
                size_t n = count_within(p, f, at, size);
                if (n < least) {
                        least = n;
                        best = at;
                }
        }
        return best;
}

static void draw_box(const Draw *d, const PlotPanel *p, const Frame *f)
{
        const TextStyle style = {SIZE_AXIS * d->unit, d->colors->text, ANCHOR_START, false};
        double row = (SIZE_AXIS + 4) * d->unit, widest = 0;
        size_t n = 0;

        for (const char *line = p->box; *line; n++) {
                _cleanup_string_ String one = {0};
                size_t length = strcspn(line, "\n");
                string_add_bytes(&one, line, length);
                double span = draw_span(d, string_get(&one), SIZE_AXIS, false);
                widest = MAX(widest, span);
                line += length + (line[length] == '\n');
        }
        Point size = {MIN(widest + 14 * d->unit, f->size.x), row * (double)n + 7 * d->unit};
        Point at = place_box(d, p, f, size);
        canvas_rectangle(d->canvas, at, size, d->colors->hairline, 1);
        canvas_rectangle(d->canvas, (Point){at.x + d->unit, at.y + d->unit},
                         (Point){size.x - 2 * d->unit, size.y - 2 * d->unit}, d->colors->background, 1);
        const char *text = p->box;
        for (size_t i = 0; *text; i++) {
                _cleanup_string_ String one = {0};
                size_t length = strcspn(text, "\n");
                string_add_bytes(&one, text, length);
                draw_text(d, (Point){at.x + 7 * d->unit, at.y + row * (double)(i + 1)}, string_get(&one), &style,
                          size.x - 12 * d->unit);
                text += length + (text[length] == '\n');
        }
}

/* What stands above a panel: its own title, then what its axes mean. */
static void draw_heads(const Draw *d, const PlotPanel *p, const Frame *f, double left)
{
        TextStyle style = {SIZE_AXIS * d->unit, d->colors->dim, ANCHOR_START, false};
        double y = f->corner.y - HEADS * d->unit, x = left;

        if (p->title) {
                const TextStyle bold = {SIZE_AXIS * d->unit, d->colors->text, ANCHOR_START, true};
                draw_text(d, (Point){x, y}, p->title, &bold, f->size.x);
                x += draw_span(d, p->title, SIZE_AXIS, true) + 10 * d->unit;
        }
        if (p->left.label)
                draw_text(d, (Point){x, y}, p->left.label, &style, f->size.x * (p->right.label ? 0.6 : 1));
        style.anchor = ANCHOR_END;
        if (p->right.label && f->right_ticks.n > 0)
                draw_text(d, (Point){f->corner.x + f->size.x + 20 * d->unit, y}, p->right.label, &style,
                          f->size.x * 0.4);
}

static void draw_panel(const Draw *d, const PlotPanel *p, const Frame *f)
{
        const TextStyle style = {SIZE_SUBTITLE * d->unit, d->colors->dim, ANCHOR_MIDDLE, false};

        draw_axes(d, p, f);
        if (panel_is_empty(p)) {
                draw_text(d, (Point){f->corner.x + f->size.x / 2, f->corner.y + f->size.y / 2},
                          p->empty ? p->empty : "nothing was recorded", &style, f->size.x * 0.95);
                return;
        }
        draw_series(d, p, f);
        draw_limits(d, p, f);
        if (p->box)
                draw_box(d, p, f);
}

/* Panels share the left and right edge of their data, so that times stand below each other. */
static void draw_panels(const Draw *d, const Plot *plot, Point corner, Point size)
{
        double u = d->unit, left = 0, right = 0, legend = 0, heights = 0;
        bool narrow = size.x / u < NARROW;
        Frame frames[PLOT_PANELS] = {0};

        for (size_t i = 0; i < plot->n_panels; i++) {
                const PlotPanel *p = &plot->panels[i];
                frame_fit(p, &frames[i]);
                double left_i = frame_left_margin(d, p, &frames[i]), right_i = frame_right_margin(d, p, &frames[i]);
                double legend_i = legend_width(d, p) + 14 * u;
                left = MAX(left, left_i);
                right = MAX(right, right_i);
                legend = p->n_series > 0 && !panel_is_empty(p) ? MAX(legend, legend_i) : legend;
        }
        legend = narrow ? 0 : MIN(legend, size.x * 0.3);
        double width = fmax(size.x - left - right - fmax(legend, 16 * u), 40 * u);
        for (size_t i = 0; i < plot->n_panels; i++)
                heights += 26 * u + (plot->panels[i].x_label ? 34 : 20) * u +
                           (narrow ? legend_height(d, &plot->panels[i], size.x) : 0) + (i > 0 ? 8 * u : 0);
        double each = fmax((size.y - heights) / (double)MAX(plot->n_panels, (size_t)1), 30 * u), y = corner.y;
        for (size_t i = 0; i < plot->n_panels; i++) {
                const PlotPanel *p = &plot->panels[i];
                Frame *f = &frames[i];
                f->corner = (Point){corner.x + left, y + 26 * u + (i > 0 ? 8 * u : 0)};
                f->size = (Point){width, each};
                draw_heads(d, p, f, corner.x);
                draw_panel(d, p, f);
                y = f->corner.y + each + (p->x_label ? 34 : 20) * u;
                if (panel_is_empty(p))
                        continue;
                if (narrow) {
                        draw_legend_below(d, p, (Point){corner.x, y}, size.x);
                        y += legend_height(d, p, size.x);
                } else
                        draw_legend_side(d, p, f, f->corner.x + width + right, legend);
        }
}

static double unit_of(double width, double height)
{
        double unit = MIN(width / 800, height / 440), least = width >= 500 && height >= 280 ? 0.95 : 0.75;

        return MAX(unit, least);
}

/* In as many lines as it takes, at most two, parted at the dots between its parts. Returns where it ends. */
static double draw_subtitle(const Draw *d, Point at, const char *text, double width)
{
        static const char between[] = " · ";
        const TextStyle style = {SIZE_SUBTITLE * d->unit, d->colors->dim, ANCHOR_START, false};
        _cleanup_string_ String shown = {0}, first = {0};
        const char *cut = NULL;

        text_clean(&shown, text);
        const char *all = string_get(&shown);
        if (draw_span(d, all, SIZE_SUBTITLE, false) > width)
                for (const char *p = strstr(all, between); p; p = strstr(p + 1, between)) {
                        string_clear(&first);
                        string_add_bytes(&first, all, (size_t)(p - all));
                        if (draw_span(d, string_get(&first), SIZE_SUBTITLE, false) > width)
                                break;
                        cut = p;
                }
        if (cut) {
                string_clear(&first);
                string_add_bytes(&first, all, (size_t)(cut - all));
                draw_text(d, at, string_get(&first), &style, width);
                all = cut + strlen(between);
                at.y += 15 * d->unit;
        }
        draw_text(d, at, all, &style, width);
        return at.y;
}

static void draw_page(Canvas *canvas, const Plot *plot, double width, double height)
{
        const Draw d = {canvas, plot_colors(plot->theme), unit_of(width, height)};
        double u = d.unit, y = 12 * u;
        TextStyle style = {SIZE_TITLE * u, d.colors->text, ANCHOR_START, true};

        canvas_rectangle(canvas, (Point){0, 0}, (Point){width, height}, d.colors->background, 1);
        if (plot->title)
                draw_text(&d, (Point){14 * u, y += SIZE_TITLE * u}, plot->title, &style, width - 28 * u);
        if (plot->subtitle)
                y = draw_subtitle(&d, (Point){14 * u, y + 17 * u}, plot->subtitle, width - 28 * u);
        y += 5 * u;
        double bottom = height - 10 * u - (plot->source ? SIZE_SOURCE * u + 4 * u : 0);
        draw_panels(&d, plot, (Point){14 * u, y}, (Point){width - 28 * u, fmax(bottom - y, 60 * u)});
        style = (TextStyle){SIZE_SOURCE * u, d.colors->dim, ANCHOR_START, false};
        if (plot->source)
                draw_text(&d, (Point){14 * u, height - 9 * u}, plot->source, &style, width - 28 * u);
}

int plot_write(const Plot *plot, PlotFormat format, int fd, Error *err)
{
        _cleanup_(canvas_freep) Canvas *canvas = NULL;
        _cleanup_string_ String title = {0};
        double width = plot->width ? plot->width : PLOT_WIDTH, height = plot->height;
        int r;

        if (plot->height == 0)
                height = plot->n_panels > 1 ? PLOT_HEIGHT_PANELS : PLOT_HEIGHT;

        text_clean(&title, plot->title ? plot->title : "");
        if (format == PLOT_SVG) {
                r = canvas_svg_new(width, height, string_get(&title), &canvas);
                if (r < 0)
                        return error_set(err, ENOMEM, "out of memory");
        } else {
                r = canvas_cairo_new(format, width, height, string_get(&title), &canvas, err);
                if (r < 0)
                        return r;
        }
        draw_page(canvas, plot, width, height);
        return canvas->ops->finish(canvas, fd, err);
}
