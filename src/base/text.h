/*
 * Text in and out: strict number parsing (no strtol: no sign games, no locale, no silent
 * overflow), a growable string, and the few formats in which vigia shows figures to people
 * (units with a space, at most three significant digits).
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/macros.h"

/* Parses all of text[0..size): decimal digits only. 0, -EINVAL, or -ERANGE. *ret is untouched
 * on failure. The z variants take a NUL-terminated string. */
int parse_u64(const char *text, size_t size, uint64_t *ret);
int parse_i64(const char *text, size_t size, int64_t *ret); /* one leading '-' allowed */
int parse_u64z(const char *text, uint64_t *ret);
int parse_double(const char *text, size_t size, double *ret); /* 12, 0.05, 1e-3; no inf, nan, hex */
int parse_doublez(const char *text, double *ret);

/* "90", "90s", "250ms", "1.5h", "1h30m", "2d" → nanoseconds; a bare number is seconds. */
int parse_duration(const char *text, uint64_t *ret_ns);

/* "1048576", "64K", "16 MiB", "1.5 GB" → bytes. K, M, G, T alone are powers of 1024 as in
 * systemd.resource-control(5); kB, MB, GB, TB are powers of 1000. */
int parse_bytes(const char *text, uint64_t *ret);

/* Takes the next number off *text (leading blanks skipped), for kernel files. Stops at the
 * first non-digit and moves *text there. -EINVAL if there is none. end bounds the text. */
int scan_u64(const char **text, const char *end, uint64_t *ret);

bool text_equal(const char *a, const char *b);
bool text_starts_with(const char *text, const char *prefix);
bool text_ends_with(const char *text, const char *suffix);

/* Copies at most size - 1 bytes and always terminates; returns false if it had to cut. */
bool text_copy(char *to, size_t size, const char *from);

/* A growable NUL-terminated string. Zero-initialise; string_done() at the end. Running out of
 * memory sets `failed` and later calls do nothing: check once at the end. */
typedef struct String {
        char *text; /* owned, NULL while nothing was added; see string_get */
        size_t size;
        size_t capacity;
        bool failed;
} String;

void string_done(String *s);
void string_clear(String *s);
const char *string_get(const String *s); /* never NULL */
char *string_take(String *s);            /* owned by the caller, NULL if failed; s is empty after */
void string_add(String *s, const char *text);
void string_add_bytes(String *s, const char *text, size_t size);
void string_add_char(String *s, char c);
void string_add_format(String *s, const char *format, ...) _printf_(2, 3);
#define _cleanup_string_ _cleanup_(string_done)

/* Figures for people, into a buffer that is returned. FORMAT_MAX is enough for each. */
enum { FORMAT_MAX = 32 };
const char *format_bytes(char buffer[FORMAT_MAX], uint64_t bytes);       /* 3.9 GiB, 412 MiB, 12 B */
const char *format_duration(char buffer[FORMAT_MAX], uint64_t ns);       /* 4m 12s, 0.83 s, 12 ms */
const char *format_count(char buffer[FORMAT_MAX], uint64_t n);           /* 14,203 */
const char *format_percent(char buffer[FORMAT_MAX], double ratio);       /* 0.4 % of ratio 0.004 */

/* Columns that a UTF-8 text takes on a terminal (invalid bytes count one). */
size_t text_width(const char *text);

/* Appends text made safe for a terminal: control bytes, invalid UTF-8 and bidi overrides
 * become '?'; when ascii, what is beyond it becomes what comes nearest ("×": "x"), else '?'. Cut in the middle with "…" ("..." when ascii) to at most `columns` (0: no limit). */
void string_add_shown(String *s, const char *text, size_t columns, bool ascii);

/* Appends text as the inside of a JSON string (without the quotes); invalid UTF-8 → U+FFFD. */
void string_add_json(String *s, const char *text, size_t size);
