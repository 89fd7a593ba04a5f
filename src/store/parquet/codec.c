/* Names and numbers of the codecs; "none" itself. */
#include "store/parquet/codec.h"

#include <errno.h>
#include <string.h>

#include "base/text.h"

static size_t none_bound(size_t size)
{
        return size;
}

static int none_compress(void *state, const uint8_t *in, size_t size, uint8_t *out, size_t capacity,
                         size_t *ret_size)
{
        if (size > capacity)
                return -EIO;
        if (size > 0)
                memcpy(out, in, size);
        *ret_size = size;
        return 0;
}

static int none_decompress(void *state, const uint8_t *in, size_t size, uint8_t *out,
                           size_t out_size)
{
        if (size != out_size)
                return -EBADMSG;
        if (size > 0)
                memcpy(out, in, size);
        return 0;
}

const Codec codec_none = {.name = "none", .id = 0, .bound = none_bound,
                          .compress = none_compress, .decompress = none_decompress};

static const Codec *const codecs[PARQUET_CODECS] = {
        [PARQUET_NONE] = &codec_none,     [PARQUET_SNAPPY] = &codec_snappy,
        [PARQUET_GZIP] = &codec_gzip,     [PARQUET_BROTLI] = &codec_brotli,
        [PARQUET_ZSTD] = &codec_zstd,     [PARQUET_LZ4_RAW] = &codec_lz4_raw,
};

const Codec *codec_get(ParquetCodec codec)
{
        return (size_t)codec < PARQUET_CODECS ? codecs[codec] : &codec_none;
}

int codec_from_id(int64_t id, ParquetCodec *ret)
{
        for (size_t i = 0; i < PARQUET_CODECS; i++)
                if (codecs[i]->id == id) {
                        *ret = (ParquetCodec)i;
                        return 0;
                }
        return -EOPNOTSUPP;
}

const char *parquet_codec_name(ParquetCodec codec)
{
        return (size_t)codec < PARQUET_CODECS ? codecs[codec]->name : "unknown";
}

int parquet_codec_parse(const char *name, ParquetCodec *ret)
{
        for (size_t i = 0; i < PARQUET_CODECS; i++)
                if (text_equal(name, codecs[i]->name)) {
                        *ret = (ParquetCodec)i;
                        return 0;
                }
        if (text_equal(name, "lz4_raw"))
                *ret = PARQUET_LZ4_RAW;
        else if (text_equal(name, "uncompressed"))
                *ret = PARQUET_NONE;
        else
                return -EINVAL;
        return 0;
}

bool parquet_codec_available(ParquetCodec codec)
{
        return (size_t)codec < PARQUET_CODECS && codecs[codec]->compress;
}
