/* `vigia monitors --json`: keys are stable, see docs/monitors.schema.json. Unknown is null. */
#include <jansson.h>

#include "app/monitors.h"

/* Sentences name files and devices, whose bytes need not be UTF-8. */
static json_t *text(const char *s)
{
        _cleanup_string_ String safe = {0};

        string_add_shown(&safe, s ? s : "", 0, false);
        return json_string(string_get(&safe));
}

static json_t *text_or_null(const char *s)
{
        return s && s[0] ? text(s) : json_null();
}

static json_t *one(const MonitorTrial *t)
{
        const Monitor *m = t->monitor;
        json_t *o = json_pack("{s:o, s:o, s:o, s:b, s:b, s:b}", "name", text(m->name), "what",
                              text(m->what), "interval_us",
                              t->interval_us ? json_integer((json_int_t)t->interval_us) : json_null(),
                              "event", t->interval_us == 0, "enabled", t->enabled, "declared",
                              t->declared);

        if (!o || !t->tried)
                return o;
        json_object_set_new(o, "works", json_boolean(t->works));
        json_object_set_new(o, "took_us", json_integer((json_int_t)t->took_us));
        json_object_set_new(o, "why", text_or_null(t->works ? "" : t->why.message));
        json_object_set_new(o, "run", text_or_null(t->works ? "" : t->fix.message));
        return o;
}

static json_t *columns(const Schema *schema)
{
        static const char *const roles[] = {[ROLE_KEY] = "key", [ROLE_GAUGE] = "gauge",
                                            [ROLE_COUNTER] = "counter", [ROLE_TEXT] = "text"};
        json_t *array = json_array();

        for (size_t i = 0; i < schema->n_columns; i++) {
                const Column *c = &schema->columns[i];
                json_array_append_new(
                        array, json_pack("{s:o, s:s, s:s, s:o, s:o}", "name", text(c->name), "type",
                                         column_type_name(c->type), "role", roles[c->role], "unit",
                                         text_or_null(unit_name(c->unit)), "help",
                                         text_or_null(c->help)));
        }
        return array;
}

static json_t *keys(const Monitor *monitor)
{
        json_t *array = json_array();

        for (const MonitorKey *k = monitor->keys; k && k->name; k++)
                json_array_append_new(array, json_pack("{s:s, s:s, s:o}", "name", k->name, "kind",
                                                       monitor_key_kind_name(k->kind), "help",
                                                       text(k->help)));
        return array;
}

char *monitors_json(const MonitorTrials *trials, bool detailed, const Schema *schema)
{
        json_t *array = json_array(), *root;
        char *out;

        for (size_t i = 0; i < trials->n; i++) {
                json_t *o = one(&trials->items[i]);
                if (o && detailed) {
                        json_object_set_new(o, "table", text_or_null(schema ? schema->table : ""));
                        json_object_set_new(o, "columns", schema ? columns(schema) : json_null());
                        json_object_set_new(o, "keys", keys(trials->items[i].monitor));
                }
                json_array_append_new(array, o);
        }
        root = json_pack("{s:i, s:s, s:o}", "format", 1, "version", VIGIA_VERSION, "monitors", array);
        out = root ? json_dumps(root, JSON_INDENT(2)) : NULL;
        json_decref(root);
        return out;
}
