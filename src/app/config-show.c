/* Three columns: the key, its value, and who says so. */
#include "app/config-show.h"

#include <stdio.h>
#include <string.h>

#include "app/config-keys.h"
#include "app/page.h"
#include "sweep/project.h"

enum { WIDTH = 80, KEY_MAX = 32, SOURCE_MAX = 34, GAP = 2, LABEL = 12 };

static void add_padded(String *to, const char *text, size_t columns, size_t width)
{
        _cleanup_string_ String shown = {0};

        string_add_shown(&shown, text, columns, false);
        string_add(to, string_get(&shown));
        for (size_t i = text_width(string_get(&shown)); i < width; i++)
                string_add_char(to, ' ');
}

/* ---- files ---- */

static const char *state_name(const SettingFile *file)
{
        static const char *const names[] = {
                [SETTING_FILE_READ] = "read",
                [SETTING_FILE_ABSENT] = "not there",
                [SETTING_FILE_REFUSED] = "not read, see above",
                [SETTING_FILE_BROKEN] = "wrong, see above",
        };

        return file->layer == LAYER_PRESET ? "preset" : names[file->state];
}

static void show_files(const Settings *s, String *to)
{
        Page page = {to, false, LABEL, "files"};

        for (size_t i = 0; i < settings_n_files(s); i++) {
                const SettingFile *file = settings_file(s, i);
                page_add_label(&page);
                add_padded(to, file->name, WIDTH - LABEL - 21, WIDTH - LABEL - 21);
                string_add_format(to, "  %s\n", state_name(file));
        }
}

/* ---- values ---- */

typedef struct Widths {
        size_t key, value, source;
} Widths;

static void add_source(String *to, const SettingSource *source)
{
        setting_source_add(to, source);
}

static void measure(const Configuration *c, bool all, Widths *ret)
{
        Widths w = {.key = 12, .source = strlen("built in")};

        for (size_t i = 0; i < c->schema->n_keys; i++) {
                const SettingValue *v = settings_get_at(c->settings, i);
                _cleanup_string_ String source = {0};
                if (!v && !all)
                        continue;
                add_source(&source, v ? &v->source : NULL);
                w.key = MAX(w.key, text_width(c->schema->keys[i].name));
                w.source = MAX(w.source, text_width(string_get(&source)));
        }
        w.key = MIN(w.key, (size_t)KEY_MAX);
        w.source = MIN(w.source, (size_t)SOURCE_MAX);
        w.value = WIDTH - w.key - w.source - 3 * GAP;
        *ret = w;
}

static void add_line(String *to, const Widths *w, const char *key, const char *value,
                     const SettingSource *source)
{
        _cleanup_string_ String from = {0};

        add_source(&from, source);
        string_add(to, "  ");
        add_padded(to, key, w->key, w->key + GAP);
        add_padded(to, value, w->value, w->value + GAP);
        string_add_shown(to, string_get(&from), w->source, false);
        string_add_char(to, '\n');
}

static size_t show_values(const Configuration *c, bool set, const Widths *w, String *to)
{
        size_t n = 0;

        for (size_t i = 0; i < c->schema->n_keys; i++) {
                const SettingKey *key = &c->schema->keys[i];
                const SettingValue *v = settings_get_at(c->settings, i);
                _cleanup_string_ String value = {0};
                if (!v == set)
                        continue;
                if (v)
                        setting_value_add(&value, v);
                add_line(to, w, key->name, v ? string_get(&value) : key->initial ? key->initial : "-",
                         v ? &v->source : NULL);
                n++;
        }
        return n;
}

/* ---- monitors ---- */

static void show_declared(const Configuration *c, const Widths *w, String *to)
{
        for (size_t i = 0; i < c->n_declared; i++) {
                _cleanup_string_ String key = {0};
                string_add_format(&key, "[[monitor]] %s", c->declared[i]->name);
                add_line(to, w, string_get(&key), c->declared[i]->what, &c->declarations[i]->source);
        }
}

static void show_plan(const Configuration *c, String *to)
{
        Page page = {to, false, LABEL, "monitors"};
        _cleanup_string_ String names = {0};

        for (size_t i = 0; i < c->n_plan; i++)
                string_add_format(&names, "%s%s", i ? ", " : "", c->plan[i].monitor->name);
        page_add_line(&page, c->n_plan ? string_get(&names) : "none but that of processes");
}

void config_show_text(const Configuration *c, bool all, String *to)
{
        Widths w;
        size_t n;

        measure(c, all || c->n_declared > 0, &w);
        show_files(c->settings, to);
        string_add_char(to, '\n');
        n = show_values(c, true, &w, to);
        show_declared(c, &w, to);
        if (n + c->n_declared > 0)
                string_add_char(to, '\n');
        if (all) {
                show_values(c, false, &w, to);
                string_add_char(to, '\n');
        }
        show_plan(c, to);
        if (!all)
                string_add_format(to, "%s built in; vigia config show --all lists the rest.\n",
                                  n + c->n_declared > 0 ? "Everything else is" : "Everything is");
}

/* ---- keys ---- */

static void show_key(const SettingKey *key, const char *variable, String *to)
{
        _cleanup_string_ String text = {0};

        string_add_format(to, "%s\n    ", key->name);
        string_add_format(&text, "%s; ", key->help);
        setting_expected_add(&text, key);
        if (key->required)
                string_add(&text, "; required");
        if (key->initial)
                string_add_format(&text, "; default %s", key->initial);
        if (variable[0])
                string_add_format(&text, "; %s", variable);
        page_add_words(to, string_get(&text), 4, 4);
}

static void show_list(const char *name, const SettingList *list, String *to)
{
        string_add_format(to, "\n[[%s]]\n\n", name);
        for (size_t i = 0; i < list->n_keys; i++)
                show_key(&list->keys[i], "", to);
        for (size_t i = 0; i < list->n_keys; i++) {
                char below[SETTING_PATH_MAX];
                snprintf(below, sizeof below, "%s.%s", name, list->keys[i].name);
                if (list->keys[i].list)
                        show_list(below, list->keys[i].list, to);
        }
}

void config_show_keys(const Configuration *c, String *to)
{
        char variable[SETTING_PATH_MAX];

        for (size_t i = 0; i < c->schema->n_keys; i++)
                show_key(&c->schema->keys[i],
                         setting_variable(c->schema, &c->schema->keys[i], variable, sizeof variable)
                                 ? variable
                                 : "",
                         to);
        show_list(config_declared_list.name, &config_declared_list, to);
        show_list(sweep_project_list.name, &sweep_project_list, to);
}
