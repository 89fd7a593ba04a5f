/* Parsing is strict, figures have three digits, strangers' text is made safe. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/text.h"

static void test_numbers(void **state)
{
        uint64_t u = 7;
        int64_t i;
        double d;

        assert_int_equal(parse_u64z("18446744073709551615", &u), 0);
        assert_true(u == UINT64_MAX);
        assert_int_equal(parse_u64z("18446744073709551616", &u), -ERANGE);
        assert_true(u == UINT64_MAX);
        assert_int_equal(parse_u64z("", &u), -EINVAL);
        assert_int_equal(parse_u64z("+1", &u), -EINVAL);
        assert_int_equal(parse_u64z(" 1", &u), -EINVAL);
        assert_int_equal(parse_i64("-9223372036854775808", 20, &i), 0);
        assert_true(i == INT64_MIN);
        assert_int_equal(parse_doublez("1e-3", &d), 0);
        assert_true(d == 1e-3);
        assert_int_equal(parse_doublez("nan", &d), -EINVAL);
        assert_int_equal(parse_doublez("0x10", &d), -EINVAL);
        assert_int_equal(parse_doublez("1e999", &d), -ERANGE);
}

static void test_durations(void **state)
{
        uint64_t ns;

        assert_int_equal(parse_duration("1h30m", &ns), 0);
        assert_true(ns == 5400ull * 1000000000);
        assert_int_equal(parse_duration("0.05", &ns), 0);
        assert_true(ns == 50000000);
        assert_int_equal(parse_duration("250ms", &ns), 0);
        assert_true(ns == 250000000);
        assert_int_equal(parse_duration("5 s", &ns), -EINVAL);
        assert_int_equal(parse_duration("5s3", &ns), -EINVAL);
        assert_int_equal(parse_duration("", &ns), -EINVAL);
        assert_int_equal(parse_duration("-1", &ns), -EINVAL);
        assert_int_equal(parse_duration("5y", &ns), -EINVAL);
}

static void test_bytes(void **state)
{
        uint64_t n;

        assert_int_equal(parse_bytes("18446744073709551615", &n), 0);
        assert_true(n == UINT64_MAX);
        assert_int_equal(parse_bytes("64K", &n), 0);
        assert_int_equal(n, 65536);
        assert_int_equal(parse_bytes("16 MiB", &n), 0);
        assert_int_equal(n, 16 << 20);
        assert_int_equal(parse_bytes("1.5 GB", &n), 0);
        assert_int_equal(n, 1500000000);
        assert_int_equal(parse_bytes("2kB", &n), 0);
        assert_int_equal(n, 2000);
        assert_int_equal(parse_bytes("12 B", &n), 0);
        assert_int_equal(n, 12);
        for (const char *const *bad = (const char *const[]){"", "K", "1 ", "1 X", "1Mb", "-1", "1 Mi",
                                                            "1KiBs", "1.2.3K", NULL};
             *bad; bad++)
                assert_int_equal(parse_bytes(*bad, &n), -EINVAL);
        assert_int_equal(parse_bytes("9000000000T", &n), -ERANGE);
        assert_int_equal(n, 12);
}

static void test_figures(void **state)
{
        char b[FORMAT_MAX];

        assert_string_equal(format_bytes(b, 12), "12 B");
        assert_string_equal(format_bytes(b, 4187593113), "3.9 GiB");
        assert_string_equal(format_bytes(b, 412ull << 20), "412 MiB");
        assert_string_equal(format_bytes(b, (1ull << 30) - 1), "1 GiB");
        assert_string_equal(format_duration(b, 252ull * 1000000000), "4m 12s");
        assert_string_equal(format_duration(b, 830000000), "0.83 s");
        assert_string_equal(format_duration(b, 12000000), "12 ms");
        assert_string_equal(format_duration(b, 59999000000), "1m 00s");
        assert_string_equal(format_duration(b, 7380ull * 1000000000), "2h 03m");
        assert_string_equal(format_count(b, 14203), "14,203");
        assert_string_equal(format_count(b, 999), "999");
        assert_string_equal(format_percent(b, 0.004), "0.4 %");
}

static void test_shown(void **state)
{
        String s = {0};

        string_add_shown(&s, "a\x1b[31mb\nc", 0, false);
        assert_string_equal(string_get(&s), "a?[31mb?c");
        string_clear(&s);
        string_add_shown(&s, "/usr/lib/gcc/cc1plus -quiet dag.cpp", 20, false);
        assert_int_equal(text_width(string_get(&s)), 20);
        assert_non_null(strstr(string_get(&s), "…"));
        string_clear(&s);
        string_add_shown(&s, "\xff\xc0\x80 \xe2\x80\xae ok", 0, false);
        assert_string_equal(string_get(&s), "??? ? ok");
        string_clear(&s);
        string_add_shown(&s, "cc1 ×40 … “ä” ≤ 2", 0, true);
        assert_string_equal(string_get(&s), "cc1 x40 ... \"?\" <= 2");
        string_clear(&s);
        string_add_json(&s, "a\"\\\n\x01\xff", 6);
        assert_string_equal(string_get(&s), "a\\\"\\\\\\n\\u0001\xef\xbf\xbd");
        string_done(&s);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_numbers),
                cmocka_unit_test(test_durations),
                cmocka_unit_test(test_bytes),
                cmocka_unit_test(test_figures),
                cmocka_unit_test(test_shown),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
