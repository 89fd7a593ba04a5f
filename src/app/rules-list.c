/* `vigia rules list`: the rules in the order in which they are asked. */
#include <stdio.h>
#include <string.h>

#include "app/page.h"
#include "app/rules-show.h"

enum { WIDEST = 40 };

static void add_label(const Rule *rule, String *to)
{
        string_add_shown(to, rule->major, 16, false);
        string_add(to, " / ");
        string_add_shown(to, rule->category, WIDEST - 19, false);
}

/* Columns that the labels take. */
static size_t widest_label(const RuleSet *set)
{
        size_t widest = 0;

        for (size_t i = 0; i < rule_set_size(set); i++) {
                _cleanup_string_ String label = {0};
                add_label(rule_set_at(set, i), &label);
                widest = MAX(widest, text_width(string_get(&label)));
        }
        return widest;
}

static void add_line(const Rule *rule, size_t widest, String *to)
{
        _cleanup_string_ String label = {0}, conditions = {0};
        char priority[32];

        add_label(rule, &label);
        snprintf(priority, sizeof priority, "%lld", (long long)rule->priority);
        size_t column = MAX(strlen(priority), (size_t)4) + 2 + widest + 2;
        rules_show_conditions(rule, column < PAGE_WIDTH - 20 ? PAGE_WIDTH - column : 20, &conditions);
        string_add_format(to, "%4s  %s", priority, string_get(&label));
        page_add_blanks(to, widest - text_width(string_get(&label)) + 2);
        string_add_format(to, "%s\n", string_get(&conditions));
}

int rules_list(const RulesCommand *command, char *const *words, size_t n)
{
        _cleanup_(rules_freep) Rules *rules = NULL;
        _cleanup_string_ String text = {0};
        int code = rules_show_load(n ? words[0] : command->file, &rules);

        if (code)
                return code;
        const RuleSet *set = rules_set(rules);
        size_t widest = widest_label(set);
        Json j = {.out = &text};
        if (command->json)
                json_open_array(&j, NULL, JSON_LINES);
        for (size_t i = 0; i < rule_set_size(set); i++) {
                if (command->json)
                        rules_show_json(&j, NULL, rule_set_at(set, i));
                else
                        add_line(rule_set_at(set, i), widest, &text);
        }
        if (command->json) {
                json_close(&j);
                string_add_char(&text, '\n');
        }
        return print_text(&text);
}
