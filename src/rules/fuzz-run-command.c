/* Hostile processes: NUL-separated comm, exe, command line and response; the parts of what is seen are parts
 * of these, and there is a label. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "rules/explain.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char rules_text[] =
        "[[rules]]\nmajor_category = 'A'\ncategory = '$program'\nprograms = ['gcc', 'ld*']\nnot_cmdline = '-E'\n"
        "[[rules]]\nmajor_category = 'B'\ncategory = 'b'\ncmdline = '\\s-c(\\s|$)'\nexe = 'bin'\n"
        "[[rules]]\nmajor_category = 'C'\ncategory = 'c'\nmatch_field = 'name'\nmatch_type = 'regex'\npattern = '^[a-f]+$'\n";

static bool inside(TextPart part, const LabelWords *words)
{
        const char *const texts[] = {words->comm, words->exe, words->cmdline};

        if (part.size == 0 || text_part_is(part, "unknown"))
                return true;
        for (size_t i = 0; i < ARRAY_LENGTH(texts); i++)
                if (texts[i] && part.text >= texts[i] && part.text + part.size <= texts[i] + strlen(texts[i]))
                        return true;
        return false;
}

static void check(const Explanation *e, const LabelWords *words)
{
        const RunCommands *c = &e->commands;

        if (c->n == 0 || c->n > RUN_COMMANDS_MAX || c->items[c->n - 1].script || c->n_wrappers > WRAPPERS_MAX)
                abort();
        for (size_t i = 0; i < c->n; i++)
                if (!inside(c->items[i].name, words) || !inside(c->items[i].program, words) ||
                    !inside(c->items[i].line, words) || !inside(c->items[i].exe, words) ||
                    c->items[i].name.size == 0 || c->items[i].program.size == 0 || c->items[i].depth > c->n_wrappers)
                        abort();
        for (size_t i = 0; i < c->n_wrappers; i++)
                if (!inside(c->wrappers[i], words))
                        abort();
        for (const char *p = e->label->category; *p; p++)
                if ((unsigned char)*p < ' ' || *p == 0x7f)
                        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        static Rules *rules;
        RuleSet *set = NULL;
        const char *fields[4] = {0};
        char *text = malloc(size + 1), *at = text;
        Explanation e;

        if (!rules && (rule_set_read_text("f", rules_text, strlen(rules_text), &set) < 0 || rules_new(set, &rules) < 0))
                abort();
        if (!text)
                return 0;
        memcpy(text, data, size);
        text[size] = '\0';
        for (size_t i = 0; i < ARRAY_LENGTH(fields) && at <= text + size; i++) {
                fields[i] = at;
                at += strlen(at) + 1;
        }
        const LabelWords words = {.comm = fields[0], .exe = fields[1], .cmdline = fields[2], .response = fields[3]};
        rules_explain(rules, &words, &e);
        check(&e, &words);
        if (rules_label(&words, rules) != e.label)
                abort();
        free(text);
        return 0;
}
