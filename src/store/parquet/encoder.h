/* What the writers share: batches to row groups in a Buffer. */
#pragma once

#include "store/parquet/format.h"

/* Appends a row group of the batch's `rows` rows from `first` (a multiple of 64) on, nothing if
 * there are none, to `out`, whose first byte is at file offset out_offset, and its metadata to
 * `row_groups`. Returns the row groups made, 0 or 1, or -ENOMEM. */
int encoder_add_rows(ParquetEncoder *encoder, const Batch *batch, size_t first, size_t rows,
                     Buffer *out, uint64_t out_offset, Buffer *row_groups);

const ParquetOptions *encoder_options(const ParquetEncoder *encoder);
