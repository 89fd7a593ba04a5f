/* Hostile rule files: a set or sentences with places, and rules that label and can be doubted. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "rules/explain.h"
#include "rules/rule-check.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void ask(Rules *rules)
{
        static const char *const lines[] = {"gcc -c a.c -o a.o", "/bin/sh -c cd x && as y", "python3 -m pip", "", "a"};
        static const Label parent = {"CPP_Compile", "gcc"};

        for (size_t i = 0; i < ARRAY_LENGTH(lines); i++) {
                const LabelWords words = {.comm = "a", .exe = "/bin/a", .cmdline = lines[i], .parent = &parent};
                Explanation e;
                rules_explain(rules, &words, &e);
                if (rules_label(&words, rules) != e.label || !e.label->major[0] || !e.label->category[0])
                        abort();
        }
        rules_fingerprint(rules);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        _cleanup_(rules_freep) Rules *rules = NULL;
        RuleSet *set = NULL;
        Error err = {0};

        if (size > 1 << 14 || rule_set_read_text("f", (const char *)data, size, &set) < 0)
                return 0;
        for (size_t i = 0; i < rule_set_n_notes(set); i++)
                if (rule_set_note(set, i)->sentence[rule_set_note(set, i)->where - 1] != ':')
                        abort();
        if ((rule_set_n_problems(set) > 0) != (rule_set_check(set, &err) < 0) || (err.message[0] != 0) != (rule_set_n_problems(set) > 0))
                abort();
        /* Expressions of strangers are slow to doubt; a few are enough. */
        if (rule_set_size(set) <= 4)
                rule_set_doubt(set);
        if (rules_new(set, &rules) == 0)
                ask(rules);
        return 0;
}
