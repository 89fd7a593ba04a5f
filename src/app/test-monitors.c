/* What a person reads about monitors: what can be mended first, all within 80 columns, whatever
 * the machine puts into the sentences. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <jansson.h>

#include "app/monitors.h"
#include "table/columns.h"

static int probe_fine(const MonitorContext *context, Error *why, Error *fix)
{
        return context->run_fd == -1 && !context->all ? 0 : -EINVAL;
}

static int probe_mendable(const MonitorContext *context, Error *why, Error *fix)
{
        error_set(fix, 1, "sudo mount -t debugfs -o some,very,long,options,that,pass,the,edge none /sys/kernel/debug");
        return error_set(why, EACCES, "no device named \"\x1b[31m\" \xff here, nor any other of the "
                                      "kind that this would need to see");
}

static int probe_silent(const MonitorContext *context, Error *why, Error *fix)
{
        return -ENOENT;
}

static const Column columns[] = {
        MONITOR_TIME_COLUMNS,
        KEY("device", TEXT, NONE, "name of it"),
        COUNTER("read_bytes", U64, BYTES, "what was read"),
        GAUGE("a_column_whose_name_is_rather_longer_than_others", F64, MICROJOULES, NULL),
};
static const Schema schema = {"alpha", columns, ARRAY_LENGTH(columns)};
static const MonitorKey keys[] = {
        {"paths", MONITOR_KEY_TEXTS, "what to look at; none"},
        {"most", MONITOR_KEY_BYTES, "where to stop; 1 MiB, for which there are reasons that take more than a line to give"},
        {NULL},
};
static const Monitor alpha = {.name = "alpha", .what = "the first", .schema = &schema,
                              .interval_us = 250000, .keys = keys, .probe = probe_fine};
static const Monitor beta = {.name = "beta", .what = "the second", .interval_us = 60000000,
                             .off = true, .probe = probe_mendable};
static const Monitor gamma_ = {.name = "a-name-that-is-longer", .what = "the third",
                               .probe = probe_silent};
static Monitor *const some[] = {(Monitor *)&alpha, (Monitor *)&beta, (Monitor *)&gamma_, NULL};

/* The three above alone. */
static MonitorTrials tried(void)
{
        char *names[] = {(char *)"alpha", (char *)"beta", (char *)"a-name-that-is-longer"};
        MonitorTrials trials;

        assert_int_equal(monitor_trials_init(&trials, some), 0);
        assert_int_equal(monitor_trials_select(&trials, names, 3, NULL), 0);
        monitor_trials_try(&trials, NULL, NULL, 0);
        return trials;
}

static void assert_fits(const char *text, const char *but)
{
        for (const char *line = text; *line; line += strcspn(line, "\n") + 1) {
                char one[512] = "";
                memcpy(one, line, MIN(strcspn(line, "\n"), sizeof one - 1));
                if (*one && one[strlen(one) - 1] == ' ')
                        fail_msg("blanks at the end of: %s", one);
                if (text_width(one) > 80 && !(but && strstr(one, but)))
                        fail_msg("too wide: %s", one);
        }
}

static void test_select(void **state)
{
        char *wrong[] = {(char *)"alpa"};
        Error err = {0};
        MonitorTrials trials;

        assert_int_equal(monitor_trials_init(&trials, some), 0);
        size_t n = trials.n;
        assert_true(n >= 4);
        assert_false(trials.items[0].declared);
        assert_true(trials.items[n - 1].declared);
        assert_int_equal(monitor_trials_select(&trials, wrong, 1, &err), -ENOENT);
        assert_non_null(strstr(err.message, "did you mean alpha"));
        assert_int_equal(trials.n, n);
        monitor_trials_done(&trials);
        trials = tried();
        assert_int_equal(trials.n, 3);
        assert_true(trials.items[0].works);
        assert_string_not_equal(trials.items[2].why.message, "");
        assert_int_equal(monitor_trials_count(&trials, false, true), 1);
        assert_int_equal(monitor_trials_count(&trials, true, false), 2);
        const MonitorPlan plan[] = {{&beta, 5000000, true}};
        monitor_trials_plan(&trials, plan, 1);
        assert_int_equal(monitor_trials_count(&trials, true, false), 1);
        assert_int_equal(trials.items[1].interval_us, 5000000);
        monitor_trials_done(&trials);
}

static void test_show(void **state)
{
        MonitorTrials trials = tried();
        _cleanup_string_ String s = {0};

        monitors_show_trials(&trials, true, false, &s);
        const char *text = string_get(&s);
        assert_int_equal(strncmp(text, "1 of 2 default monitors work here.\n", 35), 0);
        /* The command whole, on its own line, before what cannot be mended. */
        const char *command = strstr(text, "\n                         sudo mount -t debugfs -o some,very,long,options,that,pass,the,edge none /sys/kernel/debug\n");
        assert_non_null(command);
        assert_true(command < strstr(text, "a-name-that-is-longer"));
        assert_null(strchr(text, '\x1b'));
        assert_null(strchr(text, '\xff'));
        assert_fits(text, "sudo mount");
        string_clear(&s);
        monitors_show_trials(&trials, true, true, &s);
        /* Only what nobody asked for could be mended: no warning. */
        assert_int_equal(strncmp(string_get(&s), "\x1b[1;32m1 of 2", 13), 0);
        string_clear(&s);
        trials.items[1].enabled = true;
        monitors_show_trials(&trials, true, true, &s);
        assert_non_null(strstr(string_get(&s), "\x1b[1;33m1 of 3 default monitors work here; a command "
                                               "enables one more.\x1b[0m\n"));
        string_clear(&s);
        monitors_show_list(&trials, false, &s);
        assert_non_null(strstr(string_get(&s), "250 ms  the first\n"));
        assert_non_null(strstr(string_get(&s), "  60 s  the second\n"));
        assert_non_null(strstr(string_get(&s), " event  the third\n"));
        assert_fits(string_get(&s), NULL);
        monitor_trials_done(&trials);
}

static void test_show_one(void **state)
{
        MonitorTrials trials = tried();
        _cleanup_string_ String s = {0};

        monitors_show_one(&trials.items[0], &schema, false, &s);
        assert_fits(string_get(&s), "a_column_whose");
        assert_non_null(strstr(string_get(&s), "what was read (counter)\n"));
        assert_non_null(strstr(string_get(&s), "[monitors.alpha]"));
        assert_non_null(strstr(string_get(&s), "text or list"));
        string_clear(&s);
        monitors_show_one(&trials.items[1], NULL, false, &s);
        assert_non_null(strstr(string_get(&s), "if asked for: -m beta"));
        assert_non_null(strstr(string_get(&s), "known where it works"));
        monitor_trials_done(&trials);
}

static void test_json(void **state)
{
        MonitorTrials trials = tried();
        _cleanup_string_ String text = {0};
        monitors_json(&trials, true, &schema, &text);
        json_t *root = json_loads(string_get(&text), 0, NULL), *list = json_object_get(root, "monitors");

        assert_int_equal(json_array_size(list), 3);
        json_t *one = json_array_get(list, 0), *two = json_array_get(list, 1);
        assert_true(json_is_true(json_object_get(one, "works")));
        assert_true(json_is_null(json_object_get(one, "run")));
        assert_int_equal(json_array_size(json_object_get(one, "columns")), schema.n_columns);
        assert_int_equal(json_array_size(json_object_get(one, "keys")), 2);
        assert_true(json_is_string(json_object_get(two, "why")));
        assert_int_equal(json_integer_value(json_object_get(two, "interval_us")), 60000000);
        assert_true(json_is_null(json_object_get(json_array_get(list, 2), "interval_us")));
        json_decref(root);
        monitor_trials_done(&trials);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_select),
                cmocka_unit_test(test_show),
                cmocka_unit_test(test_show_one),
                cmocka_unit_test(test_json),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
