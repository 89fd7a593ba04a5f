/* Names of series: at the ends of lines, else in a column beside the panel, by size; below it where the
 * picture is narrow. */
#include <math.h>
#include <stdlib.h>

#include "base/cleanup.h"
#include "base/macros.h"
#include "plot/draw.h"

#define GAP 6.0

static void entry_text(const PlotSeries *s, String *to)
{
        string_add(to, s->name);
        if (s->value && *s->value)
                string_add_format(to, "  %s", s->value);
}

static double entry_width(const Draw *d, const PlotSeries *s)
{
        _cleanup_string_ String text = {0}, safe = {0};

        entry_text(s, &text);
        string_add_shown(&safe, string_get(&text), 48, false);
        return draw_span(d, string_get(&safe), SIZE_LEGEND, false) + (SWATCH + 2 * GAP) * d->unit;
}

double legend_width(const Draw *d, const PlotPanel *p)
{
        double most = p->values && p->n_series > 0 ? draw_span(d, p->values, SIZE_AXIS, false) + 2 * d->unit : 0;

        for (size_t k = 0; k < p->n_series; k++) {
                double width = entry_width(d, &p->series[k]);
                most = MAX(most, width);
        }
        return most;
}

/* The name in full and the value, of which the value is never cut. */
static void draw_entry(const Draw *d, const PlotSeries *s, Point base, double width)
{
        TextStyle style = {SIZE_LEGEND * d->unit, d->colors->text, ANCHOR_START, false};
        double value = s->value && *s->value ? draw_span(d, s->value, SIZE_LEGEND, false) + GAP * d->unit : 0;
        double swatch = SWATCH * d->unit;
        Point at = {base.x + swatch + GAP * d->unit, base.y};
        _cleanup_string_ String name = {0};

        if (s->mark == PLOT_LINE)
                canvas_line(d->canvas, (Point){base.x, base.y - swatch * 0.4}, (Point){base.x + swatch, base.y - swatch * 0.4},
                            &(Stroke){s->color, 2.4 * d->unit, s->dashed ? swatch * 0.3 : 0});
        else
                canvas_rectangle(d->canvas, (Point){base.x, base.y - swatch * 0.9}, (Point){swatch, swatch}, s->color, 1);
        double left = MAX(width - swatch - GAP * d->unit - value, SIZE_LEGEND * d->unit);
        text_fit(&name, s->name, style.size, false, left);
        draw_text(d, at, string_get(&name), &style, 0);
        if (value == 0)
                return;
        at.x += draw_span(d, string_get(&name), SIZE_LEGEND, false) + GAP * d->unit;
        style.color = d->colors->dim;
        draw_text(d, at, s->value, &style, 0);
}

/* Where a line ends: its last known value. */
static Point end_of(const PlotPanel *p, const Frame *f, const PlotSeries *s)
{
        for (size_t i = s->n; i-- > 0;)
                if (isfinite(s->y[i]))
                        return (Point){frame_x(f, series_x(p, s, i)), frame_y(f, s->y[i], s->right)};
        return (Point){f->corner.x, f->corner.y + f->size.y};
}

typedef struct End {
        double y;
        bool early; /* long before the others: nothing leads from it to its name */
        long row; /* of text, that it lies in */
        size_t series;
} End;

/* Of lines that end at about the same height the larger one is named above. */
static int compare_ends(const void *a, const void *b)
{
        const End *x = a, *y = b;

        if (x->row != y->row)
                return x->row < y->row ? -1 : 1;
        return x->series < y->series ? -1 : 1;
}

static void say_more(const Draw *d, Point at, size_t n, double width)
{
        _cleanup_string_ String text = {0};
        const TextStyle style = {SIZE_LEGEND * d->unit, d->colors->dim, ANCHOR_START, false};

        string_add_format(&text, "and %zu more", n);
        draw_text(d, at, string_get(&text), &style, width);
}

static void draw_ends(const Draw *d, const PlotPanel *p, const Frame *f, double x, double width)
{
        _cleanup_free_ End *ends = calloc(p->n_series + 1, sizeof *ends);
        _cleanup_free_ double *at = calloc(p->n_series + 1, sizeof *at);
        double middle = SIZE_LEGEND * 0.36 * d->unit, lead = 14 * d->unit, row = LEGEND_ROW * d->unit;
        size_t room = (size_t)MAX(f->size.y / row, 1), n = MIN(p->n_series, room);

        if (!ends || !at)
                return;
        if (n < p->n_series && n > 1)
                n--;
        for (size_t k = 0; k < n; k++) {
                Point end = end_of(p, f, &p->series[k]);
                ends[k] = (End){end.y, end.x < f->corner.x + f->size.x * 0.97,
                                lround((end.y - f->corner.y) / row), k};
        }
        qsort(ends, n, sizeof *ends, compare_ends);
        for (size_t i = 0; i < n; i++)
                at[i] = ends[i].y;
        double bottom = f->corner.y + f->size.y - (n < p->n_series ? row : 0);
        n = labels_spread(at, n, row, f->corner.y + middle, bottom);
        for (size_t i = 0; i < n; i++) {
                const PlotSeries *s = &p->series[ends[i].series];
                const Stroke leader = {plot_mix(d->colors->hairline, d->colors->dim, 0.4), d->unit, 0};
                if (!s->right && !ends[i].early && fabs(at[i] - ends[i].y) > 1)
                        canvas_line(d->canvas, (Point){f->corner.x + f->size.x + 2 * d->unit, ends[i].y},
                                    (Point){x + lead * 0.8, at[i]}, &leader);
                draw_entry(d, s, (Point){x + lead, at[i] + middle}, width - lead);
        }
        if (n < p->n_series)
                say_more(d, (Point){x + lead, f->corner.y + f->size.y}, p->n_series - n, width - lead);
}

/* What the values behind the names are of. */
static void draw_value_head(const Draw *d, const PlotPanel *p, const Frame *f, double x, double width)
{
        const TextStyle style = {SIZE_AXIS * d->unit, d->colors->dim, ANCHOR_START, false};

        if (p->values)
                draw_text(d, (Point){x, f->corner.y - HEADS * d->unit}, p->values, &style, width);
}

void draw_legend_side(const Draw *d, const PlotPanel *p, const Frame *f, double x, double width)
{
        bool lines = true;

        draw_value_head(d, p, f, x + 14 * d->unit, width - 14 * d->unit);

        for (size_t k = 0; k < p->n_series; k++)
                lines &= p->series[k].mark == PLOT_LINE && !p->series[k].right;
        if (lines) {
                draw_ends(d, p, f, x, width);
                return;
        }
        double row = LEGEND_ROW * d->unit, lead = 14 * d->unit;
        size_t room = (size_t)MAX(f->size.y / row, 1), n = MIN(p->n_series, room);
        if (n < p->n_series && n > 1)
                n--;
        for (size_t k = 0; k < n; k++)
                draw_entry(d, &p->series[k], (Point){x + lead, f->corner.y + (double)k * row + SIZE_LEGEND * d->unit},
                           width - lead);
        if (n < p->n_series)
                say_more(d, (Point){x + lead, f->corner.y + (double)n * row + SIZE_LEGEND * d->unit}, p->n_series - n,
                         width - lead);
}

/* In rows; draws if `draw`, and returns the height either way. */
static double flow(const Draw *d, const PlotPanel *p, Point corner, double width, bool draw)
{
        double x = 0, row = LEGEND_ROW * d->unit, y = row;

        for (size_t k = 0; k < p->n_series; k++) {
                double span = MIN(entry_width(d, &p->series[k]), width);
                if (x > 0 && x + span > width) {
                        x = 0;
                        y += row;
                }
                if (draw)
                        draw_entry(d, &p->series[k], (Point){corner.x + x, corner.y + y - 4 * d->unit}, span);
                x += span + 8 * d->unit;
        }
        return p->n_series ? y : 0;
}

double legend_height(const Draw *d, const PlotPanel *p, double width)
{
        return flow(d, p, (Point){0}, width, false);
}

void draw_legend_below(const Draw *d, const PlotPanel *p, Point corner, double width)
{
        flow(d, p, corner, width, true);
}
