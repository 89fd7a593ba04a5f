/*
 * Settings in layers: files, a preset, VIGIA_* variables and options, each over the one before.
 * What keys there are is the caller's table; what is set, where, and what is wrong with it is
 * here. In order:
 *
 *         new → read files → (peek, read a preset) → gather lists → apply keys → ask
 *
 * Nothing stops at the first mistake: each is a note with its place. Values keep what they
 * replaced. Key names take '-' and '_' alike.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "base/text.h"
#include "config/toml.h"

enum {
        SETTING_FILES_MAX = 8,
        SETTING_NOTES_MAX = 100,     /* kept; all are counted */
        SETTING_TEXT_MAX = 65536,    /* bytes of one text */
        SETTING_TEXTS_MAX = 1024,    /* of one list */
        SETTING_LISTS_MAX = 4,
        SETTING_RECORDS_MAX = 256,   /* of one list of tables */
        SETTING_PATH_MAX = 160,      /* of a key's whole name */
};

typedef enum SettingKind {
        SETTING_TEXT,
        SETTING_TEXTS,    /* one text or a list of them */
        SETTING_WORDS,    /* the same, and "a,b" is two */
        SETTING_TABLES,   /* records; a plain text is one with only its identity */
        SETTING_BOOL,     /* number 0 or 1 */
        SETTING_NUMBER,   /* number */
        SETTING_REAL,     /* real */
        SETTING_DURATION, /* number, in ns: "50ms", or seconds without quotes */
        SETTING_BYTES,    /* number: 1048576, "1 MiB" */
} SettingKind;

typedef struct SettingList SettingList;
typedef struct SettingRecord SettingRecord;

typedef struct SettingKey {
        const char *name;     /* with dots, '_' between words: "run.pss_budget" */
        SettingKind kind;
        const char *initial;  /* the default in words, NULL: none */
        const char *help;     /* one line */
        uint64_t min, max;    /* of number or real; max 0: no bounds */
        const char *const *choices; /* of texts; ended by NULL; NULL: any text */
        /* May refuse a text, with what was expected in `expected`. NULL: fine as it is. */
        int (*check)(const char *text, Error *expected);
        bool required;        /* in a list of tables */
        bool empty;           /* a text of nothing is one, too */
        bool numbers;         /* whole numbers count as texts: [4, 8] */
        bool pairs;           /* of SETTING_TEXTS: a table counts as "NAME=VALUE" … */
        const SettingList *list; /* of SETTING_TABLES */
} SettingKey;

/* A list of tables, [[NAME]]. One of a later layer replaces one with the same `identity`. */
struct SettingList {
        const char *name;
        const SettingKey *keys; /* names without the list's */
        size_t n_keys;
        size_t identity;        /* index of a required TEXT key */
};

/* Names that are known, but are no keys of this program: the whole table or list is accepted
 * unread, or the value is that of another key. */
typedef struct SettingOther {
        const char *name;
        const char *key;  /* its value is this key's; NULL: not read */
        const char *why;  /* for who checks: "used by a later version" */
} SettingOther;

typedef struct SettingSchema {
        const SettingKey *keys;
        size_t n_keys;
        const SettingOther *others; /* ended by name NULL */
        const char *variables;      /* prefix of environment variables: "VIGIA_" */
        const char *short_section;  /* left out in variables: "run." */
        const char *const *known_variables; /* that are no keys, ended by NULL; "X_*": a family */
} SettingSchema;

typedef enum SettingLayer {
        LAYER_SYSTEM,      /* /etc */
        LAYER_USER,        /* of the home directory, or named instead of it */
        LAYER_DIRECTORY,   /* of the working directory */
        LAYER_PRESET,
        LAYER_ENVIRONMENT,
        LAYER_OPTION,
} SettingLayer;

const char *setting_layer_name(SettingLayer layer); /* "system", "user", … */

typedef struct SettingSource {
        SettingLayer layer;
        unsigned rank;    /* a later layer has a higher one; from 1 */
        const char *name; /* path, preset, variable or option */
        TomlPlace place;  /* in a file; else 0, 0 */
} SettingSource;

typedef struct SettingValue SettingValue;
struct SettingValue {
        const SettingKey *key;
        SettingSource source;
        const char *const *texts; /* of text kinds; at least texts[0] for SETTING_TEXT */
        size_t n_texts;
        bool single;              /* a list that was written as one text */
        uint64_t number;
        double real;
        SettingRecord *records;
        size_t n_records;
        const SettingValue *earlier; /* what it replaces; NULL: the default */
};

struct SettingRecord {
        const SettingList *list;
        SettingSource source;
        const SettingValue *const *values; /* by the list's keys; NULL: not set */
};

typedef enum SettingSeverity {
        SETTING_NOTICE,  /* for who checks a file */
        SETTING_WARNING, /* for everybody */
        SETTING_PROBLEM, /* the configuration is not usable */
} SettingSeverity;

typedef struct SettingNote {
        SettingSeverity severity;
        SettingLayer layer;
        const char *file;     /* variable, option; never NULL */
        TomlPlace place;      /* 0, 0: none */
        const char *sentence; /* whole: "FILE:LINE:COL: what is wrong; what was expected" */
} SettingNote;

typedef enum SettingFileState {
        SETTING_FILE_READ,
        SETTING_FILE_ABSENT,
        SETTING_FILE_REFUSED, /* not trusted, or not readable: a warning tells why */
        SETTING_FILE_BROKEN,  /* a problem tells why */
} SettingFileState;

typedef struct SettingFile {
        SettingLayer layer;
        SettingFileState state;
        const char *name;
        TomlDocument *document; /* NULL unless read */
} SettingFile;

typedef struct Settings Settings;

int settings_new(Settings **ret); /* 0 or -ENOMEM */
Settings *settings_free(Settings *settings);
DEFINE_CLEANUP(Settings, settings)

/* A check of SettingKey for regular expressions. */
int setting_check_regex(const char *text, Error *expected);

/* Memory that lives as long as the settings, zeroed. NULL: none. */
void *settings_allocate(Settings *settings, size_t size);
const char *settings_copy(Settings *settings, const char *text, size_t size);

typedef enum SettingReading {
        SETTING_NAMED,   /* by a person: must be there, may be anybody's, may be a pipe */
        SETTING_PLACE,   /* a place that is looked at: may be absent */
        SETTING_CAUTIOUS /* a place where strangers may write: see settings_trust */
} SettingReading;

/* Reads and parses a file, shown as `name`. What is wrong becomes a note. 0, -E2BIG (too many
 * files) or -ENOMEM. */
int settings_read_file(Settings *settings, SettingLayer layer, const char *path, const char *name,
                       SettingReading reading);
/* The same for text. `before`: index of the file over which it is not to go; SIZE_MAX: last. */
int settings_read_text(Settings *settings, SettingLayer layer, const char *name, const char *text,
                       size_t size, size_t before);
size_t settings_n_files(const Settings *settings);
const SettingFile *settings_file(const Settings *settings, size_t i);

/* The text at "section.key" of the last file that has one, before anything is applied; *ret_file
 * is that file's index. NULL: none. */
const char *settings_peek(const Settings *settings, const char *section, const char *key,
                          size_t *ret_file);

/* Reads all [[NAME]] of this list. 0 or -ENOMEM. */
int settings_gather(Settings *settings, const SettingList *list);
size_t settings_n_records(const Settings *settings);
const SettingRecord *settings_record(const Settings *settings, size_t i);

/* Reads all files, in order, by this schema, which must outlive the settings. 0 or -ENOMEM. */
int settings_apply_files(Settings *settings, const SettingSchema *schema);
/* Then the variables of an environment, "NAME=VALUE" … NULL. */
int settings_apply_environment(Settings *settings, const char *const *environment);
/* Then options: `shown` is the option as the person wrote it. */
int settings_apply_option(Settings *settings, const char *key, const char *shown, const char *text);

/* The newest value of a key, NULL: nowhere set. The key must be one of the schema. */
const SettingValue *settings_get(const Settings *settings, const char *key);
const SettingValue *settings_get_at(const Settings *settings, size_t key);

/* Of the last layer; the first is 1. */
unsigned settings_last_rank(const Settings *settings);

void settings_note(Settings *settings, SettingSeverity severity, const SettingSource *source,
                   const char *format, ...) _printf_(4, 5);
size_t settings_n_notes(const Settings *settings);
const SettingNote *settings_note_at(const Settings *settings, size_t i);
size_t settings_n_problems(const Settings *settings); /* all, kept or not */
/* -EINVAL with the first problem's sentence and how many more there are, or 0. */
int settings_check(const Settings *settings, Error *err);

/* "FILE:LINE:COL", a variable, an option, "built in" for NULL. */
void setting_source_add(String *to, const SettingSource *source);
/* The value as a person writes it: 50ms, 1 MiB, yes, a, b. */
void setting_value_add(String *to, const SettingValue *value);
/* What a value of this key is: "a time from 1ms to 1h", "red or green". */
void setting_expected_add(String *to, const SettingKey *key);
/* The variable of a key: VIGIA_MONITORS_STORE_PATHS. False: none fits into `to`. */
bool setting_variable(const SettingSchema *schema, const SettingKey *key, char *to, size_t size);

/* Whether key names are the same but for '-' and '_'. */
bool setting_name_equal(const char *a, const char *b);
