/* Comparisons of known figures: verdicts, regressions, notes; text, Markdown and JSON against goldens
 * (tests/golden/compare-*), which VIGIA_UPDATE_GOLDEN=1 meson test compare writes anew. */
#include <errno.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <jansson.h>

#include "base/file.h"
#include "base/test-source.h"
#include "report/compare.h"

#define MIB 1048576.0

static void add_figure(Comparison *c, const ComparedFigure *like)
{
        c->figures = realloc(c->figures, (c->n_figures + 1) * sizeof *c->figures);
        assert_non_null(c->figures);
        ComparedFigure *f = &c->figures[c->n_figures++];
        *f = *like;
        f->name = strdup(like->name);
        f->within = like->within ? strdup(like->within) : NULL;
        f->thing = like->thing ? strdup(like->thing) : NULL;
        f->values = calloc(COMPARE_RUNS_MAX, sizeof *f->values);
        assert_non_null(f->values);
        for (size_t i = 0; i < COMPARE_RUNS_MAX; i++)
                f->values[i] = NAN;
}

/* A run of the group; wall < 0: not known. */
static ComparedRun *add_run(Comparison *c, size_t group, double wall, double cpu, double peak_mib)
{
        char id[32];
        size_t at = c->n_runs++;

        snprintf(id, sizeof id, "20261121-10%02zu00-make", at);
        c->runs = realloc(c->runs, c->n_runs * sizeof *c->runs);
        assert_non_null(c->runs);
        c->runs[at] = (ComparedRun){
                .path = strdup(id), .id = strdup(id), .label = strdup("make"), .host = strdup("watch"),
                .kernel = strdup("6.1.0"), .command = strdup("make -j8"), .source = strdup("bpf"),
                .rules = strdup("builtin"), .cpus = 8, .memory_bytes = 16ull << 30, .exit_signal = -1,
                .complete = true, .group = group,
        };
        c->figures[RUN_WALL].values[at] = wall < 0 ? NAN : wall;
        c->figures[RUN_CPU].values[at] = cpu;
        c->figures[RUN_CORES].values[at] = wall < 0 ? NAN : cpu / wall;
        c->figures[RUN_PEAK].values[at] = peak_mib * MIB;
        c->figures[RUN_PROCESSES].values[at] = 812;
        c->groups[group].n_runs++;
        return &c->runs[at];
}

static void begin(Comparison *c, size_t n_groups, const char *const *names)
{
        size_t group;

        assert_int_equal(comparison_init(c), 0);
        for (size_t i = 0; i < n_groups; i++) {
                assert_int_equal(comparison_add_group(c, names[i], 0, &group), 0);
                assert_int_equal(group, i);
                if (i > 0)
                        assert_int_equal(comparison_add_pair(c, 0, i), 0);
        }
}

static const char *const two[] = {"baseline", "dev"};

static void set(Comparison *c, const ComparedFigure *like, const double *values)
{
        add_figure(c, like);
        memcpy(c->figures[c->n_figures - 1].values, values, c->n_runs * sizeof *values);
}

/* Three of each: slower for sure, a peak that only seems higher. */
static void make_build(Comparison *c)
{
        const ComparedFigure cc_peak = {FIGURE_CATEGORY, STATISTIC_PEAK, (char *)"cc1plus", (char *)"CPP_Compile",
                                        NULL, UNIT_BYTES, true, false, NULL};
        const ComparedFigure cc_count = {FIGURE_CATEGORY, STATISTIC_PROCESSES, (char *)"cc1plus",
                                         (char *)"CPP_Compile", NULL, UNIT_COUNT, false, false, NULL};
        const ComparedFigure ld_cpu = {FIGURE_CATEGORY, STATISTIC_CPU, (char *)"ld", (char *)"CPP_Link", NULL,
                                       UNIT_SECONDS, true, false, NULL};
        const ComparedFigure ld_count = {FIGURE_CATEGORY, STATISTIC_PROCESSES, (char *)"ld", (char *)"CPP_Link",
                                         NULL, UNIT_COUNT, false, false, NULL};
        const ComparedFigure calls = {FIGURE_MONITOR, STATISTIC_TOTAL, (char *)"migrate_folio_calls",
                                      (char *)"folio_migration", NULL, UNIT_COUNT, false, false, NULL};
        const ComparedFigure warm = {FIGURE_MONITOR, STATISTIC_MEAN, (char *)"celsius", (char *)"temperature",
                                     (char *)"coretemp Package id 0", UNIT_CELSIUS, false, false, NULL};

        begin(c, 2, two);
        add_run(c, 0, 40.1, 290, 3100);
        add_run(c, 0, 40.9, 291, 3140);
        add_run(c, 0, 40.3, 289, 3050);
        add_run(c, 1, 45.0, 322, 3160);
        add_run(c, 1, 46.1, 320, 3090);
        add_run(c, 1, 44.8, 321, 3120);
        set(c, &cc_peak, (double[]){2e9, 2.1e9, 2e9, 2e9, 2.05e9, 2.1e9});
        set(c, &cc_count, (double[]){200, 200, 200, 200, 200, 200});
        set(c, &ld_cpu, (double[]){NAN, NAN, NAN, 1, 1.1, 0.9});
        set(c, &ld_count, (double[]){NAN, NAN, NAN, 3, 3, 3});
        set(c, &calls, (double[]){1000, 1010, 990, 2000, 2020, 1980});
        set(c, &warm, (double[]){61, 60, 62, 70, 71, 72});
        free(c->runs[3].kernel);
        c->runs[3].kernel = strdup("6.2.0");
        assert_int_equal(comparison_finish(c), 0);
}

static size_t widest_line(const char *text)
{
        size_t widest = 0;

        for (const char *at = text; *at;) {
                _cleanup_string_ String line = {0};
                size_t size = strcspn(at, "\n");
                string_add_bytes(&line, at, size);
                widest = MAX(widest, text_width(string_get(&line)));
                at += size + (at[size] == '\n');
        }
        return widest;
}

static void test_goldens(void **state)
{
        static const struct {
                const char *name;
                unsigned columns;
                bool ascii, color, all;
        } forms[] = {{"compare-build.txt", 80, false, false, false},
                     {"compare-build-narrow-ascii-color.txt", 60, true, true, true}};
        RegressionCheck check = {.bound = 0.05, .figures = {[RUN_WALL] = true, [RUN_PEAK] = true}};
        CompareOptions options = {.check = &check};
        Comparison c;

        make_build(&c);
        for (size_t i = 0; i < ARRAY_LENGTH(forms); i++) {
                _cleanup_string_ String text = {0};
                options.shown = (ReportOptions){forms[i].color, forms[i].ascii, forms[i].columns};
                options.all = forms[i].all;
                assert_int_equal(compare_write_text(&c, &options, &text), 0);
                expect_golden(forms[i].name, string_get(&text));
                if (!forms[i].color)
                        assert_true(widest_line(string_get(&text)) <= forms[i].columns);
                for (const char *at = string_get(&text); forms[i].ascii && *at; at++)
                        assert_true((unsigned char)*at < 128);
        }
        _cleanup_string_ String json = {0}, markdown = {0};
        options.shown = (ReportOptions){0};
        assert_int_equal(compare_write_json(&c, &options, &json), 0);
        expect_golden("compare-build.json", string_get(&json));
        options.all = false;
        assert_int_equal(compare_write_markdown(&c, &options, &markdown), 0);
        expect_golden("compare-build.md", string_get(&markdown));
        comparison_done(&c);
}

static void test_verdicts(void **state)
{
        Comparison c;

        make_build(&c);
        const ComparedDifference *d = c.pairs[0].differences;
        assert_int_equal(d[RUN_WALL].verdict, VERDICT_MORE);
        assert_int_equal(d[RUN_PEAK].verdict, VERDICT_UNCLEAR);
        assert_int_equal(d[RUN_PROCESSES].verdict, VERDICT_ALIKE);
        assert_int_equal(d[RUN_USER].verdict, VERDICT_UNKNOWN);
        /* ld ran in no run of the base: it took nothing there, which is known. */
        assert_true(d[RUN_FIGURES + 2].a.n == 3 && d[RUN_FIGURES + 2].a.mean == 0);
        assert_int_equal(d[RUN_FIGURES + 2].verdict, VERDICT_MORE);
        comparison_done(&c);
}

static Judgement judge(double a, double b, size_t n, double spread, double bound)
{
        RegressionCheck check = {.bound = bound, .figures = {[RUN_WALL] = true}, .chosen = true};
        Comparison c;

        begin(&c, 2, two);
        for (size_t i = 0; i < n; i++) {
                double off = n > 1 ? spread * ((double)i / (double)(n - 1) - 0.5) : 0;
                add_run(&c, 0, a < 0 ? a : a + off, 1, 1);
                add_run(&c, 1, b < 0 ? b : b + off, 1, 1);
        }
        assert_int_equal(comparison_finish(&c), 0);
        Judgement all = regression_judge_all(&check, &c);
        comparison_done(&c);
        return all;
}

static void test_regressions(void **state)
{
        assert_int_equal(judge(10, 11, 1, 0, 0.05), JUDGED_WORSE); /* one run each: the ratio alone */
        assert_int_equal(judge(10, 10.4, 1, 0, 0.05), JUDGED_FINE);
        assert_int_equal(judge(10, 10.5, 1, 0, 0.05), JUDGED_FINE); /* not more than the bound */
        assert_int_equal(judge(10, 11, 3, 0.2, 0.05), JUDGED_WORSE);
        assert_int_equal(judge(10, 11, 3, 5, 0.05), JUDGED_NOT_SURE);
        assert_int_equal(judge(10, 10.3, 3, 0.1, 0.05), JUDGED_FINE); /* surely slower, but within */
        assert_int_equal(judge(10, 11, 8, 0.2, 0.05), JUDGED_WORSE);
        assert_int_equal(judge(10, 9, 8, 0.2, 0), JUDGED_FINE);
        assert_int_equal(judge(10, 10, 3, 0, 0), JUDGED_FINE);
        assert_int_equal(judge(-1, 10, 1, 0, 0.05), JUDGED_UNKNOWN);
}

static void test_failures_and_unfinished(void **state)
{
        RegressionCheck check = {.bound = 0.05, .figures = {[RUN_WALL] = true}};
        Comparison c;

        begin(&c, 2, two);
        add_run(&c, 0, 10, 1, 1);
        add_run(&c, 1, 2, 1, 1)->exit_code = 2; /* it failed early, and so was fast */
        c.groups[1].n_failed = 1;
        assert_int_equal(comparison_finish(&c), 0);
        assert_int_equal(regression_judge_all(&check, &c), JUDGED_WORSE);
        assert_int_equal(c.n_notes, 1);
        assert_non_null(strstr(c.notes[0].text, "1 of 1 run failed"));
        c.groups[0].n_failed = 1; /* as before, then */
        assert_int_equal(regression_judge_all(&check, &c), JUDGED_FINE);
        c.groups[1].n_unfinished = 1;
        assert_int_equal(regression_judge_all(&check, &c), JUDGED_UNKNOWN);
        comparison_done(&c);
}

static void test_notes(void **state)
{
        Comparison c;

        begin(&c, 2, two);
        add_run(&c, 0, 10, 1, 1);
        ComparedRun *run = add_run(&c, 1, 10, 1, 1);
        run->partial = true;
        run->cpus = 4;
        free(run->command);
        run->command = strdup("make -j4");
        free(run->id);
        run->id = strdup(c.runs[0].id);
        assert_int_equal(comparison_finish(&c), 0);
        assert_int_equal(c.n_notes, 4);
        assert_true(c.notes[0].warning && strstr(c.notes[0].text, "given twice"));
        assert_true(c.notes[1].warning && strstr(c.notes[1].text, "partial"));
        assert_string_equal(c.notes[2].text, "commands differ: make -j8 in baseline, make -j4 in dev");
        /* Of several that are alike it is said once. */
        assert_string_equal(c.notes[3].text, "numbers of CPUs differ: 8 in baseline, 4 in dev");
        comparison_done(&c);
}

/* Names of strangers: no escape sequence in text, no markup in Markdown, JSON that can be read. */
static void test_hostile_names(void **state)
{
        static const char *const names[] = {"\033[2Jx|`<b>@all\n# y\xff", "[a](http://x)|*b*\r\n\t\xe2\x80\xaeq"};
        const CompareOptions options = {.all = true};
        _cleanup_string_ String text = {0}, markdown = {0}, json = {0};
        const ComparedFigure evil = {FIGURE_CATEGORY, STATISTIC_CPU, (char *)"|<img src=x>\033]0;\a`", (char *)"A|B",
                                     NULL, UNIT_SECONDS, true, false, NULL};
        json_error_t error;
        Comparison c;

        begin(&c, 2, names);
        add_run(&c, 0, 10, 1, 1);
        ComparedRun *run = add_run(&c, 1, 11, 1, 1);
        free(run->id);
        run->id = strdup("\033[31m|<script>");
        set(&c, &evil, (double[]){1, 2});
        assert_int_equal(comparison_finish(&c), 0);
        assert_int_equal(compare_write_text(&c, &options, &text), 0);
        assert_int_equal(compare_write_markdown(&c, &options, &markdown), 0);
        assert_int_equal(compare_write_json(&c, &options, &json), 0);
        assert_null(strchr(string_get(&text), '\033'));
        assert_null(strchr(string_get(&text), '\r'));
        assert_null(strpbrk(string_get(&markdown), "<>`@\033\r"));
        /* Rows have the columns that they should: no bar is anybody's but ours. */
        const char *row = strstr(string_get(&markdown), "img src");
        assert_non_null(row);
        size_t bars = 0;
        for (; *row != '\n'; row++)
                bars += *row == '|';
        assert_int_equal(bars, 4);
        json_t *loaded = json_loads(string_get(&json), JSON_REJECT_DUPLICATES, &error);
        if (!loaded)
                fail_msg("%d:%d: %s", error.line, error.column, error.text);
        json_decref(loaded);
        comparison_done(&c);
}

static const json_t *figures_of(json_t *page)
{
        return json_object_get(json_array_get(json_object_get(page, "comparisons"), 0), "figures");
}

/* For a page: those of the run, then what is large or changed most; texts cut. */
static void test_chosen_figures(void **state)
{
        const CompareOptions options = {.figures_most = 12, .text_most = 4};
        const ComparedFigure large = {FIGURE_CATEGORY, STATISTIC_CPU, (char *)"cc1", (char *)"CPP_Compile", NULL,
                                      UNIT_SECONDS, true, false, NULL},
                             part = {FIGURE_MONITOR, STATISTIC_TOTAL, (char *)"user_us", (char *)"cpu", (char *)"0",
                                     UNIT_US, false, true, NULL};
        _cleanup_string_ String json = {0};
        bool has_large = false, has_most = false;
        const json_t *figure;
        Comparison c;
        size_t n, monitors = 0;

        begin(&c, 2, two);
        add_run(&c, 0, 10, 100, 1);
        add_run(&c, 1, 11, 110, 1);
        for (int i = 0; i < 300; i++) {
                char name[32];
                snprintf(name, sizeof name, "column_%d", i);
                const ComparedFigure f = {FIGURE_MONITOR, STATISTIC_TOTAL, name, (char *)"made", NULL, UNIT_COUNT,
                                          false, false, NULL};
                set(&c, &f, (double[]){1000, 1000 + i});
        }
        set(&c, &large, (double[]){90, 91});
        set(&c, &part, (double[]){1e9, 9e9});
        assert_int_equal(comparison_finish(&c), 0);
        assert_int_equal(compare_write_json(&c, &options, &json), 0);
        json_t *page = json_loads(string_get(&json), JSON_REJECT_DUPLICATES, NULL);
        assert_non_null(page);
        json_array_foreach(figures_of(page), n, figure) {
                const char *name = json_string_value(json_object_get(figure, "name"));
                has_large |= strcmp(name, "cc1") == 0;
                has_most |= strcmp(name, "column_299") == 0;
                assert_true(strcmp(name, "user_us") != 0); /* of one CPU */
                monitors += strncmp(name, "column_", 7) == 0;
        }
        assert_int_equal(n, 12);
        assert_true(has_large && has_most && monitors >= 4);
        assert_string_equal(json_string_value(json_object_get(json_array_get(json_object_get(page, "groups"), 0), "name")),
                            "base");
        json_decref(page);
        comparison_done(&c);
}

/* However many figures there are, a comment stays a comment. */
static void test_markdown_is_short(void **state)
{
        const CompareOptions options = {.all = true};
        _cleanup_string_ String markdown = {0};
        Comparison c;
        size_t lines = 0;

        begin(&c, 2, two);
        add_run(&c, 0, 10, 1, 1);
        add_run(&c, 1, 11, 1, 1);
        for (int i = 0; i < 300; i++) {
                char name[32];
                snprintf(name, sizeof name, "column_%d", i);
                const ComparedFigure f = {FIGURE_MONITOR, STATISTIC_TOTAL, name, (char *)"made", NULL, UNIT_COUNT,
                                          false, false, NULL};
                set(&c, &f, (double[]){100, 200 + i});
        }
        assert_int_equal(comparison_finish(&c), 0);
        assert_int_equal(compare_write_markdown(&c, &options, &markdown), 0);
        for (const char *at = string_get(&markdown); *at; at++)
                lines += *at == '\n';
        assert_true(lines <= 60 && lines > 40);
        assert_non_null(strstr(string_get(&markdown), "further lines"));
        comparison_done(&c);
}

static void test_parsing(void **state)
{
        RegressionCheck check = {0};
        Error err = {0};
        double bound;

        assert_int_equal(regression_parse_bound("5%", &bound, NULL), 0);
        assert_true(fabs(bound - 0.05) < 1e-12);
        assert_int_equal(regression_parse_bound("2.5 %", &bound, NULL), 0);
        assert_true(fabs(bound - 0.025) < 1e-12);
        assert_int_equal(regression_parse_bound("0", &bound, NULL), 0);
        assert_int_equal(regression_parse_bound("-1%", &bound, &err), -EINVAL);
        assert_int_equal(regression_parse_bound("%", &bound, NULL), -EINVAL);
        assert_int_equal(regression_parse_bound("", &bound, NULL), -EINVAL);
        assert_int_equal(regression_parse_bound("nan", &bound, NULL), -EINVAL);
        assert_int_equal(regression_parse_bound("5%%", &bound, NULL), -EINVAL);
        assert_int_equal(regression_parse_figures("wall,rss", &check, NULL), 0);
        assert_true(check.figures[RUN_WALL] && check.figures[RUN_PEAK_RSS] && !check.figures[RUN_CPU]);
        assert_int_equal(regression_parse_figures("wall,", &check, NULL), -EINVAL);
        assert_int_equal(regression_parse_figures("", &check, NULL), -EINVAL);
        assert_int_equal(regression_parse_figures("wal", &check, &err), -EINVAL);
        assert_non_null(strstr(err.message, "\"wal\""));
        assert_true(check.figures[RUN_PEAK_RSS]); /* untouched */
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_goldens),       cmocka_unit_test(test_verdicts),
                cmocka_unit_test(test_regressions),   cmocka_unit_test(test_failures_and_unfinished),
                cmocka_unit_test(test_notes),         cmocka_unit_test(test_hostile_names),
                cmocka_unit_test(test_chosen_figures),
                cmocka_unit_test(test_markdown_is_short), cmocka_unit_test(test_parsing),
        };

        return cmocka_run_group_tests_name("compare", tests, NULL, NULL);
}
