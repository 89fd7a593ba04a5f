/* Ranges, ticks, grid lines and limits of a panel. */
#include <math.h>
#include <string.h>

#include "base/macros.h"
#include "plot/draw.h"

#define HEADROOM 1.06

/* The highest and lowest of what is drawn at an axis; stacks and bars add up. */
static void find_range(const PlotPanel *p, bool right, double *least, double *most)
{
        *least = INFINITY;
        *most = -INFINITY;
        for (size_t k = 0; k < p->n_series; k++) {
                const PlotSeries *s = &p->series[k];
                for (size_t i = 0; s->right == right && i < s->n; i++) {
                        double low = s->low ? fmin(s->low[i], s->y[i]) : s->y[i];
                        double high = s->high ? fmax(s->high[i], s->y[i]) : s->y[i];
                        if (s->mark != PLOT_LINE)
                                for (size_t j = 0; j < k; j++)
                                        if (p->series[j].mark == s->mark && i < p->series[j].n &&
                                            isfinite(p->series[j].y[i]))
                                                high += p->series[j].y[i];
                        if (!isfinite(s->y[i]))
                                continue;
                        *least = fmin(*least, low);
                        *most = fmax(*most, high);
                }
        }
}

static void fit_axis(const PlotPanel *p, const PlotAxis *axis, bool right, double *ret_least, double *ret_most)
{
        double least, most;

        find_range(p, right, &least, &most);
        for (size_t i = 0; !right && i < p->n_limits; i++)
                most = fmax(most, p->limits[i].value);
        most = fmax(most, axis->most);
        if (!isfinite(most))
                most = axis->unit.kind == PLOT_PERCENT ? 100 : 1;
        bool below = isfinite(least) && least < axis->least;
        double begin = below ? least - (most - least) * (HEADROOM - 1) : axis->least;
        if (axis->close && isfinite(least) && least > axis->least + (most - axis->least) / 2)
                begin = fmax(least - fmax((most - least) * 0.2, fabs(least) * 0.02), axis->least);
        if (axis->unit.kind == PLOT_COUNT)
                most = MAX(most, begin + 1);
        if (most <= begin)
                most = begin + 1;
        *ret_least = begin;
        bool whole = axis->unit.kind == PLOT_PERCENT && most <= 100 && most > 94; /* 100 % is seen to be the end */
        *ret_most = whole ? 100 + (100 - begin) * 0.03 : begin + (most - begin) * HEADROOM;
}

void frame_fit(const PlotPanel *p, Frame *f)
{
        static const PlotUnit seconds = {.kind = PLOT_DURATION};
        bool right = false;

        for (size_t k = 0; k < p->n_series; k++)
                right |= p->series[k].right;
        fit_axis(p, &p->left, false, &f->left_least, &f->left_most);
        ticks_find(p->left.unit, f->left_least, f->left_most, &f->left_ticks);
        if (right) {
                fit_axis(p, &p->right, true, &f->right_least, &f->right_most);
                ticks_find(p->right.unit, f->right_least, f->right_most, &f->right_ticks);
        }
        f->x_least = p->places ? -0.5 : p->x_begin;
        f->x_most = p->places ? (double)MAX(p->n_places, (size_t)1) - 0.5 : p->x_end;
        if (f->x_most <= f->x_least)
                f->x_most = f->x_least + 1;
        if (!p->places)
                ticks_find(seconds, f->x_least, f->x_most, &f->x_ticks);
}

static double widest(const Draw *d, PlotUnit unit, const Ticks *ticks)
{
        char label[FORMAT_MAX];
        double most = 0;

        for (size_t i = 0; i < ticks->n; i++) {
                double span = draw_span(d, tick_label(unit, ticks->step, ticks->at[i], label), SIZE_AXIS, false);
                most = MAX(most, span);
        }
        return most;
}

double frame_left_margin(const Draw *d, const PlotPanel *p, const Frame *f)
{
        return widest(d, p->left.unit, &f->left_ticks) + 8 * d->unit;
}

double frame_right_margin(const Draw *d, const PlotPanel *p, const Frame *f)
{
        return f->right_ticks.n > 0 ? widest(d, p->right.unit, &f->right_ticks) + 10 * d->unit : 0;
}

static void draw_places(const Draw *d, const PlotPanel *p, const Frame *f)
{
        const TextStyle style = {SIZE_AXIS * d->unit, d->colors->text, ANCHOR_MIDDLE, false};
        double slot = f->size.x / (double)MAX(p->n_places, (size_t)1);

        for (size_t i = 0; i < p->n_places; i++)
                draw_text(d, (Point){frame_x(f, (double)i), f->corner.y + f->size.y + 15 * d->unit}, p->places[i],
                          &style, slot * 0.96);
}

static void draw_x_axis(const Draw *d, const PlotPanel *p, const Frame *f)
{
        static const PlotUnit seconds = {.kind = PLOT_DURATION};
        const Stroke line = {d->colors->dim, 1.1 * d->unit, 0};
        double bottom = f->corner.y + f->size.y, right = f->corner.x + f->size.x;
        TextStyle style = {SIZE_AXIS * d->unit, d->colors->text, ANCHOR_MIDDLE, false};
        char label[FORMAT_MAX];

        canvas_line(d->canvas, (Point){f->corner.x, bottom}, (Point){right, bottom}, &line);
        if (p->places)
                draw_places(d, p, f);
        for (size_t i = 0; i < f->x_ticks.n; i++) {
                double x = frame_x(f, f->x_ticks.at[i]);
                tick_label(seconds, f->x_ticks.step, f->x_ticks.at[i], label);
                canvas_line(d->canvas, (Point){x, bottom}, (Point){x, bottom + 4 * d->unit}, &line);
                draw_text(d, (Point){x, bottom + 15 * d->unit}, label, &style, 0);
        }
        if (!p->x_label)
                return;
        style.color = d->colors->dim;
        draw_text(d, (Point){f->corner.x + f->size.x / 2, bottom + 30 * d->unit}, p->x_label, &style, f->size.x);
}

void draw_axes(const Draw *d, const PlotPanel *p, const Frame *f)
{
        const Stroke grid = {d->colors->hairline, d->unit, 0};
        double right = f->corner.x + f->size.x, middle = SIZE_AXIS * 0.36 * d->unit;
        TextStyle style = {SIZE_AXIS * d->unit, d->colors->text, ANCHOR_END, false};
        char label[FORMAT_MAX];

        if (panel_is_empty(p)) { /* an axis of nothing would tell of values */
                draw_x_axis(d, p, f);
                return;
        }
        for (size_t i = 0; i < f->left_ticks.n; i++) {
                double y = frame_y(f, f->left_ticks.at[i], false);
                canvas_line(d->canvas, (Point){f->corner.x, y}, (Point){right, y}, &grid);
                tick_label(p->left.unit, f->left_ticks.step, f->left_ticks.at[i], label);
                draw_text(d, (Point){f->corner.x - 6 * d->unit, y + middle}, label, &style, 0);
        }
        style.anchor = ANCHOR_START;
        for (size_t i = 0; i < f->right_ticks.n; i++) {
                double y = frame_y(f, f->right_ticks.at[i], true);
                tick_label(p->right.unit, f->right_ticks.step, f->right_ticks.at[i], label);
                canvas_line(d->canvas, (Point){right, y}, (Point){right + 4 * d->unit, y},
                            &(Stroke){d->colors->dim, d->unit, 0});
                draw_text(d, (Point){right + 7 * d->unit, y + middle}, label, &style, 0);
        }
        draw_x_axis(d, p, f);
}

/* Dashed lines, each with its name above it at the right; names that would touch are moved apart. */
void draw_limits(const Draw *d, const PlotPanel *p, const Frame *f)
{
        enum { LIMITS_MOST = 8 };
        const TextStyle style = {SIZE_AXIS * d->unit, d->colors->text, ANCHOR_END, false};
        const Stroke line = {d->colors->text, 1.3 * d->unit, 6 * d->unit};
        double right = f->corner.x + f->size.x, at[LIMITS_MOST];
        size_t order[LIMITS_MOST], n = MIN(p->n_limits, (size_t)LIMITS_MOST);

        for (size_t i = 0; i < n; i++) {
                size_t k = i;
                for (; k > 0 && p->limits[order[k - 1]].value < p->limits[i].value; k--)
                        order[k] = order[k - 1];
                order[k] = i;
        }
        for (size_t i = 0; i < n; i++) {
                double y = frame_y(f, p->limits[order[i]].value, false);
                canvas_line(d->canvas, (Point){f->corner.x, y}, (Point){right, y}, &line);
                at[i] = y - 4 * d->unit;
        }
        double apart = (SIZE_AXIS + 3) * d->unit;
        n = labels_spread(at, n, apart, f->corner.y + SIZE_AXIS * d->unit, f->corner.y + f->size.y - 3 * d->unit);
        for (size_t i = 0; i < n; i++) {
                _cleanup_string_ String text = {0};
                char value[FORMAT_MAX];
                string_add_format(&text, "%s: %s", p->limits[order[i]].name,
                                  plot_value(p->left.unit, p->limits[order[i]].value, value));
                double span = MIN(draw_span(d, string_get(&text), SIZE_AXIS, false), f->size.x * 0.8);
                canvas_rectangle(d->canvas, (Point){right - span - 10 * d->unit, at[i] - SIZE_AXIS * d->unit},
                                 (Point){span + 8 * d->unit, (SIZE_AXIS + 2) * d->unit}, d->colors->background, 0.75);
                draw_text(d, (Point){right - 6 * d->unit, at[i]}, string_get(&text), &style, f->size.x * 0.8);
        }
}
