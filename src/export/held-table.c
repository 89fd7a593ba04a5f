/* One row is looked at ahead: it belongs to the first moment that is not before it. */
#include "export/held-table.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/hash.h"
#include "base/text.h"
#include "export/value-text.h"

#define HOLD_NS (25 * NS_PER_SECOND)

struct HeldTable {
        const HeldSpec *spec;
        RunCursor *cursor;
        const Batch *rows;
        size_t row;
        bool ended;
        uint64_t hold_ns;
        int t_ns, text, keys[HELD_KEYS], values[HELD_VALUES]; /* columns; -1: not there */
        HeldThing *things; /* in the order first seen */
        size_t n_things, capacity;
        const HeldThing **shown;
        Map *by_key; /* hash of the keys → index + 1 */
};

static void thing_done(HeldThing *thing)
{
        for (size_t i = 0; i < HELD_KEYS; i++)
                free(thing->keys[i]);
        free(thing->text);
}

HeldTable *held_table_free(HeldTable *t)
{
        if (!t)
                return NULL;
        for (size_t i = 0; i < t->n_things; i++)
                thing_done(&t->things[i]);
        free(t->things);
        free(t->shown);
        map_free(t->by_key);
        run_cursor_free(t->cursor);
        free(t);
        return NULL;
}

static void find_columns(HeldTable *t)
{
        const Schema *schema = run_cursor_schema(t->cursor);

        t->t_ns = schema_find(schema, "t_ns");
        t->text = t->spec->text ? schema_find(schema, t->spec->text) : -1;
        for (size_t i = 0; i < HELD_KEYS; i++)
                t->keys[i] = -1;
        for (size_t i = 0; i < HELD_VALUES; i++)
                t->values[i] = -1;
        for (size_t i = 0; i < HELD_KEYS && t->spec->keys[i]; i++)
                t->keys[i] = schema_find(schema, t->spec->keys[i]);
        for (size_t i = 0; i < HELD_VALUES && t->spec->values[i]; i++) {
                t->values[i] = schema_find(schema, t->spec->values[i]);
                if (t->values[i] >= 0 && schema->columns[t->values[i]].type == COLUMN_TEXT)
                        t->values[i] = -1;
        }
}

int held_table_new(RunReader *run, const HeldSpec *spec, uint64_t hold_ns, HeldTable **ret, Error *err)
{
        HeldTable *t = calloc(1, sizeof *t);
        int r = t ? map_new(&t->by_key) : -ENOMEM;

        if (r < 0) {
                free(t);
                return error_set(err, ENOMEM, "out of memory");
        }
        t->spec = spec;
        t->hold_ns = hold_ns ? hold_ns : HOLD_NS;
        r = run_cursor_new(run, spec->table, NULL, &t->cursor, err);
        if (r < 0) {
                held_table_free(t);
                return r;
        }
        find_columns(t);
        if (t->t_ns < 0) {
                held_table_free(t);
                return error_set(err, ENOENT, "table %s has no column t_ns", spec->table);
        }
        *ret = t;
        return 0;
}

/* ---- a row ---- */

static void add_cell(const HeldTable *t, int column, String *to)
{
        char number[VALUE_TEXT_MAX];
        size_t size;

        if (column < 0 || batch_is_null(t->rows, (size_t)column, t->row))
                return;
        const ColumnType type = batch_schema(t->rows)->columns[column].type;
        if (type == COLUMN_TEXT) {
                const char *text = batch_text(t->rows, (size_t)column, t->row, &size);
                string_add_bytes(to, text, strnlen(text, MIN(size, (size_t)HELD_TEXT_MAX)));
        } else {
                value_format(number, type, batch_cells(t->rows, (size_t)column)[t->row]);
                string_add(to, number);
        }
}

static double number(const HeldTable *t, int column)
{
        if (column < 0 || batch_is_null(t->rows, (size_t)column, t->row))
                return NAN;
        if (batch_schema(t->rows)->columns[column].type == COLUMN_BOOL)
                return batch_bool(t->rows, (size_t)column, t->row);
        return batch_f64(t->rows, (size_t)column, t->row);
}

static int add_thing(HeldTable *t, uint64_t hash, String keys[HELD_KEYS], HeldThing **ret)
{
        if (t->n_things == t->capacity) {
                size_t capacity = t->capacity ? 2 * t->capacity : 16;
                HeldThing *things = realloc(t->things, capacity * sizeof *things);
                if (things)
                        t->things = things;
                const HeldThing **shown = realloc(t->shown, capacity * sizeof *shown);
                if (shown)
                        t->shown = shown;
                if (!things || !shown)
                        return -ENOMEM;
                t->capacity = capacity;
        }
        HeldThing *thing = &t->things[t->n_things];
        *thing = (HeldThing){.text = strdup("")};
        for (size_t i = 0; i < HELD_KEYS; i++)
                thing->keys[i] = strdup(string_get(&keys[i]));
        t->n_things++; /* what is there of it is freed */
        for (size_t i = 0; i < HELD_KEYS; i++)
                if (!thing->keys[i] || !thing->text)
                        return -ENOMEM;
        *ret = thing;
        return map_put(t->by_key, hash, (void *)(uintptr_t)t->n_things);
}

/* *ret NULL: one too many. */
static int find_thing(HeldTable *t, HeldThing **ret)
{
        String keys[HELD_KEYS] = {0};
        uint64_t hash = 1;
        int r = 0;

        *ret = NULL;
        for (size_t i = 0; i < HELD_KEYS; i++) {
                add_cell(t, t->keys[i], &keys[i]);
                if (keys[i].failed)
                        r = -ENOMEM;
                hash = hash_u64(hash ^ hash_bytes(string_get(&keys[i]), keys[i].size));
        }
        uintptr_t at = (uintptr_t)map_get(t->by_key, hash);
        if (at > 0)
                *ret = &t->things[at - 1];
        else if (r == 0 && t->n_things < HELD_THINGS)
                r = add_thing(t, hash, keys, ret);
        for (size_t i = 0; i < HELD_KEYS; i++)
                string_done(&keys[i]);
        return r;
}

static int take_row(HeldTable *t, int64_t t_ns)
{
        _cleanup_string_ String text = {0};
        HeldThing *thing;
        int r = find_thing(t, &thing);

        if (r < 0 || !thing)
                return r;
        thing->t_ns = t_ns;
        for (size_t i = 0; i < HELD_VALUES; i++)
                thing->values[i] = number(t, t->values[i]);
        if (t->text < 0)
                return 0;
        add_cell(t, t->text, &text);
        if (!text_equal(thing->text, string_get(&text))) {
                free(thing->text);
                thing->text = strdup(string_get(&text));
        }
        return thing->text ? 0 : -ENOMEM;
}

/* 1: there is a row at t->row. */
static int look_ahead(HeldTable *t, Error *err)
{
        while (!t->ended && (!t->rows || t->row >= batch_rows(t->rows))) {
                int r = run_cursor_next(t->cursor, &t->rows, err);
                if (r < 0)
                        return r;
                t->ended = r == 0;
                t->row = 0;
        }
        return !t->ended;
}

int held_table_move(HeldTable *t, int64_t t_ns, const HeldThing *const **ret, size_t *n, Error *err)
{
        int r;

        while ((r = look_ahead(t, err)) > 0) {
                int64_t at = batch_i64(t->rows, (size_t)t->t_ns, t->row);
                if (at > t_ns)
                        break;
                if (take_row(t, at) < 0)
                        return error_set(err, ENOMEM, "out of memory");
                t->row++;
        }
        if (r < 0)
                return r;
        *n = 0;
        for (size_t i = 0; i < t->n_things; i++) {
                int64_t age;
                if (!__builtin_sub_overflow(t_ns, t->things[i].t_ns, &age) && age <= (int64_t)t->hold_ns)
                        t->shown[(*n)++] = &t->things[i];
        }
        *ret = t->shown;
        return 0;
}

/* A monitor's table has its name, with '_' for '-'. */
static bool is_table_of(const char *monitor, const char *table)
{
        size_t i = 0;

        for (; monitor[i] && table[i]; i++)
                if (monitor[i] != table[i] && !(monitor[i] == '-' && table[i] == '_'))
                        return false;
        return monitor[i] == table[i];
}

uint64_t held_interval_ns(const RunInfo *info, const char *table)
{
        for (size_t i = 0; i < info->n_monitors; i++)
                if (is_table_of(info->monitors[i].name, table) && info->monitors[i].interval_us < UINT64_MAX / NS_PER_US)
                        return info->monitors[i].interval_us * NS_PER_US;
        return 0;
}
