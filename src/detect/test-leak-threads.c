/* Threads by what they did: rows with a known answer. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/clock.h"
#include "detect/leak-threads.h"
#include "table/columns.h"

static const Column columns[] = {KEY("t_ns", I64, NS, ""), KEY("process", U64, NONE, ""), KEY("tid", U32, NONE, ""),
                                 WORDS("name", ""), WORDS("state", ""), COUNTER("user_us", U64, US, ""),
                                 COUNTER("system_us", U64, US, "")};
static const Schema schema = {"threads", columns, ARRAY_LENGTH(columns)};

static void row(Batch *b, int64_t second, uint64_t process, unsigned tid, const char *state, uint64_t user_ms)
{
        assert_int_equal(batch_add_row(b), 0);
        batch_set_i64(b, 0, second * (int64_t)NS_PER_SECOND);
        batch_set_u64(b, 1, process);
        batch_set_u64(b, 2, tid);
        batch_set_text(b, 3, "worker", 6);
        batch_set_text(b, 4, state, 1);
        batch_set_u64(b, 5, user_ms * 1000);
        batch_set_u64(b, 6, 0);
}

static void test_groups(void **state)
{
        _cleanup_(batch_freep) Batch *b = NULL;
        _cleanup_(leak_threads_freep) LeakThreads *t = NULL;
        const LeakThreadGroup *groups;
        size_t n;

        assert_int_equal(batch_new(&schema, 4096, 1024, &b), 0);
        assert_int_equal(leak_threads_new(&t), 0);
        for (int s = 0; s <= 60; s += 10) {
                row(b, s, 1, 10, "R", (uint64_t)s * 990);      /* busy */
                row(b, s, 1, 11, "S", (uint64_t)s * 300);      /* half */
                for (unsigned tid = 12; tid < 19; tid++)
                        row(b, s, 1, tid, "S", tid == 12 ? 5 : 0); /* idle, and all but one never ran */
                row(b, s, 2, 50, "S", 100000);                 /* all its time was before */
        }
        assert_int_equal(leak_threads_observe(t, b), 0);
        assert_int_equal(leak_threads_finish(t, &groups, &n), 0);
        assert_int_equal(n, 2);
        assert_int_equal(groups[0].process, 1);
        assert_int_equal(groups[0].threads, 9);
        assert_int_equal(groups[0].busy, 1);
        assert_int_equal(groups[0].idle, 7);
        assert_int_equal(groups[0].never_ran, 6);
        assert_int_equal(groups[0].running, 1);
        assert_false(groups[0].mostly_idle); /* 78 % */
        assert_true(groups[0].long_user);
        assert_int_equal(groups[0].top[0]->tid, 10);
        assert_true(groups[0].top[0]->ratio > 0.98 && groups[0].top[0]->ratio < 1);
        assert_int_equal(groups[1].idle, 1);
        assert_int_equal(groups[1].never_ran, 0);
}

static void test_strange(void **state)
{
        static const Column strange[] = {WORDS("t_ns", ""), WORDS("process", ""), WORDS("tid", "")};
        static const Schema other = {"threads", strange, 3};
        _cleanup_(batch_freep) Batch *b = NULL;
        _cleanup_(leak_threads_freep) LeakThreads *t = NULL;
        const LeakThreadGroup *groups;
        size_t n;

        assert_int_equal(batch_new(&other, 8, 64, &b), 0);
        assert_int_equal(leak_threads_new(&t), 0);
        batch_add_row(b);
        batch_set_text(b, 0, "x", 1);
        assert_int_equal(leak_threads_observe(t, b), 0);
        assert_int_equal(leak_threads_finish(t, &groups, &n), 0);
        assert_int_equal(n, 0);
}

int main(void)
{
        static const struct CMUnitTest tests[] = {cmocka_unit_test(test_groups), cmocka_unit_test(test_strange)};

        return cmocka_run_group_tests_name("leak-threads", tests, NULL, NULL);
}
