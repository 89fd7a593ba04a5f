/* One value on one line, and everything that is not. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <fcntl.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "host/sysfs-value.h"

static void expect_i64(const char *text, int r, int64_t value)
{
        int64_t got = -77;

        assert_int_equal(sysfs_parse_i64(text, strlen(text), &got), r);
        assert_int_equal(got, r == 0 ? value : -77);
}

static void expect_hex(const char *text, int r, uint64_t value)
{
        uint64_t got = 77;

        assert_int_equal(sysfs_parse_hex(text, strlen(text), &got), r);
        assert_int_equal(got, r == 0 ? value : 77);
}

static void test_numbers(void **state)
{
        uint64_t value = 77;

        expect_i64("45000\n", 0, 45000);
        expect_i64("-3\n", 0, -3);
        expect_i64("  7 \n", 0, 7);
        expect_i64("", -EINVAL, 0);
        expect_i64("\n", -EINVAL, 0);
        expect_i64("7 8\n", -EINVAL, 0);
        expect_i64("<unsupported>\n", -EINVAL, 0);
        expect_i64("9223372036854775808", -ERANGE, 0);
        assert_int_equal(sysfs_parse_u64("-1\n", 3, &value), -EINVAL);
        assert_int_equal(sysfs_parse_u64("18446744073709551615\n", 21, &value), 0);
        assert_true(value == UINT64_MAX);
        expect_hex("0x1002\n", 0, 0x1002);
        expect_hex("10DE", 0, 0x10de);
        expect_hex("0xffffffffffffffff\n", 0, UINT64_MAX);
        expect_hex("0x10000000000000000\n", -ERANGE, 0);
        expect_hex("0x\n", -EINVAL, 0);
        expect_hex("0x1g\n", -EINVAL, 0);
        assert_int_equal(sysfs_parse_hex("1\0" "2", 3, &value), -EINVAL);
}

static void test_files(void **state)
{
        char place[] = "/tmp/vigia-sysfs-value.XXXXXX", text[8];
        _cleanup_(host_freep) Host *host = NULL;
        int64_t value = 1;

        assert_non_null(mkdtemp(place));
        _cleanup_close_ int folder = open(place, O_PATH | O_DIRECTORY | O_CLOEXEC);
        assert_int_equal(file_replace(folder, "number", "-12\n", 4, false), 0);
        assert_int_equal(file_replace(folder, "text", " a long label\n", 14, false), 0);
        assert_int_equal(symlinkat("../../bus/pci", folder, "link"), 0);
        assert_int_equal(host_new(place, &host), 0);
        assert_int_equal(sysfs_i64(host, "number", &value), 0);
        assert_int_equal(value, -12);
        assert_int_equal(sysfs_i64(host, "text", &value), -EINVAL);
        assert_int_equal(sysfs_i64(host, "none", &value), -ENOENT);
        assert_int_equal(sysfs_i64(host, ".", &value), -EISDIR);
        assert_int_equal(value, -12);
        assert_int_equal(sysfs_text(host, "text", text, sizeof text), 6);
        assert_string_equal(text, "a long");
        assert_int_equal(sysfs_link_name(host, "link", text, sizeof text), 3);
        assert_string_equal(text, "pci");
        assert_int_equal(sysfs_link_name(host, "number", text, sizeof text), -EINVAL);
        assert_int_equal(directory_remove(AT_FDCWD, place), 0);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_numbers),
                cmocka_unit_test(test_files),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
