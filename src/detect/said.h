/* Words in lines that programs wrote: without regard to ASCII case, within the bytes given. Pure. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

/* Where `words` begin; NULL: nowhere. */
const char *said_find(const char *line, size_t size, const char *words);

static inline bool said(const char *line, size_t size, const char *words)
{
        return said_find(line, size, words) != NULL;
}

/* Whether it says one of them; a list ended by NULL. */
bool said_any(const char *line, size_t size, const char *const *list);

/* It says so as the text of an error does: at its end, or before what it is about ("No space left on device: '/x'",
 * "(os error 28)"); not in the midst of a sentence. */
bool said_as_error(const char *line, size_t size, const char *words);

/* The line shows a program's text or names a test that is well, and says nothing of this machine: a compiler's
 * excerpt (" 12 | perror(…)"), "ok 3 - …", "PASS: …", "… ok", "checking …". */
bool said_is_quoted(const char *line, size_t size);

/* A copy that fits and is terminated: leading blanks gone, what a terminal would obey and bytes that are
 * not ASCII as '?', curled quotation marks straight, a cut marked by "...". */
void said_quote(char *to, size_t room, const char *line, size_t size);
