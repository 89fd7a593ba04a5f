/* Means over time, growth across resets, keys, rows about processes, unknown values, the bounds. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/text.h"
#include "model/table-figures.h"
#include "table/columns.h"

enum { T, DEVICE, PID, LEVEL, BYTES, NAME };

static const Column columns[] = {
        [T] = KEY("t_ns", I64, NS, ""),          [DEVICE] = KEY("device", TEXT, NONE, ""),
        [PID] = KEY("pid", U32, NONE, ""),       [LEVEL] = GAUGE("level", F64, NONE, ""),
        [BYTES] = COUNTER("bytes", U64, BYTES, ""), [NAME] = WORDS("name", ""),
};
static const Schema schema = {"made", columns, ARRAY_LENGTH(columns)};

static void add(Batch *b, int64_t t, const char *device, double level, int64_t bytes)
{
        assert_int_equal(batch_add_row(b), 0);
        batch_set_i64(b, T, t);
        if (device)
                assert_int_equal(batch_set_text(b, DEVICE, device, strlen(device)), 0);
        batch_set_f64(b, LEVEL, level); /* NAN: null */
        if (bytes >= 0)
                batch_set_u64(b, BYTES, (uint64_t)bytes);
}

static void begin(Batch **rows, TableFigures **figures)
{
        assert_int_equal(batch_new(&schema, 4096, 1 << 16, rows), 0);
        assert_int_equal(table_figures_new(&schema, figures), 0);
}

static TableFigure figure(const TableFigures *figures, const char *thing, const char *column)
{
        TableFigure f;

        for (size_t i = 0; table_figures_get(figures, i, &f); i++)
                if (text_equal(f.thing, thing) && text_equal(f.column->name, column))
                        return f;
        fail_msg("no %s of \"%s\"", column, thing);
        return f;
}

static void assert_near(double value, double expected)
{
        if (!(fabs(value - expected) <= 1e-9))
                fail_msg("%.12g is not %.12g", value, expected);
}

static void test_time_weighs(void **state)
{
        _cleanup_(batch_freep) Batch *rows = NULL;
        _cleanup_(table_figures_freep) TableFigures *figures = NULL;

        begin(&rows, &figures);
        add(rows, 0, "sda", 10, 100);
        add(rows, 1000, "sda", 20, 150);  /* 10 for 1,000 ns */
        add(rows, 4000, "sda", NAN, -1);  /* 20 for 3,000; unknown until 6,000 */
        add(rows, 6000, "sda", 50, 40);   /* the counter was reset: 40 more */
        assert_int_equal(table_figures_observe(figures, rows), 0);
        table_figures_finish(figures, 8000); /* 50 for 2,000 */
        assert_near(figure(figures, "sda", "level").mean, (10 * 1. + 20 * 3. + 50 * 2.) / 6.);
        assert_near(figure(figures, "sda", "level").most, 50);
        assert_true(isnan(figure(figures, "sda", "level").growth));
        assert_near(figure(figures, "sda", "bytes").growth, 50 + 40);
        assert_true(isnan(figure(figures, "sda", "bytes").mean));
}

static void test_things(void **state)
{
        _cleanup_(batch_freep) Batch *rows = NULL;
        _cleanup_(table_figures_freep) TableFigures *figures = NULL;

        begin(&rows, &figures);
        add(rows, 0, "sda", 1, 5);
        add(rows, 0, "sdb", 3, -1);
        add(rows, 0, "sda", 900, 900);
        batch_set_u64(rows, PID, 4711); /* about a process: in no other run */
        add(rows, 10, "sda", 1, 7);
        assert_int_equal(table_figures_observe(figures, rows), 0);
        assert_false(table_figures_has_whole(figures));
        batch_clear(rows);
        add(rows, 10, NULL, 8, 0);
        assert_int_equal(table_figures_observe(figures, rows), 0);
        table_figures_finish(figures, 10);
        assert_true(table_figures_has_whole(figures));
        assert_near(figure(figures, "sda", "level").most, 1);
        assert_near(figure(figures, "sda", "bytes").growth, 2);
        assert_near(figure(figures, "sdb", "level").mean, 3);
        assert_true(isnan(figure(figures, "sdb", "bytes").growth)); /* never known */
        assert_near(figure(figures, "", "level").mean, 8);          /* one row, no time behind it */
        assert_near(figure(figures, "", "bytes").growth, 0);
}

static void test_bounds(void **state)
{
        _cleanup_(batch_freep) Batch *rows = NULL;
        _cleanup_(table_figures_freep) TableFigures *figures = NULL;
        char name[300];

        begin(&rows, &figures);
        memset(name, 'x', sizeof name);
        name[sizeof name - 1] = '\0';
        add(rows, 0, name, 1, 1);
        for (int round = 0; round < 2; round++)
                for (int i = 0; i < TABLE_FIGURES_THINGS + 20; i++) {
                        snprintf(name, sizeof name, "d%d", i);
                        add(rows, round, name, 1, 1);
                }
        assert_int_equal(table_figures_observe(figures, rows), 0);
        assert_int_equal(table_figures_left_out(figures), 21); /* each once, not a row */
        TableFigure f;
        assert_true(table_figures_get(figures, 0, &f));
        assert_true(strlen(f.thing) < TABLE_FIGURES_KEY_MAX);
}

static void test_tables_without_figures(void **state)
{
        static const Column words[] = {KEY("t_ns", I64, NS, ""), WORDS("text", "")};
        static const Column no_time[] = {GAUGE("level", F64, NONE, "")};
        const Schema texts = {"texts", words, 2}, timeless = {"timeless", no_time, 1};
        TableFigures *figures = NULL;

        assert_int_equal(table_figures_new(&texts, &figures), 1);
        assert_int_equal(table_figures_new(&timeless, &figures), 1);
        assert_null(figures);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_time_weighs),
                cmocka_unit_test(test_things),
                cmocka_unit_test(test_bounds),
                cmocka_unit_test(test_tables_without_figures),
        };

        return cmocka_run_group_tests_name("table-figures", tests, NULL, NULL);
}
