/* sweep.json there and back, hostile ones, and what a sweep comes to. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/clock.h"
#include "sweep/result.h"

static char *copy(const char *text)
{
        return strdup(text);
}

static char **words(const char *a, const char *b)
{
        char **to = calloc(3, sizeof *to);

        to[0] = copy(a);
        to[1] = b ? copy(b) : NULL;
        return to;
}

static void done(Sweep *sweep, size_t i, uint64_t wall_ms, uint64_t peak_mib)
{
        SweepRun *run = &sweep->runs[i];

        run->state = SWEEP_DONE;
        run->exit_code = 0;
        run->figures.wall_ns = wall_ms * NS_PER_MS;
        run->figures.peak_bytes = peak_mib << 20;
        run->figures.cpu_us = 2000000;
        run->figures.processes = 10;
        run->figures.lost_events = 0;
        run->figures.groups = calloc(2, sizeof *run->figures.groups);
        run->figures.n_groups = 2;
        run->figures.groups[0] = (SweepGroup){copy("CPP_Compile"), copy("cc1"), 4, (peak_mib << 20) - 5, 1, 2, 3};
        run->figures.groups[1] = (SweepGroup){NULL, copy("\033[31mevil\xff"), 1, 4096, 4096, SUMMARY_UNKNOWN, 0};
}

static void make(Sweep *sweep, const char *jobs, unsigned repeat)
{
        Error err = {0};

        sweep_init(sweep);
        sweep->id = copy("20260101-000000-redis-sweep");
        sweep->label = copy("redis");
        sweep->command = words("make", "-j{j}");
        sweep->dir = copy("/src/\"redis\"");
        sweep->host = copy("h");
        sweep->environment = words("A=b", NULL);
        sweep->options = words("interval=0.1", NULL);
        sweep->repeat = repeat;
        sweep->seed = UINT64_MAX;
        sweep->cpus = sweep->usable_cpus = 8;
        sweep->memory_bytes = 1ull << 34;
        sweep->exits[0] = 0;
        sweep->exits[1] = 3;
        sweep->n_exits = 2;
        sweep->start_realtime_ns = 1767225600000000000;
        assert_int_equal(sweep_jobs_add(&sweep->jobs, jobs, &err), 0);
        assert_int_equal(sweep_plan(sweep, &err), 0);
}

static void test_there_and_back(void **state)
{
        Sweep sweep, read;
        String text = {0}, again = {0};
        Error err = {0};

        make(&sweep, "4,2", 2);
        sweep.policy = CPUS_ADAPTIVE;
        sweep.order = SWEEP_RANDOM;
        done(&sweep, 0, 41200, 1945);
        sweep.runs[1].state = SWEEP_FAILED;
        sweep.runs[1].exit_code = 2;
        sweep.runs[1].build_cpus = copy("0-3");
        sweep.runs[2].state = SWEEP_RUNNING;
        assert_int_equal(sweep_to_json(&sweep, &text), 0);
        sweep_init(&read);
        assert_int_equal(sweep_from_json(&read, string_get(&text), text.size, "s", &err), 0);
        assert_string_equal(read.dir, "/src/\"redis\"");
        assert_true(read.seed == UINT64_MAX);
        assert_int_equal(read.jobs.n, 2);
        assert_int_equal(read.n_runs, 4);
        assert_int_equal(read.runs[0].figures.wall_ns, 41200 * NS_PER_MS);
        assert_int_equal(read.runs[0].figures.n_groups, 2);
        assert_true(read.runs[0].figures.groups[1].largest_bytes == SUMMARY_UNKNOWN);
        assert_int_equal(read.runs[1].state, SWEEP_FAILED);
        assert_true(read.runs[3].figures.wall_ns == RUN_UNKNOWN);
        assert_int_equal(read.n_exits, 2);
        assert_int_equal(read.policy, CPUS_ADAPTIVE);
        assert_int_equal(read.order, SWEEP_RANDOM);
        assert_int_equal(sweep_to_json(&read, &again), 0);
        assert_string_equal(string_get(&again), string_get(&text));
        string_done(&text);
        string_done(&again);
        sweep_done(&sweep);
        sweep_done(&read);
}

/* Cut anywhere, it is refused with its place, and nothing is lost or leaks. */
static void test_cut(void **state)
{
        Sweep sweep, read;
        String text = {0};

        make(&sweep, "4,2", 1);
        done(&sweep, 0, 1000, 10);
        assert_int_equal(sweep_to_json(&sweep, &text), 0);
        sweep_init(&read);
        for (size_t n = 0; n + 2 < text.size; n += 7) {
                Error err = {0};
                assert_int_equal(sweep_from_json(&read, string_get(&text), n, "s.json", &err), -EBADMSG);
                assert_true(text_starts_with(err.message, "s.json:"));
                assert_null(read.id);
        }
        string_done(&text);
        sweep_done(&sweep);
}

/* Replaces the first `from`. */
static void replace(String *text, const char *from, const char *to)
{
        String changed = {0};
        const char *at = strstr(string_get(text), from);

        assert_non_null(at);
        string_add_bytes(&changed, string_get(text), (size_t)(at - string_get(text)));
        string_add(&changed, to);
        string_add(&changed, at + strlen(from));
        string_done(text);
        *text = changed;
}

static void test_wrong_values(void **state)
{
        static const struct {
                const char *from, *to, *sentence;
                int code;
        } cases[] = {
                {"\"format\": 1", "\"format\": 2", "s: format 2 is newer than what this vigia reads (1)", -EOPNOTSUPP},
                {"\"format\": 1", "\"format\": \"1\"", "s: \"format\": expected the format's number", -EBADMSG},
                {"\"path\": \"j4-1\"", "\"path\": \"../x\"", "s: \"path\": expected the name of a folder in the sweep's",
                 -EBADMSG},
                {"\"path\": \"j4-1\"", "\"path\": \"..\"", "s: \"path\": expected the name of a folder in the sweep's",
                 -EBADMSG},
                {"\"state\": \"planned\"", "\"state\": \"gone\"",
                 "s: \"state\": expected one of the words of docs/run-format.md", -EBADMSG},
                {"\"jobs\": [4, 2]", "\"jobs\": [4, 0]", "s: \"jobs\": expected numbers from 1 on", -EBADMSG},
                {"\"repeat\": 1", "\"repeat\": 1e9", "s: \"repeat\": expected a whole number that fits, or null", -EBADMSG},
                {"\"repeat\": 1", "\"repeat\": 0", "s: \"repeat\": expected a number from 1 on", -EBADMSG},
                {"\"command\": [\"make\", \"-j{j}\"]", "\"command\": []", "s: \"command\": expected what is built with",
                 -EBADMSG},
                {"\"dir\": \"/src", "\"dir\": \"src", "s: \"dir\": expected an absolute path", -EBADMSG},
                {"\"expected_exit\": [0, 3]", "\"expected_exit\": [256]",
                 "s: \"expected_exit\": expected a whole number that fits, or null", -EBADMSG},
        };

        for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
                Sweep sweep, read;
                String text = {0};
                Error err = {0};
                make(&sweep, "4,2", 1);
                assert_int_equal(sweep_to_json(&sweep, &text), 0);
                replace(&text, cases[i].from, cases[i].to);
                sweep_init(&read);
                assert_int_equal(sweep_from_json(&read, string_get(&text), text.size, "s", &err), cases[i].code);
                assert_string_equal(err.message, cases[i].sentence);
                string_done(&text);
                sweep_done(&sweep);
        }
}

/* ---- what it comes to ---- */

static char *text_of(const Sweep *sweep, unsigned columns)
{
        String text = {0};
        const SweepTextOptions options = {.columns = columns, .ascii = true, .path = "/runs/s"};

        assert_int_equal(sweep_text(sweep, &options, &text), 0);
        return string_take(&text);
}

static void test_medians(void **state)
{
        Sweep sweep;
        SweepResult result;

        make(&sweep, "4,2", 3);
        done(&sweep, 0, 40000, 2000); /* -j4 */
        done(&sweep, 1, 50000, 1000); /* -j2 */
        done(&sweep, 2, 46000, 2100);
        done(&sweep, 3, 52000, 1010);
        done(&sweep, 4, 42000, 2050);
        sweep.runs[5].state = SWEEP_FAILED;
        assert_int_equal(sweep_result(&sweep, &result), 0);
        assert_int_equal(result.n_levels, 2);
        assert_int_equal(result.best, 0);
        assert_int_equal(result.least, 1);
        assert_int_equal(result.levels[0].wall_ns.median, 42000 * NS_PER_MS);
        assert_int_equal(result.levels[0].wall_ns.low, 40000 * NS_PER_MS);
        assert_int_equal(result.levels[0].wall_ns.high, 46000 * NS_PER_MS);
        assert_int_equal(result.levels[1].wall_ns.median, 51000 * NS_PER_MS); /* of two */
        assert_int_equal(result.levels[1].n_failed, 1);
        assert_int_equal(result.levels[0].busy_milli.high, 50);
        assert_int_equal(result.n_categories, 2);
        assert_string_equal(result.categories[0].name, "cc1");
        assert_int_equal(result.levels[1].categories[0].n, 2);
        assert_true(sweep_best_is_clear(&result));
        sweep.runs[3].figures.wall_ns = 45000 * NS_PER_MS;
        sweep_result_done(&result);
        assert_int_equal(sweep_result(&sweep, &result), 0);
        assert_false(sweep_best_is_clear(&result));
        sweep_result_done(&result);
        sweep_done(&sweep);
}

/* For a CI page: as many lines as there is room for, and no name that is a mark. */
static void test_markdown(void **state)
{
        Sweep sweep;
        _cleanup_string_ String jobs = {0};
        String text = {0};
        size_t lines = 0;

        make(&sweep, "4,2", 3);
        done(&sweep, 0, 40000, 2000);
        done(&sweep, 1, 50000, 1000);
        done(&sweep, 2, 46000, 2100);
        done(&sweep, 3, 52000, 1010);
        done(&sweep, 4, 42000, 2050);
        sweep.runs[5].state = SWEEP_FAILED;
        sweep.runs[5].exit_code = 2;
        assert_int_equal(sweep_markdown(&sweep, &text), 0);
        assert_string_equal(string_get(&text),
                "### redis: -j4 is fastest: 42 s, peak 2 GiB; -j2 takes 21 % longer and needs half the memory\n"
                "\n"
                "| -j | runs | wall time | over the best | peak memory | CPU time | cores | largest category |\n"
                "|--:|--:|--:|--:|--:|--:|--:|:--|\n"
                "| **4** | 3 | 42 s (40 s – 46 s) |  | 2 GiB (1.95 GiB – 2.05 GiB) | 2 s | 0.05 | <code>cc1</code> 2 GiB |\n"
                "| 2 | 2, 1 failed | 51 s (50 s – 52 s) | +21 % | 0.98 GiB (0.98 GiB – 0.99 GiB) | 2 s | 0.04 | "
                "<code>cc1</code> 0.98 GiB |\n"
                "\n"
                "- failed: j2-3: exit 2; its output is in j2-3/output.log\n"
                "- machine: h, 8 CPUs, 16 GiB\n");
        string_done(&text);
        sweep_done(&sweep);
        for (unsigned i = 60; i > 0; i--)
                string_add_format(&jobs, i > 1 ? "%u," : "%u", i);
        make(&sweep, string_get(&jobs), 1);
        for (size_t i = 0; i < sweep.n_runs; i++) {
                done(&sweep, i, 1000 + i, 10 + i);
                free(sweep.runs[i].figures.groups[1].name);
                sweep.runs[i].figures.groups[1].name = copy("</code>|`x`\n\033[1m");
                sweep.runs[i].figures.groups[1].peak_bytes = 1ull << 40;
        }
        assert_int_equal(sweep_markdown(&sweep, &text), 0);
        for (const char *c = string_get(&text); *c; c++) {
                assert_true((unsigned char)*c >= 0x20 || *c == '\n');
                lines += *c == '\n';
        }
        assert_true(lines > 30 && lines <= 60);
        assert_non_null(strstr(string_get(&text), "- 15 more: vigia report 20260101-000000-redis-sweep\n"));
        assert_non_null(strstr(string_get(&text), "<code>&#60;/code&#62;&#124;&#96;x&#96;??&#91;1m</code>"));
        string_done(&text);
        sweep_done(&sweep);
}

static void test_answer(void **state)
{
        Sweep sweep;

        make(&sweep, "4,2", 1);
        done(&sweep, 0, 41200, 1946);
        done(&sweep, 1, 46144, 973);
        char *text = text_of(&sweep, 80);
        assert_true(text_starts_with(text, "redis: -j4 is fastest: 41.2 s, peak 1.9 GiB; -j2 takes 12 % longer and needs\n"
                                           "half the memory\n"));
        assert_non_null(strstr(text, "one run each: no spread known"));
        assert_non_null(strstr(text, "  *    4     1   41.2 s"));
        assert_null(strchr(text, '\033'));
        free(text);
        sweep.runs[1].state = SWEEP_FAILED;
        sweep.runs[1].exit_code = 2;
        text = text_of(&sweep, 80);
        assert_true(text_starts_with(text, "redis: -j4 takes 41.2 s, peak 1.9 GiB\n"));
        assert_non_null(strstr(text, "failed    j2-1: exit 2 after 46.1 s; its output is in j2-1/output.log"));
        free(text);
        sweep.runs[0].state = SWEEP_INTERRUPTED;
        text = text_of(&sweep, 80);
        assert_true(text_starts_with(text, "redis: no build came through; 1 failed\n"));
        assert_non_null(strstr(text, "1 run is left:\n            vigia sweep --resume /runs/s\n"));
        free(text);
        sweep_done(&sweep);
}

/* The table never wraps; words do, at blanks. */
static void test_widths(void **state)
{
        Sweep sweep;

        make(&sweep, "64,32,16,8", 3);
        for (size_t i = 0; i < sweep.n_runs; i++)
                done(&sweep, i, 100 + i * 3599000, 100000 + i);
        sweep.runs[2].state = SWEEP_FAILED;
        char *text = text_of(&sweep, 80);
        for (const char *line = text; *line; line += strcspn(line, "\n") + 1)
                if (!strstr(line, "--resume"))
                        assert_true(strcspn(line, "\n") <= 80);
        free(text);
        sweep_done(&sweep);
}

static void test_nothing_yet(void **state)
{
        Sweep sweep;

        make(&sweep, "4", 1);
        char *text = text_of(&sweep, 0);
        assert_true(text_starts_with(text, "redis: nothing is measured yet\n"));
        free(text);
        sweep.runs[0].state = SWEEP_DONE; /* but nobody knows how long it took */
        text = text_of(&sweep, 0);
        assert_true(text_starts_with(text, "redis: what the builds took is not known\n"));
        free(text);
        sweep_done(&sweep);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_there_and_back), cmocka_unit_test(test_cut),
                cmocka_unit_test(test_wrong_values),   cmocka_unit_test(test_medians),
                cmocka_unit_test(test_markdown), cmocka_unit_test(test_answer),         cmocka_unit_test(test_widths),
                cmocka_unit_test(test_nothing_yet),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
