/* Values as pieces of time that they hold in; buckets keep the lowest and highest piece, and fold in pairs. */
#include "model/column-series.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/hash.h"
#include "base/text.h"

enum { USUAL_BUCKETS = 1200, LEAST_BUCKETS = 64, MOST_BUCKETS = 1 << 20, HOLD_INTERVALS = 3 };
#define HOLD_LEAST_NS (25 * NS_PER_SECOND)

typedef struct Line {
        bool holds; /* `last` is known at since_ns */
        int64_t since_ns, read_ns; /* of a counter: when its growth begins, and when it was read last */
        double last, growth, grown; /* growth since then, and what was told of it in all */
        double *low, *high; /* NULL: no value yet */
        double least, most, area, time_ns;
        int64_t most_ns;
} Line;

typedef struct Thing {
        char *name;
        Line *lines; /* one a column looked at */
} Thing;

struct ColumnSeriesBuilder {
        Schema *schema;
        size_t time, *keys, *columns, n_keys, n_columns;
        bool (*keep)(const char *thing, void *data);
        void *data;
        uint64_t hold_ns, width_ns;
        size_t n, n_arrays; /* buckets; pairs of arrays */
        Thing *things;
        size_t n_things, left_out;
        Map *by_key; /* hash → index + 1; of one that is left out SIZE_MAX */
        int64_t last_ns;
};

#define LEFT_OUT ((void *)UINTPTR_MAX)

static bool is_wanted(const ColumnSeriesOptions *options, const Column *column)
{
        if ((column->role != ROLE_GAUGE && column->role != ROLE_COUNTER) || column->type == COLUMN_TEXT ||
            column->type == COLUMN_TIME)
                return false;
        for (size_t i = 0; options->columns && options->columns[i]; i++)
                if (text_equal(options->columns[i], column->name))
                        return true;
        return !options->columns;
}

int column_series_new(const Schema *schema, const ColumnSeriesOptions *options, ColumnSeriesBuilder **ret)
{
        _cleanup_(column_series_builder_freep) ColumnSeriesBuilder *b = NULL;
        int time = schema_find(schema, "t_ns");
        size_t n = options->buckets ? options->buckets : USUAL_BUCKETS;

        if (time < 0 || schema->columns[time].type == COLUMN_TEXT)
                return 1;
        b = calloc(1, sizeof *b);
        if (!b)
                return -ENOMEM;
        b->time = (size_t)time;
        b->keep = options->keep;
        b->data = options->data;
        b->hold_ns = options->hold_ns ? options->hold_ns
                                      : MAX(options->interval_ns * HOLD_INTERVALS, HOLD_LEAST_NS);
        b->n = MIN(MAX(n + n % 2, (size_t)LEAST_BUCKETS), (size_t)MOST_BUCKETS);
        b->width_ns = MAX(options->span_ns / b->n + 1, (uint64_t)NS_PER_MS);
        b->schema = schema_copy(schema);
        b->keys = calloc(schema->n_columns + 1, sizeof *b->keys);
        b->columns = calloc(schema->n_columns + 1, sizeof *b->columns);
        if (!b->schema || !b->keys || !b->columns || map_new(&b->by_key) < 0)
                return -ENOMEM;
        for (size_t i = 0; i < schema->n_columns; i++) {
                const Column *c = &schema->columns[i];
                if (i != b->time && c->role == ROLE_KEY && c->type != COLUMN_TIME)
                        b->keys[b->n_keys++] = i;
                else if (is_wanted(options, c))
                        b->columns[b->n_columns++] = i;
        }
        if (b->n_columns == 0)
                return 1;
        *ret = TAKE(b);
        return 0;
}

ColumnSeriesBuilder *column_series_builder_free(ColumnSeriesBuilder *b)
{
        if (!b)
                return NULL;
        for (size_t i = 0; i < b->n_things; i++) {
                for (size_t k = 0; b->things[i].lines && k < b->n_columns; k++) {
                        free(b->things[i].lines[k].low);
                        free(b->things[i].lines[k].high);
                }
                free(b->things[i].lines);
                free(b->things[i].name);
        }
        free(b->things);
        map_free(b->by_key);
        free(b->keys);
        free(b->columns);
        free(b->schema);
        free(b);
        return NULL;
}

/* ---- things ---- */

static void add_key(const ColumnSeriesBuilder *b, const Batch *rows, size_t row, size_t key, String *name)
{
        const Column *c = &b->schema->columns[key];
        size_t size;

        if (batch_is_null(rows, key, row))
                return;
        if (name->size > 0)
                string_add_char(name, ' ');
        if (c->type == COLUMN_TEXT) {
                const char *text = batch_text(rows, key, row, &size);
                string_add_bytes(name, text, size);
        } else if (c->type == COLUMN_BOOL)
                string_add(name, batch_bool(rows, key, row) ? c->name : "");
        else /* a number by itself would say nothing */
                string_add_format(name, "%s %.15g", c->name, batch_f64(rows, key, row));
}

static int add_thing(ColumnSeriesBuilder *b, uint64_t hash, const char *name, Thing **ret)
{
        Thing *things;

        if (b->keep && !b->keep(name, b->data))
                return map_put(b->by_key, hash, LEFT_OUT);
        if (b->n_things >= COLUMN_SERIES_THINGS) {
                b->left_out++;
                return map_size(b->by_key) < 65536 ? map_put(b->by_key, hash, LEFT_OUT) : 0;
        }
        things = realloc(b->things, (b->n_things + 1) * sizeof *things);
        if (!things)
                return -ENOMEM;
        b->things = things;
        Thing *thing = &things[b->n_things++];
        *thing = (Thing){strndup(name, COLUMN_SERIES_THING_MAX), calloc(b->n_columns, sizeof(Line))};
        if (!thing->name || !thing->lines)
                return -ENOMEM;
        *ret = thing;
        return map_put(b->by_key, hash, (void *)(uintptr_t)b->n_things);
}

/* *ret stays NULL for a thing that is left out. */
static int thing_of(ColumnSeriesBuilder *b, const Batch *rows, size_t row, String *name, Thing **ret)
{
        string_clear(name);
        for (size_t i = 0; i < b->n_keys; i++)
                add_key(b, rows, row, b->keys[i], name);
        if (name->failed)
                return -ENOMEM;
        uint64_t hash = hash_bytes(string_get(name), name->size);
        void *at = map_get(b->by_key, hash);
        if (!at)
                return add_thing(b, hash, string_get(name), ret);
        if (at != LEFT_OUT)
                *ret = &b->things[(uintptr_t)at - 1];
        return 0;
}

/* ---- buckets ---- */

static void fold_array(double *values, size_t n, bool high)
{
        for (size_t i = 0; i < n / 2; i++)
                values[i] = high ? fmax(values[2 * i], values[2 * i + 1]) : fmin(values[2 * i], values[2 * i + 1]);
        for (size_t i = n / 2; i < n; i++)
                values[i] = NAN;
}

static void fold(ColumnSeriesBuilder *b)
{
        for (size_t i = 0; i < b->n_things; i++)
                for (size_t k = 0; b->things[i].lines && k < b->n_columns; k++) {
                        Line *line = &b->things[i].lines[k];
                        if (!line->low)
                                continue;
                        fold_array(line->low, b->n, false);
                        fold_array(line->high, b->n, true);
                }
        b->width_ns *= 2;
}

static int make_arrays(ColumnSeriesBuilder *b, Line *line)
{
        while ((b->n_arrays + 1) * 2 * b->n > COLUMN_SERIES_VALUES && b->n > 2 * LEAST_BUCKETS) {
                fold(b);
                b->n = b->n / 2 + b->n / 2 % 2;
        }
        line->low = calloc(b->n, sizeof *line->low);
        line->high = calloc(b->n, sizeof *line->high);
        if (!line->low || !line->high)
                return -ENOMEM;
        b->n_arrays++;
        for (size_t i = 0; i < b->n; i++)
                line->low[i] = line->high[i] = NAN;
        line->least = line->most = NAN;
        return 0;
}

/* The value held over [from_ns, to_ns). */
static int take(ColumnSeriesBuilder *b, Line *line, int64_t from_ns, int64_t to_ns, double value)
{
        uint64_t from = from_ns > 0 ? (uint64_t)from_ns : 0, to = to_ns > 0 ? (uint64_t)to_ns : 0;

        if (!line->low || !line->high) {
                int r = make_arrays(b, line);
                if (r < 0)
                        return r;
        }
        while (to / b->width_ns >= b->n)
                fold(b);
        for (uint64_t i = from / b->width_ns; i == from / b->width_ns || i * b->width_ns < to; i++) {
                line->low[i] = fmin(line->low[i], value);
                line->high[i] = fmax(line->high[i], value);
        }
        line->least = fmin(line->least, value);
        if (isnan(line->most) || value > line->most) {
                line->most = value;
                line->most_ns = from_ns;
        }
        double time = to > from ? (double)(to - from) : 0;
        line->area += value * time;
        line->time_ns += time;
        return 0;
}

static bool in_time(const ColumnSeriesBuilder *b, const Line *line, int64_t t_ns)
{
        return line->holds && t_ns > line->since_ns && (uint64_t)(t_ns - line->since_ns) <= b->hold_ns;
}

static uint64_t rate_least_ns(const Column *column)
{
        bool time = column->unit == UNIT_SECONDS || column->unit == UNIT_MS || column->unit == UNIT_US ||
                    column->unit == UNIT_NS;

        return time ? COLUMN_SERIES_TIME_LEAST_NS : COLUMN_SERIES_RATE_LEAST_NS;
}

/* Rows that follow each other sooner are one for a rate. */
static int take_counter(ColumnSeriesBuilder *b, Line *line, const Column *column, int64_t t_ns, double value)
{
        bool in = in_time(b, line, t_ns);
        int r = 0;

        if (line->holds && t_ns <= line->since_ns)
                return 0;
        line->read_ns = t_ns;
        line->growth += value >= line->last ? value - line->last : value;
        line->last = value;
        if (in && (uint64_t)(t_ns - line->since_ns) < rate_least_ns(column))
                return 0;
        if (in) {
                r = take(b, line, line->since_ns, t_ns, line->growth * 1e9 / (double)(t_ns - line->since_ns));
                line->grown += line->growth;
        }
        line->growth = 0;
        line->since_ns = t_ns;
        line->holds = true;
        return r;
}

static int take_gauge(ColumnSeriesBuilder *b, Line *line, int64_t t_ns, double value)
{
        int r = in_time(b, line, t_ns) ? take(b, line, line->since_ns, t_ns, line->last) : 0;

        line->last = value;
        line->since_ns = t_ns;
        line->holds = true;
        return r < 0 ? r : take(b, line, t_ns, t_ns, value);
}

static int observe_value(ColumnSeriesBuilder *b, Line *line, size_t column, const Batch *rows, size_t row,
                         int64_t t_ns)
{
        const Column *c = &b->schema->columns[column];
        double value = batch_f64(rows, column, row);
        bool counter = c->role == ROLE_COUNTER;
        int r;

        if (batch_is_null(rows, column, row) || !isfinite(value)) { /* a counter counts on, a level is unknown from here on */
                if (counter)
                        return 0;
                r = in_time(b, line, t_ns) ? take(b, line, line->since_ns, t_ns, line->last) : 0;
                line->holds = false;
                return r;
        }
        return counter ? take_counter(b, line, c, t_ns, value) : take_gauge(b, line, t_ns, value);
}

int column_series_observe(ColumnSeriesBuilder *b, const Batch *rows)
{
        _cleanup_string_ String name = {0};

        for (size_t row = 0; row < batch_rows(rows); row++) {
                Thing *thing = NULL;
                if (batch_is_null(rows, b->time, row))
                        continue;
                int64_t t_ns = batch_sane_ns((uint64_t)batch_i64(rows, b->time, row));
                int r = thing_of(b, rows, row, &name, &thing);
                for (size_t k = 0; r == 0 && thing && k < b->n_columns; k++)
                        r = observe_value(b, &thing->lines[k], b->columns[k], rows, row, t_ns);
                if (r < 0)
                        return r;
                b->last_ns = MAX(b->last_ns, t_ns);
        }
        return 0;
}

/* ---- the end ---- */

ColumnSeries *column_series_free(ColumnSeries *s)
{
        if (!s)
                return NULL;
        for (size_t i = 0; i < s->n_lines; i++) {
                free(s->lines[i].low);
                free(s->lines[i].high);
        }
        for (size_t i = 0; i < s->n_things; i++)
                free(s->things[i]);
        free(s->things);
        free(s->lines);
        free(s->schema);
        free(s);
        return NULL;
}

/* What was not told yet: a level to the end; growth if it is over half the time of a rate, or all there is. */
static int take_rest(ColumnSeriesBuilder *b, const ColumnSeries *s, Line *line, const Column *column)
{
        int64_t end = MIN((int64_t)s->end_ns, line->since_ns + (int64_t)b->hold_ns);
        int64_t time = line->read_ns - line->since_ns;

        if (!line->holds)
                return 0;
        if (column->role == ROLE_GAUGE)
                return end > line->since_ns ? take(b, line, line->since_ns, end, line->last) : 0;
        if (time <= 0 || (line->low && (uint64_t)time < rate_least_ns(column) / 2))
                return 0;
        line->grown += line->growth;
        return take(b, line, line->since_ns, line->read_ns, line->growth * 1e9 / (double)time);
}

static int finish_line(ColumnSeriesBuilder *b, ColumnSeries *s, Line *line, size_t column, const char *thing)
{
        int r = take_rest(b, s, line, &b->schema->columns[column]);

        if (r < 0)
                return r;
        if (!line->low)
                return 0;
        s->lines[s->n_lines++] = (ColumnLine){
                .thing = thing,
                .column = &s->schema->columns[column],
                .low = TAKE(line->low),
                .high = TAKE(line->high),
                .least = line->least,
                .most = line->most,
                .most_ns = line->most_ns,
                .grown = b->schema->columns[column].role == ROLE_COUNTER ? line->grown : (double)NAN,
                .mean = line->time_ns > 0 ? line->area / line->time_ns : line->last,
        };
        return 0;
}

int column_series_finish(ColumnSeriesBuilder *b, int64_t end_ns, ColumnSeries **ret)
{
        _cleanup_(column_series_freep) ColumnSeries *s = calloc(1, sizeof *s);

        if (end_ns == INT64_MIN)
                end_ns = b->last_ns;
        if (!s)
                return -ENOMEM;
        s->end_ns = end_ns > 0 ? (uint64_t)end_ns : 0;
        while (s->end_ns / b->width_ns >= b->n) /* before any line is taken */
                fold(b);
        s->schema = schema_copy(b->schema);
        s->lines = calloc(b->n_things * b->n_columns + 1, sizeof *s->lines);
        s->things = calloc(b->n_things + 1, sizeof *s->things);
        if (!s->schema || !s->lines || !s->things)
                return -ENOMEM;
        for (size_t i = 0; i < b->n_things; i++) {
                s->things[s->n_things++] = TAKE(b->things[i].name);
                for (size_t k = 0; k < b->n_columns; k++) {
                        int r = finish_line(b, s, &b->things[i].lines[k], b->columns[k], s->things[i]);
                        if (r < 0)
                                return r;
                }
        }
        s->width_ns = b->width_ns;
        s->n_buckets = (size_t)(s->end_ns / b->width_ns + (s->end_ns % b->width_ns != 0));
        s->left_out = b->left_out;
        *ret = TAKE(s);
        return 0;
}
