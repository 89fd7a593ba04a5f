/*
 * Parquet files (https://parquet.apache.org/docs/file-format/): what vigia writes and what it
 * reads. Flat schemas only: every column optional or required, none repeated or nested.
 *
 * Writing: one Batch becomes one row group. Dictionary encoding for text, delta encodings for
 * integers where they pay, page CRCs, statistics a column chunk, zstd unless told otherwise.
 * Text that is not UTF-8 is written with U+FFFD for each wrong byte: strict readers refuse a
 * file otherwise. The schema's table, roles and units travel in the key "vigia.schema".
 * Reading: files of any writer, flat columns; damaged or hostile files give -EBADMSG and a
 * sentence, never a crash or unbounded memory. -EOPNOTSUPP: valid, but a feature not read here.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buffer.h"
#include "base/error.h"
#include "table/batch.h"

typedef enum ParquetCodec {
        PARQUET_NONE,
        PARQUET_SNAPPY,
        PARQUET_GZIP,
        PARQUET_BROTLI,
        PARQUET_ZSTD,
        PARQUET_LZ4_RAW,
        PARQUET_CODECS,
} ParquetCodec;

const char *parquet_codec_name(ParquetCodec codec);            /* "zstd", "lz4", "none", … */
int parquet_codec_parse(const char *name, ParquetCodec *ret);  /* -EINVAL: no such name */
bool parquet_codec_available(ParquetCodec codec);              /* compiled in */

typedef struct ParquetKeyValue {
        const char *key, *value;
} ParquetKeyValue;

typedef struct ParquetOptions {
        ParquetCodec codec; /* PARQUET_ZSTD is what callers want */
        int level;          /* 0: the codec's default, tuned for a recorder (fast) */
        const ParquetKeyValue *metadata;
        size_t n_metadata;
        size_t row_group_rows; /* for parquet_writer_*: rows gathered a row group; 0: 65,536 */
} ParquetOptions;

/* Scratch memory (compression contexts, dictionaries) kept between calls of the encoder, so
 * that a recorder does not allocate at every part. Not thread-safe: one per thread. */
typedef struct ParquetEncoder ParquetEncoder;
int parquet_encoder_new(const ParquetOptions *options, ParquetEncoder **ret); /* copies options */
ParquetEncoder *parquet_encoder_free(ParquetEncoder *encoder);
DEFINE_CLEANUP(ParquetEncoder, parquet_encoder)

/* From now on less effort in compressing, for a file that is soon written anew; or as much as ever
 * again. Only with the options' level 0. */
void parquet_encoder_hurry(ParquetEncoder *encoder, bool hurry);

/* Appends a whole Parquet file (magic, one row group a batch, footer) to `out`. All batches
 * have the same schema; n_batches 0 needs `schema` and makes an empty, valid file.
 * 0, -ENOMEM. Nothing is left in `out` on failure. */
int parquet_encode(ParquetEncoder *encoder, const Schema *schema, const Batch *const *batches,
                   size_t n_batches, Buffer *out);

/* The rows of a growing batch that were encoded before: a row group's bytes. A file that is made anew
 * again and again encodes only what came since. Embedded: zero-initialise, parquet_base_done(). */
typedef struct ParquetBase {
        size_t rows; /* a multiple of 64 */
        Buffer pages, row_group;
} ParquetBase;
void parquet_base_done(ParquetBase *base); /* frees, leaves it empty and usable */

/* Encodes the batch's rows up to a multiple of 64 as the base. 0, or -ENOMEM: the base is empty. */
int parquet_base_encode(ParquetEncoder *encoder, const Batch *batch, ParquetBase *base);

/* As parquet_encode; of batches[0], which the base was made of, the rows behind it. base NULL: all. */
int parquet_encode_onto(ParquetEncoder *encoder, const ParquetBase *base, const Schema *schema,
                        const Batch *const *batches, size_t n_batches, Buffer *out);

/* Streams a file of any length to a descriptor (borrowed; at its start, not seeked). Row groups
 * of row_group_rows are gathered from the batches given. */
typedef struct ParquetWriter ParquetWriter;
int parquet_writer_new(int fd, const Schema *schema, const ParquetOptions *options,
                       ParquetWriter **ret, Error *err);
int parquet_writer_write(ParquetWriter *writer, const Batch *rows, Error *err);
int parquet_writer_finish(ParquetWriter *writer, Error *err); /* footer; then only free */
ParquetWriter *parquet_writer_free(ParquetWriter *writer);
DEFINE_CLEANUP(ParquetWriter, parquet_writer)

/* Copies the row groups of `fds` (files of one schema, made by parquet_encode), in order, into
 * one file at out_fd, without decoding: pages are copied, their checksums verified on the way,
 * footers merged. Metadata is `metadata`, not the parts'. A part that is damaged (or of another
 * schema or writer) is left out whole and counted in *ret_damaged (may be NULL). Memory is that
 * of the largest part. n_fds 0 needs schema. */
int parquet_concatenate(int out_fd, const Schema *schema, const int *fds, size_t n_fds,
                        const ParquetKeyValue *metadata, size_t n_metadata, size_t *ret_damaged,
                        Error *err);

typedef struct ParquetFile ParquetFile;

/* Opens for reading. The descriptor is borrowed and must stay open; only pread(2) is used. */
int parquet_open(int fd, ParquetFile **ret, Error *err);
ParquetFile *parquet_close(ParquetFile *file);
static inline void parquet_closep(ParquetFile **file)
{
        *file = parquet_close(*file);
}

/* The schema as found in the file (names and types; roles by our metadata or guessed). Lives
 * as long as the file. Types that vigia lacks become text (dates, times of day, decimals,
 * UUIDs), timestamps of any unit nanoseconds; a time that those cannot hold reads as null. */
const Schema *parquet_schema(const ParquetFile *file);
uint64_t parquet_rows(const ParquetFile *file);
size_t parquet_row_groups(const ParquetFile *file);
uint64_t parquet_row_group_rows(const ParquetFile *file, size_t row_group);
const char *parquet_metadata(const ParquetFile *file, const char *key); /* NULL: absent */
const char *parquet_created_by(const ParquetFile *file);                /* "" if absent */

typedef struct ParquetStatistics {
        bool has_min_max, has_null_count;
        uint64_t min, max; /* as cells; only for number and time columns */
        uint64_t null_count;
        uint64_t compressed_bytes, uncompressed_bytes;
        ParquetCodec codec;
} ParquetStatistics;

void parquet_statistics(const ParquetFile *file, size_t row_group, size_t column,
                        ParquetStatistics *ret);

/* Which rows to read: NULL columns means all. With `range_column` set, row groups whose
 * statistics exclude [range_min, range_max] (compared in the column's own order) are skipped;
 * rows themselves are not filtered. */
typedef struct ParquetSelection {
        const char *const *columns; /* names; one that the file lacks reads as all null text */
        size_t n_columns;
        const char *range_column;
        double range_min, range_max;
} ParquetSelection;

/* A cursor hands out batches of at most 4,096 rows in file order. Its schema has exactly the
 * selected columns, in the selected order (parquet_cursor_schema). Memory is bounded by the
 * file's page size, itself bounded (a page over 64 MiB is refused). */
typedef struct ParquetCursor ParquetCursor;
int parquet_cursor_new(ParquetFile *file, const ParquetSelection *selection, ParquetCursor **ret,
                       Error *err);
const Schema *parquet_cursor_schema(const ParquetCursor *cursor);
/* 1 and *ret (valid until the next call), 0 at the end, negative on failure. */
int parquet_cursor_next(ParquetCursor *cursor, const Batch **ret, Error *err);
ParquetCursor *parquet_cursor_free(ParquetCursor *cursor);
DEFINE_CLEANUP(ParquetCursor, parquet_cursor)
