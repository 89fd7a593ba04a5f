/* Lines of mountinfo as kernels write them, and as nobody should. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "host/mount-text.h"

static void assert_field(TextPart field, const char *expected)
{
        assert_int_equal(field.size, strlen(expected));
        assert_memory_equal(field.text, expected, field.size);
}

static void test_lines(void **state)
{
        static const char text[] =
                "nonsense\n"
                "27 1 254:0 / / rw,relatime - ext4 /dev/vda rw,discard\n"
                "36 35 98:0 /@home /home rw,noatime shared:1 master:2 - btrfs /dev/sda2 rw,subvol=/@home\n"
                "40 27 0:33 / /mnt/a\\040b\\011c\\134 ro - fuse.sshfs me@host:/x\\040y ro\n"
                "41 27 0:34 / /empty rw -  tmpfs rw\n"
                "42 27 0:35 / /none rw - tmpfs  rw\n"
                "43 27 0:36 / relative rw - tmpfs tmpfs rw\n"
                "44 27 x:36 / /device rw - tmpfs tmpfs rw\n"
                "45 27 0:37 / /short rw - tmpfs\n"
                "46 27 0:38 / /no-dash rw shared:3\n"
                "47 27 0:39 / /last rw - xfs /dev/sdb rw";
        const char *at = text, *end = text + sizeof text - 1;
        char path[64];
        MountLine line;

        assert_true(mount_line_next(&at, end, &line));
        assert_int_equal(line.major, 254);
        assert_int_equal(line.minor, 0);
        assert_field(line.directory, "/");
        assert_field(line.type, "ext4");
        assert_field(line.source, "/dev/vda");
        assert_true(text_part_in_list(line.super_options, ',', "discard"));
        assert_false(text_part_in_list(line.super_options, ',', "disc"));
        assert_true(mount_line_next(&at, end, &line));
        assert_field(line.root, "/@home");
        assert_field(line.options, "rw,noatime");
        assert_true(mount_line_next(&at, end, &line));
        assert_int_equal(mount_field_unescape(line.directory, path, sizeof path), 11);
        assert_string_equal(path, "/mnt/a b\tc\\");
        assert_int_equal(mount_field_unescape(line.directory, path, 11), -ENAMETOOLONG);
        assert_int_equal(mount_field_unescape(line.directory, path, 0), -ENAMETOOLONG);
        assert_true(text_part_begins(line.type, "fuse."));
        assert_false(text_part_begins(line.type, "fuse.sshfs2"));
        assert_true(mount_line_next(&at, end, &line)); /* no source: kernels write that */
        assert_field(line.directory, "/none");
        assert_field(line.source, "");
        assert_true(mount_line_next(&at, end, &line));
        assert_field(line.directory, "/last");
        assert_field(line.super_options, "rw");
        assert_false(mount_line_next(&at, end, &line));
        assert_field(line.directory, "/last");
}

static void test_escapes(void **state)
{
        char path[16] = "";

        assert_int_equal(mount_field_unescape((TextPart){"a\\04", 4}, path, sizeof path), 4);
        assert_string_equal(path, "a\\04");
        assert_int_equal(mount_field_unescape((TextPart){"\\089", 4}, path, sizeof path), 4);
        assert_string_equal(path, "\\089");
        assert_int_equal(mount_field_unescape((TextPart){"a\\000b", 6}, path, sizeof path), -EINVAL);
        assert_int_equal(mount_field_unescape((TextPart){"", 0}, path, sizeof path), 0);
        assert_string_equal(path, "");
}

static void test_statvfs(void **state)
{
        static const char text[] = "/a 4096 1 2 3 4 5\n/a\\040b 512 10 9 8 7 6";
        struct statvfs figures;

        assert_int_equal(statvfs_parse(text, sizeof text - 1, "/a b", &figures), 0);
        assert_int_equal(figures.f_bsize, 512);
        assert_int_equal(figures.f_ffree, 6);
        assert_int_equal(statvfs_parse(text, sizeof text - 1, "/", &figures), -ENOENT);
        assert_int_equal(statvfs_parse(text, sizeof text - 4, "/a b", &figures), -EBADMSG);
        assert_int_equal(statvfs_parse("", 0, "/a", &figures), -ENOENT);
        assert_int_equal(statvfs_parse("/a", 2, "/a", &figures), -ENOENT);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_lines),
                cmocka_unit_test(test_escapes),
                cmocka_unit_test(test_statvfs),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
