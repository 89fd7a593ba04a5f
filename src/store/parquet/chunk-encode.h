/*
 * Encodes one column of a batch as the raw (not yet compressed) pages of a column chunk: picks
 * the encoding, cuts pages, finds the statistics. Scratch memory is kept between chunks.
 */
#pragma once

#include "store/parquet/dictionary.h"
#include "store/parquet/format.h"

typedef struct RawPage {
        int kind; /* PAGE_DICTIONARY or PAGE_DATA */
        Encoding encoding;
        uint32_t n_values;
        size_t start, size; /* in ChunkEncoder.raw */
} RawPage;

typedef struct ChunkEncoder {
        bool compressed; /* the pages will be: set by the owner */
        bool ascii;      /* all of the batch's text is: found by the owner, once for all columns */
        Buffer raw;     /* the pages' bytes, one after another */
        RawPage *pages;
        size_t n_pages, pages_capacity;

        uint64_t *cells; /* without nulls */
        uint32_t *indices;
        size_t capacity; /* of both */
        Dictionary dictionary;
        Buffer trial;        /* an encoding that may lose */
        Buffer repaired;     /* a text heap that had to be made UTF-8 */
        uint64_t least, most; /* what chunk->min and max point to */
} ChunkEncoder;

void chunk_encoder_done(ChunkEncoder *e);

/* Fills e->raw and e->pages with `rows` rows from `first` (a multiple of 64) on, and of *chunk: type, encodings, n_values, null_count, min, max (valid until the next call). 0 or
 * -ENOMEM. */
int chunk_encode(ChunkEncoder *e, const Batch *batch, size_t first, size_t rows, size_t column,
                 Chunk *chunk);
