/* Stands in for codec-gzip.c where its library was not found: the name, and nothing works. */
#include "store/parquet/codec.h"

const Codec codec_gzip = {.name = "gzip", .id = 2};
