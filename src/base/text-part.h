/* A part of a text that somebody else owns: no copy, no NUL byte behind it. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

typedef struct TextPart {
        const char *text; /* NULL: unknown; then size is 0 */
        size_t size;
} TextPart;

static inline TextPart text_part(const char *text, size_t size)
{
        return (TextPart){text, size};
}

static inline bool text_part_is(TextPart part, const char *text)
{
        return part.size == strlen(text) && (part.size == 0 || memcmp(part.text, text, part.size) == 0);
}

static inline bool text_part_equal(TextPart a, TextPart b)
{
        return a.size == b.size && (a.size == 0 || memcmp(a.text, b.text, a.size) == 0);
}

static inline bool text_part_begins(TextPart part, const char *text)
{
        size_t n = strlen(text);

        return part.size >= n && (n == 0 || memcmp(part.text, text, n) == 0);
}

static inline bool text_part_ends(TextPart part, const char *text)
{
        size_t n = strlen(text);

        return part.size >= n && (n == 0 || memcmp(part.text + part.size - n, text, n) == 0);
}

/* Whether it is one of the words of `list`, which has single blanks between them and at both ends. */
static inline bool text_part_among(TextPart part, const char *list)
{
        if (part.size == 0 || !part.text || memchr(part.text, ' ', part.size))
                return false;
        size_t n = strlen(list);
        for (const char *at = list; (at = memmem(at, n - (size_t)(at - list), part.text, part.size)) != NULL; at++)
                if (at > list && at[-1] == ' ' && at[part.size] == ' ')
                        return true;
        return false;
}

/* Whether it is one of those between the separators of `list`. */
static inline bool text_part_in_list(TextPart list, char separator, const char *word)
{
        for (const char *at = list.text, *end = at + list.size; at < end;) {
                const char *stop = memchr(at, separator, (size_t)(end - at));
                TextPart item = {at, (size_t)((stop ? stop : end) - at)};
                if (text_part_is(item, word))
                        return true;
                at += item.size + 1;
        }
        return false;
}

/* Takes the next line off *text, without its newline; the last one may have none. False at the end. */
static inline bool text_next_line(const char **text, const char *end, TextPart *ret)
{
        if (*text >= end)
                return false;
        const char *newline = memchr(*text, '\n', (size_t)(end - *text));
        *ret = text_part(*text, (size_t)((newline ? newline : end) - *text));
        *text = newline ? newline + 1 : end;
        return true;
}

/* The same where a line without a newline was cut off, and is none. */
static inline bool text_next_whole_line(const char **text, const char *end, TextPart *ret)
{
        const char *from = *text;

        return text_next_line(text, end, ret) && (*text > from + ret->size);
}
