/*
 * snappy, raw format. The library is loaded when somebody asks for it: it brings the C++ run time
 * along, whose relocations would cost every vigia a megabyte and half a millisecond at start.
 */
#include "store/parquet/codec.h"

#include <dlfcn.h>
#include <errno.h>
#include <snappy-c.h>
#include <stdlib.h>

#include "base/library.h"

typedef struct Snappy {
        void *library;
        __typeof__(&snappy_compress) compress;
        __typeof__(&snappy_uncompress) uncompress;
        __typeof__(&snappy_uncompressed_length) length;
} Snappy;

static const LibrarySymbol symbols[] = {
        {"snappy_compress", offsetof(Snappy, compress)},
        {"snappy_uncompress", offsetof(Snappy, uncompress)},
        {"snappy_uncompressed_length", offsetof(Snappy, length)},
};

static void snappy_free(void *state)
{
        Snappy *s = state;

        if (s)
                dlclose(s->library);
        free(s);
}

static int snappy_new(void **ret)
{
        Snappy *s = calloc(1, sizeof *s);

        if (!s)
                return -ENOMEM;
        int r = library_load("libsnappy.so.1", symbols, ARRAY_LENGTH(symbols), s, &s->library, NULL);
        if (r < 0) {
                free(s);
                return r;
        }
        *ret = s;
        return 0;
}

static int compressor_new(int level, void **ret)
{
        return snappy_new(ret);
}

/* snappy_max_compressed_length(), as the format promises it. */
static size_t bound(size_t size)
{
        return 32 + size + size / 6;
}

static int compress(void *state, const uint8_t *in, size_t size, uint8_t *out, size_t capacity,
                    size_t *ret_size)
{
        const Snappy *s = state;
        size_t n = capacity;

        if (s->compress((const char *)in, size, (char *)out, &n) != SNAPPY_OK)
                return -EIO;
        *ret_size = n;
        return 0;
}

static int decompress(void *state, const uint8_t *in, size_t size, uint8_t *out, size_t out_size)
{
        const Snappy *s = state;
        size_t n;

        if (s->length((const char *)in, size, &n) != SNAPPY_OK || n != out_size)
                return -EBADMSG;
        if (s->uncompress((const char *)in, size, (char *)out, &n) != SNAPPY_OK || n != out_size)
                return -EBADMSG;
        return 0;
}

const Codec codec_snappy = {
        .name = "snappy",
        .id = 1,
        .compressor_new = compressor_new,
        .compressor_free = snappy_free,
        .decompressor_new = snappy_new,
        .decompressor_free = snappy_free,
        .bound = bound,
        .compress = compress,
        .decompress = decompress,
};
