/* Opening a file and answering from its footer. */
#include "store/parquet/reader.h"

#include <stdlib.h>
#include <errno.h>

#include "base/text.h"
#include "store/parquet/bits.h"
#include "store/parquet/codec.h"

int parquet_open(int fd, ParquetFile **ret, Error *err)
{
        ParquetFile *file = calloc(1, sizeof *file);

        if (!file)
                return error_set_errno(err, ENOMEM, "cannot read");
        int r = footer_read(fd, &file->footer, err);
        if (r < 0) {
                free(file);
                return r;
        }
        file->fd = fd;
        crc_init(&file->crc);
        *ret = file;
        return 0;
}

ParquetFile *parquet_close(ParquetFile *file)
{
        if (file) {
                footer_done(&file->footer);
                free(file);
        }
        return NULL;
}

const Schema *parquet_schema(const ParquetFile *file)
{
        return &file->footer.schema;
}

uint64_t parquet_rows(const ParquetFile *file)
{
        return file->footer.rows;
}

size_t parquet_row_groups(const ParquetFile *file)
{
        return file->footer.n_row_groups;
}

uint64_t parquet_row_group_rows(const ParquetFile *file, size_t row_group)
{
        return file->footer.row_groups[row_group].rows;
}

const char *parquet_metadata(const ParquetFile *file, const char *key)
{
        for (size_t i = 0; i < file->footer.n_metadata; i++) {
                const char *found = file->footer.metadata[2 * i];
                if (found && text_equal(found, key))
                        return file->footer.metadata[2 * i + 1];
        }
        return NULL;
}

const char *parquet_created_by(const ParquetFile *file)
{
        return file->footer.created_by ? file->footer.created_by : "";
}

/* A stored minimum or maximum as a cell; false where its form does not fit the column. */
static bool statistic_cell(const Leaf *leaf, ColumnType type, Slice stored, uint64_t *ret)
{
        int64_t factor = leaf->conversion == CONVERT_MILLIS   ? 1000000
                         : leaf->conversion == CONVERT_MICROS ? 1000
                                                              : 1;
        int64_t ns;
        float narrow;
        double wide;

        if (!stored.data)
                return false;
        switch (leaf->type) {
        case TYPE_BOOLEAN:
                *ret = stored.size == 1 ? stored.data[0] & 1 : 0;
                return stored.size == 1;
        case TYPE_INT32:
                if (stored.size != 4 || type == COLUMN_TEXT)
                        return false;
                *ret = type == COLUMN_U32 ? load_u32(stored.data)
                                          : (uint64_t)(int64_t)(int32_t)load_u32(stored.data);
                return true;
        case TYPE_INT64:
                if (stored.size != 8 || type == COLUMN_TEXT ||
                    __builtin_mul_overflow((int64_t)load_u64(stored.data), factor, &ns))
                        return false;
                *ret = (uint64_t)ns;
                return true;
        case TYPE_FLOAT:
                if (stored.size != 4)
                        return false;
                memcpy(&narrow, stored.data, sizeof narrow);
                wide = (double)narrow;
                break;
        case TYPE_DOUBLE:
                if (stored.size != 8)
                        return false;
                memcpy(&wide, stored.data, sizeof wide);
                break;
        default:
                return false;
        }
        memcpy(ret, &wide, sizeof wide);
        return wide == wide;
}

void parquet_statistics(const ParquetFile *file, size_t row_group, size_t column,
                        ParquetStatistics *ret)
{
        const Chunk *chunk = file_chunk(file, row_group, column);
        const Leaf *leaf = &file->footer.leaves[column];
        ColumnType type = file->footer.schema.columns[column].type;
        /* the deprecated pair was compared as signed numbers, whatever the column */
        bool old = !chunk->min.data && !chunk->max.data && type != COLUMN_U64 &&
                   type != COLUMN_U32;
        Slice min = old ? chunk->old_min : chunk->min, max = old ? chunk->old_max : chunk->max;

        *ret = (ParquetStatistics){
                .has_null_count = chunk->has_null_count,
                .null_count = chunk->null_count,
                .compressed_bytes = chunk->compressed,
                .uncompressed_bytes = chunk->uncompressed,
                .codec = PARQUET_NONE,
        };
        codec_from_id(chunk->codec, &ret->codec);
        ret->has_min_max = statistic_cell(leaf, type, min, &ret->min) &&
                           statistic_cell(leaf, type, max, &ret->max);
        if (!ret->has_min_max)
                ret->min = ret->max = 0;
}
