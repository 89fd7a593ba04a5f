/* Regular expressions of users: PCRE2, compiled with JIT, bounded in what a match may cost. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"

typedef struct Regex Regex;

/* -EINVAL with "at character N: why". */
int regex_new(const char *pattern, Regex **ret, Error *err);
Regex *regex_free(Regex *regex);
DEFINE_CLEANUP(Regex, regex)

/* Whether it matches anywhere in the text. A match that would take too long counts as none. */
bool regex_match(const Regex *regex, const char *text, size_t size);
