/* snappy, raw format. */
#include "store/parquet/codec.h"

#include <errno.h>
#include <snappy-c.h>

static size_t bound(size_t size)
{
        return snappy_max_compressed_length(size);
}

static int compress(void *state, const uint8_t *in, size_t size, uint8_t *out, size_t capacity,
                    size_t *ret_size)
{
        size_t n = capacity;

        if (snappy_compress((const char *)in, size, (char *)out, &n) != SNAPPY_OK)
                return -EIO;
        *ret_size = n;
        return 0;
}

static int decompress(void *state, const uint8_t *in, size_t size, uint8_t *out, size_t out_size)
{
        size_t n;

        if (snappy_uncompressed_length((const char *)in, size, &n) != SNAPPY_OK || n != out_size)
                return -EBADMSG;
        if (snappy_uncompress((const char *)in, size, (char *)out, &n) != SNAPPY_OK || n != out_size)
                return -EBADMSG;
        return 0;
}

const Codec codec_snappy = {.name = "snappy", .id = 1, .bound = bound, .compress = compress,
                            .decompress = decompress};
