/* Peaks of known composition, ties, the empty run, one process, many, and unknown values. */
#include <errno.h>
#include <malloc.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <math.h>

#include "base/clock.h"
#include "model/summary.h"
#include "table/process-tables.h"

#define MIB (1ull << 20)
#define NONE UINT64_MAX

static void set_text(Batch *b, size_t column, const char *text)
{
        assert_int_equal(batch_set_text(b, column, text, strlen(text)), 0);
}

/* NONE leaves a cell null. */
static void add_process(Batch *b, uint64_t key, const char *exe, uint64_t start_ms, uint64_t end_ms,
                        uint64_t peak, uint64_t cpu_us)
{
        assert_int_equal(batch_add_row(b), 0);
        batch_set_u64(b, PROCESS_PROCESS, key);
        batch_set_u64(b, PROCESS_IMAGE, 0);
        batch_set_i64(b, PROCESS_PID, (int64_t)(1000 + key));
        batch_set_i64(b, PROCESS_PPID, key == 1 ? 1 : 1001);
        if (exe)
                set_text(b, PROCESS_EXE, exe);
        batch_set_i64(b, PROCESS_START_NS, (int64_t)(start_ms * NS_PER_MS));
        if (end_ms != NONE)
                batch_set_i64(b, PROCESS_END_NS, (int64_t)(end_ms * NS_PER_MS));
        if (peak != NONE)
                batch_set_u64(b, PROCESS_PEAK_RSS_BYTES, peak);
        if (cpu_us != NONE) {
                batch_set_u64(b, PROCESS_USER_US, cpu_us / 2);
                batch_set_u64(b, PROCESS_SYSTEM_US, cpu_us - cpu_us / 2);
                batch_set_u64(b, PROCESS_CPU_US, cpu_us);
        }
}

static void add_sample(Batch *b, uint64_t t_ms, uint64_t key, uint64_t pss)
{
        assert_int_equal(batch_add_row(b), 0);
        batch_set_i64(b, SAMPLE_T_NS, (int64_t)(t_ms * NS_PER_MS));
        batch_set_u64(b, SAMPLE_PROCESS, key);
        batch_set_u64(b, SAMPLE_PSS_BYTES, pss);
        batch_set_u64(b, SAMPLE_PSS_AGE_MS, 0);
}

static void add_total(Batch *b, uint64_t t_ms, uint64_t pss, uint64_t rss, uint64_t cpu_us)
{
        assert_int_equal(batch_add_row(b), 0);
        batch_set_i64(b, TOTAL_T_NS, (int64_t)(t_ms * NS_PER_MS));
        if (pss != NONE)
                batch_set_u64(b, TOTAL_PSS_BYTES, pss);
        if (rss != NONE)
                batch_set_u64(b, TOTAL_RSS_BYTES, rss);
        batch_set_u64(b, TOTAL_CPU_US, cpu_us);
}

static Batch *new_batch(const Schema *schema, size_t rows)
{
        Batch *b;

        assert_int_equal(batch_new(schema, rows, 1 << 20, &b), 0);
        return b;
}

static Summary *summarise(const Batch *processes, const Batch *totals, const Batch *samples)
{
        SummaryBuilder *builder;
        Summary *s;

        assert_int_equal(summary_new(&builder), 0);
        if (processes)
                assert_int_equal(summary_observe(builder, "processes", processes), 0);
        if (totals)
                assert_int_equal(summary_observe(builder, "totals", totals), 0);
        if (samples)
                assert_int_equal(summary_observe(builder, "samples", samples), 0);
        assert_int_equal(summary_finish(builder, &s), 0);
        summary_builder_free(builder);
        return s;
}

static const SummaryGroup *group(const Summary *s, const char *name)
{
        for (size_t i = 0; i < s->n_groups; i++)
                if (strcmp(s->groups[i].name, name) == 0)
                        return &s->groups[i];
        fail_msg("no group %s", name);
        return NULL;
}

/* cc1 2 and 3 overlap; 2 ends before ld begins; the shell holds its level without new rows. */
static void test_composition(void **state)
{
        Batch *processes = new_batch(&processes_schema, 16), *totals = new_batch(&totals_schema, 16);
        Batch *samples = new_batch(&samples_schema, 32);

        add_process(processes, 2, "/usr/lib/gcc/cc1", 100, 340, 210 * MIB, 200000);
        add_process(processes, 3, "/usr/lib/gcc/cc1", 120, 520, 305 * MIB, 350000);
        add_process(processes, 4, "/usr/bin/ld", 400, 600, 150 * MIB, 90000);
        add_process(processes, 1, "/bin/sh", 0, 700, 2 * MIB, 1000);
        add_sample(samples, 100, 1, 2 * MIB);
        add_sample(samples, 200, 2, 100 * MIB);
        add_sample(samples, 200, 3, 150 * MIB);
        add_sample(samples, 300, 2, 200 * MIB);
        add_sample(samples, 400, 3, 300 * MIB);
        add_sample(samples, 500, 4, 140 * MIB);
        batch_set_null(samples, SAMPLE_PSS_AGE_MS); /* ld was never read */
        add_sample(samples, 600, 4, 100 * MIB);
        add_total(totals, 100, 2 * MIB, 3 * MIB, 0);
        add_total(totals, 200, 252 * MIB, 260 * MIB, 100000);
        add_total(totals, 300, 352 * MIB, 400 * MIB, 300000);
        add_total(totals, 400, 302 * MIB, 310 * MIB, 400000);
        add_total(totals, 500, 442 * MIB, 450 * MIB, 500000);
        add_total(totals, 600, 102 * MIB, 600 * MIB, 600000);

        Summary *s = summarise(processes, totals, samples);
        assert_int_equal(s->images, 4);
        assert_int_equal(s->cpu_us, 641000);
        assert_int_equal(s->user_us + s->system_us, 641000);
        assert_true(s->peak_known);
        assert_int_equal(s->peak_pss_bytes, 442 * MIB);
        assert_int_equal(s->peak_rss_bytes, 600 * MIB);
        assert_int_equal(s->peak_t_ns, 500 * NS_PER_MS);
        assert_int_equal(s->n_groups, 3);
        const SummaryGroup *cc1 = group(s, "cc1"), *ld = group(s, "ld"), *sh = group(s, "sh");
        assert_int_equal(cc1->processes, 2);
        assert_int_equal(cc1->peak_bytes, 350 * MIB);
        assert_int_equal(cc1->largest_bytes, 305 * MIB);
        assert_int_equal(cc1->at_peak_bytes, 300 * MIB);
        assert_int_equal(cc1->at_peak_processes, 1);
        assert_int_equal(ld->peak_bytes, 140 * MIB);
        assert_int_equal(ld->at_peak_bytes, 140 * MIB);
        assert_int_equal(sh->at_peak_bytes, 2 * MIB);
        assert_int_equal(s->peak_estimated_bytes, 140 * MIB);
        assert_int_equal(s->top[0].process, 3);
        assert_int_equal(s->top[3].process, 1);
        assert_int_equal(s->top[0].wall_ns, 400 * NS_PER_MS);
        summary_free(s);

        /* Without totals the samples' own sum is the tree's. */
        s = summarise(processes, NULL, samples);
        assert_int_equal(s->peak_pss_bytes, 442 * MIB);
        assert_int_equal(s->peak_t_ns, 500 * NS_PER_MS);
        assert_int_equal(group(s, "cc1")->at_peak_bytes, 300 * MIB);
        summary_free(s);
        batch_free(processes);
        batch_free(totals);
        batch_free(samples);
}

static void test_empty(void **state)
{
        Summary *s = summarise(NULL, NULL, NULL);
        double curve[8];

        assert_int_equal(s->images, 0);
        assert_true(s->cpu_us == SUMMARY_UNKNOWN && s->peak_pss_bytes == SUMMARY_UNKNOWN);
        assert_false(s->peak_known);
        assert_int_equal(s->n_top, 0);
        assert_null(summary_culprit(s));
        assert_false(series_columns(&s->memory, 0, 8, curve));
        summary_free(s);
}

/* Nothing but a key is known, and the process lives on. */
static void test_unknown(void **state)
{
        Batch *processes = new_batch(&processes_schema, 16), *samples = new_batch(&samples_schema, 16);

        add_process(processes, 1, NULL, 0, NONE, NONE, NONE);
        add_sample(samples, 50, 1, 7);
        add_sample(samples, 60, 99, 5); /* no row of processes */
        add_sample(samples, 70, UINT64_MAX - 1, 3);
        Summary *s = summarise(processes, NULL, samples);
        assert_int_equal(s->alive, 1);
        assert_true(s->cpu_us == SUMMARY_UNKNOWN && s->user_us == SUMMARY_UNKNOWN);
        assert_true(s->top[0].peak_rss_bytes == SUMMARY_UNKNOWN);
        assert_true(s->top[0].wall_ns == SUMMARY_UNKNOWN);
        assert_int_equal(s->n_groups, 1);
        assert_string_equal(s->groups[0].name, "unnamed");
        assert_true(s->groups[0].largest_bytes == SUMMARY_UNKNOWN);
        assert_int_equal(s->groups[0].peak_bytes, 15);
        summary_free(s);

        /* CPU time without its split leaves the split unknown for the whole run. */
        batch_set_u64(processes, PROCESS_CPU_US, 5000);
        add_process(processes, 2, NULL, 0, NONE, NONE, 100);
        s = summarise(processes, NULL, NULL);
        assert_int_equal(s->cpu_us, 5100);
        assert_true(s->user_us == SUMMARY_UNKNOWN && s->system_us == SUMMARY_UNKNOWN);
        summary_free(s);
        batch_free(processes);
        batch_free(samples);
}

/* Equal peaks: the one with more CPU time is heavier, then the earlier. RSS alone has a time. */
static void test_ties(void **state)
{
        Batch *processes = new_batch(&processes_schema, 64), *totals = new_batch(&totals_schema, 16);

        for (uint64_t key = 1; key <= 40; key++)
                add_process(processes, key, "/bin/a", 0, 10, 5 * MIB, key == 33 ? 900 : 100);
        add_total(totals, 10, NONE, 5 * MIB, 0);
        add_total(totals, 20, NONE, 9 * MIB, 0);
        add_total(totals, 30, NONE, 9 * MIB, 0);
        add_total(totals, 40, NONE, 8 * MIB, 0);
        Summary *s = summarise(processes, totals, NULL);
        assert_int_equal(s->n_top, SUMMARY_TOP);
        assert_int_equal(s->top[0].process, 33);
        assert_int_equal(s->top[1].process, 1);
        assert_int_equal(s->top[2].process, 2);
        assert_true(s->peak_pss_bytes == SUMMARY_UNKNOWN);
        assert_int_equal(s->peak_rss_bytes, 9 * MIB);
        assert_int_equal(s->peak_t_ns, 20 * NS_PER_MS);
        summary_free(s);
        batch_free(processes);
        batch_free(totals);
}

/* The deepest failing child of the command, not the unrelated failure before it. */
static void test_culprit(void **state)
{
        static const struct {
                int pid, ppid, code;
                uint64_t end_ms;
        } rows[] = {{20, 10, 1, 100}, {32, 31, 1, 300}, {40, 10, 0, 310}, {31, 10, 1, 320},
                    {50, 77, 3, 330}, {10, 5, 2, 400}};
        Batch *processes = new_batch(&processes_schema, 16);

        for (size_t i = 0; i < 6; i++) {
                add_process(processes, rows[i].pid == 10 ? 1 : 2 + i, "/bin/x", 0, rows[i].end_ms, 1, 1);
                batch_set_i64(processes, PROCESS_PID, rows[i].pid);
                batch_set_i64(processes, PROCESS_PPID, rows[i].ppid);
                batch_set_i64(processes, PROCESS_EXIT_CODE, rows[i].code);
        }
        Summary *s = summarise(processes, NULL, NULL);
        assert_int_equal(s->n_failures, 5);
        assert_int_equal(s->root_pid, 10);
        assert_int_equal(summary_culprit(s)->pid, 32);
        summary_free(s);
        batch_free(processes);
}

/* Who came by --match has a lower key than the command, where it was there before, and may fail, too. */
static void test_culprit_beside_matched(void **state)
{
        Batch *processes = new_batch(&processes_schema, 16);

        add_process(processes, 1, "/sbin/daemon", 0, 500, 1, 1); /* pid 1001 */
        batch_set_i64(processes, PROCESS_START_NS, -90 * (int64_t)NS_PER_SECOND);
        batch_set_i64(processes, PROCESS_EXIT_CODE, 9);
        add_process(processes, 3, "/bin/cc", 20, 300, 1, 1);
        batch_set_u64(processes, PROCESS_PARENT, 2);
        batch_set_i64(processes, PROCESS_PPID, 1002);
        batch_set_i64(processes, PROCESS_EXEC_NS, 21 * NS_PER_MS);
        batch_set_i64(processes, PROCESS_EXIT_CODE, 1);
        add_process(processes, 4, "/sbin/daemon", 30, 350, 1, 1); /* begun meanwhile, by nobody of the run */
        batch_set_i64(processes, PROCESS_EXEC_NS, 31 * NS_PER_MS);
        batch_set_i64(processes, PROCESS_EXIT_CODE, 7);
        add_process(processes, 2, "/bin/make", 0, 400, 1, 1);
        batch_set_i64(processes, PROCESS_EXEC_NS, 1 * NS_PER_MS);
        batch_set_i64(processes, PROCESS_EXIT_CODE, 2);
        Summary *s = summarise(processes, NULL, NULL);
        assert_int_equal(s->root_pid, 1002);
        assert_int_equal(summary_culprit(s)->pid, 1003);
        summary_free(s);
        /* poll, and the command was too short for its exec to be seen: it began with the run. */
        batch_clear(processes);
        add_process(processes, 1, "/sbin/daemon", 0, NONE, 1, 1);
        batch_set_i64(processes, PROCESS_START_NS, -90 * (int64_t)NS_PER_SECOND);
        add_process(processes, 2, "/bin/false", 2, 3, 1, 1);
        batch_set_i64(processes, PROCESS_EXIT_CODE, 1);
        s = summarise(processes, NULL, NULL);
        assert_int_equal(s->root_pid, 1002);
        summary_free(s);
        batch_free(processes);
}

/* 100,000 processes of 2,000 programs: bounded groups, bounded memory, nothing uncounted. */
static void test_many(void **state)
{
        Batch *processes = new_batch(&processes_schema, 1000), *samples = new_batch(&samples_schema, 1000);
        SummaryBuilder *builder;
        Summary *s;
        uint64_t counted = 0, key = 1;

        assert_int_equal(summary_new(&builder), 0);
        size_t before = mallinfo2().uordblks;
        for (int batch = 0; batch < 100; batch++) {
                batch_clear(processes);
                for (int i = 0; i < 1000; i++, key++) {
                        char exe[32];
                        snprintf(exe, sizeof exe, "/bin/p%u", (unsigned)(key % 2000));
                        add_process(processes, key, exe, key, key + 100, key * 4096, 10);
                }
                assert_int_equal(summary_observe(builder, "processes", processes), 0);
        }
        for (uint64_t row = 0; row < 200; row++) {
                batch_clear(samples);
                for (uint64_t i = 0; i < 1000; i++) {
                        uint64_t t = (row * 1000 + i) / 2;
                        if (t + 1 < key)
                                add_sample(samples, t, t + 1 - i % 50 * (t > 50), MIB);
                }
                assert_int_equal(summary_observe(builder, "samples", samples), 0);
        }
        size_t used = mallinfo2().uordblks - before;
        assert_true(used < 1200 << 10);
        assert_int_equal(summary_finish(builder, &s), 0);
        summary_builder_free(builder);
        assert_int_equal(s->images, 100000);
        assert_int_equal(s->n_groups, SUMMARY_GROUPS);
        for (size_t i = 0; i < s->n_groups; i++)
                counted += s->groups[i].processes;
        assert_int_equal(counted, 100000);
        assert_int_equal(group(s, "other")->processes, 100000 - 511 * 50);
        assert_int_equal(s->top[0].process, 100000);
        assert_int_equal(s->top[SUMMARY_TOP - 1].process, 100000 - SUMMARY_TOP + 1);
        assert_true(s->peak_pss_bytes <= 101 * MIB && s->peak_pss_bytes >= 50 * MIB);
        summary_free(s);
        batch_free(processes);
        batch_free(samples);
}

/* A monitor's table, as far as the summary looks at it. */
static Batch *new_table(const char *name, const Column *columns, size_t n, Schema *schema)
{
        Batch *batch;

        *schema = (Schema){name, columns, n};
        assert_int_equal(batch_new(schema, 100, 1000, &batch), 0);
        return batch;
}

/* Ten seconds. */
static const Column memory_columns[] = {
        {"t_ns", COLUMN_I64, ROLE_KEY, UNIT_NS, NULL, 0},
        {"total_bytes", COLUMN_U64, ROLE_GAUGE, UNIT_BYTES, NULL, 0},
        {"available_bytes", COLUMN_U64, ROLE_GAUGE, UNIT_BYTES, NULL, 0},
        {"swap_total_bytes", COLUMN_U64, ROLE_GAUGE, UNIT_BYTES, NULL, 0},
        {"swap_free_bytes", COLUMN_U64, ROLE_GAUGE, UNIT_BYTES, NULL, 0},
};
static const Column cpu_columns[] = {
        {"t_ns", COLUMN_I64, ROLE_KEY, UNIT_NS, NULL, 0},
        {"cpu", COLUMN_U32, ROLE_KEY, UNIT_NONE, NULL, 0},
        {"user_us", COLUMN_U64, ROLE_COUNTER, UNIT_US, NULL, 0},
        {"idle_us", COLUMN_U64, ROLE_COUNTER, UNIT_US, NULL, 0},
        {"iowait_us", COLUMN_U64, ROLE_COUNTER, UNIT_US, NULL, 0},
};
static const Column pressure_columns[] = {
        {"t_ns", COLUMN_I64, ROLE_KEY, UNIT_NS, NULL, 0},
        {"resource", COLUMN_TEXT, ROLE_KEY, UNIT_NONE, NULL, 0},
        {"some_us", COLUMN_U64, ROLE_COUNTER, UNIT_US, NULL, 0},
};

static void fill_machine(Batch *memory, Batch *cpu, Batch *pressure)
{
        for (uint64_t second = 0; second <= 10; second++) {
                int64_t t_ns = (int64_t)(second * NS_PER_SECOND);
                batch_add_row(memory);
                batch_set_i64(memory, 0, t_ns);
                batch_set_u64(memory, 1, 1000 * MIB);
                batch_set_u64(memory, 2, (second == 7 ? 100 : 500) * MIB);
                batch_set_u64(memory, 3, 64 * MIB);
                batch_set_u64(memory, 4, (second == 8 ? 60 : 64) * MIB);
                for (int number = -1; number < 2; number++) { /* all, 0, 1: only all counts */
                        batch_add_row(cpu);
                        batch_set_i64(cpu, 0, t_ns);
                        if (number >= 0)
                                batch_set_u64(cpu, 1, (uint64_t)number);
                        batch_set_u64(cpu, 2, 5000000 + second * 1500000);
                        batch_set_u64(cpu, 3, 9000000 + second * 400000);
                        batch_set_u64(cpu, 4, 100 + second * 100000);
                }
                batch_add_row(pressure);
                batch_set_i64(pressure, 0, t_ns);
                assert_int_equal(batch_set_text(pressure, 1, "memory", 6), 0);
                batch_set_u64(pressure, 2, 777 + second * 250000);
        }
}

static void test_machine(void **state)
{
        Schema schemas[3];
        Batch *memory = new_table("memory", memory_columns, 5, &schemas[0]);
        Batch *cpu = new_table("cpu", cpu_columns, 5, &schemas[1]);
        Batch *pressure = new_table("pressure", pressure_columns, 3, &schemas[2]);
        SummaryBuilder *builder;
        Summary *s;

        fill_machine(memory, cpu, pressure);
        assert_int_equal(summary_new(&builder), 0);
        assert_int_equal(summary_observe(builder, "memory", memory), 0);
        assert_int_equal(summary_observe(builder, "cpu", cpu), 0);
        assert_int_equal(summary_observe(builder, "pressure", pressure), 0);
        assert_int_equal(summary_finish(builder, &s), 0);
        summary_builder_free(builder);
        const SummaryMachine *m = &s->machine;
        assert_int_equal(m->total_bytes, 1000 * MIB);
        assert_int_equal(m->available_least_bytes, 100 * MIB);
        assert_int_equal(m->available_least_t_ns, 7 * NS_PER_SECOND);
        assert_int_equal(m->swap_most_bytes, 4 * MIB);
        assert_true(m->busy_ratio > 0.7499 && m->busy_ratio < 0.7501);
        assert_true(m->iowait_ratio > 0.0499 && m->iowait_ratio < 0.0501);
        assert_true(m->waited_ratio[PRESSURE_MEMORY] > 0.2499 &&
                    m->waited_ratio[PRESSURE_MEMORY] < 0.2501);
        assert_true(isnan(m->waited_ratio[PRESSURE_IO]));
        summary_free(s);
        batch_free(memory);
        batch_free(cpu);
        batch_free(pressure);
}

static void test_series(void **state)
{
        Series level, amount;
        double curve[10];

        series_init(&level, false);
        series_init(&amount, true);
        for (int64_t t = 0; t < 100; t++) { /* 100 s, a spike of one tick in it */
                int64_t from = t * (int64_t)NS_PER_SECOND, to = (t + 1) * (int64_t)NS_PER_SECOND;
                series_add(&level, from, to, t == 42 ? 9 : 1);
                series_add(&amount, from, to, t < 70 ? 4 : 1);
        }
        assert_true(series_columns(&level, 0, 10, curve));
        assert_true(curve[4] == 9 && curve[0] == 1 && curve[9] == 1);
        assert_true(series_columns(&amount, 0, 10, curve));
        assert_true(curve[0] > 3.9 && curve[0] < 4.1 && curve[9] > 0.9 && curve[9] < 1.1);
        uint64_t tail = series_tail_under(&amount, 100 * NS_PER_SECOND, 1.1);
        assert_true(tail > 28 * NS_PER_SECOND && tail <= 30 * NS_PER_SECOND);
        series_add(&level, 0, INT64_MAX, 1); /* 292 years do not hang or overflow */
        assert_true(series_columns(&level, 0, 10, curve));
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_composition), cmocka_unit_test(test_empty),
                cmocka_unit_test(test_unknown),     cmocka_unit_test(test_ties),
                cmocka_unit_test(test_culprit),     cmocka_unit_test(test_culprit_beside_matched),
                cmocka_unit_test(test_many),        cmocka_unit_test(test_series),
                cmocka_unit_test(test_machine),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
