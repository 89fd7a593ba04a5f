/* Walks over the bytes, knows the place, and says what is wrong there. */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "config/toml-internal.h"

int toml_peek(const TomlScan *s)
{
        return s->at < s->end ? (unsigned char)*s->at : -1;
}

void toml_skip(TomlScan *s, size_t bytes)
{
        for (; bytes > 0 && s->at < s->end; bytes--, s->at++) {
                if (*s->at == '\n')
                        s->place = (TomlPlace){s->place.line + 1, 1};
                else if (((unsigned char)*s->at & 0xc0) != 0x80)
                        s->place.column++;
        }
}

/* A CR without LF behind is refused before anything is read. */
bool toml_at_newline(const TomlScan *s)
{
        int c = toml_peek(s);

        return c == '\n' || c == '\r';
}

void toml_skip_newline(TomlScan *s)
{
        toml_skip(s, toml_peek(s) == '\r' ? 2 : 1);
}

void toml_skip_blank(TomlScan *s)
{
        while (toml_peek(s) == ' ' || toml_peek(s) == '\t')
                toml_skip(s, 1);
}

void toml_skip_comment(TomlScan *s)
{
        if (toml_peek(s) == '#')
                while (toml_peek(s) >= 0 && !toml_at_newline(s))
                        toml_skip(s, 1);
}

int toml_wrong(TomlScan *s, int code, TomlPlace place, const char *format, ...)
{
        _cleanup_string_ String path = {0};
        char what[256];
        va_list args;

        va_start(args, format);
        vsnprintf(what, sizeof what, format, args);
        va_end(args);
        string_add_shown(&path, s->shown_path, 200, true);
        return error_set(s->err, code, "%s:%u:%u: %s", string_get(&path), place.line, place.column,
                         what);
}

int toml_out_of_memory(TomlScan *s)
{
        return error_set(s->err, ENOMEM, "out of memory");
}

/* Bytes of the UTF-8 character at `at`, 0 if there is none (RFC 3629, table of section 4). */
static size_t character_size(const char *at, const char *end)
{
        const unsigned char *b = (const unsigned char *)at;
        size_t size = b[0] < 0x80                   ? 1
                      : b[0] >= 0xc2 && b[0] < 0xe0 ? 2
                      : b[0] >= 0xe0 && b[0] < 0xf0 ? 3
                      : b[0] >= 0xf0 && b[0] < 0xf5 ? 4
                                                    : 0;

        if (size == 0 || size > (size_t)(end - at))
                return 0;
        for (size_t i = 1; i < size; i++)
                if ((b[i] & 0xc0) != 0x80)
                        return 0;
        if ((b[0] == 0xe0 && b[1] < 0xa0) || (b[0] == 0xed && b[1] >= 0xa0) ||
            (b[0] == 0xf0 && b[1] < 0x90) || (b[0] == 0xf4 && b[1] >= 0x90))
                return 0;
        return size;
}

int toml_check_bytes(TomlScan *s)
{
        TomlScan walk = *s;

        while (walk.at < walk.end) {
                size_t size = character_size(walk.at, walk.end);
                int c = toml_peek(&walk);
                if (size == 0)
                        return toml_wrong(s, EINVAL, walk.place,
                                          "byte 0x%02x is not UTF-8; expected text in UTF-8", c);
                bool line_end = c == '\n' ||
                                (c == '\r' && walk.end - walk.at > 1 && walk.at[1] == '\n');
                if ((c < 0x20 && c != '\t' && !line_end) || c == 0x7f)
                        return toml_wrong(s, EINVAL, walk.place,
                                          "control character U+%04X; expected %s", c,
                                          c == '\r' ? "a line feed behind the carriage return"
                                                    : "it written as an escape in a \"string\"");
                toml_skip(&walk, size);
        }
        return 0;
}

int toml_unexpected(TomlScan *s, const char *expected)
{
        int c = toml_peek(s);

        if (c < 0)
                return toml_wrong(s, EINVAL, s->place, "the file ends here; expected %s", expected);
        if (toml_at_newline(s))
                return toml_wrong(s, EINVAL, s->place, "the line ends here; expected %s", expected);
        if (c > 0x20 && c < 0x7f)
                return toml_wrong(s, EINVAL, s->place, "unexpected %c; expected %s", c, expected);
        if (c <= 0x20)
                return toml_wrong(s, EINVAL, s->place, "unexpected %s; expected %s",
                                  c == ' ' ? "blank" : "tab", expected);

        _cleanup_string_ String shown = {0};
        char text[5] = {0};

        memcpy(text, s->at, character_size(s->at, s->end));
        string_add_shown(&shown, text, 0, false);
        return toml_wrong(s, EINVAL, s->place, "unexpected %s; expected %s", string_get(&shown),
                          expected);
}

int toml_wrong_key(TomlScan *s, const TomlKey *key, const char *what, TomlPlace earlier,
                   const char *expected)
{
        _cleanup_string_ String shown = {0};

        string_add_shown(&shown, key->text.bytes, 60, true);
        return toml_wrong(s, EINVAL, key->place, "%s %s at line %u; expected %s", string_get(&shown),
                          what, earlier.line, expected);
}
