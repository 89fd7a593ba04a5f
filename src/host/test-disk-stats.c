/* /proc/diskstats of four ages of the kernel, and broken; devices over devices. */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <cmocka.h>

#include "base/file.h"
#include "base/text.h"
#include "host/disk-stats.h"

static void test_lines(void **state)
{
        static const char text[] =
                "   8       0 sda 10 11 12 13 20 21 22 23 3 40 41 50 51 52 53 60 61\n"
                "   8       1 sda1 1 2 3 4\n"
                " 254       0 vda 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15\n"
                "   3       0 hda 1 2 3 4 5 6 7 8 9 10 11\n"
                "   3       1 hdb 1 2 3 4 5 6 7 8 9 10\n"
                " 104       0 cciss/c0d0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 99\n"
                "x 0 sdx 1 2 3 4 5 6 7 8 9 10 11\n"
                "8 0 sdy 1 2 3 4 5 6 7 8 9 10 -1\n"
                "8 48 \"q\\040\" 1 2 3 4 5 6 7 8 9 10 18446744073709551615\n"
                "8 64 sdcut 1 2 3 4 5 6 7 8 9 10 11";
        const char *at = text, *end = text + sizeof text - 1;
        DiskStats d;

        assert_true(disk_stats_next(&at, end, &d));
        assert_string_equal(d.name, "sda");
        assert_int_equal(d.reads, 10);
        assert_int_equal(d.reads_merged, 11);
        assert_int_equal(d.read_sectors, 12);
        assert_int_equal(d.read_ms, 13);
        assert_int_equal(d.writes, 20);
        assert_int_equal(d.write_sectors, 22);
        assert_int_equal(d.write_ms, 23);
        assert_int_equal(d.in_flight, 3);
        assert_int_equal(d.io_ms, 40);
        assert_int_equal(d.weighted_ms, 41);
        assert_true(d.has_discards && d.has_flushes);
        assert_int_equal(d.discards, 50);
        assert_int_equal(d.discard_sectors, 52);
        assert_int_equal(d.discard_ms, 53);
        assert_int_equal(d.flushes, 60);
        assert_int_equal(d.flush_ms, 61);
        assert_true(disk_stats_next(&at, end, &d));
        assert_string_equal(d.name, "vda");
        assert_true(d.has_discards);
        assert_false(d.has_flushes);
        assert_true(disk_stats_next(&at, end, &d));
        assert_string_equal(d.name, "hda");
        assert_false(d.has_discards);
        assert_true(disk_stats_next(&at, end, &d));
        assert_string_equal(d.name, "cciss/c0d0");
        assert_true(disk_stats_next(&at, end, &d));
        assert_string_equal(d.name, "\"q\\040\"");
        assert_true(d.weighted_ms == UINT64_MAX);
        assert_false(disk_stats_next(&at, end, &d));
}

static void test_long_name(void **state)
{
        char text[256] = "8 0 ";
        const char *at = text;
        DiskStats d;

        memset(text + 4, 'n', 100);
        text_copy(text + 104, sizeof text - 104, " 1 2 3 4 5 6 7 8 9 10 11\n");
        assert_true(disk_stats_next(&at, text + strlen(text), &d));
        assert_int_equal(strlen(d.name), DISK_NAME_MAX - 1);
        assert_int_equal(d.reads, 1);
}

static void make(const char *place, const char *below)
{
        char path[256];

        snprintf(path, sizeof path, "%s/sys/dev/block/%s", place, below);
        assert_int_equal(directory_make(path, 0755), 0);
}

static void test_stacked(void **state)
{
        char place[] = "/tmp/test-disk-stats.XXXXXX";
        Host *host;

        assert_non_null(mkdtemp(place));
        make(place, "8:0/slaves");
        make(place, "8:1/partition");
        make(place, "253:0/slaves/sda");
        assert_int_equal(host_new(place, &host), 0);
        assert_false(disk_is_stacked(host, 8, 0));
        assert_true(disk_is_stacked(host, 253, 0));
        assert_true(disk_is_stacked(host, 7, 3));
        assert_false(disk_is_stacked(host, 99, 0));
        assert_true(disk_is_partition(host, 8, 1));
        assert_false(disk_is_partition(host, 8, 0));
        host_free(host);
        assert_int_equal(directory_remove(AT_FDCWD, place), 0);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_lines),
                cmocka_unit_test(test_long_name),
                cmocka_unit_test(test_stacked),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
