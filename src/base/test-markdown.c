/* No text of a stranger is a mark, ends a block or a row, or makes a line more. */
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "base/markdown.h"

static void test_text(void **state)
{
        static const char *const pairs[][2] = {
                {"plain text: 3.9 GiB, 0.4 %", "plain text: 3.9 GiB, 0.4 %"},
                {"a|b", "a&#124;b"},
                {"`x`", "&#96;x&#96;"},
                {"<b>&lt;", "&#60;b&#62;&#38;lt;"},
                {"*a* _b_ ~c~", "&#42;a&#42; &#95;b&#95; &#126;c&#126;"},
                {"[a](b) ![c](d)", "&#91;a&#93;(b) &#33;&#91;c&#93;(d)"},
                {"https://example.org", "https&#58;//example.org"},
                {"@you #1", "&#64;you &#35;1"},
                {"a\nb\tc", "a?b?c"},
                {"\033[31m", "?&#91;31m"},
                {"a\xff", "a?"},
                {"a\342\200\256b", "a?b"}, /* right-to-left override */
                {"$x \"y\" 'z' \\", "&#36;x &#34;y&#34; &#39;z&#39; &#92;"},
        };

        for (size_t i = 0; i < sizeof pairs / sizeof *pairs; i++) {
                _cleanup_string_ String out = {0};
                Markdown m = {.out = &out};
                markdown_add_text(&m, pairs[i][0], 0);
                assert_string_equal(string_get(&out), pairs[i][1]);
        }
}

static void test_code(void **state)
{
        _cleanup_string_ String out = {0};
        Markdown m = {.out = &out};

        markdown_add_code(&m, "", 0);
        markdown_add_code(&m, "</code><script>", 0);
        assert_string_equal(string_get(&out), "<code>&#60;/code&#62;&#60;script&#62;</code>");
}

static void test_table(void **state)
{
        static const char *const titles[] = {"name", "peak"};
        _cleanup_string_ String out = {0};
        Markdown m = {.out = &out};

        markdown_add_head(&m, titles, "lr");
        markdown_begin_row(&m);
        markdown_add_code_cell(&m, "a|b\n", 0);
        markdown_add_cell(&m, "");
        markdown_end_line(&m);
        assert_string_equal(string_get(&out), "| name | peak |\n|:--|--:|\n| <code>a&#124;b?</code> |  |\n");
        assert_int_equal(m.lines, 3);
}

static void test_block(void **state)
{
        _cleanup_string_ String out = {0};
        Markdown m = {.out = &out};

        markdown_add_block(&m, "a\n```\n````` b\n\033[0m<script>\n");
        assert_string_equal(string_get(&out), "``````text\na\n```\n````` b\n?[0m<script>\n``````\n");
        assert_int_equal(m.lines, 6);
        string_clear(&out);
        markdown_add_block(&m, "one");
        assert_string_equal(string_get(&out), "```text\none\n```\n");
}

static void test_bound(void **state)
{
        _cleanup_string_ String out = {0};
        Markdown m = {.out = &out, .most = 10};
        size_t n = 0;

        while (markdown_has_room(&m, 1) && n++ < 100)
                markdown_add_line(&m, "- ", "x", "");
        assert_int_equal(n, 7);
        assert_int_equal(m.left_out, 1);
        assert_false(markdown_has_room(&m, 4));
        m.most = 0;
        assert_true(markdown_has_room(&m, 4000));
}

int main(void)
{
        const struct CMUnitTest tests[] = {cmocka_unit_test(test_text), cmocka_unit_test(test_code),
                                           cmocka_unit_test(test_table), cmocka_unit_test(test_block),
                                           cmocka_unit_test(test_bound)};

        return cmocka_run_group_tests(tests, NULL, NULL);
}
