/* Rows that are true only until the next flush: processes that are still alive. */
#include "store/test-run-store-place.h"

static void test_live_rows(void **state)
{
        Place *p = *state;

        run_store_set_live(p->processes, live, p);
        p->n_live = 3;
        tick(p, 0);
        add_processes(p, 4);
        flush(p);
        assert_int_equal(processes_in(p, "processes/000000.parquet", 0), 7);
        uint64_t written = run_store_written_bytes(p->store);
        flush(p);
        assert_int_equal(run_store_written_bytes(p->store), written); /* the same ones live */
        p->n_live = 2;
        flush(p);
        assert_int_equal(processes_in(p, "processes/000000.parquet", 0), 6);
        add_processes(p, 1000); /* sealed on the way, full */
        flush(p);
        int64_t first = processes_in(p, "processes/000000.parquet", 0);
        assert_true(first > 500 && first < 1000);
        /* the live ones have moved on */
        assert_int_equal(processes_in(p, "processes/000001.parquet", (uint64_t)first), 1006 - first);
        assert_int_equal(run_store_finish(p->store, &p->err), 0);
        assert_int_equal(processes_in(p, "processes.parquet", 0), 1006);
        assert_int_equal(run_store_lost(p->store), 0);
}

/* A second later, all that this gives written. */
static void second(Place *p)
{
        tick(p, 1);
        while (run_store_pending(p->store) > 0)
                usleep(1000);
}

static uint64_t live_version(const void *data)
{
        return ((const Place *)data)->version;
}

/* While nobody comes or goes, what else changes of them is not worth writing each time. */
static void test_live_version(void **state)
{
        Place *p = *state;

        run_store_set_live(p->processes, live, p);
        run_store_set_live_version(p->processes, live_version);
        p->n_live = 3;
        tick(p, 0);
        second(p);
        assert_int_equal(processes_in(p, "processes/000000.parquet", 0), 3);
        p->n_live = 2; /* the version does not say so yet */
        second(p);
        assert_int_equal(processes_in(p, "processes/000000.parquet", 0), 3);
        p->version++;
        second(p);
        assert_int_equal(processes_in(p, "processes/000000.parquet", 0), 2);
        p->n_live = 1;
        add_processes(p, 1); /* another row takes them along */
        second(p);
        assert_int_equal(processes_in(p, "processes/000000.parquet", 0), 2);
        p->n_live = 4;
        for (int i = 0; i < 9; i++)
                second(p);
        assert_int_equal(processes_in(p, "processes/000000.parquet", 0), 2);
        second(p);
        assert_int_equal(processes_in(p, "processes/000000.parquet", 0), 5);
        assert_int_equal(run_store_finish(p->store, &p->err), 0);
        assert_int_equal(processes_in(p, "processes.parquet", 0), 5);
}

/* Whoever ends them before the final flush gets none of them. */
static void test_live_rows_withdrawn(void **state)
{
        Place *p = *state;

        run_store_set_live(p->processes, live, p);
        p->n_live = 3;
        tick(p, 0);
        flush(p);
        assert_int_equal(processes_in(p, "processes/000000.parquet", 0), 3);
        run_store_set_live(p->processes, NULL, NULL);
        flush(p);
        assert_int_equal(processes_in(p, "processes/000000.parquet", 0), 0);
        run_store_set_live(p->processes, live, p);
        flush(p);
        run_store_set_live(p->processes, NULL, NULL);
        add_processes(p, 2);
        assert_int_equal(run_store_finish(p->store, &p->err), 0);
        assert_int_equal(processes_in(p, "processes.parquet", 0), 2);
}

/* Sealed between two flushes: the live rows do not wait for the next one. */
static void test_live_rows_hurry(void **state)
{
        Place *p = *state;

        run_store_set_live(p->processes, live, p);
        p->n_live = 3;
        tick(p, 0);
        flush(p);
        add_processes(p, 1000);
        tick(p, 0.05);
        /* what was handed over, and no more: sync with nothing new writes nothing new */
        assert_int_equal(run_store_sync(p->store, &p->err), 0);
        int64_t first = processes_in(p, "processes/000000.parquet", 0);
        assert_int_equal(processes_in(p, "processes/000001.parquet", (uint64_t)first), 1003 - first);
}

/* Thousands of live rows would be most of the work: they are written less often. */
static void test_many_live_rows(void **state)
{
        Place *p = *state;

        run_store_set_live(p->processes, live, p);
        p->n_live = 5 * (64 << 10) / PROCESS_COLUMNS;
        tick(p, 0);
        for (unsigned i = 0; i < 12; i++) {
                add_processes(p, 1);
                tick(p, 1);
        }
        assert_int_equal(p->live_calls, 3); /* of 12 flushes */
        assert_int_equal(run_store_finish(p->store, &p->err), 0);
        assert_int_equal(processes_in(p, "processes.parquet", 0), 12 + (int64_t)p->n_live);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
        const struct CMUnitTest tests[] = {
                TEST(test_live_rows),           TEST(test_live_version),    TEST(test_live_rows_withdrawn),
                TEST(test_live_rows_hurry),     TEST(test_many_live_rows),
        };
#undef TEST

        return cmocka_run_group_tests(tests, NULL, NULL);
}
