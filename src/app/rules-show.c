/* Rules as text and JSON. */
#include "app/rules-show.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/log.h"

void rules_show_json_text(const char *text, String *to)
{
        if (!text) {
                string_add(to, "null");
                return;
        }
        string_add_char(to, '"');
        string_add_json(to, text, strlen(text));
        string_add_char(to, '"');
}

/* What the patterns of a condition are, in the words of a person. */
static const char *match_word(const RuleCondition *c)
{
        static const char *const words[] = {"", "", " contains", " matches"};

        return c->subject == SUBJECT_CMDLINE || c->subject == SUBJECT_EXE || c->subject == SUBJECT_NAME ||
                               c->subject == SUBJECT_PROGRAM
                       ? words[c->patterns[c->n - 1].match]
                       : "";
}

static const char *subject_word(const RuleCondition *c)
{
        static const char *const words[] = {"program", "name", "program", "command line", "exe", "parent"};

        return words[c->subject];
}

void rules_show_conditions(const Rule *rule, size_t columns, String *to)
{
        _cleanup_string_ String text = {0};

        for (size_t i = 0; i < rule->n_conditions && text.size < 4096; i++) {
                const RuleCondition *c = &rule->conditions[i];
                string_add_format(&text, "%s%s%s%s ", i ? "; " : "", c->negated ? "not: " : "", subject_word(c),
                                  match_word(c));
                for (size_t p = 0; p < c->n && text.size < 4096; p++)
                        string_add_format(&text, "%s%s", p ? ", " : "", c->patterns[p].text);
        }
        if (text.failed || text_width(string_get(&text)) <= columns || columns == 0) {
                string_add_shown(to, string_get(&text), 0, false);
                return;
        }
        /* The beginning says more than the end. */
        _cleanup_string_ String cut = {0};
        const char *p = string_get(&text);
        for (size_t n = 0; *p && n + 1 < columns; p++) {
                string_add_char(&cut, *p);
                n += ((unsigned char)p[1] & 0xc0) != 0x80;
        }
        string_add_shown(to, string_get(&cut), 0, false);
        string_add(to, "…");
}

static void add_condition_json(const RuleCondition *c, String *to)
{
        static const char *const subjects[] = {"programs", "name", "program", "cmdline", "exe", "parent"};
        static const char *const matches[] = {"exact", "glob", "contains", "regex"};

        string_add_format(to, "{\"field\": \"%s\", \"match\": \"%s\", \"negated\": %s, \"patterns\": [",
                          subjects[c->subject], matches[c->patterns[c->n - 1].match], c->negated ? "true" : "false");
        for (size_t p = 0; p < c->n; p++) {
                string_add(to, p ? ", " : "");
                rules_show_json_text(c->patterns[p].text, to);
        }
        string_add(to, "]}");
}

void rules_show_json(const Rule *rule, String *to)
{
        string_add(to, "{\"major\": ");
        rules_show_json_text(rule->major, to);
        string_add(to, ", \"category\": ");
        rules_show_json_text(rule->category, to);
        string_add_format(to, ", \"priority\": %lld, \"file\": ", (long long)rule->priority);
        rules_show_json_text(rule->file->name, to);
        string_add_format(to, ", \"line\": %u, \"comment\": ", rule->place.line);
        rules_show_json_text(rule->comment, to);
        string_add(to, ", \"conditions\": [");
        for (size_t i = 0; i < rule->n_conditions; i++) {
                string_add(to, i ? ", " : "");
                add_condition_json(&rule->conditions[i], to);
        }
        string_add(to, "]}");
}

int rules_show_print(String *text)
{
        if (text->failed || fputs(string_get(text), stdout) < 0 || fflush(stdout) != 0) {
                log_error("standard output: %s", strerror(text->failed ? ENOMEM : errno));
                return EXIT_CANNOT;
        }
        string_clear(text);
        return EXIT_FINE;
}

int rules_show_load(const char *file, Rules **ret)
{
        Error err = {0};
        int r = rules_load(file, ret, &err);

        if (r == 0)
                return 0;
        log_error("%s", err.message);
        return r == -ENOMEM ? EXIT_CANNOT : EXIT_USAGE;
}
