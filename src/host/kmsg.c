/* One pass: the prefix up to ';', the text up to the newline, then what begins with a blank. */
#include "host/kmsg.h"

#include <errno.h>
#include <string.h>

#include "base/text.h"

static bool take(const char **at, const char *end, char c)
{
        if (*at == end || **at != c)
                return false;
        (*at)++;
        return true;
}

static bool take_number(const char **at, const char *end, uint64_t *ret)
{
        /* scan_u64 would pass over blanks, which the kernel does not write here. */
        return *at < end && **at >= '0' && **at <= '9' && scan_u64(at, end, ret) == 0;
}

static int hex_digit(char c)
{
        if (c >= '0' && c <= '9')
                return c - '0';
        if (c >= 'a' && c <= 'f')
                return c - 'a' + 10;
        return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/* The byte at *at, which is moved behind it. */
static unsigned char take_byte(const char **at, const char *end)
{
        const char *p = *at;

        if (end - p >= 4 && p[0] == '\\' && p[1] == 'x') {
                int high = hex_digit(p[2]), low = hex_digit(p[3]);
                if (high >= 0 && low >= 0) {
                        *at += 4;
                        return (unsigned char)(high << 4 | low);
                }
        }
        (*at)++;
        return (unsigned char)*p;
}

static void unescape(const char *at, const char *end, KmsgRecord *record)
{
        size_t n = 0;

        while (at < end && n < sizeof record->text - 1) {
                unsigned char c = take_byte(&at, end);
                record->text[n++] = (char)(c < 0x20 || c == 0x7f ? ' ' : c);
        }
        while (n > 0 && record->text[n - 1] == ' ')
                n--;
        record->text[n] = '\0';
        record->size = n;
}

static const char *line_end(const char *at, const char *end)
{
        const char *newline = memchr(at, '\n', (size_t)(end - at));

        return newline ? newline : end;
}

static int parse(const char *at, const char *end, KmsgRecord *ret)
{
        uint64_t priority, sequence, time_us;

        if (!take_number(&at, end, &priority) || priority > 0x7ff || !take(&at, end, ',') ||
            !take_number(&at, end, &sequence) || !take(&at, end, ',') ||
            !take_number(&at, end, &time_us) || !take(&at, end, ','))
                return -EBADMSG;
        const char *semicolon = memchr(at, ';', (size_t)(end - at));
        if (!semicolon)
                return -EBADMSG;
        ret->level = priority & 7;
        ret->facility = (uint32_t)(priority >> 3);
        ret->sequence = sequence;
        ret->time_us = time_us;
        /* 'c', until 4.9 also '+' for the pieces behind the first */
        ret->fragment = at < semicolon && (*at == 'c' || *at == '+');
        unescape(semicolon + 1, end, ret);
        return 0;
}

int kmsg_next(const char **text, const char *end, KmsgRecord *ret)
{
        const char *at = *text;

        if (at >= end)
                return -ENOENT;
        const char *stop = line_end(at, end), *next = stop;
        while (next < end && next + 1 < end && next[1] == ' ')
                next = line_end(next + 1, end);
        *text = next < end ? next + 1 : end;
        return parse(at, stop, ret);
}
