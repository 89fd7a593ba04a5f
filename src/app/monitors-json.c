/* `vigia monitors --json`: keys are stable, see docs/monitors.schema.json. Unknown is null. */
#include "app/monitors.h"
#include "base/json.h"

/* Sentences name files and devices, whose bytes are made harmless. */
static void add_shown(Json *j, const char *key, const char *text)
{
        _cleanup_string_ String safe = {0};

        string_add_shown(&safe, text ? text : "", 0, false);
        json_add_text(j, key, string_get(&safe));
        j->out->failed |= safe.failed;
}

static void add_shown_or_null(Json *j, const char *key, const char *text)
{
        if (text && text[0])
                add_shown(j, key, text);
        else
                json_add_null(j, key);
}

static void add_trial(Json *j, const MonitorTrial *t)
{
        const Monitor *m = t->monitor;

        add_shown(j, "name", m->name);
        add_shown(j, "what", m->what);
        json_add_u64(j, "interval_us", t->interval_us ? t->interval_us : UINT64_MAX);
        json_add_bool(j, "event", t->interval_us == 0);
        json_add_bool(j, "enabled", t->enabled);
        json_add_bool(j, "declared", t->declared);
        if (!t->tried)
                return;
        json_add_bool(j, "works", t->works);
        json_add_u64(j, "took_us", t->took_us);
        add_shown_or_null(j, "why", t->works ? "" : t->why.message);
        add_shown_or_null(j, "run", t->works ? "" : t->fix.message);
}

static void add_columns(Json *j, const Schema *schema)
{
        json_open_array(j, "columns", JSON_LINES);
        for (size_t i = 0; i < schema->n_columns; i++) {
                const Column *c = &schema->columns[i];
                json_open_object(j, NULL, JSON_LINES);
                add_shown(j, "name", c->name);
                json_add_text(j, "type", column_type_name(c->type));
                json_add_text(j, "role", column_role_name(c->role));
                add_shown_or_null(j, "unit", unit_name(c->unit));
                add_shown_or_null(j, "help", c->help);
                json_close(j);
        }
        json_close(j);
}

static void add_keys(Json *j, const Monitor *monitor)
{
        json_open_array(j, "keys", JSON_LINES);
        for (const MonitorKey *k = monitor->keys; k && k->name; k++) {
                json_open_object(j, NULL, JSON_LINES);
                json_add_text(j, "name", k->name);
                json_add_text(j, "kind", monitor_key_kind_name(k->kind));
                add_shown(j, "help", k->help);
                json_close(j);
        }
        json_close(j);
}

void monitors_json(const MonitorTrials *trials, bool detailed, const Schema *schema, String *to)
{
        Json j = {.out = to};

        json_open_object(&j, NULL, JSON_LINES);
        json_add_u64(&j, "format", 1);
        json_add_text(&j, "version", VIGIA_VERSION);
        json_open_array(&j, "monitors", JSON_LINES);
        for (size_t i = 0; i < trials->n; i++) {
                json_open_object(&j, NULL, JSON_LINES);
                add_trial(&j, &trials->items[i]);
                if (detailed) {
                        add_shown_or_null(&j, "table", schema ? schema->table : "");
                        if (schema)
                                add_columns(&j, schema);
                        else
                                json_add_null(&j, "columns");
                        add_keys(&j, trials->items[i].monitor);
                }
                json_close(&j);
        }
        json_close(&j);
        json_close(&j);
        string_add_char(to, '\n');
}
