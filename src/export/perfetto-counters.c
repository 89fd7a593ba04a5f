/* Curves as counters: each told when one of its series has changed. */
#include "export/perfetto-internal.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "model/category-series.h"
#include "model/column-series.h"

enum { SERIES_MAX = PERFETTO_CATEGORIES + 1, NAME_COLUMNS = 60 };

/* What one counter shows, bucket by bucket. */
typedef struct Counter {
        String name;
        String keys[SERIES_MAX]; /* escaped for JSON */
        double now[SERIES_MAX], told[SERIES_MAX];
        size_t n;
        bool begun;
        unsigned decimals;
} Counter;

static void counter_done(Counter *c)
{
        string_done(&c->name);
        for (size_t i = 0; i < c->n; i++)
                string_done(&c->keys[i]);
        *c = (Counter){0};
}

static bool has_key(const Counter *c, const char *key)
{
        for (size_t i = 0; i + 1 < c->n; i++)
                if (text_equal(string_get(&c->keys[i]), key))
                        return true;
        return false;
}

/* Names that are alike once they are made safe are told apart by a number. */
static void add_series(Counter *c, const char *name)
{
        _cleanup_string_ String shown = {0};
        String *key = &c->keys[c->n++];

        string_add_shown(&shown, name, NAME_COLUMNS, false);
        string_add_json(key, string_get(&shown), shown.size);
        size_t size = key->size;
        for (unsigned i = 2; has_key(c, string_get(key)) && !key->failed; i++) {
                key->size = size;
                string_add_format(key, " %u", i);
        }
        key->failed |= shown.failed;
}

static bool has_changed(const Counter *c)
{
        for (size_t i = 0; i < c->n; i++)
                if (!isnan(c->now[i]) && !(c->now[i] == c->told[i]))
                        return true;
        return false;
}

/* Values that are not known are left out: what was said last stands. */
static void tell(const PerfettoRun *p, Counter *c, int64_t t_ns)
{
        if (c->begun && !has_changed(c))
                return;
        bool known = false;
        for (size_t i = 0; i < c->n; i++)
                known |= !isnan(c->now[i]);
        if (!known)
                return;
        trace_begin_counter(p->to, string_get(&c->name), t_ns, PERFETTO_RUN_PID);
        for (size_t i = 0; i < c->n; i++) {
                double value = isnan(c->now[i]) ? c->told[i] : c->now[i];
                if (isnan(value))
                        continue;
                json_add_fixed(&p->to->json, string_get(&c->keys[i]), value, c->decimals);
                c->told[i] = value;
        }
        trace_end_event(p->to);
        c->begun = true;
}

static int begin_telling(Counter *c)
{
        bool failed = c->name.failed;

        for (size_t i = 0; i < c->n; i++) {
                failed |= c->keys[i].failed;
                c->told[i] = NAN;
        }
        return failed ? -ENOMEM : 0;
}

static uint64_t span_of(const PerfettoRun *p)
{
        return p->options->wall_ns == RUN_UNKNOWN ? 0 : p->options->wall_ns;
}

/* Between rows of a table; NULL: between ticks. 0: unknown. */
static uint64_t interval_of(const PerfettoRun *p, const char *table)
{
        const RunInfo *info = run_reader_info(p->run);

        for (size_t i = 0; table && i < info->n_monitors; i++)
                if (text_equal(info->monitors[i].name, table) && info->monitors[i].interval_us != RUN_UNKNOWN)
                        return info->monitors[i].interval_us * 1000;
        return info->interval_ns == RUN_UNKNOWN ? 0 : info->interval_ns;
}

/* ---- by category ---- */

typedef struct Observing {
        CategorySeriesBuilder *builder;
        const char *table;
} Observing;

static int learn_rows(const Batch *rows, void *data)
{
        return category_series_learn(((Observing *)data)->builder, rows);
}

static int observe_rows(const Batch *rows, void *data)
{
        Observing *o = data;

        return category_series_observe(o->builder, o->table, rows);
}

static int read_categories(const PerfettoRun *p, CategorySeries **ret)
{
        const struct {
                const char *table;
                const char *const *columns;
        } tables[] = {{"processes", category_series_process_columns},
                      {"totals", category_series_total_columns},
                      {"samples", category_series_sample_columns}};
        const Labeller *labeller = p->options->labeller;
        _cleanup_(category_series_builder_freep) CategorySeriesBuilder *builder = NULL;
        uint64_t interval_ns = interval_of(p, NULL);
        const CategorySeriesOptions options = {
                .buckets = PERFETTO_BUCKETS,
                .span_ns = span_of(p),
                /* what a process used is spread over its life: finer than a tick that says nothing */
                .width_ns = interval_ns,
                .interval_ns = interval_ns,
                .cpus = run_reader_info(p->run)->cpus,
                .label = labeller ? labeller->label : NULL,
                .label_data = labeller ? labeller->data : NULL,
        };
        int r = category_series_new(&options, &builder);

        if (r < 0)
                return error_set(p->err, r, "out of memory");
        Observing o = {builder, "processes"};
        if (labeller && labeller->parents)
                r = perfetto_read(p, "processes", summary_learn_columns, learn_rows, &o);
        for (size_t i = 0; r == 0 && i < ARRAY_LENGTH(tables); i++) {
                o.table = tables[i].table;
                r = perfetto_read(p, tables[i].table, tables[i].columns, observe_rows, &o);
        }
        if (r < 0)
                return r;
        int64_t end_ns = span_of(p) > 0 ? (int64_t)span_of(p) : INT64_MIN;
        return category_series_finish(builder, end_ns, ret) < 0 ? error_set(p->err, ENOMEM, "out of memory") : 0;
}

static double value_of(const CategoryLine *line, CategoryMetric metric, size_t bucket)
{
        return line->values[metric] ? line->values[metric][bucket] : 0;
}

static void add_category_counter(const PerfettoRun *p, const CategorySeries *s, CategoryMetric metric, const char *name,
                                 unsigned decimals)
{
        _cleanup_(counter_done) Counter c = {.decimals = decimals};
        size_t shown = MIN(s->n_lines, (size_t)PERFETTO_CATEGORIES);

        if (s->n_lines == 0)
                return;
        string_add(&c.name, name);
        for (size_t i = 0; i < shown; i++)
                add_series(&c, s->lines[i].name);
        if (shown < s->n_lines)
                add_series(&c, "further categories");
        if (begin_telling(&c) < 0) {
                p->to->pending.failed = true;
                return;
        }
        size_t n = s->n_buckets;
        /* what was used in a rest of a bucket is no rate */
        if (metric == CATEGORY_CPU && n > 1 && (n - 1) * s->width_ns + s->width_ns / 2 > s->end_ns)
                n--;
        for (size_t b = 0; b < n; b++) {
                for (size_t i = 0; i < shown; i++)
                        c.now[i] = s->known[b] ? value_of(&s->lines[i], metric, b) : NAN;
                for (size_t i = shown; i < s->n_lines; i++)
                        c.now[shown] = (i == shown ? 0 : c.now[shown]) +
                                       (s->known[b] ? value_of(&s->lines[i], metric, b) : NAN);
                int64_t at_ns = s->at_ns[metric] && s->at_ns[metric][b] != INT64_MIN ? s->at_ns[metric][b]
                                                                                    : category_series_begin_ns(s, b);
                tell(p, &c, at_ns);
        }
}

int perfetto_add_categories(const PerfettoRun *p)
{
        _cleanup_(category_series_freep) CategorySeries *series = NULL;
        int r = read_categories(p, &series);

        if (r < 0)
                return r;
        add_category_counter(p, series, CATEGORY_PSS, series->pss ? "memory by category (PSS, bytes)" : "memory by category (RSS, bytes)",
                             0);
        add_category_counter(p, series, CATEGORY_CPU, "CPU by category (cores)", 3);
        add_category_counter(p, series, CATEGORY_PROCESSES, "processes by category", 0);
        return 0;
}

/* ---- of any table ---- */

typedef struct TableRows {
        const PerfettoRun *run;
        ColumnSeriesBuilder *builder; /* NULL: nothing to show of it */
        uint64_t interval_ns;
        bool begun;
} TableRows;

/* A row a process is on the process's track already. */
static bool is_of_processes(const Schema *schema)
{
        for (size_t i = 0; i < schema->n_columns; i++)
                if (schema->columns[i].role == ROLE_KEY && (text_equal(schema->columns[i].name, "process") ||
                                                            text_equal(schema->columns[i].name, "pid")))
                        return true;
        return false;
}

static int observe_table(const Batch *rows, void *data)
{
        TableRows *t = data;
        const ColumnSeriesOptions options = {.buckets = PERFETTO_BUCKETS, .span_ns = span_of(t->run), .interval_ns = t->interval_ns};

        if (!t->begun) {
                t->begun = true;
                if (!is_of_processes(batch_schema(rows)) && column_series_new(batch_schema(rows), &options, &t->builder) < 0)
                        return -ENOMEM;
        }
        return t->builder ? column_series_observe(t->builder, rows) : 0;
}

/* Of what is told: "s/s", "bytes/s", "bytes"; "" a count or nothing. Rates of time are in seconds. */
static double name_unit(const Column *column, String *out)
{
        bool rate = column->role == ROLE_COUNTER, time = rate && column->unit == UNIT_US;

        string_add(out, time ? "s" : column->unit == UNIT_COUNT ? "" : unit_name(column->unit));
        string_add(out, rate ? "/s" : "");
        return time ? 1e-6 : 1;
}

/* The table and the column, without the unit that its name ends in. */
static void name_column(const char *table, const Column *column, String *out)
{
        const char *unit = unit_name(column->unit);
        size_t n = strlen(column->name), tail = strlen(unit);

        if (tail > 0 && n > tail + 1 && column->name[n - tail - 1] == '_' && text_equal(column->name + n - tail, unit))
                n -= tail + 1;
        string_add_format(out, "%s %.*s", text_equal(table, "totals") ? "run" : table, (int)n, column->name);
}

/* All things' lines of a column, as series of one counter; what stands still all the time is left out. */
static void add_column(const PerfettoRun *p, const char *table, const ColumnSeries *s, const Column *column)
{
        _cleanup_(counter_done) Counter c = {.decimals = 3};
        _cleanup_string_ String unit = {0};
        const ColumnLine *lines[SERIES_MAX];
        double scale = name_unit(column, &unit);
        bool moved = false;
        size_t n = 0;

        for (size_t i = 0; i < s->n_lines && n < SERIES_MAX; i++)
                if (s->lines[i].column == column) {
                        moved |= s->lines[i].least != s->lines[i].most;
                        lines[n++] = &s->lines[i];
                }
        if (!moved)
                return;
        name_column(table, column, &c.name);
        if (n == 1 && !*lines[0]->thing) {
                add_series(&c, unit.size > 0 ? string_get(&unit) : "count");
        } else {
                if (unit.size > 0)
                        string_add_format(&c.name, " (%s)", string_get(&unit));
                for (size_t i = 0; i < n; i++)
                        add_series(&c, *lines[i]->thing ? lines[i]->thing : "all");
        }
        if (begin_telling(&c) < 0 || unit.failed) {
                p->to->pending.failed = true;
                return;
        }
        for (size_t b = 0; b < s->n_buckets; b++) {
                for (size_t i = 0; i < c.n; i++)
                        c.now[i] = round(lines[i]->high[b] * scale * 1000) / 1000;
                tell(p, &c, (int64_t)(b * s->width_ns));
        }
}

static int add_table(const PerfettoRun *p, const char *table)
{
        _cleanup_(column_series_freep) ColumnSeries *series = NULL;
        TableRows t = {.run = p, .interval_ns = interval_of(p, table)};
        int r = perfetto_read(p, table, NULL, observe_table, &t);
        _cleanup_(column_series_builder_freep) ColumnSeriesBuilder *builder = t.builder;
        int64_t end_ns = span_of(p) > 0 ? (int64_t)span_of(p) : INT64_MIN;

        if (r < 0 || !builder)
                return r;
        if (column_series_finish(builder, end_ns, &series) < 0)
                return error_set(p->err, ENOMEM, "out of memory");
        for (size_t i = 0; i < series->schema->n_columns; i++)
                add_column(p, table, series, &series->schema->columns[i]);
        return 0;
}

int perfetto_add_tables(const PerfettoRun *p)
{
        static const char *const told[] = {"processes", "samples", "events"};
        int r = 0;

        for (const char *const *table = run_reader_tables(p->run); r == 0 && table && *table; table++) {
                bool skip = false;
                for (size_t i = 0; i < ARRAY_LENGTH(told); i++)
                        skip |= text_equal(*table, told[i]);
                if (!skip)
                        r = add_table(p, *table);
        }
        return r;
}
