/* A [[monitor]] is plain data for monitor/declared.h; what that finds wrong is told at the key. */
#include "app/config-declared.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "app/config-keys.h"
#include "base/clock.h"
#include "base/text.h"

static const char *text(const SettingRecord *r, size_t key)
{
        return r->values[key] ? r->values[key]->texts[0] : NULL;
}

static const char *const *texts(const SettingRecord *r, size_t key)
{
        return r->values[key] ? r->values[key]->texts : NULL;
}

static uint64_t number(const SettingRecord *r, size_t key, uint64_t initial)
{
        return r->values[key] ? r->values[key]->number : initial;
}

static double real(const SettingRecord *r, size_t key)
{
        return r->values[key] ? r->values[key]->real : 0;
}

/* A noise of 0 that was written is not one that was left out. */
static double noise(const SettingRecord *r, size_t key)
{
        return r->values[key] && r->values[key]->real == 0 ? -1 : real(r, key);
}

/* The word's place among `words`, which is the enum's; the list's keys have been checked. */
static unsigned word(const SettingRecord *r, size_t key, const char *const *words)
{
        const char *wanted = text(r, key);

        for (unsigned i = 0; wanted && words[i]; i++)
                if (text_equal(words[i], wanted))
                        return i;
        return 0;
}

static int fill_columns(Settings *s, const SettingRecord *r, DeclaredMonitor *d)
{
        const SettingValue *v = r->values[DECLARED_KEY_COLUMNS];
        DeclaredColumn *columns = v ? settings_allocate(s, (v->n_records + 1) * sizeof *columns) : NULL;

        if (v && !columns)
                return -ENOMEM;
        for (size_t i = 0; v && i < v->n_records; i++) {
                const SettingRecord *c = &v->records[i];
                columns[i] = (DeclaredColumn){
                        .name = text(c, COLUMN_KEY_NAME),
                        .source = text(c, COLUMN_KEY_SOURCE),
                        .field = number(c, COLUMN_KEY_FIELD, 0),
                        .type = word(c, COLUMN_KEY_TYPE, declared_type_words),
                        .kind = word(c, COLUMN_KEY_KIND, declared_kind_words),
                        .unit = text(c, COLUMN_KEY_UNIT),
                        .scale = real(c, COLUMN_KEY_SCALE),
                        .noise = noise(c, COLUMN_KEY_NOISE),
                        .help = text(c, COLUMN_KEY_HELP),
                };
        }
        d->columns = columns;
        d->n_columns = v ? v->n_records : 0;
        return 0;
}

static int fill(Settings *s, const SettingRecord *r, DeclaredMonitor *d)
{
        const SettingValue *command = r->values[DECLARED_KEY_COMMAND];

        *d = (DeclaredMonitor){
                .name = text(r, DECLARED_KEY_NAME),
                .help = text(r, DECLARED_KEY_HELP),
                .off = !number(r, DECLARED_KEY_ENABLED, true),
                .file = text(r, DECLARED_KEY_FILE),
                .command = command && !command->single ? command->texts : NULL,
                .shell = command && command->single ? command->texts[0] : NULL,
                .host_prefix = text(r, DECLARED_KEY_HOST_PREFIX),
                .environment = texts(r, DECLARED_KEY_ENVIRONMENT),
                .interval_us = number(r, DECLARED_KEY_INTERVAL, 0) / NS_PER_US,
                .timeout_us = number(r, DECLARED_KEY_TIMEOUT, 0) / NS_PER_US,
                .format = word(r, DECLARED_KEY_FORMAT, declared_format_words),
                .kind = word(r, DECLARED_KEY_KIND, declared_kind_words),
                .unit = text(r, DECLARED_KEY_UNIT),
                .scale = real(r, DECLARED_KEY_SCALE),
                .noise = noise(r, DECLARED_KEY_NOISE),
                .pattern = text(r, DECLARED_KEY_PATTERN),
                .separator = text(r, DECLARED_KEY_SEPARATOR),
                .comment = text(r, DECLARED_KEY_COMMENT),
                .key = text(r, DECLARED_KEY_KEY),
                .no_header = !number(r, DECLARED_KEY_HEADER, true),
                .skip = number(r, DECLARED_KEY_SKIP, 0),
        };
        return fill_columns(s, r, d);
}

/* The value that the fault is in, or the whole declaration. */
static const SettingSource *place(const SettingRecord *r, const DeclaredFault *fault)
{
        const SettingValue *columns = r->values[DECLARED_KEY_COLUMNS];

        if (fault->key && fault->column != SIZE_MAX && columns && fault->column < columns->n_records)
                r = &columns->records[fault->column];
        for (size_t i = 0; fault->key && i < r->list->n_keys; i++)
                if (r->values[i] && text_equal(r->list->keys[i].name, fault->key))
                        return &r->values[i]->source;
        return &r->source;
}

static void tell(Settings *s, const SettingRecord *r, const DeclaredFault *fault, const Error *err)
{
        settings_note(s, SETTING_PROBLEM, place(r, fault), "%s", err->message);
}

/* Of a monitor that vigia has, or of a table that every run has. */
static bool is_taken(const char *name)
{
        static const char *const tables[] = {"process", "processes", "samples", "totals", "events"};

        for (size_t i = 0; i < ARRAY_LENGTH(tables); i++)
                if (text_equal(tables[i], name))
                        return true;
        return monitor_find(name);
}

/* 0, -EINVAL with a note, -ENOMEM. */
static int make(Configuration *c, const SettingRecord *r, Monitor **ret)
{
        DeclaredMonitor declaration;
        DeclaredFault fault = {.key = "name", .column = SIZE_MAX};
        Error err = {0};
        int e = fill(c->settings, r, &declaration);

        if (e < 0)
                return e;
        if (is_taken(declaration.name)) {
                error_set(&err, EINVAL, "vigia has %s of its own; expected another name",
                          declaration.name);
        } else {
                e = declared_monitor_new(&declaration, ret, &err);
                if (e == 0 || e == -ENOMEM)
                        return e;
                declared_monitor_check(&declaration, &fault, &err); /* for the place */
        }
        tell(c->settings, r, &fault, &err);
        return -EINVAL;
}

int config_declared_monitors(Configuration *c)
{
        size_t n = settings_n_records(c->settings);
        int r = 0;

        if (n == 0)
                return 0;
        c->declared = calloc(n + 1, sizeof *c->declared);
        c->declarations = settings_allocate(c->settings, (n + 1) * sizeof *c->declarations);
        if (!c->declared || !c->declarations)
                return -ENOMEM;
        for (size_t i = 0; i < n && r != -ENOMEM; i++) {
                const SettingRecord *record = settings_record(c->settings, i);
                if (record->list != &config_declared_list)
                        continue;
                r = make(c, record, &c->declared[c->n_declared]);
                if (r == 0)
                        c->declarations[c->n_declared++] = record;
        }
        return r == -ENOMEM ? r : 0;
}
