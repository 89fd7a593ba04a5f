/*
 * Command lines can hold secrets. They are masked before anything is stored: the value after an
 * option or in an assignment whose name says password, token, secret, key or the like, and the
 * password in a URL (scheme://user:password@host).
 */
#pragma once

#include <stddef.h>

#include "base/text.h"

/* Joins NUL-separated arguments with single blanks into `to` (cleared first), secrets replaced
 * by "***". `cut`: the arguments were longer than what is here; " …" is put behind. */
void redact_arguments(String *to, const char *arguments, size_t size, bool cut);

/* The same for an argv: a new, NULL-terminated array of new strings; NULL without memory. */
char **redact_vector(char *const *argv);
