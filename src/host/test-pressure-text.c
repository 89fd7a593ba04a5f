/* Pressure of every resource, of kernels that have only one of the lines, and what is none. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "host/pressure-text.h"

static int parse(const char *text, Pressure *ret)
{
        return pressure_parse(text, strlen(text), ret);
}

static void test_both(void **state)
{
        Pressure p;

        assert_int_equal(parse("some avg10=1.50 avg60=0.51 avg300=0.22 total=124753469\n"
                               "full avg10=100.00 avg60=0.49 avg300=0.20 total=83284775\n",
                               &p),
                         0);
        assert_true(p.some.known && p.full.known);
        assert_true(p.some.avg10 == 1.5 && p.some.avg60 == 0.51 && p.some.avg300 == 0.22);
        assert_int_equal(p.some.total_us, 124753469);
        assert_true(p.full.avg10 == 100.0);
        assert_int_equal(p.full.total_us, 83284775);
}

static void test_one(void **state)
{
        Pressure p;

        assert_int_equal(parse("some avg10=0.00 avg60=0.00 avg300=0.00 total=7", &p), 0);
        assert_true(p.some.known && !p.full.known);
        assert_int_equal(parse("full avg10=0.00 avg60=0.00 avg300=0.00 total=7\n", &p), 0);
        assert_true(!p.some.known && p.full.known);
}

static void test_bad(void **state)
{
        static const char *const texts[] = {
                "",
                "some\n",
                "some \n",
                "some avg10= avg60=0 avg300=0 total=1\n",
                "some avg10=0.00 avg60=0.00 avg300=0.00\n",
                "some avg10=0.00 avg60=0.00 avg300=0.00 total=-1\n",
                "some avg10=inf avg60=0.00 avg300=0.00 total=1\n",
                "some avg60=0.00 avg10=0.00 avg300=0.00 total=1\n",
                "half avg10=0.00 avg60=0.00 avg300=0.00 total=1\n",
        };
        Pressure p = {.full.total_us = 7};

        for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
                assert_int_equal(parse(texts[i], &p), -EBADMSG);
        assert_int_equal(p.full.total_us, 7);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_both),
                cmocka_unit_test(test_one),
                cmocka_unit_test(test_bad),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
