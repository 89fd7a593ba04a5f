/* What comes out of a queue against what a sorted list says. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/priority-queue.h"

enum { N = 1000 };

static int by_value(const void *a, const void *b)
{
        int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

        return x < y ? -1 : x > y;
}

static void test_order(void **state)
{
        PriorityQueue q = {0};
        int64_t values[N], sorted[N];
        uint32_t random = 1;

        for (size_t i = 0; i < N; i++) {
                random = random * 1664525 + 1013904223;
                sorted[i] = values[i] = (int64_t)(random >> 22) - 512; /* of which some are equal */
                assert_int_equal(priority_queue_push(&q, values[i], &values[i]), 0);
        }
        qsort(sorted, N, sizeof *sorted, by_value);
        for (size_t i = 0; i < N; i++) {
                const int64_t *first = priority_queue_pop(&q, INT64_MAX);
                assert_non_null(first);
                assert_int_equal(*first, sorted[i]);
        }
        assert_null(priority_queue_pop(&q, INT64_MAX));
        priority_queue_done(&q);
}

/* What is due at the very time is not due before it. */
static void test_before(void **state)
{
        PriorityQueue q = {0};
        int one, two;

        assert_null(priority_queue_pop(&q, INT64_MAX));
        assert_int_equal(priority_queue_push(&q, 20, &two), 0);
        assert_int_equal(priority_queue_push(&q, -10, &one), 0);
        assert_null(priority_queue_pop(&q, -10));
        assert_ptr_equal(priority_queue_pop(&q, 20), &one);
        assert_null(priority_queue_pop(&q, 20));
        assert_ptr_equal(priority_queue_pop(&q, 21), &two);
        priority_queue_done(&q);
        assert_int_equal(priority_queue_push(&q, 1, &one), 0); /* usable again */
        assert_ptr_equal(priority_queue_pop(&q, 2), &one);
        priority_queue_done(&q);
}

int main(void)
{
        const struct CMUnitTest tests[] = {cmocka_unit_test(test_order), cmocka_unit_test(test_before)};

        return cmocka_run_group_tests(tests, NULL, NULL);
}
