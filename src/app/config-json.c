/* The configuration in force as JSON; the keys are stable, what is not set is null. */
#include <inttypes.h>
#include <string.h>

#include "app/config-show.h"

static void add_text(String *to, const char *text)
{
        if (!text) {
                string_add(to, "null");
                return;
        }
        string_add_char(to, '"');
        string_add_json(to, text, strlen(text));
        string_add_char(to, '"');
}

static void add_source(String *to, const SettingSource *source)
{
        if (!source) {
                string_add(to, "{\"layer\": \"built in\", \"name\": null, \"line\": null, \"column\": null}");
                return;
        }
        string_add_format(to, "{\"layer\": \"%s\", \"name\": ", setting_layer_name(source->layer));
        add_text(to, source->name);
        if (source->place.line > 0)
                string_add_format(to, ", \"line\": %u, \"column\": %u}", source->place.line,
                                  source->place.column);
        else
                string_add(to, ", \"line\": null, \"column\": null}");
}

static void add_texts(String *to, const SettingValue *v)
{
        string_add_char(to, '[');
        for (size_t i = 0; i < v->n_texts; i++) {
                string_add(to, i ? ", " : "");
                add_text(to, v->texts[i]);
        }
        string_add_char(to, ']');
}

/* Times in seconds, sizes in bytes. */
static void add_value(String *to, const SettingValue *v)
{
        switch (v->key->kind) {
        case SETTING_TEXT:
                add_text(to, v->texts[0]);
                break;
        case SETTING_TEXTS:
        case SETTING_WORDS:
                add_texts(to, v);
                break;
        case SETTING_BOOL:
                string_add(to, v->number ? "true" : "false");
                break;
        case SETTING_REAL:
                string_add_format(to, "%.15g", v->real);
                break;
        case SETTING_DURATION:
                string_add_format(to, "%.15g", (double)v->number / 1e9);
                break;
        case SETTING_NUMBER:
        case SETTING_BYTES:
                string_add_format(to, "%" PRIu64, v->number);
                break;
        case SETTING_TABLES:
                string_add_format(to, "%zu", v->n_records);
                break;
        }
}

static void add_files(String *to, const Settings *s)
{
        static const char *const states[] = {"read", "absent", "refused", "broken"};

        for (size_t i = 0; i < settings_n_files(s); i++) {
                const SettingFile *file = settings_file(s, i);
                string_add_format(to, "%s\n    {\"layer\": \"%s\", \"state\": \"%s\", \"name\": ", i ? "," : "",
                                  setting_layer_name(file->layer), states[file->state]);
                add_text(to, file->name);
                string_add_char(to, '}');
        }
}

static void add_settings(String *to, const Configuration *c)
{
        for (size_t i = 0; i < c->schema->n_keys; i++) {
                const SettingValue *v = settings_get_at(c->settings, i);
                string_add_format(to, "%s\n    {\"key\": \"%s\", \"value\": ", i ? "," : "",
                                  c->schema->keys[i].name);
                if (v)
                        add_value(to, v);
                else
                        string_add(to, "null");
                string_add(to, ", \"default\": ");
                add_text(to, c->schema->keys[i].initial);
                string_add(to, ", \"source\": ");
                add_source(to, v ? &v->source : NULL);
                string_add_char(to, '}');
        }
}

static void add_monitors(String *to, const Configuration *c)
{
        for (size_t i = 0; i < c->n_plan; i++) {
                const MonitorPlan *plan = &c->plan[i];
                string_add_format(to, "%s\n    {\"name\": \"%s\", \"interval_s\": ", i ? "," : "",
                                  plan->monitor->name);
                if (plan->interval_us > 0)
                        string_add_format(to, "%.15g", (double)plan->interval_us / 1e6);
                else
                        string_add(to, "null");
                string_add_format(to, ", \"asked\": %s, \"source\": ", plan->asked ? "true" : "false");
                add_source(to, c->plan_why[i]);
                string_add_char(to, '}');
        }
}

void config_show_json(const Configuration *c, String *to)
{
        string_add(to, "{\n  \"format\": 1,\n  \"files\": [");
        add_files(to, c->settings);
        string_add(to, "\n  ],\n  \"settings\": [");
        add_settings(to, c);
        string_add(to, "\n  ],\n  \"monitors\": [");
        add_monitors(to, c);
        string_add(to, c->n_plan ? "\n  ]\n}\n" : "]\n}\n");
}
