/* Linear probing over a table sized by what is needed, not by what was needed once. */
#include "store/parquet/dictionary.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/macros.h"

enum {
        TRIAL = 256, /* after so many cells a column of nearly distinct ones is recognised */
        TRIAL_MOST = 208,
        SLOTS_MIN = 1024,
};

void dictionary_done(Dictionary *d)
{
        free(d->slots);
        free(d->values);
        *d = (Dictionary){0};
}

static size_t slot_of(uint64_t cell, size_t mask)
{
        uint64_t h = cell * 0x9e3779b97f4a7c15ull;

        return (size_t)(h ^ h >> 32) & mask;
}

static int make_room(Dictionary *d, size_t n_slots)
{
        if (n_slots <= d->capacity)
                return 0;
        uint32_t *slots = realloc(d->slots, n_slots * sizeof *slots);
        if (!slots)
                return -ENOMEM;
        d->slots = slots;
        uint64_t *values = realloc(d->values, n_slots / 2 * sizeof *values);
        if (!values)
                return -ENOMEM;
        d->values = values;
        d->capacity = n_slots;
        return 0;
}

static int set_slots(Dictionary *d, size_t n_slots)
{
        int r = make_room(d, n_slots);

        if (r < 0)
                return r;
        d->n_slots = n_slots;
        memset(d->slots, 0, n_slots * sizeof *d->slots);
        for (size_t i = 0; i < d->n; i++) {
                size_t at = slot_of(d->values[i], n_slots - 1);
                while (d->slots[at])
                        at = (at + 1) & (n_slots - 1);
                d->slots[at] = (uint32_t)i + 1;
        }
        return 0;
}

int dictionary_build(Dictionary *d, const uint64_t *cells, size_t n, size_t most,
                     uint32_t *indices)
{
        d->n = 0;
        int r = set_slots(d, SLOTS_MIN);

        for (size_t i = 0; r == 0 && i < n; i++) {
                if (i > 0 && cells[i] == cells[i - 1]) {
                        indices[i] = indices[i - 1];
                        continue;
                }
                size_t at = slot_of(cells[i], d->n_slots - 1);
                while (d->slots[at] && d->values[d->slots[at] - 1] != cells[i])
                        at = (at + 1) & (d->n_slots - 1);
                if (d->slots[at]) {
                        indices[i] = d->slots[at] - 1;
                        continue;
                }
                if (d->n >= most || (i == TRIAL && d->n > TRIAL_MOST))
                        return 0;
                indices[i] = (uint32_t)d->n;
                d->values[d->n++] = cells[i];
                d->slots[at] = (uint32_t)d->n;
                if (d->n * 2 >= d->n_slots)
                        r = set_slots(d, d->n_slots * 2);
        }
        return r < 0 ? r : 1;
}
