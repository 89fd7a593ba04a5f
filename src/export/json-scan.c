/* RFC 8259, strictly; nested values are checked and kept as written. */
#include "export/json-scan.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "export/column-set.h"

enum { JSON_DEPTH_MAX = 64 };

void json_row_done(JsonRow *r)
{
        buffer_done(&r->text);
        free(r->fields);
        *r = (JsonRow){0};
}

static int wrong(CharSource *s, Error *err, const char *expected)
{
        CharPlace place = char_place(s);
        int c = char_peek(s);

        if (c < 0 && s->error)
                return char_source_end(s, err);
        if (c < 0)
                return char_source_wrong(s, place, err, "the file ends here; expected %s", expected);
        if (c > 0x20 && c < 0x7f)
                return char_source_wrong(s, place, err, "unexpected %c; expected %s", c, expected);
        return char_source_wrong(s, place, err, "unexpected byte 0x%02x; expected %s", c, expected);
}

static int add_byte(CharSource *s, JsonRow *r, int byte, Error *err)
{
        if (r->text.size >= ROW_BYTES_MAX)
                return char_source_wrong(s, char_place(s), err, "row too long; expected at most %d MiB",
                                         ROW_BYTES_MAX >> 20);
        return buffer_append_byte(&r->text, (uint8_t)byte) < 0 ? error_set(err, ENOMEM, "out of memory")
                                                               : 0;
}

static void skip_blank(CharSource *s)
{
        int c;

        while ((c = char_peek(s)) == ' ' || c == '\t' || c == '\n' || c == '\r')
                char_get(s);
}

static int add_character(CharSource *s, JsonRow *r, uint32_t c, Error *err)
{
        uint8_t bytes[4];
        size_t n = c < 0x80 ? 1 : c < 0x800 ? 2 : c < 0x10000 ? 3 : 4;
        static const uint8_t first[] = {0, 0, 0xc0, 0xe0, 0xf0};
        int rc = 0;

        for (size_t i = n; i-- > 1; c >>= 6)
                bytes[i] = 0x80 | (c & 0x3f);
        bytes[0] = (uint8_t)(first[n] | c);
        for (size_t i = 0; rc == 0 && i < n; i++)
                rc = add_byte(s, r, bytes[i], err);
        return rc;
}

static int scan_hex(CharSource *s, uint32_t *ret, Error *err)
{
        uint32_t value = 0;

        for (int i = 0; i < 4; i++) {
                int c = char_peek(s);
                int digit = c >= '0' && c <= '9'   ? c - '0'
                            : c >= 'a' && c <= 'f' ? c - 'a' + 10
                            : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                                   : -1;
                if (digit < 0)
                        return wrong(s, err, "four hexadecimal digits behind \\u");
                value = value << 4 | (uint32_t)digit;
                char_get(s);
        }
        *ret = value;
        return 0;
}

/* Behind "\u". Half a surrogate pair becomes U+FFFD. */
static int scan_unicode(CharSource *s, JsonRow *r, Error *err)
{
        uint32_t high, low;
        int rc = scan_hex(s, &high, err);

        while (rc == 0 && high >= 0xd800 && high < 0xdc00 && char_peek(s) == '\\') {
                char_get(s);
                if (char_peek(s) != 'u') { /* another escape: put it behind the lost half */
                        rc = add_character(s, r, 0xfffd, err);
                        return rc < 0 ? rc : 1;
                }
                char_get(s);
                rc = scan_hex(s, &low, err);
                if (rc == 0 && low >= 0xdc00 && low < 0xe000)
                        return add_character(s, r, 0x10000 + ((high - 0xd800) << 10) + (low - 0xdc00), err);
                if (rc == 0)
                        rc = add_character(s, r, 0xfffd, err);
                high = low;
        }
        if (rc < 0)
                return rc;
        return add_character(s, r, high >= 0xd800 && high < 0xe000 ? 0xfffd : high, err);
}

/* Behind "\". */
static int scan_escape(CharSource *s, JsonRow *r, Error *err)
{
        static const char from[] = "\"\\/bfnrt", to[] = "\"\\/\b\f\n\r\t";
        int rc;

        do {
                int c = char_peek(s);
                if (c == 'u') {
                        char_get(s);
                        rc = scan_unicode(s, r, err);
                        continue;
                }
                const char *at = c > 0 ? strchr(from, c) : NULL;
                if (!at)
                        return wrong(s, err, "one of \" \\ / b f n r t u behind \\");
                char_get(s);
                rc = add_byte(s, r, to[at - from], err);
        } while (rc == 1); /* an escape follows whose backslash is read */
        return rc;
}

/* From the opening quote to behind the closing one, decoded. */
static int scan_text(CharSource *s, JsonRow *r, Error *err)
{
        char_get(s);
        for (;;) {
                int c = char_peek(s), rc;
                if (c < 0)
                        return wrong(s, err, "\" at the end of a text");
                if (c < 0x20)
                        return wrong(s, err, "an escape such as \\n for a control character");
                char_get(s);
                if (c == '"')
                        return 0;
                rc = c == '\\' ? scan_escape(s, r, err) : add_byte(s, r, c, err);
                if (rc < 0)
                        return rc;
        }
}

static int scan_digits(CharSource *s, JsonRow *r, Error *err)
{
        int c = char_peek(s), rc = 0;

        if (c < '0' || c > '9')
                return wrong(s, err, "a digit");
        for (; rc == 0 && c >= '0' && c <= '9'; c = char_peek(s))
                rc = add_byte(s, r, char_get(s), err);
        return rc;
}

static int scan_number(CharSource *s, JsonRow *r, Error *err)
{
        int rc = 0;

        if (char_peek(s) == '-')
                rc = add_byte(s, r, char_get(s), err);
        if (rc == 0 && char_peek(s) == '0') {
                rc = add_byte(s, r, char_get(s), err);
                if (rc == 0 && char_peek(s) >= '0' && char_peek(s) <= '9')
                        return wrong(s, err, "a number without leading zeros");
        } else if (rc == 0) {
                rc = scan_digits(s, r, err);
        }
        if (rc == 0 && char_peek(s) == '.') {
                rc = add_byte(s, r, char_get(s), err);
                if (rc == 0)
                        rc = scan_digits(s, r, err);
        }
        if (rc == 0 && (char_peek(s) == 'e' || char_peek(s) == 'E')) {
                rc = add_byte(s, r, char_get(s), err);
                if (rc == 0 && (char_peek(s) == '+' || char_peek(s) == '-'))
                        rc = add_byte(s, r, char_get(s), err);
                if (rc == 0)
                        rc = scan_digits(s, r, err);
        }
        return rc;
}

static int scan_word(CharSource *s, JsonRow *r, const char *word, Error *err)
{
        for (; *word; word++) {
                if (char_peek(s) != *word)
                        return wrong(s, err, "a value: text, number, true, false, null, [ or {");
                int rc = add_byte(s, r, char_get(s), err);
                if (rc < 0)
                        return rc;
        }
        return 0;
}

static int scan_nested(CharSource *s, JsonRow *r, unsigned depth, Error *err);

/* A text inside a nested value: as written, its escapes checked. */
static int copy_text(CharSource *s, JsonRow *r, Error *err)
{
        int rc = add_byte(s, r, char_get(s), err);

        while (rc == 0) {
                int c = char_peek(s);
                if (c < 0 || c < 0x20)
                        return wrong(s, err, "\" at the end of a text");
                rc = add_byte(s, r, char_get(s), err);
                if (rc == 0 && c == '"')
                        return 0;
                if (rc < 0 || c != '\\')
                        continue;
                c = char_peek(s);
                if (c <= 0 || !strchr("\"\\/bfnrtu", c))
                        return wrong(s, err, "one of \" \\ / b f n r t u behind \\");
                rc = add_byte(s, r, char_get(s), err);
        }
        return rc;
}

static int copy_value(CharSource *s, JsonRow *r, unsigned depth, Error *err)
{
        int c = char_peek(s);

        if (c == '"')
                return copy_text(s, r, err);
        if (c == '{' || c == '[')
                return scan_nested(s, r, depth, err);
        if (c == 't' || c == 'f' || c == 'n')
                return scan_word(s, r, c == 't' ? "true" : c == 'f' ? "false" : "null", err);
        if (c == '-' || (c >= '0' && c <= '9'))
                return scan_number(s, r, err);
        return wrong(s, err, "a value: text, number, true, false, null, [ or {");
}

/* An array or object within a row: checked, blanks left out, kept as text. */
static int scan_nested(CharSource *s, JsonRow *r, unsigned depth, Error *err)
{
        int open = char_peek(s), close = open == '{' ? '}' : ']', rc;

        if (depth >= JSON_DEPTH_MAX)
                return char_source_wrong(s, char_place(s), err, "nested too deeply; expected at most %d levels",
                                         JSON_DEPTH_MAX);
        rc = add_byte(s, r, char_get(s), err);
        skip_blank(s);
        for (bool first = true; rc == 0 && (char_peek(s) != close || !first); first = false) {
                if (open == '{') {
                        if (char_peek(s) != '"')
                                return wrong(s, err, "a name in quotes");
                        rc = copy_text(s, r, err);
                        skip_blank(s);
                        if (rc == 0 && char_peek(s) != ':')
                                return wrong(s, err, ":");
                        if (rc == 0)
                                rc = add_byte(s, r, char_get(s), err);
                        skip_blank(s);
                }
                if (rc == 0)
                        rc = copy_value(s, r, depth + 1, err);
                skip_blank(s);
                if (rc < 0)
                        return rc;
                if (char_peek(s) == close)
                        break;
                if (char_peek(s) != ',')
                        return wrong(s, err, open == '{' ? ", or }" : ", or ]");
                rc = add_byte(s, r, char_get(s), err);
                skip_blank(s);
        }
        return rc < 0 ? rc : add_byte(s, r, char_get(s), err);
}

static int add_field(CharSource *s, JsonRow *r, Error *err)
{
        if (r->n_fields >= COLUMNS_MAX)
                return char_source_wrong(s, char_place(s), err, "too many names; expected at most %d",
                                         COLUMNS_MAX);
        JsonField *fields = array_grow(r->fields, &r->capacity, r->n_fields, sizeof *fields);
        if (!fields)
                return error_set(err, ENOMEM, "out of memory");
        r->fields = fields;
        r->fields[r->n_fields++] = (JsonField){.name = r->text.size, .place = char_place(s)};
        return 0;
}

static int scan_field(CharSource *s, JsonRow *r, Error *err)
{
        int rc;

        if (char_peek(s) != '"')
                return wrong(s, err, "a name in quotes");
        rc = add_field(s, r, err);
        if (rc == 0)
                rc = scan_text(s, r, err);
        if (rc < 0)
                return rc;
        JsonField *f = &r->fields[r->n_fields - 1];
        f->name_size = r->text.size - f->name;
        skip_blank(s);
        if (char_peek(s) != ':')
                return wrong(s, err, ":");
        char_get(s);
        skip_blank(s);
        f->text = r->text.size;
        int c = char_peek(s);
        f->kind = c == '"'               ? JSON_TEXT
                  : c == '{' || c == '[' ? JSON_NESTED
                  : c == 't' || c == 'f' ? JSON_BOOL
                  : c == 'n'             ? JSON_NULL
                                         : JSON_NUMBER;
        rc = c == '"' ? scan_text(s, r, err) : copy_value(s, r, 0, err);
        f->size = r->text.size - f->text;
        return rc;
}

static int scan_object(CharSource *s, JsonRow *r, Error *err)
{
        buffer_clear(&r->text);
        r->n_fields = 0;
        if (char_peek(s) != '{')
                return wrong(s, err, "{ at the start of a row");
        char_get(s);
        skip_blank(s);
        for (bool first = true; char_peek(s) != '}' || !first; first = false) {
                int rc = scan_field(s, r, err);
                if (rc < 0)
                        return rc;
                skip_blank(s);
                if (char_peek(s) == '}')
                        break;
                if (char_peek(s) != ',')
                        return wrong(s, err, ", or }");
                char_get(s);
                skip_blank(s);
        }
        char_get(s);
        return 1;
}

/* Outside an array: nothing or an object. Inside: what separates its objects. */
int json_scan_row(CharSource *s, JsonRow *r, Error *err)
{
        skip_blank(s);
        if (!r->begun && char_peek(s) == '[') {
                char_get(s);
                skip_blank(s);
                r->state = JSON_ARRAY_BEGUN;
        }
        r->begun = true;
        if ((r->state == JSON_ARRAY_BEGUN || r->state == JSON_ARRAY_MORE) && char_peek(s) == ']') {
                char_get(s);
                skip_blank(s);
                r->state = JSON_ARRAY_ENDED;
        }
        if (r->state == JSON_ARRAY_MORE) {
                if (char_peek(s) != ',')
                        return wrong(s, err, ", or ]");
                char_get(s);
                skip_blank(s);
        }
        if (char_peek(s) < 0 && (r->state == JSON_BETWEEN_LINES || r->state == JSON_ARRAY_ENDED))
                return char_source_end(s, err);
        if (r->state == JSON_ARRAY_ENDED)
                return wrong(s, err, "the end of the file");
        if (r->state == JSON_ARRAY_BEGUN)
                r->state = JSON_ARRAY_MORE;
        return scan_object(s, r, err);
}
