/* Where an expression and its groups matched, and what a match may cost. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/regex.h"

static void test_groups_have_names(void **state)
{
        Regex *regex = NULL;

        assert_int_equal(regex_new_lines("(?<a>x)(y)(?<long_name>z)?", &regex, NULL), 0);
        assert_int_equal(regex_groups(regex), 3);
        assert_string_equal(regex_group_name(regex, 1), "a");
        assert_null(regex_group_name(regex, 2));
        assert_string_equal(regex_group_name(regex, 3), "long_name");
        assert_null(regex_group_name(regex, 0));
        assert_null(regex_group_name(regex, 4));
        regex_free(regex);
}

static void test_spans(void **state)
{
        RegexSpan spans[5];
        Regex *regex = NULL;

        assert_int_equal(regex_new_lines("^(?<key>\\w+)=(\\d+)?$", &regex, NULL), 0);
        const char *text = "no\nab=12\nc=\n";
        assert_int_equal(regex_find(regex, text, 12, 0, spans, 5), 1);
        assert_int_equal(spans[0].begin, 3);
        assert_int_equal(spans[0].end, 8);
        assert_int_equal(spans[1].begin, 3);
        assert_int_equal(spans[1].end, 5);
        assert_int_equal(spans[2].begin, 6);
        assert_int_equal(spans[2].end, 8);
        assert_int_equal(spans[3].begin, SIZE_MAX); /* there is no such group */
        assert_int_equal(regex_find(regex, text, 12, 8, spans, 3), 1);
        assert_int_equal(spans[1].begin, 9);
        assert_int_equal(spans[2].begin, SIZE_MAX); /* took no part */
        assert_int_equal(spans[2].end, SIZE_MAX);
        assert_int_equal(regex_find(regex, text, 12, 11, spans, 3), 0);
        assert_int_equal(regex_find(regex, text, 12, 12, spans, 3), 0);
        assert_int_equal(regex_find(regex, text, 12, 13, spans, 3), 0); /* behind the end */
        regex_free(regex);
        /* Without lines, ^ is the beginning of it all. */
        assert_int_equal(regex_new("^c", &regex, NULL), 0);
        assert_false(regex_match(regex, text, 12));
        regex_free(regex);
}

static void test_cost_is_bounded(void **state)
{
        char text[300];
        RegexSpan span;
        Regex *regex = NULL;

        memset(text, 'x', sizeof text);
        assert_int_equal(regex_new_lines("(x+x+)+[yz]", &regex, NULL), 0);
        assert_int_equal(regex_find(regex, text, sizeof text, 0, &span, 1), -E2BIG);
        assert_false(regex_match(regex, text, sizeof text));
        regex_free(regex);
}

/* A match late in a megabyte is found: the bound is for patterns, not for texts. */
static void test_large_text(void **state)
{
        size_t size = 1 << 20;
        char *text = malloc(size);
        RegexSpan spans[2];
        Regex *regex = NULL;

        assert_non_null(text);
        memset(text, 'a', size);
        for (size_t i = 79; i < size; i += 80)
                text[i] = '\n';
        memcpy(text + size - 6, "\nkey 7", 6);
        assert_int_equal(regex_new_lines("^[a-z]+ (?<v>\\d+)$", &regex, NULL), 0);
        assert_int_equal(regex_find(regex, text, size, 0, spans, 2), 1);
        assert_int_equal(spans[1].begin, size - 1);
        regex_free(regex);
        free(text);
}

static void test_mistakes(void **state)
{
        Regex *regex = NULL;
        Error err = {0};

        assert_int_equal(regex_new_lines("(?<a>x", &regex, &err), -EINVAL);
        assert_non_null(strstr(err.message, "at character 7"));
        assert_null(regex);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_groups_have_names), cmocka_unit_test(test_spans),
                cmocka_unit_test(test_cost_is_bounded),   cmocka_unit_test(test_large_text),
                cmocka_unit_test(test_mistakes),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
