/* Gives each distinct cell of a column a number, in order of appearance. Memory is kept. */
#pragma once

#include <stddef.h>
#include <stdint.h>

typedef struct Dictionary {
        uint32_t *slots;  /* open addressing: number + 1; 0 empty */
        size_t n_slots;   /* power of two */
        uint64_t *values; /* by number */
        size_t n, capacity;
} Dictionary;

void dictionary_done(Dictionary *d);

/* 1: indices[0..n) say each cell's number and d->values[0..d->n) the cells. 0: given up, too
 * many distinct ones (over `most`, or hardly a repeat among the first few hundred). -ENOMEM. */
int dictionary_build(Dictionary *d, const uint64_t *cells, size_t n, size_t most,
                     uint32_t *indices);
