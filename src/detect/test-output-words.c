/* "No space left on device", "Too many open files": which file system, which limit, and what only sounds so. */
#include <string.h>

#include "detect/test-world.h"

#define MIB ((uint64_t)1 << 20)

static const Column disk_columns[] = {
        {"t_ns", COLUMN_I64, ROLE_KEY, UNIT_NS, ""},
        {"mount", COLUMN_TEXT, ROLE_KEY, UNIT_NONE, ""},
        {"filesystem", COLUMN_TEXT, ROLE_GAUGE, UNIT_NONE, ""},
        {"size_bytes", COLUMN_U64, ROLE_GAUGE, UNIT_BYTES, ""},
        {"available_bytes", COLUMN_U64, ROLE_GAUGE, UNIT_BYTES, ""},
        {"inodes", COLUMN_U64, ROLE_GAUGE, UNIT_COUNT, ""},
        {"inodes_free", COLUMN_U64, ROLE_GAUGE, UNIT_COUNT, ""},
};
static const Schema disk_schema = {"disk", disk_columns, ARRAY_LENGTH(disk_columns)};

static void give_mount(World *w, int64_t second, const char *mount, const char *type, uint64_t left, uint64_t inodes_left)
{
        _cleanup_(batch_freep) Batch *b = NULL;

        assert_int_equal(batch_new(&disk_schema, 8, 4096, &b), 0);
        assert_int_equal(batch_add_row(b), 0);
        batch_set_i64(b, 0, second * (int64_t)NS_PER_SECOND);
        assert_int_equal(batch_set_text(b, 1, mount, strlen(mount)), 0);
        assert_int_equal(batch_set_text(b, 2, type, strlen(type)), 0);
        batch_set_u64(b, 3, 1000 * MIB);
        batch_set_u64(b, 4, left);
        batch_set_u64(b, 5, 100000);
        batch_set_u64(b, 6, inodes_left);
        world_give(w, b);
}

static void test_named(void **state)
{
        World w;

        world_begin_ended(&w, 1);
        give_mount(&w, 1, "/", "ext4", 500 * MIB, 9000);
        give_mount(&w, 1, "/tmp", "tmpfs", 400 * MIB, 9000);
        give_mount(&w, 3, "/tmp", "tmpfs", 0, 9000);
        give_mount(&w, 3, "/tmp/other", "tmpfs", 300 * MIB, 9000);
        world_say(&w, "fatal error: error writing to /tmp/ccX9.s: No space left on device");
        world_finish(&w);
        const Finding *f = world_find(&w, "disk-full", "/tmp");
        assert_non_null(f);
        assert_true(f->cause);
        assert_int_equal(f->severity, SEVERITY_CRITICAL);
        assert_int_equal(f->sure, SURE_CERTAIN);
        assert_string_equal(f->title, "the file system on /tmp was full: 0 B of 0.98 GiB left");
        assert_has(f->evidence, "fullest at 3 s");
        assert_has(f->advice, "df -h /tmp\n");
        world_end(&w);
}

/* Not named: the one that was full; never one that is full by its nature. */
static void test_unnamed(void **state)
{
        World w;

        world_begin_ended(&w, 1);
        give_mount(&w, 1, "/snap/core", "squashfs", 0, 0);
        give_mount(&w, 1, "/srv", "ext4", 500 * MIB, 20);
        world_say(&w, "ld: final link failed: No space left on device");
        world_finish(&w);
        const Finding *f = world_find(&w, "inodes", "/srv");
        assert_non_null(f);
        assert_int_equal(f->sure, SURE_LIKELY);
        assert_string_equal(f->title, "the file system on /srv had no inodes left: 20 of 100,000");
        assert_null(world_find(&w, "disk-full", NULL));
        world_end(&w);
}

/* What is named was not seen full: another's being so says nothing. */
static void test_unseen(void **state)
{
        World w;

        world_begin_ended(&w, 1);
        give_mount(&w, 1, "/", "ext4", 500 * MIB, 9000);
        give_mount(&w, 1, "/srv", "ext4", 0, 9000);
        world_say(&w, "cp: error writing '/var/x': No space left on device");
        world_finish(&w);
        const Finding *f = world_find(&w, "disk-full", NULL);
        assert_non_null(f);
        assert_has(f->title, "a program found no space left: cp: error writing '/var/x'");
        assert_has(f->meaning, "for a moment");
        world_end(&w);
}

/* Dealt with, and long after it the run failed: of something else, perhaps. */
static void test_long_ago(void **state)
{
        World w;

        world_begin_ended(&w, 1);
        give_mount(&w, 1, "/tmp", "tmpfs", 0, 9000);
        world_say(&w, "cp: error writing '/tmp/x': No space left on device");
        for (int i = 0; i < 1500; i++)
                world_say(&w, "[7/99] Building C object x.c.o");
        world_finish(&w);
        const Finding *f = world_find(&w, "disk-full", "/tmp");
        assert_non_null(f);
        assert_int_equal(f->severity, SEVERITY_WARNING);
        assert_int_equal(f->sure, SURE_POSSIBLE);
        world_end(&w);
}

static void test_files(void **state)
{
        World w;

        world_begin_ended(&w, 1);
        world_say(&w, "ld: cannot open x.o: Too many open files");
        world_finish(&w);
        const Finding *f = world_find(&w, "files-exhausted", NULL);
        assert_non_null(f);
        assert_has(f->title, "RLIMIT_NOFILE");
        assert_has(f->advice, "ulimit -n ");
        world_end(&w);
        world_begin_ended(&w, 1);
        world_say(&w, "ld: cannot open x.o: Too many open files in system");
        world_finish(&w);
        assert_has(world_find(&w, "files-exhausted", NULL)->title, "fs.file-max");
        world_end(&w);
}

static void test_others(void **state)
{
        World w;

        world_begin_ended(&w, 1);
        world_say(&w, "semget: No space left on device");
        world_say(&w, "there is no space left in this box");
        world_say(&w, "cc -DHAVE_ENOSPC -c test-enospc.c");
        world_say(&w, "   12 | fail(\"No space left on device\");");
        world_say(&w, "  PASS: Too many open files is told");
        world_say(&w, "test full::no_space_left_on_device ... ok");
        assert_int_equal(world_finish(&w)->n, 0);
        world_end(&w);
}

/* No disk is full: there are too many watches. */
static void test_watches(void **state)
{
        static const struct {
                const char *line, *key;
        } cases[] = {
                {"inotify_add_watch: No space left on device", "fs.inotify.max_user_watches="},
                {"Error: ENOSPC: System limit for number of file watchers reached, watch '/srv'", "fs.inotify.max_user_watches="},
                {"inotify_init1: Too many open files", "fs.inotify.max_user_instances="},
        };

        for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
                World w;
                world_begin_ended(&w, 1);
                world_say(&w, cases[i].line);
                assert_int_equal(world_finish(&w)->n, 1);
                const Finding *f = world_find(&w, "watches-exhausted", NULL);
                assert_non_null(f);
                assert_has(f->advice, cases[i].key);
                world_end(&w);
        }
}

/* A run that went well: a test that fills something up, or says so. What was really full is worth a word. */
static void test_fine(void **state)
{
        World w;

        world_begin_ended(&w, 0);
        give_mount(&w, 1, "/tmp", "tmpfs", 400 * MIB, 9000);
        world_say(&w, "dd: writing to '/dev/full': No space left on device");
        world_say(&w, "open: Too many open files");
        world_say(&w, "inotify_add_watch: No space left on device");
        assert_int_equal(world_finish(&w)->n, 0);
        world_end(&w);
        world_begin_ended(&w, 0);
        give_mount(&w, 1, "/tmp", "tmpfs", 0, 9000);
        world_say(&w, "cp: error writing '/tmp/x': No space left on device");
        world_finish(&w);
        assert_int_equal(world_find(&w, "disk-full", "/tmp")->severity, SEVERITY_WARNING);
        world_end(&w);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_named), cmocka_unit_test(test_unnamed), cmocka_unit_test(test_unseen), cmocka_unit_test(test_long_ago),
                cmocka_unit_test(test_files), cmocka_unit_test(test_others), cmocka_unit_test(test_watches),
                cmocka_unit_test(test_fine),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
