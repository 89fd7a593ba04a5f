/*
 * Structs as JSON objects, from a table of fields that serves both ways: what is written is what is read.
 * Unknown is null, and null or absent leaves a field as it was initialised.
 */
#pragma once

#include <stddef.h>

#include <jansson.h>

#include "base/error.h"
#include "base/json.h"

typedef enum JsonFieldKind {
        JSON_TEXT,     /* char *, owned; NULL unknown */
        JSON_TEXTS,    /* char **, NULL-terminated; NULL none */
        JSON_U64,      /* UINT64_MAX unknown; what JSON readers cannot hold (over INT64_MAX) is, too */
        JSON_SEED,     /* uint64_t, any: as a text, which no JSON reader rounds */
        JSON_I64,      /* negative: unknown */
        JSON_INT,      /* negative: unknown */
        JSON_UNSIGNED,
        JSON_BOOL,
        JSON_WORD,     /* an enum, by its names */
} JsonFieldKind;

typedef struct JsonField {
        const char *group; /* the object it lies in; NULL: the one that is read. A group's fields stand together */
        const char *key;
        JsonFieldKind kind;
        size_t offset;
        const char *const *words; /* of JSON_WORD; ended by NULL */
} JsonField;

/* Members of the object that is open. Texts are cut after text_max bytes (SIZE_MAX: whole). */
void json_add_fields(Json *j, const JsonField *fields, size_t n, const void *from, size_t text_max);

/* ---- reading ---- */

typedef struct JsonReader {
        const char *shown;    /* the file, for sentences */
        size_t text_max;      /* bytes of a text; longer ones are refused */
        size_t texts_max;     /* texts in a list */
        Error *err;
} JsonReader;

/* An object with a "format" from 1 to newest. *ret: json_decref. -EBADMSG with "FILE:LINE:COL: what is
 * wrong", -EOPNOTSUPP: newer. */
int json_read_document(const JsonReader *r, const char *text, size_t size, int newest, json_t **ret, int *ret_format);

/* Each returns 0, -EBADMSG with "FILE: "KEY": expected …", or -ENOMEM. */
int json_read_fields(const JsonReader *r, const JsonField *fields, size_t n, const json_t *from, void *to);
int json_read_number(const JsonReader *r, const char *key, const json_t *value, uint64_t max, uint64_t *ret);
int json_read_text(const JsonReader *r, const char *key, const json_t *value, char **ret); /* frees what was there */
/* *ret is NULL before; what was read of it is there on failure, too. Absent or null: nothing. */
int json_read_texts(const JsonReader *r, const char *key, const json_t *value, char ***ret);

int json_expected(const JsonReader *r, const char *key, const char *expected); /* -EBADMSG and the sentence */
int json_out_of_memory(const JsonReader *r);
