/* What is written is read back, and what is wrong is named. */
#include <errno.h>
#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/json-fields.h"

static const char *const colours[] = {"red", "green", NULL};

typedef struct Thing {
        char *name, **words;
        uint64_t size, seed;
        int64_t at;
        int code;
        unsigned n, colour;
        bool fine;
} Thing;

#define FIELD(group, kind, member) {group, #member, JSON_##kind, offsetof(Thing, member), NULL}

static const JsonField fields[] = {
        FIELD(NULL, TEXT, name),      FIELD(NULL, TEXTS, words),  FIELD("numbers", U64, size), FIELD("numbers", SEED, seed),
        FIELD("numbers", I64, at),    FIELD("more", INT, code),   FIELD("more", UNSIGNED, n),  FIELD("more", BOOL, fine),
        {NULL, "colour", JSON_WORD, offsetof(Thing, colour), colours},
};
enum { N = sizeof fields / sizeof *fields };

static void thing_done(Thing *t)
{
        for (char **word = t->words; word && *word; word++)
                free(*word);
        free(t->words);
        free(t->name);
        *t = (Thing){0};
}

static void write_thing(const Thing *t, size_t text_max, String *out)
{
        Json j = {.out = out};

        json_open_object(&j, NULL, JSON_LINES);
        json_add_u64(&j, "format", 1);
        json_add_fields(&j, fields, N, t, text_max);
        json_close(&j);
        assert_false(out->failed);
}

static int read_thing(const char *text, Thing *ret, Error *err)
{
        const JsonReader r = {"thing.json", 16, 3, err};
        json_t *root = NULL;
        int format = 0, e = json_read_document(&r, text, strlen(text), 1, &root, &format);

        if (e < 0)
                return e;
        assert_int_equal(format, 1);
        e = json_read_fields(&r, fields, N, root, ret);
        json_decref(root);
        return e;
}

static void test_both_ways(void **state)
{
        char *words[] = {(char *)"a", (char *)"b \"c\"", NULL};
        const Thing from = {(char *)"x\ny", words, INT64_MAX, UINT64_MAX, 7, -3, 5, 1, true};
        _cleanup_string_ String out = {0};
        Thing to = {.code = -1};
        Error err = {0};

        write_thing(&from, SIZE_MAX, &out);
        assert_string_equal(string_get(&out), "{\n"
                                              "  \"format\": 1,\n"
                                              "  \"name\": \"x\\ny\",\n"
                                              "  \"words\": [\"a\", \"b \\\"c\\\"\"],\n"
                                              "  \"numbers\": {\n"
                                              "    \"size\": 9223372036854775807,\n"
                                              "    \"seed\": \"18446744073709551615\",\n"
                                              "    \"at\": 7\n"
                                              "  },\n"
                                              "  \"more\": {\n"
                                              "    \"code\": null,\n"
                                              "    \"n\": 5,\n"
                                              "    \"fine\": true\n"
                                              "  },\n"
                                              "  \"colour\": \"green\"\n"
                                              "}");
        assert_int_equal(read_thing(string_get(&out), &to, &err), 0);
        assert_string_equal(to.name, from.name);
        assert_string_equal(to.words[1], words[1]);
        assert_null(to.words[2]);
        assert_true(to.size == from.size && to.seed == from.seed && to.at == 7 && to.code == -1 && to.n == 5);
        assert_true(to.colour == 1 && to.fine);
        thing_done(&to);
}

static void test_unknown(void **state)
{
        const Thing from = {.size = UINT64_MAX, .at = -1, .code = -1};
        Thing to = {.size = UINT64_MAX, .at = -1, .code = -9};
        _cleanup_string_ String out = {0};
        Error err = {0};

        write_thing(&from, 2, &out);
        assert_int_equal(read_thing(string_get(&out), &to, &err), 0);
        assert_true(!to.name && !to.words && to.size == UINT64_MAX && to.at == -1 && to.code == -9);
        assert_int_equal(read_thing("{\"format\": 1, \"numbers\": null}", &to, &err), 0);
        thing_done(&to);
}

static void test_cut(void **state)
{
        const Thing from = {.name = (char *)"abcdef"};
        _cleanup_string_ String out = {0};

        write_thing(&from, 3, &out);
        assert_non_null(strstr(string_get(&out), "\"name\": \"abc\","));
}

static void test_wrong(void **state)
{
        static const struct {
                const char *text, *message;
                int error;
        } cases[] = {
                {"", "thing.json:1:1: ", -EBADMSG},
                {"[]", "thing.json:1:1: expected an object: { … }", -EBADMSG},
                {"{\"a\": 1, \"a\": 2}", "thing.json:1:", -EBADMSG},
                {"{}", "thing.json: \"format\": expected the format's number", -EBADMSG},
                {"{\"format\": 2}", "thing.json: format 2 is newer than what this vigia reads (1)", -EOPNOTSUPP},
                {"{\"format\": 1, \"name\": 5}", "thing.json: \"name\": expected a text or null", -EBADMSG},
                {"{\"format\": 1, \"name\": \"12345678901234567\"}", "thing.json: \"name\": expected a text or null", -EBADMSG},
                {"{\"format\": 1, \"words\": [1]}", "thing.json: \"words\": expected a text or null", -EBADMSG},
                {"{\"format\": 1, \"words\": [\"a\",\"b\",\"c\",\"d\"]}", "thing.json: \"words\": expected a list", -EBADMSG},
                {"{\"format\": 1, \"numbers\": 3}", "thing.json: \"numbers\": expected an object", -EBADMSG},
                {"{\"format\": 1, \"numbers\": {\"size\": -1}}", "thing.json: \"size\": expected a whole number", -EBADMSG},
                {"{\"format\": 1, \"numbers\": {\"size\": 1.5}}", "thing.json: \"size\": expected a whole number", -EBADMSG},
                {"{\"format\": 1, \"numbers\": {\"seed\": 1}}", "thing.json: \"seed\": expected a number as a text", -EBADMSG},
                {"{\"format\": 1, \"more\": {\"code\": 3000000000}}", "thing.json: \"code\": expected a whole number", -EBADMSG},
                {"{\"format\": 1, \"more\": {\"fine\": 1}}", "thing.json: \"fine\": expected true or false", -EBADMSG},
                {"{\"format\": 1, \"colour\": \"blue\"}", "thing.json: \"colour\": expected one of the words", -EBADMSG},
        };

        for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
                Thing to = {0};
                Error err = {0};
                assert_int_equal(read_thing(cases[i].text, &to, &err), cases[i].error);
                if (strncmp(err.message, cases[i].message, strlen(cases[i].message)) != 0)
                        fail_msg("%s: %s", cases[i].text, err.message);
                thing_done(&to);
        }
}

int main(void)
{
        const struct CMUnitTest tests[] = {cmocka_unit_test(test_both_ways), cmocka_unit_test(test_unknown),
                                           cmocka_unit_test(test_cut), cmocka_unit_test(test_wrong)};

        return cmocka_run_group_tests(tests, NULL, NULL);
}
