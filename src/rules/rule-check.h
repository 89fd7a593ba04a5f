/*
 * What is doubtful about a set of rules that can be used: rules that never win, rules of one priority that
 * both match something and disagree, expressions that are slow, names that no program has. Each doubt is
 * proved, by an earlier rule that matches whenever this one does, or by a command line that shows it.
 */
#pragma once

#include "rules/rule-set.h"

/* Adds a warning for each, and a problem for a built-in expression that is none. 0 or -ENOMEM. */
int rule_set_doubt(RuleSet *set);
