/* Memory in large blocks that is freed all at once: for what lives as long as its owner. Zero-initialise. */
#pragma once

#include <stddef.h>

typedef struct Arena {
        struct ArenaBlock *blocks; /* owned, the newest first */
} Arena;

void arena_done(Arena *arena); /* frees all that was handed out; empty and usable after */

/* Zeroed, aligned for anything. NULL: no memory. */
void *arena_allocate(Arena *arena, size_t size);
/* With a NUL byte behind it. NULL: no memory. */
char *arena_copy(Arena *arena, const char *text, size_t size);
