/* A file read character by character, knowing where it is: for messages with line and column
 * (both from 1, columns in bytes). */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/error.h"

enum { CHAR_SOURCE_SIZE = 1 << 16 };

typedef struct CharSource {
        int fd;           /* borrowed; read with pread(2) */
        const char *path; /* borrowed; for messages */
        uint64_t base;    /* where in the file buffer[0] is */
        uint64_t line, line_start;
        size_t at, size;
        int error; /* errno of a failed read, seen as the end */
        uint8_t buffer[CHAR_SOURCE_SIZE];
} CharSource;

typedef struct CharPlace {
        uint64_t line, column;
} CharPlace;

/* From the file's first byte, a UTF-8 byte order mark skipped. */
void char_source_begin(CharSource *source, int fd, const char *path);
bool char_source_fill(CharSource *source); /* false: the end, or error */

static inline int char_peek(CharSource *s)
{
        if (s->at == s->size && !char_source_fill(s))
                return -1;
        return s->buffer[s->at];
}

/* -1 at the end. */
static inline int char_get(CharSource *s)
{
        int c = char_peek(s);

        if (c >= 0) {
                s->at++;
                if (c == '\n') {
                        s->line++;
                        s->line_start = s->base + s->at;
                }
        }
        return c;
}

/* Takes n bytes of the buffer, known to hold no line end. */
static inline void char_skip(CharSource *s, size_t n)
{
        s->at += n;
}

static inline CharPlace char_place(const CharSource *s)
{
        return (CharPlace){s->line, s->base + s->at - s->line_start + 1};
}

/* "PATH:LINE:COL: …"; -EBADMSG. */
int char_source_wrong(const CharSource *source, CharPlace place, Error *err, const char *format, ...)
        _printf_(4, 5);

/* What stands at the end of the file: 0, or the error that only looked like it. */
int char_source_end(const CharSource *source, Error *err);
