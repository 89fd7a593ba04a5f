/* docs/report.schema.json against the JSON goldens: what the schema promises, the report keeps,
 * and it promises every key there is. The keywords the schema uses are understood, no others. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>
#include <jansson.h>

#include "base/macros.h"
#include "base/test-source.h"

static json_t *root;

static bool type_fits(const char *name, const json_t *value)
{
        return strcmp(name, "object") == 0    ? json_is_object(value)
               : strcmp(name, "array") == 0   ? json_is_array(value)
               : strcmp(name, "string") == 0  ? json_is_string(value)
               : strcmp(name, "boolean") == 0 ? json_is_boolean(value)
               : strcmp(name, "null") == 0    ? json_is_null(value)
               : strcmp(name, "integer") == 0 ? json_is_integer(value)
               : strcmp(name, "number") == 0  ? json_is_number(value)
                                              : false;
}

static bool any_type_fits(const json_t *type, const json_t *value)
{
        size_t i;
        json_t *name;

        if (!type)
                return true;
        if (json_is_string(type))
                return type_fits(json_string_value(type), value);
        json_array_foreach(type, i, name)
                if (type_fits(json_string_value(name), value))
                        return true;
        return false;
}

static bool in_list(const json_t *list, const json_t *value)
{
        size_t i;
        json_t *item;

        if (!list)
                return true;
        json_array_foreach(list, i, item)
                if (json_equal(item, value))
                        return true;
        return false;
}

static const char *validate(json_t *schema, json_t *value);

static const char *validate_object(json_t *schema, json_t *value)
{
        json_t *properties = json_object_get(schema, "properties"), *item;
        const char *key, *wrong;
        size_t i;

        json_array_foreach(json_object_get(schema, "required"), i, item)
                if (!json_object_get(value, json_string_value(item)))
                        return json_string_value(item);
        json_object_foreach(value, key, item) {
                json_t *property = json_object_get(properties, key);
                if (!property) /* the schema must know all that is written today */
                        return key;
                wrong = validate(property, item);
                if (wrong)
                        return *wrong ? wrong : key;
        }
        return NULL;
}

/* NULL: fits. Else the key that does not ("" if it is the value itself). */
static const char *validate(json_t *schema, json_t *value)
{
        const char *reference = json_string_value(json_object_get(schema, "$ref"));
        json_t *constant = json_object_get(schema, "const"), *least = json_object_get(schema, "minimum");
        json_t *items = json_object_get(schema, "items"), *item;
        size_t i;

        if (reference) {
                assert_int_equal(strncmp(reference, "#/$defs/", 8), 0);
                json_t *target = json_object_get(json_object_get(root, "$defs"), reference + 8);
                assert_non_null(target);
                return validate(target, value);
        }
        if (!any_type_fits(json_object_get(schema, "type"), value) ||
            !in_list(json_object_get(schema, "enum"), value) || (constant && !json_equal(constant, value)) ||
            (least && json_is_number(value) && json_number_value(value) < json_number_value(least)))
                return "";
        if (json_is_object(value))
                return validate_object(schema, value);
        json_array_foreach(value, i, item) {
                const char *wrong = items ? validate(items, item) : NULL;
                if (wrong)
                        return wrong;
        }
        return NULL;
}

static json_t *load(const char *name)
{
        char path[SOURCE_PATH_MAX];
        json_error_t error;
        json_t *loaded = json_load_file(source_path(path, "%s", name), JSON_REJECT_DUPLICATES, &error);

        if (!loaded)
                fail_msg("%s: %s", path, error.text);
        return loaded;
}

static void test_goldens(void **state)
{
        static const char *const names[] = {"tests/golden/report-build.json",
                                            "tests/golden/report-nothing.json"};

        for (size_t i = 0; i < ARRAY_LENGTH(names); i++) {
                json_t *report = load(names[i]);
                const char *wrong = validate(root, report);
                if (wrong)
                        fail_msg("%s: %s", names[i], wrong);
                json_decref(report);
        }
}

/* The schema refuses what it should: else the test above says nothing. */
static void test_refusals(void **state)
{
        json_t *report = load("tests/golden/report-build.json");
        json_t *run = json_object_get(report, "run"), *top = json_object_get(report, "top");

        assert_null(validate(root, report));
        json_object_set_new(run, "wall_s", json_string("long"));
        assert_string_equal(validate(root, report), "wall_s");
        json_object_set_new(run, "wall_s", json_real(-1));
        assert_string_equal(validate(root, report), "wall_s");
        json_object_set_new(run, "wall_s", json_null());
        assert_null(validate(root, report));
        json_object_del(json_array_get(top, 1), "pid");
        assert_string_equal(validate(root, report), "pid");
        json_object_set_new(json_array_get(top, 1), "pid", json_integer(5));
        json_object_set_new(json_object_get(report, "capture"), "source", json_string("guess"));
        assert_string_equal(validate(root, report), "source");
        json_object_set_new(json_object_get(report, "capture"), "source", json_null());
        json_object_set_new(report, "format", json_integer(2));
        assert_string_equal(validate(root, report), "format");
        json_object_set_new(report, "format", json_integer(1));
        json_object_set_new(report, "surprise", json_true());
        assert_string_equal(validate(root, report), "surprise");
        json_decref(report);
}

/* docs/compare.schema.json and what `vigia compare --json` says, likewise. */
static void test_compare(void **state)
{
        json_t *report_root = root, *comparison = load("tests/golden/compare-build.json");

        root = load("docs/compare.schema.json");
        const char *wrong = validate(root, comparison);
        if (wrong)
                fail_msg("compare-build.json: %s", wrong);
        json_t *pair = json_array_get(json_object_get(comparison, "comparisons"), 0);
        json_t *figure = json_array_get(json_object_get(pair, "figures"), 0);
        json_object_set_new(figure, "verdict", json_string("maybe"));
        assert_string_equal(validate(root, comparison), "verdict");
        json_object_set_new(figure, "verdict", json_string("worse"));
        json_object_del(json_object_get(figure, "base"), "n");
        assert_string_equal(validate(root, comparison), "n");
        json_decref(comparison);
        json_decref(root);
        root = report_root;
}

int main(void)
{
        const struct CMUnitTest tests[] = {cmocka_unit_test(test_goldens), cmocka_unit_test(test_refusals),
                                           cmocka_unit_test(test_compare)};

        root = load("docs/report.schema.json");
        int r = cmocka_run_group_tests(tests, NULL, NULL);
        json_decref(root);
        return r;
}
