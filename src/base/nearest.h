/*
 * Which known name somebody meant who misspelt it. Offer every candidate, then ask; no memory is
 * taken. '-' and '_' and the case of letters count as equal.
 */
#pragma once

#include <stddef.h>

typedef struct Nearest {
        const char *wanted;
        const char *best; /* borrowed from the nearest candidate; NULL: none is near */
        size_t distance;  /* of best */
} Nearest;

Nearest nearest_to(const char *wanted); /* borrowed until the last offer */
void nearest_offer(Nearest *nearest, const char *candidate);

/* "; did you mean X?", with `before` in front of X; "" where nothing is near. In buffer. */
enum { NEAREST_HINT_MAX = 128 };
const char *nearest_hint(const Nearest *nearest, const char *before, char buffer[NEAREST_HINT_MAX]);
