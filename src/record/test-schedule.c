/* Monitors made up for the purpose: absent, failing, hanging, over, woken by a descriptor. Time is what
 * the test says it is. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/clock.h"
#include "record/schedule.h"
#include "table/process-tables.h"

enum { VALUE = MONITOR_FIRST, N_COLUMNS };

static const Column columns[N_COLUMNS] = {
        MONITOR_TIME_COLUMNS,
        [VALUE] = COUNTER("value", U64, COUNT, NULL),
};
static const Schema schema = {"fake", columns, N_COLUMNS};

typedef struct Fake {
        atomic_int starts, samples, stops;
        int probe, start;      /* what they return */
        int fail_from, fail_to; /* samples that fail, from 1 */
        int over_at;
        int wake;              /* a descriptor, -1 none */
        atomic_bool hang;      /* sample waits until this is cleared */
        int slow_ms;           /* sample takes this long, and more, before it reads */
} Fake;

typedef struct FakeState {
        Fake *fake;
} FakeState;

static int fake_probe(const MonitorContext *context, Error *why, Error *fix)
{
        Fake *fake = (Fake *)context->monitor->data;

        return fake->probe < 0 ? error_set(why, fake->probe, "not here") : 0;
}

static int fake_start(void *state, const MonitorContext *context, Error *err)
{
        Fake *fake = (Fake *)context->monitor->data;

        ((FakeState *)state)->fake = fake;
        fake->starts++;
        return fake->start < 0 ? error_set(err, fake->start, "cannot start") : 0;
}

static int fake_fd(void *state)
{
        return ((FakeState *)state)->fake->wake;
}

static int fake_sample(void *state, const MonitorTick *tick, Batch *rows, Error *err)
{
        Fake *fake = ((FakeState *)state)->fake;
        int n = ++fake->samples;
        uint64_t count;

        if (fake->wake >= 0)
                (void)!read(fake->wake, &count, sizeof count);
        while (fake->hang)
                usleep(1000);
        if (fake->slow_ms > 0)
                usleep((useconds_t)fake->slow_ms * 1000);
        int r = monitor_row(rows, tick);
        batch_set_u64(rows, VALUE, (uint64_t)n);
        if (n >= fake->fail_from && n <= fake->fail_to)
                return error_set(err, EIO, "half a row");
        return n == fake->over_at ? MONITOR_OVER : r;
}

static void fake_stop(void *state)
{
        ((FakeState *)state)->fake->stops++;
}

/* A sink that counts, and keeps the last row's value and time. */
typedef struct CountSink {
        Sink sink;
        size_t rows;
        uint64_t last;
        int64_t last_t_ns;
} CountSink;

static int count_write(Sink *sink, const Batch *rows, Error *err)
{
        CountSink *s = (CountSink *)sink;

        s->rows += batch_rows(rows);
        if (batch_rows(rows) > 0)
                s->last = batch_u64(rows, VALUE, batch_rows(rows) - 1);
        if (batch_rows(rows) > 0)
                s->last_t_ns = batch_i64(rows, MONITOR_T_NS, batch_rows(rows) - 1);
        return 0;
}

static const SinkOps count_ops = {count_write, NULL, NULL};

typedef struct Bench {
        Fake fake;
        Monitor monitor;
        MonitorPlan plan;
        Host *host;
        Loop *loop;
        CountSink sink;
        int tables;
        Schedule *schedule;
} Bench;

static int add_table(const Schema *table, Sink **ret, void *data, Error *err)
{
        Bench *b = data;

        b->tables++;
        *ret = &b->sink.sink;
        return 0;
}

static void set_up(Bench *b)
{
        *b = (Bench){
                .fake = {.wake = -1},
                .monitor = {.name = "fake", .schema = &schema, .interval_us = 1000000,
                            .state_size = sizeof(FakeState), .probe = fake_probe,
                            .start = fake_start, .sample = fake_sample, .stop = fake_stop},
                .sink = {.sink = {&count_ops}},
        };
        b->monitor.data = &b->fake;
        b->plan = (MonitorPlan){&b->monitor, 1000000, false};
        assert_int_equal(host_new(NULL, &b->host), 0);
        assert_int_equal(loop_new(&b->loop), 0);
}

static void begin(Bench *b)
{
        ScheduleOptions options = {
                .host = b->host, .loop = b->loop, .plan = &b->plan, .n_plan = 1, .run_fd = -1,
                .add_table = add_table, .data = b,
        };

        assert_int_equal(schedule_new(&options, &b->schedule), 0);
        schedule_start(b->schedule, true);
        schedule_start(b->schedule, false);
}

/* Ticks are far in the future: entries are due from the real start on. */
static uint64_t at(int second)
{
        static uint64_t base;

        if (base == 0)
                base = clock_monotonic_ns() + 3600 * NS_PER_SECOND;
        return base + (uint64_t)second * NS_PER_SECOND;
}

static void tick(Bench *b, int second)
{
        schedule_tick(b->schedule, at(second), 0, NS_PER_MS);
}

static ScheduleFigures figures(Bench *b)
{
        ScheduleFigures f;

        assert_int_equal(schedule_count(b->schedule), 1);
        schedule_figures(b->schedule, 0, &f);
        return f;
}

static void tear_down(Bench *b)
{
        b->schedule = schedule_free(b->schedule);
        b->loop = loop_free(b->loop);
        b->host = host_free(b->host);
}

static void test_due(void **state)
{
        Bench b;

        set_up(&b);
        begin(&b);
        assert_int_equal(schedule_interval_ns(b.schedule), NS_PER_SECOND);
        tick(&b, 0);
        assert_int_equal(b.fake.samples, 1);
        schedule_tick(b.schedule, at(0) + NS_PER_SECOND / 2, 0, NS_PER_MS); /* not due */
        assert_int_equal(b.fake.samples, 1);
        tick(&b, 1);
        tick(&b, 2);
        assert_int_equal(b.fake.samples, 3);
        assert_int_equal(b.tables, 1);
        assert_int_equal(b.sink.rows, 3);
        schedule_finish(b.schedule, at(3), 0);
        assert_int_equal(b.fake.samples, 4);
        assert_int_equal(figures(&b).rows, 4);
        tear_down(&b);
        assert_int_equal(b.fake.stops, 1);
}

/* What a monitor took before another one of the same tick is not in the other one's rates. */
static void test_time_of_reading(void **state)
{
        Fake slow = {.wake = -1, .slow_ms = 20};
        Bench b;

        set_up(&b);
        Monitor slow_monitor = b.monitor;
        slow_monitor.name = "slow";
        slow_monitor.data = &slow;
        const MonitorPlan plan[] = {{&slow_monitor, 1000000, false}, b.plan};
        ScheduleOptions options = {.host = b.host, .loop = b.loop, .plan = plan, .n_plan = 2, .run_fd = -1,
                                   .add_table = add_table, .data = &b};
        assert_int_equal(schedule_new(&options, &b.schedule), 0);
        schedule_start(b.schedule, false);
        tick(&b, 0);
        assert_int_equal(slow.samples + b.fake.samples, 2);
        assert_true(b.sink.last_t_ns >= (int64_t)(at(0) + 20 * NS_PER_MS));
        slow.slow_ms = 0;
        tear_down(&b);
}

static void test_absent(void **state)
{
        Bench b;

        set_up(&b);
        b.fake.probe = -EOPNOTSUPP;
        begin(&b);
        tick(&b, 0);
        schedule_finish(b.schedule, at(1), 0);
        assert_true(figures(&b).absent);
        assert_string_equal(figures(&b).why.message, "not here");
        assert_int_equal(b.fake.starts + b.fake.samples + b.fake.stops + b.tables, 0);
        tear_down(&b);
}

static void test_back_off(void **state)
{
        Bench b;

        set_up(&b);
        b.fake.fail_from = 2;
        b.fake.fail_to = 4;
        begin(&b);
        for (int second = 0; second <= 20; second++)
                tick(&b, second);
        /* 0 fine, 1 fails, 3 fails, 7 fails, 15 and on fine */
        assert_int_equal(b.fake.samples, 10);
        assert_int_equal(figures(&b).errors, 3);
        assert_int_equal(figures(&b).rows, 7); /* what a failed sample had filled is not told */
        assert_int_equal(b.sink.last, 10);
        tear_down(&b);
}

static void test_start_fails_first(void **state)
{
        Bench b;

        set_up(&b);
        b.fake.start = -ENOENT;
        begin(&b);
        assert_int_equal(figures(&b).errors, 1);
        assert_false(figures(&b).absent);
        b.fake.start = 0;
        tick(&b, 0); /* starts */
        tick(&b, 1);
        assert_int_equal(b.fake.samples, 1);
        tear_down(&b);
        assert_int_equal(b.fake.stops, 1);
}

static void test_over(void **state)
{
        Bench b;

        set_up(&b);
        b.fake.over_at = 2;
        begin(&b);
        for (int second = 0; second < 5; second++)
                tick(&b, second);
        assert_int_equal(b.fake.samples, 2);
        assert_int_equal(b.fake.stops, 1);
        assert_int_equal(schedule_interval_ns(b.schedule), UINT64_MAX);
        schedule_finish(b.schedule, at(5), 0);
        assert_int_equal(figures(&b).rows, 2);
        tear_down(&b);
        assert_int_equal(b.fake.stops, 1);
}

static void test_descriptor(void **state)
{
        Bench b;

        set_up(&b);
        b.fake.wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
        b.monitor.fd = fake_fd;
        b.plan.interval_us = 0;
        begin(&b);
        tick(&b, 0);
        assert_int_equal(b.fake.samples, 0);
        assert_int_equal(eventfd_write(b.fake.wake, 1), 0);
        assert_int_equal(loop_run_once(b.loop, 1000), 0);
        assert_int_equal(b.fake.samples, 1);
        assert_int_equal(eventfd_write(b.fake.wake, 1), 0);
        assert_int_equal(loop_run_once(b.loop, 0), 0); /* once a tick at most */
        assert_int_equal(b.fake.samples, 1);
        tick(&b, 1);
        assert_int_equal(loop_run_once(b.loop, 1000), 0);
        assert_int_equal(b.fake.samples, 2);
        tear_down(&b);
        close(b.fake.wake);
}

/* One whose descriptor stays readable and whose samples fail is no endless task. */
static void test_descriptor_back_off(void **state)
{
        uint64_t before = clock_monotonic_ns();
        Bench b;

        set_up(&b);
        b.fake.wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
        b.fake.fail_from = 1;
        b.fake.fail_to = 1;
        b.monitor.fd = fake_fd;
        b.plan.interval_us = 0;
        begin(&b);
        tick(&b, 0);
        assert_int_equal(eventfd_write(b.fake.wake, 1), 0);
        assert_int_equal(loop_run_once(b.loop, 1000), 0);
        assert_int_equal(figures(&b).errors, 1);
        assert_int_equal(eventfd_write(b.fake.wake, 1), 0);
        schedule_tick(b.schedule, before, 0, 0);
        assert_int_equal(loop_run_once(b.loop, 0), 0);
        assert_int_equal(b.fake.samples, 1);
        tick(&b, 200000);
        assert_int_equal(loop_run_once(b.loop, 1000), 0);
        assert_int_equal(b.fake.samples, 2);
        assert_int_equal(figures(&b).rows, 1);
        tear_down(&b);
        close(b.fake.wake);
}

static void wait_for(atomic_int *counter, int value)
{
        for (int i = 0; i < 30000 && *counter < value; i++)
                usleep(1000);
        assert_true(*counter >= value);
}

/* What waits for ever delays no tick, is counted, and is fetched when it comes back. */
static void test_blocking(void **state)
{
        Bench b;

        set_up(&b);
        b.monitor.blocking = true;
        b.fake.hang = true;
        begin(&b);
        wait_for(&b.fake.starts, 1);
        for (int second = 0; b.fake.samples == 0; second++) { /* fetches the start, asks */
                tick(&b, second);
                usleep(1000);
        }
        int asked = 100000;
        for (int second = asked; second < asked + 3; second++)
                tick(&b, second);
        assert_int_equal(b.fake.samples, 1);
        assert_int_equal(figures(&b).rows, 0);
        assert_true(figures(&b).late >= 3);
        b.fake.hang = false;
        for (int second = asked + 3; b.sink.rows == 0; second++) {
                tick(&b, second);
                usleep(1000);
        }
        assert_int_equal(figures(&b).errors, 0);
        schedule_finish(b.schedule, at(200000), 0);
        tear_down(&b);
        assert_int_equal(b.fake.stops, 1);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_due),
                cmocka_unit_test(test_time_of_reading),       cmocka_unit_test(test_absent),
                cmocka_unit_test(test_back_off),  cmocka_unit_test(test_start_fails_first),
                cmocka_unit_test(test_over),      cmocka_unit_test(test_descriptor),
                cmocka_unit_test(test_descriptor_back_off), cmocka_unit_test(test_blocking),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
