/*
 * What parquet.thrift calls things, and a footer in memory. The numbers are the format's
 * (https://github.com/apache/parquet-format/blob/master/src/main/thrift/parquet.thrift).
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/text.h"
#include "store/parquet/parquet.h"

#define PARQUET_MAGIC "PAR1"

enum {
        MAGIC_SIZE = 4,
        TAIL_SIZE = 8, /* footer length and magic */
        FOOTER_MAX = 64 << 20,
        PAGE_MAX = 64 << 20,
        COLUMNS_MAX = 16384,
};

typedef enum PhysicalType {
        TYPE_BOOLEAN,
        TYPE_INT32,
        TYPE_INT64,
        TYPE_INT96,
        TYPE_FLOAT,
        TYPE_DOUBLE,
        TYPE_BYTE_ARRAY,
        TYPE_FIXED,
        TYPES,
} PhysicalType;

typedef enum Encoding {
        ENCODING_PLAIN = 0,
        ENCODING_PLAIN_DICTIONARY = 2,
        ENCODING_RLE = 3,
        ENCODING_BIT_PACKED = 4,
        ENCODING_DELTA = 5,
        ENCODING_DELTA_LENGTH = 6,
        ENCODING_DELTA_BYTES = 7,
        ENCODING_DICTIONARY = 8,
        ENCODING_SPLIT = 9,
} Encoding;

enum { REPETITION_REQUIRED, REPETITION_OPTIONAL, REPETITION_REPEATED };

enum { PAGE_DATA = 0, PAGE_INDEX = 1, PAGE_DICTIONARY = 2, PAGE_DATA_V2 = 3 };

/* ConvertedType; the ones with a meaning here. */
enum {
        CONVERTED_NONE = -1,
        CONVERTED_UTF8 = 0,
        CONVERTED_ENUM = 4,
        CONVERTED_DECIMAL = 5,
        CONVERTED_DATE = 6,
        CONVERTED_TIME_MILLIS = 7,
        CONVERTED_TIME_MICROS = 8,
        CONVERTED_TIMESTAMP_MILLIS = 9,
        CONVERTED_TIMESTAMP_MICROS = 10,
        CONVERTED_UINT_8 = 11,
        CONVERTED_UINT_32 = 13,
        CONVERTED_UINT_64 = 14,
        CONVERTED_INT_32 = 17,
        CONVERTED_INT_64 = 18,
        CONVERTED_INTERVAL = 21,
};

/* Field ids of the union LogicalType. */
enum {
        LOGICAL_NONE = 0,
        LOGICAL_STRING = 1,
        LOGICAL_ENUM = 4,
        LOGICAL_DECIMAL = 5,
        LOGICAL_DATE = 6,
        LOGICAL_TIME = 7,
        LOGICAL_TIMESTAMP = 8,
        LOGICAL_INTEGER = 10,
        LOGICAL_UUID = 14,
        LOGICAL_FLOAT16 = 15,
};

/* How a stored value becomes a cell. */
typedef enum Conversion {
        CONVERT_NONE,    /* the bits, widened as the column's type says */
        CONVERT_MILLIS,  /* to nanoseconds since 1970 */
        CONVERT_MICROS,
        CONVERT_INT96,   /* nanoseconds of the day and Julian day */
        CONVERT_FLOAT,   /* to double */
        CONVERT_HALF,
        CONVERT_DATE,    /* the rest: to text */
        CONVERT_DECIMAL,
        CONVERT_TIME_MILLIS,
        CONVERT_TIME_MICROS,
        CONVERT_TIME_NANOS,
        CONVERT_UUID,
} Conversion;

typedef struct Slice {
        const uint8_t *data; /* borrowed */
        size_t size;
} Slice;

/* A column chunk of a row group: where it is and what its statistics say. */
typedef struct Chunk {
        uint8_t type; /* PhysicalType */
        bool has_null_count;
        bool has_dictionary;
        int64_t codec;      /* CompressionCodec, checked when it is read */
        uint32_t encodings; /* bit per Encoding */
        uint64_t n_values, null_count;
        uint64_t offset; /* of the first page */
        uint64_t data_offset;
        uint64_t compressed, uncompressed; /* bytes, page headers too */
        Slice min, max;         /* min_value, max_value; data NULL: unknown */
        Slice old_min, old_max; /* deprecated: compared as signed; our writer leaves them out */
} Chunk;

typedef struct RowGroup {
        uint64_t rows;
        size_t first_chunk; /* in Footer.chunks; one a column */
} RowGroup;

/* What the file says of a column besides our Column. */
typedef struct Leaf {
        uint8_t type; /* PhysicalType */
        bool optional;
        Conversion conversion;
        uint32_t length;   /* of FIXED */
        unsigned scale;    /* of CONVERT_DECIMAL */
        const char *trouble; /* why it cannot be read, NULL: it can */
} Leaf;

typedef struct Footer {
        uint8_t *bytes; /* owned; slices point into it */
        size_t n_bytes;
        Schema schema; /* names, columns owned */
        Leaf *leaves;  /* owned, one a column */
        Chunk *chunks; /* owned */
        RowGroup *row_groups;
        size_t n_row_groups;
        uint64_t rows;
        char **metadata; /* owned: key, value, key, value … */
        size_t n_metadata;
        char *created_by;
} Footer;

PhysicalType format_type(ColumnType type);

/* ---- footer-write.c ---- */

/* Appends one row group's metadata, of one chunk a column; `to` gathers them for footer_write.
 * 0 or -ENOMEM. */
int footer_add_row_group(Buffer *to, const Schema *schema, const Chunk *chunks, uint64_t rows);

typedef struct FooterParts {
        const Schema *schema;
        const Buffer *row_groups;
        size_t n_row_groups;
        uint64_t rows;
        const ParquetKeyValue *metadata;
        size_t n_metadata;
        String *scratch; /* borrowed; NULL: memory of its own */
} FooterParts;

/* Appends the footer, its length and the closing magic. 0 or -ENOMEM. */
int footer_write(Buffer *to, const FooterParts *parts);

/* ---- footer-read.c ---- */

/* Reads and checks the footer: every chunk lies within the file and before the footer.
 * 0, -EBADMSG, -EOPNOTSUPP, -ENOMEM or what pread(2) said. */
int footer_read(int fd, Footer *ret, Error *err);
void footer_done(Footer *footer);
