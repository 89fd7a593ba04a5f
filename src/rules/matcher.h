/*
 * Which rule of a set matches a command first. Rules that need a program are found by its name; the
 * others are asked of every command. The set must outlive the matcher.
 */
#pragma once

#include "rules/run-command.h"
#include "rules/rule-set.h"

typedef struct Matcher Matcher;

int matcher_new(const RuleSet *set, Matcher **ret); /* 0 or -ENOMEM */
Matcher *matcher_free(Matcher *matcher);
DEFINE_CLEANUP(Matcher, matcher)

/* What a command is matched with; texts are borrowed. */
typedef struct MatchInput {
        const RunCommand *command;
        TextPart full;       /* the command line with what is in its response files */
        const Label *parent; /* NULL: unknown */
        bool *ret_parent;    /* set when a rule asks for the parent; may be NULL */
} MatchInput;

/* Index in the set of the first rule from `from` on that matches; SIZE_MAX: none. A command that is
 * a script is matched only with rules that name a program. */
size_t matcher_next(const Matcher *matcher, const MatchInput *input, size_t from);

/* The first rule from `from` on that may match a program of this name, by its name alone; SIZE_MAX: none. */
size_t matcher_candidate(const Matcher *matcher, TextPart name, size_t from);
/* The same, of those that are asked of every program. */
size_t matcher_other(const Matcher *matcher, size_t from);

/* Whether this condition holds. */
bool matcher_holds(const RuleSet *set, const RuleCondition *condition, const MatchInput *input);

/* Whether a rule asks for the program by some name: what scripts are matched with. */
bool rule_names_program(const Rule *rule);
/* The condition with plain names by which the rule is found, or NULL. */
const RuleCondition *rule_plain_names(const Rule *rule);
