/*
 * A hash of bytes that strangers cannot aim at (keyed once per process), and an
 * open-addressing map from a 64-bit key to a pointer. The map never owns its values.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/macros.h"

uint64_t hash_bytes(const void *data, size_t size);
uint64_t hash_u64(uint64_t value);

typedef struct Map Map;

int map_new(Map **ret); /* 0 or -ENOMEM */
Map *map_free(Map *map);
DEFINE_CLEANUP(Map, map)

void *map_get(const Map *map, uint64_t key);         /* NULL: absent */
int map_put(Map *map, uint64_t key, void *value);    /* replaces; value not NULL; 0 or -ENOMEM */
void *map_remove(Map *map, uint64_t key);            /* what was there, or NULL */
size_t map_size(const Map *map);

/* Walks in no particular order: *position starts at 0. Removing the entry just returned is
 * allowed only through map_remove_if. Returns false at the end. */
bool map_next(const Map *map, size_t *position, uint64_t *key, void **value);

/* Removes every entry for which drop() says true (drop may free the value). */
void map_remove_if(Map *map, bool (*drop)(uint64_t key, void *value, void *data), void *data);
