/* TOML 1.0: values, who may add to which table, and the exact place of what is wrong. */
#include <errno.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/text.h"
#include "config/toml.h"

static TomlDocument *parse(const char *text)
{
        TomlDocument *document = NULL;
        Error err = {0};
        int rc = toml_parse(text, strlen(text), "t.toml", &document, &err);

        if (rc < 0)
                fail_msg("%s", err.message);
        return document;
}

static void assert_wrong(const char *text, size_t size, int code, const char *sentence)
{
        TomlDocument *document = NULL;
        Error err = {0};

        assert_int_equal(toml_parse(text, size, "t.toml", &document, &err), code);
        assert_null(document);
        assert_string_equal(err.message, sentence);
}

static void test_values(void **state)
{
        _cleanup_(toml_document_freep) TomlDocument *d =
                parse("\xef\xbb\xbf# head\r\ns = \"a\\u0000\\u00e9\\n\"\r\nl = 'C:\\x'\ni = -9_223_372_036_854_775_808\n"
                      "h = 0xdead_BEEF\nf = 6.5e-1\nn = -nan\nb = true\n"
                      "t = 1979-05-27 00:32:00.9999999999-07:30\nm = \"\"\"\n\\\n   x\"\"\"\"\"\n");
        const TomlValue *root = toml_document_root(d), *v = toml_table_get(d, root, "s");
        TomlText text;
        TomlTime t;
        int64_t i;
        double f;
        bool b = false;

        assert_int_equal(toml_count(root), 9);
        assert_true(v && toml_get_string(v, &text));
        assert_int_equal(text.size, 5);
        assert_memory_equal(text.bytes, "a\0\xc3\xa9\n", 6);
        assert_int_equal(toml_place(v).line, 2);
        assert_int_equal(toml_place(v).column, 5);
        assert_int_equal(toml_key_place(v).column, 1);
        assert_false(toml_get_integer(v, &i));
        assert_true(toml_get_string(toml_table_get(d, root, "l"), &text));
        assert_string_equal(text.bytes, "C:\\x");
        assert_true(toml_get_integer(toml_table_get(d, root, "i"), &i) && i == INT64_MIN);
        assert_true(toml_get_integer(toml_table_get(d, root, "h"), &i) && i == 0xdeadbeef);
        assert_true(toml_get_float(toml_table_get(d, root, "f"), &f) && f == 0.65);
        assert_true(toml_get_float(toml_table_get(d, root, "n"), &f) && isnan(f));
        assert_true(toml_get_bool(toml_table_get(d, root, "b"), &b) && b);
        v = toml_table_get(d, root, "t");
        assert_int_equal(toml_kind(v), TOML_OFFSET_DATE_TIME);
        assert_true(toml_get_time(v, &t));
        assert_int_equal(t.year * 10000 + t.month * 100 + t.day, 19790527);
        assert_int_equal(t.hour * 10000 + t.minute * 100 + t.second, 3200);
        assert_int_equal(t.nanosecond, 999999999);
        assert_int_equal(t.offset_minutes, -450);
        assert_true(toml_get_string(toml_table_get(d, root, "m"), &text));
        assert_string_equal(text.bytes, "x\"\"");
        assert_null(toml_table_get(d, root, "none"));
}

static void test_tables(void **state)
{
        _cleanup_(toml_document_freep) TomlDocument *d =
                parse("a.b.c = 1\na.b.d = {e = [1, [2,\n 3,],], 'f.g' = {}}\n[x.y.z]\n[x]\nk = 1\n"
                      "[[p]]\nn = 1\n[p.q]\n[[p]]\nn = 2\n[p.q]\nr = 3\n");
        const TomlValue *root = toml_document_root(d), *v, *e;
        int64_t i;

        v = toml_table_get(d, toml_table_get(d, toml_table_get(d, root, "a"), "b"), "d");
        assert_int_equal(toml_kind(v), TOML_TABLE);
        assert_non_null(toml_table_get(d, v, "f.g"));
        e = toml_next(toml_first(toml_table_get(d, v, "e")));
        assert_int_equal(toml_count(e), 2);
        assert_int_equal(toml_place(toml_next(toml_first(e))).line, 3);
        assert_int_equal(toml_place(toml_next(toml_first(e))).column, 2);
        assert_null(toml_key(e).bytes);
        v = toml_table_get(d, root, "x");
        assert_int_equal(toml_place(v).line, 5);
        assert_int_equal(toml_count(v), 2);
        v = toml_table_get(d, root, "p");
        assert_int_equal(toml_kind(v), TOML_ARRAY);
        assert_int_equal(toml_count(v), 2);
        assert_int_equal(toml_count(toml_table_get(d, toml_first(v), "q")), 0);
        e = toml_table_get(d, toml_next(toml_first(v)), "q");
        assert_true(toml_get_integer(toml_table_get(d, e, "r"), &i) && i == 3);
}

static void test_wrong(void **state)
{
        static const struct {
                const char *text, *sentence;
        } cases[] = {
                {"a = 1\na = 2", "t.toml:2:1: a is already defined at line 1; expected each key once"},
                {"a = 1\n\n[a]", "t.toml:3:2: a is already defined at line 1; expected each table once"},
                {"[a]\n[a]", "t.toml:2:2: a is already defined at line 1; expected each table once"},
                {"[[a]]\n[a]", "t.toml:2:2: a is already defined at line 1; expected each table once"},
                {"a = []\n[[a]]", "t.toml:2:3: a is already defined at line 1; expected a new name, or an array begun with [["},
                {"a = {}\na.b = 1", "t.toml:2:1: a is already a complete table at line 1; expected its keys there"},
                {"a = 1\na.b = 1", "t.toml:2:1: a already has a value at line 1; expected a table before the dot"},
                {"[a.b]\n[a]\nb.c = 1", "t.toml:3:1: b is already a complete table at line 1; expected its keys there"},
                {"\xc3\xa9 = 1", "t.toml:1:1: unexpected \xc3\xa9; expected a key"},
                {"'\xc3\xa9' 1", "t.toml:1:5: unexpected 1; expected = behind the key"},
                {"a = ", "t.toml:1:5: the file ends here; expected a value: a string in quotes, number, true, false, date, [ or {"},
                {"a = \"x\ny", "t.toml:1:7: the line ends here; expected \" at the end of the string"},
                {"a = \"\\q\"", "t.toml:1:7: unexpected q; expected one of b t n f r \" \\ u U behind \\"},
                {"a = \"\\ud800\"", "t.toml:1:6: U+D800 is no character; expected up to U+D7FF, or U+E000 to U+10FFFF"},
                {"a = {b = 1,}", "t.toml:1:12: unexpected }; expected a key"},
                {"a = [1 2]", "t.toml:1:8: unexpected 2; expected , or ] in the array"},
                {"a = 1 b", "t.toml:1:7: unexpected b; expected the end of the line"},
                {"a = 01", "t.toml:1:5: number with a leading zero; expected none"},
                {"a = 1__0", "t.toml:1:7: underscore without a digit behind; expected a digit"},
                {"a = 9223372036854775808", "t.toml:1:5: integer out of range; expected at most 64 bits with sign"},
                {"a = 1e999", "t.toml:1:5: float out of range; expected at most 1.8e308"},
                {"a = 2023-02-29", "t.toml:1:13: wrong day; expected two digits, and a day that this month has"},
                {"a = 12:60:00", "t.toml:1:8: wrong minute; expected 00 to 59"},
                {"a = '\x01'", "t.toml:1:6: control character U+0001; expected it written as an escape in a \"string\""},
                {"a = 1\r", "t.toml:1:6: control character U+000D; expected a line feed behind the carriage return"},
                {"a = '\xed\xa0\x80'", "t.toml:1:6: byte 0xed is not UTF-8; expected text in UTF-8"},
        };

        for (size_t i = 0; i < ARRAY_LENGTH(cases); i++)
                assert_wrong(cases[i].text, strlen(cases[i].text), -EINVAL, cases[i].sentence);
}

/* The 64th level is fine, the 65th is not, whichever way it is written. */
static void test_depth(void **state)
{
        char arrays[4 + 2 * 65 + 1] = "a = ", dots[2 * 66 + 8];

        memset(arrays + 4, '[', 64);
        memset(arrays + 68, ']', 65);
        arrays[132] = '\0';
        toml_document_free(parse(arrays));
        memset(arrays + 4, '[', 65);
        assert_wrong(arrays, strlen(arrays), -E2BIG, "t.toml:1:69: nested too deeply; expected at most 64 levels");
        for (size_t i = 0; i < 66; i++)
                memcpy(dots + 2 * i, "a.", 2);
        memcpy(dots + 2 * 64, "a=1", 4);
        toml_document_free(parse(dots));
        memcpy(dots + 2 * 64, "a.a=1", 6);
        assert_wrong(dots, strlen(dots), -E2BIG, "t.toml:1:129: nested too deeply; expected at most 64 levels");
}

static void test_bounds(void **state)
{
        size_t size = (size_t)TOML_BYTES_MAX + 1;
        char *text = calloc(1, size);

        assert_non_null(text);
        memset(text, ' ', size);
        assert_wrong(text, size, -E2BIG, "t.toml:1:1: the file has more than 4 MiB; expected at most that");
        memcpy(text, "a=[", 3);
        for (size_t i = 3; i + 1 < size; i += 2)
                memcpy(text + i, "1,", 2);
        assert_wrong(text, size - 2, -E2BIG, "t.toml:1:524290: too many values; expected at most 262144");
        free(text);
}

static void test_many_keys(void **state)
{
        _cleanup_string_ String s = {0};
        int64_t i;

        for (int k = 0; k < 50000; k++)
                string_add_format(&s, "key%d = %d\n", k, k);
        _cleanup_(toml_document_freep) TomlDocument *d = parse(string_get(&s));
        const TomlValue *root = toml_document_root(d);
        assert_int_equal(toml_count(root), 50000);
        for (int k = 0; k < 50000; k += 7) {
                char key[16];
                snprintf(key, sizeof key, "key%d", k);
                assert_true(toml_get_integer(toml_table_get(d, root, key), &i) && i == k);
        }
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_values), cmocka_unit_test(test_tables),
                cmocka_unit_test(test_wrong),  cmocka_unit_test(test_depth),
                cmocka_unit_test(test_bounds), cmocka_unit_test(test_many_keys),
        };

        return cmocka_run_group_tests_name("toml", tests, NULL, NULL);
}
