/* File systems: full by the run, full before it, full by design; devices that are busy and those that are too slow. */
#include <stdio.h>

#include "detect/test-rows.h"

#define GB 1e9

static const Column columns[] = {SIGNED("t_ns"), TEXT("mount"), TEXT("device"), TEXT("filesystem"), NUMBER("size_bytes"),
                                 NUMBER("used_bytes"), NUMBER("available_bytes"), NUMBER("inodes"), NUMBER("inodes_free"),
                                 NUMBER("reads"), NUMBER("read_ms"), NUMBER("writes"), NUMBER("write_ms"), NUMBER("io_ms")};
static const Schema schema = {"disk", columns, ARRAY_LENGTH(columns)};

static void mount(Batch *rows, double s, const char *where, const char *type, double size, double used)
{
        add_row(rows, s * SECOND, where, "/dev/x", type, size, used, size - used, NOTHING, NOTHING, NOTHING, NOTHING, NOTHING, NOTHING,
                NOTHING);
}

static void device(Batch *rows, double s, const char *name, double requests, double ms, double io_ms)
{
        add_row(rows, s * SECOND, NULL, name, NULL, NOTHING, NOTHING, NOTHING, NOTHING, NOTHING, requests, ms, 0.0, 0.0, io_ms);
}

static void test_full(void **state)
{
        World w;
        Batch *rows = new_rows(&schema);

        world_begin(&w);
        mount(rows, 0, "/", "ext4", 200 * GB, 140 * GB);
        mount(rows, 2, "/", "ext4", 200 * GB, 164 * GB);
        world_give(&w, rows);
        assert_int_equal(world_find(&w, "disk-full", "/")->severity, SEVERITY_WARNING);
        mount(rows, 4, "/", "ext4", 200 * GB, 190 * GB);
        mount(rows, 6, "/", "ext4", 200 * GB, 100 * GB);
        world_give(&w, rows);
        const Findings *found = world_finish(&w);
        assert_int_equal(found->n, 1);
        const Finding *f = found->items[0];
        assert_int_equal(f->severity, SEVERITY_CRITICAL);
        assert_int_equal(f->t_ns, 2 * NS_PER_SECOND);
        assert_string_equal(f->title, "/ was 95.0 % full: 9.31 GiB of 186 GiB left");
        assert_string_equal(f->evidence, "fullest at 4 s; 70.0 % when the run began");
        world_end(&w);
        batch_free(rows);
}

/* A large disk that was nearly full before, images, further names of the same: at most a note. */
static void test_was_full(void **state)
{
        World w;
        Batch *rows = new_rows(&schema);

        world_begin(&w);
        for (unsigned s = 0; s < 60; s += 2) {
                mount(rows, s, "/", "ext4", 200 * GB, 190 * GB + s * 1e6);
                mount(rows, s, "/var/lib/docker/overlay2/x/merged", "overlay", 200 * GB, 190 * GB + s * 1e6);
                mount(rows, s, "/snap/core/1", "squashfs", GB, GB);
                mount(rows, s, "/boot/efi", "vfat", 60e6, 59e6);
                mount(rows, s, "/cdrom", "iso9660", GB, GB);
        }
        world_give(&w, rows);
        const Findings *found = world_finish(&w);
        assert_int_equal(found->n, 1);
        assert_int_equal(found->items[0]->severity, SEVERITY_INFO);
        assert_string_equal(found->items[0]->title, "/ was already 95.0 % full: 9.26 GiB of 186 GiB left");
        assert_null(found->items[0]->advice);
        world_end(&w);
        /* What was full at first, and of what was left much is taken. */
        world_begin(&w);
        mount(rows, 0, "/", "ext4", 200 * GB, 190 * GB);
        mount(rows, 9, "/", "ext4", 200 * GB, 195 * GB);
        world_give(&w, rows);
        assert_int_equal(world_finish(&w)->items[0]->severity, SEVERITY_CRITICAL);
        world_end(&w);
        batch_free(rows);
}

static void test_inodes(void **state)
{
        World w;
        Batch *rows = new_rows(&schema);

        world_begin(&w);
        for (unsigned s = 0; s < 3; s++)
                add_row(rows, s * SECOND, "/src", "/dev/x", "ext4", 100 * GB, 10 * GB, 90 * GB, 1000.0, 500.0 - 190 * s, NOTHING, NOTHING,
                        NOTHING, NOTHING, NOTHING);
        world_give(&w, rows);
        const Findings *found = world_finish(&w);
        assert_int_equal(found->n, 1);
        assert_string_equal(found->items[0]->id, "inodes");
        assert_string_equal(found->items[0]->title, "/src had 88.0 % of its inodes in use: 120 of 1,000 left");
        world_end(&w);
        batch_free(rows);
}

static void test_saturated(void **state)
{
        World w;
        Batch *rows = new_rows(&schema);

        world_begin(&w);
        for (unsigned s = 0; s <= 60; s++) {
                device(rows, s, "sda", s * 100.0, s * 6000.0, s * 1000.0);       /* 60 ms each, never idle */
                device(rows, s, "nvme0n1", s * 9000.0, s * 18000.0, s * 1000.0); /* never idle, and well */
                device(rows, s, "loop0", s * 10.0, s * 6000.0, s * 1000.0);
        }
        world_give(&w, rows);
        const Findings *found = world_finish(&w);
        assert_int_equal(found->n, 1);
        assert_string_equal(found->items[0]->id, "disk-busy");
        assert_string_equal(found->items[0]->subject, "sda");
        assert_string_equal(found->items[0]->title, "the disk sda could not keep up: it was never idle for 50 s, and a request took 60 ms");
        world_end(&w);
        batch_free(rows);
}

static void test_strange(void **state)
{
        World w;
        Batch *rows = new_rows(&schema);

        world_begin(&w);
        mount(rows, 0, "", "ext4", 0, 0);
        mount(rows, 1e9, "/a", "ext4", 1e18, NOTHING);
        mount(rows, 0, "/b", "ext4", 0, 5e9);
        mount(rows, 0, "/c\x01\xff", NULL, 0, 0);
        for (unsigned i = 0; i < 400; i++) { /* more than are looked at */
                char name[32];
                snprintf(name, sizeof name, "/mnt/%u", i);
                mount(rows, 0, name, "ext4", 100 * GB + i, 10 * GB);
                device(rows, i, name, 400.0 - i, 0.0, 1e15);
        }
        world_give(&w, rows);
        world_finish(&w);
        assert_null(world_find(&w, "disk-busy", NULL));
        world_end(&w);
        batch_free(rows);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_full), cmocka_unit_test(test_was_full), cmocka_unit_test(test_inodes),
                cmocka_unit_test(test_saturated), cmocka_unit_test(test_strange),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
