/* Growable bytes. Embedded: zero-initialise, buffer_done() at the end. */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "base/macros.h"

typedef struct Buffer {
        uint8_t *data; /* owned; NULL while capacity is 0 */
        size_t size;
        size_t capacity;
} Buffer;

void buffer_done(Buffer *b); /* frees, leaves it empty and usable */

/* Makes room for `more` further bytes. 0 or -ENOMEM (contents kept). */
int buffer_reserve(Buffer *b, size_t more);

/* Appends. 0 or -ENOMEM. */
int buffer_append(Buffer *b, const void *data, size_t size);
int buffer_append_byte(Buffer *b, uint8_t byte);

static inline void buffer_clear(Buffer *b)
{
        b->size = 0;
}
