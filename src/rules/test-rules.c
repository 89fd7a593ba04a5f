/* Labels: which rule wins, what is compared, the cache, the bounds. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/cleanup.h"
#include "base/test-source.h"
#include "base/text.h"
#include "rules/explain.h"
#include "rules/label-cache.h"
#include "rules/label-table.h"

static Rules *rules_of(const char *text)
{
        RuleSet *set = NULL;
        Rules *rules = NULL;
        Error err = {0};

        assert_int_equal(rule_set_read_text("f", text, strlen(text), &set), 0);
        if (rule_set_check(set, &err) < 0)
                fail_msg("%s", err.message);
        assert_int_equal(rules_new(set, &rules), 0);
        return rules;
}

static void assert_label(Rules *rules, const LabelWords *words, const char *major, const char *category)
{
        const Label *label = rules_label(words, rules);

        if (!text_equal(label->major, major) || !text_equal(label->category, category))
                fail_msg("%s: %s / %s, expected %s / %s", words->cmdline ? words->cmdline : words->comm, label->major,
                         label->category, major, category);
        /* From the cache, and by way of the explanation. */
        assert_ptr_equal(rules_label(words, rules), label);
        Explanation e;
        rules_explain(rules, words, &e);
        assert_ptr_equal(e.label, label);
}

static void assert_line(Rules *rules, const char *line, const char *major, const char *category)
{
        assert_label(rules, &(LabelWords){.cmdline = line}, major, category);
}

static void test_order(void **state)
{
        _cleanup_(rules_freep) Rules *rules = rules_of(
                "[[rules]]\nmajor_category='A'\ncategory='x'\npriority=1\nprograms=['a', 'b', 'd']\n"
                "[[rules]]\nmajor_category='B'\ncategory='x'\npriority=2\nprograms='b'\n"
                "[[rules]]\nmajor_category='C'\ncategory='x'\npriority=2\nprograms=['b', 'c', 'c-1']\n"
                "[[rules]]\nmajor_category='D'\ncategory='x'\ncmdline='-d'\n");
        Explanation e;

        assert_line(rules, "a", "A", "x");
        assert_line(rules, "b", "B", "x");
        assert_line(rules, "c", "C", "x");
        assert_line(rules, "b -d", "D", "x");
        assert_line(rules, "e", "Other", "Other_e");
        rules_explain(rules, &(LabelWords){.cmdline = "b -d"}, &e);
        assert_int_equal(e.rule->place.line, 16);
        assert_int_equal(e.n_beaten, 3);
        assert_string_equal(e.beaten[0]->major, "B");
        assert_string_equal(e.beaten[1]->major, "C");
        assert_string_equal(e.beaten[2]->major, "A");
        /* A rule is one, although two of its names are the process's. */
        rules_explain(rules, &(LabelWords){.cmdline = "c-1"}, &e);
        assert_string_equal(e.rule->major, "C");
        assert_int_equal(e.n_beaten, 0);
}

static void test_conditions(void **state)
{
        _cleanup_(rules_freep) Rules *rules = rules_of(
                "[[rules]]\nmajor_category='All'\ncategory='x'\nprograms='gcc'\ncmdline='-c'\nnot_cmdline='-E'\nexe='^/opt/'\n"
                "parent=['Make', 'ninja']\n"
                "[[rules]]\nmajor_category='Glob'\ncategory='x'\nprograms=['cargo-*', '*_test', 'plain', 'a*b*c']\n"
                "[[rules]]\nmajor_category='Exact'\ncategory='x'\nmatch_field='current_cmd_name'\nmatch_type='exact'\npattern='gcc-12'\n"
                "[[rules]]\nmajor_category='Contains'\ncategory='x'\nmatch_field='current_cmd_full'\nmatch_type='contains'\n"
                "patterns=['--one', '--two']\n"
                "[[rules]]\nmajor_category='Regex'\ncategory='x'\nmatch_field='program'\nmatch_type='regex'\npatterns=['^q.$', '^r.$']\n"
                "[[rules]]\nmajor_category='Exe'\ncategory='x'\nmatch_field='exe'\nmatch_type='exact'\npattern='/bin/p'\n");
        const Label make = {"Make", "make"}, ninja = {"Build", "ninja"}, other = {"Build", "x"};
        LabelWords words = {.exe = "/opt/gcc", .cmdline = "gcc-11 -c a.c", .parent = &make};

        assert_true(rules_use_parents(rules));
        assert_label(rules, &words, "All", "x");
        words.parent = &ninja;
        assert_label(rules, &words, "All", "x");
        words.parent = &other;
        assert_label(rules, &words, "Other", "Other_gcc");
        words.parent = NULL;
        assert_label(rules, &words, "Other", "Other_gcc");
        words = (LabelWords){.exe = "/opt/gcc", .cmdline = "gcc -c -E", .parent = &make};
        assert_label(rules, &words, "Other", "Other_gcc");
        words = (LabelWords){.exe = "/bin/gcc", .cmdline = "gcc -c", .parent = &make};
        assert_label(rules, &words, "Other", "Other_gcc");
        words = (LabelWords){.cmdline = "gcc -c", .parent = &make};
        assert_label(rules, &words, "Other", "Other_gcc");
        assert_line(rules, "cargo-clippy x", "Glob", "x");
        assert_line(rules, "cargo x", "Other", "Other_cargo");
        assert_line(rules, "./my_test", "Glob", "x");
        assert_line(rules, "axxbyybzc", "Glob", "x");
        assert_line(rules, "plain", "Glob", "x");
        assert_line(rules, "plain-1.2", "Glob", "x");
        assert_line(rules, "axxbyybz", "Other", "Other_axxbyybz");
        assert_line(rules, "/usr/bin/gcc-12 x", "Exact", "x");
        assert_line(rules, "x --two", "Contains", "x");
        assert_line(rules, "x --tw", "Other", "Other_x");
        assert_line(rules, "x86_64-linux-gnu-qa", "Regex", "x");
        assert_line(rules, "rb", "Regex", "x");
        assert_label(rules, &(LabelWords){.exe = "/bin/p", .cmdline = "z"}, "Exe", "x");
        assert_label(rules, &(LabelWords){.comm = "gcc-12"}, "Exact", "x");
        assert_label(rules, &(LabelWords){.comm = "kworker/1:2"}, "Other", "Other_kworker");
}

/* Scripts: rules that name a program first, then the interpreter's with its whole line. */
static void test_scripts(void **state)
{
        _cleanup_(rules_freep) Rules *rules = rules_of(
                "[[rules]]\nmajor_category='Line'\ncategory='x'\ncmdline='zzz'\n"
                "[[rules]]\nmajor_category='Build'\ncategory='$program'\npriority=1\nprograms='meson'\n"
                "[[rules]]\nmajor_category='Test'\ncategory='py'\npriority=1\nmatch_field='name'\nmatch_type='regex'\npattern='^test_'\n"
                "[[rules]]\nmajor_category='Scripting'\ncategory='$program'\npriority=1\nprograms=['python', 'sh']\n");

        assert_line(rules, "python3 /usr/bin/meson setup", "Build", "meson");
        assert_line(rules, "python3 /usr/bin/meson zzz", "Build", "meson");
        assert_line(rules, "python3 -m meson", "Build", "meson");
        assert_line(rules, "python3 test_a.py", "Test", "py");
        assert_line(rules, "python3 a.py zzz", "Line", "x");
        assert_line(rules, "python3 a.py", "Scripting", "python");
        assert_line(rules, "/bin/sh ./configure", "Scripting", "sh");
        assert_line(rules, "perl x.pl", "Other", "Other_perl");
        assert_line(rules, "sh -c './prog-1.2 x'", "Other", "Other_prog");
}

static void test_response(void **state)
{
        _cleanup_(rules_freep) Rules *rules =
                rules_of("[[rules]]\nmajor_category='Link'\ncategory='x'\nprograms='gcc'\ncmdline='\\s-shared(\\s|$)'\n");
        char long_text[40000];

        assert_label(rules, &(LabelWords){.cmdline = "gcc @a.rsp", .response = "a.o -shared"}, "Link", "x");
        assert_label(rules, &(LabelWords){.cmdline = "gcc @a.rsp", .response = "a.o"}, "Other", "Other_gcc");
        assert_label(rules, &(LabelWords){.cmdline = "gcc @a.rsp"}, "Other", "Other_gcc");
        assert_label(rules, &(LabelWords){.cmdline = "sh -c gcc @a.rsp", .response = "-shared"}, "Link", "x");
        memset(long_text, 'x', sizeof long_text);
        long_text[sizeof long_text - 1] = '\0';
        assert_label(rules, &(LabelWords){.cmdline = "gcc -shared @a", .response = long_text}, "Link", "x");
}

/* MyMonitor's own file, as it is. */
static void test_mymonitor(void **state)
{
        _cleanup_(rules_freep) Rules *rules = NULL;
        char path[SOURCE_PATH_MAX];
        Error err = {0};

        assert_int_equal(rules_load(source_path(path, "tests/rules/mymonitor-rules.toml"), &rules, &err), 0);
        assert_false(rules_use_parents(rules));
        assert_line(rules, "gcc -c cursor.c", "CPP_Compile", "Driver_Compile");
        assert_line(rules, "gcc -c -E cursor.c", "CPP_Compile", "Driver_Preprocess");
        assert_line(rules, "/bin/sh -c 'cd x && gcc -c a.c'", "CPP_Compile", "Driver_Compile");
        assert_line(rules, "x86_64-linux-gnu-g++-12 a.o -o app", "CPP_Link", "Driver_Link");
        assert_line(rules, "clang-14 -cc1 -triple x", "CPP_Compile", "ClangInternal");
        assert_line(rules, "/usr/lib/gcc/x86_64-linux-gnu/12/cc1plus x", "CPP_Compile", "GCCInternalCompiler");
        assert_line(rules, "tool_399", "OSUtilities", "ProjectTools");
        assert_line(rules, "java -cp /x/r8.jar Main", "Java_Compile", "D8_R8");
        assert_line(rules, "python3.11 x.py", "Scripting", "Python");
        assert_line(rules, "nothing", "Other", "Other_nothing");
}

static void test_loading(void **state)
{
        _cleanup_(rules_freep) Rules *a = NULL, *b = NULL, *c = NULL, *d = NULL;
        Error err = {0};

        assert_int_equal(rules_load(NULL, &a, &err), 0);
        assert_int_equal(rules_load("builtin", &b, &err), 0);
        assert_int_equal(rules_fingerprint(a), rules_fingerprint(b));
        assert_line(a, "gcc -c cursor.c", "CPP_Compile", rules_label(&(LabelWords){.cmdline = "cc -c x.c"}, a)->category);
        assert_int_equal(rules_load("/nowhere/at/all", &d, &err), -EINVAL);
        assert_string_equal(err.message, "/nowhere/at/all: No such file or directory; expected a rules file");
        assert_null(d);
        /* Comments, places and priorities that order alike mean the same; a pattern more does not. */
        c = rules_of("[[rules]]\nmajor_category='A'\ncategory='x'\npriority=1\nprograms='a'\n");
        d = rules_of("\n[[rules]]\nmajor_category='A'\ncategory='x'\npriority=7\ncomment='y'\nprograms=['a']\n");
        assert_int_equal(rules_fingerprint(c), rules_fingerprint(d));
        rules_free(d);
        d = rules_of("[[rules]]\nmajor_category='A'\ncategory='x'\npriority=1\nprograms=['a', 'b']\n");
        assert_int_not_equal(rules_fingerprint(c), rules_fingerprint(d));
        assert_int_not_equal(rules_fingerprint(c), rules_fingerprint(a));
}

/* Names of programs are what strangers make them; there are not more labels than the bound. */
static void test_labels_are_bounded(void **state)
{
        _cleanup_(rules_freep) Rules *rules =
                rules_of("[[rules]]\nmajor_category='A'\ncategory='p_$program!'\nprograms='a*'\n");
        char line[64];

        assert_line(rules, "ab", "A", "p_ab!");
        assert_line(rules, "a\x1b[31m\rb", "A", "p_a?[31m?b!");
        assert_line(rules, "a\xff\xfe", "A", "p_a?" "?!");
        for (size_t i = 0; i < LABELS_MADE_MAX + 500; i++) {
                snprintf(line, sizeof line, "a%zux", i);
                rules_label(&(LabelWords){.cmdline = line}, rules);
        }
        assert_line(rules, "anew", "A", "A_Other");
        assert_line(rules, "new", "Other", "Other_Other");
        assert_line(rules, "ab", "A", "p_ab!");
        assert_line(rules, "a5x", "A", "p_a5x!");
}

/* Long, empty and hostile lines have labels. */
static void test_any_line(void **state)
{
        _cleanup_(rules_freep) Rules *rules = NULL;
        Error err = {0};
        char *line = malloc(200001);

        assert_non_null(line);
        assert_int_equal(rules_load(NULL, &rules, &err), 0);
        memset(line, ' ', 200000);
        line[200000] = '\0';
        assert_line(rules, line, "Other", "Other_unknown");
        memset(line, 'a', 200000);
        assert_int_equal(strncmp(rules_label(&(LabelWords){.cmdline = line}, rules)->category, "Other_aaa", 9), 0);
        memcpy(line, "gcc -c ", 7);
        assert_non_null(strstr(rules_label(&(LabelWords){.cmdline = line}, rules)->major, "CPP"));
        for (size_t i = 0; i + 4 < 200000; i += 4)
                memcpy(line + i, "env ", 4);
        assert_non_null(rules_label(&(LabelWords){.cmdline = line}, rules));
        for (size_t i = 0; i + 6 < 200000; i += 6)
                memcpy(line + i, "sh -c ", 6);
        assert_non_null(rules_label(&(LabelWords){.cmdline = line}, rules));
        assert_line(rules, "", "Other", "Other_unknown");
        free(line);
}

/* An honest expression finds what it looks for in a line as long as lines can be. */
static void test_long_lines(void **state)
{
        _cleanup_(rules_freep) Rules *rules = rules_of(
                "[[rules]]\nmajor_category='A'\ncategory='x'\n"
                "cmdline='^(?!.*\\s-E(\\s|$)).*\\b(gcc|g\\+\\+|cc)(-\\d+)?(?=\\s).*\\s-c(\\s|$)'\n");
        char line[8000];

        for (size_t i = 0; i < sizeof line; i += 8)
                memcpy(line + i, " -I/a/bc", 8);
        line[sizeof line - 1] = '\0';
        memcpy(line, "gcc -c x ", 9);
        assert_line(rules, line, "A", "x");
        memcpy(line, "gcc -C x ", 9);
        assert_line(rules, line, "Other", "Other_gcc");
        memcpy(line + sizeof line - 9, "b -c x.c", 8);
        assert_line(rules, line, "A", "x");
}

/* A match that would take too long is none, and costs what it costs only once. */
static void test_catastrophe(void **state)
{
        _cleanup_(rules_freep) Rules *rules = rules_of(
                "[[rules]]\nmajor_category='A'\ncategory='x'\ncmdline='(a+)+$'\n"
                "[[rules]]\nmajor_category='B'\ncategory='x'\ncmdline='^(?:[a-z]+\\s?)*\\d$'\n");
        char line[4000];

        memset(line, 'a', sizeof line);
        memcpy(line + sizeof line - 2, "!", 2);
        assert_label(rules, &(LabelWords){.cmdline = line}, "Other", rules_label(&(LabelWords){.cmdline = line}, rules)->category);
        assert_line(rules, "x aaa", "A", "x");
}

static void test_cache(void **state)
{
        _cleanup_(label_cache_freep) LabelCache *cache = NULL;
        Label labels[2] = {{"a", "b"}, {"c", "d"}};
        LabelWords words = {.comm = "x", .cmdline = "y", .parent = &labels[0]};
        char line[300];
        bool any;

        assert_int_equal(label_cache_new(&cache), 0);
        assert_true(label_cache_ask(cache, &words, false));
        assert_null(label_cache_get(cache, NULL));
        label_cache_put(cache, &labels[0], true);
        assert_ptr_equal(label_cache_get(cache, NULL), &labels[0]);
        /* Each word counts; the parent does where it is asked for; unknown is not empty. */
        const LabelWords others[] = {
                {.comm = "xy", .cmdline = ""}, {.comm = "x"}, {.cmdline = "y"}, {.comm = "x", .cmdline = "y", .exe = ""},
                {.comm = "x", .cmdline = "y", .response = "z"}, {.comm = "", .cmdline = "y"},
        };
        for (size_t i = 0; i < ARRAY_LENGTH(others); i++) {
                assert_true(label_cache_ask(cache, &others[i], false));
                assert_null(label_cache_get(cache, NULL));
        }
        assert_true(label_cache_ask(cache, &words, true));
        assert_null(label_cache_get(cache, NULL));
        words.parent = &labels[1];
        assert_true(label_cache_ask(cache, &words, false));
        assert_ptr_equal(label_cache_get(cache, NULL), &labels[0]);
        /* What is asked for again and again survives the generations, what is not is forgotten. */
        for (size_t i = 0; i < 20 * LABEL_CACHE_SLOTS; i++) {
                snprintf(line, sizeof line, "%200zu", i);
                assert_true(label_cache_ask(cache, &(LabelWords){.cmdline = line}, false));
                assert_null(label_cache_get(cache, NULL));
                label_cache_put(cache, &labels[1], false);
                assert_ptr_equal(label_cache_get(cache, NULL), &labels[1]);
                if (i % 500 == 0) {
                        assert_true(label_cache_ask(cache, &words, false));
                        assert_ptr_equal(label_cache_get(cache, &any), &labels[0]);
                        assert_true(any);
                }
        }
        assert_true(label_cache_ask(cache, &(LabelWords){.cmdline = line}, false));
        assert_ptr_equal(label_cache_get(cache, &any), &labels[1]);
        assert_false(any);
        snprintf(line, sizeof line, "%200zu", (size_t)0);
        assert_true(label_cache_ask(cache, &(LabelWords){.cmdline = line}, false));
        assert_null(label_cache_get(cache, NULL));
        /* What is too long is not kept. */
        char *huge = calloc(1, 100000);
        assert_non_null(huge);
        memset(huge, 'x', 99999);
        assert_false(label_cache_ask(cache, &(LabelWords){.cmdline = huge}, false));
        free(huge);
}

/* One process under many parents, in any order: kept answers are those that rules would give. */
static void test_cached_parents(void **state)
{
        static const char text[] = "[[rules]]\nmajor_category='A'\ncategory='under_x'\nprograms=['as','both']\nparent='X'\n"
                                   "[[rules]]\nmajor_category='B'\ncategory='plain'\nprograms=['as','free']\n";
        static const char *const programs[] = {"as", "free", "both", "none"};
        const Label parents[] = {{"X", "X_x"}, {"Y", "Y_y"}};
        _cleanup_(rules_freep) Rules *rules = rules_of(text);

        for (unsigned i = 0; i < 3 * 4 * 3; i++) {
                unsigned parent = (i + i / 3) % 3, program = i / 3 % 4;
                LabelWords words = {.comm = programs[program], .cmdline = programs[program],
                                    .parent = parent < 2 ? &parents[parent] : NULL};
                bool under = parent == 0 && (program == 0 || program == 2);
                assert_label(rules, &words, under ? "A" : program < 2 ? "B" : "Other",
                             under ? "under_x" : program < 2 ? "plain" : program == 2 ? "Other_both" : "Other_none");
        }
}


int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_order),      cmocka_unit_test(test_conditions),
                cmocka_unit_test(test_scripts),    cmocka_unit_test(test_response),
                cmocka_unit_test(test_mymonitor),  cmocka_unit_test(test_loading),
                cmocka_unit_test(test_labels_are_bounded), cmocka_unit_test(test_any_line),
                cmocka_unit_test(test_long_lines), cmocka_unit_test(test_catastrophe), cmocka_unit_test(test_cache),
                cmocka_unit_test(test_cached_parents),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
