/* Texts are packed one behind the other, each with a NUL byte and a mark for "unknown"; that is what is
 * hashed, kept and compared. */
#include "rules/label-cache.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/buffer.h"
#include "base/hash.h"

enum { PACKED_MAX = 16 << 10 }; /* fits Slot.size */

typedef struct Slot {
        uint64_t hash;
        const Label *label; /* NULL: empty */
        uint32_t offset;
        uint16_t size;
        bool any;           /* whatever the parent */
} Slot;

typedef struct Generation {
        Slot *slots;
        Buffer texts;
        size_t n;
} Generation;

struct LabelCache {
        Generation young, old;
        Buffer packed; /* of what is asked */
        uint64_t hash;
};

static void generation_done(Generation *g)
{
        free(g->slots);
        buffer_done(&g->texts);
        *g = (Generation){0};
}

int label_cache_new(LabelCache **ret)
{
        LabelCache *cache = calloc(1, sizeof *cache);

        if (!cache)
                return -ENOMEM;
        *ret = cache;
        return 0;
}

LabelCache *label_cache_free(LabelCache *cache)
{
        if (cache) {
                generation_done(&cache->young);
                generation_done(&cache->old);
                buffer_done(&cache->packed);
                free(cache);
        }
        return NULL;
}

static bool pack(Buffer *to, const char *text)
{
        size_t n = text ? strnlen(text, PACKED_MAX) + 1 : 1;

        if (to->size + n + 1 > PACKED_MAX || buffer_append(to, text ? text : "", n) < 0)
                return false;
        return buffer_append_byte(to, text != NULL) == 0;
}

bool label_cache_ask(LabelCache *cache, const LabelWords *words, bool parent)
{
        Buffer *to = &cache->packed;
        const Label *above = parent ? words->parent : NULL;

        buffer_clear(to);
        if (!pack(to, words->cmdline) || !pack(to, words->exe) || !pack(to, words->comm) ||
            !pack(to, words->response) || !pack(to, above ? above->major : NULL) ||
            !pack(to, above ? above->category : NULL))
                return false;
        cache->hash = hash_bytes(to->data, to->size);
        return true;
}

/* The slot of what was asked, or the empty one where it would be. */
static Slot *find(const LabelCache *cache, const Generation *g)
{
        size_t i = cache->hash & (LABEL_CACHE_SLOTS - 1);

        for (;; i = (i + 1) & (LABEL_CACHE_SLOTS - 1)) {
                Slot *slot = &g->slots[i];
                if (!slot->label ||
                    (slot->hash == cache->hash && slot->size == cache->packed.size &&
                     memcmp(g->texts.data + slot->offset, cache->packed.data, slot->size) == 0))
                        return slot;
        }
}

const Label *label_cache_get(LabelCache *cache, bool *ret_any)
{
        Slot found = cache->young.slots ? *find(cache, &cache->young) : (Slot){0};

        if (!found.label && cache->old.slots) {
                found = *find(cache, &cache->old);
                if (found.label)
                        label_cache_put(cache, found.label, found.any);
        }
        if (ret_any)
                *ret_any = found.any;
        return found.label;
}

/* Makes the young generation the old one; its memory is used again. */
static void turn(LabelCache *cache)
{
        Generation old = cache->old;

        cache->old = cache->young;
        cache->young = old;
        if (cache->young.slots)
                memset(cache->young.slots, 0, LABEL_CACHE_SLOTS * sizeof(Slot));
        buffer_clear(&cache->young.texts);
        cache->young.n = 0;
}

void label_cache_put(LabelCache *cache, const Label *label, bool any)
{
        if (cache->young.n >= LABEL_CACHE_SLOTS / 4 * 3 ||
            cache->young.texts.size + cache->packed.size > LABEL_CACHE_BYTES)
                turn(cache);
        Generation *g = &cache->young;
        if (!g->slots)
                g->slots = calloc(LABEL_CACHE_SLOTS, sizeof *g->slots);
        if (!g->slots)
                return;
        Slot *slot = find(cache, g);
        size_t offset = g->texts.size;
        if (slot->label || buffer_append(&g->texts, cache->packed.data, cache->packed.size) < 0)
                return;
        *slot = (Slot){cache->hash, label, (uint32_t)offset, (uint16_t)cache->packed.size, any};
        g->n++;
}
