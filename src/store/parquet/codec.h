/* Page compression: one file a codec, x.c or x-absent.c as the build found the library. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "store/parquet/parquet.h"

typedef struct Codec {
        const char *name;
        int id; /* CompressionCodec in parquet.thrift */

        /* A compressor's or decompressor's memory, kept between pages; NULL: it needs none. */
        int (*compressor_new)(int level, void **ret);
        void (*compressor_free)(void *state);
        int (*decompressor_new)(void **ret);
        void (*decompressor_free)(void *state);

        size_t (*bound)(size_t size); /* the most that compress can make of size bytes */
        /* Less effort for what is soon written anew, or as much as ever. NULL: it knows one effort. */
        void (*compressor_hurry)(void *state, bool hurry);
        /* 0 or -EIO, -ENOMEM. NULL in all functions: not compiled in. */
        int (*compress)(void *state, const uint8_t *in, size_t size, uint8_t *out, size_t capacity,
                        size_t *ret_size);
        /* Must come out as exactly out_size bytes; else, and for damaged input, -EBADMSG. */
        int (*decompress)(void *state, const uint8_t *in, size_t size, uint8_t *out,
                          size_t out_size);
} Codec;

extern const Codec codec_none, codec_snappy, codec_gzip, codec_brotli, codec_zstd, codec_lz4_raw;

const Codec *codec_get(ParquetCodec codec);
/* By its number in a file; -EOPNOTSUPP: unknown (LZO and what comes later). */
int codec_from_id(int64_t id, ParquetCodec *ret);
