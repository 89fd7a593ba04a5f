/*
 * An Error is a sentence for a person; the machine's part is the negative errno that
 * functions return. The caller owns it, usually on the stack, zero-initialised.
 */
#pragma once

#include <stdarg.h>

#include "base/macros.h"

typedef struct Error {
        char message[512]; /* "" while nothing failed; never ends in a newline */
} Error;

/* Writes the sentence (err may be NULL) and returns -abs(code), so that
 * `return error_set(err, ENOENT, "…")` is the idiom. Control bytes are made harmless. */
int error_set(Error *err, int code, const char *format, ...) _printf_(3, 4);

/* As error_set, with ": strerror(code)" behind. */
int error_set_errno(Error *err, int code, const char *format, ...) _printf_(3, 4);

/* Puts "what: " in front of the sentence that is there. Returns code unchanged. */
int error_prefix(Error *err, int code, const char *format, ...) _printf_(3, 4);
