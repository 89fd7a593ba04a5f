/* What was handed out stays as it was written, whatever is handed out after it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/arena.h"

enum { N = 3000 };

static void test_pieces(void **state)
{
        Arena arena = {0};
        unsigned char *pieces[N];

        for (size_t i = 0; i < N; i++) {
                size_t size = i % 100 == 99 ? 40000 : i % 61; /* some are larger than a block, some are empty */
                pieces[i] = arena_allocate(&arena, size);
                assert_non_null(pieces[i]);
                assert_int_equal((uintptr_t)pieces[i] % _Alignof(max_align_t), 0);
                for (size_t k = 0; k < size; k++)
                        assert_int_equal(pieces[i][k], 0);
                memset(pieces[i], (int)(i % 251), size);
        }
        for (size_t i = 0; i < N; i++) {
                size_t size = i % 100 == 99 ? 40000 : i % 61;
                for (size_t k = 0; k < size; k++)
                        assert_int_equal(pieces[i][k], i % 251);
        }
        arena_done(&arena);
        assert_null(arena_allocate(&arena, SIZE_MAX));
        arena_done(&arena);
}

static void test_copy(void **state)
{
        Arena arena = {0};

        assert_string_equal(arena_copy(&arena, "some text", 4), "some");
        assert_string_equal(arena_copy(&arena, NULL, 0), "");
        arena_done(&arena);
        assert_string_equal(arena_copy(&arena, "again", 5), "again");
        arena_done(&arena);
}

int main(void)
{
        const struct CMUnitTest tests[] = {cmocka_unit_test(test_pieces), cmocka_unit_test(test_copy)};

        return cmocka_run_group_tests(tests, NULL, NULL);
}
