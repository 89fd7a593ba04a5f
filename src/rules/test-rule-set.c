/* Rule files: what is read, in which order, and every mistake with its place. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "base/text.h"
#include "rules/rule-check.h"
#include "rules/rule-set-internal.h"

#define RULE "[[rules]]\nmajor_category = 'A'\ncategory = 'x'\n"

static RuleSet *read_text(const char *text)
{
        RuleSet *set = NULL;

        assert_int_equal(rule_set_read_text("f", text, strlen(text), &set), 0);
        return set;
}

static bool has_note(const RuleSet *set, const char *part, bool problem)
{
        for (size_t i = 0; i < rule_set_n_notes(set); i++)
                if (rule_set_note(set, i)->problem == problem && strstr(rule_set_note(set, i)->sentence, part))
                        return true;
        return false;
}

static void show_notes(const RuleSet *set)
{
        for (size_t i = 0; i < rule_set_n_notes(set); i++)
                print_error("  %s\n", rule_set_note(set, i)->sentence);
}

static const char *const mistakes[][2] = {
        {"x", "f:1:2: "},
        {"rules = 3\n", "f:1:9: rules is an integer; expected [[rules]]"},
        {"rules = [3]\n", "f:1:10: a rule is an integer; expected a table"},
        {"rule = 1\n", "f:1:1: unknown key rule; did you mean rules?"},
        {"includes = 'x'\n", "f:1:1: unknown key includes; did you mean include?"},
        {"include = 3\n", "f:1:11: include is an integer; expected the path of a file, or \"builtin\""},
        {"include = ['']\n", "f:1:12: include is no path"},
        {"include = ['builtin/nothing.toml']\n", "f:1:12: no built-in file of rules is called builtin/nothing.toml"},
        {"[[rules]]\n", "f:1:3: a rule without a major_category; expected major_category = "},
        {"[[rules]]\nmajor_category='A'\n", "f:1:3: a rule without a category; expected category = "},
        {RULE, "f:1:3: a rule without a condition; expected programs, cmdline"},
        {RULE "programs = 3\n", "f:4:12: programs is an integer; expected a text in quotes, or a list of them"},
        {RULE "programs = []\n", "f:4:12: programs is an empty list; expected one text at least"},
        {RULE "programs = ['a', 3]\n", "f:4:18: an integer; expected a text in quotes"},
        {RULE "programs = ['a', '']\n", "f:4:18: an empty text"},
        {RULE "programs = \"a\\u0000b\"\n", "f:4:12: a text of 3 bytes with a NUL byte"},
        {RULE "program = 'a'\n", "f:4:1: unknown field program of a rule; did you mean programs?"},
        {RULE "Category = 'a'\n", "f:4:1: unknown field Category of a rule; did you mean category?"},
        {RULE "xyzzy = 'a'\n", "f:4:1: unknown field xyzzy of a rule; expected major_category, "},
        {RULE "priority = '1'\n", "f:4:12: priority is a string; expected a whole number"},
        {RULE "priority = 1.5\n", "f:4:12: priority is a float; expected a whole number"},
        {RULE "priority = 10000000000\n", "f:4:12: priority is 10000000000; expected a number from -1000000000"},
        {RULE "comment = 3\n", "f:4:11: comment is an integer; expected a text in quotes"},
        {RULE "cmdline = 'a(b'\n", "f:4:15: regular expression, at character 4: missing closing parenthesis"},
        {RULE "cmdline = \"\\\\d[a\"\n", "f:4:17: regular expression, at character 5: missing terminating ]"},
        {RULE "cmdline = 'é(b'\n", "f:4:15: regular expression, at character 4: "},
        {RULE "cmdline = '''a(b'''\n", "f:4:11: regular expression, at character 4: "},
        {RULE "not_cmdline = '*'\n", "f:4:16: regular expression, at character 1: quantifier does not follow"},
        {RULE "exe = ['x', '(?<n']\n", "f:4:"},
        {RULE "match_field = 'x'\nmatch_type = 'regex'\npattern = 'y'\n",
        "f:4:15: unknown match_field 'x'; expected current_cmd_name, current_cmd_full, "},
        {RULE "match_field = 'current_cmd_nam'\nmatch_type = 'regex'\npattern = 'y'\n",
        "f:4:15: unknown match_field 'current_cmd_nam'; did you mean current_cmd_name?"},
        {RULE "match_field = 'name'\nmatch_type = 'inlist'\npattern = 'y'\n",
        "f:5:14: unknown match_type 'inlist'; did you mean in_list?"},
        {RULE "match_field = 'name'\nmatch_type = 3\npattern = 'y'\n", "f:5:14: match_type is an integer"},
        {RULE "match_type = 'exact'\npattern = 'y'\n", "f:1:3: a rule without a match_field"},
        {RULE "match_field = 'name'\npattern = 'y'\n", "f:1:3: a rule without a match_type"},
        {RULE "match_field = 'name'\nmatch_type = 'exact'\n", "f:1:3: a rule without patterns"},
        {RULE "match_field = 'name'\nmatch_type = 'exact'\npattern = 'y'\npatterns = ['z']\n",
        "f:7:1: a rule with both pattern and patterns"},
        {RULE "match_field = 'name'\nmatch_type = 'regex'\npatterns = ['y', '(']\n",
        "f:6:20: regular expression, at character 2: "},
        {"[[rules]]\nmajor_category = ''\ncategory = 'x'\nprograms = 'a'\n",
        "f:2:18: major_category is an empty text; expected a name"},
        {"[[rules]]\nmajor_category = 'A'\ncategory = \"a\\tb\"\nprograms = 'a'\n",
        "f:3:12: category is a text with control characters"},
        {"[[rules]]\nmajor_category = 'A'\ncategory = 3\nprograms = 'a'\n",
        "f:3:12: category is an integer; expected a text in quotes"},
};

static void test_mistakes(void **state)
{
        for (size_t i = 0; i < ARRAY_LENGTH(mistakes); i++) {
                _cleanup_(rule_set_freep) RuleSet *set = read_text(mistakes[i][0]);
                Error err = {0};
                assert_int_equal(rule_set_check(set, &err), -EINVAL);
                if (!text_starts_with(err.message, mistakes[i][1]) || rule_set_n_problems(set) != 1) {
                        show_notes(set);
                        fail_msg("%s\nexpected %s alone", mistakes[i][0], mistakes[i][1]);
                }
                assert_int_equal(rule_set_size(set), 0);
        }
}

/* One mistake hides no other, and no good rule. */
static void test_all_are_told(void **state)
{
        _cleanup_(rule_set_freep) RuleSet *set =
                read_text(RULE "programs = 3\nxyzzy = 1\n" RULE "programs = 'a'\n" RULE "cmdline = '('\n");
        Error err = {0};

        assert_int_equal(rule_set_size(set), 1);
        assert_int_equal(rule_set_n_problems(set), 3);
        assert_int_equal(rule_set_check(set, &err), -EINVAL);
        assert_true(text_ends_with(err.message, " (and 2 more)"));
}

static void test_what_is_read(void **state)
{
        _cleanup_(rule_set_freep) RuleSet *set = read_text(
                RULE "comment = 'c'\nmatch_field = 'current_cmd_full'\nmatch_type = 'contains'\npattern = ['a', 'b']\n"
                RULE "priority = 2000\nprograms = 'gcc'\nnot_cmdline = '-c'\n"
                RULE "programs = ['a*', 'b']\nparent = 'CPP_Compile'\nexe = '^/usr'\n"
                "[metadata]\nversion = 1\n");

        assert_int_equal(rule_set_n_problems(set), 0);
        assert_true(has_note(set, "f:20:2: metadata is not read", false));
        assert_int_equal(rule_set_size(set), 3);
        const Rule *first = rule_set_at(set, 0), *second = rule_set_at(set, 1), *third = rule_set_at(set, 2);
        assert_int_equal(first->priority, 2000);
        assert_true(first->has_priority);
        assert_int_equal(first->place.line, 8);
        assert_int_equal(first->conditions[1].subject, SUBJECT_CMDLINE);
        assert_true(first->conditions[1].negated);
        assert_int_equal(second->priority, RULE_PRIORITY_DEFAULT);
        assert_false(second->has_priority);
        assert_string_equal(second->comment, "c");
        assert_int_equal(second->conditions[0].n, 2);
        assert_int_equal(second->conditions[0].patterns[1].match, MATCH_CONTAINS);
        assert_int_equal(third->n_conditions, 3);
        /* Plain names stand in front. */
        assert_int_equal(third->conditions[0].n_equal, 1);
        assert_string_equal(third->conditions[0].patterns[0].text, "b");
        assert_int_equal(third->conditions[0].patterns[0].match, MATCH_EQUAL);
        assert_int_equal(third->conditions[0].patterns[1].match, MATCH_GLOB);
}

static void test_bounds(void **state)
{
        _cleanup_string_ String text = {0};
        RuleSet *set;

        for (size_t i = 0; i < RULES_MAX + 2; i++)
                string_add(&text, "[[rules]]\nmajor_category='A'\ncategory='x'\nprograms='a'\n");
        set = read_text(string_get(&text));
        assert_int_equal(rule_set_size(set), RULES_MAX);
        assert_int_equal(rule_set_n_problems(set), 1);
        assert_true(has_note(set, "too many rules; expected at most 4096", true));
        rule_set_free(set);

        string_clear(&text);
        string_add(&text, RULE "programs = [");
        for (size_t i = 0; i < RULE_PATTERNS_MAX + 1; i++)
                string_add(&text, "'a',");
        string_add(&text, "]\n");
        set = read_text(string_get(&text));
        assert_true(has_note(set, "programs has 65537 texts; expected at most 65536", true));
        rule_set_free(set);

        string_clear(&text);
        string_add(&text, RULE "cmdline = '");
        for (size_t i = 0; i < RULE_PATTERN_BYTES_MAX + 1; i++)
                string_add_char(&text, 'a');
        string_add(&text, "'\n");
        set = read_text(string_get(&text));
        assert_true(has_note(set, "f:4:11: a text of 4097 bytes", true));
        rule_set_free(set);

        string_clear(&text);
        for (size_t i = 0; i < RULE_NOTES_MAX + 50; i++)
                string_add(&text, "[[rules]]\n");
        set = read_text(string_get(&text));
        assert_int_equal(rule_set_n_notes(set), RULE_NOTES_MAX);
        assert_true(rule_set_n_problems(set) >= RULE_NOTES_MAX + 50);
        rule_set_free(set);
}

/* ---- files ---- */

typedef struct Place {
        char path[64];
} Place;

static int make_place(void **state)
{
        Place *place = calloc(1, sizeof *place);

        if (!place)
                return -1;
        text_copy(place->path, sizeof place->path, "/tmp/vigia-test-rules-XXXXXX");
        if (!mkdtemp(place->path))
                return -1;
        *state = place;
        return chdir(place->path);
}

static int remove_place(void **state)
{
        Place *place = *state;
        int r = chdir("/") | directory_remove(-1, place->path);

        free(place);
        return r;
}

static void put(const char *name, const char *text)
{
        FILE *f = fopen(name, "we");

        assert_non_null(f);
        assert_true(fputs(text, f) >= 0);
        assert_int_equal(fclose(f), 0);
}

static RuleSet *read_name(const char *name)
{
        RuleSet *set = NULL;

        assert_int_equal(rule_set_read(name, &set), 0);
        return set;
}

/* Own rules first, then those of the includes, each file once, relative to who names it. */
static void test_includes(void **state)
{
        put("main.toml", "include = ['sub/b.toml', './c.toml', 'c.toml']\n"
                         "[[rules]]\nmajor_category = 'main'\ncategory = 'x'\nprograms = 'a'\n");
        assert_int_equal(mkdir("sub", 0755), 0);
        put("sub/b.toml", "include = '../c.toml'\n[[rules]]\nmajor_category = 'b'\ncategory = 'x'\nprograms = 'a'\n");
        put("c.toml", "[[rules]]\nmajor_category = 'c'\ncategory = 'x'\nprograms = 'a'\n"
                      "[[rules]]\nmajor_category = 'top'\ncategory = 'x'\nprograms = 'a'\npriority = 1001\n");
        _cleanup_(rule_set_freep) RuleSet *set = read_name("main.toml");
        show_notes(set);
        assert_int_equal(rule_set_n_notes(set), 0);
        assert_int_equal(rule_set_size(set), 4);
        assert_string_equal(rule_set_at(set, 0)->major, "top");
        assert_string_equal(rule_set_at(set, 1)->major, "main");
        assert_string_equal(rule_set_at(set, 2)->major, "b");
        assert_string_equal(rule_set_at(set, 3)->major, "c");
        assert_string_equal(rule_set_at(set, 3)->file->name, "sub/../c.toml");
}

static void test_include_mistakes(void **state)
{
        RuleSet *set;

        put("self.toml", "\ninclude = ['self.toml']\n");
        set = read_name("self.toml");
        assert_true(has_note(set, "self.toml:2:12: self.toml includes itself; expected no cycle", true));
        rule_set_free(set);
        put("a.toml", "include = 'b.toml'\n");
        put("b.toml", "include = 'c.toml'\n");
        put("c.toml", "# back\ninclude = ['a.toml']\n");
        set = read_name("a.toml");
        assert_true(has_note(set, "c.toml:2:12: a.toml includes itself by way of c.toml; expected no cycle", true));
        assert_int_equal(rule_set_n_problems(set), 1);
        rule_set_free(set);
        /* By another name. */
        assert_int_equal(symlink("link.toml", "other.toml"), 0);
        put("link.toml", "include = 'other.toml'\n");
        set = read_name("link.toml");
        assert_true(has_note(set, "link.toml:1:11: link.toml includes itself", true));
        rule_set_free(set);
        put("missing.toml", "include = ['nowhere.toml']\n");
        set = read_name("missing.toml");
        assert_true(has_note(set, "missing.toml:1:12: nowhere.toml: No such file or directory; expected a rules file", true));
        rule_set_free(set);
        put("folder.toml", "include = '.'\n");
        set = read_name("folder.toml");
        assert_true(has_note(set, "folder.toml:1:11: .: Is a directory", true));
        rule_set_free(set);
        assert_int_equal(mkfifo("fifo", 0600), 0);
        put("pipe.toml", "include = 'fifo'\n");
        set = read_name("pipe.toml");
        assert_true(has_note(set, "pipe.toml:1:11: fifo: no plain file", true));
        rule_set_free(set);
        put("inner.toml", "[[rules]]\n\nfoo = 1\n");
        put("outer.toml", "include = 'inner.toml'\n");
        set = read_name("outer.toml");
        assert_true(has_note(set, "inner.toml:3:1: unknown field foo", true));
        rule_set_free(set);
        set = read_name("nowhere.toml");
        assert_true(has_note(set, "nowhere.toml: No such file or directory; expected a rules file", true));
        rule_set_free(set);
}

static void test_include_bounds(void **state)
{
        char name[32], text[64];
        RuleSet *set;

        for (int i = 0; i < 12; i++) {
                snprintf(name, sizeof name, "deep%d.toml", i);
                snprintf(text, sizeof text, "include = 'deep%d.toml'\n", i + 1);
                put(name, text);
        }
        set = read_name("deep0.toml");
        assert_true(has_note(set, "deep8.toml:1:11: too many includes; expected a depth of at most 8", true));
        assert_int_equal(rule_set_n_problems(set), 1);
        rule_set_free(set);

        _cleanup_string_ String wide = {0};
        string_add(&wide, "include = [");
        for (int i = 0; i < RULE_FILES_MAX + 1; i++) {
                snprintf(name, sizeof name, "wide%d.toml", i);
                put(name, "rules = []\n");
                string_add_format(&wide, "'%s',", name);
        }
        string_add(&wide, "]\n");
        put("wide.toml", string_get(&wide));
        set = read_name("wide.toml");
        assert_int_equal(rule_set_n_problems(set), 2);
        rule_set_free(set);

        string_clear(&wide);
        for (size_t i = 0; i < RULE_FILE_BYTES_MAX / 8 + 1; i++)
                string_add(&wide, "#aaaaaa\n");
        put("large.toml", string_get(&wide));
        set = read_name("large.toml");
        assert_true(has_note(set, "large.toml: more than 1048576 bytes; expected a rules file", true));
        rule_set_free(set);
}

static void test_builtin(void **state)
{
        _cleanup_(rule_set_freep) RuleSet *set = read_name(NULL), *more = NULL;

        show_notes(set);
        assert_int_equal(rule_set_n_notes(set), 0);
        assert_true(rule_set_size(set) >= 12);
        for (size_t i = 0; i < rule_set_size(set); i++) {
                const Rule *rule = rule_set_at(set, i);
                assert_true(rule->has_priority && rule->priority >= 1 && rule->priority <= 999);
        }
        /* Every expression is one. */
        assert_int_equal(rule_set_doubt(set), 0);
        for (size_t i = 0; i < rule_set_n_notes(set); i++)
                assert_false(rule_set_note(set, i)->problem);
        more = read_text("include = ['builtin', 'builtin/builtin.toml']\n" RULE "programs = 'gcc'\n");
        assert_int_equal(rule_set_n_problems(more), 0);
        assert_int_equal(rule_set_size(more), rule_set_size(set) + 1);
        assert_string_equal(rule_set_at(more, 0)->major, "A");
}

/* ---- doubts ---- */

static void test_doubts(void **state)
{
        static const char *const cases[][2] = {
                {RULE "programs='a'\n" RULE "programs='a'\n", "f:5:3: never wins: f:1, of the same category"},
                {RULE "programs=['a','b']\n[[rules]]\nmajor_category='B'\ncategory='x'\nprograms='a'\ncmdline='y'\n",
                 "f:5:3: never wins: f:1 (A / x) is asked first"},
                {RULE "programs='a*'\n[[rules]]\nmajor_category='B'\ncategory='x'\nprograms=['ab', 'ac']\n",
                 "f:5:3: never wins: f:1 (A / x)"},
                {RULE "programs='a'\n" RULE "programs='b'\n[[rules]]\nmajor_category='B'\ncategory='x'\nprograms=['a', 'b']\n",
                 "f:9:3: never wins: each of its names is taken"},
                {RULE "programs='a'\n[[rules]]\nmajor_category='B'\ncategory='x'\nprograms=['b', 'a']\n",
                 "f:8:11: a never wins here: f:1 is asked first"},
                {RULE "cmdline='x'\n" RULE "cmdline='x'\n", "f:5:3: never wins"},
                {RULE "match_field='cmdline'\nmatch_type='contains'\npattern='b'\n"
                 RULE "match_field='cmdline'\nmatch_type='contains'\npattern='abc'\n", "f:7:3: never wins"},
                {RULE "priority=5\nprograms='a'\ncmdline='-c'\n"
                 "[[rules]]\nmajor_category='B'\ncategory='x'\npriority=5\nprograms='a'\ncmdline='-o'\n",
                 "f:7:3: same priority as f:1 (A / x), and both match 'a -c -o'"},
                {RULE "priority=5\nprograms='x*'\n"
                 "[[rules]]\nmajor_category='B'\ncategory='x'\npriority=5\nprograms='xy'\nexe='/bin'\n",
                 "f:6:3: never wins"},
                {RULE "priority=5\nprograms='a'\ncmdline='^a -(c|d)\\b'\n"
                 "[[rules]]\nmajor_category='B'\ncategory='x'\npriority=5\nmatch_field='name'\nmatch_type='regex'\npattern='^a$'\n",
                 "f:7:3: same priority as f:1 (A / x), and both match 'a -c'"},
                {RULE "cmdline='(a+)+$'\n", "f:4:9: slow: more than 100000 steps"},
                {RULE "cmdline='\\S+\\.o'\n", "f:4:9: slow: "},
                {RULE "cmdline='gcc.*(\\w+\\s?)*x'\n", "f:4:9: slow: "},
                {RULE "programs='/usr/bin/gcc'\n", "f:4:10: '/usr/bin/gcc' matches no program"},
                {RULE "match_field='program'\nmatch_type='exact'\npattern='gcc-12'\n", "f:6:9: 'gcc-12' matches no program"},
                {"[[rules]]\nmajor_category='$program'\ncategory='x'\nprograms='a'\n", "f:1:3: $program is not replaced"},
        };

        for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
                _cleanup_(rule_set_freep) RuleSet *set = read_text(cases[i][0]);
                assert_int_equal(rule_set_n_notes(set), 0);
                assert_int_equal(rule_set_doubt(set), 0);
                assert_int_equal(rule_set_n_problems(set), 0);
                if (rule_set_n_notes(set) == 0 || !text_starts_with(rule_set_note(set, 0)->sentence, cases[i][1])) {
                        show_notes(set);
                        fail_msg("%s\nexpected %s", cases[i][0], cases[i][1]);
                }
        }
}

/* What looks alike but is right. */
static void test_no_doubts(void **state)
{
        static const char *const cases[] = {
                RULE "programs='a'\ncmdline='-c'\n[[rules]]\nmajor_category='B'\ncategory='x'\nprograms='a'\n",
                RULE "priority=5\nprograms='a'\n[[rules]]\nmajor_category='B'\ncategory='x'\npriority=5\nprograms='b'\n",
                RULE "priority=5\nprograms='a'\ncmdline='-c'\n" RULE "priority=5\nprograms='a'\ncmdline='-o'\n",
                RULE "priority=5\nprograms='a'\ncmdline='^a -c'\n"
                "[[rules]]\nmajor_category='B'\ncategory='x'\npriority=5\nprograms='a'\nnot_cmdline='-c'\n",
                RULE "programs='a'\ncmdline='-c'\n[[rules]]\nmajor_category='B'\ncategory='x'\nprograms='a'\ncmdline='-o'\n",
                /* Scripts ask only the second. */
                RULE "cmdline='x'\n[[rules]]\nmajor_category='B'\ncategory='x'\nprograms='a'\ncmdline='x'\n",
                RULE "programs='a'\nnot_cmdline='x'\n[[rules]]\nmajor_category='B'\ncategory='x'\nprograms='a'\ncmdline='y'\n",
                RULE "programs='a'\nparent='A'\n[[rules]]\nmajor_category='B'\ncategory='x'\nprograms='a'\nparent='B'\n",
                RULE "cmdline='\\s-[cSE](\\s|$)'\n",
                RULE "cmdline='^(?!.*\\s-E(\\s|$)).*\\b(gcc|g\\+\\+)(-\\d+)?(?=\\s).*\\s-c(\\s|$)'\n",
        };

        for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
                _cleanup_(rule_set_freep) RuleSet *set = read_text(cases[i]);
                assert_int_equal(rule_set_doubt(set), 0);
                show_notes(set);
                assert_int_equal(rule_set_n_notes(set), 0);
        }
}

static void test_literals(void **state)
{
        static const char *const cases[][2] = {
                {"foo", "foo"},        {"foo.*barbaz", "barbaz"}, {"foo?bar", "bar"},      {"foo*", "fo"},
                {"fo{2}", "f"},        {"fo{0}xy", "xy"},         {"a|b", ""},             {"(a|b)cd", "cd"},
                {"(?i)abc", ""},       {"(?:abc)?x", "x"},        {"[abc]de", "de"},       {"\\bgcc\\b", "gcc"},
                {"\\x41bc", ""},       {"(?!abc)de", "de"},       {"a{b|c}", ""},          {"\\Qa|b\\E", ""},
                {"x\\.o$", "x"},       {"(a(b|c)d", ""},          {"[]a|b]cd", "cd"},      {"abc+", "abc"},
                {"[[:alpha:]|]xy", "xy"}, {"(?#a)b", ""},         {"a\\", "a"},            {"ab\\K", ""},
        };

        for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
                TextPart got = rule_pattern_literal(text_part(cases[i][0], strlen(cases[i][0])));
                if (!text_part_is(got, cases[i][1]))
                        fail_msg("%s: '%.*s', expected '%s'", cases[i][0], (int)got.size, got.size ? got.text : "",
                                 cases[i][1]);
        }
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_mistakes),
                cmocka_unit_test(test_all_are_told),
                cmocka_unit_test(test_what_is_read),
                cmocka_unit_test(test_bounds),
                cmocka_unit_test_setup_teardown(test_includes, make_place, remove_place),
                cmocka_unit_test_setup_teardown(test_include_mistakes, make_place, remove_place),
                cmocka_unit_test_setup_teardown(test_include_bounds, make_place, remove_place),
                cmocka_unit_test(test_builtin),
                cmocka_unit_test(test_doubts),
                cmocka_unit_test(test_no_doubts),
                cmocka_unit_test(test_literals),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
