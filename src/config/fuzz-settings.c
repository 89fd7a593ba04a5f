/* Hostile TOML through the settings, twice as two layers: values that keep to their bounds, or
 * notes, each whole and with a place; and as the text of a variable. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "config/settings.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char *const choices[] = {"red", "green", NULL};

static const SettingKey column_keys[] = {
        {"name", SETTING_TEXT, NULL, "", .required = true},
        {"kind", SETTING_TEXT, NULL, "", .choices = choices},
};
static const SettingList columns = {"columns", column_keys, 2, 0};

static const SettingKey monitor_keys[] = {
        {"name", SETTING_TEXT, NULL, "", .required = true},
        {"file", SETTING_TEXT, NULL, ""},
        {"interval", SETTING_DURATION, NULL, "", .min = 1, .max = 1000000000},
        {"columns", SETTING_TABLES, NULL, "", .list = &columns},
        {"command", SETTING_TEXTS, NULL, ""},
};
static const SettingList list = {"monitor", monitor_keys, 5, 0};

static const SettingKey keys[] = {
        {"run.label", SETTING_TEXT, NULL, ""},
        {"run.colour", SETTING_TEXT, NULL, "", .choices = choices},
        {"run.interval", SETTING_DURATION, NULL, "", .min = 1000, .max = 1000000000},
        {"run.pss_budget", SETTING_REAL, NULL, "", .max = 100},
        {"run.quiet", SETTING_BOOL, NULL, ""},
        {"run.verbose", SETTING_NUMBER, NULL, "", .max = 2},
        {"monitors.on", SETTING_WORDS, NULL, ""},
        {"monitors.store.paths", SETTING_TEXTS, NULL, ""},
        {"monitors.store.least", SETTING_BYTES, NULL, "", .min = 10, .max = 1 << 20},
};
enum { N_KEYS = sizeof keys / sizeof keys[0] };

static const SettingOther others[] = {
        {"findings", NULL, "later"},
        {"monitor.collection.interval_seconds", "run.interval", NULL},
        {NULL},
};
static const SettingSchema schema = {keys, N_KEYS, others, "T_", "run.", NULL};

static void require(bool condition)
{
        if (!condition)
                abort();
}

static void check_value(const SettingValue *v)
{
        String shown = {0};

        for (; v; v = v->earlier) {
                const SettingKey *key = v->key;
                require(v->n_texts <= SETTING_TEXTS_MAX);
                for (size_t i = 0; i < v->n_texts; i++)
                        require(strlen(v->texts[i]) <= SETTING_TEXT_MAX);
                require(key->kind != SETTING_TEXT || v->n_texts == 1);
                require(key->kind != SETTING_REAL || (v->real >= 0 && v->real <= 100));
                if (key->max > 0 && key->kind != SETTING_REAL)
                        require(v->number >= key->min && v->number <= key->max);
                require(!v->earlier || v->earlier->source.rank < v->source.rank);
                setting_value_add(&shown, v);
                setting_source_add(&shown, &v->source);
                for (size_t i = 0; i < v->n_records; i++)
                        require(v->records[i].values[0] != NULL);
        }
        string_done(&shown);
}

static void check_all(const Settings *s)
{
        for (size_t i = 0; i < N_KEYS; i++)
                check_value(settings_get_at(s, i));
        for (size_t i = 0; i < settings_n_records(s); i++) {
                const SettingRecord *r = settings_record(s, i);
                require(r->values[0] && r->values[0]->n_texts == 1);
                for (size_t k = 0; k < r->list->n_keys; k++)
                        check_value(r->values[k]);
        }
        require(settings_n_notes(s) <= SETTING_NOTES_MAX);
        for (size_t i = 0; i < settings_n_notes(s); i++)
                require(settings_note_at(s, i)->sentence[0] != '\0');
        require((settings_n_problems(s) > 0) == (settings_check(s, NULL) < 0));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        Settings *s = NULL;
        char *text = malloc(size + 1);
        size_t file;

        if (!text || settings_new(&s) < 0)
                abort();
        memcpy(text, data, size);
        text[size] = '\0';
        require(settings_read_text(s, LAYER_SYSTEM, "a", text, size, SIZE_MAX) == 0);
        require(settings_read_text(s, LAYER_USER, "b", text, size, 0) == 0);
        settings_peek(s, "run", "label", &file);
        require(settings_gather(s, &list) == 0);
        require(settings_apply_files(s, &schema) == 0);
        const char *environment[] = {text, NULL};
        require(settings_apply_environment(s, environment) == 0);
        for (size_t i = 0; i < N_KEYS; i++)
                require(settings_apply_option(s, keys[i].name, "--o", text) == 0);
        check_all(s);
        settings_free(s);
        free(text);
        return 0;
}
