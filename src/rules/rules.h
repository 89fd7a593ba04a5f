/*
 * Rule files (SPEC 7, docs/rules.md): what each process is for. Files in TOML, those of MyMonitor
 * included, are read with all that is wrong with them, compiled once, and asked for each image; the
 * answer to a command line that was seen before comes from a cache. No match: Other / Other_NAME.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "base/macros.h"
#include "config/toml.h"
#include "table/label.h"

typedef struct Rules Rules;

/* The built-in set, or a file: `name` is "builtin" (or NULL) or a path. -EINVAL with the first
 * problem's "FILE:LINE:COL: what is wrong; what was expected" and how many more there are; -ENOMEM,
 * or why the file cannot be read. */
int rules_load(const char *name, Rules **ret, Error *err);
Rules *rules_free(Rules *rules);
DEFINE_CLEANUP(Rules, rules)

/* A LabelFn; `rules` is a Rules. Not for two threads at once. */
const Label *rules_label(const LabelWords *words, void *rules);

/* Whether any rule asks for the parent. */
bool rules_use_parents(const Rules *rules);

/* Of the rules' meaning: two sets that label alike by construction have the same. For run.json. */
uint64_t rules_fingerprint(const Rules *rules);
