/* Which processes, texts and samples a list keeps when there are too many of them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/clock.h"
#include "model/process-list.h"
#include "table/process-tables.h"

#define MIB (1ull << 20)

typedef struct World {
        SummaryBuilder *summary;
        ProcessList list;
        Batch *processes, *samples;
} World;

static void world_init(World *w, size_t most, size_t samples)
{
        assert_int_equal(summary_new(&w->summary), 0);
        assert_int_equal(process_list_init(&w->list, most, samples), 0);
        assert_int_equal(batch_new(&processes_schema, 4096, 32 << 20, &w->processes), 0);
        assert_int_equal(batch_new(&samples_schema, 4096, 0, &w->samples), 0);
}

static void world_done(World *w)
{
        process_list_done(&w->list);
        summary_builder_free(w->summary);
        batch_free(w->processes);
        batch_free(w->samples);
}

static void hand_on(World *w, const char *table, Batch *rows)
{
        if (batch_rows(rows) == 0)
                return;
        assert_int_equal(summary_observe(w->summary, table, rows), 0);
        assert_int_equal(process_list_observe(&w->list, w->summary, table, rows), 0);
        batch_clear(rows);
}

static void add_process(World *w, uint64_t key, uint64_t parent, const char *category, const char *line,
                        uint64_t start_ms, uint64_t end_ms, uint64_t cpu_ms, int code)
{
        Batch *b = w->processes;

        if (batch_rows(b) == 4096)
                hand_on(w, "processes", b);
        assert_int_equal(batch_add_row(b), 0);
        batch_set_u64(b, PROCESS_PROCESS, key);
        batch_set_i64(b, PROCESS_PID, (int64_t)key + 100);
        if (parent)
                batch_set_u64(b, PROCESS_PARENT, parent);
        batch_set_text(b, PROCESS_COMM, category, strlen(category));
        batch_set_text(b, PROCESS_CATEGORY, category, strlen(category));
        batch_set_text(b, PROCESS_MAJOR, "CPP_Compile", 11);
        assert_int_equal(batch_set_text(b, PROCESS_CMDLINE, line, strlen(line)), 0);
        batch_set_i64(b, PROCESS_START_NS, (int64_t)(start_ms * NS_PER_MS));
        if (end_ms)
                batch_set_i64(b, PROCESS_END_NS, (int64_t)(end_ms * NS_PER_MS));
        batch_set_u64(b, PROCESS_CPU_US, cpu_ms * 1000);
        batch_set_u64(b, PROCESS_PEAK_RSS_BYTES, MIB);
        batch_set_i64(b, PROCESS_EXIT_CODE, code);
}

static void add_sample(World *w, uint64_t t_ms, uint64_t key, uint64_t bytes)
{
        Batch *b = w->samples;

        if (batch_rows(b) == 4096)
                hand_on(w, "samples", b);
        assert_int_equal(batch_add_row(b), 0);
        batch_set_i64(b, SAMPLE_T_NS, (int64_t)(t_ms * NS_PER_MS));
        batch_set_u64(b, SAMPLE_PROCESS, key);
        batch_set_u64(b, SAMPLE_PSS_BYTES, bytes);
}

static void finish(World *w)
{
        hand_on(w, "processes", w->processes);
        hand_on(w, "samples", w->samples);
        assert_int_equal(process_list_finish(&w->list), 0);
}

static void test_tree(void **state)
{
        World w;
        size_t size;

        world_init(&w, 0, 0);
        add_process(&w, 3, 2, "cc1", "cc1 a.c", 200, 900, 600, 1); /* children end first */
        add_process(&w, 2, 1, "gcc", "gcc -c a.c", 100, 950, 1, 1);
        add_process(&w, 4, 77, "sed", "sed", 300, 301, 0, 0); /* whose parent is not in the run */
        add_process(&w, 1, 0, "make", "make", 0, 0, 5, 0);   /* alive */
        finish(&w);
        const ProcessList *l = &w.list;
        assert_int_equal(l->n, 4);
        assert_int_equal(l->seen, 4);
        assert_int_equal(l->rows[0].key, 1);
        assert_true(l->rows[0].end_ns == INT64_MAX && l->rows[0].parent == -1 && l->rows[0].depth == 0);
        assert_true(l->rows[1].parent == 0 && l->rows[1].depth == 1 && l->rows[1].exit_code == 1);
        assert_true(l->rows[2].parent == 1 && l->rows[2].depth == 2);
        assert_true(l->rows[3].parent == -1 && l->rows[3].depth == 0);
        assert_string_equal(l->groups[l->rows[2].group].name, "cc1");
        assert_string_equal(l->groups[l->rows[2].group].major, "CPP_Compile");
        assert_string_equal(l->names[l->rows[1].name], "gcc");
        assert_memory_equal(process_list_cmdline(l, &l->rows[2], &size), "cc1 a.c", 7);
        assert_int_equal(size, 7);
        world_done(&w);
}

/* Of 5,000 the 300 heaviest, whatever the order; a failed one counts four times. */
static void test_lightest_go(void **state)
{
        World w;
        char line[32];

        world_init(&w, 300, 0);
        for (uint64_t i = 1; i <= 5000; i++) {
                uint64_t cpu = i * 7919 % 5000; /* each once */
                snprintf(line, sizeof line, "work %u", (unsigned)cpu);
                add_process(&w, i, 0, "cc1", line, i, i + 1, cpu * 10, cpu == 2000 ? 2 : 0);
        }
        finish(&w);
        const ProcessList *l = &w.list;
        assert_int_equal(l->n, 300);
        assert_int_equal(l->seen, 5000);
        bool failed = false;
        for (size_t i = 0; i < l->n; i++) {
                size_t size;
                const char *text = process_list_cmdline(l, &l->rows[i], &size);
                snprintf(line, sizeof line, "work %u", (unsigned)(l->rows[i].cpu_us / 10000));
                assert_true(size == strlen(line) && memcmp(text, line, size) == 0);
                failed |= l->rows[i].exit_code == 2;
                assert_true(l->rows[i].exit_code == 2 || l->rows[i].cpu_us / 10000 >= 4701);
                assert_true(i == 0 || l->rows[i].start_ns >= l->rows[i - 1].start_ns);
        }
        assert_true(failed);
        world_done(&w);
}

static void test_long_texts(void **state)
{
        enum { LONG = 128 << 10 };
        char *line = malloc(LONG + 1);
        World w;
        size_t size;

        assert_non_null(line);
        memset(line, 'x', LONG);
        memcpy(line, "begin", 5);
        memcpy(line + LONG - 3, "end", 4);
        world_init(&w, 0, 0);
        for (uint64_t i = 1; i <= 100; i++)
                add_process(&w, i, 0, "cc1", line, i, i + 1, 1, 0);
        finish(&w);
        const char *text = process_list_cmdline(&w.list, &w.list.rows[99], &size);
        assert_int_equal(size, PROCESS_LIST_TEXT_MAX);
        assert_memory_equal(text, "beginxx", 7);
        assert_memory_equal(text + size - 5, "xxend", 5);
        assert_non_null(memmem(text, size, "x\xe2\x80\xa6x", 5));
        assert_true(w.list.texts_size <= PROCESS_LIST_TEXTS_BYTES);
        world_done(&w);
        free(line);
}

/* Small changes are left out, more of them when there is no room; the first value and large ones stay. */
static void test_samples(void **state)
{
        World w;

        world_init(&w, 0, 64);
        for (uint64_t i = 1; i <= 3; i++)
                add_process(&w, 4 - i, 0, "cc1", "cc1", 10 * i, 0, 1, 0); /* rows turn round when sorted */
        for (uint64_t t = 100; t < 1100; t++) {
                add_sample(&w, t, 1, 100 * MIB + t % 2 * 4096);        /* as good as constant */
                add_sample(&w, t, 2, (t - 99) * MIB);                  /* grows by a MiB */
                add_sample(&w, t, 3, t == 600 ? 900 * MIB : 5 * MIB);  /* a spike */
                add_sample(&w, t, 99, MIB);                            /* of nobody */
        }
        finish(&w);
        const ProcessList *l = &w.list;
        size_t n[3] = {0};
        uint64_t most[3] = {0};
        assert_true(l->n_samples <= 64 && l->n_samples > 16);
        assert_int_equal(l->sample_rows, 4000);
        for (size_t i = 0; i < l->n_samples; i++) {
                const ListedSample *s = &l->samples[i];
                uint64_t key = l->rows[s->row].key;
                assert_true(key >= 1 && key <= 3);
                if (n[key - 1]++ == 0)
                        assert_int_equal(s->t_ns, 100 * NS_PER_MS);
                most[key - 1] = s->bytes > most[key - 1] ? s->bytes : most[key - 1];
                assert_true(i == 0 || l->samples[i - 1].row < s->row ||
                            (l->samples[i - 1].row == s->row && l->samples[i - 1].t_ns < s->t_ns));
        }
        assert_int_equal(n[0], 1);
        assert_int_equal(n[2], 3);
        assert_true(most[2] == 900 * MIB && most[1] > 900 * MIB);
        world_done(&w);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_tree),
                cmocka_unit_test(test_lightest_go),
                cmocka_unit_test(test_long_texts),
                cmocka_unit_test(test_samples),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
