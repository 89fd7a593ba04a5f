/* The built-in rules on recorded and on documented processes: tests/rules/commands.tsv, documented.tsv. */
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
#include "rules/rule-check.h"
#include "rules/rules.h"

enum {
        COLUMN_MAJOR,
        COLUMN_CATEGORY,
        COLUMN_PARENT,
        COLUMN_COMM,
        COLUMN_EXE,
        COLUMN_CMDLINE,
        COLUMN_ORIGIN,
        COLUMN_RESPONSE, /* may be missing */
        COLUMNS,
};

/* \n, \t, \r and \\, in place. */
static void unescape(char *text)
{
        char *to = text;

        for (const char *from = text; *from; from++) {
                if (*from != '\\' || !from[1]) {
                        *to++ = *from;
                        continue;
                }
                from++;
                *to++ = *from == 'n' ? '\n' : *from == 't' ? '\t' : *from == 'r' ? '\r' : *from;
        }
        *to = '\0';
}

static size_t split(char *line, char *columns[COLUMNS])
{
        size_t n = 0;

        for (char *next = line; next && n < COLUMNS; n++)
                columns[n] = strsep(&next, "\t");
        for (size_t i = 0; i < n; i++)
                unescape(columns[i]);
        for (size_t i = n; i < COLUMNS; i++)
                columns[i] = NULL;
        return n;
}

static const char *known(const char *column)
{
        return column && !text_equal(column, "-") ? column : NULL;
}

/* True if it is labelled as the row says. */
static bool check_row(Rules *rules, const char *file, unsigned line, char *columns[COLUMNS])
{
        Label parent = {0};
        LabelWords words = {
                .comm = known(columns[COLUMN_COMM]),
                .exe = known(columns[COLUMN_EXE]),
                .cmdline = known(columns[COLUMN_CMDLINE]),
                .response = known(columns[COLUMN_RESPONSE]),
        };

        if (known(columns[COLUMN_PARENT])) {
                char *slash = strchr(columns[COLUMN_PARENT], '/');
                assert_non_null(slash);
                *slash = '\0';
                parent = (Label){columns[COLUMN_PARENT], slash + 1};
                words.parent = &parent;
        }
        const Label *label = rules_label(&words, rules);
        if (text_equal(label->major, columns[COLUMN_MAJOR]) && text_equal(label->category, columns[COLUMN_CATEGORY]))
                return true;
        print_error("%s:%u: %s/%s, expected %s/%s: %.200s (%s)\n", file, line, label->major, label->category,
                    columns[COLUMN_MAJOR], columns[COLUMN_CATEGORY], columns[COLUMN_CMDLINE], columns[COLUMN_COMM]);
        return false;
}

/* How many rows there are; all are as they say. */
static unsigned check_table(const char *name)
{
        _cleanup_(rules_freep) Rules *rules = NULL;
        _cleanup_fclose_ FILE *file = NULL;
        _cleanup_free_ char *line = NULL;
        char path[SOURCE_PATH_MAX];
        size_t size = 0;
        ssize_t length;
        unsigned at = 0, rows = 0, wrong = 0;
        Error err = {0};

        file = fopen(source_path(path, "tests/rules/%s", name), "re");
        assert_non_null(file);
        if (rules_load(NULL, &rules, &err) < 0)
                fail_msg("%s", err.message);
        while ((length = getline(&line, &size, file)) > 0) {
                char *columns[COLUMNS];
                at++;
                if (line[0] == '#')
                        continue;
                if (line[length - 1] == '\n')
                        line[length - 1] = '\0';
                if (split(line, columns) < COLUMN_RESPONSE)
                        fail_msg("%s:%u: too few columns", name, at);
                wrong += !check_row(rules, name, at, columns);
                rows++;
        }
        if (wrong > 0)
                fail_msg("%u of %u rows of %s", wrong, rows, name);
        return rows;
}

static void test_recorded(void **state)
{
        assert_in_range(check_table("commands.tsv"), 400, UINT32_MAX);
}

static void test_documented(void **state)
{
        assert_in_range(check_table("documented.tsv"), 50, UINT32_MAX);
}

/* As `vigia rules check` has it: no rule that never wins, none that two could disagree about, none slow. */
static void test_doubts(void **state)
{
        RuleSet *set = NULL;

        assert_int_equal(rule_set_read(NULL, &set), 0);
        assert_int_equal(rule_set_doubt(set), 0);
        for (size_t i = 0; i < rule_set_n_notes(set); i++)
                print_error("%s\n", rule_set_note(set, i)->sentence);
        size_t n = rule_set_n_notes(set);
        rule_set_free(set);
        assert_int_equal(n, 0);
}

/* The names of MyMonitor's reports on top. */
static void test_mymonitor_names(void **state)
{
        static const char text[] = "include = [\"builtin/mymonitor-names.toml\"]\n";
        static const struct {
                const char *line, *major, *category;
        } cases[] = {
                {"/usr/lib/gcc/x86_64-linux-gnu/12/cc1plus -quiet a.cc", "CPP_Compile", "GCCInternalCompiler"},
                {"/usr/bin/ld -o a a.o", "CPP_Link", "DirectLinker"},
                {"ld.lld-17 a.o", "CPP_Link", "DirectLinker"},
                {"gcc -c a.c", "CPP_Compile", "Driver_Compile"},
                {"ninja", "BuildSystem", "ninja"},
        };
        _cleanup_(rules_freep) Rules *rules = NULL;
        RuleSet *set = NULL;
        Error err = {0};

        assert_int_equal(rule_set_read_text("t", text, strlen(text), &set), 0);
        if (rule_set_check(set, &err) < 0)
                fail_msg("%s", err.message);
        assert_int_equal(rules_new(set, &rules), 0);
        for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
                const Label *label = rules_label(&(LabelWords){.cmdline = cases[i].line}, rules);
                assert_string_equal(label->major, cases[i].major);
                assert_string_equal(label->category, cases[i].category);
        }
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_recorded),
                cmocka_unit_test(test_documented),
                cmocka_unit_test(test_doubts),
                cmocka_unit_test(test_mymonitor_names),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
