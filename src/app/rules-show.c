/* Rules as text and JSON. */
#include "app/rules-show.h"

#include <errno.h>

#include "base/log.h"

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

static void add_condition_json(Json *j, const RuleCondition *c)
{
        static const char *const subjects[] = {"programs", "name", "program", "cmdline", "exe", "parent"};
        static const char *const matches[] = {"exact", "glob", "contains", "regex"};

        json_open_object(j, NULL, JSON_ONE_LINE);
        json_add_text(j, "field", subjects[c->subject]);
        json_add_text(j, "match", matches[c->patterns[c->n - 1].match]);
        json_add_bool(j, "negated", c->negated);
        json_open_array(j, "patterns", JSON_ONE_LINE);
        for (size_t p = 0; p < c->n; p++)
                json_add_text(j, NULL, c->patterns[p].text);
        json_close(j);
        json_close(j);
}

void rules_show_json(Json *j, const char *key, const Rule *rule)
{
        json_open_object(j, key, JSON_ONE_LINE);
        json_add_text(j, "major", rule->major);
        json_add_text(j, "category", rule->category);
        json_add_i64(j, "priority", rule->priority);
        json_add_text(j, "file", rule->file->name);
        json_add_u64(j, "line", rule->place.line);
        json_add_text(j, "comment", rule->comment);
        json_open_array(j, "conditions", JSON_ONE_LINE);
        for (size_t i = 0; i < rule->n_conditions; i++)
                add_condition_json(j, &rule->conditions[i]);
        json_close(j);
        json_close(j);
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
