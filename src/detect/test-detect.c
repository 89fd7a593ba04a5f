/* Findings: one for one thing, bounded, sorted. The engine: which tables, which columns, reading ahead. */
#include <stdio.h>
#include <string.h>

#include "detect/test-world.h"

static void test_raise(void **state)
{
        Findings found = {0};

        Finding *a = findings_raise(&found, "disk-full", "/", SEVERITY_WARNING, SURE_CERTAIN, 5);
        Finding *b = findings_raise(&found, "disk-full", "/home", SEVERITY_WARNING, SURE_LIKELY, 3);
        assert_ptr_not_equal(a, b);
        assert_ptr_equal(findings_raise(&found, "disk-full", "/", SEVERITY_CRITICAL, SURE_CERTAIN, 9), a);
        assert_int_equal(a->severity, SEVERITY_CRITICAL);
        assert_int_equal(a->t_ns, 5);
        assert_ptr_equal(findings_raise(&found, "disk-full", "/", SEVERITY_INFO, SURE_CERTAIN, 9), a);
        assert_int_equal(a->severity, SEVERITY_CRITICAL);
        assert_null(findings_find(&found, "disk-full", NULL));
        assert_ptr_equal(findings_find(&found, "disk-full", "/home"), b);
        finding_title(a, "%s is full", "/");
        finding_title(a, "%s is quite full", "/");
        assert_string_equal(a->title, "/ is quite full");
        finding_title(NULL, "nobody");
        Finding *c = findings_raise(&found, "run", NULL, SEVERITY_WARNING, SURE_CERTAIN, FINDING_NO_TIME);
        Finding *d = findings_raise(&found, "early", NULL, SEVERITY_WARNING, SURE_CERTAIN, 1);
        findings_sort(&found);
        Finding *e = findings_raise(&found, "killed", NULL, SEVERITY_WARNING, SURE_POSSIBLE, 7);
        e->cause = true;
        findings_sort(&found);
        const Finding *order[] = {e, a, d, c, b}; /* a cause before what was high */
        for (size_t i = 0; i < ARRAY_LENGTH(order); i++)
                assert_ptr_equal(found.items[i], order[i]);
        findings_done(&found);
}

static void test_bounds(void **state)
{
        Findings found = {0};
        char subject[400];

        for (unsigned i = 0; i < FINDINGS_OF_ID_MAX + 10; i++) {
                snprintf(subject, sizeof subject, "/mnt/%u", i);
                findings_raise(&found, "disk-full", subject, SEVERITY_INFO, SURE_CERTAIN, i);
        }
        assert_int_equal(found.n, FINDINGS_OF_ID_MAX);
        assert_int_equal(found.left_out, 10);
        memset(subject, 'x', sizeof subject - 1);
        subject[sizeof subject - 1] = '\0';
        Finding *f = findings_raise(&found, "a", subject, SEVERITY_INFO, SURE_CERTAIN, 0);
        assert_int_equal(strlen(f->subject), FINDING_SUBJECT_MAX);
        assert_ptr_equal(findings_raise(&found, "a", subject, SEVERITY_INFO, SURE_CERTAIN, 0), f);
        assert_false(found.failed);
        findings_done(&found);
}

static void test_tables(void **state)
{
        World w;
        const char *name;
        bool ahead, memory = false;

        world_begin(&w);
        for (size_t i = 0; (name = detect_table(w.detect, i, &ahead)); i++) {
                const char *const *columns = detect_columns(w.detect, name);
                assert_non_null(columns);
                assert_non_null(columns[0]);
                memory |= text_equal(name, "memory");
        }
        assert_true(memory);
        assert_null(detect_columns(w.detect, "no such table"));
        world_end(&w);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_raise),
                cmocka_unit_test(test_bounds),
                cmocka_unit_test(test_tables),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
