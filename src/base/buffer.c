/* Doubling growth; nothing else. */
#include "base/buffer.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

void buffer_done(Buffer *b)
{
        free(b->data);
        *b = (Buffer){0};
}

int buffer_reserve(Buffer *b, size_t more)
{
        if (more <= b->capacity - b->size)
                return 0;
        if (more > SIZE_MAX / 2 - b->size)
                return -ENOMEM;
        size_t capacity = MAX(b->capacity, (size_t)64);
        while (capacity - b->size < more)
                capacity *= 2;
        uint8_t *data = realloc(b->data, capacity);
        if (!data)
                return -ENOMEM;
        b->data = data;
        b->capacity = capacity;
        return 0;
}

int buffer_append(Buffer *b, const void *data, size_t size)
{
        if (size == 0)
                return 0;
        int r = buffer_reserve(b, size);
        if (r < 0)
                return r;
        memcpy(b->data + b->size, data, size);
        b->size += size;
        return 0;
}

int buffer_append_byte(Buffer *b, uint8_t byte)
{
        return buffer_append(b, &byte, 1);
}
