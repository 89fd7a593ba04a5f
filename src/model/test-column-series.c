/* Lowest and highest of gauges, rates of counters, resets, gaps, things, and bounds. */
#include <errno.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/clock.h"
#include "model/column-series.h"
#include "table/columns.h"

static const Column columns[] = {
        KEY("time", TIME, NONE, "wall-clock time"),
        KEY("t_ns", I64, NS, "time"),
        KEY("device", TEXT, NONE, "which"),
        GAUGE("level_bytes", U64, BYTES, "a level"),
        COUNTER("sent_bytes", U64, BYTES, "a counter"),
        WORDS("note", "words"),
};
enum { TIME, T_NS, DEVICE, LEVEL, SENT };
static const Schema schema = {"things", columns, ARRAY_LENGTH(columns)};

#define NONE UINT64_MAX

static Batch *new_batch(void)
{
        Batch *b;

        assert_int_equal(batch_new(&schema, 65536, 1 << 20, &b), 0);
        return b;
}

static void add(Batch *b, uint64_t t_ms, const char *device, uint64_t level, uint64_t sent)
{
        assert_int_equal(batch_add_row(b), 0);
        batch_set_i64(b, T_NS, (int64_t)(t_ms * NS_PER_MS));
        if (device)
                batch_set_text(b, DEVICE, device, strlen(device));
        if (level != NONE)
                batch_set_u64(b, LEVEL, level);
        if (sent != NONE)
                batch_set_u64(b, SENT, sent);
}

static ColumnSeries *series_of(Batch *rows, const ColumnSeriesOptions *options, uint64_t end_ms)
{
        ColumnSeriesBuilder *b;
        ColumnSeries *s;

        assert_int_equal(column_series_new(&schema, options, &b), 0);
        assert_int_equal(column_series_observe(b, rows), 0);
        assert_int_equal(column_series_finish(b, end_ms == NONE ? INT64_MIN : (int64_t)(end_ms * NS_PER_MS), &s), 0);
        column_series_builder_free(b);
        batch_free(rows);
        return s;
}

static size_t at(const ColumnSeries *s, uint64_t t_ms)
{
        return (size_t)(t_ms * NS_PER_MS / s->width_ns);
}

static void test_levels_and_rates(void **state)
{
        Batch *rows = new_batch();

        add(rows, 0, "sda", 100, 0);
        add(rows, 2000, "sda", 300, 4000);
        add(rows, 2500, "sdb", 7, NONE);
        add(rows, 4000, "sda", 50, 4000);
        add(rows, 6000, "sda", NONE, 1000); /* reset: 1000 in 2 s; the level is not known any more */
        ColumnSeries *s = series_of(rows, &(ColumnSeriesOptions){.buckets = 100, .span_ns = 10 * NS_PER_SECOND}, 10000);

        assert_int_equal(s->n_things, 2);
        assert_int_equal(s->n_lines, 3); /* sdb never had a counter */
        assert_string_equal(s->lines[0].thing, "sda");
        assert_string_equal(s->lines[0].column->name, "level_bytes");
        assert_string_equal(s->lines[1].column->name, "sent_bytes");
        assert_string_equal(s->lines[2].thing, "sdb");
        const ColumnLine *level = &s->lines[0], *rate = &s->lines[1];
        assert_true(level->low[at(s, 1000)] == 100 && level->high[at(s, 1000)] == 100);
        assert_true(level->high[at(s, 3000)] == 300);
        assert_true(level->high[at(s, 5500)] == 50);
        assert_true(isnan(level->high[at(s, 7000)]));
        assert_true(level->most == 300 && level->least == 50 && level->most_ns == 2000 * (int64_t)NS_PER_MS);
        assert_true(fabs(level->mean - (200.0 + 600 + 100) / 6) < 1e-9);
        assert_true(rate->high[at(s, 1000)] == 2000 && rate->high[at(s, 3000)] == 0);
        assert_true(rate->high[at(s, 5500)] == 500);
        assert_true(isnan(rate->high[at(s, 7000)]));
        assert_true(rate->grown == 5000 && isnan(level->grown));
        assert_true(s->lines[2].low[at(s, 9000)] == 7);
        assert_true(isnan(s->lines[2].low[at(s, 1000)]));
        column_series_free(s);
}

/* However wide a bucket is, its highest and lowest are there. */
static void test_peaks_stay(void **state)
{
        Batch *rows = new_batch();

        for (uint64_t t = 0; t < 60000; t++)
                add(rows, t, NULL, t == 31415 ? 9000 : t == 27182 ? 1 : 100, NONE);
        ColumnSeries *s = series_of(rows, &(ColumnSeriesOptions){.buckets = 64}, NONE); /* its length is not known */

        assert_true(s->n_buckets > 32 && s->n_buckets <= 64);
        assert_true(s->lines[0].high[at(s, 31415)] == 9000 && s->lines[0].low[at(s, 27182)] == 1);
        assert_true(s->lines[0].low[at(s, 31415)] == 100);
        assert_string_equal(s->lines[0].thing, "");
        column_series_free(s);
}

static void test_gap(void **state)
{
        Batch *rows = new_batch();

        add(rows, 0, "a", 5, 0);
        add(rows, 10000, "a", 5, 100);
        add(rows, 50000, "a", 6, 200);
        ColumnSeries *s = series_of(rows, &(ColumnSeriesOptions){.buckets = 64, .span_ns = 100 * NS_PER_SECOND}, 100000);

        for (size_t k = 0; k < 2; k++) {
                assert_false(isnan(s->lines[k].high[at(s, 5000)]));
                assert_true(isnan(s->lines[k].high[at(s, 30000)]));
        }
        assert_true(s->lines[0].high[at(s, 60000)] == 6);
        assert_true(isnan(s->lines[0].high[at(s, 90000)])); /* nobody said so any more */
        column_series_free(s);

        rows = new_batch();
        add(rows, 0, "a", 5, 0);
        add(rows, 60000, "a", 6, 600);
        s = series_of(rows, &(ColumnSeriesOptions){.span_ns = 60 * NS_PER_SECOND, .interval_ns = 60 * NS_PER_SECOND}, 60000);
        assert_true(s->lines[0].high[at(s, 30000)] == 5 && s->lines[1].high[at(s, 30000)] == 10);
        column_series_free(s);
}

/* A last reading right behind the one before it is no rate by itself: 4 ms of CPU time in 1 ms would be four CPUs. */
/* A row that says nothing of a counter: it counted on. */
static void test_counter_not_told(void **state)
{
        Batch *rows = new_batch();

        for (uint64_t t = 0; t <= 10; t++) {
                add(rows, t * 1000, NULL, 5, t * 100);
                if (t == 4)
                        add(rows, t * 1000 + 900, NULL, 50, NONE);
        }
        ColumnSeries *s = series_of(rows, &(ColumnSeriesOptions){.buckets = 10, .span_ns = 10 * NS_PER_SECOND}, 10000);

        for (uint64_t t = 500; t < 10000; t += 1000)
                assert_true(s->lines[1].high[at(s, t)] == 100 && s->lines[1].low[at(s, t)] == 100);
        assert_true(s->lines[0].high[at(s, 4900)] == 50 && s->lines[0].high[at(s, 7000)] == 5);
        column_series_free(s);
}

static void test_rows_too_close(void **state)
{
        static const Column cells[] = {KEY("t_ns", I64, NS, "time"), COUNTER("cpu_us", U64, US, "CPU time")};
        static const Schema busy = {"busy", cells, ARRAY_LENGTH(cells)};
        static const uint64_t told[][2] = {{0, 0}, {250, 240}, {251, 244}, {500, 480}, {560, 530}, {561, 534}};
        ColumnSeriesBuilder *b;
        ColumnSeries *s;
        Batch *rows;

        assert_int_equal(batch_new(&busy, 8, 0, &rows), 0);
        for (size_t i = 0; i < ARRAY_LENGTH(told); i++) {
                assert_int_equal(batch_add_row(rows), 0);
                batch_set_i64(rows, 0, (int64_t)(told[i][0] * NS_PER_MS));
                batch_set_u64(rows, 1, told[i][1] * 1000);
        }
        assert_int_equal(column_series_new(&busy, &(ColumnSeriesOptions){.span_ns = NS_PER_SECOND}, &b), 0);
        assert_int_equal(column_series_observe(b, rows), 0);
        assert_int_equal(column_series_finish(b, INT64_MIN, &s), 0);
        assert_int_equal(s->n_lines, 1);
        assert_true(fabs(s->lines[0].least - 54e3 / 61e-3) < 1); /* µs a second: 54 ms in the last 61 ms */
        assert_true(fabs(s->lines[0].most - 960000) < 1);
        assert_true(fabs(s->lines[0].high[at(s, 555)] - 54e3 / 61e-3) < 1); /* the rest is told, with its own time */
        column_series_free(s);
        column_series_builder_free(b);
        batch_clear(rows);

        for (size_t i = 0; i < 2; i++) { /* all there is, however short */
                assert_int_equal(batch_add_row(rows), 0);
                batch_set_i64(rows, 0, (int64_t)(i * 5 * NS_PER_MS));
                batch_set_u64(rows, 1, i * 2500);
        }
        assert_int_equal(column_series_new(&busy, &(ColumnSeriesOptions){0}, &b), 0);
        assert_int_equal(column_series_observe(b, rows), 0);
        assert_int_equal(column_series_finish(b, INT64_MIN, &s), 0);
        assert_true(s->n_lines == 1 && fabs(s->lines[0].most - 500000) < 1);
        column_series_free(s);
        column_series_builder_free(b);
        batch_free(rows);
}

/* A number alone would not say what it is of. */
static void test_numbered_things(void **state)
{
        static const Column cells[] = {KEY("t_ns", I64, NS, "time"), KEY("cpu", U32, NONE, "which"),
                                       KEY("zone", TEXT, NONE, "where"), GAUGE("level", F64, COUNT, "a level")};
        static const Schema numbered = {"numbered", cells, ARRAY_LENGTH(cells)};
        ColumnSeriesBuilder *b;
        ColumnSeries *s;
        Batch *rows;

        assert_int_equal(batch_new(&numbered, 4, 100, &rows), 0);
        for (uint64_t i = 0; i < 2; i++) {
                assert_int_equal(batch_add_row(rows), 0);
                batch_set_i64(rows, 0, 0);
                batch_set_f64(rows, 3, 1.5);
                if (i == 0)
                        continue;
                batch_set_u64(rows, 1, 7);
                batch_set_text(rows, 2, "Normal", 6);
        }
        assert_int_equal(column_series_new(&numbered, &(ColumnSeriesOptions){0}, &b), 0);
        assert_int_equal(column_series_observe(b, rows), 0);
        assert_int_equal(column_series_finish(b, INT64_MIN, &s), 0);
        assert_string_equal(s->lines[0].thing, "");
        assert_string_equal(s->lines[1].thing, "cpu 7 Normal");
        column_series_free(s);
        column_series_builder_free(b);
        batch_free(rows);
}

static bool keep_b(const char *thing, void *data)
{
        return strcmp(thing, data) == 0;
}

static void test_choice(void **state)
{
        char wanted[] = "b";
        static const char *const chosen[] = {"sent_bytes", NULL}, *const none[] = {"note", NULL};
        Batch *rows = new_batch();
        ColumnSeriesBuilder *b;

        add(rows, 0, "a", 1, 1);
        add(rows, 0, "b", 1, 1);
        add(rows, 1000, "a", 1, 2);
        add(rows, 1000, "b", 1, 4);
        ColumnSeries *s = series_of(rows, &(ColumnSeriesOptions){.columns = chosen, .keep = keep_b, .data = wanted}, NONE);
        assert_int_equal(s->n_lines, 1);
        assert_string_equal(s->lines[0].thing, "b");
        assert_true(s->lines[0].most == 3);
        assert_int_equal(s->left_out, 0);
        column_series_free(s);
        assert_int_equal(column_series_new(&schema, &(ColumnSeriesOptions){.columns = none}, &b), 1);
        const Schema timeless = {"timeless", columns + DEVICE, 2};
        assert_int_equal(column_series_new(&timeless, &(ColumnSeriesOptions){0}, &b), 1);
}

static void test_bounded(void **state)
{
        Batch *rows = new_batch();

        for (unsigned i = 0; i < 300; i++) {
                char name[16];
                snprintf(name, sizeof name, "thing %u", i);
                add(rows, i, name, i, i);
                add(rows, 1000 + i, name, 1000 + i, i);
        }
        ColumnSeries *s = series_of(rows, &(ColumnSeriesOptions){.buckets = 100000, .span_ns = 1000 * NS_PER_SECOND}, 1000000);
        assert_int_equal(s->n_things, COLUMN_SERIES_THINGS);
        assert_int_equal(s->left_out, 300 - COLUMN_SERIES_THINGS);
        assert_true(s->n_buckets * 2 * s->n_lines <= COLUMN_SERIES_VALUES);
        for (size_t i = 0; i < s->n_lines; i += 2)
                assert_true(s->lines[i].most == 1000 + (double)i / 2);
        column_series_free(s);

        s = series_of(new_batch(), &(ColumnSeriesOptions){0}, NONE);
        assert_int_equal(s->n_lines, 0);
        assert_int_equal(s->n_buckets, 0);
        column_series_free(s);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_levels_and_rates), cmocka_unit_test(test_peaks_stay),
                cmocka_unit_test(test_gap),              cmocka_unit_test(test_choice),
                cmocka_unit_test(test_bounded),          cmocka_unit_test(test_numbered_things),
                cmocka_unit_test(test_counter_not_told),
                cmocka_unit_test(test_rows_too_close),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
