/* Rules are read late, and never in the way. */
#include "app/labels.h"

#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/text.h"

int labels_open(Labels *labels, const char *name, Error *err)
{
        *labels = (Labels){.name = name && !text_equal(name, "builtin") ? name : NULL};
        return labels->name ? rules_load(labels->name, &labels->rules, err) : 0;
}

void labels_done(Labels *labels)
{
        labels->rules = rules_free(labels->rules);
}

const Label *labels_label(const LabelWords *words, void *data)
{
        static const Label unknown = {"Other", "Other"};
        Labels *labels = data;

        if (!labels->rules && rules_load(NULL, &labels->rules, NULL) < 0)
                return &unknown; /* out of memory: the next one tries again */
        return rules_label(words, labels->rules);
}

bool labels_use_parents(Labels *labels)
{
        return (labels->rules || rules_load(NULL, &labels->rules, NULL) == 0) &&
               rules_use_parents(labels->rules);
}

void labels_tell(const Labels *labels, RunInfo *info)
{
        if (!labels->rules || info->rules)
                return;
        info->rules = strdup(labels->name ? labels->name : "builtin");
        info->rules_fingerprint = rules_fingerprint(labels->rules) & INT64_MAX; /* what JSON holds */
}
