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

/* Expressions of a room share what matching needs, with machine code and without. */
static void test_room(void **state)
{
        RegexRoom *room = NULL;
        Regex *a = NULL, *b = NULL;
        size_t offset = 0, size = 200000;
        Error err = {0};

        assert_int_equal(regex_room_new(&room), 0);
        assert_int_equal(regex_new_in(room, "^(a|b)*c$", &a, &offset, &err), 0);
        assert_int_equal(regex_new_in(room, "x+y", &b, &offset, &err), 0);
        assert_int_equal(regex_new_in(room, "ab(c", &b, &offset, &err), -EINVAL);
        assert_int_equal(offset, 4);
        assert_string_equal(err.message, "missing closing parenthesis");
        for (int round = 0; round < 2; round++) {
                assert_int_equal(regex_try(a, "ababc", 5), 1);
                assert_int_equal(regex_try(b, "ababc", 5), 0);
                assert_int_equal(regex_try(b, "xxy", 3), 1);
                regex_hasten(a);
                regex_hasten(b);
        }
        /* More than machine code has room for: what is found is found all the same. */
        char *text = malloc(size);
        assert_non_null(text);
        memset(text, 'a', size);
        text[5000] = 'c';
        assert_int_equal(regex_try(a, text, 5001), 1);
        text[5000] = 'a';
        text[size - 1] = 'c';
        assert_true(regex_try(a, text, size) != 0); /* found, or too much */
        free(text);
        regex_free(a);
        regex_free(b);
        regex_room_free(room);
}

static void test_steps(void **state)
{
        char text[1000];

        memset(text, 'a', sizeof text);
        assert_in_range(regex_steps("a", text, sizeof text, 100000), 1, 10);
        assert_in_range(regex_steps("b$", text, sizeof text, 100000), 1, 5000);
        assert_int_equal(regex_steps("(a+)+$b?!", text, sizeof text, 100000), 1); /* no '!' in it: not even tried */
        text[sizeof text - 1] = '!';
        assert_int_equal(regex_steps("(a+)+x?-?$", text, sizeof text, 100000), 100000);
        assert_int_equal(regex_steps("(", text, sizeof text, 100000), 0);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_groups_have_names), cmocka_unit_test(test_spans),
                cmocka_unit_test(test_cost_is_bounded),   cmocka_unit_test(test_large_text),
                cmocka_unit_test(test_mistakes),          cmocka_unit_test(test_room),
                cmocka_unit_test(test_steps),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
