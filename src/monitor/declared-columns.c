/* Which columns a text has: those declared, or all that it shows at start. Their types are what all
 * values seen then have in common; a column is fixed from then on, as its table is. */
#include "monitor/declared-internal.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/hash.h"
#include "base/macros.h"

/* What was seen of a column's values. */
typedef struct Seen {
        bool any, words, decimal, below, huge; /* huge: more than an i64 holds */
} Seen;

typedef struct Finder {
        const DeclaredMonitor *d;
        DeclaredColumns *columns;
        Seen seen[DECLARED_COLUMNS_MAX];
        size_t rows;
        bool failed; /* out of memory */
} Finder;

/* ---- whose cell is it ---- */

static uint64_t cell_hash(const DeclaredCell *cell)
{
        uint64_t hash = hash_bytes(cell->name, cell->name_size);

        if (cell->section_size > 0)
                hash ^= hash_u64(hash_bytes(cell->section, cell->section_size));
        return hash | 1;
}

/* "section.key", or the key. */
static void full_name(const DeclaredCell *cell, String *to)
{
        if (cell->section_size > 0) {
                string_add_bytes(to, cell->section, cell->section_size);
                string_add_char(to, '.');
        }
        string_add_bytes(to, cell->name, cell->name_size);
}

static bool is_text(const char *a, const char *b, size_t size)
{
        return strlen(a) == size && memcmp(a, b, size) == 0;
}

/* By its own name, with its section or without, as it is written or made safe. */
static bool is_named(const DeclaredCell *cell, const String *full, const char *source)
{
        char name[DECLARED_NAME_MAX];

        if (is_text(source, cell->name, cell->name_size) || text_equal(source, string_get(full)))
                return true;
        declared_safe_name(cell->name, cell->name_size, name);
        if (text_equal(source, name))
                return true;
        if (cell->section_size == 0)
                return false;
        declared_safe_name(string_get(full), full->size, name);
        return text_equal(source, name);
}

static size_t search(const DeclaredColumns *columns, const DeclaredCell *cell)
{
        _cleanup_string_ String full = {0};
        size_t found = 0;

        full_name(cell, &full);
        for (size_t i = MONITOR_FIRST; i < columns->n && !full.failed; i++) {
                const char *source = columns->places[i].source;
                if (!source)
                        continue;
                if (text_equal(source, string_get(&full)))
                        return i;
                if (!found && columns->places[i].loose && is_named(cell, &full, source))
                        found = i;
        }
        return found;
}

size_t declared_columns_of(DeclaredColumns *columns, const DeclaredCell *cell)
{
        for (size_t i = MONITOR_FIRST; columns->by_field && i < columns->n; i++)
                if (columns->places[i].field == cell->place)
                        return i;
        if (!cell->name)
                return 0;
        uint64_t hash = cell_hash(cell);
        size_t hint = cell->place % DECLARED_HINTS;
        if (columns->hints[hint].hash != hash) {
                columns->hints[hint].column = search(columns, cell);
                columns->hints[hint].hash = hash;
        }
        return columns->hints[hint].column;
}

/* ---- making columns ---- */

static bool is_taken(const DeclaredColumns *columns, const char *name)
{
        for (size_t i = 0; i < columns->n; i++)
                if (text_equal(columns->columns[i].name, name))
                        return true;
        return false;
}

static void name_column(const DeclaredColumns *columns, const char *text, size_t size, Unit unit,
                        char name[DECLARED_NAME_MAX])
{
        char stem[DECLARED_NAME_MAX];

        declared_safe_name(text, size, stem);
        if (unit != UNIT_NONE && figure_unit_of_name(stem) != unit) {
                size_t n = MIN(strlen(stem), (size_t)DECLARED_NAME_MAX - 20);
                snprintf(stem + n, sizeof stem - n, "_%s", unit_name(unit));
        }
        text_copy(name, DECLARED_NAME_MAX, stem);
        for (unsigned i = 2; is_taken(columns, name); i++)
                snprintf(name, DECLARED_NAME_MAX, "%.50s_%u", stem, i);
}

static Column *add_column(Finder *f, const char *source, size_t source_size)
{
        DeclaredColumns *c = f->columns;

        if (c->n == DECLARED_COLUMNS_MAX) {
                c->cut = true;
                return NULL;
        }
        DeclaredPlace *place = &c->places[c->n];
        *place = (DeclaredPlace){.field = SIZE_MAX, .scale = f->d->scale ? f->d->scale : 1};
        if (source) {
                place->source = strndup(source, source_size);
                f->failed |= !place->source;
        }
        Column *column = &c->columns[c->n];
        *column = (Column){
                .name = place->name,
                .role = f->d->kind == DECLARED_COUNTER ? ROLE_COUNTER : ROLE_GAUGE,
                .noise = MAX(f->d->noise, 0),
        };
        if (f->d->unit)
                declared_unit_of(f->d->unit, &column->unit);
        return column;
}

static void set_kind(Column *column, DeclaredKind kind)
{
        if (kind == DECLARED_GAUGE)
                column->role = ROLE_GAUGE;
        else if (kind == DECLARED_COUNTER)
                column->role = ROLE_COUNTER;
        else if (kind == DECLARED_WORDS)
                column->role = ROLE_TEXT;
        else if (kind == DECLARED_KEY)
                column->role = ROLE_KEY;
        if (column->role == ROLE_KEY || column->role == ROLE_TEXT)
                column->unit = UNIT_NONE;
}

/* The key of a table by its heading, when no column is declared for it. */
static void add_key(Finder *f, const char *heading, size_t size)
{
        DeclaredColumns *c = f->columns;
        Column *column = add_column(f, heading, size);

        if (!column)
                return;
        set_kind(column, DECLARED_KEY);
        c->places[c->n].loose = f->d->key != NULL;
        name_column(c, heading, size, UNIT_NONE, c->places[c->n].name);
        c->n++;
}

static void add_line(Finder *f)
{
        DeclaredColumns *c = f->columns;
        Column *column = add_column(f, NULL, 0);

        if (!column)
                return;
        set_kind(column, DECLARED_KEY);
        column->type = COLUMN_U64;
        column->help = "number of the line, from 1";
        c->line = c->n;
        name_column(c, "line", 4, UNIT_NONE, c->places[c->n].name);
        c->n++;
}

static void add_declared(Finder *f, size_t index)
{
        const DeclaredColumn *from = &f->d->columns[index];
        const char *source = from->source ? from->source : from->name;
        bool by_field = f->d->format == DECLARED_TABLE && (from->field || f->d->no_header);
        DeclaredColumns *c = f->columns;
        Column *column = add_column(f, by_field || f->d->format == DECLARED_NUMBER ? NULL : source,
                                    strlen(source));

        if (!column)
                return;
        DeclaredPlace *place = &c->places[c->n];
        place->loose = true;
        if (by_field)
                place->field = from->field ? from->field - 1 : index;
        else if (f->d->format == DECLARED_NUMBER)
                place->field = 0;
        c->by_field |= place->field != SIZE_MAX;
        if (from->help) {
                column->help = place->help = strdup(from->help);
                f->failed |= !place->help;
        }
        if (from->scale != 0)
                place->scale = from->scale;
        if (from->noise != 0)
                column->noise = MAX(from->noise, 0);
        name_column(c, from->name, strlen(from->name), UNIT_NONE, place->name);
        if (from->unit)
                declared_unit_of(from->unit, &column->unit);
        else if (column->unit == UNIT_NONE)
                column->unit = figure_unit_of_name(place->name);
        bool key = f->d->key && (text_equal(f->d->key, source) || text_equal(f->d->key, from->name));
        set_kind(column, key ? DECLARED_KEY : from->kind);
        if (from->type == DECLARED_TEXT && column->role != ROLE_KEY)
                set_kind(column, DECLARED_WORDS);
        c->n++;
}

static bool declares_key(const Finder *f)
{
        const DeclaredColumns *c = f->columns;

        for (size_t i = MONITOR_FIRST; i < c->n; i++)
                if (c->columns[i].role == ROLE_KEY)
                        return true;
        return false;
}

static void add_all_declared(Finder *f)
{
        const DeclaredMonitor *d = f->d;

        for (size_t i = 0; i < d->n_columns; i++)
                add_declared(f, i);
        if (d->format != DECLARED_TABLE || declares_key(f))
                return;
        if (d->key)
                add_key(f, d->key, strlen(d->key));
        else if (d->n_columns > 0)
                add_line(f);
}

/* ---- looking at the text ---- */

static int found_row(void *data)
{
        Finder *f = data;

        f->rows++;
        return 0;
}

static void see(Finder *f, size_t index, Figure *figure)
{
        Column *column = &f->columns->columns[index];
        Seen *seen = &f->seen[index];

        if (figure->kind == FIGURE_NULL)
                return;
        seen->any = true;
        if (column->role != ROLE_KEY && column->unit == UNIT_NONE)
                column->unit = figure->unit;
        figure_convert(figure, column->unit, f->columns->places[index].scale);
        seen->words |= figure->kind == FIGURE_WORDS;
        seen->decimal |= figure->kind == FIGURE_DECIMAL;
        seen->below |= figure->kind == FIGURE_BELOW;
        seen->huge |= figure->kind == FIGURE_WHOLE && figure->whole > INT64_MAX;
}

static size_t add_found(Finder *f, const DeclaredCell *cell, const Figure *figure)
{
        DeclaredColumns *c = f->columns;
        _cleanup_string_ String full = {0};
        const DeclaredMonitor *d = f->d;

        if (d->format == DECLARED_TABLE && !d->key && cell->place == 0 && !declares_key(f)) {
                add_key(f, cell->name, cell->name_size);
                return c->n - 1;
        }
        full_name(cell, &full);
        Column *column = add_column(f, cell->name ? string_get(&full) : NULL, full.size);
        f->failed |= full.failed;
        if (!column)
                return 0;
        DeclaredPlace *place = &c->places[c->n];
        if (!cell->name) {
                place->field = cell->place;
                c->by_field = true;
        }
        const char *name = cell->name ? string_get(&full) : "value";
        Unit unit = column->unit == UNIT_NONE ? figure->unit : UNIT_NONE;
        name_column(c, name, strlen(name), unit, place->name);
        if (column->unit == UNIT_NONE)
                column->unit = figure_unit_of_name(place->name);
        return c->n++;
}

static int found_cell(void *data, const DeclaredCell *cell)
{
        Finder *f = data;
        size_t index = declared_columns_of(f->columns, cell);
        Figure figure;

        figure_parse(cell->value, cell->size, &figure);
        /* Fields behind the last heading have no name, and none was declared for them. */
        bool nameless = f->d->format == DECLARED_TABLE && !cell->name;
        if (index == 0 && f->columns->automatic && !nameless) {
                index = add_found(f, cell, &figure);
                f->columns->hints[cell->place % DECLARED_HINTS].hash = 0;
        }
        if (index != 0)
                see(f, index, &figure);
        return f->failed ? -ENOMEM : 0;
}

/* ---- what they are ---- */

static bool is_declared_number(const Finder *f, size_t index)
{
        size_t declared = index - MONITOR_FIRST;

        return declared < f->d->n_columns && (f->d->columns[declared].kind == DECLARED_GAUGE ||
                                              f->d->columns[declared].kind == DECLARED_COUNTER);
}

static ColumnType type_of(const Finder *f, size_t index)
{
        const Column *column = &f->columns->columns[index];
        const Seen *seen = &f->seen[index];

        if (column->role == ROLE_KEY || column->role == ROLE_TEXT)
                return COLUMN_TEXT;
        if (seen->words && !is_declared_number(f, index))
                return COLUMN_TEXT;
        /* Nothing seen yet: a counter is whole; of a level nobody knows. */
        if (seen->decimal || (seen->below && seen->huge) || (!seen->any && column->role == ROLE_GAUGE))
                return COLUMN_F64;
        if (column->role == ROLE_COUNTER || seen->huge)
                return seen->below ? COLUMN_I64 : COLUMN_U64;
        return COLUMN_I64;
}

static void decide_types(Finder *f)
{
        static const ColumnType types[] = {
                [DECLARED_U64] = COLUMN_U64,
                [DECLARED_I64] = COLUMN_I64,
                [DECLARED_F64] = COLUMN_F64,
                [DECLARED_TEXT] = COLUMN_TEXT,
        };
        DeclaredColumns *c = f->columns;

        for (size_t i = MONITOR_FIRST; i < c->n; i++) {
                size_t declared = i - MONITOR_FIRST;
                DeclaredType type = declared < f->d->n_columns ? f->d->columns[declared].type :
                                                                 DECLARED_TYPE_AUTO;
                if (i == c->line)
                        continue;
                c->columns[i].type = type == DECLARED_TYPE_AUTO ? type_of(f, i) : types[type];
                if (c->columns[i].type != COLUMN_TEXT)
                        continue;
                if (c->columns[i].role != ROLE_KEY)
                        c->columns[i].role = ROLE_TEXT;
                c->columns[i].unit = UNIT_NONE;
                c->columns[i].noise = 0;
        }
}

/* A heading that is in no row is a mistake in the declaration, not a table that is empty. */
static int check_key(const Finder *f, Error *err)
{
        for (size_t i = MONITOR_FIRST; f->rows > 0 && i < f->columns->n; i++) {
                const DeclaredPlace *place = &f->columns->places[i];
                if (f->columns->columns[i].role == ROLE_KEY && place->loose && !f->seen[i].any)
                        return error_set(err, ENODATA, "no key '%.60s' in it", place->name);
        }
        return 0;
}

static int find(Finder *f, const DeclaredParser *parser, const char *text, size_t size, Error *err)
{
        static const Column fixed[] = {MONITOR_TIME_COLUMNS};
        const DeclaredListener listener = {found_row, found_cell, f};
        DeclaredColumns *c = f->columns;
        bool cut;

        memcpy(c->columns, fixed, sizeof fixed);
        for (c->n = 0; c->n < MONITOR_FIRST; c->n++)
                c->places[c->n] = (DeclaredPlace){.field = SIZE_MAX};
        declared_safe_name(f->d->name, strlen(f->d->name), c->table);
        c->automatic = f->d->n_columns == 0;
        add_all_declared(f);
        int r = f->failed ? -ENOMEM : declared_parse(parser, text, size, &listener, &cut, err);
        if (r == -ENOMEM)
                return error_set(err, ENOMEM, "out of memory");
        if (r < 0)
                return r;
        if (c->automatic && c->n <= MONITOR_FIRST + !!f->d->key)
                return error_set(err, ENODATA, "no figures in it");
        if (check_key(f, err) < 0)
                return -ENODATA;
        decide_types(f);
        c->schema = (Schema){c->table, c->columns, c->n};
        memset(c->hints, 0, sizeof c->hints);
        return 0;
}

int declared_columns_new(const DeclaredParser *parser, const char *text, size_t size,
                         DeclaredColumns **ret, Error *err)
{
        Finder *f = calloc(1, sizeof *f);
        DeclaredColumns *columns = calloc(1, sizeof *columns);
        int r = f && columns ? 0 : error_set(err, ENOMEM, "out of memory");

        if (r == 0) {
                f->d = parser->declaration;
                f->columns = columns;
                r = find(f, parser, text, size, err);
        }
        free(f);
        if (r < 0) {
                declared_columns_free(columns);
                return r;
        }
        *ret = columns;
        return 0;
}

DeclaredColumns *declared_columns_free(DeclaredColumns *columns)
{
        for (size_t i = 0; columns && i < DECLARED_COLUMNS_MAX; i++) {
                free(columns->places[i].source);
                free(columns->places[i].help);
        }
        free(columns);
        return NULL;
}
