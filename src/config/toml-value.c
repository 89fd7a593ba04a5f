/* key = value, and what a value may be; arrays and inline tables nest, to a bound. */
#include <errno.h>
#include <string.h>

#include "config/toml-internal.h"

static int scan_value(TomlScan *s, TomlValue *container, const TomlKey *key);

static bool is_word(int c)
{
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
               (c > 0 && strchr("+-_.:", c));
}

/* A date may have a blank before its time. */
static size_t word_size(const TomlScan *s)
{
        size_t n = 0, left = (size_t)(s->end - s->at);

        while (n < left && is_word((unsigned char)s->at[n]))
                n++;
        if (n == 10 && s->at[4] == '-' && s->at[7] == '-' && toml_is_time(s->at, n) && left > 11 &&
            s->at[10] == ' ' && s->at[11] >= '0' && s->at[11] <= '9')
                for (n++; n < left && is_word((unsigned char)s->at[n]);)
                        n++;
        return n;
}

static int scan_word(TomlScan *s, TomlValue *value)
{
        size_t size = word_size(s);
        int c = toml_peek(s), rc = 0;

        if ((size == 4 && memcmp(s->at, "true", 4) == 0) ||
            (size == 5 && memcmp(s->at, "false", 5) == 0)) {
                value->kind = TOML_BOOL;
                value->boolean = c == 't';
        } else if (size > 0 && toml_is_time(s->at, size)) {
                rc = toml_scan_time(s, size, value);
        } else if (size > 0 && ((c >= '0' && c <= '9') || c == '+' || c == '-' ||
                                (size == 3 && (c == 'i' || c == 'n')))) {
                rc = toml_scan_number(s, size, value);
        } else {
                return toml_unexpected(s, "a value: a string in quotes, number, true, false, date, [ or {");
        }
        if (rc == 0)
                toml_skip(s, size);
        return rc;
}

/* Blanks, newlines and comments between the elements of an array. */
static void skip_lines(TomlScan *s)
{
        for (;;) {
                toml_skip_blank(s);
                toml_skip_comment(s);
                if (!toml_at_newline(s))
                        return;
                toml_skip_newline(s);
        }
}

static int scan_array(TomlScan *s, TomlValue *array)
{
        toml_skip(s, 1);
        for (;;) {
                skip_lines(s);
                if (toml_peek(s) == ']')
                        break;
                int rc = scan_value(s, array, NULL);
                if (rc < 0)
                        return rc;
                skip_lines(s);
                if (toml_peek(s) == ']')
                        break;
                if (toml_peek(s) != ',')
                        return toml_unexpected(s, ", or ] in the array");
                toml_skip(s, 1);
        }
        toml_skip(s, 1);
        return 0;
}

static int scan_inline_table(TomlScan *s, TomlValue *table)
{
        toml_skip(s, 1);
        toml_skip_blank(s);
        for (bool first = true; !first || toml_peek(s) != '}'; first = false) {
                int rc = toml_scan_entry(s, table);
                if (rc < 0)
                        return rc;
                toml_skip_blank(s);
                if (toml_peek(s) == '}')
                        break;
                if (toml_peek(s) != ',')
                        return toml_unexpected(s, ", or } on the line of the inline table");
                toml_skip(s, 1);
                toml_skip_blank(s);
        }
        toml_skip(s, 1);
        return 0;
}

static int scan_value(TomlScan *s, TomlValue *container, const TomlKey *key)
{
        int c = toml_peek(s);
        TomlKind kind = c == '[' ? TOML_ARRAY : c == '{' ? TOML_TABLE : TOML_STRING;
        TomlValue *value;
        int rc = toml_add(s, container, key, s->place, kind, TOML_BY_VALUE, &value);

        if (rc < 0)
                return rc;
        if (c == '[')
                return scan_array(s, value);
        if (c == '{')
                return scan_inline_table(s, value);
        if (c == '"' || c == '\'')
                return toml_scan_string(s, &value->text);
        return scan_word(s, value);
}

/* The table that a dotted key names on the way: made by dots under this very header, or new. */
static int enter(TomlScan *s, TomlValue **table, const TomlKey *key)
{
        TomlValue *found = toml_find(s->document, *table, key->text);

        if (!found)
                return toml_add(s, *table, key, key->place, TOML_TABLE, TOML_BY_DOTS, table);
        if (found->kind != TOML_TABLE)
                return toml_wrong_key(s, key, "already has a value", found->key_place,
                                      "a table before the dot");
        if (found->origin != TOML_BY_DOTS)
                return toml_wrong_key(s, key, "is already a complete table", found->key_place,
                                      "its keys there");
        *table = found;
        return 0;
}

int toml_scan_path(TomlScan *s, TomlEnterFn enter_table, TomlValue **table, TomlKey *ret)
{
        int rc;

        while ((rc = toml_scan_key(s, ret)) == 0) {
                toml_skip_blank(s);
                if (toml_peek(s) != '.')
                        break;
                rc = enter_table(s, table, ret);
                if (rc < 0)
                        break;
                toml_skip(s, 1);
                toml_skip_blank(s);
        }
        return rc;
}

int toml_scan_entry(TomlScan *s, TomlValue *table)
{
        TomlKey key;
        int rc = toml_scan_path(s, enter, &table, &key);

        if (rc < 0)
                return rc;
        if (toml_peek(s) != '=')
                return toml_unexpected(s, "= behind the key");
        const TomlValue *found = toml_find(s->document, table, key.text);
        if (found)
                return toml_wrong_key(s, &key, "is already defined", found->key_place, "each key once");
        toml_skip(s, 1);
        toml_skip_blank(s);
        return scan_value(s, table, &key);
}
