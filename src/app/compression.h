/* --compression, as export and convert take it. */
#pragma once

#include "export/format.h"

#define COMPRESSION_HELP "zstd (default), snappy, gzip, brotli, lz4, none"

/* name NULL: zstd, or none where it is not built in. -EINVAL with a sentence. */
int compression_parse(const char *command, const char *name, TableFormat format,
                      ParquetOptions *ret, Error *err);
