/* From trees, variables and options to values: each name is looked up in the schema, and one
 * that is not there is told with the nearest that is. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/nearest.h"
#include "config/settings-internal.h"

const char *setting_shown_key(TomlText key, char to[64])
{
        _cleanup_string_ String shown = {0};

        string_add_shown(&shown, key.bytes, 40, false);
        text_copy(to, 64, string_get(&shown));
        return to;
}

bool setting_path_add(char to[SETTING_PATH_MAX], size_t used, TomlText key)
{
        if (key.size == 0 || used + key.size + 2 > SETTING_PATH_MAX)
                return false;
        if (used > 0)
                to[used++] = '.';
        for (size_t i = 0; i < key.size; i++) {
                char c = key.bytes[i];
                if (c == '.' || c == '\0')
                        return false;
                to[used++] = c == '-' ? '_' : c;
        }
        to[used] = '\0';
        return true;
}

/* Whether `path` and a dot begin this name. */
static bool is_below(const char *name, const char *path)
{
        size_t n = strlen(path);

        return strlen(name) > n && name[n] == '.' && strncmp(name, path, n) == 0;
}

static const SettingKey *find_key(const SettingKey *keys, size_t n, const char *name)
{
        for (size_t i = 0; i < n; i++)
                if (setting_name_equal(keys[i].name, name))
                        return &keys[i];
        return NULL;
}

static const SettingOther *find_other(const SettingSchema *schema, const char *name)
{
        for (const SettingOther *o = schema->others; o && o->name; o++)
                if (text_equal(o->name, name))
                        return o;
        return NULL;
}

static bool is_section(const SettingSchema *schema, const char *path)
{
        for (size_t i = 0; i < schema->n_keys; i++)
                if (is_below(schema->keys[i].name, path))
                        return true;
        for (const SettingOther *o = schema->others; o && o->name; o++)
                if (is_below(o->name, path))
                        return true;
        return false;
}

/* ---- a name that is none ---- */

static const char *last_part(const char *name)
{
        const char *dot = strrchr(name, '.');

        return dot ? dot + 1 : name;
}

/* The nearest key in the same table; else the key of that very name in another. */
static void offer_keys(const SettingKey *keys, size_t n, const char *path, Nearest *nearest)
{
        for (size_t i = 0; i < n; i++)
                nearest_offer(nearest, keys[i].name);
        for (size_t i = 0; i < n && !nearest->best; i++)
                if (setting_name_equal(last_part(keys[i].name), last_part(path)))
                        nearest->best = keys[i].name;
}

/* A key of the nearest table, which is what stands in front of its last dot. */
static const SettingKey *nearest_section(const SettingSchema *schema, const char *path)
{
        Nearest nearest = nearest_to(path);
        const SettingKey *found = NULL;

        for (size_t i = 0; i < schema->n_keys; i++) {
                char section[SETTING_PATH_MAX];
                size_t before = nearest.distance;
                text_copy(section, sizeof section, schema->keys[i].name);
                section[last_part(section) - section - (last_part(section) > section)] = '\0';
                nearest_offer(&nearest, section);
                nearest.best = NULL;
                if (nearest.distance < before)
                        found = &schema->keys[i];
        }
        return found;
}

void settings_tell_unknown(Settings *s, const SettingSource *source, const char *what,
                           const char *name, const char *hint)
{
        settings_note(s, SETTING_PROBLEM, source, "unknown %s %s%s", what, name,
                      hint[0] ? hint : "; expected one of vigia.toml(5)");
}

/* What was meant as one of a list, but written as a table or a value. */
static bool offer_list(const Settings *s, const char *path, char hint[NEAREST_HINT_MAX])
{
        for (size_t i = 0; i < s->n_lists; i++)
                if (text_equal(path, s->lists[i]->name) || is_below(path, s->lists[i]->name)) {
                        snprintf(hint, NEAREST_HINT_MAX, "; did you mean [[%s]]?", s->lists[i]->name);
                        return true;
                }
        return false;
}

static void unknown_key(Settings *s, const SettingSource *source, const char *path)
{
        Nearest nearest = nearest_to(path);
        char hint[NEAREST_HINT_MAX] = "";

        /* Nothing is looked for that nobody will read. */
        if (s->n_notes < SETTING_NOTES_MAX) {
                for (const SettingOther *o = s->schema->others; o && o->name; o++)
                        nearest_offer(&nearest, o->name);
                offer_keys(s->schema->keys, s->schema->n_keys, path, &nearest);
                nearest_hint(&nearest, "", hint);
        }
        if (!nearest.best)
                offer_list(s, path, hint);
        settings_tell_unknown(s, source, "key", path, hint);
}

static void unknown_table(Settings *s, const SettingSource *source, const char *path)
{
        char hint[NEAREST_HINT_MAX] = "", shown[SETTING_PATH_MAX + 2];
        const SettingKey *key =
                s->n_notes < SETTING_NOTES_MAX ? nearest_section(s->schema, path) : NULL;

        if (!offer_list(s, path, hint) && key)
                snprintf(hint, sizeof hint, "; did you mean [%.*s]?",
                         (int)(last_part(key->name) - key->name - 1), key->name);
        snprintf(shown, sizeof shown, "[%s]", path);
        settings_tell_unknown(s, source, "table", shown, hint);
}

/* ---- values ---- */

static void keep_value(Settings *s, SettingValue *value)
{
        size_t i = (size_t)(value->key - s->schema->keys);
        const SettingValue *before = s->values[i];

        if (before && before->source.rank == value->source.rank && value->source.place.line > 0) {
                settings_note(s, SETTING_PROBLEM, &value->source,
                              "%s is set a second time; the first is in line %u", value->key->name,
                              before->source.place.line);
                return;
        }
        value->earlier = before;
        s->values[i] = value;
}

static int apply_value(Settings *s, const SettingKey *key, const TomlValue *v,
                       SettingSource *source)
{
        SettingValue *value = NULL;

        source->place = toml_place(v);
        int r = setting_value_from_toml(s, key, v, source, &value);
        if (r == 0)
                keep_value(s, value);
        return r == -ENOMEM ? r : 0;
}

static int apply_other(Settings *s, const SettingOther *other, const TomlValue *v,
                       SettingSource *source)
{
        const SettingKey *key =
                other->key ? find_key(s->schema->keys, s->schema->n_keys, other->key) : NULL;

        if (key)
                return apply_value(s, key, v, source);
        source->place = toml_key_place(v);
        settings_note(s, SETTING_NOTICE, source, "%s is not read: %s", other->name, other->why);
        return 0;
}

/* Told of when it was gathered. */
static bool is_list(const Settings *s, const TomlValue *v, const char *path)
{
        for (size_t i = 0; i < s->n_lists; i++)
                if (text_equal(s->lists[i]->name, path))
                        return toml_kind(v) == TOML_ARRAY;
        return false;
}

/* Tables are walked as deep as the schema has names, 3 at most. */
static int apply_table(Settings *s, const TomlValue *table, char path[SETTING_PATH_MAX],
                       SettingSource *source)
{
        size_t used = strlen(path);
        int r = 0;

        for (const TomlValue *v = toml_first(table); v && r == 0; v = toml_next(v)) {
                char shown[64];
                TomlText name = toml_key(v);
                bool is_table = toml_kind(v) == TOML_TABLE;
                const SettingKey *key = NULL;
                const SettingOther *other;

                path[used] = '\0';
                source->place = toml_key_place(v);
                if (!setting_path_add(path, used, name)) {
                        path[used] = '\0';
                        settings_note(s, SETTING_PROBLEM, source, "unknown key \"%s\"%s%s",
                                      setting_shown_key(name, shown), used ? " in " : "", path);
                        continue;
                }
                key = find_key(s->schema->keys, s->schema->n_keys, path);
                if (key)
                        r = apply_value(s, key, v, source);
                else if ((other = find_other(s->schema, path)))
                        r = apply_other(s, other, v, source);
                else if (is_table && is_section(s->schema, path))
                        r = apply_table(s, v, path, source);
                else if (is_table)
                        unknown_table(s, source, path);
                else if (!is_list(s, v, path))
                        unknown_key(s, source, path);
        }
        path[used] = '\0';
        return r;
}

int settings_apply_files(Settings *s, const SettingSchema *schema)
{
        int r = 0;

        s->schema = schema;
        s->values = settings_allocate(s, (schema->n_keys + 1) * sizeof *s->values);
        if (!s->values)
                return -ENOMEM;
        for (size_t i = 0; i < s->n_files && r == 0; i++) {
                char path[SETTING_PATH_MAX] = "";
                SettingSource source = {
                        .layer = s->files[i].layer,
                        .rank = (unsigned)i + 1,
                        .name = s->files[i].name,
                };
                if (s->files[i].document)
                        r = apply_table(s, toml_document_root(s->files[i].document), path, &source);
        }
        s->rank = (unsigned)s->n_files;
        return r;
}

/* ---- variables and options ---- */

bool setting_variable(const SettingSchema *schema, const SettingKey *key, char *to, size_t size)
{
        const char *name = key->name;
        size_t n = strlen(schema->variables);

        if (text_starts_with(name, schema->short_section))
                name += strlen(schema->short_section);
        if (n + strlen(name) >= size)
                return false;
        memcpy(to, schema->variables, n);
        for (; *name; name++) {
                char c = *name;
                to[n++] = c == '.' || c == '-' ? '_' : c >= 'a' && c <= 'z' ? (char)(c - 'a' + 'A') : c;
        }
        to[n] = '\0';
        return true;
}

static bool is_known_variable(const SettingSchema *schema, const char *name)
{
        for (const char *const *known = schema->known_variables; known && *known; known++) {
                size_t n = strlen(*known);
                if (n > 0 && (*known)[n - 1] == '*' ? strncmp(*known, name, n - 1) == 0
                                                    : text_equal(*known, name))
                        return true;
        }
        return false;
}

static void unknown_variable(Settings *s, const SettingSource *source)
{
        Nearest nearest = nearest_to(source->name);
        char variable[SETTING_PATH_MAX], best[SETTING_PATH_MAX], hint[NEAREST_HINT_MAX];

        for (size_t i = 0; i < s->schema->n_keys && s->n_notes < SETTING_NOTES_MAX; i++) {
                size_t before = nearest.distance;
                if (!setting_variable(s->schema, &s->schema->keys[i], variable, sizeof variable))
                        continue;
                nearest_offer(&nearest, variable);
                if (nearest.distance < before) {
                        text_copy(best, sizeof best, variable);
                        nearest.best = best;
                }
        }
        settings_note(s, SETTING_WARNING, source, "unknown variable %s%s", source->name,
                      nearest_hint(&nearest, "", hint));
}

static int apply_variable(Settings *s, const char *name, const char *text, SettingSource *source)
{
        char variable[SETTING_PATH_MAX];

        source->name = name;
        for (size_t i = 0; i < s->schema->n_keys; i++) {
                SettingValue *value = NULL;
                if (!setting_variable(s->schema, &s->schema->keys[i], variable, sizeof variable) ||
                    !text_equal(variable, name))
                        continue;
                int r = setting_value_from_text(s, &s->schema->keys[i], text, source, &value);
                if (r == 0)
                        keep_value(s, value);
                return r == -ENOMEM ? r : 0;
        }
        if (!is_known_variable(s->schema, name))
                unknown_variable(s, source);
        return 0;
}

int settings_apply_environment(Settings *s, const char *const *environment)
{
        SettingSource source = {.layer = LAYER_ENVIRONMENT, .rank = ++s->rank};

        for (; *environment; environment++) {
                const char *equals;
                if (!text_starts_with(*environment, s->schema->variables) ||
                    !(equals = strchr(*environment, '=')) || !equals[1])
                        continue; /* an empty one is as good as none */
                const char *name =
                        settings_copy(s, *environment, (size_t)(equals - *environment));
                const char *text = settings_copy(s, equals + 1, strlen(equals + 1));
                int r = name && text ? apply_variable(s, name, text, &source) : -ENOMEM;
                if (r < 0)
                        return r;
        }
        return 0;
}

int settings_apply_option(Settings *s, const char *key, const char *shown, const char *text)
{
        const SettingKey *k = find_key(s->schema->keys, s->schema->n_keys, key);
        SettingSource source = {
                .layer = LAYER_OPTION,
                .rank = s->rank + 1,
                .name = settings_copy(s, shown, strlen(shown)),
        };
        const char *copy = settings_copy(s, text, strlen(text));
        SettingValue *value = NULL;

        if (!k || !source.name || !copy)
                return k ? -ENOMEM : -EINVAL;
        int r = setting_value_from_text(s, k, copy, &source, &value);
        if (r == 0)
                keep_value(s, value);
        return r == -ENOMEM ? r : 0;
}
