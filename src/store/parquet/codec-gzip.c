/* gzip (RFC 1952) by zlib; its streams are made once and reset for each page. */
#include "store/parquet/codec.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <zlib.h>

enum {
        GZIP_WINDOW = 15 + 16,     /* gzip header and trailer */
        ANY_WINDOW = 15 + 32,      /* gzip or zlib: some writers leave out the gzip header */
        MEMORY_LEVEL = 8,
        GZIP_EXTRA = 18,           /* header and trailer */
        DEFAULT_LEVEL = 1,
};

static int compressor_new(int level, void **ret)
{
        z_stream *z = calloc(1, sizeof *z);

        if (!z || deflateInit2(z, level ? MIN(level, 9) : DEFAULT_LEVEL, Z_DEFLATED, GZIP_WINDOW,
                               MEMORY_LEVEL, Z_DEFAULT_STRATEGY) != Z_OK) {
                free(z);
                return -ENOMEM;
        }
        *ret = z;
        return 0;
}

static void compressor_free(void *state)
{
        deflateEnd(state);
        free(state);
}

static int decompressor_new(void **ret)
{
        z_stream *z = calloc(1, sizeof *z);

        if (!z || inflateInit2(z, ANY_WINDOW) != Z_OK) {
                free(z);
                return -ENOMEM;
        }
        *ret = z;
        return 0;
}

static void decompressor_free(void *state)
{
        inflateEnd(state);
        free(state);
}

static size_t bound(size_t size)
{
        return compressBound(size) + GZIP_EXTRA;
}

static int compress_page(void *state, const uint8_t *in, size_t size, uint8_t *out,
                         size_t capacity, size_t *ret_size)
{
        z_stream *z = state;

        if (size > UINT_MAX || capacity > UINT_MAX || deflateReset(z) != Z_OK)
                return -EIO;
        z->next_in = (Bytef *)(uintptr_t)in; /* zlib's struct knows no const */
        z->avail_in = (uInt)size;
        z->next_out = out;
        z->avail_out = (uInt)capacity;
        if (deflate(z, Z_FINISH) != Z_STREAM_END)
                return -EIO;
        *ret_size = capacity - z->avail_out;
        return 0;
}

/* A page may be several gzip members one after another. */
static int decompress(void *state, const uint8_t *in, size_t size, uint8_t *out, size_t out_size)
{
        z_stream *z = state;
        uint8_t nothing;

        if (size > UINT_MAX || out_size > UINT_MAX)
                return -EBADMSG;
        z->next_in = (Bytef *)(uintptr_t)in;
        z->avail_in = (uInt)size;
        z->next_out = out_size ? out : &nothing;
        z->avail_out = (uInt)out_size;
        do {
                if (inflateReset(z) != Z_OK || inflate(z, Z_FINISH) != Z_STREAM_END)
                        return -EBADMSG;
        } while (z->avail_in > 0 && z->avail_out > 0);
        return z->avail_out == 0 ? 0 : -EBADMSG;
}

const Codec codec_gzip = {
        .name = "gzip",
        .id = 2,
        .compressor_new = compressor_new,
        .compressor_free = compressor_free,
        .decompressor_new = decompressor_new,
        .decompressor_free = decompressor_free,
        .bound = bound,
        .compress = compress_page,
        .decompress = decompress,
};
