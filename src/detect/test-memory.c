/* Memory that runs low, swap, stalls: when they are found, how bad, and what is said. */
#include <string.h>

#include "detect/test-world.h"

#define GIB ((uint64_t)1 << 30)

static const Column memory_columns[] = {
        {"t_ns", COLUMN_I64, ROLE_KEY, UNIT_NS, ""},
        {"total_bytes", COLUMN_U64, ROLE_GAUGE, UNIT_BYTES, ""},
        {"available_bytes", COLUMN_U64, ROLE_GAUGE, UNIT_BYTES, ""},
        {"swap_total_bytes", COLUMN_U64, ROLE_GAUGE, UNIT_BYTES, ""},
        {"swap_free_bytes", COLUMN_U64, ROLE_GAUGE, UNIT_BYTES, ""},
};
static const Schema memory_schema = {"memory", memory_columns, ARRAY_LENGTH(memory_columns)};

static const Column pressure_columns[] = {
        {"t_ns", COLUMN_I64, ROLE_KEY, UNIT_NS, ""},
        {"resource", COLUMN_TEXT, ROLE_KEY, UNIT_NONE, ""},
        {"full_us", COLUMN_U64, ROLE_COUNTER, UNIT_US, ""},
};
static const Schema pressure_schema = {"pressure", pressure_columns, ARRAY_LENGTH(pressure_columns)};

static void add_memory(Batch *rows, uint64_t second, uint64_t total, uint64_t available, uint64_t swapped)
{
        assert_int_equal(batch_add_row(rows), 0);
        batch_set_i64(rows, 0, (int64_t)(second * NS_PER_SECOND));
        batch_set_u64(rows, 1, total);
        batch_set_u64(rows, 2, available);
        batch_set_u64(rows, 3, 8 * GIB);
        batch_set_u64(rows, 4, 8 * GIB - swapped);
}

static void add_pressure(Batch *rows, uint64_t ms, const char *resource, uint64_t full_us)
{
        assert_int_equal(batch_add_row(rows), 0);
        batch_set_i64(rows, 0, (int64_t)(ms * NS_PER_MS));
        assert_int_equal(batch_set_text(rows, 1, resource, strlen(resource)), 0);
        batch_set_u64(rows, 2, full_us);
}

static void test_low(void **state)
{
        _cleanup_(batch_freep) Batch *rows = NULL;
        World w;

        world_begin(&w);
        assert_int_equal(batch_new(&memory_schema, 64, 0, &rows), 0);
        add_memory(rows, 0, 16 * GIB, 8 * GIB, 0);
        add_memory(rows, 1, 16 * GIB, 4 * GIB, 0);
        world_give(&w, rows);
        assert_int_equal(detect_findings(w.detect)->n, 0);
        add_memory(rows, 2, 16 * GIB, 3 * GIB, 0); /* 81 % in use */
        world_give(&w, rows);
        assert_int_equal(world_find(&w, "memory-low", NULL)->severity, SEVERITY_WARNING);
        add_memory(rows, 3, 16 * GIB, GIB / 4, 0);
        add_memory(rows, 7, 16 * GIB, 8 * GIB, 0);
        add_memory(rows, 9, 16 * GIB, 3 * GIB, 0);
        add_memory(rows, 10, 16 * GIB, 12 * GIB, 0);
        world_give(&w, rows);
        const Findings *found = world_finish(&w);
        assert_int_equal(found->n, 1);
        const Finding *f = found->items[0];
        assert_int_equal(f->severity, SEVERITY_CRITICAL);
        assert_int_equal(f->t_ns, 2 * NS_PER_SECOND);
        assert_string_equal(f->title, "memory ran low: 256 MiB of 16 GiB were left for programs (1.6 %)");
        assert_string_equal(f->evidence, "least at 3 s; so low for 6 s");
        world_end(&w);
}

/* On a small machine a gibibyte is much; a table of strangers may say anything. */
static void test_small_and_strange(void **state)
{
        _cleanup_(batch_freep) Batch *rows = NULL;
        World w;

        world_begin(&w);
        assert_int_equal(batch_new(&memory_schema, 64, 0, &rows), 0);
        add_memory(rows, 0, GIB, GIB / 2, 0);
        add_memory(rows, 1, 0, 0, 0);
        add_memory(rows, 2, GIB, 2 * GIB, 9 * GIB);
        assert_int_equal(batch_add_row(rows), 0);
        world_give(&w, rows);
        assert_int_equal(world_finish(&w)->n, 0);
        world_end(&w);
}

static void test_swap(void **state)
{
        _cleanup_(batch_freep) Batch *rows = NULL;
        World w;

        world_begin(&w);
        assert_int_equal(batch_new(&memory_schema, 64, 0, &rows), 0);
        add_memory(rows, 0, 16 * GIB, 8 * GIB, 2 * GIB);
        add_memory(rows, 5, 16 * GIB, 8 * GIB, 3 * GIB);
        world_give(&w, rows);
        const Findings *found = world_finish(&w);
        assert_int_equal(found->n, 1);
        assert_string_equal(found->items[0]->id, "swap");
        assert_string_equal(found->items[0]->title, "3 GiB of swap were in use");
        assert_string_equal(found->items[0]->evidence, "of 8 GiB; over the threshold from the start, for 5 s");
        world_end(&w);
}

static void test_stalled(void **state)
{
        _cleanup_(batch_freep) Batch *rows = NULL;
        World w;

        world_begin(&w);
        assert_int_equal(batch_new(&pressure_schema, 512, 4096, &rows), 0);
        for (uint64_t i = 0; i < 120; i++) { /* 30 s; from 12 s to 24 s half of the time is lost */
                uint64_t ms = i * 250, lost = ms < 12000 ? 0 : (MIN(ms, (uint64_t)24000) - 12000) / 2;
                add_pressure(rows, ms, "memory", lost * 1000);
                add_pressure(rows, ms, "io", ms * 1000);
        }
        world_give(&w, rows);
        const Findings *found = world_finish(&w);
        assert_int_equal(found->n, 1);
        const Finding *f = found->items[0];
        assert_string_equal(f->id, "memory-stalled");
        assert_string_equal(f->title, "all tasks waited for memory: up to 50.0 % of the time");
        assert_true(f->t_ns > 13 * (int64_t)NS_PER_SECOND && f->t_ns < 16 * (int64_t)NS_PER_SECOND);
        world_end(&w);
}

/* It lay there before the run, and little came to it: a note, no warning. */
static void test_swap_before(void **state)
{
        for (int grew = 0; grew < 2; grew++) {
                _cleanup_(batch_freep) Batch *rows = NULL;
                World w;
                world_begin(&w);
                assert_int_equal(batch_new(&memory_schema, 16, 0, &rows), 0);
                for (unsigned s = 0; s < 10; s++)
                        add_memory(rows, s, 16 * GIB, 8 * GIB, 3 * GIB + (grew && s > 5 ? GIB : s));
                world_give(&w, rows);
                world_finish(&w);
                const Finding *f = world_find(&w, "swap", NULL);
                assert_non_null(f);
                assert_int_equal(f->severity, grew ? SEVERITY_WARNING : SEVERITY_INFO);
                assert_true(grew == (f->advice != NULL));
                world_end(&w);
        }
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_low),
                cmocka_unit_test(test_small_and_strange),
                cmocka_unit_test(test_swap),
                cmocka_unit_test(test_swap_before),
                cmocka_unit_test(test_stalled),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
