/* How a label came to be, for a person: what was seen through, which rule won, which others match. */
#pragma once

#include "rules/run-command.h"
#include "rules/rule-set.h"
#include "rules/rules.h"

enum { EXPLAIN_BEATEN_MAX = 64 };

typedef struct Explanation {
        const Label *label;
        RunCommands commands;    /* parts of the words asked about */
        const RunCommand *asked; /* the one that the rule matched, of commands */
        const Rule *rule;     /* NULL: none matched */
        const Rule *beaten[EXPLAIN_BEATEN_MAX];
        size_t n_beaten;      /* all, kept or not */
} Explanation;

void rules_explain(Rules *rules, const LabelWords *words, Explanation *ret);

/* The set behind the rules, for who lists or checks it. */
RuleSet *rules_set(Rules *rules);
/* Rules of a set, which they own from then on, also on failure. 0 or -ENOMEM. */
int rules_new(RuleSet *set, Rules **ret);
