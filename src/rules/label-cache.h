/*
 * Answers by what was asked, texts and all, so that equal hashes never mean a wrong answer. Bounded:
 * two generations; when the younger is full, the elder is dropped.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/macros.h"
#include "table/label.h"

enum {
        LABEL_CACHE_BYTES = 256 << 10, /* of texts in a generation */
        LABEL_CACHE_SLOTS = 2048,      /* a power of two; three in four are used at most */
};

typedef struct LabelCache LabelCache;

int label_cache_new(LabelCache **ret); /* 0 or -ENOMEM */
LabelCache *label_cache_free(LabelCache *cache);
DEFINE_CLEANUP(LabelCache, label_cache)

/* Packs the words for the next calls; `parent`: the parent's label is one of them. False: too long. */
bool label_cache_ask(LabelCache *cache, const LabelWords *words, bool parent);
/* The answer to what was asked last, NULL: not there. `ret_any` may be NULL; see label_cache_put(). */
const Label *label_cache_get(LabelCache *cache, bool *ret_any);
/* Keeps the answer to what was asked last. Without memory, it does not. `any`: asked without a parent,
 * the answer would be the same with every one. */
void label_cache_put(LabelCache *cache, const Label *label, bool any);
