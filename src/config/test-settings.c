/* Layers: who wins, where it was said, and what is told of a mistake. The schema is made up. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/text.h"
#include "config/settings.h"

static const char *const colours[] = {"red", "green", NULL};

static int no_spaces(const char *text, Error *expected)
{
        return strchr(text, ' ') ? error_set(expected, EINVAL, "a text without blanks") : 0;
}

static const SettingKey point_keys[] = {
        {"name", SETTING_TEXT, NULL, "", .required = true},
        {"x", SETTING_NUMBER, "0", ""},
};
static const SettingList point_list = {"points", point_keys, 2, 0};

static const SettingKey shape_keys[] = {
        {"name", SETTING_TEXT, NULL, "", .required = true},
        {"side_length", SETTING_BYTES, "1", ""},
        {"points", SETTING_TABLES, NULL, "", .list = &point_list},
        {"command", SETTING_TEXTS, NULL, ""},
};
static const SettingList shape_list = {"shape", shape_keys, 4, 0};

enum { LABEL, INTERVAL, BUDGET, COLOUR, QUIET, LEVEL, ON, PATHS, SIZE, N_KEYS };

static const SettingKey keys[N_KEYS] = {
        [LABEL] = {"run.label", SETTING_TEXT, NULL, "", .check = no_spaces},
        [INTERVAL] = {"run.interval", SETTING_DURATION, "50ms", "", .min = 1000000, .max = 3600000000000},
        [BUDGET] = {"run.pss_budget", SETTING_REAL, "1", "", .max = 100},
        [COLOUR] = {"run.colour", SETTING_TEXT, NULL, "", .choices = colours},
        [QUIET] = {"run.quiet", SETTING_BOOL, "no", ""},
        [LEVEL] = {"run.level", SETTING_NUMBER, "0", "", .max = 2},
        [ON] = {"monitors.on", SETTING_WORDS, NULL, ""},
        [PATHS] = {"monitors.store.paths", SETTING_TEXTS, NULL, ""},
        [SIZE] = {"monitors.store.least", SETTING_BYTES, "1 MiB", ""},
};

static const SettingOther others[] = {
        {"findings", NULL, "later"},
        {"old.speed_seconds", "run.interval", NULL},
        {"old.colour", NULL, "not ours"},
        {NULL},
};

static const char *const variables[] = {"T_DIR", "T_VM_*", NULL};

static const SettingSchema schema = {
        .keys = keys,
        .n_keys = N_KEYS,
        .others = others,
        .variables = "T_",
        .short_section = "run.",
        .known_variables = variables,
};

static void add(Settings *s, SettingLayer layer, const char *name, const char *text)
{
        assert_int_equal(settings_read_text(s, layer, name, text, strlen(text), SIZE_MAX), 0);
}

static Settings *read_two(const char *first, const char *second)
{
        Settings *s = NULL;

        assert_int_equal(settings_new(&s), 0);
        add(s, LAYER_SYSTEM, "a", first);
        add(s, LAYER_USER, "b", second);
        assert_int_equal(settings_gather(s, &shape_list), 0);
        assert_int_equal(settings_apply_files(s, &schema), 0);
        return s;
}

/* The only problems of this text are these sentences, ended by NULL. */
static void assert_problems(const char *text, ...)
{
        _cleanup_(settings_freep) Settings *s = read_two("", text);
        const char *sentence;
        size_t n = 0;
        va_list args;

        va_start(args, text);
        while ((sentence = va_arg(args, const char *))) {
                if (n >= settings_n_notes(s))
                        fail_msg("not told: %s", sentence);
                assert_string_equal(settings_note_at(s, n)->sentence, sentence);
                assert_int_equal(settings_note_at(s, n++)->severity, SETTING_PROBLEM);
        }
        va_end(args);
        if (n < settings_n_notes(s))
                fail_msg("also told: %s", settings_note_at(s, n)->sentence);
        assert_int_equal(settings_n_problems(s), n);
}

static void assert_shown(const SettingValue *value, const char *text)
{
        _cleanup_string_ String shown = {0};

        assert_non_null(value);
        setting_value_add(&shown, value);
        assert_string_equal(string_get(&shown), text);
}

static void assert_source(const SettingValue *value, const char *text)
{
        _cleanup_string_ String shown = {0};

        assert_non_null(value);
        setting_source_add(&shown, &value->source);
        assert_string_equal(string_get(&shown), text);
}

static void test_kinds(void **state)
{
        _cleanup_(settings_freep) Settings *s =
                read_two("", "[run]\nlabel = 'x'\ninterval = 0.25\npss-budget = 2\ncolour = \"red\"\n"
                             "quiet = true\nlevel = 2\n[monitors]\non = ['a, b', \"c\"]\n"
                             "store.paths = '/a,b'\nstore.least = \"1.5 GiB\"\n");
        Error err = {0};

        assert_int_equal(settings_check(s, &err), 0);
        assert_string_equal(settings_get(s, "run.label")->texts[0], "x");
        assert_true(settings_get_at(s, INTERVAL)->number == 250000000);
        assert_true(settings_get_at(s, BUDGET)->real == 2);
        assert_int_equal(settings_get_at(s, QUIET)->number, 1);
        assert_int_equal(settings_get_at(s, LEVEL)->number, 2);
        assert_int_equal(settings_get_at(s, ON)->n_texts, 3);
        assert_shown(settings_get_at(s, ON), "a, b, c");
        assert_int_equal(settings_get_at(s, PATHS)->n_texts, 1);
        assert_string_equal(settings_get_at(s, PATHS)->texts[0], "/a,b");
        assert_shown(settings_get_at(s, SIZE), "1536 MiB");
        assert_shown(settings_get_at(s, INTERVAL), "250ms");
        assert_shown(settings_get_at(s, QUIET), "yes");
        assert_source(settings_get_at(s, SIZE), "b:11:15");
        assert_null(settings_get(s, "run.none"));
}

static void test_layers(void **state)
{
        static const char *const environment[] = {"T_INTERVAL=3s", "T_MONITORS_ON=x,y", "T_DIR=/x", "T_VM_ANY=1", "T_LABEL=",
                                            "OTHER=1", "T_NOT", NULL};
        _cleanup_(settings_freep) Settings *s =
                read_two("run.interval = 1\nrun.label = 'a'\nmonitors.on = ['p', 'q']\nrun.level = 1\n",
                         "run.interval = 2\nmonitors.on = []\n");
        const SettingValue *v;

        assert_source(settings_get_at(s, INTERVAL), "b:1:16");
        assert_int_equal(settings_get_at(s, ON)->n_texts, 0);
        assert_shown(settings_get_at(s, ON), "none");
        assert_int_equal(settings_apply_environment(s, environment), 0);
        assert_int_equal(settings_apply_option(s, "run.level", "--level", "2"), 0);
        assert_int_equal(settings_n_notes(s), 0);
        v = settings_get_at(s, INTERVAL);
        assert_true(v->number == 3000000000);
        assert_source(v, "T_INTERVAL");
        assert_int_equal(v->source.layer, LAYER_ENVIRONMENT);
        assert_true(v->source.rank > v->earlier->source.rank);
        assert_true(v->earlier->number == 2000000000 && v->earlier->earlier->number == 1000000000);
        assert_null(v->earlier->earlier->earlier);
        assert_shown(settings_get_at(s, ON), "x, y");
        assert_source(settings_get_at(s, LABEL), "a:2:13");
        assert_source(settings_get_at(s, LEVEL), "--level");
        assert_int_equal(settings_get_at(s, LEVEL)->source.rank, settings_last_rank(s));
}

/* A preset lies below the file that names it. */
static void test_preset(void **state)
{
        _cleanup_(settings_freep) Settings *s = NULL;
        static const char preset[] = "[run]\nlabel = 'p'\nlevel = 1\ncolour = 'red'\n";
        size_t at = 99;

        assert_int_equal(settings_new(&s), 0);
        add(s, LAYER_SYSTEM, "a", "run.label = 'a'\nrun.colour = 'green'\n");
        add(s, LAYER_USER, "b", "[run]\nlevel = 2\nla-bel = 3\n");
        add(s, LAYER_DIRECTORY, "c", "");
        assert_string_equal(settings_peek(s, "run", "label", &at), "a");
        assert_int_equal(at, 0);
        assert_null(settings_peek(s, "run", "level", &at)); /* no text */
        assert_null(settings_peek(s, "none", "level", &at));
        assert_int_equal(settings_read_text(s, LAYER_PRESET, "kind", preset, sizeof preset - 1, 1), 0);
        assert_int_equal(settings_n_files(s), 4);
        assert_int_equal(settings_apply_files(s, &schema), 0);
        assert_source(settings_get_at(s, LABEL), "preset kind:2:9");
        assert_source(settings_get_at(s, COLOUR), "preset kind:4:10");
        assert_source(settings_get_at(s, LEVEL), "b:2:9");
}

static void test_mistakes(void **state)
{
        assert_problems("run.interval = 'fast'\n",
                        "b:1:16: run.interval is \"fast\"; expected a time from 1ms to 1h, such as \"50ms\"",
                        NULL);
        assert_problems("run.interval = 0\n",
                        "b:1:16: run.interval is 0; expected a time from 1ms to 1h, such as \"50ms\"", NULL);
        assert_problems("run.interval = -1.5\nrun.quiet = 'no'\nrun.level = 3\nrun.pss_budget = nan\n",
                        "b:1:16: run.interval is -1.5; expected a time from 1ms to 1h, such as \"50ms\"",
                        "b:2:13: run.quiet is \"no\"; expected true or false",
                        "b:3:13: run.level is 3; expected a whole number from 0 to 2",
                        "b:4:18: run.pss_budget is nan; expected a number from 0 to 100", NULL);
        assert_problems("[run]\nlabel = 7\ncolour = 'gren'\nlabel2 = 'x'\n",
                        "b:2:9: run.label is an integer; expected a text",
                        "b:3:10: run.colour is \"gren\"; expected red or green; did you mean green?",
                        "b:4:1: unknown key run.label2; did you mean run.label?", NULL);
        assert_problems("[run]\nlabel = 'a b'\n",
                        "b:2:9: run.label is \"a b\"; expected a text without blanks", NULL);
        assert_problems("[run]\nlabel = ''\ncolour = \"\\u0000\"\n",
                        "b:2:9: run.label is \"\"; expected a text that is not empty",
                        "b:3:10: run.colour is a text with a NUL in it; expected one without", NULL);
        assert_problems("monitors.on = [1, 'a']\nmonitors.store.least = '1 XB'\n",
                        "b:1:16: monitors.on is an integer; expected a name or a list of names",
                        "b:2:24: monitors.store.least is \"1 XB\"; expected a size, such as \"16 MiB\"", NULL);
}

static void test_names(void **state)
{
        assert_problems("interval = 1\n[ran]\nx = 1\n[monitors.stroe]\npaths = 1\n",
                        "b:1:1: unknown key interval; did you mean run.interval?",
                        "b:2:2: unknown table [ran]; did you mean [run]?",
                        "b:4:11: unknown table [monitors.stroe]; did you mean [monitors.store]?", NULL);
        assert_problems("zebra = 1\n'run.interval' = 1\n'' = 2\n[run]\n'\\n' = 1\n",
                        "b:1:1: unknown key zebra; expected one of vigia.toml(5)",
                        "b:2:1: unknown key \"run.interval\"", "b:3:1: unknown key \"\"",
                        "b:5:1: unknown key run.\\n; expected one of vigia.toml(5)", NULL);
        assert_problems("run.pss-budget = 1\nrun.pss_budget = 2\n",
                        "b:2:18: run.pss_budget is set a second time; the first is in line 1", NULL);
        assert_problems("run = 1\n", "b:1:1: unknown key run; expected one of vigia.toml(5)", NULL);
        assert_problems("[run.interval]\nx = 1\n",
                        "b:1:6: run.interval is a table; expected a time from 1ms to 1h, such as \"50ms\"", NULL);
}

static void test_other_names(void **state)
{
        _cleanup_(settings_freep) Settings *s =
                read_two("", "[findings]\nany = 1\n[findings.more]\nx = 2\n[old]\nspeed_seconds = 0.05\ncolour = 'x'\n");

        assert_int_equal(settings_n_problems(s), 0);
        assert_int_equal(settings_n_notes(s), 2);
        assert_string_equal(settings_note_at(s, 0)->sentence, "b:1:2: findings is not read: later");
        assert_int_equal(settings_note_at(s, 0)->severity, SETTING_NOTICE);
        assert_true(settings_get_at(s, INTERVAL)->number == 50000000);
        assert_problems("[old]\nspeed_secnds = 1\n",
                        "b:2:1: unknown key old.speed_secnds; did you mean old.speed_seconds?", NULL);
}

static void test_lists(void **state)
{
        _cleanup_(settings_freep) Settings *s = read_two(
                "[[shape]]\nname = 'a'\nside-length = 1\n[[shape]]\nname = 'b'\ncommand = 'x y'\n",
                "[[shape]]\nname = 'c'\npoints = ['p', {name = 'q', x = 3}]\ncommand = ['x', 'y']\n"
                "[[shape]]\nname = 'a'\nside_length = '2K'\n");
        const SettingRecord *r;

        assert_int_equal(settings_n_notes(s), 0);
        assert_int_equal(settings_n_records(s), 3);
        r = settings_record(s, 0);
        assert_string_equal(r->values[0]->texts[0], "a");
        assert_int_equal(r->values[1]->number, 2048);
        assert_int_equal(r->source.place.line, 5);
        assert_true(settings_record(s, 1)->values[3]->single);
        r = settings_record(s, 2);
        assert_null(r->values[1]);
        assert_false(r->values[3]->single);
        assert_int_equal(r->values[3]->n_texts, 2);
        assert_int_equal(r->values[2]->n_records, 2);
        assert_string_equal(r->values[2]->records[0].values[0]->texts[0], "p");
        assert_null(r->values[2]->records[0].values[1]);
        assert_int_equal(r->values[2]->records[1].values[1]->number, 3);
}

static void test_bad_lists(void **state)
{
        assert_problems("[[shape]]\nside_length = 1\n[[shape]]\nname = 'a'\nside_lenght = 2\n[[shape]]\nname = 'b'\n"
                        "[[shape]]\nname = 'b'\n",
                        "b:1:3: shape without a name; expected name = …",
                        "b:5:1: unknown key side_lenght of [[shape]]; did you mean side_length?",
                        "b:8:3: a second shape named b; the first is in line 6", NULL);
        assert_problems("[shape]\nname = 'x'\n", "b:1:2: unknown table [shape]; did you mean [[shape]]?", NULL);
        assert_problems("shape = ['x', 1]\n", "b:1:15: name is an integer; expected a text", NULL);
        assert_problems("shape = 1\n", "b:1:1: unknown key shape; did you mean [[shape]]?", NULL);
        assert_problems("[[shape]]\nname = 'a'\npoints = [{x = 1}]\n",
                        "b:3:11: points without a name; expected name = …", NULL);
}

static void test_variables(void **state)
{
        static const char *const environment[] = {"T_INTERVAL=soon", "T_QUIET=perhaps", "T_LEVEL=1", "T_MONITOR_ON=x",
                                            "T_ZEBRA=1", NULL};
        _cleanup_(settings_freep) Settings *s = read_two("", "");
        char variable[64];
        Error err = {0};

        assert_int_equal(settings_apply_environment(s, environment), 0);
        assert_int_equal(settings_apply_option(s, "run.colour", "--colour", "gren"), 0);
        assert_int_equal(settings_apply_option(s, "run.none", "--none", "x"), -EINVAL);
        assert_int_equal(settings_apply_option(s, "monitors.on", "-m", " , "), 0);
        assert_int_equal(settings_n_notes(s), 6);
        assert_string_equal(settings_note_at(s, 5)->sentence, "-m  , : expected a name or a list of names");
        assert_string_equal(settings_note_at(s, 0)->sentence,
                            "T_INTERVAL=soon: expected a time from 1ms to 1h, such as 50ms");
        assert_string_equal(settings_note_at(s, 1)->sentence, "T_QUIET=perhaps: expected yes or no");
        assert_string_equal(settings_note_at(s, 2)->sentence,
                            "unknown variable T_MONITOR_ON; did you mean T_MONITORS_ON?");
        assert_int_equal(settings_note_at(s, 2)->severity, SETTING_WARNING);
        assert_string_equal(settings_note_at(s, 3)->sentence, "unknown variable T_ZEBRA");
        assert_string_equal(settings_note_at(s, 4)->sentence,
                            "--colour gren: expected red or green; did you mean green?");
        assert_int_equal(settings_check(s, &err), -EINVAL);
        assert_string_equal(err.message,
                            "T_INTERVAL=soon: expected a time from 1ms to 1h, such as 50ms (and 3 more)");
        assert_true(setting_variable(&schema, &keys[PATHS], variable, sizeof variable));
        assert_string_equal(variable, "T_MONITORS_STORE_PATHS");
        assert_false(setting_variable(&schema, &keys[PATHS], variable, 22));
}

/* What strangers could write is not read; what is asked for by name is. */
static void test_files(void **state)
{
        char folder[] = "/tmp/vigia-settings-XXXXXX", path[64];
        _cleanup_(settings_freep) Settings *s = NULL;

        assert_non_null(mkdtemp(folder));
        snprintf(path, sizeof path, "%s/f", folder);
        assert_int_equal(settings_new(&s), 0);
        assert_int_equal(settings_read_file(s, LAYER_USER, path, "absent", SETTING_CAUTIOUS), 0);
        assert_int_equal(settings_read_file(s, LAYER_USER, path, "named", SETTING_NAMED), 0);
        FILE *f = fopen(path, "we");
        assert_non_null(f);
        fputs("run.level = 1\nx", f);
        fclose(f);
        assert_int_equal(settings_read_file(s, LAYER_USER, path, "broken", SETTING_CAUTIOUS), 0);
        assert_int_equal(truncate(path, 14), 0);
        assert_int_equal(chmod(path, 0666), 0);
        assert_int_equal(settings_read_file(s, LAYER_USER, path, "open", SETTING_CAUTIOUS), 0);
        assert_int_equal(settings_read_file(s, LAYER_USER, path, "asked for", SETTING_NAMED), 0);
        assert_int_equal(unlink(path), 0);
        assert_int_equal(mkfifo(path, 0600), 0);
        assert_int_equal(settings_read_file(s, LAYER_USER, path, "pipe", SETTING_PLACE), 0);
        assert_int_equal(settings_read_file(s, LAYER_USER, folder, "folder", SETTING_NAMED), 0);
        static const SettingFileState states[] = {SETTING_FILE_ABSENT, SETTING_FILE_BROKEN, SETTING_FILE_BROKEN,
                                                  SETTING_FILE_REFUSED, SETTING_FILE_READ, SETTING_FILE_REFUSED,
                                                  SETTING_FILE_BROKEN};
        static const char *const sentences[] = {
                "named: No such file or directory; expected a configuration file",
                "broken:2:2: the file ends here; expected = behind the key",
                "open is not read: everybody may write it",
                "pipe is not read: it is no plain file",
                "folder: it is a folder; expected a configuration file",
        };
        for (size_t i = 0; i < ARRAY_LENGTH(states); i++)
                assert_int_equal(settings_file(s, i)->state, states[i]);
        assert_int_equal(settings_n_notes(s), ARRAY_LENGTH(sentences));
        for (size_t i = 0; i < ARRAY_LENGTH(sentences); i++)
                assert_string_equal(settings_note_at(s, i)->sentence, sentences[i]);
        unlink(path);
        rmdir(folder);
}

static void test_bounds(void **state)
{
        _cleanup_(settings_freep) Settings *s = NULL;
        _cleanup_string_ String text = {0};
        Error err = {0};

        for (int i = 0; i < 1000; i++)
                string_add_format(&text, "unknown_%d = 1\n", i);
        string_add(&text, "monitors.on = [");
        for (int i = 0; i < 1025; i++)
                string_add(&text, "'a', ");
        string_add(&text, "]\n");
        for (int i = 0; i < SETTING_RECORDS_MAX + 1; i++)
                string_add_format(&text, "[[shape]]\nname = 's%d'\n", i);
        s = read_two(string_get(&text), string_get(&text));
        assert_int_equal(settings_n_notes(s), SETTING_NOTES_MAX);
        assert_int_equal(settings_n_problems(s), 2 * 1002);
        assert_int_equal(settings_n_records(s), 0);
        assert_int_equal(settings_check(s, &err), -EINVAL);
        assert_non_null(strstr(err.message, "(and 2003 more)"));
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_kinds),      cmocka_unit_test(test_layers),
                cmocka_unit_test(test_preset),     cmocka_unit_test(test_mistakes),
                cmocka_unit_test(test_names),      cmocka_unit_test(test_other_names),
                cmocka_unit_test(test_lists),      cmocka_unit_test(test_bad_lists),
                cmocka_unit_test(test_variables),  cmocka_unit_test(test_files),
                cmocka_unit_test(test_bounds),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
