/*
 * Parquet's encodings, writing (https://parquet.apache.org/docs/file-format/data-pages/encodings/).
 * Each appends to `out` and returns 0 or -ENOMEM. Values are 64-bit cells as in table/batch.h,
 * nulls already taken out.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buffer.h"

/* Definition levels of rows [first, first + n): the hybrid of runs and bits, behind its length
 * in four bytes (data page v1). valid NULL: all rows are set. */
int encode_levels(Buffer *out, const uint64_t *valid, size_t first, size_t n);

int encode_plain(Buffer *out, const uint64_t *cells, size_t n, size_t width); /* width 4 or 8 */
int encode_plain_bool(Buffer *out, const uint64_t *cells, size_t n);
int encode_plain_text(Buffer *out, const uint64_t *cells, size_t n, const char *text);

/* DELTA_BINARY_PACKED; width 4 takes differences modulo 2^32. */
int encode_delta(Buffer *out, const uint64_t *cells, size_t n, size_t width);

/* DELTA_LENGTH_BYTE_ARRAY. */
int encode_delta_text(Buffer *out, const uint64_t *cells, size_t n, const char *text);

/* BYTE_STREAM_SPLIT of eight-byte values. */
int encode_split(Buffer *out, const uint64_t *cells, size_t n);

/* RLE_DICTIONARY: the bit width in a byte, then runs and bits. */
int encode_indices(Buffer *out, const uint32_t *indices, size_t n, unsigned width);
