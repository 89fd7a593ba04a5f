/* Reads by pread(2), so that a file can be read twice without seeking. */
#include "export/char-source.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

bool char_source_fill(CharSource *s)
{
        ssize_t n;

        s->base += s->size;
        s->at = s->size = 0;
        do
                n = pread(s->fd, s->buffer, sizeof s->buffer, (off_t)s->base);
        while (n < 0 && errno == EINTR);
        if (n < 0)
                s->error = errno;
        s->size = n > 0 ? (size_t)n : 0;
        return n > 0;
}

void char_source_begin(CharSource *s, int fd, const char *path)
{
        s->fd = fd;
        s->path = path;
        s->base = s->line_start = 0;
        s->line = 1;
        s->at = s->size = 0;
        s->error = 0;
        if (char_source_fill(s) && s->size >= 3 && memcmp(s->buffer, "\xef\xbb\xbf", 3) == 0)
                s->at = s->line_start = 3;
}

int char_source_wrong(const CharSource *s, CharPlace place, Error *err, const char *format, ...)
{
        char text[256];
        va_list arguments;

        va_start(arguments, format);
        vsnprintf(text, sizeof text, format, arguments);
        va_end(arguments);
        return error_set(err, EBADMSG, "%s:%llu:%llu: %s", s->path, (unsigned long long)place.line,
                         (unsigned long long)place.column, text);
}

int char_source_end(const CharSource *s, Error *err)
{
        return s->error ? error_set_errno(err, s->error, "%s", s->path) : 0;
}
