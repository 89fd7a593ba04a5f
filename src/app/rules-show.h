/* What the parts of `vigia rules` share: options, and rules as they are shown. */
#pragma once

#include "app/options.h"
#include "app/print.h"
#include "base/json.h"
#include "rules/explain.h"
#include "rules/rule-set.h"

typedef struct RulesCommand {
        const char *file; /* NULL: the built-in ones */
        const char *parent, *exe, *comm, *response;
        bool json;
} RulesCommand;

/* Each → exit code. `words` are those behind the verb. */
int rules_list(const RulesCommand *command, char *const *words, size_t n);
int rules_test(const RulesCommand *command, char *const *words, size_t n);
int rules_check(const RulesCommand *command, char *const *words, size_t n);

/* "programs gcc, g++, … 4 more; cmdline \s-c", cut. */
void rules_show_conditions(const Rule *rule, size_t columns, String *to);
/* A rule as an object on one line; key NULL in an array. */
void rules_show_json(Json *j, const char *key, const Rule *rule);

/* Reads a file for use. 0, or the exit code, with the reason told. */
int rules_show_load(const char *file, Rules **ret);
