/* The formats a table can be in, and who writes and reads each. */
#pragma once

#include <stdint.h>

#include "base/error.h"
#include "store/parquet/parquet.h"
#include "table/sink.h"

typedef enum TableFormat { FORMAT_CSV, FORMAT_JSON, FORMAT_PARQUET, TABLE_FORMATS } TableFormat;

const char *table_format_extension(TableFormat format); /* ".csv", ".json", ".parquet" */

/* "csv", "json" (also "jsonl", "ndjson"), "parquet". 0 or -EINVAL. */
int table_format_parse(const char *name, TableFormat *ret);

/* By the name's ending, as table_format_parse. */
int table_format_of_path(const char *path, TableFormat *ret);

/* ---- writing ---- */

/*
 * A Sink that writes rows of one schema to a descriptor (borrowed); sink_flush ends the file
 * and must be called once, at the end. 64-bit integers are exact in every format; f64 is
 * printed with the fewest digits that read back as the same value; COLUMN_TIME is
 * 2026-11-20T10:15:02.123456789Z.
 *
 * csv: RFC 4180 with LF line ends and a header. Null is an empty cell, empty text is "".
 *      Text that would read as something else (12, true, a time) is quoted. Bytes of text are
 *      written as they are, valid UTF-8 or not.
 * json: one object a line, every column in every row, null where unknown. Invalid UTF-8
 *      becomes U+FFFD, and infinite numbers null: JSON has no place for them.
 */
int csv_writer_new(int fd, const Schema *schema, Sink **ret, Error *err);
int json_writer_new(int fd, const Schema *schema, Sink **ret, Error *err);
int parquet_sink_new(int fd, const Schema *schema, const ParquetOptions *options, Sink **ret,
                     Error *err);

/* The one for a format; options are looked at by parquet only. */
int table_writer_new(TableFormat format, int fd, const Schema *schema, const ParquetOptions *options,
                     Sink **ret, Error *err);

/* ---- reading ---- */

typedef struct TableReader TableReader;

typedef struct TableReaderOps {
        const Schema *(*schema)(const TableReader *reader);
        int (*next)(TableReader *reader, const Batch **ret, Error *err);
        TableReader *(*free)(TableReader *reader);
} TableReaderOps;

struct TableReader {
        const TableReaderOps *ops;
};

/*
 * Readers of a regular file (fd borrowed; read with pread(2)). csv and json read it twice:
 * first for the columns, their types and every mistake, then for the rows. shown_path is for
 * messages, "PATH:LINE:COL: what is wrong; what was expected". -EBADMSG: bad input. Memory is
 * bounded: a row of at most 8 MiB, 4,096 columns.
 *
 * Types (a column is text unless all its values agree): whole numbers without leading zeros
 * are i64 (u64 if they need it), decimal numbers f64 if they fit it exactly enough (at most 17
 * digits), true and false bool, times with a zone time.
 * csv: what is quoted is text, unless the header is quoted too. An empty cell is null.
 * json: objects one after another, or one array of them; nested values are kept as JSON text.
 */
int csv_reader_new(int fd, const char *shown_path, TableReader **ret, Error *err);
int json_reader_new(int fd, const char *shown_path, TableReader **ret, Error *err);
int parquet_reader_new(int fd, const char *shown_path, TableReader **ret, Error *err);
int table_reader_new(TableFormat format, int fd, const char *shown_path, TableReader **ret,
                     Error *err);

static inline const Schema *table_reader_schema(const TableReader *reader)
{
        return reader->ops->schema(reader);
}

/* 1 and *ret (valid until the next call), 0 at the end, negative on failure. */
static inline int table_reader_next(TableReader *reader, const Batch **ret, Error *err)
{
        return reader->ops->next(reader, ret, err);
}

static inline TableReader *table_reader_free(TableReader *reader)
{
        return reader ? reader->ops->free(reader) : NULL;
}
DEFINE_CLEANUP(TableReader, table_reader)
