/* Which events a summary keeps, and how often it counts a kill that two have told. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/text.h"
#include "model/summary.h"
#include "table/process-tables.h"

static void set_text(Batch *rows, size_t column, const char *text)
{
        assert_int_equal(batch_set_text(rows, column, text, strlen(text)), 0);
}

/* pid 0: none; in_run: it has a process. */
static void add(Batch *rows, const char *kind, const char *severity, int pid, bool in_run)
{
        assert_int_equal(batch_add_row(rows), 0);
        batch_set_i64(rows, EVENT_T_NS, (int64_t)batch_rows(rows));
        set_text(rows, EVENT_KIND, kind);
        set_text(rows, EVENT_SEVERITY, severity);
        set_text(rows, EVENT_TEXT, kind);
        if (pid)
                batch_set_i64(rows, EVENT_PID, pid);
        if (in_run)
                batch_set_u64(rows, EVENT_PROCESS, (uint64_t)pid);
}

static Summary *summarise(const Batch *rows)
{
        SummaryBuilder *builder;
        Summary *s;

        assert_int_equal(summary_new(&builder), 0);
        assert_int_equal(summary_observe(builder, "events", rows), 0);
        assert_int_equal(summary_finish(builder, &s), 0);
        summary_builder_free(builder);
        return s;
}

static Batch *new_rows(void)
{
        Batch *rows;

        assert_int_equal(batch_new(&events_schema, 100, 10000, &rows), 0);
        return rows;
}

static void test_kills(void **state)
{
        Batch *rows = new_rows();

        add(rows, "oom-kill", "critical", 10, true); /* told first, then logged */
        add(rows, "kernel-oom", "critical", 10, true);
        add(rows, "kernel-oom", "critical", 11, true); /* the other way round */
        add(rows, "oom-kill", "critical", 11, true);
        add(rows, "kernel-oom", "critical", 12, false); /* somebody else's */
        Summary *s = summarise(rows);
        assert_int_equal(s->events, 5);
        assert_int_equal(s->oom_kills, 2);
        assert_int_equal(s->n_kept, 3);
        assert_string_equal(s->kept[0].kind, "oom-kill");
        assert_int_equal(s->kept[0].pid, 10);
        assert_string_equal(s->kept[1].kind, "oom-kill");
        assert_int_equal(s->kept[1].pid, 11);
        assert_int_equal(s->kept[1].t_ns, 4);
        assert_string_equal(s->kept[2].kind, "kernel-oom");
        assert_int_equal(s->kept[2].pid, 12);
        summary_free(s);
        batch_free(rows);
}

/* Without bpf the log is who tells. */
static void test_logged_kills(void **state)
{
        Batch *rows = new_rows();

        add(rows, "kernel-oom", "critical", 10, true);
        add(rows, "kernel-oom", "critical", 0, false);
        add(rows, "kernel-oom", "critical", 0, false);
        Summary *s = summarise(rows);
        assert_int_equal(s->oom_kills, 1);
        assert_int_equal(s->n_kept, 3);
        summary_free(s);
        batch_free(rows);
}

static void test_room(void **state)
{
        Batch *rows = new_rows();

        add(rows, "one", "info", 0, false);
        add(rows, "two", "critical", 0, false);
        for (size_t i = 0; i < SUMMARY_EVENTS + 4; i++)
                add(rows, "many", "warning", 0, false);
        add(rows, "three", "critical", 0, false);
        add(rows, "four", "critical", 0, false);
        Summary *s = summarise(rows);
        assert_int_equal(s->n_kept, SUMMARY_EVENTS);
        assert_string_equal(s->kept[0].kind, "two");
        assert_string_equal(s->kept[1].kind, "many");
        assert_string_equal(s->kept[SUMMARY_EVENTS - 2].kind, "three");
        assert_string_equal(s->kept[SUMMARY_EVENTS - 1].kind, "four");
        summary_free(s);
        batch_clear(rows);
        for (size_t i = 0; i < SUMMARY_EVENTS + 4; i++)
                add(rows, "many", "critical", 0, false);
        s = summarise(rows);
        assert_int_equal(s->n_kept, SUMMARY_EVENTS);
        assert_int_equal(s->kept[0].t_ns, 1);
        summary_free(s);
        batch_free(rows);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_kills),
                cmocka_unit_test(test_logged_kills),
                cmocka_unit_test(test_room),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
