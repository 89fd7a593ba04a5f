/* Names are the store's; whether they make sense here is ours. */
#include "app/compression.h"

#include <errno.h>

int compression_parse(const char *command, const char *name, TableFormat format,
                      ParquetOptions *ret, Error *err)
{
        *ret = (ParquetOptions){
                .codec = parquet_codec_available(PARQUET_ZSTD) ? PARQUET_ZSTD : PARQUET_NONE};
        if (!name)
                return 0;
        if (format != FORMAT_PARQUET)
                return error_set(err, EINVAL, "%s: --compression %s: only parquet is compressed here",
                                 command, name);
        if (parquet_codec_parse(name, &ret->codec) < 0)
                return error_set(err, EINVAL,
                                 "%s: --compression %s: expected zstd, snappy, gzip, brotli, lz4 or none",
                                 command, name);
        if (!parquet_codec_available(ret->codec))
                return error_set(err, EINVAL, "%s: --compression %s: this vigia was built without it",
                                 command, name);
        return 0;
}
