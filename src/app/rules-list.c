/* `vigia rules list`: the rules in the order in which they are asked. */
#include <stdio.h>

#include "app/page.h"
#include "app/rules-show.h"

static void add_line(const Rule *rule, String *to)
{
        _cleanup_string_ String label = {0}, conditions = {0};
        char priority[32];

        string_add_shown(&label, rule->major, 16, false);
        string_add(&label, " / ");
        string_add_shown(&label, rule->category, 22, false);
        rules_show_conditions(rule, 80 - 48, &conditions);
        snprintf(priority, sizeof priority, "%lld", (long long)rule->priority);
        string_add_format(to, "%5s  %s%*s%s\n", priority, string_get(&label),
                          (int)MAX((size_t)1, 41 - MIN((size_t)40, text_width(string_get(&label)))), "",
                          string_get(&conditions));
}

int rules_list(const RulesCommand *command, char *const *words, size_t n)
{
        _cleanup_(rules_freep) Rules *rules = NULL;
        _cleanup_string_ String text = {0};
        int code = rules_show_load(n ? words[0] : command->file, &rules);

        if (code)
                return code;
        const RuleSet *set = rules_set(rules);
        if (command->json)
                string_add_char(&text, '[');
        for (size_t i = 0; i < rule_set_size(set); i++) {
                if (command->json) {
                        string_add(&text, i ? ",\n  " : "\n  ");
                        rules_show_json(rule_set_at(set, i), &text);
                } else {
                        add_line(rule_set_at(set, i), &text);
                }
        }
        if (command->json)
                string_add(&text, "\n]\n");
        return rules_show_print(&text);
}
