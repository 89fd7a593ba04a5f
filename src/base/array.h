/* Arrays that grow by doubling: items, how many there are, and for how many there is room. */
#pragma once

#include <stddef.h>

/* Room for one more than n. The array as it is to be kept, with *capacity what it has room for now; NULL: no
 * memory, and the array and its capacity are as they were. */
void *array_grow(void *items, size_t *capacity, size_t n, size_t item_size);
