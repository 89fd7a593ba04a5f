/* LZ4_RAW: one LZ4 block a page, without a frame. */
#include "store/parquet/codec.h"

#include <errno.h>
#include <limits.h>
#include <lz4.h>
#include <stdlib.h>

static int compressor_new(int level, void **ret)
{
        *ret = malloc((size_t)LZ4_sizeofState());
        return *ret ? 0 : -ENOMEM;
}

static size_t bound(size_t size)
{
        return size <= LZ4_MAX_INPUT_SIZE ? (size_t)LZ4_compressBound((int)size) : 0;
}

static int compress(void *state, const uint8_t *in, size_t size, uint8_t *out, size_t capacity,
                    size_t *ret_size)
{
        if (size > LZ4_MAX_INPUT_SIZE || capacity > INT_MAX)
                return -EIO;
        int n = LZ4_compress_fast_extState(state, (const char *)in, (char *)out, (int)size,
                                           (int)capacity, 1);
        if (n <= 0)
                return -EIO;
        *ret_size = (size_t)n;
        return 0;
}

static int decompress(void *state, const uint8_t *in, size_t size, uint8_t *out, size_t out_size)
{
        if (size > INT_MAX || out_size > INT_MAX)
                return -EBADMSG;
        int n = LZ4_decompress_safe((const char *)in, (char *)out, (int)size, (int)out_size);
        return n < 0 || (size_t)n != out_size ? -EBADMSG : 0;
}

const Codec codec_lz4_raw = {.name = "lz4", .id = 7, .compressor_new = compressor_new,
                             .compressor_free = free, .bound = bound, .compress = compress,
                             .decompress = decompress};
