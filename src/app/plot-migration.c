/* Folio migration as kdevops plots it: cumulative success, calls per minute, success per interval; dev
 * (dashed) over baseline, with what they differ by in a box. */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "app/plot-command.h"
#include "base/cleanup.h"
#include "base/clock.h"

enum { POINTS_MOST = 20000 };

typedef struct Point3 {
        double t_s, success, total; /* NAN: unknown */
} Point3;

typedef struct Migration {
        Point3 *points;
        size_t n, skip; /* every skip + 1st row is taken: a very long run */
        size_t seen;
} Migration;

static const char *table_of(const PlotRequest *request, PlotRun *run)
{
        static const char *const usual[] = {"folio_migration", "migrate"};

        if (request->table)
                return plot_has_table(run, request->table) ? request->table : NULL;
        for (size_t i = 0; i < ARRAY_LENGTH(usual); i++)
                if (plot_has_table(run, usual[i]))
                        return usual[i];
        return NULL;
}

/* Under headings a table has a column of the name for each; they add up. */
static double sum_of(const Batch *rows, size_t row, const char *name)
{
        const Schema *schema = batch_schema(rows);
        double sum = NAN;
        size_t size = strlen(name);

        for (size_t i = 0; i < schema->n_columns; i++) {
                const char *column = schema->columns[i].name;
                size_t length = strlen(column);
                bool is = text_equal(column, name) ||
                          (length > size && column[length - size - 1] == '_' && text_equal(column + length - size, name));
                if (is && schema->columns[i].role != ROLE_KEY && schema->columns[i].type != COLUMN_TEXT &&
                    !batch_is_null(rows, i, row))
                        sum = (isnan(sum) ? 0 : sum) + batch_f64(rows, i, row);
        }
        return sum;
}

static void thin_out(Migration *m)
{
        for (size_t i = 0; i < m->n / 2; i++)
                m->points[i] = m->points[2 * i];
        m->n /= 2;
        m->skip = m->skip * 2 + 1;
}

static int observe(const Batch *rows, void *data)
{
        Migration *m = data;
        int t = schema_find(batch_schema(rows), "t_ns");

        for (size_t row = 0; t >= 0 && row < batch_rows(rows); row++) {
                if (batch_is_null(rows, (size_t)t, row) || m->seen++ % (m->skip + 1) != 0)
                        continue;
                Point3 p = {batch_f64(rows, (size_t)t, row) / 1e9, sum_of(rows, row, "success"),
                            sum_of(rows, row, "total")};
                if (isnan(p.total))
                        p.total = sum_of(rows, row, "calls");
                if (isnan(p.total))
                        p.total = p.success + sum_of(rows, row, "fail");
                if (isnan(p.success) || isnan(p.total) || (m->n > 0 && p.t_s <= m->points[m->n - 1].t_s))
                        continue;
                if (m->n == POINTS_MOST)
                        thin_out(m);
                m->points[m->n++] = p;
        }
        return 0;
}

static int read_run(const PlotRequest *request, PlotRun *run, Migration *m, Error *err)
{
        const char *table = table_of(request, run);

        if (!table)
                return error_set(err, EINVAL, "plot: %s has no table %s; record one with --preset kdevops or "
                                 "-m migrate", run->name, request->table ? request->table : "folio_migration or migrate");
        m->points = calloc(POINTS_MOST, sizeof *m->points);
        if (!m->points)
                return error_set(err, ENOMEM, "out of memory");
        return plot_read(run, table, NULL, observe, m, err);
}

/* ---- panels ---- */

static int add_panels(Plot *plot)
{
        static const struct {
                const char *title, *label, *values;
                PlotUnitKind kind;
        } heads[] = {{"Cumulative success", "migrations since the start", "in all", PLOT_COUNT},
                     {"Calls per minute", "in each interval", "highest", PLOT_NUMBER},
                     {"Success", "of the calls in each interval", "of all calls", PLOT_PERCENT}};

        for (size_t i = 0; i < ARRAY_LENGTH(heads); i++) {
                PlotPanel *p = plot_time_panel(plot, 0);
                if (!p)
                        return -ENOMEM;
                free(p->x_label);
                p->x_label = i + 1 == ARRAY_LENGTH(heads) ? strdup("time since the start") : NULL;
                p->steps = i > 0;
                p->title = strdup(heads[i].title);
                p->left = (PlotAxis){.unit = {heads[i].kind, NULL}, .label = strdup(heads[i].label),
                                     .most = heads[i].kind == PLOT_PERCENT ? 100 : 0,
                                     .close = heads[i].kind == PLOT_PERCENT};
                p->empty = strdup("fewer than two samples: no interval is known");
                p->values = strdup(heads[i].values);
                if (!p->title || !p->values || !p->left.label || !p->empty)
                        return -ENOMEM;
        }
        return 0;
}

/* A counter that falls was reset: what it shows is growth. */
static double growth(double before, double now)
{
        return now >= before ? now - before : now;
}

static int add_run(const PlotRun *run, size_t nth, const Migration *m, Plot *plot)
{
        double sum = 0, sum_calls = 0, most_calls = 0;
        char value[FORMAT_MAX];
        PlotSeries *series[3];

        for (size_t i = 0; i < 3; i++) {
                series[i] = plot_add_series(&plot->panels[i], run->name, PLOT_LINE, plot_palette(nth), m->n);
                if (!series[i])
                        return -ENOMEM;
                series[i]->dashed = run->dev;
                series[i]->x = calloc(m->n + 1, sizeof *series[i]->x);
                if (!series[i]->x)
                        return -ENOMEM;
                double end = m->n ? m->points[m->n - 1].t_s : 0;
                plot->panels[i].x_end = fmax(plot->panels[i].x_end, end);
        }
        for (size_t i = 0; i < m->n; i++) {
                const Point3 *p = &m->points[i], *before = i ? p - 1 : p;
                double success = growth(before->success, p->success), calls = growth(before->total, p->total);
                for (size_t k = 0; k < 3; k++)
                        series[k]->x[i] = p->t_s;
                sum += success;
                sum_calls += calls;
                series[0]->y[i] = m->n > 1 ? sum : NAN;
                /* What happened up to here stands from the sample before on. */
                series[1]->y[i] = series[2]->y[i] = NAN;
                if (i == 0)
                        continue;
                series[1]->y[i - 1] = calls / (p->t_s - before->t_s) * 60;
                series[2]->y[i - 1] = calls > 0 ? success / calls * 100 : NAN;
                most_calls = fmax(most_calls, series[1]->y[i - 1]);
                if (i + 1 == m->n) {
                        series[1]->y[i] = series[1]->y[i - 1];
                        series[2]->y[i] = series[2]->y[i - 1];
                }
        }
        series[0]->value = strdup(plot_value(plot->panels[0].left.unit, sum, value));
        series[1]->value = strdup(plot_value(plot->panels[1].left.unit, most_calls, value));
        series[2]->value = strdup(plot_value(plot->panels[2].left.unit, sum_calls > 0 ? sum / sum_calls * 100 : NAN, value));
        return series[0]->value && series[1]->value && series[2]->value ? 0 : -ENOMEM;
}

/* ---- baseline and dev ---- */

typedef struct Side {
        double calls, success; /* sums over its runs */
        size_t n;
} Side;

static void add_to_side(Side *side, const Migration *m)
{
        for (size_t i = 1; i < m->n; i++) {
                side->calls += growth(m->points[i - 1].total, m->points[i].total);
                side->success += growth(m->points[i - 1].success, m->points[i].success);
        }
        side->n++;
}

/* Runs of a side are averaged. */
static char *difference(const Side *base, const Side *dev)
{
        _cleanup_string_ String text = {0};
        char a[FORMAT_MAX], b[FORMAT_MAX], c[FORMAT_MAX];
        double calls_a = base->calls / (double)base->n, calls_b = dev->calls / (double)dev->n;
        double rate_a = base->success / base->calls * 100, rate_b = dev->success / dev->calls * 100;

        string_add_format(&text, "dev against baseline%s\n", base->n > 1 || dev->n > 1 ? ", means of the runs" : "");
        string_add_format(&text, "total calls: %s to %s", format_count(a, (uint64_t)calls_a),
                          format_count(b, (uint64_t)calls_b));
        if (calls_a > 0)
                string_add_format(&text, ", %s%s (%+.1f %%)", calls_b >= calls_a ? "+" : "-",
                                  format_count(c, (uint64_t)fabs(calls_b - calls_a)), (calls_b / calls_a - 1) * 100);
        if (isfinite(rate_a) && isfinite(rate_b))
                string_add_format(&text, "\nsuccess: %.1f %% to %.1f %%, %+.1f points", rate_a, rate_b,
                                  rate_b - rate_a);
        return string_take(&text);
}

int plot_make_migration(const PlotRequest *request, PlotRun *runs, size_t n, Plot *plot, Error *err)
{
        _cleanup_string_ String subtitle = {0};
        Side sides[2] = {0};

        if (add_panels(plot) < 0)
                return error_set(err, ENOMEM, "out of memory");
        for (size_t i = 0; i < n; i++) {
                Migration m = {0};
                int r = read_run(request, &runs[i], &m, err);
                if (r == 0 && add_run(&runs[i], i, &m, plot) < 0)
                        r = error_set(err, ENOMEM, "out of memory");
                if (r == 0)
                        add_to_side(&sides[runs[i].dev], &m);
                free(m.points);
                if (r < 0)
                        return r;
        }
        if (sides[0].n > 0 && sides[1].n > 0) {
                plot->panels[0].box = difference(&sides[0], &sides[1]);
                if (!plot->panels[0].box)
                        return error_set(err, ENOMEM, "out of memory");
        }
        if (n > 1)
                string_add(&subtitle, sides[1].n > 0 ? "aligned at the start; dev is dashed" : "aligned at the start");
        return plot_describe(request, "Folio migration", runs, n, &subtitle, plot) < 0
                       ? error_set(err, ENOMEM, "out of memory")
                       : 0;
}
