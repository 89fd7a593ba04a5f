/* Lists of tables, [[NAME]]: each is a record of values by the list's own keys. One that has
 * something wrong with it is told of and left out. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/nearest.h"
#include "config/settings-internal.h"

static size_t find(const SettingList *list, const char *name)
{
        size_t i = 0;

        while (i < list->n_keys && !setting_name_equal(list->keys[i].name, name))
                i++;
        return i;
}

static void unknown_key(Settings *s, const SettingList *list, TomlText key,
                        const SettingSource *source)
{
        char shown[64], hint[NEAREST_HINT_MAX] = "";
        Nearest nearest = nearest_to(setting_shown_key(key, shown));

        if (s->n_notes < SETTING_NOTES_MAX)
                for (size_t i = 0; i < list->n_keys; i++)
                        nearest_offer(&nearest, list->keys[i].name);
        nearest_hint(&nearest, "", hint);
        char name[96];
        snprintf(name, sizeof name, "%s of [[%s]]", shown, list->name);
        settings_tell_unknown(s, source, "key", name, hint);
}

/* 0, -EINVAL with notes, -ENOMEM. */
static int read_values(Settings *s, const SettingList *list, const TomlValue *table,
                       SettingSource source, const SettingValue **values)
{
        int result = 0;

        for (const TomlValue *v = toml_first(table); v; v = toml_next(v)) {
                char name[SETTING_PATH_MAX];
                SettingValue *value = NULL;
                size_t at = setting_path_add(name, 0, toml_key(v)) ? find(list, name) : list->n_keys;
                source.place = toml_key_place(v);
                if (at == list->n_keys) {
                        unknown_key(s, list, toml_key(v), &source);
                        result = -EINVAL;
                        continue;
                }
                source.place = toml_place(v);
                int r = setting_value_from_toml(s, &list->keys[at], v, &source, &value);
                if (r == -ENOMEM)
                        return r;
                if (r == 0 && values[at]) {
                        settings_note(s, SETTING_PROBLEM, &source, "%s is set a second time",
                                      list->keys[at].name);
                        r = -EINVAL;
                }
                result = r < 0 ? r : result;
                values[at] = value;
        }
        return result;
}

static int check_required(Settings *s, const SettingList *list, const SettingSource *source,
                          const SettingValue **values)
{
        for (size_t i = 0; i < list->n_keys; i++)
                if (list->keys[i].required && !values[i]) {
                        settings_note(s, SETTING_PROBLEM, source, "%s without a %s; expected %s = …",
                                      list->name, list->keys[i].name, list->keys[i].name);
                        return -EINVAL;
                }
        return 0;
}

/* A plain text is a table with nothing but its identity. */
static int read_word(Settings *s, const SettingList *list, const TomlValue *word,
                     const SettingSource *source, const SettingValue **values)
{
        SettingValue *value = NULL;
        int r = setting_value_from_toml(s, &list->keys[list->identity], word, source, &value);

        values[list->identity] = value;
        return r;
}

static int read_record(Settings *s, const SettingList *list, const TomlValue *element,
                       SettingSource source, SettingRecord *ret)
{
        const SettingValue **values = settings_allocate(s, (list->n_keys + 1) * sizeof *values);

        if (!values)
                return -ENOMEM;
        source.place = toml_place(element);
        int r = toml_kind(element) == TOML_TABLE ? read_values(s, list, element, source, values)
                                                  : read_word(s, list, element, &source, values);
        if (r == 0)
                r = check_required(s, list, &source, values);
        if (r == 0)
                *ret = (SettingRecord){list, source, values};
        return r;
}

static const char *identity(const SettingRecord *record)
{
        return record->values[record->list->identity]->texts[0];
}

static SettingRecord *find_same(SettingRecord *records, size_t n, const SettingRecord *like)
{
        for (size_t i = 0; i < n; i++)
                if (records[i].list == like->list &&
                    setting_name_equal(identity(&records[i]), identity(like)))
                        return &records[i];
        return NULL;
}

static int tell_too_many(Settings *s, const SettingList *list, const SettingSource *source)
{
        settings_note(s, SETTING_PROBLEM, source, "too many of %s; expected at most %d", list->name,
                      SETTING_RECORDS_MAX);
        return -EINVAL;
}

static int tell_second(Settings *s, const SettingRecord *record, const SettingRecord *first)
{
        settings_note(s, SETTING_PROBLEM, &record->source,
                      "a second %s named %s; the first is in line %u", record->list->name,
                      identity(record), first->source.place.line);
        return -EINVAL;
}

int settings_read_records(Settings *s, const SettingList *list, const TomlValue *array,
                          const SettingSource *source, SettingRecord **ret, size_t *ret_n)
{
        size_t n = 0, most = MIN(toml_count(array), (size_t)SETTING_RECORDS_MAX);
        SettingRecord *records = settings_allocate(s, (most + 1) * sizeof *records);
        int result = 0;

        if (!records)
                return -ENOMEM;
        if (toml_count(array) > most)
                return tell_too_many(s, list, source);
        for (const TomlValue *v = toml_first(array); v; v = toml_next(v)) {
                int r = read_record(s, list, v, *source, &records[n]);
                const SettingRecord *same = r == 0 ? find_same(records, n, &records[n]) : NULL;
                if (same)
                        r = tell_second(s, &records[n], same);
                if (r == -ENOMEM)
                        return r;
                result = r < 0 ? r : result;
                n += r == 0;
        }
        *ret = records;
        *ret_n = n;
        return result;
}

/* A list of a later file replaces what has the same name. */
static int keep_all(Settings *s, const SettingList *list, const SettingRecord *records, size_t n)
{
        if (!s->records && !(s->records = calloc(SETTING_RECORDS_MAX, sizeof *s->records)))
                return -ENOMEM;
        for (size_t i = 0; i < n; i++) {
                SettingRecord *same = find_same(s->records, s->n_records, &records[i]);
                if (same)
                        *same = records[i];
                else if (s->n_records < SETTING_RECORDS_MAX)
                        s->records[s->n_records++] = records[i];
                else
                        tell_too_many(s, list, &records[i].source);
        }
        return 0;
}

int settings_gather(Settings *s, const SettingList *list)
{
        int result = 0;

        if (s->n_lists == SETTING_LISTS_MAX)
                return -E2BIG;
        s->lists[s->n_lists++] = list;
        for (size_t i = 0; i < s->n_files && result == 0; i++) {
                TomlDocument *d = s->files[i].document;
                const TomlValue *array = d ? toml_table_get(d, toml_document_root(d), list->name) : NULL;
                SettingSource source = {
                        .layer = s->files[i].layer,
                        .rank = (unsigned)i + 1,
                        .name = s->files[i].name,
                };
                SettingRecord *records = NULL;
                size_t n = 0;
                if (!array || toml_kind(array) != TOML_ARRAY)
                        continue;
                source.place = toml_place(array);
                int r = settings_read_records(s, list, array, &source, &records, &n);
                result = r == -ENOMEM ? r : keep_all(s, list, records, n);
        }
        return result;
}
