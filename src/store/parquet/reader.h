/* An open file, as the cursor and concatenation see it. */
#pragma once

#include "store/parquet/crc.h"
#include "store/parquet/format.h"

struct ParquetFile {
        int fd; /* borrowed */
        Footer footer;
        Crc crc;
};

static inline const Chunk *file_chunk(const ParquetFile *file, size_t row_group, size_t column)
{
        return &file->footer.chunks[file->footer.row_groups[row_group].first_chunk + column];
}
