/* From 512 bytes on, so that small ones are not copied over and over. */
#include "base/array.h"

#include <stdint.h>
#include <stdlib.h>

#include "base/macros.h"

enum { LEAST_BYTES = 512 };

void *array_grow(void *items, size_t *capacity, size_t n, size_t item_size)
{
        if (n < *capacity)
                return items;
        size_t larger = MAX(*capacity * 2, LEAST_BYTES / item_size + 1);
        void *grown = larger > SIZE_MAX / item_size ? NULL : realloc(items, larger * item_size);
        if (grown)
                *capacity = larger;
        return grown;
}
