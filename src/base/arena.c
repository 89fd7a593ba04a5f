/* The newest block is filled; what does not fit into it begins another. */
#include "base/arena.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/macros.h"

typedef struct ArenaBlock {
        struct ArenaBlock *next;
        size_t size, used;
        max_align_t data[];
} ArenaBlock;

enum { BLOCK_BYTES = 16 << 10 };

void arena_done(Arena *arena)
{
        for (ArenaBlock *b = arena->blocks, *next; b; b = next) {
                next = b->next;
                free(b);
        }
        arena->blocks = NULL;
}

void *arena_allocate(Arena *arena, size_t size)
{
        ArenaBlock *b = arena->blocks;

        if (size > SIZE_MAX / 2)
                return NULL;
        size = (size + _Alignof(max_align_t) - 1) & ~(_Alignof(max_align_t) - 1);
        if (!b || b->size - b->used < size) {
                size_t room = MAX(size, (size_t)BLOCK_BYTES);
                b = calloc(1, sizeof *b + room);
                if (!b)
                        return NULL;
                b->size = room;
                b->next = arena->blocks;
                arena->blocks = b;
        }
        b->used += size;
        return (char *)b->data + b->used - size;
}

char *arena_copy(Arena *arena, const char *text, size_t size)
{
        char *copy = arena_allocate(arena, size + 1);

        if (copy && size > 0)
                memcpy(copy, text, size);
        return copy;
}
