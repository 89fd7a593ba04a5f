/* The map against a plain array, through growth, removal and wrapped probe runs. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/hash.h"

enum { KEYS = 5000 };

static bool drop_odd(uint64_t key, void *value, void *data)
{
        bool odd = key % 2;

        *(size_t *)data += odd;
        return odd;
}

static void test_against_array(void **state)
{
        static char present[KEYS];
        Map *map;
        size_t dropped = 0, odd = 0, left = 0, position = 0, walked = 0;
        void *value;

        assert_int_equal(map_new(&map), 0);
        srand(1);
        for (int i = 0; i < 200000; i++) {
                uint64_t key = (uint64_t)rand() % KEYS;
                if (rand() % 3) {
                        assert_int_equal(map_put(map, key, &present[key]), 0);
                        present[key] = 1;
                } else {
                        assert_ptr_equal(map_remove(map, key), present[key] ? &present[key] : NULL);
                        present[key] = 0;
                }
        }
        for (size_t i = 0; i < KEYS; i++) {
                assert_ptr_equal(map_get(map, i), present[i] ? &present[i] : NULL);
                odd += present[i] && i % 2;
                left += present[i] && i % 2 == 0;
        }
        map_remove_if(map, drop_odd, &dropped);
        assert_int_equal(dropped, odd);
        assert_int_equal(map_size(map), left);
        while (map_next(map, &position, NULL, &value))
                walked++;
        assert_int_equal(walked, left);
        map_free(map);
}

int main(void)
{
        const struct CMUnitTest tests[] = {cmocka_unit_test(test_against_array)};

        return cmocka_run_group_tests(tests, NULL, NULL);
}
