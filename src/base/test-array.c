/* Items stay where they were put while the array grows. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/array.h"

static void test_grow(void **state)
{
        uint64_t *items = NULL;
        size_t n = 0, capacity = 0, moves = 0;

        for (; n < 10000; n++) {
                size_t before = capacity;
                uint64_t *grown = array_grow(items, &capacity, n, sizeof *items);
                assert_non_null(grown);
                assert_true(capacity > n);
                moves += capacity != before;
                items = grown;
                items[n] = n * n;
        }
        for (size_t i = 0; i < n; i++)
                assert_int_equal(items[i], i * i);
        assert_in_range(moves, 5, 12); /* it doubles */
        free(items);
}

/* More than there can be is refused, and what there is stays. */
static void test_too_much(void **state)
{
        size_t capacity = SIZE_MAX / 4;
        int there;

        assert_null(array_grow(&there, &capacity, capacity, 16));
        assert_int_equal(capacity, SIZE_MAX / 4);
}

int main(void)
{
        const struct CMUnitTest tests[] = {cmocka_unit_test(test_grow), cmocka_unit_test(test_too_much)};

        return cmocka_run_group_tests(tests, NULL, NULL);
}
