/* `vigia config show`, `check`, `keys`: what is in force and who says so; what is wrong; what can be. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "app/commands.h"
#include "app/config-show.h"
#include "app/configuration.h"
#include "app/note-json.h"
#include "app/print.h"
#include "base/cleanup.h"
#include "base/log.h"
#include "base/text.h"

typedef struct ConfigCommand {
        ConfigurationOptions options;
        bool all, json;
} ConfigCommand;

/* ---- show ---- */

static int show(const Command *self, const ConfigCommand *command, bool keys)
{
        _cleanup_string_ String text = {0};
        Configuration c = {0};
        Error err = {0};
        int r = configuration_load(&c, &command->options, NULL, 0, &err), code;

        if (r == 0) {
                configuration_warn(&c);
                if (keys)
                        config_show_keys(&c, &text);
                else if (command->json)
                        config_show_json(&c, &text);
                else
                        config_show_text(&c, command->all, &text);
                code = print_text(&text);
        } else if (configuration_is_usage(&c)) {
                error_prefix(&err, r, "config");
                code = usage_error(self, &err);
        } else {
                log_error("%s; vigia config check tells more", err.message);
                code = r == -EINVAL ? EXIT_USAGE : EXIT_CANNOT;
        }
        configuration_done(&c);
        return code;
}

/* ---- check ---- */

static void add_json(Json *j, const Settings *s)
{
        static const char *const severities[] = {"notice", "warning", "problem"};

        for (size_t i = 0; i < settings_n_notes(s); i++) {
                const SettingNote *note = settings_note_at(s, i);
                note_add_json(j, severities[note->severity], note->file, note->place, note->sentence);
        }
}

static void add_notes(const Settings *s, SettingSeverity severity, String *to)
{
        for (size_t i = 0; i < settings_n_notes(s); i++) {
                const SettingNote *note = settings_note_at(s, i);
                if (note->severity != severity)
                        continue;
                string_add_shown(to, note->sentence, 0, false);
                string_add_char(to, '\n');
        }
}

/* One line a problem, as compilers do; then what else there is to know; then the verdict. */
static void add_verdict(const Configuration *c, const char *what, String *to)
{
        const Settings *s = c->settings;
        size_t n = settings_n_problems(s), kept = 0;

        add_notes(s, SETTING_PROBLEM, to);
        for (size_t i = 0; i < settings_n_notes(s); i++)
                kept += settings_note_at(s, i)->severity == SETTING_PROBLEM;
        if (n > kept)
                string_add_format(to, "… and %zu more\n", n - kept);
        add_notes(s, SETTING_WARNING, to);
        add_notes(s, SETTING_NOTICE, to);
        if (n > 0)
                string_add_format(to, "%s: %zu %s\n", what, n, n == 1 ? "problem" : "problems");
        else
                string_add_format(to, "%s: fine\n", what);
}

/* Without a file, the layers as `run` would read them. 0 fine, 1 problems, -errno. */
static int check_one(const ConfigCommand *command, const char *file, Json *j)
{
        Configuration c = {0};
        Error err = {0};
        int r = file ? configuration_load_file(&c, file, &err)
                     : configuration_load(&c, &command->options, NULL, 0, &err);

        if (r < 0 && r != -EINVAL) {
                log_error("%s", err.message);
        } else if (command->json) {
                add_json(j, c.settings);
        } else {
                add_verdict(&c, file ? file : "the configuration", j->out);
        }
        configuration_done(&c);
        return r == -EINVAL ? 1 : r;
}

static int check(const ConfigCommand *command, char **files, size_t n_files)
{
        _cleanup_string_ String text = {0};
        Json j = {.out = &text};
        int code = EXIT_FINE;

        if (command->json)
                json_open_array(&j, NULL, JSON_LINES);
        for (size_t i = 0; i < MAX(n_files, (size_t)1); i++) {
                int r = check_one(command, n_files ? files[i] : NULL, &j);
                code = r < 0 ? EXIT_CANNOT : r > 0 ? MAX(code, (int)EXIT_USAGE) : code;
        }
        if (command->json) {
                json_close(&j);
                string_add_char(&text, '\n');
        }
        int printed = print_text(&text);
        return printed ? printed : code;
}

/* ---- the command ---- */

static int dispatch(const Command *command, const ConfigCommand *config, char **words, size_t n)
{
        Error err = {0};

        if (n > 0 && text_equal(words[0], "check"))
                return check(config, words + 1, n - 1);
        bool keys = n > 0 && text_equal(words[0], "keys"), shows = n > 0 && text_equal(words[0], "show");
        if (n == 1 && (keys || shows))
                return show(command, config, keys);
        if (keys || shows)
                error_set(&err, EINVAL, "config: %s takes no file; -c FILE is one instead of the user's",
                          words[0]);
        else
                error_set(&err, EINVAL, "config: expected show, check or keys");
        return usage_error(command, &err);
}

static int run(const Command *command, int argc, char **argv)
{
        ConfigCommand config = {0};
        Option options[2 + CONFIGURATION_OPTIONS] = {
                {0, "all", NULL, "show: what is built in, too", OPTION_FLAG, &config.all},
                {0, "json", NULL, "as JSON", OPTION_FLAG, &config.json},
        };
        _cleanup_free_ char **words = NULL;
        size_t n_words = 0, n = 2 + configuration_options(&config.options, options + 2);
        Error err = {0};
        int r = options_parse(command, options, n, argc, argv, false, &words, &n_words, &err);
        int code = r == 0  ? dispatch(command, &config, words, n_words)
                   : r > 0 ? EXIT_FINE
                           : usage_error(command, &err);

        configuration_options_done(&config.options);
        return code;
}

const Command command_config = {
        .name = "config",
        .summary = "the configuration in force and who says so; mistakes in a file",
        .usage = "show | keys | check [FILE…]",
        .details = "Later wins: built in, /etc/vigia/vigia.toml, ~/.config/vigia/vigia.toml,\n"
                   "./vigia.toml, preset, VIGIA_* variables, options. show tells what is set and by\n"
                   "whom, check what is wrong (exit 2), keys what can be set.",
        .run = run,
};
