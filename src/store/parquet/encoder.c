/* Compresses the pages of each chunk, puts headers in front, keeps count for the footer. */
#include "store/parquet/encoder.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "store/parquet/chunk-encode.h"
#include "store/parquet/codec.h"
#include "store/parquet/crc.h"
#include "store/parquet/thrift.h"
#include "store/parquet/utf8.h"

enum {
        LEAST_GAIN = 32,   /* a 32nd of a chunk must be won, or it is stored as it is */
        LEAST_BYTES = 160, /* a smaller chunk wins less than the attempt takes … */
        HURRY_BYTES = 1024, /* … and one that is soon written anew, less than this */
};

struct ParquetEncoder {
        ParquetOptions options;
        ParquetKeyValue *metadata; /* owned copies */
        const Codec *codec;
        void *compressor;
        bool hurry;
        ChunkEncoder chunk;
        Chunk *chunks; /* of the row group in work */
        size_t n_chunks;
        uint64_t (*ranges)[2]; /* their numeric minimum and maximum */
        Buffer packed;     /* compressed pages of the chunk in work */
        size_t *sizes;     /* of each */
        size_t n_sizes;
        Buffer texts;      /* minima and maxima of text */
        Buffer row_groups; /* of parquet_encode */
        String json;
        Crc crc;
};

static int copy_metadata(ParquetEncoder *e, const ParquetOptions *options)
{
        e->metadata = calloc(MAX(options->n_metadata, (size_t)1), sizeof *e->metadata);
        if (!e->metadata)
                return -ENOMEM;
        e->options.metadata = e->metadata;
        e->options.n_metadata = options->n_metadata;
        for (size_t i = 0; i < options->n_metadata; i++) {
                const ParquetKeyValue *from = &options->metadata[i];
                e->metadata[i].key = strdup(from->key);
                e->metadata[i].value = from->value ? strdup(from->value) : NULL;
                if (!e->metadata[i].key || (from->value && !e->metadata[i].value))
                        return -ENOMEM;
        }
        return 0;
}

int parquet_encoder_new(const ParquetOptions *options, ParquetEncoder **ret)
{
        _cleanup_(parquet_encoder_freep) ParquetEncoder *e = calloc(1, sizeof *e);

        if (!e)
                return -ENOMEM;
        e->options = *options;
        e->options.n_metadata = 0;
        int r = copy_metadata(e, options);
        if (r < 0)
                return r;
        /* absent codecs were refused where the user named one; what is left is the default */
        e->codec = codec_get(parquet_codec_available(options->codec) ? options->codec
                                                                     : PARQUET_NONE);
        if (e->codec->compressor_new) {
                r = e->codec->compressor_new(options->level, &e->compressor);
                if (r < 0)
                        return r;
        }
        e->chunk.compressed = e->codec != &codec_none;
        crc_init(&e->crc);
        *ret = TAKE(e);
        return 0;
}

void parquet_encoder_hurry(ParquetEncoder *e, bool hurry)
{
        if (e->codec->compressor_hurry && e->compressor && e->options.level == 0 && e->hurry != hurry)
                e->codec->compressor_hurry(e->compressor, hurry);
        e->hurry = hurry;
}

ParquetEncoder *parquet_encoder_free(ParquetEncoder *e)
{
        if (!e)
                return NULL;
        for (size_t i = 0; e->metadata && i < e->options.n_metadata; i++) {
                free((char *)(uintptr_t)e->metadata[i].key);
                free((char *)(uintptr_t)e->metadata[i].value);
        }
        free(e->metadata);
        if (e->compressor)
                e->codec->compressor_free(e->compressor);
        chunk_encoder_done(&e->chunk);
        free(e->chunks);
        free(e->ranges);
        free(e->sizes);
        buffer_done(&e->packed);
        buffer_done(&e->texts);
        buffer_done(&e->row_groups);
        string_done(&e->json);
        free(e);
        return NULL;
}

const ParquetOptions *encoder_options(const ParquetEncoder *e)
{
        return &e->options;
}

static int make_room(ParquetEncoder *e, size_t n_columns)
{
        if (n_columns <= e->n_chunks)
                return 0;
        Chunk *chunks = realloc(e->chunks, n_columns * sizeof *chunks);
        if (!chunks)
                return -ENOMEM;
        e->chunks = chunks;
        void *ranges = realloc(e->ranges, n_columns * sizeof *e->ranges);
        if (!ranges)
                return -ENOMEM;
        e->ranges = ranges;
        e->n_chunks = n_columns;
        return 0;
}

/* Compresses all pages of the chunk to e->packed, or finds that it does not pay. */
static int compress_pages(ParquetEncoder *e, bool *ret_pays)
{
        const ChunkEncoder *c = &e->chunk;

        *ret_pays = false;
        buffer_clear(&e->packed);
        if (e->codec == &codec_none || c->raw.size < (e->hurry ? HURRY_BYTES : LEAST_BYTES))
                return 0;
        if (c->n_pages > e->n_sizes) {
                size_t *sizes = realloc(e->sizes, c->n_pages * sizeof *sizes);
                if (!sizes)
                        return -ENOMEM;
                e->sizes = sizes;
                e->n_sizes = c->n_pages;
        }
        for (size_t i = 0; i < c->n_pages; i++) {
                const RawPage *page = &c->pages[i];
                int r = buffer_reserve(&e->packed, e->codec->bound(page->size));
                if (r == 0)
                        r = e->codec->compress(e->compressor, c->raw.data + page->start, page->size,
                                               e->packed.data + e->packed.size,
                                               e->packed.capacity - e->packed.size, &e->sizes[i]);
                if (r == -EIO)
                        return 0; /* a page the codec cannot take is stored */
                if (r < 0)
                        return r;
                e->packed.size += e->sizes[i];
        }
        *ret_pays = e->packed.size + c->raw.size / LEAST_GAIN < c->raw.size;
        return 0;
}

static int put_page(ParquetEncoder *e, const RawPage *page, const uint8_t *data, size_t size,
                    Buffer *out)
{
        ThriftWriter w = {.out = out};

        thrift_begin(&w);
        thrift_write_i32(&w, 1, page->kind);
        thrift_write_i32(&w, 2, (int32_t)page->size);
        thrift_write_i32(&w, 3, (int32_t)size);
        thrift_write_i32(&w, 4, (int32_t)crc_of(&e->crc, data, size));
        thrift_begin_field(&w, page->kind == PAGE_DATA ? 5 : 7);
        thrift_write_i32(&w, 1, (int32_t)page->n_values);
        thrift_write_i32(&w, 2, (int32_t)page->encoding);
        if (page->kind == PAGE_DATA) {
                thrift_write_i32(&w, 3, ENCODING_RLE);
                thrift_write_i32(&w, 4, ENCODING_RLE);
        }
        thrift_end(&w);
        thrift_end(&w);
        return w.error < 0 ? w.error : buffer_append(out, data, size);
}

static int put_chunk(ParquetEncoder *e, size_t column, Buffer *out, uint64_t out_offset)
{
        Chunk *chunk = &e->chunks[column];
        const ChunkEncoder *c = &e->chunk;
        size_t start = out->size, at = 0, payload = 0;
        bool pays;
        int r = compress_pages(e, &pays);

        chunk->codec = pays ? e->codec->id : codec_none.id;
        chunk->offset = out_offset + start;
        for (size_t i = 0; r == 0 && i < c->n_pages; i++) {
                const RawPage *page = &c->pages[i];
                size_t size = pays ? e->sizes[i] : page->size;
                if (page->kind == PAGE_DICTIONARY)
                        chunk->has_dictionary = true;
                else if (!chunk->data_offset)
                        chunk->data_offset = out_offset + out->size;
                r = put_page(e, page, pays ? e->packed.data + at : c->raw.data + page->start, size,
                             out);
                at += size;
                payload += size;
        }
        chunk->compressed = out->size - start;
        chunk->uncompressed = chunk->compressed - payload + c->raw.size;
        return r;
}

/* The chunk encoder forgets minimum and maximum at its next chunk; the footer needs them all. */
static int keep_range(ParquetEncoder *e, size_t column, bool text)
{
        Chunk *chunk = &e->chunks[column];

        if (!chunk->min.data)
                return 0;
        if (text) {
                int r = buffer_append(&e->texts, chunk->min.data, chunk->min.size);
                return r < 0 ? r : buffer_append(&e->texts, chunk->max.data, chunk->max.size);
        }
        memcpy(&e->ranges[column][0], chunk->min.data, chunk->min.size);
        memcpy(&e->ranges[column][1], chunk->max.data, chunk->max.size);
        chunk->min.data = (const uint8_t *)&e->ranges[column][0];
        chunk->max.data = (const uint8_t *)&e->ranges[column][1];
        return 0;
}

/* Only now does e->texts stay where it is. */
static void place_texts(ParquetEncoder *e, const Schema *schema)
{
        static const uint8_t nothing[1];
        const uint8_t *p = e->texts.data ? e->texts.data : nothing;

        for (size_t i = 0; i < schema->n_columns; i++) {
                Chunk *chunk = &e->chunks[i];
                if (schema->columns[i].type != COLUMN_TEXT || !chunk->min.data)
                        continue;
                chunk->min.data = p;
                chunk->max.data = p + chunk->min.size;
                p += chunk->min.size + chunk->max.size;
        }
}

int encoder_add_rows(ParquetEncoder *e, const Batch *batch, size_t first, size_t rows, Buffer *out,
                     uint64_t out_offset, Buffer *row_groups)
{
        const Schema *schema = batch_schema(batch);
        int r;

        if (rows == 0)
                return 0;
        r = make_room(e, schema->n_columns);
        buffer_clear(&e->texts);
        e->chunk.ascii = utf8_ascii(batch_text_data(batch), batch_text_bytes(batch));
        for (size_t i = 0; r == 0 && i < schema->n_columns; i++) {
                r = chunk_encode(&e->chunk, batch, first, rows, i, &e->chunks[i]);
                if (r == 0)
                        r = put_chunk(e, i, out, out_offset);
                if (r == 0)
                        r = keep_range(e, i, schema->columns[i].type == COLUMN_TEXT);
        }
        if (r < 0)
                return r;
        place_texts(e, schema);
        r = footer_add_row_group(row_groups, schema, e->chunks, rows);
        return r < 0 ? r : 1;
}

void parquet_base_done(ParquetBase *base)
{
        buffer_done(&base->pages);
        buffer_done(&base->row_group);
        base->rows = 0;
}

int parquet_base_encode(ParquetEncoder *e, const Batch *batch, ParquetBase *base)
{
        size_t rows = batch_rows(batch) / 64 * 64;

        base->rows = 0;
        buffer_clear(&base->pages);
        buffer_clear(&base->row_group);
        int r = encoder_add_rows(e, batch, 0, rows, &base->pages, MAGIC_SIZE, &base->row_group);
        if (r < 0)
                return r;
        base->rows = rows;
        return 0;
}

/* In front of all others, where its offsets are right. */
static int put_base(ParquetEncoder *e, const ParquetBase *base, FooterParts *footer, Buffer *out)
{
        if (!base || base->rows == 0)
                return 0;
        footer->n_row_groups = 1;
        footer->rows = base->rows;
        int r = buffer_append(&e->row_groups, base->row_group.data, base->row_group.size);
        return r < 0 ? r : buffer_append(out, base->pages.data, base->pages.size);
}

int parquet_encode(ParquetEncoder *e, const Schema *schema, const Batch *const *batches,
                   size_t n_batches, Buffer *out)
{
        return parquet_encode_onto(e, NULL, schema, batches, n_batches, out);
}

int parquet_encode_onto(ParquetEncoder *e, const ParquetBase *base, const Schema *schema,
                        const Batch *const *batches, size_t n_batches, Buffer *out)
{
        size_t start = out->size;
        FooterParts footer = {.schema = n_batches > 0 ? batch_schema(batches[0]) : schema,
                              .row_groups = &e->row_groups,
                              .metadata = e->metadata, .n_metadata = e->options.n_metadata,
                              .scratch = &e->json};
        int r = buffer_append(out, PARQUET_MAGIC, MAGIC_SIZE);

        buffer_clear(&e->row_groups);
        if (r == 0)
                r = put_base(e, base, &footer, out);
        for (size_t i = 0; r == 0 && i < n_batches; i++) {
                size_t first = i == 0 && base ? base->rows : 0, rows = batch_rows(batches[i]) - first;
                int made = encoder_add_rows(e, batches[i], first, rows, out, 0 - (uint64_t)start,
                                            &e->row_groups);
                r = MIN(made, 0);
                footer.n_row_groups += made > 0;
                footer.rows += rows;
        }
        if (r == 0)
                r = footer_write(out, &footer);
        if (r < 0)
                out->size = start;
        return r;
}
