/*
 * Parquet's encodings, reading. Decoders take bytes that outlive them and hand out values in
 * portions; every one returns 0 or -EBADMSG and reads no byte outside its input.
 */
#pragma once

#include "store/parquet/page.h"

/* Runs and bit-packed groups (definition levels, dictionary indices, RLE booleans). */
typedef struct Hybrid {
        const uint8_t *p, *end;
        unsigned width;
        uint64_t run;   /* repeats of `value` left */
        uint32_t value;
        const uint8_t *packed; /* packed values left: from bit `bit` of here on */
        size_t packed_size;
        uint64_t packed_left, bit;
} Hybrid;

int hybrid_start(Hybrid *h, const uint8_t *data, size_t size, unsigned width);
int hybrid_take(Hybrid *h, uint32_t *to, size_t n);

/* DELTA_BINARY_PACKED. */
typedef struct Delta {
        const uint8_t *p, *end;
        uint64_t left; /* values still to hand out, as the header says */
        uint64_t value;
        uint64_t least;
        uint64_t mini_size;    /* values a miniblock */
        uint64_t n_mini;       /* miniblocks a block */
        const uint8_t *widths; /* of the current block */
        uint64_t mini;         /* the next of it */
        uint64_t mini_left;    /* values left in the current miniblock */
        const uint8_t *bits;
        size_t bits_size;
        uint64_t bit;
        unsigned width;
        bool first;
} Delta;

int delta_start(Delta *d, const uint8_t *data, size_t size);
int delta_take(Delta *d, uint64_t *to, size_t n);
/* Where the encoding ends, found from its headers alone; for what lies behind it. */
int delta_find_end(const Delta *d, const uint8_t **ret);

/* A dictionary page, decoded. */
typedef struct Values {
        uint64_t *cells; /* fixed-size types but FIXED */
        Slice *texts;    /* BYTE_ARRAY, FIXED */
        size_t n, capacity;
} Values;

/* The values of one data page. Fixed-size values come as their bits in a cell (INT96 as
 * nanoseconds, or INT64_MIN where that does not fit; FLOAT as a double's bits). */
typedef struct Decoder {
        int encoding;
        const Leaf *leaf;
        const uint8_t *p, *end;
        uint64_t done;
        const Values *dictionary;
        Hybrid hybrid;
        Delta delta, prefixes;
        Buffer *scratch; /* of DELTA_BYTE_ARRAY: the portion's texts */
        size_t last;     /* in scratch: the last text */
        size_t last_size;
} Decoder;

int decoder_start(Decoder *d, const PageHeader *header, const uint8_t *data, size_t size);

/* The next n values (n at most DECODE_MOST): to cells, or to texts for BYTE_ARRAY and FIXED;
 * indices gets dictionary numbers when the page has them (decoder_has_indices). */
enum { DECODE_MOST = 256 };
int decoder_take(Decoder *d, size_t n, uint64_t *cells, Slice *texts, uint32_t *indices);

static inline bool decoder_has_indices(const Decoder *d)
{
        return d->encoding == ENCODING_DICTIONARY || d->encoding == ENCODING_PLAIN_DICTIONARY;
}

static inline bool type_is_text(unsigned type)
{
        return type == TYPE_BYTE_ARRAY || type == TYPE_FIXED;
}

/* The delta encodings of text (decode-delta.c). */
int decoder_start_delta_texts(Decoder *d);
int decoder_take_lengths(Decoder *d, size_t n, Slice *texts);
int decoder_take_prefixed(Decoder *d, size_t n, Slice *texts);

/* PLAIN values: n from *p on, which moves. */
int decode_plain(const Leaf *leaf, const uint8_t **p, const uint8_t *end, size_t n,
                 uint64_t *cells, Slice *texts);
