/*
 * One column of a row group, in portions: pages fetched, decompressed, levels and values
 * decoded. A portion's texts stay valid until the next one.
 */
#pragma once

#include "store/parquet/codec.h"
#include "store/parquet/decode.h"

/* Decompressors and memory shared by the columns of a cursor. */
typedef struct ReaderShared {
        void *decompressors[PARQUET_CODECS];
        size_t held; /* bytes in pages and dictionaries of all columns */
} ReaderShared;

void reader_shared_done(ReaderShared *shared);

typedef struct ColumnReader {
        const Column *column;
        const Leaf *leaf;
        ReaderShared *shared;
        PageSource source;
        ParquetCodec codec;

        Buffer page;            /* decompressed */
        Buffer dictionary_page; /* what dictionary texts point into */
        Buffer scratch;
        Values dictionary;
        bool has_dictionary;
        uint64_t *interned; /* by dictionary number: the cell in the batch being filled … */
        uint32_t *epochs;   /* … if this is the cursor's epoch */
        size_t interned_capacity;
        size_t counted; /* of shared->held */

        Hybrid levels;
        bool has_levels;
        Decoder decoder;
        uint64_t page_left, chunk_left; /* rows */

        /* the portion */
        uint64_t cells[DECODE_MOST];
        Slice texts[DECODE_MOST];
        uint32_t indices[DECODE_MOST];
        bool set[DECODE_MOST];
        size_t n, at;
} ColumnReader;

void column_reader_done(ColumnReader *c);

/* Begins a column chunk. 0, -EOPNOTSUPP (codec), -EBADMSG. */
int column_reader_start(ColumnReader *c, const Chunk *chunk, Error *err);

/* Decodes the next portion (c->n rows, c->at 0). At the chunk's end: -EBADMSG. */
int column_reader_fill(ColumnReader *c, Error *err);

/* Writes the portion's row c->at to the last row of the batch, whose `epoch` (never 0) changes
 * whenever the batch is cleared. 0, -ENOBUFS, -ENOMEM. Does not move on. */
int column_reader_put(ColumnReader *c, Batch *batch, size_t to_column, uint32_t epoch);
