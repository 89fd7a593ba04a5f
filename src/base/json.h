/*
 * JSON text, member by member. A container has its members on lines of their own, indented by two blanks,
 * or all on one line, and so what is in it. Keys are ours and are not escaped; texts are: invalid UTF-8
 * becomes U+FFFD. Unknown is null.
 *
 *     Json j = {.out = &text};
 *     json_open_object(&j, NULL, JSON_LINES);
 *     json_add_text(&j, "id", id);
 *     json_close(&j);
 */
#pragma once

#include "base/text.h"

typedef enum JsonLayout { JSON_LINES, JSON_ONE_LINE } JsonLayout;

enum { JSON_DEPTH = 63 }; /* containers in one another, at most */

/* Zero-initialise but for out. Running out of memory shows in out->failed. */
typedef struct Json {
        String *out;   /* borrowed */
        bool compact;  /* no blanks behind ',' and ':' */
        bool filled;   /* the open container has a member */
        unsigned depth;
        uint64_t arrays, lines; /* a bit a depth: what is open there, and how it is laid out */
} Json;

/* key: NULL in an array and outside of everything. */
void json_open_object(Json *j, const char *key, JsonLayout layout);
void json_open_array(Json *j, const char *key, JsonLayout layout);
void json_close(Json *j);

void json_add_null(Json *j, const char *key);
void json_add_bool(Json *j, const char *key, bool value);
void json_add_text(Json *j, const char *key, const char *text); /* NULL: null */
void json_add_bytes(Json *j, const char *key, const char *text, size_t size);
void json_add_u64(Json *j, const char *key, uint64_t value); /* over INT64_MAX: null */
void json_add_i64(Json *j, const char *key, int64_t value);

/* Not finite: null. With `decimals` behind the point at most, of which zeros at the end go but one: 1.5, 2.0. */
void json_add_fixed(Json *j, const char *key, double value, unsigned decimals);
/* With up to so many significant digits: 1.5, 2, 1e+20. */
void json_add_number(Json *j, const char *key, double value, unsigned digits);

/* An array of texts on one line; NULL: null. */
void json_add_texts(Json *j, const char *key, const char *const *texts);
