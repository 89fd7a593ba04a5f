/* How vigia shows figures and strangers' text to people (LOOK: voice, terminal). */
#include "base/text.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

/* At most three significant digits, never an exponent. */
static void three_digits(char *buffer, size_t size, double value)
{
        if (value >= 99.95)
                snprintf(buffer, size, "%.0f", value);
        else if (value >= 9.995)
                snprintf(buffer, size, "%.1f", value);
        else
                snprintf(buffer, size, "%.2f", value);
        if (strchr(buffer, '.')) { /* 2.10 → 2.1, 3.00 → 3 */
                size_t n = strlen(buffer);
                while (buffer[n - 1] == '0')
                        buffer[--n] = '\0';
                if (buffer[n - 1] == '.')
                        buffer[--n] = '\0';
        }
}

const char *format_bytes(char buffer[FORMAT_MAX], uint64_t bytes)
{
        static const char *const units[] = {"KiB", "MiB", "GiB", "TiB", "PiB", "EiB"};
        double value = (double)bytes / 1024;
        size_t unit = 0;
        char digits[24];

        if (bytes < 1024) {
                snprintf(buffer, FORMAT_MAX, "%u B", (unsigned)bytes);
                return buffer;
        }
        while (value >= 999.5 && unit + 1 < ARRAY_LENGTH(units)) {
                value /= 1024;
                unit++;
        }
        three_digits(digits, sizeof digits, value);
        snprintf(buffer, FORMAT_MAX, "%s %s", digits, units[unit]);
        return buffer;
}

const char *format_duration(char buffer[FORMAT_MAX], uint64_t ns)
{
        double seconds = (double)ns / 1e9;
        uint64_t whole = (ns + 500000000) / 1000000000;
        char digits[24];

        if (ns == 0)
                snprintf(buffer, FORMAT_MAX, "0 s");
        else if (ns < 999500) {
                three_digits(digits, sizeof digits, (double)ns / 1e3);
                snprintf(buffer, FORMAT_MAX, "%s us", digits);
        } else if (ns < 99950000) {
                three_digits(digits, sizeof digits, (double)ns / 1e6);
                snprintf(buffer, FORMAT_MAX, "%s ms", digits);
        } else if (seconds < 59.95) {
                three_digits(digits, sizeof digits, seconds);
                snprintf(buffer, FORMAT_MAX, "%s s", digits);
        } else if (whole < 3600) {
                snprintf(buffer, FORMAT_MAX, "%um %02us", (unsigned)(whole / 60),
                         (unsigned)(whole % 60));
        } else if (whole < 86400) {
                snprintf(buffer, FORMAT_MAX, "%uh %02um", (unsigned)(whole / 3600),
                         (unsigned)(whole % 3600 / 60));
        } else {
                snprintf(buffer, FORMAT_MAX, "%llud %02uh", (unsigned long long)(whole / 86400),
                         (unsigned)(whole % 86400 / 3600));
        }
        return buffer;
}

const char *format_count(char buffer[FORMAT_MAX], uint64_t n)
{
        char digits[24];
        int length = snprintf(digits, sizeof digits, "%llu", (unsigned long long)n);
        char *to = buffer;

        for (int i = 0; i < length; i++) {
                if (i > 0 && (length - i) % 3 == 0)
                        *to++ = ',';
                *to++ = digits[i];
        }
        *to = '\0';
        return buffer;
}

const char *format_percent(char buffer[FORMAT_MAX], double ratio)
{
        double percent = ratio * 100;

        if (!isfinite(percent))
                snprintf(buffer, FORMAT_MAX, "unknown");
        else if (percent > 0 && percent < 0.05)
                snprintf(buffer, FORMAT_MAX, "under 0.1 %%");
        else if (percent < 99.95)
                snprintf(buffer, FORMAT_MAX, "%.1f %%", percent);
        else
                snprintf(buffer, FORMAT_MAX, "%.0f %%", percent);
        return buffer;
}

/* Decodes one character; returns its length, or 0 if the bytes are not valid UTF-8
 * (overlong, surrogate, beyond U+10FFFF, cut). */
static size_t decode(const unsigned char *p, size_t size, uint32_t *ret)
{
        static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
        size_t n = p[0] < 0x80 ? 1 : p[0] >> 5 == 6 ? 2 : p[0] >> 4 == 14 ? 3 : p[0] >> 3 == 30 ? 4 : 0;
        uint32_t c;

        if (n == 0 || n > size)
                return 0;
        c = n == 1 ? p[0] : p[0] & (0x7fu >> n);
        for (size_t i = 1; i < n; i++) {
                if (p[i] >> 6 != 2)
                        return 0;
                c = c << 6 | (p[i] & 0x3f);
        }
        if ((n > 1 && c < least[n]) || (c >= 0xd800 && c < 0xe000) || c > 0x10ffff)
                return 0;
        *ret = c;
        return n;
}

/* Columns of a character: 2 for the wide East Asian and emoji blocks, 0 for combining marks. */
static unsigned width_of(uint32_t c)
{
        if ((c >= 0x300 && c < 0x370) || (c >= 0x200b && c <= 0x200d) || (c >= 0xfe00 && c < 0xfe10))
                return 0;
        if ((c >= 0x1100 && c < 0x1160) || (c >= 0x2e80 && c < 0xa4d0) ||
            (c >= 0xac00 && c < 0xd7a4) || (c >= 0xf900 && c < 0xfb00) ||
            (c >= 0xfe30 && c < 0xfe70) || (c >= 0xff00 && c < 0xff61) ||
            (c >= 0xffe0 && c < 0xffe7) || (c >= 0x1f300 && c < 0x1f650) ||
            (c >= 0x1f900 && c < 0x1fa00) || (c >= 0x20000 && c < 0x40000))
                return 2;
        return 1;
}

/* C0, C1, DEL, line and paragraph separators, and the characters that reorder text. */
static bool is_unsafe(uint32_t c)
{
        return c < 0x20 || (c >= 0x7f && c < 0xa0) || c == 0x2028 || c == 0x2029 ||
               (c >= 0x202a && c <= 0x202e) || (c >= 0x2066 && c <= 0x2069) || c == 0x200e ||
               c == 0x200f || c == 0x61c || c == 0xfeff;
}

size_t text_width(const char *text)
{
        const unsigned char *p = (const unsigned char *)text;
        size_t left = strlen(text), width = 0;

        while (left > 0) {
                uint32_t c;
                size_t n = decode(p, left, &c);
                width += n ? width_of(c) : 1;
                n = n ? n : 1;
                p += n;
                left -= n;
        }
        return width;
}

/* What vigia's own sentences have beyond ASCII, for a terminal that has nothing else. */
static const char *ascii_of(uint32_t c)
{
        static const struct {
                uint32_t c;
                const char *text;
        } known[] = {{0xd7, "x"},      {0x2013, "-"},  {0x2014, "-"},   {0x2018, "'"},  {0x2019, "'"},  {0x201c, "\""},
                     {0x201d, "\""}, {0x2026, "..."}, {0x2192, "->"}, {0x2212, "-"}, {0x2264, "<="}, {0x2265, ">="}};

        for (size_t i = 0; i < ARRAY_LENGTH(known); i++)
                if (known[i].c == c)
                        return known[i].text;
        return "?";
}

static void add_safe(String *s, const char *text, bool ascii)
{
        const unsigned char *p = (const unsigned char *)text;
        size_t left = strlen(text);

        while (left > 0) {
                uint32_t c = 0;
                size_t n = decode(p, left, &c);
                if (n == 0 || is_unsafe(c))
                        string_add_char(s, '?');
                else if (ascii && c >= 0x80)
                        string_add(s, ascii_of(c));
                else
                        string_add_bytes(s, (const char *)p, n);
                n = n ? n : 1;
                p += n;
                left -= n;
        }
}

/* The length in bytes of the longest start (or, from the end, tail) of at most `columns`. */
static size_t head_bytes(const char *text, size_t columns)
{
        const unsigned char *p = (const unsigned char *)text;
        size_t left = strlen(text), width = 0;

        while (left > 0) {
                uint32_t c = 0;
                size_t n = decode(p, left, &c);
                width += n ? width_of(c) : 1;
                if (width > columns)
                        break;
                n = n ? n : 1;
                p += n;
                left -= n;
        }
        return (size_t)((const char *)p - text);
}

void string_add_shown(String *s, const char *text, size_t columns, bool ascii)
{
        _cleanup_string_ String safe = {0};
        const char *dots = ascii ? "..." : "…";
        size_t n_dots = ascii ? 3 : 1;

        add_safe(&safe, text, ascii);
        const char *all = string_get(&safe);
        size_t width = text_width(all);
        if (columns == 0 || width <= columns) {
                string_add(s, all);
                return;
        }
        if (columns <= n_dots) {
                string_add_bytes(s, all, head_bytes(all, columns));
                return;
        }
        size_t head = (columns - n_dots) / 2, tail = columns - n_dots - head;
        string_add_bytes(s, all, head_bytes(all, head));
        string_add(s, dots);
        string_add(s, all + head_bytes(all, width - tail));
}

void string_add_json(String *s, const char *text, size_t size)
{
        const unsigned char *p = (const unsigned char *)text;

        while (size > 0) {
                uint32_t c = 0;
                size_t n = decode(p, size, &c);
                if (n == 0)
                        string_add(s, "\xef\xbf\xbd");
                else if (c == '"' || c == '\\')
                        string_add_format(s, "\\%c", (char)c);
                else if (c == '\n')
                        string_add(s, "\\n");
                else if (c == '\t')
                        string_add(s, "\\t");
                else if (c < 0x20 || c == 0x7f)
                        string_add_format(s, "\\u%04x", c);
                else
                        string_add_bytes(s, (const char *)p, n);
                n = n ? n : 1;
                p += n;
                size -= n;
        }
}
