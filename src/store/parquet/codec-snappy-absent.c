/* Stands in for codec-snappy.c where its library was not found: the name, and nothing works. */
#include "store/parquet/codec.h"

const Codec codec_snappy = {.name = "snappy", .id = 1};
