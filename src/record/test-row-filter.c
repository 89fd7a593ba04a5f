/* What is told and what is left out, tick by tick. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "monitor/monitor.h"
#include "record/row-filter.h"

enum { DEVICE = MONITOR_FIRST, LEVEL, COUNT, IDLE, WORD, N_COLUMNS };

static const Column columns[N_COLUMNS] = {
        MONITOR_TIME_COLUMNS,
        [DEVICE] = {"device", COLUMN_TEXT, ROLE_KEY, UNIT_NONE, NULL, 0},
        [LEVEL] = GAUGE_NOISY("level_bytes", U64, BYTES, 10, NULL),
        [COUNT] = COUNTER("errors", U64, COUNT, NULL),
        [IDLE] = COUNTER_NOISY("idle_us", U64, US, NOISE_ANY, NULL),
        [WORD] = WORDS("state", NULL),
};
static const Schema schema = {"test", columns, N_COLUMNS};

typedef struct Bench {
        RowFilter *filter;
        Batch *rows, *told;
        char text[512]; /* what was told: "second:device=level " … */
} Bench;

static void set_up(Bench *b)
{
        memset(b, 0, sizeof *b);
        assert_int_equal(row_filter_new(&schema, 10 * NS_PER_SECOND, &b->filter), 0);
        assert_int_equal(batch_new(&schema, 100, 1000, &b->rows), 0);
        assert_int_equal(batch_new(&schema, 300, 3000, &b->told), 0);
}

static void tear_down(Bench *b)
{
        row_filter_free(b->filter);
        batch_free(b->rows);
        batch_free(b->told);
}

static void add(Bench *b, int second, const char *device, uint64_t level, uint64_t count)
{
        MonitorTick tick = {.t_ns = second * (int64_t)NS_PER_SECOND};

        assert_int_equal(monitor_row(b->rows, &tick), 0);
        assert_int_equal(batch_set_text(b->rows, DEVICE, device, strlen(device)), 0);
        batch_set_u64(b->rows, LEVEL, level);
        batch_set_u64(b->rows, COUNT, count);
        batch_set_u64(b->rows, IDLE, (uint64_t)second * 1000000);
        assert_int_equal(batch_set_text(b->rows, WORD, "up", 2), 0);
}

static const char *show(Bench *b)
{
        size_t used = 0;

        b->text[0] = '\0';
        for (size_t row = 0; row < batch_rows(b->told); row++) {
                size_t size;
                const char *device = batch_text(b->told, DEVICE, row, &size);
                used += (size_t)snprintf(b->text + used, sizeof b->text - used, "%d:%.*s=%d ",
                                         (int)(batch_i64(b->told, MONITOR_T_NS, row) /
                                               (int64_t)NS_PER_SECOND),
                                         (int)size, device, (int)batch_u64(b->told, LEVEL, row));
        }
        batch_clear(b->told);
        return b->text;
}

static const char *pass(Bench *b)
{
        assert_int_equal(row_filter_pass(b->filter, b->rows, b->told), 0);
        batch_clear(b->rows);
        return show(b);
}

static void test_noise(void **state)
{
        Bench b;

        set_up(&b);
        add(&b, 0, "a", 100, 0);
        assert_string_equal(pass(&b), "0:a=100 ");
        add(&b, 1, "a", 110, 0); /* as much as the noise */
        assert_string_equal(pass(&b), "");
        add(&b, 2, "a", 90, 0);
        assert_string_equal(pass(&b), "");
        add(&b, 3, "a", 111, 0); /* more than it; and what stood before */
        assert_string_equal(pass(&b), "2:a=90 3:a=111 ");
        add(&b, 4, "a", 122, 0); /* nothing was left out between */
        assert_string_equal(pass(&b), "4:a=122 ");
        add(&b, 5, "a", 122, 1); /* a counter without noise */
        assert_string_equal(pass(&b), "5:a=122 ");
        tear_down(&b);
}

static void test_slow_drift(void **state)
{
        Bench b;

        set_up(&b);
        add(&b, 0, "a", 100, 0);
        pass(&b);
        add(&b, 1, "a", 106, 0);
        assert_string_equal(pass(&b), "");
        add(&b, 2, "a", 112, 0); /* against the last row told, not the last seen */
        assert_string_equal(pass(&b), "1:a=106 2:a=112 ");
        tear_down(&b);
}

static void test_repeat_and_end(void **state)
{
        Bench b;

        set_up(&b);
        for (int second = 0; second < 10; second++) {
                add(&b, second, "a", 100, 0);
                assert_string_equal(pass(&b), second == 0 ? "0:a=100 " : "");
        }
        add(&b, 10, "a", 100, 0);
        assert_string_equal(pass(&b), "10:a=100 ");
        add(&b, 11, "a", 100, 0);
        assert_string_equal(pass(&b), "");
        assert_int_equal(row_filter_finish(b.filter, b.told), 0);
        assert_string_equal(show(&b), "11:a=100 ");
        assert_int_equal(row_filter_finish(b.filter, b.told), 0);
        assert_string_equal(show(&b), "");
        tear_down(&b);
}

static void test_things(void **state)
{
        Bench b;

        set_up(&b);
        add(&b, 0, "a", 100, 0);
        add(&b, 0, "b", 500, 0);
        assert_string_equal(pass(&b), "0:a=100 0:b=500 ");
        add(&b, 1, "b", 501, 0); /* in another order */
        add(&b, 1, "a", 101, 0);
        assert_string_equal(pass(&b), "");
        add(&b, 2, "b", 900, 0); /* a is gone: its last row is told */
        assert_string_equal(pass(&b), "1:b=501 1:a=101 2:b=900 ");
        add(&b, 3, "b", 900, 0);
        add(&b, 3, "a", 101, 0); /* back: another thing */
        assert_string_equal(pass(&b), "3:a=101 ");
        tear_down(&b);
}

/* Two things of one name are told apart by their order. */
static void test_twins(void **state)
{
        Bench b;

        set_up(&b);
        add(&b, 0, "nvme", 100, 0);
        add(&b, 0, "nvme", 300, 0);
        assert_string_equal(pass(&b), "0:nvme=100 0:nvme=300 ");
        add(&b, 1, "nvme", 101, 0);
        add(&b, 1, "nvme", 301, 0);
        assert_string_equal(pass(&b), "");
        add(&b, 2, "nvme", 101, 0);
        add(&b, 2, "nvme", 400, 0);
        assert_string_equal(pass(&b), "1:nvme=301 2:nvme=400 ");
        tear_down(&b);
}

static void test_unknown(void **state)
{
        Bench b;

        set_up(&b);
        add(&b, 0, "a", 100, 0);
        pass(&b);
        add(&b, 1, "a", 100, 0);
        batch_set_null(b.rows, LEVEL); /* not known any more */
        assert_string_equal(pass(&b), "1:a=0 ");
        add(&b, 2, "a", 0, 0); /* known to be 0 is something else */
        assert_string_equal(pass(&b), "2:a=0 ");
        add(&b, 3, "a", 0, 0);
        batch_set_null(b.rows, IDLE); /* never worth a row */
        assert_string_equal(pass(&b), "");
        add(&b, 4, "a", 0, 0);
        assert_int_equal(batch_set_text(b.rows, WORD, "down", 4), 0);
        assert_string_equal(pass(&b), "3:a=0 4:a=0 ");
        tear_down(&b);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_noise),          cmocka_unit_test(test_slow_drift),
                cmocka_unit_test(test_repeat_and_end), cmocka_unit_test(test_things),
                cmocka_unit_test(test_twins),          cmocka_unit_test(test_unknown),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
