/* Runs beside each other over runs on disk: what is told of each is what its tables say, whatever is beside it; many
 * runs, hostile texts and runs of nothing keep the page small and readable. */
#include <errno.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "report/compare-page.h"
#include "report/page-decode.h"
#include "report/page-fixture.h"

enum { RUNS_MAX = 80, FURTHER = 60 };

static const PageOptions everything;

/* Half as long as made_build's, half as many at a time, and many small programs. */
static void make_other(Made *m)
{
        char name[32];

        made_init(m);
        m->info.id = (char *)"20261120-102000-make";
        m->info.wall_ns /= 2;
        for (uint64_t i = 0; i < BUILT / 2; i++)
                made_process(m, i + 2, 1, "cc1", "CPP_Compile", "cc1", i * 400, i * 400 + 390, 900 * MIB, 0);
        for (uint64_t i = 0; i < FURTHER; i++) {
                snprintf(name, sizeof name, "tool-%u", (unsigned)i);
                made_process(m, 200 + i, 1, name, i % 2 ? "Scripting" : "OSUtilities", HOSTILE, 100 + i, 900 + i, MIB, 0);
        }
        made_process(m, 1, 0, "make", "BuildSystem", "make -j2", 0, TICKS * TICK_MS / 2, 4 * MIB, 0);
        for (uint64_t t = 0; t < TICKS * TICK_MS / 2; t += TICK_MS)
                made_tick(m, t, JOBS / 2);
}

/* Groups of runs, by which Made each is of: "aab|ab". */
static void compare(Made *const *made, const char *plan, Comparison *c, RunReader *readers[RUNS_MAX], size_t *n)
{
        size_t group;
        Error err = {0};

        assert_int_equal(comparison_init(c), 0);
        assert_int_equal(comparison_add_group(c, "before <b>", 0, &group), 0);
        *n = 0;
        for (const char *at = plan; *at; at++) {
                if (*at == '|') {
                        assert_int_equal(comparison_add_group(c, "after", 0, &group), 0);
                        assert_int_equal(comparison_add_pair(c, 0, group), 0);
                        continue;
                }
                readers[*n] = made_open(made[*at - 'a']);
                if (comparison_add_run(c, group, readers[*n], NULL, 0, false, &err) < 0)
                        fail_msg("%s", err.message);
                (*n)++;
        }
        assert_int_equal(comparison_finish(c), 0);
}

/* The page of that; every reader is freed. */
static void read_comparison(Made *const *made, const char *plan, size_t bytes, Read *ret)
{
        const CompareOptions options = {0};
        const PageOptions page_options = {.bytes = bytes};
        RunReader *readers[RUNS_MAX];
        ComparePage *page = NULL;
        json_error_t wrong;
        Comparison c;
        Error err = {0};
        size_t n;

        *ret = (Read){0};
        compare(made, plan, &c, readers, &n);
        if (compare_page_new(&c, &options, bytes ? &page_options : &everything, &page, &err) < 0)
                fail_msg("%s", err.message);
        for (size_t i = 0; i < n; i++) {
                if (compare_page_wants(page, i) && compare_page_add_run(page, i, readers[i], NULL, &err) < 0)
                        fail_msg("%s", err.message);
                run_reader_free(readers[i]);
        }
        assert_int_equal(compare_page_data(page, &ret->json, &ret->base64), 0);
        ret->page = json_loads(string_get(&ret->json), JSON_REJECT_DUPLICATES, &wrong);
        if (!ret->page)
                fail_msg("%s at %d", wrong.text, wrong.position);
        assert_int_equal(page_decode_base64(string_get(&ret->base64), ret->base64.size, &ret->data), 0);
        compare_page_free(page);
        comparison_done(&c);
}

static const json_t *run_of(const Read *r, size_t i)
{
        const json_t *run = json_array_get(json_object_get(r->page, "runs"), i);

        assert_non_null(run);
        return run;
}

static const json_t *metric_of(const json_t *run, const char *name)
{
        const json_t *metric;
        size_t i;

        json_array_foreach(json_object_get(run, "by_category"), i, metric)
                if (strcmp(json_string_value(json_object_get(metric, "metric")), name) == 0)
                        return metric;
        fail_msg("no %s", name);
        return NULL;
}

/* At every level the categories make up the total, to their rounding; the result is the highest of it. */
static double check_sums(const Read *r, const json_t *metric, double rounding)
{
        const json_t *level, *series;
        double most = 0;
        size_t i, k;

        json_array_foreach(json_object_get(metric, "levels"), i, level) {
                size_t n, m;
                double *total = read_numbers(r, level, "total", &n), *sum = calloc(n + 1, sizeof *sum);
                json_array_foreach(json_object_get(level, "series"), k, series) {
                        double *values = read_numbers(r, series, "max", &m);
                        assert_int_equal(m, n);
                        for (size_t at = 0; at < n; at++)
                                sum[at] += isnan(values[at]) ? 0 : values[at];
                        free(values);
                }
                for (size_t at = 0; at < n; at++) {
                        if (isnan(total[at]))
                                continue;
                        if (fabs(total[at] - sum[at]) > rounding * (double)(k + 1))
                                fail_msg("bucket %zu: %f, its parts %f", at, total[at], sum[at]);
                        most = fmax(most, total[at]);
                }
                free(total);
                free(sum);
        }
        assert_true(i >= 1);
        return most;
}

static void check_run(const Read *r, const json_t *run, const Made *m, double wall_s)
{
        const json_t *totals = json_object_get(json_object_get(run, "totals"), "levels"), *level, *table;
        bool heat = false;
        size_t i;

        assert_true(json_number_value(json_object_get(json_object_get(run, "figures"), "wall")) == wall_s);
        assert_true(fabs(json_number_value(json_object_get(run, "duration_s")) - wall_s) < 1);
        json_array_foreach(totals, i, level) {
                const json_t *pss = json_object_get(json_object_get(level, "columns"), "pss_bytes");
                assert_int_equal((uint64_t)read_highest(r, pss, "max"), m->most_pss);
                assert_true(json_is_null(json_object_get(pss, "min")));
        }
        check_sums(r, metric_of(run, "pss"), 1024);
        check_sums(r, metric_of(run, "cpu"), 0.001);
        json_array_foreach(json_object_get(run, "tables"), i, table) {
                const char *name = json_string_value(json_object_get(table, "name"));
                heat |= strcmp(name, "heat") == 0;
                assert_true(strcmp(name, "events") != 0);
        }
        assert_true(heat);
        assert_null(json_object_get(run, "processes"));
}

static void test_two(void **state)
{
        Made a, b;
        Read r;

        made_build(&a);
        make_other(&b);
        read_comparison((Made *[]){&a, &b}, "a|b", 0, &r);
        assert_string_equal(json_string_value(json_object_get(r.page, "kind")), "compare");
        assert_int_equal(json_array_size(json_object_get(r.page, "runs")), 2);
        check_run(&r, run_of(&r, 0), &a, TICKS * TICK_MS / 1e3);
        check_run(&r, run_of(&r, 1), &b, TICKS * TICK_MS / 2e3);
        assert_true(json_number_value(json_object_get(r.page, "duration_s")) >= TICKS * TICK_MS / 1e3);
        assert_int_equal(json_array_size(json_object_get(json_object_get(r.page, "budget"), "left_out")), 0);
        read_done(&r);
        made_done(&b);
        made_done(&a);
}

/* The same categories in both runs as far as they have them; the many small ones by major. */
static void test_categories(void **state)
{
        const json_t *category;
        bool scripting = false, utilities = false, compile = false;
        Made a, b;
        Read r;
        size_t i;

        made_build(&a);
        make_other(&b);
        read_comparison((Made *[]){&a, &b}, "a|b", 0, &r);
        json_array_foreach(json_object_get(run_of(&r, 1), "categories"), i, category) {
                const char *name = json_string_value(json_object_get(category, "category"));
                const char *major = json_string_value(json_object_get(category, "major"));
                compile |= strcmp(name, "cc1") == 0;
                scripting |= strcmp(name, "Scripting_further") == 0 && strcmp(major, "Scripting") == 0;
                utilities |= strcmp(name, "OSUtilities_further") == 0 && strcmp(major, "OSUtilities") == 0;
        }
        assert_true(compile && scripting && utilities && i < 30);
        /* Its shell is too light among all of them; so is the memory of its make, which no tick saw. */
        json_array_foreach(json_object_get(run_of(&r, 0), "categories"), i, category) {
                const char *name = json_string_value(json_object_get(category, "category"));
                assert_true(!strstr(name, "_further") || strcmp(name, "Scripting_further") == 0 ||
                            strcmp(name, "Other_further") == 0);
        }
        read_done(&r);
        made_done(&b);
        made_done(&a);
}

/* Of more runs than are told some of each group are, within the size that was asked for. */
static void test_many(void **state)
{
        enum { BYTES = 1500000 };
        size_t told[2] = {0}, i, n;
        char plan[RUNS_MAX + 2];
        const json_t *run;
        Made a, b;
        Read r;

        made_build(&a);
        make_other(&b);
        memset(plan, 'a', 60);
        plan[60] = '|';
        memset(plan + 61, 'b', 10);
        plan[71] = '\0';
        read_comparison((Made *[]){&a, &b}, plan, BYTES, &r);
        json_array_foreach(json_object_get(r.page, "runs"), i, run) {
                size_t group = (size_t)json_integer_value(json_object_get(run, "group"));
                assert_true(group < 2);
                assert_int_equal(json_integer_value(json_object_get(run, "run")), told[group]);
                told[group]++;
                double *t = read_numbers(&r, json_array_get(json_object_get(metric_of(run, "pss"), "levels"), 0), "t", &n);
                assert_true(n <= 225);
                free(t);
        }
        assert_int_equal(told[0] + told[1], COMPARE_PAGE_RUNS);
        assert_int_equal(told[1], 10);
        assert_true(r.json.size + r.base64.size <= BYTES);
        assert_non_null(strstr(string_get(&r.json), "what 6 of 70 runs did over time"));
        read_done(&r);
        made_done(&b);
        made_done(&a);
}

/* Nothing but a beginning, and a run that is not finished; and texts of strangers throughout. */
static void test_nothing(void **state)
{
        Made nothing, build;
        Read r;

        made_init(&nothing);
        nothing.info.complete = false;
        nothing.info.wall_ns = RUN_UNKNOWN;
        nothing.info.label = (char *)HOSTILE;
        nothing.info.host = (char *)HOSTILE;
        made_build(&build);
        read_comparison((Made *[]){&nothing, &build}, "a|b", 0, &r);
        assert_int_equal(json_array_size(json_object_get(r.page, "runs")), 2);
        assert_int_equal(json_array_size(json_object_get(run_of(&r, 0), "tables")), 0);
        assert_int_equal(json_array_size(json_object_get(run_of(&r, 1), "tables")), 0); /* one side has it alone */
        read_done(&r);
        read_comparison((Made *[]){&nothing}, "aa|a", 0, &r);
        read_done(&r);
        made_done(&build);
        made_done(&nothing);
}

static size_t count_of(const char *text, const char *what)
{
        size_t n = 0;

        for (; (text = strstr(text, what)); text++)
                n++;
        return n;
}

static void test_file(void **state)
{
        const CompareOptions options = {0};
        _cleanup_string_ String out = {0};
        RunReader *readers[RUNS_MAX];
        ComparePage *page = NULL;
        Comparison c;
        Error err = {0};
        size_t n;
        Made a;

        if (!report_page_available(NULL))
                skip();
        made_build(&a);
        a.info.label = (char *)HOSTILE;
        compare((Made *[]){&a}, "a|a", &c, readers, &n);
        assert_int_equal(compare_page_new(&c, &options, &everything, &page, &err), 0);
        for (size_t i = 0; i < n; i++) {
                assert_int_equal(compare_page_add_run(page, i, readers[i], NULL, &err), 0);
                run_reader_free(readers[i]);
        }
        assert_int_equal(compare_page_write(page, &out), 0);
        const char *text = string_get(&out);
        assert_int_equal(count_of(text, "<script"), 3);
        assert_int_equal(count_of(text, "</script>"), 3);
        assert_non_null(strstr(text, "<title>after against before &lt;b&gt;"));
        assert_non_null(strstr(text, "took as long as before &lt;b&gt;"));
        compare_page_free(page);
        comparison_done(&c);
        made_done(&a);
}

static void test_too_many_groups(void **state)
{
        const CompareOptions options = {0};
        ComparePage *page = NULL;
        Comparison c;
        Error err = {0};
        size_t group;

        assert_int_equal(comparison_init(&c), 0);
        for (size_t i = 0; i <= COMPARE_PAGE_GROUPS; i++)
                assert_int_equal(comparison_add_group(&c, "one", 0, &group), 0);
        assert_int_equal(compare_page_new(&c, &options, &everything, &page, &err), -E2BIG);
        assert_non_null(strstr(err.message, "65 groups"));
        assert_null(page);
        comparison_done(&c);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_two),     cmocka_unit_test(test_categories), cmocka_unit_test(test_many),
                cmocka_unit_test(test_nothing), cmocka_unit_test(test_file),       cmocka_unit_test(test_too_many_groups),
        };

        return cmocka_run_group_tests_name("compare-page", tests, NULL, NULL);
}
