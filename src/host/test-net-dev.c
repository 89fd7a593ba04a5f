/* /proc/net/dev as kernels write it, and with names of strangers. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/text.h"
#include "host/net-dev.h"

#define HEADING                                                                                    \
        "Inter-|   Receive                                                |  Transmit\n"           \
        " face |bytes    packets errs drop fifo frame compressed multicast|bytes    packets errs " \
        "drop fifo colls carrier compressed\n"

static void test_lines(void **state)
{
        static const char text[] =
                HEADING
                "    lo:    9853      88    0    0    0     0          0         0     9853      88    "
                "0    0    0     0       0          0\n"
                "eth0.100:837200167   30906    1    2    3     4          5         6  1646142   17972 "
                "   7    8    9    10      11         12\n"
                "eth0:1: 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16\n"
                " a\"b\\\xff: 18446744073709551615 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16\n"
                "short: 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15\n"
                "big: 18446744073709551616 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16\n"
                ": 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16\n"
                "cut: 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16";
        const char *at = text, *end = text + sizeof text - 1;
        NetDev dev;

        assert_true(net_dev_next(&at, end, &dev));
        assert_string_equal(dev.name, "lo");
        assert_int_equal(dev.tx_packets, 88);
        assert_true(net_dev_next(&at, end, &dev));
        assert_string_equal(dev.name, "eth0.100");
        assert_int_equal(dev.rx_bytes, 837200167);
        assert_int_equal(dev.rx_packets, 30906);
        assert_int_equal(dev.rx_errors, 1);
        assert_int_equal(dev.rx_dropped, 2);
        assert_int_equal(dev.rx_multicast, 6);
        assert_int_equal(dev.tx_bytes, 1646142);
        assert_int_equal(dev.tx_packets, 17972);
        assert_int_equal(dev.tx_errors, 7);
        assert_int_equal(dev.tx_dropped, 8);
        assert_int_equal(dev.tx_carrier, 11);
        assert_true(net_dev_next(&at, end, &dev));
        assert_string_equal(dev.name, "eth0:1");
        assert_true(net_dev_next(&at, end, &dev));
        assert_string_equal(dev.name, "a\"b\\\xff");
        assert_true(dev.rx_bytes == UINT64_MAX);
        assert_false(net_dev_next(&at, end, &dev));
        assert_false(net_dev_next(&at, end, &dev));
}

static void test_long_name(void **state)
{
        char text[256];
        const char *at = text;
        NetDev dev;

        memset(text, 'n', 100);
        text_copy(text + 100, sizeof text - 100, ":1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16\n");
        assert_true(net_dev_next(&at, text + strlen(text), &dev));
        assert_int_equal(strlen(dev.name), NET_NAME_MAX - 1);
        assert_int_equal(dev.tx_bytes, 9);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_lines),
                cmocka_unit_test(test_long_name),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
