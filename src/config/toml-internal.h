/* What the parts of the TOML parser share: a scanner over checked bytes and the growing tree. */
#pragma once

#include "base/buffer.h"
#include "base/hash.h"
#include "config/toml.h"

/* How a table or array came to be decides who may still add to it. */
typedef enum TomlOrigin {
        TOML_BY_VALUE,  /* key = {…} or […]: complete */
        TOML_BY_PATH,   /* named on the way by a header; its own header may follow */
        TOML_BY_HEADER, /* [table], or an element of [[array]] */
        TOML_BY_DOTS,   /* named on the way by a dotted key */
        TOML_BY_ARRAY,  /* the array of [[array]] */
} TomlOrigin;

struct TomlValue {
        TomlKind kind;
        TomlOrigin origin;
        unsigned depth; /* of the root: 0 */
        TomlPlace place, key_place;
        TomlText key;
        TomlValue *next;
        const TomlValue *parent;
        TomlValue *same_hash;
        union {
                TomlText text;
                int64_t integer;
                double number;
                bool boolean;
                TomlTime time;
                struct {
                        TomlValue *first, *last;
                        size_t count;
                };
        };
};

typedef struct TomlScan {
        const char *at, *end;
        TomlPlace place; /* of at */
        const char *shown_path;
        TomlDocument *document;
        Buffer text; /* the text being read */
        Error *err;
} TomlScan;

typedef struct TomlKey {
        TomlText text;
        TomlPlace place;
} TomlKey;

/* toml-scan.c */
int toml_check_bytes(TomlScan *s); /* UTF-8, no control characters; leaves the scanner as it was */
int toml_peek(const TomlScan *s);  /* -1 at the end */
void toml_skip(TomlScan *s, size_t bytes);
bool toml_at_newline(const TomlScan *s);
void toml_skip_newline(TomlScan *s);
void toml_skip_blank(TomlScan *s); /* blanks and tabs */
void toml_skip_comment(TomlScan *s);
int toml_wrong(TomlScan *s, int code, TomlPlace place, const char *format, ...) _printf_(4, 5);
int toml_unexpected(TomlScan *s, const char *expected); /* the character here */
int toml_wrong_key(TomlScan *s, const TomlKey *key, const char *what, TomlPlace earlier,
                   const char *expected);
int toml_out_of_memory(TomlScan *s);

/* toml-tree.c */
int toml_document_new(TomlDocument **ret);
TomlValue *toml_root(TomlDocument *document);
int toml_keep_text(TomlScan *s, TomlText *ret); /* what s->text holds */
int toml_add(TomlScan *s, TomlValue *container, const TomlKey *key, TomlPlace place, TomlKind kind,
             TomlOrigin origin, TomlValue **ret); /* key NULL in arrays; must be new otherwise */
TomlValue *toml_find(const TomlDocument *document, const TomlValue *table, TomlText key);

/* toml-text.c */
int toml_scan_key(TomlScan *s, TomlKey *ret);
int toml_scan_string(TomlScan *s, TomlText *ret);

/* toml-number.c, toml-time.c: bytes of one word, at s->at */
int toml_scan_number(TomlScan *s, size_t size, TomlValue *value);
bool toml_is_time(const char *word, size_t size);
int toml_scan_time(TomlScan *s, size_t size, TomlValue *value);

/* toml-value.c */
typedef int (*TomlEnterFn)(TomlScan *s, TomlValue **table, const TomlKey *key);
/* a.b.c: enters the table of each key before a dot; the last key is the caller's, blanks behind it passed. */
int toml_scan_path(TomlScan *s, TomlEnterFn enter_table, TomlValue **table, TomlKey *ret);
int toml_scan_entry(TomlScan *s, TomlValue *table); /* key = value */
