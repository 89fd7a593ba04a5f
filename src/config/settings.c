/* The settings themselves: what was read, what is wrong with it, and the memory of both. */
#include "config/settings.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config/settings-internal.h"

int settings_new(Settings **ret)
{
        Settings *s = calloc(1, sizeof *s);

        if (!s)
                return -ENOMEM;
        *ret = s;
        return 0;
}

Settings *settings_free(Settings *s)
{
        if (!s)
                return NULL;
        for (size_t i = 0; i < s->n_files; i++)
                toml_document_free(s->files[i].document);
        arena_done(&s->memory);
        free(s->records);
        free(s->notes);
        free(s);
        return NULL;
}

void *settings_allocate(Settings *s, size_t size)
{
        return arena_allocate(&s->memory, size);
}

const char *settings_copy(Settings *s, const char *text, size_t size)
{
        return arena_copy(&s->memory, text, size);
}

const char *setting_layer_name(SettingLayer layer)
{
        static const char *const names[] = {"system", "user", "directory", "preset", "environment", "option"};

        return names[layer];
}

bool setting_name_equal(const char *a, const char *b)
{
        for (; *a && *b; a++, b++)
                if ((*a == '-' ? '_' : *a) != (*b == '-' ? '_' : *b))
                        return false;
        return *a == *b;
}

/* ---- notes ---- */

static void keep_note(Settings *s, const SettingNote *note)
{
        if (s->n_notes == 0)
                s->notes = calloc(SETTING_NOTES_MAX, sizeof *s->notes);
        if (s->notes && s->n_notes < SETTING_NOTES_MAX)
                s->notes[s->n_notes++] = *note;
}

void settings_note(Settings *s, SettingSeverity severity, const SettingSource *source,
                   const char *format, ...)
{
        char text[1024];
        size_t used = 0;
        va_list args;

        s->n_problems += severity == SETTING_PROBLEM;
        if (s->n_notes == SETTING_NOTES_MAX)
                return;
        if (source->place.line > 0)
                used = (size_t)snprintf(text, sizeof text / 2, "%s:%u:%u: ", source->name,
                                        source->place.line, source->place.column);
        used = MIN(used, sizeof text / 2 - 1);
        va_start(args, format);
        vsnprintf(text + used, sizeof text - used, format, args);
        va_end(args);
        SettingNote note = {
                .severity = severity,
                .layer = source->layer,
                .file = source->name,
                .place = source->place,
                .sentence = settings_copy(s, text, strlen(text)),
        };
        if (note.sentence)
                keep_note(s, &note);
}

size_t settings_n_notes(const Settings *s)
{
        return s->n_notes;
}

const SettingNote *settings_note_at(const Settings *s, size_t i)
{
        return &s->notes[i];
}

size_t settings_n_problems(const Settings *s)
{
        return s->n_problems;
}

int settings_check(const Settings *s, Error *err)
{
        const char *first = "out of memory";

        if (s->n_problems == 0)
                return 0;
        for (size_t i = s->n_notes; i-- > 0;)
                if (s->notes[i].severity == SETTING_PROBLEM)
                        first = s->notes[i].sentence;
        if (s->n_problems == 1)
                return error_set(err, EINVAL, "%s", first);
        return error_set(err, EINVAL, "%s (and %zu more)", first, s->n_problems - 1);
}

/* ---- what there is ---- */

size_t settings_n_files(const Settings *s)
{
        return s->n_files;
}

const SettingFile *settings_file(const Settings *s, size_t i)
{
        return &s->files[i];
}

size_t settings_n_records(const Settings *s)
{
        return s->n_records;
}

const SettingRecord *settings_record(const Settings *s, size_t i)
{
        return &s->records[i];
}

const SettingValue *settings_get_at(const Settings *s, size_t key)
{
        return s->values ? s->values[key] : NULL;
}

const SettingValue *settings_get(const Settings *s, const char *key)
{
        for (size_t i = 0; s->values && i < s->schema->n_keys; i++)
                if (text_equal(s->schema->keys[i].name, key))
                        return s->values[i];
        return NULL;
}

unsigned settings_last_rank(const Settings *s)
{
        return s->rank + 1;
}

void setting_source_add(String *to, const SettingSource *source)
{
        if (!source)
                string_add(to, "built in");
        else if (source->place.line > 0)
                string_add_format(to, "%s%s:%u:%u", source->layer == LAYER_PRESET ? "preset " : "",
                                  source->name, source->place.line, source->place.column);
        else
                string_add(to, source->name);
}
