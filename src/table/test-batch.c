/* Nulls by default, interned text, bounds that say so. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "table/batch.h"

static const Column columns[] = {
        {"t_ns", COLUMN_I64, ROLE_KEY, UNIT_NS, NULL},
        {"name", COLUMN_TEXT, ROLE_TEXT, UNIT_NONE, NULL},
        {"small", COLUMN_U32, ROLE_GAUGE, UNIT_COUNT, NULL},
        {"ratio", COLUMN_F64, ROLE_GAUGE, UNIT_RATIO, NULL},
};
static const Schema schema = {"example", columns, 4};

static void test_cells(void **state)
{
        Batch *b, *copy;
        size_t size;

        assert_int_equal(batch_new(&schema, 1000, 1 << 20, &b), 0);
        assert_int_equal(batch_new(&schema, 1000, 1 << 20, &copy), 0);
        for (int i = 0; i < 1000; i++) {
                char name[16];
                snprintf(name, sizeof name, "p%d", i % 10);
                assert_int_equal(batch_add_row(b), 0);
                batch_set_i64(b, 0, -i);
                if (i % 3)
                        assert_int_equal(batch_set_text(b, 1, name, strlen(name)), 0);
                batch_set_u64(b, 2, i % 2 ? 7 : UINT64_MAX);
                batch_set_f64(b, 3, 0.5);
        }
        assert_int_equal(batch_add_row(b), -ENOBUFS);
        assert_int_equal(batch_text_bytes(b), 20);
        assert_int_equal(batch_null_count(b, 1), 334);
        assert_int_equal(batch_null_count(b, 2), 500);
        assert_true(batch_i64(b, 0, 999) == -999);
        assert_memory_equal(batch_text(b, 1, 11, &size), "p1", 2);
        assert_int_equal(size, 2);
        assert_int_equal(batch_append(copy, b, 11), 0);
        assert_memory_equal(batch_text(copy, 1, 0, &size), "p1", 2);
        assert_true(batch_f64(copy, 0, 0) == -11);
        batch_clear(b);
        assert_int_equal(batch_add_row(b), 0);
        assert_true(batch_is_null(b, 0, 0));
        batch_free(b);
        batch_free(copy);
}

static void test_text_bound(void **state)
{
        Batch *b;

        assert_int_equal(batch_new(&schema, 10, 4, &b), 0);
        assert_int_equal(batch_add_row(b), 0);
        assert_int_equal(batch_set_text(b, 1, "abcd", 4), 0);
        assert_int_equal(batch_add_row(b), 0);
        assert_int_equal(batch_set_text(b, 1, "abcd", 4), 0);
        assert_int_equal(batch_set_text(b, 1, "x", 1), -ENOBUFS);
        assert_true(batch_is_null(b, 1, 1));
        batch_free(b);
}

/* Readers find columns by name; a stranger's table has other things under it. */
static void test_numbers_as_text(void **state)
{
        Batch *b;
        size_t size = 7;

        assert_int_equal(batch_new(&schema, 10, 1 << 20, &b), 0);
        assert_int_equal(batch_add_row(b), 0);
        assert_int_equal(batch_set_text(b, 1, "abc", 3), 0);
        batch_set_i64(b, 0, INT64_MAX);
        assert_string_equal(batch_text(b, 0, 0, &size), "");
        assert_int_equal(size, 0);
        assert_memory_equal(batch_text(b, 1, 0, &size), "abc", 3);
        assert_int_equal(size, 3);
        batch_free(b);
}

/* A copy outlives what it is of. */
static void test_schema_copy(void **state)
{
        Schema *first = schema_copy(&schema), *second;

        assert_non_null(first);
        ((Column *)first->columns)[2].help = "why";
        ((Column *)first->columns)[2].noise = 2.5;
        second = schema_copy(first);
        assert_non_null(second);
        memset((char *)first->columns[0].name, 'x', 4);
        memset((char *)first->table, 'x', 7);
        free(first);
        assert_string_equal(second->table, "example");
        assert_int_equal(second->n_columns, 4);
        for (size_t i = 0; i < 4; i++) {
                assert_string_equal(second->columns[i].name, columns[i].name);
                assert_int_equal(second->columns[i].type, columns[i].type);
                assert_int_equal(second->columns[i].unit, columns[i].unit);
        }
        assert_string_equal(second->columns[2].help, "why");
        assert_true(second->columns[2].noise == 2.5);
        assert_null(second->columns[3].help);
        free(second);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_cells),
                cmocka_unit_test(test_text_bound),
                cmocka_unit_test(test_numbers_as_text),
                cmocka_unit_test(test_schema_copy),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
