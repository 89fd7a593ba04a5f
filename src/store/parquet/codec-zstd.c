/*
 * zstd, small: a recorder compresses chunks of up to a few hundred KiB, whole, so the window may
 * span them (it takes no memory of its own) and the hash table is held to 16 Ki entries; the
 * context stays under 300 KiB. Command lines resemble those of minutes ago: with a window of
 * 32 KiB they take half as much again, and a fifth more without the search of the greedy strategy.
 */
#include "store/parquet/codec.h"

#include <errno.h>
#include <zstd.h>

enum { RECORDER_WINDOW_LOG = 19, RECORDER_HASH_LOG = 14, HURRY_HASH_LOG = 12, HURRY_MIN_MATCH = 6 };

static int zstd_compressor_new(int level, void **ret)
{
        ZSTD_CCtx *c = ZSTD_createCCtx();

        if (!c)
                return -ENOMEM;
        ZSTD_CCtx_setParameter(c, ZSTD_c_compressionLevel, level ? level : 1);
        if (level == 0) {
                ZSTD_CCtx_setParameter(c, ZSTD_c_windowLog, RECORDER_WINDOW_LOG);
                ZSTD_CCtx_setParameter(c, ZSTD_c_hashLog, RECORDER_HASH_LOG);
                ZSTD_CCtx_setParameter(c, ZSTD_c_chainLog, RECORDER_HASH_LOG);
                ZSTD_CCtx_setParameter(c, ZSTD_c_searchLog, 3);
                ZSTD_CCtx_setParameter(c, ZSTD_c_minMatch, 5);
                ZSTD_CCtx_setParameter(c, ZSTD_c_strategy, ZSTD_greedy);
        }
        *ret = c;
        return 0;
}

/* A third of the time, a tenth more bytes. */
static void zstd_compressor_hurry(void *state, bool hurry)
{
        ZSTD_CCtx_setParameter(state, ZSTD_c_hashLog, hurry ? HURRY_HASH_LOG : RECORDER_HASH_LOG);
        ZSTD_CCtx_setParameter(state, ZSTD_c_minMatch, hurry ? HURRY_MIN_MATCH : 5);
        ZSTD_CCtx_setParameter(state, ZSTD_c_strategy, hurry ? ZSTD_fast : ZSTD_greedy);
}

static void zstd_compressor_free(void *state)
{
        ZSTD_freeCCtx(state);
}

static int zstd_decompressor_new(void **ret)
{
        *ret = ZSTD_createDCtx();
        return *ret ? 0 : -ENOMEM;
}

static void zstd_decompressor_free(void *state)
{
        ZSTD_freeDCtx(state);
}

static size_t zstd_bound(size_t size)
{
        return ZSTD_compressBound(size);
}

static int zstd_compress(void *state, const uint8_t *in, size_t size, uint8_t *out, size_t capacity,
                         size_t *ret_size)
{
        size_t n = ZSTD_compress2(state, out, capacity, in, size);

        if (ZSTD_isError(n))
                return -EIO;
        *ret_size = n;
        return 0;
}

static int zstd_decompress(void *state, const uint8_t *in, size_t size, uint8_t *out,
                           size_t out_size)
{
        size_t n = ZSTD_decompressDCtx(state, out, out_size, in, size);

        return ZSTD_isError(n) || n != out_size ? -EBADMSG : 0;
}

const Codec codec_zstd = {
        .name = "zstd",
        .id = 6,
        .compressor_new = zstd_compressor_new,
        .compressor_hurry = zstd_compressor_hurry,
        .compressor_free = zstd_compressor_free,
        .decompressor_new = zstd_decompressor_new,
        .decompressor_free = zstd_decompressor_free,
        .bound = zstd_bound,
        .compress = zstd_compress,
        .decompress = zstd_decompress,
};
