/* Any column of any table, described by its Schema: a line for each thing that its keys tell apart. */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "app/plot-processes.h"
#include "base/cleanup.h"
#include "base/clock.h"
#include "base/nearest.h"
#include "model/column-series.h"
#include "monitor/monitor.h"
#include "table/process-tables.h"

enum { BUCKETS = 900, RESAMPLED_MOST = 100000 };

/* How a unit is shown; `factor` makes the column's numbers those. */
typedef struct Shown {
        PlotUnit unit;
        double factor;
} Shown;

static Shown shown_gauge(Unit unit)
{
        switch (unit) {
        case UNIT_BYTES:
                return (Shown){{PLOT_BYTES, NULL}, 1};
        case UNIT_NS:
                return (Shown){{PLOT_DURATION, NULL}, 1e-9};
        case UNIT_US:
                return (Shown){{PLOT_DURATION, NULL}, 1e-6};
        case UNIT_MS:
                return (Shown){{PLOT_DURATION, NULL}, 1e-3};
        case UNIT_SECONDS:
                return (Shown){{PLOT_DURATION, NULL}, 1};
        case UNIT_RATIO:
                return (Shown){{PLOT_PERCENT, NULL}, 100};
        case UNIT_PERCENT:
                return (Shown){{PLOT_PERCENT, NULL}, 1};
        case UNIT_CELSIUS:
                return (Shown){{PLOT_NUMBER, "°C"}, 1};
        case UNIT_WATTS:
                return (Shown){{PLOT_NUMBER, "W"}, 1};
        case UNIT_MICROJOULES:
                return (Shown){{PLOT_NUMBER, "J"}, 1e-6};
        case UNIT_HERTZ:
                return (Shown){{PLOT_NUMBER, "Hz"}, 1};
        case UNIT_RPM:
                return (Shown){{PLOT_NUMBER, "rpm"}, 1};
        case UNIT_VOLTS:
                return (Shown){{PLOT_NUMBER, "V"}, 1};
        case UNIT_COUNT:
        case UNIT_PAGES:
                return (Shown){{PLOT_COUNT, NULL}, 1};
        case UNIT_NONE:
                break;
        }
        return (Shown){{PLOT_NUMBER, NULL}, 1};
}

/* Per second: time a second is a part of it, energy a second is power. */
static Shown shown_rate(Unit unit)
{
        switch (unit) {
        case UNIT_BYTES:
                return (Shown){{PLOT_BYTES, "/s"}, 1};
        case UNIT_NS:
                return (Shown){{PLOT_PERCENT, NULL}, 1e-7};
        case UNIT_US:
                return (Shown){{PLOT_PERCENT, NULL}, 1e-4};
        case UNIT_MS:
                return (Shown){{PLOT_PERCENT, NULL}, 0.1};
        case UNIT_SECONDS:
                return (Shown){{PLOT_PERCENT, NULL}, 100};
        case UNIT_MICROJOULES:
                return (Shown){{PLOT_NUMBER, "W"}, 1e-6};
        default:
                return (Shown){{PLOT_NUMBER, "/s"}, 1};
        }
}

static Shown shown_of(const Column *column)
{
        return column->role == ROLE_COUNTER ? shown_rate(column->unit) : shown_gauge(column->unit);
}

static bool can_be_shown(const Column *column)
{
        return (column->role == ROLE_GAUGE || column->role == ROLE_COUNTER) && column->type != COLUMN_TEXT &&
               column->type != COLUMN_TIME;
}

/* Whether all columns asked for are there, and can share an axis. */
static int check_columns(const PlotRequest *request, const Schema *schema, Error *err)
{
        Shown first = {0};

        for (size_t i = 0; i < request->columns.n; i++) {
                const char *name = request->columns.items[i];
                int at = schema_find(schema, name);
                if (at < 0 || !can_be_shown(&schema->columns[at])) {
                        _cleanup_string_ String there = {0};
                        for (size_t k = 0; k < schema->n_columns; k++)
                                if (can_be_shown(&schema->columns[k]))
                                        string_add_format(&there, "%s%s", there.size ? ", " : "",
                                                          schema->columns[k].name);
                        return error_set(err, EINVAL, "plot: the table %s has no column %s of numbers; it has %s",
                                         request->table, name, there.size ? string_get(&there) : "none");
                }
                Shown shown = shown_of(&schema->columns[at]);
                if (i == 0)
                        first = shown;
                else if (shown.unit.kind != first.unit.kind || !text_equal(shown.unit.suffix ? shown.unit.suffix : "",
                                                                           first.unit.suffix ? first.unit.suffix : ""))
                        return error_set(err, EINVAL, "plot: the columns %s and %s have different units; expected "
                                         "columns of one", request->columns.items[0], name);
        }
        return 0;
}

/* ---- reading ---- */

typedef struct Reading {
        const PlotRequest *request;
        ColumnSeriesOptions options;
        ColumnSeriesBuilder *builder; /* made at the first rows, of their schema */
        bool of_processes;
        ShownProcesses shown;         /* then only of these */
        Error *err;
} Reading;

static bool keep(const char *thing, void *data)
{
        const Reading *r = data;
        const PlotRequest *request = r->request;

        if (r->of_processes)
                return plot_process_of(&r->shown, thing) != NULL;
        for (size_t i = 0; i < request->keys.n; i++)
                if (strstr(thing, request->keys.items[i]))
                        return true;
        return request->keys.n == 0;
}

static int observe(const Batch *rows, void *data)
{
        Reading *r = data;

        if (!r->builder) {
                int made = column_series_new(batch_schema(rows), &r->options, &r->builder);
                if (made == 1)
                        return error_set(r->err, EINVAL, "plot: the table %s has no times: its rows are not of "
                                         "moments", r->request->table);
                if (made < 0)
                        return made;
        }
        return column_series_observe(r->builder, rows);
}

/* What is to be read: the time, the keys, and what was asked for. Borrowed from the schema; owned array. */
static const char **columns_read(const PlotRequest *request, const Schema *schema)
{
        const char **names = calloc(schema->n_columns + 1, sizeof *names);
        size_t n = 0;

        for (size_t i = 0; names && i < schema->n_columns; i++) {
                const Column *c = &schema->columns[i];
                bool wanted = text_equal(c->name, "t_ns") || (c->role == ROLE_KEY && c->type != COLUMN_TIME);
                for (size_t k = 0; !wanted && k < request->columns.n; k++)
                        wanted = text_equal(c->name, request->columns.items[k]);
                if (wanted)
                        names[n++] = c->name;
        }
        return names;
}

/* *ret_schema is owned. */
static int check_table(const PlotRequest *request, PlotRun *run, Schema **ret_schema, Error *err)
{
        _cleanup_(run_cursor_freep) RunCursor *cursor = NULL;
        _cleanup_string_ String there = {0};

        if (run_reader_has(run->reader, request->table)) {
                int r = run_cursor_new(run->reader, request->table, NULL, &cursor, err);
                if (r < 0)
                        return r;
                r = check_columns(request, run_cursor_schema(cursor), err);
                if (r < 0)
                        return r;
                *ret_schema = schema_copy(run_cursor_schema(cursor));
                return *ret_schema ? 0 : error_set(err, ENOMEM, "out of memory");
        }
        for (const char *const *t = run_reader_tables(run->reader); t && *t; t++)
                string_add_format(&there, "%s%s", there.size ? ", " : "", *t);
        return error_set(err, EINVAL, "plot: the run has no table %s; it has %s", request->table,
                         there.size ? string_get(&there) : "none");
}

static size_t choose_buckets(const PlotRequest *request, uint64_t span_ns)
{
        return request->resample_ns && span_ns ? MIN(span_ns / request->resample_ns + 1, (uint64_t)RESAMPLED_MOST)
                                               : BUCKETS;
}

/* A row of a process holds until its end, not for the rest of the run. */
static void cut_at_ends(const ColumnSeries *s, const ShownProcesses *shown)
{
        for (size_t k = 0; k < s->n_lines; k++) {
                const ShownProcess *p = plot_process_of(shown, s->lines[k].thing);
                for (size_t i = 0; p && i < s->n_buckets; i++)
                        if ((int64_t)(i * s->width_ns) > p->end_ns)
                                s->lines[k].low[i] = s->lines[k].high[i] = NAN;
        }
}

static int read_series(Reading *reading, PlotRun *run, ColumnSeries **ret, Error *err)
{
        const PlotRequest *request = reading->request;
        uint64_t span = run->end_ns > 0 ? (uint64_t)run->end_ns : 0;
        uint64_t interval = plot_table_interval_ns(run, request->table), tick = run_reader_info(run->reader)->interval_ns;
        _cleanup_free_ const char **names = calloc(request->columns.n + 1, sizeof *names), **read = NULL;
        _cleanup_free_ Schema *schema = NULL;

        if (!names)
                return error_set(err, ENOMEM, "out of memory");
        for (size_t i = 0; i < request->columns.n; i++)
                names[i] = request->columns.items[i];
        if (interval == 0 && tick != RUN_UNKNOWN) /* a row each tick: totals, samples */
                interval = tick;
        reading->options = (ColumnSeriesOptions){
                .buckets = choose_buckets(request, span),
                .span_ns = span,
                .interval_ns = interval,
                .columns = names,
                .keep = keep,
                .data = reading,
        };
        int r = check_table(request, run, &schema, err);
        if (r < 0)
                return r;
        read = columns_read(request, schema);
        if (!read)
                return error_set(err, ENOMEM, "out of memory");
        reading->of_processes = plot_is_of_processes(schema);
        if (reading->of_processes)
                r = plot_choose_processes(request, run, &reading->shown, err);
        if (r == 0)
                r = run_reader_each(run->reader, request->table, read, observe, reading, err);
        if (r == 0 && reading->builder) {
                r = column_series_finish(reading->builder, run->end_ns, ret);
                if (r < 0)
                        error_set(err, ENOMEM, "out of memory");
                else if (reading->of_processes)
                        cut_at_ends(*ret, &reading->shown);
        }
        column_series_builder_free(reading->builder);
        return r;
}

/* ---- lines ---- */

static int compare_lines(const void *a, const void *b)
{
        const ColumnLine *x = *(const ColumnLine *const *)a, *y = *(const ColumnLine *const *)b;

        if (x->most != y->most)
                return x->most < y->most ? 1 : -1;
        int r = strcmp(x->thing, y->thing);
        return r ? r : strcmp(x->column->name, y->column->name);
}

static void name_line(const Reading *reading, const PlotRun *run, size_t n_runs, const ColumnSeries *s,
                      const ColumnLine *line, String *to)
{
        const PlotRequest *request = reading->request;
        const ShownProcess *process = reading->of_processes ? plot_process_of(&reading->shown, line->thing) : NULL;

        if (n_runs > 1)
                string_add(to, run->name);
        if (process)
                string_add_format(to, "%s%s, pid %d", to->size ? " " : "", process->name, process->pid);
        else if (line->thing[0] || s->n_things > 1) /* one without a name among others stands for them all */
                string_add_format(to, "%s%s", to->size ? " " : "", line->thing[0] ? line->thing : "all");
        if (request->cgroup && to->size == 0)
                string_add(to, "the cgroup");
        else if (request->columns.n > 1 || to->size == 0)
                string_add_format(to, "%s%s", to->size ? " " : "", line->column->name);
}

static int add_line(const Reading *reading, const PlotRun *run, size_t n_runs, const ColumnSeries *s,
                    const ColumnLine *line, PlotPanel *panel)
{
        Shown shown = shown_of(line->column);
        _cleanup_string_ String name = {0};
        char value[FORMAT_MAX];
        size_t n = s->n_buckets;

        name_line(reading, run, n_runs, s, line, &name);
        PlotSeries *series = plot_add_series(panel, string_get(&name), PLOT_LINE, plot_palette(panel->n_series), n + 1);
        if (!series)
                return -ENOMEM;
        series->dashed = n_runs > 1 && run->dev;
        series->x = calloc(n + 1, sizeof *series->x);
        series->low = calloc(n + 1, sizeof *series->low);
        series->high = calloc(n + 1, sizeof *series->high);
        series->value = strdup(plot_value(shown.unit, line->most * shown.factor, value));
        if (!series->x || !series->low || !series->high || !series->value)
                return -ENOMEM;
        for (size_t i = 0; i < n; i++) {
                series->x[i] = (double)i * (double)s->width_ns / (double)NS_PER_SECOND;
                series->y[i] = series->high[i] = line->high[i] * shown.factor;
                series->low[i] = line->low[i] * shown.factor;
        }
        series->x[n] = (double)s->end_ns / (double)NS_PER_SECOND;
        series->y[n] = series->high[n] = n ? series->y[n - 1] : NAN;
        series->low[n] = n ? series->low[n - 1] : NAN;
        if (reading->options.interval_ns * 2 >= s->width_ns) { /* a row or two: no range of values */
                free(series->low);
                series->low = NULL;
        }
        panel->left.unit = shown.unit;
        panel->left.close = line->column->unit == UNIT_CELSIUS || line->column->unit == UNIT_HERTZ ||
                            line->column->unit == UNIT_VOLTS;
        return 0;
}

static int add_lines(const Reading *reading, const PlotRun *run, size_t n_runs, const ColumnSeries *s,
                     PlotPanel *panel, size_t *left_out)
{
        _cleanup_free_ const ColumnLine **lines = calloc(s->n_lines + 1, sizeof *lines);

        if (!lines)
                return -ENOMEM;
        for (size_t i = 0; i < s->n_lines; i++)
                lines[i] = &s->lines[i];
        if (s->n_lines > 1)
                qsort(lines, s->n_lines, sizeof *lines, compare_lines);
        size_t n = MIN(s->n_lines, MAX(reading->request->top / n_runs, (size_t)1));
        for (size_t i = 0; i < n; i++)
                if (add_line(reading, run, n_runs, s, lines[i], panel) < 0)
                        return -ENOMEM;
        *left_out += s->n_lines - n + s->left_out;
        if (reading->of_processes)
                *left_out += reading->shown.matching - reading->shown.n;
        panel->x_end = fmax(panel->x_end, (double)s->end_ns / (double)NS_PER_SECOND);
        return 0;
}

/* A file has no words about its columns; this vigia may know its table. */
static const char *column_help(const char *table, const Column *column)
{
        static const Schema *const known[] = {&totals_schema, &samples_schema};

        for (size_t i = 0; i < ARRAY_LENGTH(known); i++) {
                int at = text_equal(known[i]->table, table) ? schema_find(known[i], column->name) : -1;
                if (at >= 0)
                        return known[i]->columns[at].help;
        }
        for (size_t i = 0; monitors[i]; i++) {
                const Schema *schema = monitors[i]->schema;
                int at = schema && text_equal(schema->table, table) ? schema_find(schema, column->name) : -1;
                if (at >= 0)
                        return schema->columns[at].help;
        }
        return column->help;
}

/* What the axis shows: the column's own words. */
static char *axis_label(const PlotRequest *request, const Schema *schema)
{
        int at = schema_find(schema, request->columns.items[0]);
        const Column *column = &schema->columns[at];
        _cleanup_string_ String text = {0};
        PlotUnitKind kind = shown_of(column).unit.kind;

        const char *help = column_help(request->table, column);
        if (request->columns.n == 1)
                string_add(&text, help ? help : column->name);
        else
                string_add(&text, request->table);
        if (column->role == ROLE_COUNTER)
                string_add(&text, kind == PLOT_PERCENT ? ", of the time" : ", a second");
        return string_take(&text);
}

static int describe(const PlotRequest *request, PlotRun *runs, size_t n, size_t left_out, Plot *plot)
{
        _cleanup_string_ String what = {0}, subtitle = {0};

        if (request->cgroup)
                string_add(&what, "Memory of the cgroup, cached files included");
        else
                string_add_format(&what, "%s.", request->table);
        for (size_t i = 0; !request->cgroup && i < request->columns.n; i++)
                string_add_format(&what, "%s%s", i ? ", " : "", request->columns.items[i]);
        if (n > 1)
                string_add(&subtitle, "aligned at the start");
        if (left_out > 0)
                string_add_format(&subtitle, "%s%zu lower ones are not shown (--top)", subtitle.size ? " · " : "", left_out);
        return plot_describe(request, string_get(&what), runs, n, &subtitle, plot);
}

int plot_make_column(const PlotRequest *request, PlotRun *runs, size_t n, Plot *plot, Error *err)
{
        size_t left_out = 0;
        PlotPanel *panel = plot_time_panel(plot, 0);

        if (!panel || !(panel->values = strdup("highest of each")))
                return error_set(err, ENOMEM, "out of memory");
        for (size_t i = 0; i < n; i++) {
                _cleanup_(column_series_freep) ColumnSeries *s = NULL;
                Reading reading = {.request = request, .err = err};
                int r = read_series(&reading, &runs[i], &s, err);
                if (r < 0)
                        return r;
                panel->x_end = fmax(panel->x_end, (double)MAX(runs[i].end_ns, (int64_t)0) / (double)NS_PER_SECOND);
                if (!s)
                        continue;
                if (!panel->left.label)
                        panel->left.label = axis_label(request, s->schema);
                if (!panel->left.label || add_lines(&reading, &runs[i], n, s, panel, &left_out) < 0)
                        return error_set(err, ENOMEM, "out of memory");
        }
        for (size_t k = 0; panel->n_series > 1 && k < panel->n_series; k++) {
                free(panel->series[k].low); /* bands of several lines hide each other */
                panel->series[k].low = NULL;
        }
        if (panel->n_series == 1)
                panel->values[strlen("highest")] = '\0'; /* not "of each" */
        return describe(request, runs, n, left_out, plot) < 0 ? error_set(err, ENOMEM, "out of memory") : 0;
}
