/* Stands in for codec-brotli.c where its library was not found: the name, and nothing works. */
#include "store/parquet/codec.h"

const Codec codec_brotli = {.name = "brotli", .id = 4};
