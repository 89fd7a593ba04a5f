/* Figures, names and the four formats, as files and programs write them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/macros.h"
#include "base/text.h"
#include "monitor/declared-internal.h"

static Figure figure(const char *text)
{
        Figure f;

        figure_parse(text, strlen(text), &f);
        return f;
}

#define IS_WHOLE(text, value, u)                                                                   \
        do {                                                                                       \
                Figure f_ = figure(text);                                                          \
                assert_int_equal(f_.kind, FIGURE_WHOLE);                                           \
                assert_int_equal(f_.whole, value);                                                 \
                assert_int_equal(f_.unit, u);                                                      \
        } while (0)

#define IS_DECIMAL(text, value, u)                                                                 \
        do {                                                                                       \
                Figure f_ = figure(text);                                                          \
                assert_int_equal(f_.kind, FIGURE_DECIMAL);                                         \
                assert_true(f_.decimal == (value));                                                \
                assert_int_equal(f_.unit, u);                                                      \
        } while (0)

static void test_whole_numbers(void **state)
{
        IS_WHOLE("12", 12, UNIT_NONE);
        IS_WHOLE("  12\r", 12, UNIT_NONE);
        IS_WHOLE("+12", 12, UNIT_NONE);
        IS_WHOLE("-0", 0, UNIT_NONE);
        IS_WHOLE("18446744073709551615", UINT64_MAX, UNIT_NONE);
        IS_WHOLE("0x1f", 31, UNIT_NONE);
        IS_WHOLE("0xffffffffffffffff", UINT64_MAX, UNIT_NONE);
        IS_WHOLE("7 of 9", 7, UNIT_NONE);
        IS_WHOLE("\"12\"", 12, UNIT_NONE);
        assert_int_equal(figure("-12").kind, FIGURE_BELOW);
        assert_int_equal(figure("-12").below, -12);
        assert_int_equal(figure("-9223372036854775808").below, INT64_MIN);
}

static void test_decimals(void **state)
{
        IS_DECIMAL("0.5", 0.5, UNIT_NONE);
        IS_DECIMAL("-1.25", -1.25, UNIT_NONE);
        IS_DECIMAL("1e3", 1000.0, UNIT_NONE);
        /* One more than a u64 holds: not wrapped. */
        IS_DECIMAL("18446744073709551616", 18446744073709551616.0, UNIT_NONE);
}

static void test_units_behind(void **state)
{
        IS_WHOLE("812 kB", 812 * 1024, UNIT_BYTES);
        IS_WHOLE("812kB", 812 * 1024, UNIT_BYTES);
        IS_WHOLE("3 GiB", 3ull << 30, UNIT_BYTES);
        IS_WHOLE("1.5 MiB", 1572864, UNIT_BYTES);
        IS_WHOLE("2 MB", 2000000, UNIT_BYTES);
        IS_WHOLE("45%", 45, UNIT_PERCENT);
        IS_WHOLE("45 %", 45, UNIT_PERCENT);
        IS_DECIMAL("45.5°C", 45.5, UNIT_CELSIUS);
        IS_WHOLE("2 GHz", 2000000000, UNIT_HERTZ);
        IS_DECIMAL("12 mV", 0.012, UNIT_VOLTS);
        IS_WHOLE("3 ms", 3, UNIT_MS);
        /* Only what ends the value is its unit. */
        IS_WHOLE("5 C compilers", 5, UNIT_NONE);
        /* What would not fit is not wrapped. */
        assert_int_equal(figure("18446744073709551615 kB").kind, FIGURE_DECIMAL);
}

static void test_words_and_nothing(void **state)
{
        static const char *const nothing[] = {"", "  ", "-", "N/A", "n/a", "nan", "NaN", "none",
                                              "unknown", "\"\"", "null"};
        static const char *const words[] = {"on", "12:30:01", "2026-11-21", "1,234", "0x", "0xg",
                                            "1e999", "--1", "+", "- 1", "inf", "kB", "12kBx", "1.2.3"};

        for (size_t i = 0; i < ARRAY_LENGTH(nothing); i++)
                assert_int_equal(figure(nothing[i]).kind, FIGURE_NULL);
        for (size_t i = 0; i < ARRAY_LENGTH(words); i++) {
                Figure f = figure(words[i]);
                if (f.kind != FIGURE_WORDS)
                        fail_msg("'%s' is of kind %d", words[i], f.kind);
        }
}

static void test_conversion(void **state)
{
        Figure f = figure("3 s");

        figure_convert(&f, UNIT_MS, 1);
        assert_int_equal(f.kind, FIGURE_WHOLE);
        assert_int_equal(f.whole, 3000);
        f = figure("250 ms");
        figure_convert(&f, UNIT_SECONDS, 1);
        assert_true(f.decimal == 0.25);
        f = figure("45000");
        figure_convert(&f, UNIT_CELSIUS, 0.001);
        assert_true(f.decimal == 45.0);
        f = figure("50%");
        figure_convert(&f, UNIT_RATIO, 1);
        assert_true(f.decimal == 0.5);
        f = figure("-7");
        figure_convert(&f, UNIT_NONE, 1000);
        assert_int_equal(f.below, -7000);
        f = figure("words");
        figure_convert(&f, UNIT_BYTES, 1024);
        assert_int_equal(f.kind, FIGURE_WORDS);
}

static void test_safe_names(void **state)
{
        static const struct {
                const char *text, *name;
        } cases[] = {
                {"success", "success"},
                {"HugePages_Total", "huge_pages_total"},
                {"MemTotal", "mem_total"},
                {"VmRSS", "vm_rss"},
                {"Active(anon)", "active_anon"},
                {"DirectMap4k", "direct_map4k"},
                {"DirectMap2M", "direct_map2m"},
                {"no-head-success", "no_head_success"},
                {"requests{code=\"200\"}", "requests_code_200"},
                {"1min", "n_1min"},
                {"___", "column"},
                {"", "column"},
                {"caf\xc3\xa9 noir", "caf_noir"},
                {"a/b; DROP", "a_b_drop"},
        };

        for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
                char name[DECLARED_NAME_MAX];
                declared_safe_name(cases[i].text, strlen(cases[i].text), name);
                assert_string_equal(name, cases[i].name);
        }
        char longest[500], name[DECLARED_NAME_MAX];
        memset(longest, 'A', sizeof longest);
        declared_safe_name(longest, sizeof longest, name);
        assert_true(strlen(name) < DECLARED_NAME_MAX);
}

static void test_unit_of_name(void **state)
{
        assert_int_equal(figure_unit_of_name("free_bytes"), UNIT_BYTES);
        assert_int_equal(figure_unit_of_name("bytes"), UNIT_BYTES);
        assert_int_equal(figure_unit_of_name("cpu_c"), UNIT_CELSIUS);
        assert_int_equal(figure_unit_of_name("wait_us"), UNIT_US);
        assert_int_equal(figure_unit_of_name("megabytes"), UNIT_NONE);
        assert_int_equal(figure_unit_of_name("x_"), UNIT_NONE);
        assert_int_equal(figure_unit_of_name(""), UNIT_NONE);
}

/* ---- cells ---- */

static int write_row(void *data)
{
        string_add(data, "|");
        return 0;
}

static int write_cell(void *data, const DeclaredCell *cell)
{
        String *to = data;

        if (cell->section_size > 0) {
                string_add_bytes(to, cell->section, cell->section_size);
                string_add_char(to, '.');
        }
        if (cell->name)
                string_add_bytes(to, cell->name, cell->name_size);
        else
                string_add_format(to, "#%zu", cell->place);
        string_add_char(to, '=');
        string_add_bytes(to, cell->value, cell->size);
        string_add_char(to, ';');
        return 0;
}

static void is_parsed(const DeclaredMonitor *d, const char *text, const char *expected)
{
        DeclaredParser parser = {.declaration = d};
        Regex *regex = NULL;
        String got = {0};
        const DeclaredListener listener = {write_row, write_cell, &got};
        bool cut;
        Error err = {0};

        if (d->pattern) {
                assert_int_equal(regex_new_lines(d->pattern, &regex, &err), 0);
                parser.regex = regex;
                parser.regex_rows = d->n_columns > 0;
        }
        int r = declared_parse(&parser, text, strlen(text), &listener, &cut, &err);
        if (r < 0)
                string_add_format(&got, "error %s", err.message);
        assert_string_equal(string_get(&got), expected);
        regex_free(regex);
        string_done(&got);
}

static void test_key_value(void **state)
{
        const DeclaredMonitor d = {.format = DECLARED_KEY_VALUE};

        is_parsed(&d, "success: 12\nfail: 3\n", "|success=12;fail=3;");
        is_parsed(&d, "nr_free_pages 81\nnr_x\t0", "|nr_free_pages=81;nr_x=0;");
        is_parsed(&d, "A=1\nB = 2\nC =3\n", "|A=1;B=2;C=3;");
        is_parsed(&d, "MemTotal:       16 kB\nActive(anon):  1 kB\n",
                  "|MemTotal=16 kB;Active(anon)=1 kB;");
        is_parsed(&d, "cpu MHz\t\t: 2000.5\n", "|cpu MHz=2000.5;");
        is_parsed(&d, "key:12\nslab:dentry 500\n", "|key=12;slab:dentry=500;");
        is_parsed(&d, "started 12:30:01\ncmd x=5\n", "|started=12:30:01;cmd=x=5;");
        is_parsed(&d, "# HELP a b\n# TYPE a counter\nreq{code=\"200\",m=\"a b\"} 7\r\n",
                  "|req{code=\"200\",m=\"a b\"}=7;");
        is_parsed(&d, "up 1\nbroken{a=\"} 2\n", "|up=1;broken{a=\"} 2;");
        is_parsed(&d, "\n\n   x:   1   \n\nalone\n", "|x=1;");
        is_parsed(&d, "none:\nnext: 1\n", "|none=;next=1;");
        is_parsed(&d, ": 1\n= 2\n", "|:=1;==2;");
        is_parsed(&d, "", "|");
}

static void test_sections(void **state)
{
        const DeclaredMonitor d = {.format = DECLARED_KEY_VALUE};

        is_parsed(&d, "[migrate_folio]\n  calls  5\n  success  4\n\n[buffer]\n  calls 1\n",
                  "|migrate_folio.calls=5;migrate_folio.success=4;buffer.calls=1;");
        is_parsed(&d, "a:\n  x: 1\n  y: 2\nb:\n  x: 3\nz: 9\n", "|a.x=1;a.y=2;b.x=3;z=9;");
        is_parsed(&d, "head\n\tx 1\ntail 2\n", "|head.x=1;tail=2;");
}

static void test_signs_declared(void **state)
{
        const DeclaredMonitor pipe = {.format = DECLARED_KEY_VALUE, .separator = "|"};
        const DeclaredMonitor skip = {.format = DECLARED_KEY_VALUE, .skip = 2, .comment = ";"};

        is_parsed(&pipe, "a b: c | 5\nno sign\n|6\n", "|a b: c=5;");
        is_parsed(&skip, "x 1\ny 2\nz 3\n; w 4\n#v 5\n", "|z=3;#v=5;");
}

static void test_number(void **state)
{
        const DeclaredMonitor d = {.format = DECLARED_NUMBER};

        is_parsed(&d, "42\n", "|#0=42;");
        is_parsed(&d, "# a comment\n\n 0.5 ms", "|#0= 0.5 ms;");
        is_parsed(&d, "max\n", "error 'max' is no number");
        is_parsed(&d, "\n", "error empty; expected a number");
}

static void test_table(void **state)
{
        const DeclaredMonitor d = {.format = DECLARED_TABLE};
        const DeclaredMonitor bare = {.format = DECLARED_TABLE, .no_header = true, .skip = 1};
        const DeclaredMonitor csv = {.format = DECLARED_TABLE, .separator = ","};

        is_parsed(&d, "Name Size\na 1\nb 2 3\nc\n",
                  "|Name=a;Size=1;|Name=b;Size=2;#2=3;|Name=c;");
        is_parsed(&d, "# name <objs>\n# not this\nx 1\n", "|name=x;<objs>=1;");
        is_parsed(&d, "      total used\nMem:  10 5\nSwap: 0 0\n",
                  "|name=Mem:;total=10;used=5;|name=Swap:;total=0;used=0;");
        is_parsed(&d, "  sl  addr\n   0: A\n", "|sl=0:;addr=A;");
        is_parsed(&d, "only header\n", "");
        is_parsed(&d, "", "");
        is_parsed(&bare, "junk\nx 1\n", "|#0=x;#1=1;");
        is_parsed(&csv, "a,b,c\n1,\"x, y\",3\n,,\n", "|a=1;b=\"x, y\";c=3;|a=;b=;c=;");
        is_parsed(&csv, "a,b\n\"say \"\"x, y\"\"\",2\n\"open,1\n",
                  "|a=\"say \"\"x, y\"\"\";b=2;|a=\"open,1;");
}

static void test_too_many_rows(void **state)
{
        const DeclaredMonitor d = {.format = DECLARED_TABLE};
        const DeclaredParser parser = {.declaration = &d};
        String text = {0}, got = {0};
        const DeclaredListener listener = {write_row, write_cell, &got};
        bool cut = true;
        size_t rows = 0;

        string_add(&text, "a\n");
        for (int i = 0; i < DECLARED_ROWS_MAX; i++)
                string_add(&text, "1\n");
        assert_int_equal(declared_parse(&parser, text.text, text.size, &listener, &cut, NULL), 0);
        assert_false(cut);
        string_add(&text, "1\n");
        string_clear(&got);
        assert_int_equal(declared_parse(&parser, text.text, text.size, &listener, &cut, NULL), 0);
        assert_true(cut);
        for (size_t i = 0; i < got.size; i++)
                rows += got.text[i] == '|';
        assert_int_equal(rows, DECLARED_ROWS_MAX);
        string_done(&text);
        string_done(&got);
}

static void test_regex(void **state)
{
        const DeclaredColumn key = {.name = "dev", .kind = DECLARED_KEY};
        const DeclaredMonitor one = {.format = DECLARED_REGEX,
                                     .pattern = "^(?:rx (?<rx>\\d+)|tx (?<tx>\\d+))$"};
        const DeclaredMonitor many = {.format = DECLARED_REGEX, .columns = &key, .n_columns = 1,
                                      .pattern = "^(?<dev>\\w+): (?<v>\\d+)"};
        const DeclaredMonitor empty = {.format = DECLARED_REGEX, .columns = &key, .n_columns = 1,
                                       .pattern = "(?<dev>x*)"};

        is_parsed(&one, "tx 2\nrx 1\nrx 9\n", "|tx=2;rx=1;");
        is_parsed(&one, "nothing\n", "|");
        is_parsed(&many, "a: 1\n b: 2\nc: 3", "|dev=a;v=1;|dev=c;v=3;");
        is_parsed(&empty, "axxb", "|dev=;|dev=xx;|dev=;|dev=;");
}

/* A pattern that would try for ever is given up, with a sentence. */
static void test_regex_that_never_ends(void **state)
{
        const DeclaredMonitor d = {.format = DECLARED_REGEX, .pattern = "(?<a>(?:x+x+)+[yz])"};
        char text[200];

        memset(text, 'x', sizeof text);
        text[sizeof text - 1] = '\0';
        is_parsed(&d, text, "|error the pattern takes too long on it");
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_whole_numbers),
                cmocka_unit_test(test_decimals),
                cmocka_unit_test(test_units_behind),
                cmocka_unit_test(test_words_and_nothing),
                cmocka_unit_test(test_conversion),
                cmocka_unit_test(test_safe_names),
                cmocka_unit_test(test_unit_of_name),
                cmocka_unit_test(test_key_value),
                cmocka_unit_test(test_sections),
                cmocka_unit_test(test_signs_declared),
                cmocka_unit_test(test_number),
                cmocka_unit_test(test_table),
                cmocka_unit_test(test_too_many_rows),
                cmocka_unit_test(test_regex),
                cmocka_unit_test(test_regex_that_never_ends),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
