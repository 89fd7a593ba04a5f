/* Regular expressions of users: PCRE2, compiled with JIT, bounded in what a match may cost. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"

typedef struct Regex Regex;

/* -EINVAL with "at character N: why". */
int regex_new(const char *pattern, Regex **ret, Error *err);
/* The same for texts of many lines: ^ and $ match at each of them. */
int regex_new_lines(const char *pattern, Regex **ret, Error *err);
/* What the matches of many expressions share, so that each holds no more than its code. */
typedef struct RegexRoom RegexRoom;
int regex_room_new(RegexRoom **ret); /* 0 or -ENOMEM */
RegexRoom *regex_room_free(RegexRoom *room);
DEFINE_CLEANUP(RegexRoom, regex_room)

/* Compiled for a room, which must outlive it, and not yet to machine code: regex_hasten does that, before
 * the first match. -EINVAL with the bare reason and the byte where it is noticed. */
int regex_new_in(RegexRoom *room, const char *pattern, Regex **ret, size_t *ret_offset, Error *err);
void regex_hasten(Regex *regex);

/* How many steps matching takes, at most `most`; pieces of the pattern tried at some place. 0: it
 * cannot be compiled. Slow: for who checks expressions. */
size_t regex_steps(const char *pattern, const char *text, size_t size, size_t most);

Regex *regex_free(Regex *regex);
DEFINE_CLEANUP(Regex, regex)

/* Whether it matches anywhere in the text. A match that would take too long counts as none. */
bool regex_match(const Regex *regex, const char *text, size_t size);
/* 1, 0, or -E2BIG: it would take too long. In a room the bound follows from the text's size, for each
 * place where a match may begin. */
int regex_try(const Regex *regex, const char *text, size_t size);

/* A part of the text: [begin, end). Of a group that took no part, both are SIZE_MAX. */
typedef struct RegexSpan {
        size_t begin, end;
} RegexSpan;

size_t regex_groups(const Regex *regex);                        /* the highest group's number */
const char *regex_group_name(const Regex *regex, size_t group); /* from 1; NULL: it has no name */

/* The first match that begins at `from` or later: spans[0] of it all, spans[i] of group i; n is how
 * many there are to fill. 1; 0: none; -E2BIG: it would take too long. Not for two threads at once. */
int regex_find(const Regex *regex, const char *text, size_t size, size_t from, RegexSpan *spans,
               size_t n);
