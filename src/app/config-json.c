/* The configuration in force as JSON; the keys are stable, what is not set is null. */
#include <math.h>

#include "app/config-show.h"
#include "base/json.h"

static void add_source(Json *j, const SettingSource *source)
{
        bool placed = source && source->place.line > 0;

        json_open_object(j, "source", JSON_ONE_LINE);
        json_add_text(j, "layer", source ? setting_layer_name(source->layer) : "built in");
        json_add_text(j, "name", source ? source->name : NULL);
        json_add_u64(j, "line", placed ? source->place.line : UINT64_MAX);
        json_add_u64(j, "column", placed ? source->place.column : UINT64_MAX);
        json_close(j);
}

static void add_texts(Json *j, const SettingValue *v)
{
        json_open_array(j, "value", JSON_ONE_LINE);
        for (size_t i = 0; i < v->n_texts; i++)
                json_add_text(j, NULL, v->texts[i]);
        json_close(j);
}

/* Times in seconds, sizes in bytes. */
static void add_value(Json *j, const SettingValue *v)
{
        switch (v->key->kind) {
        case SETTING_TEXT:
                json_add_text(j, "value", v->texts[0]);
                break;
        case SETTING_TEXTS:
        case SETTING_WORDS:
                add_texts(j, v);
                break;
        case SETTING_BOOL:
                json_add_bool(j, "value", v->number);
                break;
        case SETTING_REAL:
                json_add_number(j, "value", v->real, 15);
                break;
        case SETTING_DURATION:
                json_add_number(j, "value", (double)v->number / 1e9, 15);
                break;
        case SETTING_NUMBER:
        case SETTING_BYTES:
                json_add_u64(j, "value", v->number);
                break;
        case SETTING_TABLES:
                json_add_u64(j, "value", v->n_records);
                break;
        }
}

static void add_files(Json *j, const Settings *s)
{
        static const char *const states[] = {"read", "absent", "refused", "broken"};

        json_open_array(j, "files", JSON_LINES);
        for (size_t i = 0; i < settings_n_files(s); i++) {
                const SettingFile *file = settings_file(s, i);
                json_open_object(j, NULL, JSON_ONE_LINE);
                json_add_text(j, "layer", setting_layer_name(file->layer));
                json_add_text(j, "state", states[file->state]);
                json_add_text(j, "name", file->name);
                json_close(j);
        }
        json_close(j);
}

static void add_settings(Json *j, const Configuration *c)
{
        json_open_array(j, "settings", JSON_LINES);
        for (size_t i = 0; i < c->schema->n_keys; i++) {
                const SettingValue *v = settings_get_at(c->settings, i);
                json_open_object(j, NULL, JSON_ONE_LINE);
                json_add_text(j, "key", c->schema->keys[i].name);
                if (v)
                        add_value(j, v);
                else
                        json_add_null(j, "value");
                json_add_text(j, "default", c->schema->keys[i].initial);
                add_source(j, v ? &v->source : NULL);
                json_close(j);
        }
        json_close(j);
}

static void add_monitors(Json *j, const Configuration *c)
{
        json_open_array(j, "monitors", JSON_LINES);
        for (size_t i = 0; i < c->n_plan; i++) {
                const MonitorPlan *plan = &c->plan[i];
                json_open_object(j, NULL, JSON_ONE_LINE);
                json_add_text(j, "name", plan->monitor->name);
                json_add_number(j, "interval_s", plan->interval_us > 0 ? (double)plan->interval_us / 1e6 : NAN, 15);
                json_add_bool(j, "asked", plan->asked);
                add_source(j, c->plan_why[i]);
                json_close(j);
        }
        json_close(j);
}

void config_show_json(const Configuration *c, String *to)
{
        Json j = {.out = to};

        json_open_object(&j, NULL, JSON_LINES);
        json_add_u64(&j, "format", 1);
        add_files(&j, c->settings);
        add_settings(&j, c);
        add_monitors(&j, c);
        json_close(&j);
        string_add_char(to, '\n');
}
