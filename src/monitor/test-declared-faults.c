/* Declared monitors over files that appear, change, turn hostile and vanish. */
#include <errno.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include "monitor/test-declared-world.h"

/* Told once, by a sample that fails; then the rest is recorded. */
static void test_new_key(void **state)
{
        const DeclaredMonitor d = {.name = "x", .file = "/x"};
        World w;

        set_up(&w, &d);
        write_text(&w, "x", "a 1\n");
        assert_int_equal(start(&w), 0);
        write_text(&w, "x", "a 2\nb 3\nc 4\n");
        assert_true(sample(&w) < 0);
        assert_says(&w, "/x: b is new and has no column");
        assert_int_equal(batch_rows(w.rows), 0);
        assert_int_equal(sample(&w), 0);
        assert_rows(&w, "a=2\n");
        tear_down(&w);
}

static void test_values_that_do_not_fit(void **state)
{
        const DeclaredMonitor d = {.name = "x", .file = "/x"};
        const DeclaredMonitor counter = {.name = "x", .file = "/x", .kind = DECLARED_COUNTER};
        World w;

        set_up(&w, &d);
        write_text(&w, "x", "a 1\nb 1\n");
        assert_int_equal(start(&w), 0);
        write_text(&w, "x", "a 1.5\nb oops\n");
        assert_true(sample(&w) < 0);
        assert_says(&w, "a has decimals and is rounded");
        assert_int_equal(sample(&w), 0); /* both are told of by the first */
        assert_rows(&w, "a=2 b=null\n");
        tear_down(&w);
        set_up(&w, &counter);
        write_text(&w, "x", "a 1\n");
        assert_int_equal(start(&w), 0);
        write_text(&w, "x", "a -1\n");
        assert_true(sample(&w) < 0);
        assert_says(&w, "a: -1 does not fit u64");
        assert_int_equal(sample(&w), 0);
        assert_rows(&w, "a=null\n");
        tear_down(&w);
}

static void test_file_that_comes_and_goes(void **state)
{
        const DeclaredMonitor d = {.name = "x", .file = "/x"};
        char path[128];
        World w;

        set_up(&w, &d);
        in_root(&w, "x", path, sizeof path);
        assert_int_equal(start(&w), -ENOENT);
        assert_says(&w, "/x: No such file or directory");
        write_text(&w, "x", "");
        assert_int_equal(start(&w), -ENODATA);
        assert_says(&w, "/x: no figures in it");
        write_text(&w, "x", "a 1\n");
        assert_int_equal(start(&w), 0);
        assert_int_equal(sample(&w), 0);
        assert_int_equal(unlink(path), 0);
        assert_int_equal(sample(&w), -ENOENT);
        assert_says(&w, "/x");
        write_text(&w, "x", "a 2\n");
        assert_int_equal(sample(&w), 0);
        assert_rows(&w, "a=2\n");
        if (geteuid() != 0) {
                assert_int_equal(chmod(path, 0), 0);
                assert_int_equal(sample(&w), -EACCES);
        }
        tear_down(&w);
}

static void make_socket(const char *path)
{
        struct sockaddr_un address = {.sun_family = AF_UNIX};
        int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

        assert_true(fd >= 0);
        text_copy(address.sun_path, sizeof address.sun_path, path);
        assert_int_equal(bind(fd, (struct sockaddr *)&address, sizeof address), 0);
        close(fd);
}

static void test_what_is_no_file(void **state)
{
        const DeclaredMonitor d = {.name = "x", .file = "/x"};
        char path[128];
        World w;

        set_up(&w, &d);
        in_root(&w, "x", path, sizeof path);
        assert_int_equal(mkfifo(path, 0600), 0);
        assert_true(start(&w) < 0); /* and it returns, though nobody writes */
        assert_says(&w, "/x is a pipe; expected a file");
        assert_int_equal(unlink(path), 0);
        assert_int_equal(mkdir(path, 0700), 0);
        assert_true(start(&w) < 0);
        assert_says(&w, "/x is a folder; expected a file");
        assert_int_equal(rmdir(path), 0);
        make_socket(path);
        assert_true(start(&w) < 0);
        assert_says(&w, "/x is a socket; expected a file");
        assert_int_equal(unlink(path), 0);
        assert_int_equal(symlink("/dev/zero", path), 0);
        assert_true(start(&w) < 0);
        assert_says(&w, "/x is a device; expected a file");
        assert_int_equal(unlink(path), 0);
        assert_int_equal(symlink("x", path), 0);
        assert_int_equal(start(&w), -ELOOP);
        tear_down(&w);
}

static void test_huge_and_binary(void **state)
{
        const DeclaredMonitor d = {.name = "x", .file = "/x"};
        size_t size = DECLARED_BYTES_MAX;
        char *text = malloc(size + 1);
        World w;

        assert_non_null(text);
        set_up(&w, &d);
        memset(text, ' ', size + 1);
        text[0] = 'a';
        text[2] = '1';
        write_bytes(&w, "x", text, size); /* as much as there may be */
        assert_int_equal(start(&w), 0);
        assert_int_equal(sample(&w), 0);
        assert_rows(&w, "a=1\n");
        write_bytes(&w, "x", text, size + 1);
        assert_int_equal(sample(&w), -EFBIG);
        assert_says(&w, "/x is larger than 1 MiB");
        write_bytes(&w, "x", "a 1\n\0b 2\n", 9);
        assert_int_equal(sample(&w), -EBADMSG);
        assert_says(&w, "/x is binary");
        write_text(&w, "x", "a 3\n");
        assert_int_equal(sample(&w), 0);
        assert_rows(&w, "a=3\n");
        free(text);
        tear_down(&w);
}

/* More keys than a table has columns: the first are kept, and the rest is not new every time. */
static void test_too_many_keys(void **state)
{
        const DeclaredMonitor d = {.name = "x", .file = "/x"};
        _cleanup_string_ String text = {0};
        World w;

        set_up(&w, &d);
        for (int i = 0; i < 1000; i++)
                string_add_format(&text, "key%d %d\n", i, i);
        write_text(&w, "x", string_get(&text));
        assert_int_equal(start(&w), 0);
        assert_int_equal(batch_schema(w.rows)->n_columns, DECLARED_COLUMNS_MAX);
        assert_int_equal(sample(&w), 0);
        assert_int_equal(batch_i64(w.rows, DECLARED_COLUMNS_MAX - 1, 0),
                         DECLARED_COLUMNS_MAX - 1 - MONITOR_FIRST);
        tear_down(&w);
}

static void test_too_many_rows(void **state)
{
        const DeclaredMonitor d = {.name = "x", .file = "/x", .format = DECLARED_TABLE};
        _cleanup_string_ String text = {0};
        World w;

        set_up(&w, &d);
        string_add(&text, "name n\n");
        for (int i = 0; i < DECLARED_ROWS_MAX + 5; i++)
                string_add_format(&text, "row%d %d\n", i, i);
        write_text(&w, "x", string_get(&text));
        assert_int_equal(start(&w), 0);
        assert_true(sample(&w) < 0);
        assert_says(&w, "/x: only the first 1024 rows are kept");
        assert_int_equal(sample(&w), 0);
        assert_int_equal(batch_rows(w.rows), DECLARED_ROWS_MAX);
        tear_down(&w);
}

/* Equal names after they were made safe, and names that the table has already. */
static void test_names_stay_apart(void **state)
{
        const DeclaredMonitor d = {.name = "x", .file = "/x"};
        World w;

        set_up(&w, &d);
        write_text(&w, "x", "a-b 1\na.b 2\nA_B 3\na_b_2 4\nt_ns 5\n");
        assert_int_equal(start(&w), 0);
        assert_int_equal(sample(&w), 0);
        assert_rows(&w, "a_b=1 a_b_2=2 a_b_3=3 a_b_2_2=4 t_ns_2=5\n");
        tear_down(&w);
}

static void test_host_prefix(void **state)
{
        const DeclaredMonitor d = {.name = "x", .file = "/proc/x", .host_prefix = "/host/"};
        char path[128];
        World w;

        set_up(&w, &d);
        in_root(&w, "host/proc", path, sizeof path);
        assert_int_equal(directory_make(path, 0755), 0);
        write_text(&w, "host/proc/x", "a 1\n");
        assert_int_equal(start(&w), 0);
        assert_int_equal(sample(&w), 0);
        assert_rows(&w, "a=1\n");
        write_text(&w, "host/proc/x", "");
        assert_true(sample(&w) < 0);
        assert_says(&w, "/host/proc/x: none of its columns");
        tear_down(&w);
}

/* A recording waits for what is not there yet; who only asks is told. */
static void test_probe(void **state)
{
        const DeclaredMonitor d = {.name = "x", .file = "/x"};
        const DeclaredMonitor debugfs = {.name = "x", .file = "/sys/kernel/debug/x"};
        Error fix = {0};
        World w;

        set_up(&w, &d);
        assert_int_equal(w.monitor->probe(&w.context, &w.err, &fix), -ENOENT);
        assert_string_equal(fix.message, "");
        w.context.run_fd = 0;
        assert_int_equal(w.monitor->probe(&w.context, &w.err, &fix), 0);
        write_text(&w, "x", "");
        w.context.run_fd = -1;
        assert_int_equal(w.monitor->probe(&w.context, &w.err, &fix), 0);
        tear_down(&w);
        set_up(&w, &debugfs);
        assert_int_equal(w.monitor->probe(&w.context, &w.err, &fix), -ENOENT);
        assert_string_equal(fix.message, DECLARED_MOUNT_DEBUGFS);
        tear_down(&w);
}

/* The monitor may be freed while a thread that hangs still holds its state. */
static void test_freed_while_started(void **state)
{
        const DeclaredMonitor d = {.name = "x", .file = "/x"};
        const MonitorTick tick = {.t_ns = 5};
        World w;

        set_up(&w, &d);
        write_text(&w, "x", "a 1\n");
        assert_int_equal(start(&w), 0);
        declared_monitor_free(w.monitor);
        w.monitor = NULL;
        assert_int_equal(declared_sample(w.state, &tick, w.rows, &w.err), 0);
        assert_rows(&w, "a=1\n");
        batch_free(TAKE(w.rows));
        declared_stop(w.state);
        tear_down(&w);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_new_key),
                cmocka_unit_test(test_values_that_do_not_fit),
                cmocka_unit_test(test_file_that_comes_and_goes),
                cmocka_unit_test(test_what_is_no_file),
                cmocka_unit_test(test_huge_and_binary),
                cmocka_unit_test(test_too_many_keys),
                cmocka_unit_test(test_too_many_rows),
                cmocka_unit_test(test_names_stay_apart),
                cmocka_unit_test(test_host_prefix),
                cmocka_unit_test(test_probe),
                cmocka_unit_test(test_freed_while_started),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
