/* What the files of settings share. */
#pragma once

#include "base/arena.h"
#include "config/settings.h"

struct Settings {
        SettingFile files[SETTING_FILES_MAX];
        size_t n_files;
        unsigned rank; /* of what is being applied */
        const SettingSchema *schema;
        const SettingValue **values; /* by key of the schema, newest */
        const SettingList *lists[SETTING_LISTS_MAX];
        size_t n_lists;
        SettingRecord *records;
        size_t n_records;
        SettingNote *notes;
        size_t n_notes, n_problems;
        Arena memory; /* all that is handed out */
};

/* Tells of a name that is no key, with `hint` ("; did you mean …?") or what is expected. */
void settings_tell_unknown(Settings *s, const SettingSource *source, const char *what,
                           const char *name, const char *hint);

/* A value of this key, checked. 0, -EINVAL with a note, -ENOMEM. */
int setting_value_from_toml(Settings *s, const SettingKey *key, const TomlValue *value,
                            const SettingSource *source, SettingValue **ret);
int setting_value_from_text(Settings *s, const SettingKey *key, const char *text,
                            const SettingSource *source, SettingValue **ret);

/* The tables of an array as records, in an array that the settings own. As above. */
int settings_read_records(Settings *s, const SettingList *list, const TomlValue *array,
                          const SettingSource *source, SettingRecord **ret, size_t *ret_n);

/* Folds a key of a file into `to` behind `used` bytes, '-' made '_'. False: too long, or of
 * characters that no name has. */
bool setting_path_add(char to[SETTING_PATH_MAX], size_t used, TomlText key);

/* A key as it may be shown, cut. */
const char *setting_shown_key(TomlText key, char to[64]);
