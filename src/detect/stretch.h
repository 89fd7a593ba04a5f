/*
 * Stretches of a run in which few of its machine's cores were busy: as web/src/processes/core-use.ts finds
 * them, so that the page and the findings say the same.
 */
#pragma once

#include <stdbool.h>

#include "detect/growth.h"

enum { STRETCHES_MAX = 32 };

typedef struct Stretch {
        int64_t from_ns, to_ns;
        double cores; /* busy, on average */
        bool tail;    /* lasts to the run's end */
} Stretch;

/* `use`: µs of CPU time. Of at least 3 % of the run and 0.1 s, in order of time; how many. */
size_t stretches_find(const Growth *use, int64_t duration_ns, unsigned cores, Stretch ret[STRETCHES_MAX]);
