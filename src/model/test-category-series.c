/* Sums by category of known runs: peaks kept, levels held, CPU time whole, gaps, ends, bounds. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/clock.h"
#include "model/category-series.h"
#include "table/process-tables.h"

#define MIB (1ull << 20)
#define NONE UINT64_MAX

typedef struct Run {
        Batch *processes, *totals, *samples;
} Run;

static Run run_new(void)
{
        Run r;

        assert_int_equal(batch_new(&processes_schema, 4096, 1 << 20, &r.processes), 0);
        assert_int_equal(batch_new(&totals_schema, 4096, 1 << 10, &r.totals), 0);
        assert_int_equal(batch_new(&samples_schema, 65536, 1 << 10, &r.samples), 0);
        return r;
}

static void run_free(Run *r)
{
        batch_free(r->processes);
        batch_free(r->totals);
        batch_free(r->samples);
}

static void add_process(Run *r, uint64_t key, const char *major, const char *category, uint64_t start_ms,
                        uint64_t end_ms, uint64_t cpu_us)
{
        assert_int_equal(batch_add_row(r->processes), 0);
        batch_set_u64(r->processes, PROCESS_PROCESS, key);
        batch_set_text(r->processes, PROCESS_COMM, "worker", 6);
        if (major)
                batch_set_text(r->processes, PROCESS_MAJOR, major, strlen(major));
        if (category)
                batch_set_text(r->processes, PROCESS_CATEGORY, category, strlen(category));
        batch_set_i64(r->processes, PROCESS_START_NS, (int64_t)(start_ms * NS_PER_MS));
        if (end_ms != NONE)
                batch_set_i64(r->processes, PROCESS_END_NS, (int64_t)(end_ms * NS_PER_MS));
        batch_set_u64(r->processes, PROCESS_CPU_US, cpu_us);
}

static void add_sample(Run *r, uint64_t t_ms, uint64_t key, uint64_t pss, uint64_t rss, uint64_t cpu_us)
{
        assert_int_equal(batch_add_row(r->samples), 0);
        batch_set_i64(r->samples, SAMPLE_T_NS, (int64_t)(t_ms * NS_PER_MS));
        batch_set_u64(r->samples, SAMPLE_PROCESS, key);
        if (pss != NONE)
                batch_set_u64(r->samples, SAMPLE_PSS_BYTES, pss);
        batch_set_u64(r->samples, SAMPLE_RSS_ANON_BYTES, rss);
        if (cpu_us != NONE) {
                batch_set_u64(r->samples, SAMPLE_USER_US, cpu_us);
                batch_set_u64(r->samples, SAMPLE_SYSTEM_US, 0);
        }
}

static void add_tick(Run *r, uint64_t t_ms)
{
        assert_int_equal(batch_add_row(r->totals), 0);
        batch_set_i64(r->totals, TOTAL_T_NS, (int64_t)(t_ms * NS_PER_MS));
}

static void add_total(Run *r, uint64_t t_ms, uint64_t pss)
{
        add_tick(r, t_ms);
        batch_set_u64(r->totals, TOTAL_PSS_BYTES, pss);
}

static CategorySeries *series_of(Run *r, const CategorySeriesOptions *options, uint64_t end_ms)
{
        CategorySeriesBuilder *b;
        CategorySeries *s;

        assert_int_equal(category_series_new(options, &b), 0);
        assert_int_equal(category_series_observe(b, "processes", r->processes), 0);
        assert_int_equal(category_series_observe(b, "totals", r->totals), 0);
        assert_int_equal(category_series_observe(b, "samples", r->samples), 0);
        assert_int_equal(category_series_finish(b, end_ms == NONE ? INT64_MIN : (int64_t)(end_ms * NS_PER_MS),
                                                &s), 0);
        category_series_builder_free(b);
        return s;
}

static const CategoryLine *line_of(const CategorySeries *s, const char *name)
{
        for (size_t i = 0; i < s->n_lines; i++)
                if (strcmp(s->lines[i].name, name) == 0)
                        return &s->lines[i];
        fail_msg("no line %s", name);
        return NULL;
}

static double cpu_seconds(const CategorySeries *s, const CategoryLine *line)
{
        double sum = 0;

        for (size_t i = 0; line->values[CATEGORY_CPU] && i < s->n_buckets; i++) {
                uint64_t end = (i + 1) * s->width_ns < s->end_ns ? (i + 1) * s->width_ns : s->end_ns;
                sum += line->values[CATEGORY_CPU][i] * (double)(end - i * s->width_ns) / 1e9;
        }
        return sum;
}

static double highest(const CategorySeries *s, const double *values)
{
        double most = 0;

        for (size_t i = 0; i < s->n_buckets; i++)
                if (values[i] > most)
                        most = values[i];
        return most;
}

/* Two categories whose own peaks are at other ticks than their sum's. */
static void add_crossing(Run *r)
{
        add_process(r, 1, "CPP_Compile", "cc1", 0, 999, 900000);
        add_process(r, 2, "CPP_Link", "ld", 100, 1000, 500000);
        for (uint64_t t = 0; t < 1000; t += 10) {
                add_sample(r, t, 1, (t == 300 ? 500 : 10) * MIB, 20 * MIB, t * 900);
                if (t >= 100)
                        add_sample(r, t, 2, (t == 310 ? 400 : t == 500 ? 495 : 30) * MIB, 40 * MIB, NONE);
                add_tick(r, t);
        }
}

static void test_parts_of_the_highest_tick(void **state)
{
        Run r = run_new();

        add_crossing(&r);
        /* 64 buckets of 16 ms: more than one tick in some of them; 4 s of them at the least */
        CategorySeries *s = series_of(&r, &(CategorySeriesOptions){.buckets = 64, .span_ns = NS_PER_SECOND}, 1000);
        const CategoryLine *cc1 = line_of(s, "cc1"), *ld = line_of(s, "ld");

        assert_true(s->pss);
        assert_string_equal(s->lines[0].name, "cc1"); /* the highest peak first */
        assert_string_equal(ld->major, "CPP_Link");
        assert_true(cc1->peaks[CATEGORY_PSS] == 500.0 * MIB && ld->peaks[CATEGORY_PSS] == 495.0 * MIB);
        for (size_t i = 0; i < s->n_buckets; i++) {
                assert_true(s->known[i]);
                double parts = (cc1->values[CATEGORY_PSS][i]) + (ld->values[CATEGORY_PSS][i]);
                assert_true(parts == s->totals[CATEGORY_PSS][i]);
        }
        assert_true(highest(s, s->totals[CATEGORY_PSS]) == 530.0 * MIB);
        size_t at = 300 * NS_PER_MS / s->width_ns;
        assert_true(s->totals[CATEGORY_PSS][at] == 530.0 * MIB);
        assert_true(s->at_ns[CATEGORY_PSS][at] == 300 * (int64_t)NS_PER_MS);
        assert_true(cc1->values[CATEGORY_PSS][at] == 500.0 * MIB && ld->values[CATEGORY_PSS][at] == 30.0 * MIB);
        assert_true(s->totals[CATEGORY_RSS][at] == 60.0 * MIB);
        assert_true(s->totals[CATEGORY_PROCESSES][at] == 2);

        /* Coarser: the peak is still there, as a true sum. */
        CategorySeries *c;
        assert_int_equal(category_series_coarsen(s, 10, &c), 0);
        assert_int_equal(c->n_buckets, (s->n_buckets + 9) / 10);
        assert_true(highest(c, c->totals[CATEGORY_PSS]) == 530.0 * MIB);
        assert_true(fabs(cpu_seconds(c, line_of(c, "cc1")) - 0.9) < 1e-9);
        category_series_free(c);
        category_series_free(s);
        run_free(&r);
}

/* Lines are told by their number: a short burst, which no tick saw, stays before what goes on for long. */
static void test_coarser_in_the_same_order(void **state)
{
        Run r = run_new();
        CategorySeries *c;

        add_process(&r, 1, "CPP_Compile", "burst", 100, 110, 10000);
        add_process(&r, 2, "CPP_Compile", "steady", 0, 999, 500000);
        CategorySeries *s = series_of(&r, &(CategorySeriesOptions){.buckets = 100, .span_ns = NS_PER_SECOND}, 1000);
        assert_string_equal(s->lines[0].name, "burst");
        assert_int_equal(category_series_coarsen(s, 50, &c), 0);
        assert_true(highest(c, c->lines[1].values[CATEGORY_CPU]) > highest(c, c->lines[0].values[CATEGORY_CPU]));
        for (size_t i = 0; i < s->n_lines; i++)
                assert_string_equal(c->lines[i].name, s->lines[i].name);
        assert_true(fabs(highest(c, c->totals[CATEGORY_CPU]) - highest(c, c->lines[1].values[CATEGORY_CPU]) -
                         c->lines[0].values[CATEGORY_CPU][0]) < 1e-3);
        category_series_free(c);
        category_series_free(s);
        run_free(&r);
}

/* Buckets that grow from 1 ms keep what finer ones had. */
static void test_unknown_length(void **state)
{
        Run r = run_new();

        add_crossing(&r);
        CategorySeries *s = series_of(&r, &(CategorySeriesOptions){.buckets = 64}, NONE);

        assert_int_equal(s->end_ns, 1000 * NS_PER_MS);
        assert_true(s->n_buckets <= 64 && s->n_buckets > 32);
        assert_true(highest(s, s->totals[CATEGORY_PSS]) == 530.0 * MIB);
        assert_true(fabs(cpu_seconds(s, line_of(s, "cc1")) - 0.9) < 1e-9);
        assert_true(fabs(cpu_seconds(s, line_of(s, "ld")) - 0.5) < 1e-9);
        category_series_free(s);
        run_free(&r);
}

/* Every CPU second of every process is told, seen by a tick or not, alive or not. */
static void test_cpu_is_whole(void **state)
{
        Run r = run_new();

        add_process(&r, 1, "CPP_Compile", "cc1", 100, 102, 1500);      /* no tick saw it */
        add_process(&r, 2, "CPP_Compile", "cc1", 200, 1200, 700000);   /* an exec: counts from 5 s on */
        add_process(&r, 3, NULL, NULL, 0, NONE, 250000);               /* alive at the end */
        add_process(&r, 4, "CPP_Compile", "cc1", 3990, 4010, 10000);   /* ends after the clock was read */
        add_sample(&r, 300, 2, MIB, MIB, 5000000);
        add_sample(&r, 400, 3, MIB, MIB, 100000);
        add_sample(&r, 500, 2, MIB, MIB, 5200000);
        CategorySeries *s = series_of(&r, &(CategorySeriesOptions){.span_ns = 4 * NS_PER_SECOND}, 4000);

        assert_true(fabs(cpu_seconds(s, line_of(s, "cc1")) - 0.7115) < 1e-9);
        assert_true(fabs(cpu_seconds(s, line_of(s, "worker")) - 0.25) < 1e-9);
        assert_null(line_of(s, "worker")->major);
        /* exact between samples: 0.2 s in 0.2 s is a core */
        assert_true(fabs(line_of(s, "cc1")->values[CATEGORY_CPU][400 * NS_PER_MS / s->width_ns] - 1) < 1e-9);
        /* the rest, 0.5 s, over the other 0.8 s of its life */
        assert_true(fabs(line_of(s, "cc1")->values[CATEGORY_CPU][900 * NS_PER_MS / s->width_ns] - 0.625) < 1e-9);
        category_series_free(s);
        run_free(&r);
}

/* Parent and child just after a fork: the parts have the shared memory twice, the total once. A tick at which no
 * process is told, but the tree's peak was reached. One that ended, and its memory goes a little later. */
static void test_parts_add_up_to_the_total(void **state)
{
        Run r = run_new();

        add_process(&r, 1, "BuildSystem", "make", 0, NONE, 0);
        add_process(&r, 2, "CPP_Compile", "gcc", 100, 900, 0);
        for (uint64_t t = 0; t < 1000; t += 50) {
                if (t != 500)
                        add_sample(&r, t, 1, 60 * MIB, 60 * MIB, NONE);
                if (t >= 100 && t < 900 && t != 500)
                        add_sample(&r, t, 2, (t == 100 ? 60 : 20) * MIB, MIB, NONE);
                add_total(&r, t, (t == 500 ? 81 : t == 100 ? 62 : t > 100 && t < 1000 ? 80 : 60) * MIB);
        }
        CategorySeries *s = series_of(&r, &(CategorySeriesOptions){.buckets = 100, .span_ns = NS_PER_SECOND}, 1000);
        const double *make = line_of(s, "make")->values[CATEGORY_PSS], *gcc = line_of(s, "gcc")->values[CATEGORY_PSS];

        assert_true(fabs(highest(s, s->totals[CATEGORY_PSS]) - 81.0 * MIB) < MIB / 1024.0);
        for (size_t i = 0; i < s->n_buckets; i++)
                assert_true(fabs(make[i] + (gcc ? gcc[i] : 0) - s->totals[CATEGORY_PSS][i]) < 1);
        size_t fork = 100 * NS_PER_MS / s->width_ns, peak = 500 * NS_PER_MS / s->width_ns;
        assert_true(fabs(make[fork] - 31.0 * MIB) < 64 && fabs(gcc[fork] - 31.0 * MIB) < 64);
        assert_true(fabs(make[peak] - 60.75 * MIB) < 64 && fabs(gcc[peak] - 20.25 * MIB) < 64);
        size_t ending = 955 * NS_PER_MS / s->width_ns;
        assert_true(fabs(make[ending] - 60.0 * MIB) < 64 && fabs(gcc[ending] - 20.0 * MIB) < 64);
        assert_int_equal(s->at_ns[CATEGORY_PSS][peak], 500 * NS_PER_MS);
        assert_true(s->totals[CATEGORY_RSS][fork] == 61.0 * MIB); /* RSS is a sum by its definition */
        category_series_free(s);
        run_free(&r);
}

/* Who has no row at a tick had not run: its CPU time is that of the last tick alone. Rows of a busy process vary by
 * the kernel's clock tick: over 100 ms that is a few percent. */
static void test_cpu_between_ticks(void **state)
{
        Run r = run_new();

        add_process(&r, 1, "CPP_Compile", "cc1", 0, NONE, 500000);
        add_process(&r, 2, "CPP_Link", "ld", 1000, NONE, 1000000);
        add_sample(&r, 0, 1, MIB, MIB, 0);
        for (uint64_t t = 0; t <= 2000; t += 50) {
                add_tick(&r, t);
                if (t == 950)
                        add_sample(&r, t, 1, MIB, MIB, 50000);
                if (t >= 1000)
                        add_sample(&r, t, 2, MIB, MIB, (t - 1000) * 1000 + (t / 50 % 2 ? 4000 : 0));
        }
        CategorySeries *s = series_of(&r, &(CategorySeriesOptions){.buckets = 200, .span_ns = 2 * NS_PER_SECOND}, 2000);
        const double *slept = line_of(s, "cc1")->values[CATEGORY_CPU];

        assert_true(slept[500 * NS_PER_MS / s->width_ns] == 0);
        assert_true(fabs(slept[925 * NS_PER_MS / s->width_ns] - 1) < 0.05);
        assert_true(line_of(s, "ld")->peaks[CATEGORY_CPU] < 1.05);
        assert_true(fabs(cpu_seconds(s, line_of(s, "ld")) - 1) < 1e-6);
        category_series_free(s);
        run_free(&r);
}

/* What ends in the last moment, behind the clock, makes no cores that are not there. */
static void test_cpu_at_the_end(void **state)
{
        const CategorySeriesOptions options = {.buckets = 10, .span_ns = 1000 * NS_PER_MS,
                                               .width_ns = 100 * NS_PER_MS};
        Run r = run_new();

        add_process(&r, 1, "CPP_Compile", "cc1", 0, 905, 905000);
        add_tick(&r, 901);
        CategorySeries *s = series_of(&r, &options, 901);

        assert_true(fabs(cpu_seconds(s, line_of(s, "cc1")) - 0.905) < 1e-9);
        assert_true(line_of(s, "cc1")->peaks[CATEGORY_CPU] < 1.1);
        assert_true(s->end_ns % s->width_ns == NS_PER_MS);
        category_series_free(s);
        run_free(&r);
}

/* Two CPUs, both busy; the counter is told in steps and comes up with the truth now and then. What comes too late for
 * them to have done it in that moment was done before. */
static void test_no_more_than_the_cpus(void **state)
{
        for (unsigned cpus = 0; cpus <= 2; cpus++) { /* 0: not known; 1: it was not what was there at the start */
                Run r = run_new();
                add_process(&r, 1, "CPP_Compile", "cc1", 0, 1000, 1000000);
                add_process(&r, 2, "CPP_Link", "ld", 0, 1000, 1000000);
                for (uint64_t t = 0; t <= 1000; t += 100) {
                        const uint64_t late_us = t == 1000 ? 0 : t % 300 ? 30000 : 10000;
                        add_tick(&r, t);
                        batch_set_u64(r.totals, TOTAL_CPU_US, t == 0 ? 0 : t * 2000 - late_us);
                        for (uint64_t i = 1; i <= 2; i++)
                                add_sample(&r, t, i, MIB, MIB, t == 0 ? 0 : t * 1000 - late_us / 2);
                }
                CategorySeries *s = series_of(&r, &(CategorySeriesOptions){.buckets = 100, .span_ns = NS_PER_SECOND,
                                                                            .width_ns = 50 * NS_PER_MS, .cpus = cpus}, 1000);
                const double most = highest(s, s->totals[CATEGORY_CPU]);
                if (cpus == 2)
                        assert_true(most > 1.99 && most < 2.01);
                else
                        assert_true(most > 2.15);
                assert_true(fabs(cpu_seconds(s, line_of(s, "cc1")) + cpu_seconds(s, line_of(s, "ld")) - 2) < 1e-6);
                category_series_free(s);
                run_free(&r);
        }
}

/* A process grew unseen and ended between two ticks: memory is told of that moment. What the others ran is still of the
 * time between the ticks. */
static void test_between_ticks(void **state)
{
        Run r = run_new();

        add_process(&r, 1, "CPP_Compile", "cc1", 0, 1000, 1000000);
        add_process(&r, 2, "CPP_Link", "ld", 120, 195, 75000);
        for (uint64_t t = 0; t <= 1000; t += 100) {
                if (t == 200) {
                        add_total(&r, 195, 90 * MIB); /* no CPU time */
                        add_sample(&r, 195, 2, 80 * MIB, 80 * MIB, NONE);
                }
                add_total(&r, t, 10 * MIB);
                batch_set_u64(r.totals, TOTAL_CPU_US, t * 1000 + (t >= 200 ? 75000 : 0));
                add_sample(&r, t, 1, 10 * MIB, 10 * MIB, t * 1000);
        }
        CategorySeries *s = series_of(&r, &(CategorySeriesOptions){.buckets = 200, .span_ns = NS_PER_SECOND,
                                                                    .width_ns = 5 * NS_PER_MS}, 1000);
        assert_true(highest(s, s->totals[CATEGORY_PSS]) == 90.0 * MIB);
        assert_true(highest(s, line_of(s, "ld")->values[CATEGORY_PSS]) == 80.0 * MIB);
        assert_true(highest(s, line_of(s, "cc1")->values[CATEGORY_PSS]) == 10.0 * MIB);
        assert_true(highest(s, line_of(s, "cc1")->values[CATEGORY_CPU]) < 2); /* not 100 ms in 5 */
        assert_true(fabs(cpu_seconds(s, line_of(s, "ld")) - 0.075) < 0.02); /* brought to what the run used */
        assert_true(highest(s, line_of(s, "ld")->values[CATEGORY_CPU]) < 2);
        category_series_free(s);
        run_free(&r);
}

/* A level holds until the next row, goes when its process ends, and is unknown where nobody looked. */
static void test_holds_and_gaps(void **state)
{
        const CategorySeriesOptions options = {.buckets = 100, .span_ns = 100 * NS_PER_SECOND,
                                               .interval_ns = 100 * NS_PER_MS};
        Run r = run_new();

        add_process(&r, 1, "Other", "Other_sleep", 1000, 30000, 0);
        add_process(&r, 2, "Ignored", "vigia", 0, NONE, 0);
        add_sample(&r, 2000, 2, MIB, MIB, NONE);
        add_sample(&r, 5000, 1, 8 * MIB, 9 * MIB, NONE);
        add_sample(&r, 90000, 2, 2 * MIB, MIB, NONE);
        for (uint64_t t = 2000; t <= 100000; t += 500)
                if (t < 50000 || t > 60000)
                        add_tick(&r, t);
        CategorySeries *s = series_of(&r, &options, 100000);
        const double *sleeper = line_of(s, "Other_sleep")->values[CATEGORY_PSS];

        assert_true(line_of(s, "vigia")->ignored && !line_of(s, "Other_sleep")->ignored);
        assert_false(s->known[0]);
        assert_true(isnan(s->totals[CATEGORY_PSS][0]));
        assert_true(sleeper[20 * NS_PER_SECOND / s->width_ns] == 8.0 * MIB);
        assert_true(sleeper[32 * NS_PER_SECOND / s->width_ns] == 0);
        assert_true(s->totals[CATEGORY_PSS][48 * NS_PER_SECOND / s->width_ns] == 1.0 * MIB);
        assert_false(s->known[55 * NS_PER_SECOND / s->width_ns]);
        assert_true(isnan(sleeper[55 * NS_PER_SECOND / s->width_ns]));
        assert_true(s->known[70 * NS_PER_SECOND / s->width_ns]);
        assert_true(s->totals[CATEGORY_PSS][95 * NS_PER_SECOND / s->width_ns] == 2.0 * MIB);
        category_series_free(s);
        run_free(&r);
}

static void test_nothing(void **state)
{
        Run r = run_new();
        CategorySeries *s = series_of(&r, &(CategorySeriesOptions){0}, NONE), *c;

        assert_int_equal(s->n_buckets, 0);
        assert_int_equal(s->n_lines, 0);
        assert_int_equal(category_series_coarsen(s, 4, &c), 0);
        assert_int_equal(c->n_buckets, 0);
        category_series_free(c);
        category_series_free(s);

        /* One sample, no end known. */
        add_process(&r, 1, NULL, NULL, 0, NONE, 0);
        add_sample(&r, 50, 1, NONE, 3 * MIB, NONE);
        s = series_of(&r, &(CategorySeriesOptions){0}, NONE);
        assert_int_equal(s->n_lines, 1);
        assert_false(s->pss);
        assert_true(highest(s, s->totals[CATEGORY_PSS]) <= 3.0 * MIB);
        assert_true(s->lines[0].peaks[CATEGORY_PSS] == 3.0 * MIB);
        category_series_free(s);

        /* Samples of a process that has no row. */
        add_sample(&r, 60, 77, 5 * MIB, MIB, 10);
        s = series_of(&r, &(CategorySeriesOptions){0}, 100);
        assert_true(line_of(s, "unnamed")->peaks[CATEGORY_PSS] == 5.0 * MIB);
        assert_true(highest(s, s->totals[CATEGORY_PSS]) == 8.0 * MIB);
        category_series_free(s);
        run_free(&r);
}

/* Very many buckets of very many programs: fewer buckets, the same peak. */
static void test_bounded(void **state)
{
        enum { PROGRAMS = 200 };
        Run r = run_new();

        for (uint64_t i = 1; i <= PROGRAMS; i++) {
                char name[32] = "program-";
                name[8] = (char)('A' + i % 26);
                name[9] = (char)('A' + i / 26);
                name[10] = '\0';
                add_process(&r, i, "Other", name, i, NONE, 1000);
                add_sample(&r, 10 * i, i, MIB, MIB, NONE);
        }
        add_sample(&r, 10 * PROGRAMS + 5, 1, 4000 * MIB, MIB, NONE);
        add_sample(&r, 10 * PROGRAMS + 6, 1, MIB, MIB, NONE);
        CategorySeries *s = series_of(&r, &(CategorySeriesOptions){.buckets = 100000,
                                                                   .span_ns = 100 * NS_PER_SECOND}, 100000);

        assert_int_equal(s->n_lines, PROGRAMS);
        assert_true(s->n_buckets < 100000 && s->n_buckets * 4 * PROGRAMS <= CATEGORY_SERIES_VALUES);
        assert_true(highest(s, s->totals[CATEGORY_PSS]) == (4000.0 + PROGRAMS - 1) * MIB);
        assert_true(fabs(cpu_seconds(s, line_of(s, "program-BA")) - 0.001) < 1e-9);
        category_series_free(s);
        run_free(&r);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_parts_of_the_highest_tick),
                cmocka_unit_test(test_coarser_in_the_same_order), cmocka_unit_test(test_unknown_length),
                cmocka_unit_test(test_cpu_is_whole),              cmocka_unit_test(test_between_ticks), cmocka_unit_test(test_holds_and_gaps),
                cmocka_unit_test(test_cpu_at_the_end),
                cmocka_unit_test(test_no_more_than_the_cpus),            cmocka_unit_test(test_parts_add_up_to_the_total),
                cmocka_unit_test(test_cpu_between_ticks),
                cmocka_unit_test(test_nothing),                   cmocka_unit_test(test_bounded),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
