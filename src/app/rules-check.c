/* `vigia rules check`: what is wrong with rule files (exit 2), and what is doubtful (exit 1). */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "app/rules-show.h"
#include "base/log.h"
#include "rules/rule-check.h"

static void add_notes(const RuleSet *set, bool problems, String *to)
{
        for (size_t i = 0; i < rule_set_n_notes(set); i++) {
                const RuleNote *note = rule_set_note(set, i);
                if (note->problem == problems)
                        string_add_format(to, "%.*s%s%s\n", (int)note->where, note->sentence,
                                          problems ? "" : " warning:", note->sentence + note->where);
        }
}

static void add_count(size_t n, const char *what, String *to)
{
        string_add_format(to, "%zu %s%s", n, what, n == 1 ? "" : "s");
}

static void add_verdict(const RuleSet *set, const char *name, String *to)
{
        size_t problems = rule_set_n_problems(set), warnings = rule_set_n_warnings(set);

        add_notes(set, true, to);
        add_notes(set, false, to);
        if (problems + warnings > rule_set_n_notes(set))
                string_add_format(to, "… and %zu more\n", problems + warnings - rule_set_n_notes(set));
        string_add_shown(to, name, 0, false);
        string_add(to, ": ");
        add_count(rule_set_size(set), "rule", to);
        if (problems) {
                string_add(to, ", ");
                add_count(problems, "problem", to);
        }
        if (warnings) {
                string_add(to, ", ");
                add_count(warnings, "warning", to);
        }
        string_add(to, problems || warnings ? "\n" : ", fine\n");
}

static void add_json(const RuleSet *set, size_t *n, String *to)
{
        for (size_t i = 0; i < rule_set_n_notes(set); i++) {
                const RuleNote *note = rule_set_note(set, i);
                string_add_format(to, "%s\n  {\"severity\": \"%s\", \"file\": ", (*n)++ ? "," : "",
                                  note->problem ? "problem" : "warning");
                rules_show_json_text(note->file, to);
                if (note->place.line > 0)
                        string_add_format(to, ", \"line\": %u, \"column\": %u, \"message\": ", note->place.line,
                                          note->place.column);
                else
                        string_add(to, ", \"line\": null, \"column\": null, \"message\": ");
                rules_show_json_text(note->sentence, to);
                string_add_char(to, '}');
        }
}

static int check_one(const RulesCommand *command, const char *name, size_t *n, String *to)
{
        _cleanup_(rule_set_freep) RuleSet *set = NULL;

        if (rule_set_read(name, &set) < 0 || (rule_set_n_problems(set) == 0 && rule_set_doubt(set) < 0)) {
                log_error("out of memory");
                return EXIT_CANNOT;
        }
        if (command->json)
                add_json(set, n, to);
        else
                add_verdict(set, name, to);
        return rule_set_n_problems(set) ? EXIT_USAGE : rule_set_n_warnings(set) ? EXIT_NO : EXIT_FINE;
}

int rules_check(const RulesCommand *command, char *const *words, size_t n_words)
{
        const char *by_default = command->file ? command->file : "builtin";
        _cleanup_string_ String text = {0};
        int code = EXIT_FINE;
        size_t n = 0;

        if (command->json)
                string_add_char(&text, '[');
        for (size_t i = 0; i < MAX(n_words, (size_t)1); i++) {
                int r = check_one(command, n_words ? words[i] : by_default, &n, &text);
                code = MAX(code, r);
        }
        if (command->json)
                string_add(&text, n ? "\n]\n" : "]\n");
        int printed = rules_show_print(&text);
        return printed ? printed : code;
}
