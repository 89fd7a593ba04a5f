/* The rows of the fragmentation monitor, over counters that are ours instead of the kernel's. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/cleanup.h"
#include "monitor/fragmentation-counters.h"
#include "monitor/test-monitor-place.h"

/* They take the place of fragmentation-bpf.c's. */
struct FragmentationCounters {
        uint64_t fallbacks[FALLBACK_CELLS];
        struct bpf_compaction compactions[2];
};

static FragmentationCounters *ours;

int fragmentation_counters_probe(const Host *host, Error *why)
{
        return 0;
}

int fragmentation_counters_new(const Host *host, FragmentationCounters **ret, Error *err)
{
        *ret = ours = calloc(1, sizeof **ret);
        return *ret ? 0 : -ENOMEM;
}

FragmentationCounters *fragmentation_counters_free(FragmentationCounters *counters)
{
        free(counters);
        return ours = NULL;
}

const uint64_t *fragmentation_fallbacks(const FragmentationCounters *counters)
{
        return counters->fallbacks;
}

const struct bpf_compaction *fragmentation_compactions(const FragmentationCounters *counters)
{
        return counters->compactions;
}

typedef struct Fixture {
        const Monitor *monitor;
        Host *host;
        void *state;
} Fixture;

static int setup(void **state)
{
        Fixture *f = calloc(1, sizeof *f);
        Error err;

        *state = f;
        f->monitor = monitor_find("fragmentation");
        f->state = calloc(1, f->monitor->state_size);
        if (host_new("/proc/self/fdinfo", &f->host) < 0) /* a root with nothing in it */
                return -1;
        MonitorContext context = {.host = f->host, .monitor = f->monitor};
        return f->monitor->start(f->state, &context, &err);
}

static int teardown(void **state)
{
        Fixture *f = *state;

        f->monitor->stop(f->state);
        host_free(f->host);
        free(f->state);
        free(f);
        return 0;
}

static const MonitorTick tick = {1, 2, 3};

static size_t column(const Batch *rows, const char *name)
{
        return column_of(batch_schema(rows), name);
}

static uint64_t figure(const Batch *rows, const char *name, size_t row)
{
        assert_false(batch_is_null(rows, column(rows, name), row));
        return batch_u64(rows, column(rows, name), row);
}

static void check_text(const Batch *rows, const char *name, size_t row, const char *wanted)
{
        size_t size;
        const char *text = batch_text(rows, column(rows, name), row, &size);

        assert_int_equal(size, strlen(wanted));
        assert_memory_equal(text, wanted, size);
}

static void test_nothing(void **state)
{
        Fixture *f = *state;
        _cleanup_(batch_freep) Batch *rows = NULL;
        Error err;

        assert_int_equal(batch_new(f->monitor->schema, 100, 10000, &rows), 0);
        assert_int_equal(f->monitor->sample(f->state, &tick, rows, &err), 0);
        assert_int_equal(batch_rows(rows), 2);
        check_text(rows, "event", 0, "compaction-begin");
        check_text(rows, "mode", 0, "async");
        check_text(rows, "mode", 1, "sync");
        assert_int_equal(figure(rows, "events", 0), 0);
        assert_true(batch_is_null(rows, column(rows, "time_us"), 0));
}

static void test_counts(void **state)
{
        Fixture *f = *state;
        _cleanup_(batch_freep) Batch *rows = NULL;
        Error err;

        /* order 3 of type 0 out of a block of order 9 of type 1, claimed; type 5 has no name */
        ours->fallbacks[3 | 9 << FALLBACK_ORDER_SHIFT | 1 << FALLBACK_FROM_SHIFT |
                        1 << FALLBACK_CLAIMED_SHIFT] = 7;
        ours->fallbacks[5 << FALLBACK_TO_SHIFT | 2 << FALLBACK_FROM_SHIFT] = 1;
        ours->compactions[0].begun = 4;
        ours->compactions[1] = (struct bpf_compaction){.begun = 3};
        ours->compactions[1].ended[8] = 2;
        ours->compactions[1].time_ns[8] = 5999;
        ours->compactions[1].ended[15] = 1;
        assert_int_equal(batch_new(f->monitor->schema, 100, 10000, &rows), 0);
        assert_int_equal(f->monitor->sample(f->state, &tick, rows, &err), 0);
        assert_int_equal(batch_rows(rows), 6);
        assert_int_equal(figure(rows, "events", 0), 4);
        check_text(rows, "result", 2, "success");
        assert_int_equal(figure(rows, "events", 2), 2);
        assert_int_equal(figure(rows, "time_us", 2), 5);
        check_text(rows, "result", 3, "result 15");
        check_text(rows, "event", 4, "fallback");
        check_text(rows, "alloc_migratetype", 4, "type 5");
        check_text(rows, "fallback_migratetype", 4, "Reclaimable");
        assert_false(batch_bool(rows, column(rows, "claimed"), 4));
        assert_int_equal(figure(rows, "alloc_order", 5), 3);
        assert_int_equal(figure(rows, "fallback_order", 5), 9);
        check_text(rows, "alloc_migratetype", 5, "Unmovable");
        check_text(rows, "fallback_migratetype", 5, "Movable");
        assert_true(batch_bool(rows, column(rows, "claimed"), 5));
        assert_int_equal(figure(rows, "events", 5), 7);
        assert_true(batch_is_null(rows, column(rows, "mode"), 5));
}

/* More rows than a batch takes: every one is given all the same, once. */
static void test_full(void **state)
{
        Fixture *f = *state;
        _cleanup_(batch_freep) Batch *rows = NULL;
        size_t given = 0;
        Error err;
        int r;

        for (uint32_t i = 0; i < 1000; i++)
                ours->fallbacks[i * 16] = i + 1;
        assert_int_equal(batch_new(f->monitor->schema, 64, 10000, &rows), 0);
        do {
                batch_clear(rows);
                r = f->monitor->sample(f->state, &tick, rows, &err);
                assert_true(batch_rows(rows) > 0);
                given += batch_rows(rows);
        } while (r == -ENOBUFS);
        assert_int_equal(r, 0);
        assert_int_equal(given, 1002);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test_setup_teardown(test_nothing, setup, teardown),
                cmocka_unit_test_setup_teardown(test_counts, setup, teardown),
                cmocka_unit_test_setup_teardown(test_full, setup, teardown),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
