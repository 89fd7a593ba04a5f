/* One slip is forgiven; another word is not taken for the wanted one. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/nearest.h"

static const char *find(const char *wanted)
{
        static const char *const names[] = {"memory", "cpu", "gpu", "pressure", "pss_budget", "interval",
                                            "temperature", NULL};
        Nearest n = nearest_to(wanted);

        for (size_t i = 0; names[i]; i++)
                nearest_offer(&n, names[i]);
        return n.best ? n.best : "";
}

static void test_slips(void **state)
{
        assert_string_equal(find("memroy"), "memory");   /* swapped */
        assert_string_equal(find("memoy"), "memory");    /* dropped */
        assert_string_equal(find("intreval"), "interval");
        assert_string_equal(find("preasure"), "pressure");
        assert_string_equal(find("Pss-Budget"), "pss_budget");
        assert_string_equal(find("temprature"), "temperature");
        assert_string_equal(find("cpus"), "cpu");
        assert_string_equal(find("cpu"), "cpu"); /* not gpu, which is as short */
}

static void test_strangers(void **state)
{
        assert_string_equal(find(""), "");
        assert_string_equal(find("x"), "");
        assert_string_equal(find("network"), "");
        assert_string_equal(find("tempo"), "");
        assert_string_equal(find("a very long word that is near to nothing at all, whatever its length"), "");
}

static void test_hint(void **state)
{
        char buffer[NEAREST_HINT_MAX];
        Nearest n = nearest_to("quite");

        assert_string_equal(nearest_hint(&n, "--", buffer), "");
        nearest_offer(&n, "quiet");
        assert_string_equal(nearest_hint(&n, "--", buffer), "; did you mean --quiet?");
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_slips),
                cmocka_unit_test(test_strangers),
                cmocka_unit_test(test_hint),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
