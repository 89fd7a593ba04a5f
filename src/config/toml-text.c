/* Keys and the four kinds of strings, decoded into s->text and then kept. */
#include <errno.h>
#include <string.h>

#include "config/toml-internal.h"

static int add(TomlScan *s, const char *bytes, size_t size)
{
        return buffer_append(&s->text, bytes, size) < 0 ? toml_out_of_memory(s) : 0;
}

static int add_character(TomlScan *s, uint32_t c)
{
        char b[4];

        if (c < 0x80)
                return add(s, (char[]){(char)c}, 1);
        size_t size = c < 0x800 ? 2 : c < 0x10000 ? 3 : 4;
        static const uint8_t first[] = {0, 0, 0xc0, 0xe0, 0xf0};
        for (size_t i = size; i-- > 1; c >>= 6)
                b[i] = (char)(0x80 | (c & 0x3f));
        b[0] = (char)(first[size] | c);
        return add(s, b, size);
}

static int hex_value(int c)
{
        return c >= '0' && c <= '9'   ? c - '0'
               : c >= 'a' && c <= 'f' ? c - 'a' + 10
               : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                      : -1;
}

static int scan_unicode(TomlScan *s, TomlPlace begin, int digits)
{
        uint32_t c = 0;

        for (int i = 0; i < digits; i++) {
                int value = hex_value(toml_peek(s));
                if (value < 0)
                        return toml_unexpected(s, digits == 4 ? "four hexadecimal digits behind \\u"
                                                              : "eight hexadecimal digits behind \\U");
                c = c << 4 | (uint32_t)value;
                toml_skip(s, 1);
        }
        if (c > 0x10ffff || (c >= 0xd800 && c < 0xe000))
                return toml_wrong(s, EINVAL, begin, "U+%04X is no character; expected up to U+D7FF, or U+E000 to U+10FFFF",
                                  c);
        return add_character(s, c);
}

static int scan_escape(TomlScan *s)
{
        static const char names[] = "btnfr\"\\", values[] = "\b\t\n\f\r\"\\";
        TomlPlace begin = s->place;

        toml_skip(s, 1);
        int c = toml_peek(s);
        const char *known = c > 0 ? strchr(names, c) : NULL;
        if (!known && c != 'u' && c != 'U')
                return toml_unexpected(s, "one of b t n f r \" \\ u U behind \\");
        toml_skip(s, 1);
        if (known)
                return add(s, &values[known - names], 1);
        return scan_unicode(s, begin, c == 'u' ? 4 : 8);
}

static int scan_line(TomlScan *s)
{
        int quote = toml_peek(s), c;

        toml_skip(s, 1);
        while ((c = toml_peek(s)) != quote) {
                int rc;
                if (c < 0 || toml_at_newline(s))
                        return toml_unexpected(s, quote == '"' ? "\" at the end of the string"
                                                               : "' at the end of the string");
                if (c == '\\' && quote == '"') {
                        rc = scan_escape(s);
                } else {
                        rc = add(s, s->at, 1);
                        toml_skip(s, 1);
                }
                if (rc < 0)
                        return rc;
        }
        toml_skip(s, 1);
        return 0;
}

/* A backslash at the end of a line: it and all blanks and newlines behind are not text. */
static bool skip_folded_line(TomlScan *s)
{
        TomlScan ahead = *s;

        toml_skip(&ahead, 1);
        toml_skip_blank(&ahead);
        if (!toml_at_newline(&ahead))
                return false;
        while (toml_at_newline(&ahead) || toml_peek(&ahead) == ' ' || toml_peek(&ahead) == '\t')
                toml_skip(&ahead, 1);
        s->at = ahead.at;
        s->place = ahead.place;
        return true;
}

static size_t count_quotes(const TomlScan *s, int quote)
{
        size_t n = 0;

        while (n < (size_t)(s->end - s->at) && s->at[n] == quote)
                n++;
        return n;
}

static int scan_lines(TomlScan *s)
{
        int quote = toml_peek(s), rc = 0;

        toml_skip(s, 3);
        if (toml_at_newline(s))
                toml_skip_newline(s);
        while (rc == 0) {
                int c = toml_peek(s);
                size_t quotes = count_quotes(s, quote);
                if (c < 0)
                        return toml_unexpected(s, quote == '"' ? "\"\"\" at the end of the string"
                                                               : "''' at the end of the string");
                if (quotes >= 3) {
                        /* Up to two quotes may stand right before the end. */
                        size_t own = MIN(quotes - 3, (size_t)2);
                        rc = add(s, s->at, own);
                        toml_skip(s, own + 3);
                        return rc;
                }
                if (c == '\\' && quote == '"') {
                        if (!skip_folded_line(s))
                                rc = scan_escape(s);
                        continue;
                }
                rc = add(s, s->at, 1);
                toml_skip(s, 1);
        }
        return rc;
}

int toml_scan_string(TomlScan *s, TomlText *ret)
{
        buffer_clear(&s->text);
        int rc = count_quotes(s, toml_peek(s)) >= 3 ? scan_lines(s) : scan_line(s);
        return rc < 0 ? rc : toml_keep_text(s, ret);
}

static bool is_bare(int c)
{
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
               c == '-';
}

int toml_scan_key(TomlScan *s, TomlKey *ret)
{
        int c = toml_peek(s), rc = 0;

        ret->place = s->place;
        buffer_clear(&s->text);
        if (c == '"' || c == '\'') {
                if (count_quotes(s, c) >= 3)
                        return toml_wrong(s, EINVAL, s->place,
                                          "a key of several lines; expected a key in single quotes or double quotes");
                rc = scan_line(s);
        } else if (is_bare(c)) {
                const char *begin = s->at;
                while (is_bare(toml_peek(s)))
                        toml_skip(s, 1);
                rc = add(s, begin, (size_t)(s->at - begin));
        } else {
                return toml_unexpected(s, "a key");
        }
        return rc < 0 ? rc : toml_keep_text(s, &ret->text);
}
