/* Major categories by their own peaks, and old rows under new labels. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/clock.h"
#include "base/text.h"
#include "model/summary.h"
#include "table/process-tables.h"

#define MIB (1ull << 20)

static void set_text(Batch *b, size_t column, const char *text)
{
        if (text)
                assert_int_equal(batch_set_text(b, column, text, strlen(text)), 0);
}

static void add_process(Batch *b, uint64_t key, uint64_t parent, const char *comm, const Label *label,
                        uint64_t end_ms)
{
        assert_int_equal(batch_add_row(b), 0);
        batch_set_u64(b, PROCESS_PROCESS, key);
        batch_set_u64(b, PROCESS_IMAGE, 0);
        batch_set_i64(b, PROCESS_PID, (int64_t)(1000 + key));
        if (parent)
                batch_set_u64(b, PROCESS_PARENT, parent);
        set_text(b, PROCESS_COMM, comm);
        set_text(b, PROCESS_CMDLINE, comm);
        if (label) {
                set_text(b, PROCESS_MAJOR, label->major);
                set_text(b, PROCESS_CATEGORY, label->category);
        }
        batch_set_i64(b, PROCESS_START_NS, 0);
        batch_set_i64(b, PROCESS_END_NS, (int64_t)(end_ms * NS_PER_MS));
        batch_set_u64(b, PROCESS_PEAK_RSS_BYTES, MIB);
        batch_set_u64(b, PROCESS_CPU_US, 1000 * key);
}

static void add_sample(Batch *b, uint64_t t_ms, uint64_t key, uint64_t bytes)
{
        assert_int_equal(batch_add_row(b), 0);
        batch_set_i64(b, SAMPLE_T_NS, (int64_t)(t_ms * NS_PER_MS));
        batch_set_u64(b, SAMPLE_PROCESS, key);
        batch_set_u64(b, SAMPLE_PSS_BYTES, bytes);
        batch_set_u64(b, SAMPLE_PSS_AGE_MS, 0);
}

static Batch *new_batch(const Schema *schema)
{
        Batch *b;

        assert_int_equal(batch_new(schema, 1024, 1 << 16, &b), 0);
        return b;
}

static const SummaryGroup *find(const SummaryGroup *groups, size_t n, const char *name)
{
        for (size_t i = 0; i < n; i++)
                if (text_equal(groups[i].name, name))
                        return &groups[i];
        fail_msg("no %s", name);
        return NULL;
}

/* cc1 holds 100 MiB and then nothing, as 30 and later 60 MiB: the major's highest is 130, which is
 * neither the sum of the peaks (160) nor the largest of them. */
static void test_majors(void **state)
{
        static const Label cc1 = {"CPP_Compile", "cc1"}, as = {"CPP_Compile", "as"};
        static const Label ld = {"CPP_Link", "ld"};
        Batch *processes = new_batch(&processes_schema), *samples = new_batch(&samples_schema);
        SummaryBuilder *builder;
        Summary *s;

        add_process(processes, 1, 0, "cc1", &cc1, 150);
        add_process(processes, 2, 0, "as", &as, 900);
        add_process(processes, 3, 0, "ld", &ld, 900);
        add_sample(samples, 100, 1, 100 * MIB);
        add_sample(samples, 100, 2, 30 * MIB);
        add_sample(samples, 200, 2, 60 * MIB);
        add_sample(samples, 200, 3, 80 * MIB);
        assert_int_equal(summary_new(&builder), 0);
        assert_int_equal(summary_observe(builder, "processes", processes), 0);
        assert_int_equal(summary_observe(builder, "samples", samples), 0);
        assert_int_equal(summary_finish(builder, &s), 0);
        assert_int_equal(s->n_majors, 2);
        const SummaryGroup *compile = &s->majors[0];
        assert_string_equal(compile->name, "CPP_Compile"); /* the largest first */
        assert_null(compile->major);
        assert_int_equal(compile->peak_bytes, 130 * MIB);
        assert_int_equal(compile->processes, 2);
        assert_int_equal(compile->cpu_us, 3000);
        /* the tree's own peak is at 200 ms, without cc1 */
        assert_int_equal(s->peak_pss_bytes, 140 * MIB);
        assert_int_equal(compile->at_peak_bytes, 60 * MIB);
        assert_int_equal(compile->at_peak_processes, 1);
        assert_int_equal(find(s->groups, s->n_groups, "cc1")->peak_bytes, 100 * MIB);
        assert_string_equal(find(s->groups, s->n_groups, "as")->major, "CPP_Compile");
        summary_free(s);
        summary_builder_free(builder);
        batch_free(processes);
        batch_free(samples);
}

/* More majors than are told apart: nothing is lost, the rest is one. */
static void test_many_majors(void **state)
{
        Batch *processes = new_batch(&processes_schema);
        SummaryBuilder *builder;
        uint64_t counted = 0;
        Summary *s;

        for (uint64_t i = 1; i <= 200; i++) {
                char major[32];
                snprintf(major, sizeof major, "Major_%u", (unsigned)i);
                add_process(processes, i, 0, "x", &(Label){major, "x"}, 10);
        }
        assert_int_equal(summary_new(&builder), 0);
        assert_int_equal(summary_observe(builder, "processes", processes), 0);
        assert_int_equal(summary_finish(builder, &s), 0);
        assert_int_equal(s->n_majors, SUMMARY_MAJORS);
        for (size_t i = 0; i < s->n_majors; i++)
                counted += s->majors[i].processes;
        assert_int_equal(counted, 200);
        assert_int_equal(find(s->majors, s->n_majors, "Other")->processes, 200 - SUMMARY_MAJORS + 1);
        summary_free(s);
        summary_builder_free(builder);
        batch_free(processes);
}

/* as under gcc is a compile, else a tool; a parent counts by its own label only. */
static const Label *label(const LabelWords *words, void *data)
{
        static const Label compile = {"CPP_Compile", "gcc"}, assemble = {"CPP_Compile", "as"};
        static const Label tool = {"Tools", "as"}, other = {"Other", "Other_x"};
        unsigned *asked = data;

        ++*asked;
        assert_non_null(words->comm);
        if (text_equal(words->comm, "gcc"))
                return &compile;
        if (text_equal(words->comm, "as"))
                return words->parent == &compile ? &assemble : &tool;
        return &other;
}

static void test_relabel(void **state)
{
        static const Label old = {"Old", "old"};
        Batch *processes = new_batch(&processes_schema);
        SummaryBuilder *builder;
        unsigned asked = 0;
        Summary *s;

        /* children end, and so are written, before their parents */
        add_process(processes, 2, 1, "as", &old, 100);
        add_process(processes, 1, 0, "gcc", &old, 200);
        add_process(processes, 4, 3, "as", &old, 100);
        add_process(processes, 3, 0, "sh", &old, 200);
        add_process(processes, 5, 77, "as", &old, 200); /* of a parent without a row */
        assert_int_equal(summary_new(&builder), 0);
        summary_relabel(builder, label, &asked);
        assert_int_equal(summary_learn(builder, processes), 0);
        assert_int_equal(summary_observe(builder, "processes", processes), 0);
        assert_int_equal(summary_finish(builder, &s), 0);
        assert_int_equal(asked, 10);
        assert_int_equal(s->n_groups, 4);
        assert_int_equal(find(s->majors, s->n_majors, "CPP_Compile")->processes, 2);
        assert_int_equal(find(s->majors, s->n_majors, "Tools")->processes, 2);
        assert_int_equal(find(s->groups, s->n_groups, "gcc")->processes, 1);
        for (size_t i = 0; i < s->n_top; i++)
                assert_string_not_equal(s->top[i].category, "old");
        summary_free(s);
        summary_builder_free(builder);
        batch_free(processes);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_majors),
                cmocka_unit_test(test_many_majors),
                cmocka_unit_test(test_relabel),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
