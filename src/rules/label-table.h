/*
 * Labels, each once, so that equal ones are the same pointer. Those made of programs' names are bounded in
 * number: what comes after is MAJOR_Other.
 */
#pragma once

#include <stddef.h>

#include "base/macros.h"
#include "base/text-part.h"
#include "table/label.h"

enum { LABELS_MADE_MAX = 1000 };

typedef struct LabelTable LabelTable;

int label_table_new(LabelTable **ret); /* 0 or -ENOMEM */
LabelTable *label_table_free(LabelTable *table);
DEFINE_CLEANUP(LabelTable, label_table)

/* As it is, not counted. NULL: no memory. */
const Label *label_table_get(LabelTable *table, const char *major, const char *category);

/* The category with $program replaced by the name, which may be anything. Never NULL: past the bound, or
 * without memory, `otherwise`. */
const Label *label_table_make(LabelTable *table, const char *major, const char *category, TextPart program,
                              const Label *otherwise);
