/* Areas, lines and bars. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "base/cleanup.h"
#include "base/macros.h"
#include "plot/draw.h"

bool panel_has(const PlotPanel *p, PlotMark mark)
{
        for (size_t k = 0; k < p->n_series; k++)
                if (p->series[k].mark == mark)
                        return true;
        return false;
}

bool panel_is_empty(const PlotPanel *p)
{
        for (size_t k = 0; k < p->n_series; k++)
                for (size_t i = 0; i < p->series[k].n; i++)
                        if (isfinite(p->series[k].y[i]))
                                return false;
        return true;
}

/* Points of one outline; grows by itself. */
typedef struct Outline {
        Point *points;
        size_t n, capacity;
        bool failed;
} Outline;

static void outline_add(Outline *o, double x, double y)
{
        if (o->n == o->capacity && !o->failed) {
                Point *points = array_grow(o->points, &o->capacity, o->n, sizeof *points);
                o->failed = !points;
                if (points)
                        o->points = points;
        }
        if (!o->failed)
                o->points[o->n++] = (Point){x, y};
}

/* One value of a curve: a point, or a step that lasts until the next. */
static void outline_value(Outline *o, const PlotPanel *p, const Frame *f, const PlotSeries *s, size_t i, double y)
{
        double x = series_x(p, s, i);

        outline_add(o, frame_x(f, x), frame_y(f, y, s->right));
        if (!p->steps)
                return;
        double end = i + 1 < s->n ? series_x(p, s, i + 1) : s->x ? x : MIN(x + p->x_step, MAX(p->x_end, x));
        outline_add(o, frame_x(f, end), frame_y(f, y, s->right));
}

/* The area between two curves over [begin, end). */
static void fill_between(const Draw *d, const PlotPanel *p, const Frame *f, const PlotSeries *s, const double *low,
                         const double *high, size_t begin, size_t end, double opacity)
{
        Outline upper = {0}, lower = {0};

        for (size_t i = begin; i < end; i++) {
                outline_value(&upper, p, f, s, i, high[i]);
                outline_value(&lower, p, f, s, i, low[i]);
        }
        for (size_t i = lower.n; i-- > 0;)
                outline_add(&upper, lower.points[i].x, lower.points[i].y);
        if (upper.n > 2)
                d->canvas->ops->fill(d->canvas, upper.points, upper.n, s->color, opacity);
        free(upper.points);
        free(lower.points);
}

/* The next stretch of known values from *begin on. */
static bool next_known(const double *values, size_t n, size_t *begin, size_t *end)
{
        size_t i = *end;

        while (i < n && !isfinite(values[i]))
                i++;
        *begin = i;
        while (i < n && isfinite(values[i]))
                i++;
        *end = i;
        return *begin < n;
}

static void draw_curve(const Draw *d, const PlotPanel *p, const Frame *f, const PlotSeries *s, const double *values,
                       const Stroke *stroke)
{
        size_t begin, end = 0;

        while (next_known(values, s->n, &begin, &end)) {
                Outline o = {0};
                for (size_t i = begin; i < end; i++)
                        outline_value(&o, p, f, s, i, values[i]);
                if (o.n == 1) /* a point alone would not be seen */
                        outline_add(&o, o.points[0].x + 3 * d->unit, o.points[0].y);
                if (o.n > 1)
                        d->canvas->ops->stroke(d->canvas, o.points, o.n, stroke);
                free(o.points);
        }
}

static void draw_dot(const Draw *d, const PlotPanel *p, const Frame *f, const PlotSeries *s, size_t i)
{
        enum { CORNERS = 16 };
        Point round[CORNERS], at = {frame_x(f, series_x(p, s, i)), frame_y(f, s->y[i], s->right)};

        for (size_t k = 0; k < CORNERS; k++)
                round[k] = (Point){at.x + cos(k * 2 * M_PI / CORNERS) * 3.6 * d->unit,
                                   at.y + sin(k * 2 * M_PI / CORNERS) * 3.6 * d->unit};
        d->canvas->ops->fill(d->canvas, round, CORNERS, s->color, 1);
}

static void draw_line(const Draw *d, const PlotPanel *p, const Frame *f, const PlotSeries *s)
{
        const Stroke stroke = {s->color, (p->steps && s->n > 100 ? 1.4 : 1.8) * d->unit, s->dashed ? 5 * d->unit : 0};
        size_t begin, end = 0;

        while (s->low && s->high && !p->places && next_known(s->y, s->n, &begin, &end))
                fill_between(d, p, f, s, s->low, s->high, begin, end, 0.25);
        draw_curve(d, p, f, s, s->y, &stroke);
        for (size_t i = s->n; i-- > 0 && !p->places;)
                if (isfinite(s->y[i])) { /* one that ends before the others */
                        if (series_x(p, s, i) < p->x_begin + (p->x_end - p->x_begin) * 0.98)
                                draw_dot(d, p, f, s, i);
                        break;
                }
}

/* ---- stacks ---- */

/* Its name inside of an area, where there is room for it: read also without colours. */
static void name_area(const Draw *d, const PlotPanel *p, const Frame *f, const PlotSeries *s, const double *low,
                      const double *high)
{
        enum { COLUMNS = 240 };
        double top[COLUMNS], bottom[COLUMNS], middle;
        double span = draw_span(d, s->name, SIZE_AXIS, false) + 8 * d->unit, column = f->size.x / COLUMNS;
        size_t wide = (size_t)ceil(span / column), at;

        for (size_t c = 0; c < COLUMNS; c++) {
                top[c] = f->corner.y;
                bottom[c] = f->corner.y + f->size.y;
                for (size_t i = c * s->n / COLUMNS; i < MAX((c + 1) * s->n / COLUMNS, c * s->n / COLUMNS + 1); i++) {
                        bool known = i < s->n && isfinite(high[i]);
                        top[c] = MAX(top[c], known ? frame_y(f, high[i], false) : bottom[c]);
                        bottom[c] = MIN(bottom[c], known ? frame_y(f, low[i], false) : top[c]);
                }
        }
        if (!band_find_room(top, bottom, COLUMNS, wide, SIZE_AXIS * 1.5 * d->unit, &at, &middle))
                return;
        const PlotColors *other = plot_colors(plot_color_is_light(s->color) ? PLOT_LIGHT : PLOT_DARK);
        const TextStyle style = {SIZE_AXIS * d->unit, other->text, ANCHOR_MIDDLE, false};
        draw_text(d, (Point){f->corner.x + ((double)at + (double)wide / 2) * column, middle + SIZE_AXIS * 0.36 * d->unit},
                  s->name, &style, 0);
}

/* The top of an area in the background's colour, where it is level or nearly so: it parts areas in grey, and
 * does not eat what is narrow. */
static void draw_edge(const Draw *d, const PlotPanel *p, const Frame *f, const PlotSeries *s, const double *high)
{
        const Stroke edge = {d->colors->background, 0.7 * d->unit, 0};
        Outline o = {0};

        for (size_t i = 0; i <= s->n; i++) {
                bool here = i < s->n && isfinite(high[i]) && s->y[i] > 0;
                double y = here ? frame_y(f, high[i], false) : 0;
                if (o.n > 0 && (!here || fabs(y - o.points[o.n - 1].y) > 1.5 * d->unit)) {
                        if (o.points[o.n - 1].x - o.points[0].x >= 3 * d->unit)
                                d->canvas->ops->stroke(d->canvas, o.points, o.n, &edge);
                        o.n = 0;
                }
                if (here)
                        outline_value(&o, p, f, s, i, high[i]);
        }
        free(o.points);
}

/* Cumulated from the bottom, drawn from the top down, each to the bottom: no seams are seen between. */
static void draw_stack(const Draw *d, const PlotPanel *p, const Frame *f)
{
        size_t n = 0, count = p->n_series;

        for (size_t k = 0; k < count; k++)
                if (p->series[k].mark == PLOT_STACK)
                        n = MAX(n, p->series[k].n);
        _cleanup_free_ double *sums = calloc((count + 1) * (n + 1), sizeof *sums);
        if (!sums)
                return;
        /* Row k is what lies below series k; row k + 1 its top. */
        for (size_t k = 0; k < count; k++)
                for (size_t i = 0; i < n; i++) {
                        const PlotSeries *s = &p->series[k];
                        double below = sums[k * (n + 1) + i];
                        bool here = s->mark == PLOT_STACK && i < s->n;
                        sums[(k + 1) * (n + 1) + i] = here ? below + s->y[i] : below;
                }
        for (size_t k = count; k-- > 0;) {
                const PlotSeries *s = &p->series[k];
                const double *high = &sums[(k + 1) * (n + 1)];
                size_t begin, end = 0;
                if (s->mark != PLOT_STACK)
                        continue;
                while (next_known(high, s->n, &begin, &end))
                        fill_between(d, p, f, s, sums, high, begin, end, 1);
                draw_edge(d, p, f, s, high);
        }
        for (size_t k = 0; k < count; k++)
                if (p->series[k].mark == PLOT_STACK)
                        name_area(d, p, f, &p->series[k], &sums[k * (n + 1)], &sums[(k + 1) * (n + 1)]);
}

/* ---- bars ---- */

static double bar_width(const Draw *d, const PlotPanel *p, const Frame *f)
{
        return MIN(f->size.x / (double)MAX(p->n_places, (size_t)1) * 0.6, 80 * d->unit);
}

static void draw_whisker(const Draw *d, const Frame *f, const PlotSeries *s, size_t i, double x, double y_low, double y_high,
                         PlotColor color)
{
        const Stroke stroke = {color, 1.4 * d->unit, 0}, halo = {d->colors->background, 3.4 * d->unit, 0};
        double low = frame_y(f, y_low, s->right), high = frame_y(f, y_high, s->right), cap = 4 * d->unit;

        if (!isfinite(y_low) || !isfinite(y_high) || y_low >= y_high)
                return;
        for (size_t pass = 0; pass < 2; pass++) { /* seen on a bar of any colour, too */
                const Stroke *with = pass ? &stroke : &halo;
                canvas_line(d->canvas, (Point){x, low}, (Point){x, high}, with);
                canvas_line(d->canvas, (Point){x - cap, low}, (Point){x + cap, low}, with);
                canvas_line(d->canvas, (Point){x - cap, high}, (Point){x + cap, high}, with);
        }
}

/* The whole of a bar: above it; where a line of the right axis runs about there, at its foot. */
static void name_bar(const Draw *d, const PlotPanel *p, const Frame *f, size_t i, double sum, double top)
{
        double slot = f->size.x / (double)MAX(p->n_places, (size_t)1), x = frame_x(f, (double)i);
        TextStyle style = {SIZE_AXIS * d->unit, d->colors->text, ANCHOR_MIDDLE, true};
        double y = frame_y(f, top, false) - 5 * d->unit;
        char value[FORMAT_MAX];

        plot_value(p->left.unit, sum, value);
        if (f->right_ticks.n > 0 && frame_y(f, 0, false) - frame_y(f, sum, false) > 20 * d->unit) {
                for (size_t k = 0; k < p->n_series; k++)
                        if (p->series[k].mark == PLOT_BAR) {
                                bool light = plot_color_is_light(p->series[k].color);
                                style.color = plot_colors(light ? PLOT_LIGHT : PLOT_DARK)->text;
                                break;
                        }
                y = frame_y(f, 0, false) - 7 * d->unit;
                slot = bar_width(d, p, f);
        }
        if (draw_span(d, value, SIZE_AXIS, true) < slot)
                draw_text(d, (Point){x, y}, value, &style, 0);
}

static void draw_bars(const Draw *d, const PlotPanel *p, const Frame *f)
{
        double width = bar_width(d, p, f);

        for (size_t i = 0; i < p->n_places; i++) {
                double sum = 0, x = frame_x(f, (double)i), top = 0;
                bool known = false;
                for (size_t k = 0; k < p->n_series; k++) {
                        const PlotSeries *s = &p->series[k];
                        if (s->mark != PLOT_BAR || i >= s->n || !isfinite(s->y[i]))
                                continue;
                        double from = frame_y(f, sum, false), to = frame_y(f, sum + s->y[i], false);
                        canvas_rectangle(d->canvas, (Point){x - width / 2, to}, (Point){width, from - to}, s->color, 1);
                        canvas_line(d->canvas, (Point){x - width / 2, to}, (Point){x + width / 2, to},
                                    &(Stroke){d->colors->background, 0.8 * d->unit, 0});
                        sum += s->y[i];
                        top = MAX(top, sum);
                        known = true;
                        if (s->low && s->high) {
                                double at = f->right_ticks.n > 0 ? x - width * 0.36 : x;
                                draw_whisker(d, f, s, i, at, s->low[i], s->high[i], d->colors->text);
                                top = fmax(top, s->high[i]);
                        }
                }
                if (known)
                        name_bar(d, p, f, i, sum, top);
        }
}

/* Lines over places, and lines of few points, have a dot at each. */
static void draw_dots(const Draw *d, const PlotPanel *p, const Frame *f, const PlotSeries *s)
{
        for (size_t i = 0; i < s->n; i++) {
                if (!isfinite(s->y[i]))
                        continue;
                if (s->low && s->high && p->places)
                        draw_whisker(d, f, s, i, frame_x(f, series_x(p, s, i)), s->low[i], s->high[i], s->color);
                draw_dot(d, p, f, s, i);
        }
}

/* Whether nothing is known of any series in a step of a stack. */
static bool is_gap(const PlotPanel *p, size_t i)
{
        for (size_t k = 0; k < p->n_series; k++)
                if (i < p->series[k].n && isfinite(p->series[k].y[i]))
                        return false;
        return true;
}

/* Says of a gap between what is known that it is one: 0 would look alike. */
static void draw_gaps(const Draw *d, const PlotPanel *p, const Frame *f)
{
        static const char said[] = "not recorded";
        const TextStyle style = {SIZE_AXIS * d->unit, d->colors->dim, ANCHOR_MIDDLE, false};
        const PlotSeries *s = &p->series[0];
        size_t begin = 0;

        for (size_t i = 0; i < s->n; i++) {
                bool first = i == 0 || !is_gap(p, i - 1);
                if (!is_gap(p, i))
                        continue;
                begin = first ? i : begin;
                if (begin == 0 || i + 1 == s->n || is_gap(p, i + 1))
                        continue;
                double from = frame_x(f, series_x(p, s, begin)), to = frame_x(f, series_x(p, s, i + 1));
                canvas_rectangle(d->canvas, (Point){from, f->corner.y}, (Point){to - from, f->size.y},
                                 d->colors->hairline, 0.5);
                if (draw_span(d, said, SIZE_AXIS, false) + 6 * d->unit < to - from)
                        draw_text(d, (Point){(from + to) / 2, f->corner.y + f->size.y / 2}, said, &style, 0);
        }
}

void draw_series(const Draw *d, const PlotPanel *p, const Frame *f)
{
        d->canvas->ops->clip(d->canvas, (Point){f->corner.x, f->corner.y - 2 * d->unit},
                             (Point){f->size.x, f->size.y + 3 * d->unit});
        if (panel_has(p, PLOT_STACK)) {
                draw_gaps(d, p, f);
                draw_stack(d, p, f);
        }
        if (panel_has(p, PLOT_BAR))
                draw_bars(d, p, f);
        for (size_t k = p->n_series; k-- > 0;) /* the largest on top */
                if (p->series[k].mark == PLOT_LINE) {
                        draw_line(d, p, f, &p->series[k]);
                        if (p->places || (!p->steps && p->series[k].n <= 40))
                                draw_dots(d, p, f, &p->series[k]);
                }
        d->canvas->ops->unclip(d->canvas);
}
