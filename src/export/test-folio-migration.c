/* The text of kdevops' monitor, to the byte. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/macros.h"
#include "export/folio-migration.h"
#include "table/batch.h"
#include "table/columns.h"

enum { TIME, T_NS, SUCCESS, FAIL, TOTAL, N_COLUMNS };

static const Column columns[N_COLUMNS] = {
        [TIME] = KEY("time", TIME, NONE, NULL),
        [T_NS] = KEY("t_ns", I64, NS, NULL),
        [SUCCESS] = COUNTER("success", U64, NONE, NULL),
        [FAIL] = COUNTER("fail", U64, NONE, NULL),
        [TOTAL] = COUNTER("total", U64, NONE, NULL),
};
static const Schema schema = {"folio_migration", columns, N_COLUMNS};

#define START 1705314600 /* 2024-01-15 10:30:00 UTC */

typedef struct World {
        int fd;
        Sink *sink;
        Batch *rows;
} World;

static void set_up(World *w, double interval_s)
{
        setenv("TZ", "UTC", 1);
        tzset();
        *w = (World){.fd = memfd_create("folio", MFD_CLOEXEC)};
        assert_true(w->fd >= 0);
        assert_int_equal(folio_migration_writer_new(w->fd, &schema, (uint64_t)(interval_s * 1e9), &w->sink,
                                                    NULL), 0);
        assert_int_equal(batch_new(&schema, 100, 1000, &w->rows), 0);
}

static void add(World *w, double after_s, uint64_t success, uint64_t fail, uint64_t total)
{
        int64_t after = (int64_t)(after_s * 1e9);

        assert_int_equal(batch_add_row(w->rows), 0);
        batch_set_i64(w->rows, TIME, START * (int64_t)NS_PER_SECOND + after);
        batch_set_i64(w->rows, T_NS, after);
        batch_set_u64(w->rows, SUCCESS, success);
        if (fail != UINT64_MAX)
                batch_set_u64(w->rows, FAIL, fail);
        batch_set_u64(w->rows, TOTAL, total);
}

static void assert_text(World *w, const char *expected)
{
        Buffer text = {0};

        assert_int_equal(sink_write(w->sink, w->rows, NULL), 0);
        assert_int_equal(sink_flush(w->sink, NULL), 0);
        assert_int_equal(lseek(w->fd, 0, SEEK_SET), 0);
        assert_int_equal(file_read_all(w->fd, &text, 1 << 20), 0);
        assert_string_equal((char *)text.data, expected);
        buffer_done(&text);
        sink_free(w->sink);
        batch_free(w->rows);
        close(w->fd);
}

/* The example of kdevops' manual. */
static void test_example(void **state)
{
        World w;

        set_up(&w, 60);
        add(&w, 0, 12345, 67, 12412);
        add(&w, 60, 12456, 68, 12524);
        assert_text(&w, "2024-01-15 10:30:00\nsuccess: 12345\nfail: 67\ntotal: 12412\n\n"
                        "2024-01-15 10:31:00\nsuccess: 12456\nfail: 68\ntotal: 12524\n\n");
}

static void test_local_time_and_nulls(void **state)
{
        World w;

        set_up(&w, 60);
        setenv("TZ", "XYZ-5:30", 1);
        tzset();
        add(&w, 0.9, 1, UINT64_MAX, 2);
        assert_text(&w, "2024-01-15 16:00:00\nsuccess: 1\ntotal: 2\n\n");
}

/* Samples that said the same, at their times; not where nothing was sampled. */
static void test_held_rows(void **state)
{
        World w;

        set_up(&w, 2);
        add(&w, 0, 1, 1, 2);
        add(&w, 6.1, 2, 1, 3);    /* two samples in between */
        add(&w, 8.0, 3, 1, 4);    /* none */
        add(&w, 3600, 4, 1, 5);   /* asleep */
        assert_text(&w, "2024-01-15 10:30:00\nsuccess: 1\nfail: 1\ntotal: 2\n\n"
                        "2024-01-15 10:30:02\nsuccess: 1\nfail: 1\ntotal: 2\n\n"
                        "2024-01-15 10:30:04\nsuccess: 1\nfail: 1\ntotal: 2\n\n"
                        "2024-01-15 10:30:06\nsuccess: 2\nfail: 1\ntotal: 3\n\n"
                        "2024-01-15 10:30:08\nsuccess: 3\nfail: 1\ntotal: 4\n\n"
                        "2024-01-15 11:30:00\nsuccess: 4\nfail: 1\ntotal: 5\n\n");
}

static void test_none(void **state)
{
        World w;

        set_up(&w, 60);
        assert_text(&w, "");
}

static void test_other_tables(void **state)
{
        static const Schema bare = {"bare", columns + SUCCESS, 1};
        Sink *sink = NULL;
        Error err = {0};

        assert_int_equal(folio_migration_writer_new(1, &bare, 0, &sink, &err), -EINVAL);
        assert_string_equal(err.message, "table bare has no columns time and t_ns");
}

static void assert_name(const char *host, const char *expected)
{
        String name = {0};

        folio_migration_file_name(host, &name);
        assert_string_equal(string_get(&name), expected);
        string_done(&name);
}

static void test_file_names(void **state)
{
        assert_name("base-xfs", "base-xfs_folio_migration_stats.txt");
        assert_name("../../etc/x y", "_._.._etc_x_y_folio_migration_stats.txt");
        assert_name("", "unknown_folio_migration_stats.txt");
        assert_name(NULL, "unknown_folio_migration_stats.txt");
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_example),     cmocka_unit_test(test_local_time_and_nulls),
                cmocka_unit_test(test_held_rows),   cmocka_unit_test(test_none),
                cmocka_unit_test(test_other_tables), cmocka_unit_test(test_file_names),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
