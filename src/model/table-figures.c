/* One small state a thing and column; things are found by a hash of their keys' cells. */
#include "model/table-figures.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/hash.h"
#include "base/text.h"

typedef struct Level {
        bool seen, holds;  /* ever; at the moment */
        int64_t since_ns;  /* when it took its last value */
        double last, area, most, growth;
        double time_ns; /* that the area is over */
} Level;

typedef struct Thing {
        char name[TABLE_FIGURES_KEY_MAX];
        Level *levels; /* one a column looked at */
} Thing;

struct TableFigures {
        Schema *schema;
        size_t time; /* column of t_ns */
        size_t *keys, *columns; /* indices into the schema */
        size_t n_keys, n_columns;
        Thing *things;
        size_t n_things, left_out;
        Map *by_key; /* hash → Thing's index + 1; what is left out: the bound + 1 */
};

/* What tells single processes apart: numbers that mean nothing in another run. */
static bool is_identity(const Column *column)
{
        static const char *const names[] = {"process", "image", "pid", "tid", "start_boottime_ns"};

        for (size_t i = 0; i < ARRAY_LENGTH(names); i++)
                if (text_equal(column->name, names[i]))
                        return true;
        return false;
}

static bool is_figure(const Column *column)
{
        return (column->role == ROLE_GAUGE || column->role == ROLE_COUNTER) &&
               column->type != COLUMN_TEXT && column->type != COLUMN_TIME;
}

TableFigures *table_figures_free(TableFigures *f)
{
        if (!f)
                return NULL;
        for (size_t i = 0; i < f->n_things; i++)
                free(f->things[i].levels);
        free(f->things);
        map_free(f->by_key);
        free(f->keys);
        free(f->columns);
        free(f->schema);
        free(f);
        return NULL;
}

int table_figures_new(const Schema *schema, TableFigures **ret)
{
        _cleanup_(table_figures_freep) TableFigures *f = NULL;
        int time = schema_find(schema, "t_ns");

        if (time < 0 || schema->columns[time].type == COLUMN_TEXT)
                return 1;
        f = calloc(1, sizeof *f);
        if (!f)
                return -ENOMEM;
        f->time = (size_t)time;
        f->schema = schema_copy(schema);
        f->keys = calloc(schema->n_columns + 1, sizeof *f->keys);
        f->columns = calloc(schema->n_columns + 1, sizeof *f->columns);
        if (!f->schema || !f->keys || !f->columns || map_new(&f->by_key) < 0)
                return -ENOMEM;
        for (size_t i = 0; i < schema->n_columns; i++) {
                const Column *c = &schema->columns[i];
                if (i != f->time && c->role == ROLE_KEY && c->type != COLUMN_TIME)
                        f->keys[f->n_keys++] = i;
                else if (is_figure(c) && f->n_columns < TABLE_FIGURES_COLUMNS)
                        f->columns[f->n_columns++] = i;
        }
        if (f->n_columns == 0)
                return 1;
        *ret = TAKE(f);
        return 0;
}

/* Appends a key's value to the name; false if the row is about a process. */
static bool add_key(const TableFigures *f, const Batch *rows, size_t row, size_t key, String *name)
{
        const Column *c = &f->schema->columns[key];
        const char *text;
        size_t size;

        if (batch_is_null(rows, key, row))
                return true;
        if (is_identity(c))
                return false;
        if (name->size > 0)
                string_add_char(name, ' ');
        if (c->type == COLUMN_TEXT) {
                text = batch_text(rows, key, row, &size);
                string_add_bytes(name, text, size);
        } else if (c->type == COLUMN_BOOL)
                string_add(name, batch_bool(rows, key, row) ? c->name : "");
        else
                string_add_format(name, "%.15g", batch_f64(rows, key, row));
        return true;
}

static int add_thing(TableFigures *f, uint64_t hash, const char *name, Thing **ret)
{
        Thing *things;

        if (f->n_things >= TABLE_FIGURES_THINGS) {
                f->left_out++;
                return map_put(f->by_key, hash, (void *)(uintptr_t)(TABLE_FIGURES_THINGS + 1));
        }
        things = realloc(f->things, (f->n_things + 1) * sizeof *things);
        if (!things)
                return -ENOMEM;
        f->things = things;
        Thing *thing = &things[f->n_things];
        text_copy(thing->name, sizeof thing->name, name);
        thing->levels = calloc(f->n_columns, sizeof *thing->levels);
        if (!thing->levels)
                return -ENOMEM;
        f->n_things++;
        *ret = thing;
        return map_put(f->by_key, hash, (void *)(uintptr_t)f->n_things);
}

/* *ret stays NULL for a row that is not looked at. */
static int thing_of(TableFigures *f, const Batch *rows, size_t row, String *name, Thing **ret)
{
        string_clear(name);
        for (size_t i = 0; i < f->n_keys; i++)
                if (!add_key(f, rows, row, f->keys[i], name))
                        return 0;
        if (name->failed)
                return -ENOMEM;
        uint64_t hash = hash_bytes(string_get(name), name->size);
        uintptr_t at = (uintptr_t)map_get(f->by_key, hash);
        if (at == 0)
                return add_thing(f, hash, string_get(name), ret);
        if (at <= TABLE_FIGURES_THINGS)
                *ret = &f->things[at - 1];
        return 0;
}

static void hold_until(Level *level, int64_t t_ns)
{
        if (!level->holds || t_ns <= level->since_ns)
                return;
        double time = (double)(t_ns - level->since_ns);
        level->area += level->last * time;
        level->time_ns += time;
        level->since_ns = t_ns;
}

static void take_value(Level *level, int64_t t_ns, double value)
{
        hold_until(level, t_ns);
        if (level->seen)
                level->growth += value >= level->last ? value - level->last : value;
        level->most = level->seen ? MAX(level->most, value) : value;
        level->last = value;
        level->since_ns = t_ns;
        level->seen = level->holds = true;
}

int table_figures_observe(TableFigures *f, const Batch *rows)
{
        _cleanup_string_ String name = {0};

        for (size_t row = 0; row < batch_rows(rows); row++) {
                Thing *thing = NULL;
                if (batch_is_null(rows, f->time, row))
                        continue;
                int64_t t_ns = batch_i64(rows, f->time, row);
                if (thing_of(f, rows, row, &name, &thing) < 0)
                        return -ENOMEM;
                for (size_t i = 0; thing && i < f->n_columns; i++) {
                        Level *level = &thing->levels[i];
                        double value = batch_f64(rows, f->columns[i], row);
                        if (!batch_is_null(rows, f->columns[i], row) && isfinite(value)) {
                                take_value(level, t_ns, value);
                                continue;
                        }
                        hold_until(level, t_ns); /* unknown from here on */
                        level->holds = false;
                }
        }
        return 0;
}

void table_figures_finish(TableFigures *f, int64_t end_ns)
{
        for (size_t i = 0; i < f->n_things; i++)
                for (size_t k = 0; k < f->n_columns; k++)
                        hold_until(&f->things[i].levels[k], end_ns);
}

bool table_figures_has_whole(const TableFigures *f)
{
        if (f->n_things < 2)
                return false;
        for (size_t i = 0; i < f->n_things; i++)
                if (f->things[i].name[0] == '\0')
                        return true;
        return false;
}

bool table_figures_get(const TableFigures *f, size_t i, TableFigure *ret)
{
        size_t at = i / f->n_columns, k = i % f->n_columns;

        if (at >= f->n_things)
                return false;
        const Level *level = &f->things[at].levels[k];
        const Column *column = &f->schema->columns[f->columns[k]];
        *ret = (TableFigure){.thing = f->things[at].name, .column = column, .mean = NAN, .most = NAN,
                             .growth = NAN};
        if (!level->seen)
                return true;
        if (column->role == ROLE_COUNTER)
                ret->growth = level->growth;
        else {
                ret->most = level->most;
                ret->mean = level->time_ns > 0 ? level->area / level->time_ns : level->last;
        }
        return true;
}

size_t table_figures_left_out(const TableFigures *f)
{
        return f->left_out;
}
