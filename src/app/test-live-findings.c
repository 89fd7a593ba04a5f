/* Rows reach the store and the detectors; what they raise is told once, again when worse, and not as a flood. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "app/live-findings.h"
#include "base/clock.h"

#define GIB ((uint64_t)1 << 30)

static const Column columns[] = {
        {"t_ns", COLUMN_I64, ROLE_KEY, UNIT_NS, ""},
        {"total_bytes", COLUMN_U64, ROLE_GAUGE, UNIT_BYTES, ""},
        {"available_bytes", COLUMN_U64, ROLE_GAUGE, UNIT_BYTES, ""},
};
static const Schema schema = {"memory", columns, ARRAY_LENGTH(columns)};

typedef struct Store {
        Sink sink;
        size_t rows;
        int answer;
} Store;

static int store_write(Sink *sink, const Batch *rows, Error *err)
{
        Store *store = (Store *)sink;

        store->rows += batch_rows(rows);
        return store->answer;
}

static const SinkOps store_ops = {.write = store_write};

typedef struct Told {
        size_t n, hushed;
        Severity last;
} Told;

static void note(const Finding *f, bool hush, void *data)
{
        Told *told = data;

        told->n++;
        told->hushed += hush;
        told->last = f->severity;
}

static int give(Sink *to, uint64_t second, uint64_t available)
{
        _cleanup_(batch_freep) Batch *rows = NULL;

        assert_int_equal(batch_new(&schema, 4, 0, &rows), 0);
        assert_int_equal(batch_add_row(rows), 0);
        batch_set_i64(rows, 0, (int64_t)(second * NS_PER_SECOND));
        batch_set_u64(rows, 1, 16 * GIB);
        batch_set_u64(rows, 2, available);
        return sink_write(to, rows, NULL);
}

static void test_told(void **state)
{
        _cleanup_(live_findings_freep) LiveFindings *live = NULL;
        DetectContext context = {0};
        Store store = {.sink.ops = &store_ops};
        Told told = {0};

        thresholds_init(&context.thresholds);
        assert_int_equal(live_findings_new(&context, &live), 0);
        assert_ptr_equal(live_findings_tap(live, "nobody-looks", &store.sink), &store.sink);
        assert_null(live_findings_tap(live, "memory", NULL));
        Sink *tap = live_findings_tap(live, "memory", &store.sink);
        assert_ptr_not_equal(tap, &store.sink);
        assert_int_equal(sink_flush(tap, NULL), 0);
        assert_int_equal(give(tap, 1, 8 * GIB), 0);
        live_findings_tell(live, NS_PER_SECOND, note, &told);
        assert_int_equal(told.n, 0);
        assert_int_equal(give(tap, 2, 3 * GIB), 0);
        assert_int_equal(give(tap, 3, 2 * GIB + GIB / 2), 0);
        live_findings_tell(live, 3 * NS_PER_SECOND, note, &told);
        live_findings_tell(live, 4 * NS_PER_SECOND, note, &told);
        assert_int_equal(told.n, 1);
        assert_int_equal(told.last, SEVERITY_WARNING);
        store.answer = -28; /* a store in trouble is told of, and nothing else changes */
        assert_int_equal(give(tap, 5, GIB / 8), -28);
        live_findings_tell(live, 5 * NS_PER_SECOND, note, &told);
        assert_int_equal(told.n, 2);
        assert_int_equal(told.last, SEVERITY_CRITICAL);
        assert_int_equal(told.hushed, 0);
        assert_int_equal(store.rows, 4);
}

int main(void)
{
        const struct CMUnitTest tests[] = {cmocka_unit_test(test_told)};

        return cmocka_run_group_tests(tests, NULL, NULL);
}
