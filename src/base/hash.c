/* Linear probing with backward-shift deletion; the byte hash is a keyed 64x64->128 multiply mix. */
#include "base/hash.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>

typedef struct Slot {
        uint64_t key;
        void *value; /* NULL: empty */
} Slot;

struct Map {
        Slot *slots;
        size_t n_slots; /* power of two */
        size_t size;
};

static uint64_t mix(uint64_t a, uint64_t b)
{
        unsigned __int128 product = (unsigned __int128)a * b;

        return (uint64_t)product ^ (uint64_t)(product >> 64);
}

/* The kernel hands every process 16 random bytes (getauxval(3), AT_RANDOM). */
static uint64_t seed(void)
{
        const void *random = (const void *)getauxval(AT_RANDOM);
        uint64_t value = 0x9e3779b97f4a7c15ull;

        if (random)
                memcpy(&value, random, sizeof value);
        return value;
}

uint64_t hash_u64(uint64_t value)
{
        return mix(value ^ 0xa0761d6478bd642full, 0xe7037ed1a0b428dbull);
}

uint64_t hash_bytes(const void *data, size_t size)
{
        const uint8_t *p = data;
        uint64_t h = seed() ^ mix(size ^ 0x8ebc6af09c88c6e3ull, 0x589965cc75374cc3ull);
        uint64_t word;

        for (; size >= 8; size -= 8, p += 8) {
                memcpy(&word, p, 8);
                h = mix(h ^ word, 0xa0761d6478bd642full);
        }
        if (size > 0) {
                word = 0;
                memcpy(&word, p, size);
                h = mix(h ^ word, 0xe7037ed1a0b428dbull);
        }
        return mix(h, 0x1d8e4e27c47d124full);
}

int map_new(Map **ret)
{
        Map *map = calloc(1, sizeof *map);

        if (!map)
                return -ENOMEM;
        map->n_slots = 16;
        map->slots = calloc(map->n_slots, sizeof *map->slots);
        if (!map->slots) {
                free(map);
                return -ENOMEM;
        }
        *ret = map;
        return 0;
}

Map *map_free(Map *map)
{
        if (map) {
                free(map->slots);
                free(map);
        }
        return NULL;
}

static size_t find(const Map *map, uint64_t key)
{
        size_t mask = map->n_slots - 1, i = hash_u64(key) & mask;

        while (map->slots[i].value && map->slots[i].key != key)
                i = (i + 1) & mask;
        return i;
}

void *map_get(const Map *map, uint64_t key)
{
        return map->slots[find(map, key)].value;
}

static int grow(Map *map)
{
        Slot *old = map->slots;
        size_t n_old = map->n_slots;
        Slot *slots = calloc(n_old * 2, sizeof *slots);

        if (!slots)
                return -ENOMEM;
        map->slots = slots;
        map->n_slots = n_old * 2;
        for (size_t i = 0; i < n_old; i++)
                if (old[i].value)
                        map->slots[find(map, old[i].key)] = old[i];
        free(old);
        return 0;
}

int map_put(Map *map, uint64_t key, void *value)
{
        size_t i = find(map, key);

        if (!map->slots[i].value) {
                if ((map->size + 1) * 4 > map->n_slots * 3) {
                        int r = grow(map);
                        if (r < 0)
                                return r;
                        i = find(map, key);
                }
                map->size++;
        }
        map->slots[i] = (Slot){key, value};
        return 0;
}

static void remove_at(Map *map, size_t i)
{
        size_t mask = map->n_slots - 1;

        map->slots[i].value = NULL;
        map->size--;
        for (size_t j = (i + 1) & mask; map->slots[j].value; j = (j + 1) & mask) {
                size_t home = hash_u64(map->slots[j].key) & mask;
                /* may slot j move to the hole at i? only if its home is not in (i, j] */
                if (((j - home) & mask) >= ((j - i) & mask)) {
                        map->slots[i] = map->slots[j];
                        map->slots[j].value = NULL;
                        i = j;
                }
        }
}

void *map_remove(Map *map, uint64_t key)
{
        size_t i = find(map, key);
        void *value = map->slots[i].value;

        if (value)
                remove_at(map, i);
        return value;
}

size_t map_size(const Map *map)
{
        return map->size;
}

bool map_next(const Map *map, size_t *position, uint64_t *key, void **value)
{
        for (size_t i = *position; i < map->n_slots; i++)
                if (map->slots[i].value) {
                        if (key)
                                *key = map->slots[i].key;
                        *value = map->slots[i].value;
                        *position = i + 1;
                        return true;
                }
        *position = map->n_slots;
        return false;
}

void map_remove_if(Map *map, bool (*drop)(uint64_t key, void *value, void *data), void *data)
{
        /* A backward shift can move a wrapped entry to where the walk has been; start at an
         * empty slot (there is always one), so that no probe run spans start and end. */
        size_t mask = map->n_slots - 1, start = 0;

        while (map->slots[start].value)
                start++;
        for (size_t n = 0, i = start; n < map->n_slots;) {
                Slot *slot = &map->slots[i];
                if (slot->value && drop(slot->key, slot->value, data)) {
                        remove_at(map, i);
                        continue; /* what shifted in is looked at next */
                }
                i = (i + 1) & mask;
                n++;
        }
}
