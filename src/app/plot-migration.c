/* Folio migration as kdevops plots it: cumulative success, calls per minute, success per interval; dev
 * (dashed) over baseline, with what they differ by in a box. */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "app/plot-command.h"
#include "base/cleanup.h"
#include "base/clock.h"
#include "model/migration-series.h"

static const char *table_of(const PlotRequest *request, PlotRun *run)
{
        if (request->table)
                return run_reader_has(run->reader, request->table) ? request->table : NULL;
        for (const char *const *usual = migration_tables; *usual; usual++)
                if (run_reader_has(run->reader, *usual))
                        return *usual;
        return NULL;
}

static int observe(const Batch *rows, void *data)
{
        migration_series_observe(data, rows);
        return 0;
}

static int read_run(const PlotRequest *request, PlotRun *run, MigrationSeries *m, Error *err)
{
        const char *table = table_of(request, run);

        if (!table)
                return error_set(err, EINVAL, "plot: %s has no table %s; record one with --preset kdevops or "
                                 "-m migrate", run->name, request->table ? request->table : "folio_migration or migrate");
        if (migration_series_init(m) < 0)
                return error_set(err, ENOMEM, "out of memory");
        return run_reader_each(run->reader, table, NULL, observe, m, err);
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

static int add_run(const PlotRun *run, size_t nth, const MigrationSeries *m, Plot *plot)
{
        double sum = m->n > 0 ? m->points[m->n - 1].success : 0, sum_calls = m->n > 0 ? m->points[m->n - 1].calls : 0;
        double most_calls = 0;
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
                const MigrationPoint *p = &m->points[i], *before = i ? p - 1 : p;
                double success = p->success - before->success, calls = p->calls - before->calls;
                for (size_t k = 0; k < 3; k++)
                        series[k]->x[i] = p->t_s;
                series[0]->y[i] = m->n > 1 ? p->success : NAN;
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

static void add_to_side(Side *side, const MigrationSeries *m)
{
        side->calls += m->calls;
        side->success += m->success;
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
                MigrationSeries m = {0};
                int r = read_run(request, &runs[i], &m, err);
                if (r == 0 && add_run(&runs[i], i, &m, plot) < 0)
                        r = error_set(err, ENOMEM, "out of memory");
                if (r == 0)
                        add_to_side(&sides[runs[i].dev], &m);
                migration_series_done(&m);
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
