/*
 * The rules that a recording or a report labels by. The built-in ones are read when the first process
 * is to be labelled: a command does not wait for them.
 */
#pragma once

#include "base/error.h"
#include "rules/rules.h"
#include "store/run.h"
#include "table/label.h"

typedef struct Labels {
        const char *name; /* borrowed; NULL: built in */
        Rules *rules;     /* NULL: not read yet */
} Labels;

/* A file is read, and refused, at once: as rules_load. */
int labels_open(Labels *labels, const char *name, Error *err);
void labels_done(Labels *labels);

/* A LabelFn; `labels` is a Labels. */
const Label *labels_label(const LabelWords *words, void *labels);

/* Whether any rule asks for the parent; reads the rules. */
bool labels_use_parents(Labels *labels);

/* Which rules they were, for run.json. */
void labels_tell(const Labels *labels, RunInfo *info);
