/* Layout to the letter, and values that JSON has no place for. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>
#include <jansson.h>

#include "base/json.h"

static void test_layout(void **state)
{
        static const char *const words[] = {"a", "b \"c\"", NULL};
        _cleanup_string_ String out = {0};
        Json j = {.out = &out};

        json_open_object(&j, NULL, JSON_LINES);
        json_add_u64(&j, "one", 1);
        json_open_array(&j, "rows", JSON_LINES);
        for (int i = 0; i < 2; i++) {
                json_open_object(&j, NULL, JSON_ONE_LINE);
                json_add_i64(&j, "i", -i);
                json_open_array(&j, "in", JSON_LINES); /* in one line, as what it is in */
                json_add_bool(&j, NULL, true);
                json_add_null(&j, NULL);
                json_close(&j);
                json_close(&j);
        }
        json_close(&j);
        json_open_array(&j, "none", JSON_LINES);
        json_close(&j);
        json_open_object(&j, "empty", JSON_ONE_LINE);
        json_close(&j);
        json_add_texts(&j, "words", words);
        json_add_texts(&j, "nothing", NULL);
        json_close(&j);
        assert_string_equal(string_get(&out), "{\n"
                                              "  \"one\": 1,\n"
                                              "  \"rows\": [\n"
                                              "    {\"i\": 0, \"in\": [true, null]},\n"
                                              "    {\"i\": -1, \"in\": [true, null]}\n"
                                              "  ],\n"
                                              "  \"none\": [],\n"
                                              "  \"empty\": {},\n"
                                              "  \"words\": [\"a\", \"b \\\"c\\\"\"],\n"
                                              "  \"nothing\": null\n"
                                              "}");
        json_t *read = json_loads(string_get(&out), 0, NULL);
        assert_non_null(read);
        json_decref(read);
}

static void test_compact(void **state)
{
        _cleanup_string_ String out = {0};
        Json j = {.out = &out, .compact = true};

        json_open_object(&j, NULL, JSON_ONE_LINE);
        json_add_text(&j, "a", "x");
        json_add_text(&j, "b", NULL);
        json_close(&j);
        assert_string_equal(string_get(&out), "{\"a\":\"x\",\"b\":null}");
}

static void test_values(void **state)
{
        _cleanup_string_ String out = {0};
        Json j = {.out = &out, .compact = true};

        json_open_array(&j, NULL, JSON_ONE_LINE);
        json_add_u64(&j, NULL, INT64_MAX);
        json_add_u64(&j, NULL, UINT64_MAX);
        json_add_i64(&j, NULL, INT64_MIN);
        json_add_fixed(&j, NULL, 1.25, 6);
        json_add_fixed(&j, NULL, 2, 6);
        json_add_fixed(&j, NULL, -0.0000001, 3);
        json_add_fixed(&j, NULL, 1234567.125, 3);
        json_add_fixed(&j, NULL, 12.7, 0);
        json_add_fixed(&j, NULL, 1e300, 2);
        json_add_fixed(&j, NULL, NAN, 3);
        json_add_number(&j, NULL, INFINITY, 12);
        json_add_number(&j, NULL, 1.5, 12);
        json_add_number(&j, NULL, 3, 12);
        json_add_bytes(&j, NULL, "a\0\x1f\xff\xe2\x82\xac", 7);
        json_close(&j);
        json_t *read = json_loads(string_get(&out), JSON_ALLOW_NUL, NULL);
        assert_non_null(read);
        assert_int_equal(json_array_size(read), 14);
        assert_int_equal(json_integer_value(json_array_get(read, 0)), INT64_MAX);
        assert_true(json_is_null(json_array_get(read, 1)));
        assert_int_equal(json_integer_value(json_array_get(read, 2)), INT64_MIN);
        assert_non_null(strstr(string_get(&out), "1.25,2.0,-0.0,1234567.125,13,1"));
        assert_non_null(strstr(string_get(&out), ",null,null,1.5,3,\"a\\u0000"));
        json_decref(read);
}

/* Deeper than there is room for: said, not written wrong in silence. */
static void test_depth(void **state)
{
        _cleanup_string_ String out = {0};
        Json j = {.out = &out};

        for (unsigned i = 0; i < JSON_DEPTH; i++)
                json_open_array(&j, NULL, JSON_ONE_LINE);
        assert_false(out.failed);
        json_open_array(&j, NULL, JSON_ONE_LINE);
        assert_true(out.failed);
}

int main(void)
{
        const struct CMUnitTest tests[] = {cmocka_unit_test(test_layout), cmocka_unit_test(test_compact),
                                           cmocka_unit_test(test_values), cmocka_unit_test(test_depth)};

        return cmocka_run_group_tests(tests, NULL, NULL);
}
