/*
 * TOML 1.0.0 (https://toml.io/en/v1.0.0), strictly. The document owns the whole tree, which is
 * read-only; text is UTF-8 and NUL-terminated behind its size. Places are for error messages.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

enum {
        TOML_BYTES_MAX = 4 << 20,
        TOML_DEPTH_MAX = 64,       /* tables and arrays within one another, the root not counted */
        TOML_VALUES_MAX = 1 << 18, /* in the document, tables and arrays included */
};

typedef enum TomlKind {
        TOML_STRING,
        TOML_INTEGER,
        TOML_FLOAT,
        TOML_BOOL,
        TOML_OFFSET_DATE_TIME,
        TOML_LOCAL_DATE_TIME,
        TOML_LOCAL_DATE,
        TOML_LOCAL_TIME,
        TOML_ARRAY,
        TOML_TABLE,
} TomlKind;

/* Both count from 1; the column counts characters, a tab as one. */
typedef struct TomlPlace {
        uint32_t line;
        uint32_t column;
} TomlPlace;

typedef struct TomlText {
        const char *bytes; /* may contain NUL bytes; one more follows */
        size_t size;
} TomlText;

/* What the kind does not have is 0. */
typedef struct TomlTime {
        uint16_t year;
        uint8_t month, day; /* from 1 */
        uint8_t hour, minute;
        uint8_t second;         /* 60: a leap second */
        uint32_t nanosecond;    /* finer digits are cut off */
        int16_t offset_minutes; /* east of UTC */
} TomlTime;

typedef struct TomlValue TomlValue;
typedef struct TomlDocument TomlDocument;

/* 0; -EINVAL or -E2BIG with "shown_path:LINE:COLUMN: what is wrong; what was expected";
 * -ENOMEM. The text need not outlive the call. */
int toml_parse(const char *text, size_t size, const char *shown_path, TomlDocument **ret, Error *err);
TomlDocument *toml_document_free(TomlDocument *document);
DEFINE_CLEANUP(TomlDocument, toml_document)

const TomlValue *toml_document_root(const TomlDocument *document); /* a table, never NULL */

/* The value of a key of this table, NULL if there is none (or it is no table). */
const TomlValue *toml_table_get(const TomlDocument *document, const TomlValue *table, const char *key);
const TomlValue *toml_table_get_sized(const TomlDocument *document, const TomlValue *table,
                                      const char *key, size_t size);

/* What a table or array contains, in the order of the file; NULL at the end. */
const TomlValue *toml_first(const TomlValue *container);
const TomlValue *toml_next(const TomlValue *value);
size_t toml_count(const TomlValue *container);

TomlKind toml_kind(const TomlValue *value);
const char *toml_kind_name(TomlKind kind); /* "a string", "an integer", … */
TomlPlace toml_place(const TomlValue *value);     /* where the value begins; a table's: its key */
TomlText toml_key(const TomlValue *value);        /* bytes NULL: not in a table */
TomlPlace toml_key_place(const TomlValue *value); /* 0, 0: not in a table */

/* False, *ret untouched, if the value is of another kind. */
bool toml_get_string(const TomlValue *value, TomlText *ret);
bool toml_get_integer(const TomlValue *value, int64_t *ret);
bool toml_get_float(const TomlValue *value, double *ret);
bool toml_get_bool(const TomlValue *value, bool *ret);
bool toml_get_time(const TomlValue *value, TomlTime *ret); /* any of the four kinds */
