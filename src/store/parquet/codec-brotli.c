/* brotli at low quality: the library's one-shot calls, which allocate for themselves. */
#include "store/parquet/codec.h"

#include <brotli/decode.h>
#include <brotli/encode.h>
#include <errno.h>
#include <stdlib.h>

enum { DEFAULT_QUALITY = 1 };

static int compressor_new(int level, void **ret)
{
        int *quality = malloc(sizeof *quality);

        if (!quality)
                return -ENOMEM;
        *quality = level ? MIN(level, BROTLI_MAX_QUALITY) : DEFAULT_QUALITY;
        *ret = quality;
        return 0;
}

static size_t bound(size_t size)
{
        return BrotliEncoderMaxCompressedSize(size);
}

static int compress(void *state, const uint8_t *in, size_t size, uint8_t *out, size_t capacity,
                    size_t *ret_size)
{
        *ret_size = capacity;
        return BrotliEncoderCompress(*(int *)state, BROTLI_DEFAULT_WINDOW, BROTLI_MODE_GENERIC,
                                     size, in, ret_size, out)
                       ? 0
                       : -EIO;
}

static int decompress(void *state, const uint8_t *in, size_t size, uint8_t *out, size_t out_size)
{
        size_t n = out_size;

        if (BrotliDecoderDecompress(size, in, &n, out) != BROTLI_DECODER_RESULT_SUCCESS)
                return -EBADMSG;
        return n == out_size ? 0 : -EBADMSG;
}

const Codec codec_brotli = {.name = "brotli", .id = 4, .compressor_new = compressor_new,
                            .compressor_free = free, .bound = bound, .compress = compress,
                            .decompress = decompress};
