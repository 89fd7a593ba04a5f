/* What the writers share: batches to row groups in a Buffer. */
#pragma once

#include "store/parquet/format.h"

/* Appends the row group of one batch (nothing if it has no rows) to `out`, whose first byte is
 * at file offset out_offset, and its metadata to `row_groups`. Returns the row groups made,
 * 0 or 1, or -ENOMEM. */
int encoder_add_batch(ParquetEncoder *encoder, const Batch *batch, Buffer *out,
                      uint64_t out_offset, Buffer *row_groups);

const ParquetOptions *encoder_options(const ParquetEncoder *encoder);
