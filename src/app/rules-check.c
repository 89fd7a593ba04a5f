/* `vigia rules check`: what is wrong with rule files (exit 2), and what is doubtful (exit 1). */

#include "app/note-json.h"
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

static void add_json(Json *j, const RuleSet *set)
{
        for (size_t i = 0; i < rule_set_n_notes(set); i++) {
                const RuleNote *note = rule_set_note(set, i);
                note_add_json(j, note->problem ? "problem" : "warning", note->file, note->place, note->sentence);
        }
}

static int check_one(const RulesCommand *command, const char *name, Json *j)
{
        _cleanup_(rule_set_freep) RuleSet *set = NULL;

        if (rule_set_read(name, &set) < 0 || (rule_set_n_problems(set) == 0 && rule_set_doubt(set) < 0)) {
                log_error("out of memory");
                return EXIT_CANNOT;
        }
        if (command->json)
                add_json(j, set);
        else
                add_verdict(set, name, j->out);
        return rule_set_n_problems(set) ? EXIT_USAGE : rule_set_n_warnings(set) ? EXIT_NO : EXIT_FINE;
}

int rules_check(const RulesCommand *command, char *const *words, size_t n_words)
{
        const char *by_default = command->file ? command->file : "builtin";
        _cleanup_string_ String text = {0};
        int code = EXIT_FINE;
        Json j = {.out = &text};

        if (command->json)
                json_open_array(&j, NULL, JSON_LINES);
        for (size_t i = 0; i < MAX(n_words, (size_t)1); i++) {
                int r = check_one(command, n_words ? words[i] : by_default, &j);
                code = MAX(code, r);
        }
        if (command->json) {
                json_close(&j);
                string_add_char(&text, '\n');
        }
        int printed = print_text(&text);
        return printed ? printed : code;
}
