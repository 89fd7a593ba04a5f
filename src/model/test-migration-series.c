/* Counters of migration as series: sums of columns, resets, rows that say nothing, very long runs. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "model/migration-series.h"
#include "table/columns.h"

#define COLUMNS(...) {KEY("t_ns", I64, NS, NULL), __VA_ARGS__}

static const Column two_columns[] = COLUMNS(COUNTER("anon_success", U64, COUNT, NULL), COUNTER("file_success", U64, COUNT, NULL),
                                            COUNTER("calls", U64, COUNT, NULL), WORDS("success", "no figure"));
static const Column fail_columns[] = COLUMNS(COUNTER("pgmigrate_success", U64, COUNT, NULL),
                                             COUNTER("pgmigrate_fail", U64, COUNT, NULL));
static const Column other_columns[] = COLUMNS(GAUGE("unsuccess", U64, COUNT, NULL));
static const Schema two_schema = {"folio_migration", two_columns, 5}, fail_schema = {"migrate", fail_columns, 3},
                    other_schema = {"other", other_columns, 2};

static Batch *rows_of(const Schema *schema)
{
        Batch *rows;

        assert_int_equal(batch_new(schema, 65536, 1 << 20, &rows), 0);
        return rows;
}

static void add(Batch *rows, double t_s, const uint64_t *values, size_t n)
{
        assert_int_equal(batch_add_row(rows), 0);
        batch_set_i64(rows, 0, (int64_t)(t_s * 1e9));
        for (size_t i = 0; i < n; i++)
                batch_set_u64(rows, i + 1, values[i]);
}

static void test_sums_and_resets(void **state)
{
        Batch *rows = rows_of(&two_schema);
        MigrationSeries s;

        add(rows, 1, (uint64_t[]){10, 5, 100}, 3);
        add(rows, 2, (uint64_t[]){20, 7, 150}, 3);
        add(rows, 2, (uint64_t[]){90, 90, 900}, 3); /* the same moment again */
        add(rows, 3, NULL, 0);                      /* nothing was read */
        add(rows, 4, (uint64_t[]){1, 2, 30}, 3);    /* loaded anew */
        assert_int_equal(migration_series_init(&s), 0);
        migration_series_observe(&s, rows);
        assert_int_equal(s.n, 3);
        assert_true(s.points[0].t_s == 1 && s.points[0].success == 0 && s.points[0].calls == 0);
        assert_true(s.points[1].success == 12 && s.points[1].calls == 50);
        assert_true(s.points[2].t_s == 4 && s.points[2].success == 15 && s.points[2].calls == 80);
        migration_series_done(&s);
        batch_free(rows);
}

static void test_calls_from_failures(void **state)
{
        Batch *rows = rows_of(&fail_schema), *other = rows_of(&other_schema);
        MigrationSeries s;

        add(rows, 0.5, (uint64_t[]){10, 0}, 2);
        add(rows, 1.5, (uint64_t[]){40, 20}, 2);
        add(other, 1, (uint64_t[]){1}, 1);
        assert_int_equal(migration_series_init(&s), 0);
        migration_series_observe(&s, rows);
        migration_series_observe(&s, other); /* has neither */
        assert_int_equal(s.n, 2);
        assert_true(s.points[1].success == 30 && s.points[1].calls == 50);
        migration_series_done(&s);
        batch_free(other);
        batch_free(rows);
}

/* However long: bounded, and what was left out is in the sums behind it. */
static void test_long(void **state)
{
        enum { ROWS = 3 * MIGRATION_POINTS_MAX };
        Batch *rows = rows_of(&fail_schema);
        MigrationSeries s;

        for (uint64_t i = 0; i < ROWS; i++)
                add(rows, (double)i, (uint64_t[]){i * 2, i}, 2);
        assert_int_equal(migration_series_init(&s), 0);
        migration_series_observe(&s, rows);
        assert_true(s.n <= MIGRATION_POINTS_MAX && s.n > MIGRATION_POINTS_MAX / 2);
        for (size_t i = 0; i < s.n; i++)
                assert_true(s.points[i].success == 2 * s.points[i].t_s && s.points[i].calls == 3 * s.points[i].t_s);
        migration_series_done(&s);
        batch_free(rows);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_sums_and_resets), cmocka_unit_test(test_calls_from_failures),
                cmocka_unit_test(test_long),
        };

        return cmocka_run_group_tests_name("migration-series", tests, NULL, NULL);
}
