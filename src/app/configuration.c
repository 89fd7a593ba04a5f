/* Where configuration files lie, and the order in which everything is read. */
#include "app/configuration.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "app/config-declared.h"
#include "app/config-keys.h"
#include "base/log.h"
#include "base/text.h"
#include "config/presets.h"
#include "sweep/project.h"

#define SYSTEM_FILE "/etc/vigia/vigia.toml"
#define DIRECTORY_FILE "./vigia.toml"

size_t configuration_options(ConfigurationOptions *o, Option *to)
{
        const Option all[CONFIGURATION_OPTIONS] = {
                {'c', "config", "FILE", "a configuration file instead of the user's", OPTION_TEXT,
                 &o->file},
                {0, "preset", "NAME", "monitors and settings for a kind of work", OPTION_TEXT,
                 &o->preset},
                {'m', "monitor", "LIST", "these monitors, too", OPTION_LIST, &o->on},
                {'x', "without", "LIST", "without these monitors", OPTION_LIST, &o->off},
                {0, "only", "LIST", "these monitors only; process: none", OPTION_LIST, &o->only},
                {0, "threads", NULL, "per-thread samples, as -m threads", OPTION_FLAG, &o->threads},
        };

        memcpy(to, all, sizeof all);
        return CONFIGURATION_OPTIONS;
}

void configuration_options_done(ConfigurationOptions *o)
{
        text_list_done(&o->on);
        text_list_done(&o->off);
        text_list_done(&o->only);
}

void configuration_done(Configuration *c)
{
        declared_monitors_free(c->declared);
        free(c->plan);
        free(c->plan_why);
        free(c->monitor_settings);
        settings_free(c->settings);
        *c = (Configuration){0};
}

/* ---- the files ---- */

static const char *environment(const char *name)
{
        const char *value = getenv(name);

        return value && value[0] ? value : NULL;
}

/* ~/.config/vigia/vigia.toml; a relative XDG_CONFIG_HOME counts as none (XDG Base Directory). */
static bool user_file(String *to)
{
        const char *config = environment("XDG_CONFIG_HOME"), *home = environment("HOME");

        if (config && config[0] == '/')
                string_add_format(to, "%s/vigia/vigia.toml", config);
        else if (home && home[0] == '/')
                string_add_format(to, "%s/.config/vigia/vigia.toml", home);
        return to->size > 0 && !to->failed;
}

static int read_files(Configuration *c, const ConfigurationOptions *o)
{
        _cleanup_string_ String user = {0};
        const char *named = o->file ? o->file : environment("VIGIA_CONFIG");
        int r = settings_read_file(c->settings, LAYER_SYSTEM, SYSTEM_FILE, SYSTEM_FILE, SETTING_PLACE);

        if (r == 0 && named)
                r = settings_read_file(c->settings, LAYER_USER, named, named, SETTING_NAMED);
        else if (r == 0 && user_file(&user))
                r = settings_read_file(c->settings, LAYER_USER, string_get(&user), string_get(&user),
                                       SETTING_CAUTIOUS);
        if (r == 0 && o->projects)
                r = settings_read_file(c->settings, LAYER_USER, o->projects, o->projects, SETTING_NAMED);
        if (r == 0)
                r = settings_read_file(c->settings, LAYER_DIRECTORY, DIRECTORY_FILE, DIRECTORY_FILE,
                                       SETTING_CAUTIOUS);
        return r;
}

/* The preset goes below the file that names it, or, of a variable or an option, above all. A name
 * that is none is told of when its key is checked. */
static int read_preset(Configuration *c, const char *option)
{
        const char *name = option ? option : environment("VIGIA_PRESET");
        size_t before = SIZE_MAX, size = 0;

        if (!name)
                name = settings_peek(c->settings, "run", "preset", &before);
        const char *text = name ? preset_find(name, &size) : NULL;
        return text ? settings_read_text(c->settings, LAYER_PRESET, name, text, size, before) : 0;
}

/* ---- options ---- */

/* Several uses of an option are one list. */
static int apply_list(Configuration *c, const char *key, const char *shown, const TextList *list,
                      const char *more)
{
        _cleanup_string_ String text = {0};

        for (size_t i = 0; i < list->n; i++)
                string_add_format(&text, "%s%s", i ? "," : "", list->items[i]);
        if (more)
                string_add_format(&text, "%s%s", list->n ? "," : "", more);
        if (list->n == 0 && !more)
                return 0;
        return text.failed ? -ENOMEM
                           : settings_apply_option(c->settings, key, shown, string_get(&text));
}

static int apply_options(Configuration *c, const ConfigurationOptions *o,
                         const ConfigurationOption *others, size_t n_others)
{
        int r = apply_list(c, "monitors.only", "--only", &o->only, NULL);

        if (r == 0)
                r = apply_list(c, "monitors.on", o->on.n ? "-m" : "--threads", &o->on,
                               o->threads ? "threads" : NULL);
        if (r == 0)
                r = apply_list(c, "monitors.off", "-x", &o->off, NULL);
        if (r == 0 && o->preset)
                r = settings_apply_option(c->settings, "run.preset", "--preset", o->preset);
        for (size_t i = 0; r == 0 && i < n_others; i++)
                if (others[i].text)
                        r = settings_apply_option(c->settings, others[i].key, others[i].shown,
                                                  others[i].text);
        return r;
}

/* ---- all of it ---- */

/* From files that are read to values. */
static int apply(Configuration *c, const char *const *variables)
{
        int r = settings_gather(c->settings, &config_declared_list);

        if (r == 0)
                r = settings_gather(c->settings, &sweep_project_list);
        if (r == 0)
                projects_check(c->settings);
        if (r == 0)
                r = config_declared_monitors(c);
        if (r == 0)
                r = config_schema(c->settings, c->declared, &c->schema);
        if (r == 0)
                r = settings_apply_files(c->settings, c->schema);
        if (r == 0 && variables)
                r = settings_apply_environment(c->settings, variables);
        return r;
}

int configuration_load(Configuration *c, const ConfigurationOptions *o,
                       const ConfigurationOption *others, size_t n_others, Error *err)
{
        int r = settings_new(&c->settings);

        if (r == 0)
                r = read_files(c, o);
        if (r == 0)
                r = read_preset(c, o->preset);
        if (r == 0)
                r = apply(c, (const char *const *)environ);
        if (r == 0)
                r = apply_options(c, o, others, n_others);
        if (r == 0)
                r = monitors_plan(c);
        return r < 0 ? error_set_errno(err, r, "configuration") : settings_check(c->settings, err);
}

int configuration_load_file(Configuration *c, const char *path, Error *err)
{
        int r = settings_new(&c->settings);

        if (r == 0)
                r = settings_read_file(c->settings, LAYER_USER, path, path, SETTING_NAMED);
        if (r == 0)
                r = read_preset(c, NULL);
        if (r == 0)
                r = apply(c, NULL);
        if (r == 0)
                r = monitors_plan(c);
        return r < 0 ? error_set_errno(err, r, "configuration") : settings_check(c->settings, err);
}

bool configuration_is_usage(const Configuration *c)
{
        for (size_t i = 0; c->settings && i < settings_n_notes(c->settings); i++) {
                const SettingNote *note = settings_note_at(c->settings, i);
                if (note->severity == SETTING_PROBLEM)
                        return note->layer == LAYER_OPTION;
        }
        return false;
}

void configuration_warn(const Configuration *c)
{
        for (size_t i = 0; i < settings_n_notes(c->settings); i++) {
                const SettingNote *note = settings_note_at(c->settings, i);
                if (note->severity == SETTING_WARNING)
                        log_warning("%s", note->sentence);
        }
}

const char *configuration_text(const Configuration *c, const char *key, const char *initial)
{
        const SettingValue *v = settings_get(c->settings, key);

        return v ? v->texts[0] : initial;
}

const char *configuration_path(const Configuration *c, const char *key)
{
        const SettingValue *value = settings_get(c->settings, key);
        _cleanup_string_ String path = {0};

        if (!value)
                return NULL;
        const char *slash = value->source.place.line > 0 ? strrchr(value->source.name, '/') : NULL;
        if (!slash || value->texts[0][0] == '/' || text_equal(value->texts[0], "builtin"))
                return value->texts[0];
        string_add_bytes(&path, value->source.name, (size_t)(slash - value->source.name) + 1);
        string_add(&path, value->texts[0]);
        const char *kept = settings_copy(c->settings, string_get(&path), path.size);
        return kept ? kept : value->texts[0];
}

uint64_t configuration_number(const Configuration *c, const char *key, uint64_t initial)
{
        const SettingValue *v = settings_get(c->settings, key);

        return v ? v->number : initial;
}

double configuration_real(const Configuration *c, const char *key, double initial)
{
        const SettingValue *v = settings_get(c->settings, key);

        return v ? v->real : initial;
}
