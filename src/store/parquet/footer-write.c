/* FileMetaData as thrift; the schema's roles and units travel as JSON beside it. */
#include "store/parquet/format.h"

#include <errno.h>

#include "base/text.h"
#include "store/parquet/bits.h"
#include "store/parquet/schema-json.h"
#include "store/parquet/thrift.h"

/* parquet-java parses "NAME version VERSION (build BUILD)" to know which bugs to expect. */
#define CREATED_BY "vigia version " VIGIA_VERSION " (build " VIGIA_VERSION ")"

PhysicalType format_type(ColumnType type)
{
        switch (type) {
        case COLUMN_U32:
        case COLUMN_I32:
                return TYPE_INT32;
        case COLUMN_F64:
                return TYPE_DOUBLE;
        case COLUMN_BOOL:
                return TYPE_BOOLEAN;
        case COLUMN_TEXT:
                return TYPE_BYTE_ARRAY;
        default:
                return TYPE_INT64;
        }
}

static void write_statistics(ThriftWriter *w, const Chunk *chunk)
{
        if (!chunk->has_null_count && !chunk->min.data)
                return;
        thrift_begin_field(w, 12);
        if (chunk->old_max.data)
                thrift_write_binary(w, 1, chunk->old_max.data, chunk->old_max.size);
        if (chunk->old_min.data)
                thrift_write_binary(w, 2, chunk->old_min.data, chunk->old_min.size);
        if (chunk->has_null_count)
                thrift_write_i64(w, 3, (int64_t)chunk->null_count);
        if (chunk->max.data)
                thrift_write_binary(w, 5, chunk->max.data, chunk->max.size);
        if (chunk->min.data)
                thrift_write_binary(w, 6, chunk->min.data, chunk->min.size);
        thrift_end(w);
}

static void write_chunk(ThriftWriter *w, const char *name, const Chunk *chunk)
{
        thrift_begin(w);
        thrift_write_i64(w, 2, 0); /* file_offset: required, and by now meaningless */
        thrift_begin_field(w, 3);
        thrift_write_i32(w, 1, chunk->type);
        thrift_write_list(w, 2, THRIFT_I32, (size_t)__builtin_popcount(chunk->encodings));
        for (int i = 0; i < 32; i++)
                if (chunk->encodings >> i & 1)
                        thrift_put_i32(w, i);
        thrift_write_list(w, 3, THRIFT_BINARY, 1);
        thrift_put_text(w, name);
        thrift_write_i32(w, 4, (int32_t)chunk->codec);
        thrift_write_i64(w, 5, (int64_t)chunk->n_values);
        thrift_write_i64(w, 6, (int64_t)chunk->uncompressed);
        thrift_write_i64(w, 7, (int64_t)chunk->compressed);
        thrift_write_i64(w, 9, (int64_t)chunk->data_offset);
        if (chunk->has_dictionary)
                thrift_write_i64(w, 11, (int64_t)chunk->offset);
        write_statistics(w, chunk);
        thrift_end(w);
        thrift_end(w);
}

int footer_add_row_group(Buffer *to, const Schema *schema, const Chunk *chunks, uint64_t rows)
{
        ThriftWriter w = {.out = to};
        uint64_t compressed = 0, uncompressed = 0;

        thrift_begin(&w);
        thrift_write_list(&w, 1, THRIFT_STRUCT, schema->n_columns);
        for (size_t i = 0; i < schema->n_columns; i++) {
                write_chunk(&w, schema->columns[i].name, &chunks[i]);
                compressed += chunks[i].compressed;
                uncompressed += chunks[i].uncompressed;
        }
        thrift_write_i64(&w, 2, (int64_t)uncompressed);
        thrift_write_i64(&w, 3, (int64_t)rows);
        thrift_write_i64(&w, 6, (int64_t)compressed);
        thrift_end(&w);
        return w.error;
}

static void write_integer_type(ThriftWriter *w, int converted, int bits, bool is_signed)
{
        thrift_write_i32(w, 6, converted);
        thrift_begin_field(w, 10);
        thrift_begin_field(w, LOGICAL_INTEGER);
        thrift_write_i8(w, 1, (int8_t)bits);
        thrift_write_bool(w, 2, is_signed);
        thrift_end(w);
        thrift_end(w);
}

static void write_logical_type(ThriftWriter *w, ColumnType type)
{
        switch (type) {
        case COLUMN_U64:
                write_integer_type(w, CONVERTED_UINT_64, 64, false);
                return;
        case COLUMN_I64:
                write_integer_type(w, CONVERTED_INT_64, 64, true);
                return;
        case COLUMN_U32:
                write_integer_type(w, CONVERTED_UINT_32, 32, false);
                return;
        case COLUMN_I32:
                write_integer_type(w, CONVERTED_INT_32, 32, true);
                return;
        case COLUMN_TEXT:
                thrift_write_i32(w, 6, CONVERTED_UTF8);
                thrift_begin_field(w, 10);
                thrift_begin_field(w, LOGICAL_STRING);
                thrift_end(w);
                thrift_end(w);
                return;
        case COLUMN_TIME: /* nanoseconds have no converted type */
                thrift_begin_field(w, 10);
                thrift_begin_field(w, LOGICAL_TIMESTAMP);
                thrift_write_bool(w, 1, true);
                thrift_begin_field(w, 2);
                thrift_begin_field(w, 3);
                thrift_end(w);
                thrift_end(w);
                thrift_end(w);
                thrift_end(w);
                return;
        case COLUMN_F64:
        case COLUMN_BOOL:
                return;
        }
}

static void write_schema(ThriftWriter *w, const Schema *schema)
{
        thrift_write_list(w, 2, THRIFT_STRUCT, schema->n_columns + 1);
        thrift_begin(w);
        thrift_write_text(w, 4, "schema");
        thrift_write_i32(w, 5, (int32_t)schema->n_columns);
        thrift_end(w);
        for (size_t i = 0; i < schema->n_columns; i++) {
                const Column *column = &schema->columns[i];
                thrift_begin(w);
                thrift_write_i32(w, 1, (int32_t)format_type(column->type));
                thrift_write_i32(w, 3, REPETITION_OPTIONAL);
                thrift_write_text(w, 4, column->name);
                write_logical_type(w, column->type);
                thrift_end(w);
        }
}

static void write_key_value(ThriftWriter *w, const char *key, const char *value)
{
        thrift_begin(w);
        thrift_write_text(w, 1, key);
        if (value)
                thrift_write_text(w, 2, value);
        thrift_end(w);
}

static int write_metadata(ThriftWriter *w, const FooterParts *parts)
{
        _cleanup_string_ String own = {0};
        String *json = parts->scratch ? parts->scratch : &own;

        string_clear(json);
        schema_json_write(json, parts->schema);
        if (json->failed)
                return -ENOMEM;
        thrift_write_list(w, 5, THRIFT_STRUCT, parts->n_metadata + 1);
        write_key_value(w, SCHEMA_JSON_KEY, string_get(json));
        for (size_t i = 0; i < parts->n_metadata; i++)
                write_key_value(w, parts->metadata[i].key, parts->metadata[i].value);
        return 0;
}

int footer_write(Buffer *to, const FooterParts *parts)
{
        ThriftWriter w = {.out = to};
        size_t start = to->size;
        uint8_t tail[TAIL_SIZE];

        thrift_begin(&w);
        thrift_write_i32(&w, 1, 2); /* version: the delta encodings are of format 2 */
        write_schema(&w, parts->schema);
        thrift_write_i64(&w, 3, (int64_t)parts->rows);
        thrift_write_list(&w, 4, THRIFT_STRUCT, parts->n_row_groups);
        if (w.error == 0 && parts->n_row_groups > 0)
                w.error = buffer_append(to, parts->row_groups->data, parts->row_groups->size);
        if (w.error == 0)
                w.error = write_metadata(&w, parts);
        thrift_write_text(&w, 6, CREATED_BY);
        thrift_write_list(&w, 7, THRIFT_STRUCT, parts->schema->n_columns);
        for (size_t i = 0; i < parts->schema->n_columns; i++) { /* the type's own order */
                thrift_begin(&w);
                thrift_begin_field(&w, 1);
                thrift_end(&w);
                thrift_end(&w);
        }
        thrift_end(&w);
        if (w.error < 0)
                return w.error;
        store_u32(tail, (uint32_t)(to->size - start));
        memcpy(tail + 4, PARQUET_MAGIC, MAGIC_SIZE);
        return buffer_append(to, tail, sizeof tail);
}
