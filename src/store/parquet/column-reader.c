/* Pages to portions: compact values first, then spread over the rows that are set. */
#include "store/parquet/column-reader.h"

#include <errno.h>
#include <stdlib.h>

#include "store/parquet/bits.h"
#include "store/parquet/value-text.h"

enum {
        DICTIONARY_ENTRIES = 1 << 22,
        HELD_MAX = 512 << 20, /* all columns' pages and dictionaries together */
};

void reader_shared_done(ReaderShared *shared)
{
        for (int i = 0; i < PARQUET_CODECS; i++)
                if (shared->decompressors[i])
                        codec_get((ParquetCodec)i)->decompressor_free(shared->decompressors[i]);
}

void column_reader_done(ColumnReader *c)
{
        page_source_done(&c->source);
        buffer_done(&c->page);
        buffer_done(&c->dictionary_page);
        buffer_done(&c->scratch);
        free(c->dictionary.cells);
        free(c->dictionary.texts);
        free(c->interned);
        free(c->epochs);
}

static int complain(const ColumnReader *c, int code, const char *what, Error *err)
{
        if (code == -ENOMEM)
                return error_set_errno(err, code, "column %s", c->column->name);
        return error_set(err, code, "column %s: %s", c->column->name, what);
}

/* Counts what the column holds against what all may hold. */
static int account(ColumnReader *c, size_t more, Error *err)
{
        size_t entry = sizeof(Slice) + sizeof *c->interned + sizeof *c->epochs;
        size_t holds = c->page.capacity + c->dictionary_page.capacity + c->source.window.capacity +
                       c->dictionary.capacity * entry;

        c->shared->held += holds - c->counted;
        c->counted = holds;
        if (c->shared->held + more > HELD_MAX)
                return error_set(err, ENOMEM, "column %s: its pages would take more than 512 MiB",
                                 c->column->name);
        return 0;
}

int column_reader_start(ColumnReader *c, const Chunk *chunk, Error *err)
{
        const Codec *codec;
        int r;

        if (c->leaf->trouble)
                return complain(c, -EOPNOTSUPP, c->leaf->trouble, err);
        r = codec_from_id(chunk->codec, &c->codec);
        if (r < 0)
                return error_set(err, r, "column %s: compression %lld is not read", c->column->name,
                                 (long long)chunk->codec);
        codec = codec_get(c->codec);
        if (!codec->decompress)
                return error_set(err, EOPNOTSUPP, "column %s: this build has no %s compression",
                                 c->column->name, codec->name);
        if (codec->decompressor_new && !c->shared->decompressors[c->codec]) {
                r = codec->decompressor_new(&c->shared->decompressors[c->codec]);
                if (r < 0)
                        return complain(c, r, "", err);
        }
        page_source_start(&c->source, chunk);
        c->chunk_left = chunk->n_values;
        c->page_left = 0;
        c->has_dictionary = false;
        c->n = c->at = 0;
        return 0;
}

/* Leaves in *data the page's bytes, behind the first `plain` that are never compressed. */
static int decompress(ColumnReader *c, Buffer *to, const PageHeader *h, const uint8_t *payload,
                      size_t plain, const uint8_t **data, size_t *ret_size, Error *err)
{
        const Codec *codec = codec_get(c->codec);
        bool stored = codec == &codec_none || !h->is_compressed;

        if (plain > h->compressed || plain > h->uncompressed)
                return complain(c, -EBADMSG, "a page's levels are longer than the page", err);
        *ret_size = stored ? h->compressed - plain : h->uncompressed - plain;
        *data = payload + plain;
        if (stored || *ret_size == 0)
                return 0;
        int r = account(c, h->uncompressed, err);
        if (r < 0)
                return r;
        buffer_clear(to);
        r = buffer_reserve(to, *ret_size);
        if (r == 0)
                r = codec->decompress(c->shared->decompressors[c->codec], payload + plain,
                                      h->compressed - plain, to->data, *ret_size);
        *data = to->data;
        return r < 0 ? complain(c, r, "a page does not decompress", err) : 0;
}

static int make_room(ColumnReader *c, size_t n)
{
        if (n > c->dictionary.capacity) {
                void *values = type_is_text(c->leaf->type)
                                       ? realloc(c->dictionary.texts, n * sizeof(Slice))
                                       : realloc(c->dictionary.cells, n * sizeof(uint64_t));
                if (!values)
                        return -ENOMEM;
                if (type_is_text(c->leaf->type))
                        c->dictionary.texts = values;
                else
                        c->dictionary.cells = values;
                c->dictionary.capacity = n;
        }
        if (!type_is_text(c->leaf->type))
                return 0;
        if (n > c->interned_capacity) {
                free(c->interned);
                free(c->epochs);
                c->interned_capacity = 0;
                c->interned = calloc(n, sizeof *c->interned);
                c->epochs = calloc(n, sizeof *c->epochs);
                if (!c->interned || !c->epochs)
                        return -ENOMEM;
                c->interned_capacity = n;
        }
        if (n > 0)
                memset(c->epochs, 0, n * sizeof *c->epochs);
        return 0;
}

static int load_dictionary(ColumnReader *c, const PageHeader *h, const uint8_t *payload, Error *err)
{
        const uint8_t *data;
        size_t size;

        if (c->has_dictionary)
                return complain(c, -EBADMSG, "a chunk has two dictionaries", err);
        if (h->encoding != ENCODING_PLAIN && h->encoding != ENCODING_PLAIN_DICTIONARY)
                return complain(c, -EOPNOTSUPP, "its dictionary's encoding is not read", err);
        int r = decompress(c, &c->dictionary_page, h, payload, 0, &data, &size, err);
        if (r < 0)
                return r;
        if (data == payload) { /* the window moves on; the dictionary stays */
                buffer_clear(&c->dictionary_page);
                r = buffer_append(&c->dictionary_page, payload, size);
                if (r < 0)
                        return complain(c, r, "", err);
                data = c->dictionary_page.data;
        }
        if (h->n_values > DICTIONARY_ENTRIES || h->n_values > size)
                return complain(c, h->n_values > size ? -EBADMSG : -EOPNOTSUPP,
                                "a dictionary has too many entries", err);
        r = make_room(c, h->n_values);
        if (r < 0)
                return complain(c, r, "", err);
        const uint8_t *end = data + size;
        r = decode_plain(c->leaf, &data, end, h->n_values, c->dictionary.cells,
                         c->dictionary.texts);
        if (r < 0)
                return complain(c, r, "a dictionary is damaged", err);
        c->dictionary.n = h->n_values;
        c->has_dictionary = true;
        return account(c, 0, err);
}

/* Splits a data page into levels and values. */
static int start_data(ColumnReader *c, const PageHeader *h, const uint8_t *payload, Error *err)
{
        const uint8_t *data, *levels = payload;
        size_t size, plain = h->kind == PAGE_DATA_V2 ? h->levels_size : 0, n_levels = plain;
        int r = decompress(c, &c->page, h, payload, plain, &data, &size, err);

        if (r < 0)
                return r;
        c->has_levels = c->leaf->optional;
        if (c->has_levels && h->kind == PAGE_DATA) {
                if (h->levels_encoding != ENCODING_RLE)
                        return complain(c, -EOPNOTSUPP, "bit-packed levels are not read", err);
                if (size < 4 || load_u32(data) > size - 4)
                        return complain(c, -EBADMSG, "a page's levels are longer than the page", err);
                n_levels = load_u32(data);
                levels = data + 4;
                data = levels + n_levels;
                size -= 4 + n_levels;
        }
        hybrid_start(&c->levels, levels, n_levels, 1);
        c->decoder.leaf = c->leaf;
        c->decoder.dictionary = c->has_dictionary ? &c->dictionary : NULL;
        c->decoder.scratch = &c->scratch;
        r = decoder_start(&c->decoder, h, data, size);
        if (r == -EOPNOTSUPP)
                return error_set(err, r, "column %s: encoding %d is not read", c->column->name,
                                 h->encoding);
        if (r < 0)
                return complain(c, r, "a page is damaged", err);
        c->page_left = h->n_values;
        return 0;
}

static int next_page(ColumnReader *c, Error *err)
{
        PageHeader h;
        const uint8_t *payload;
        int r = page_next(&c->source, &h, &payload, NULL, err);

        if (r < 0)
                return error_prefix(err, r, "column %s", c->column->name);
        if (r == 0)
                return complain(c, -EBADMSG, "a chunk has fewer values than the footer says", err);
        r = account(c, 0, err);
        if (r < 0)
                return r;
        if (h.kind == PAGE_DICTIONARY)
                return load_dictionary(c, &h, payload, err);
        if (h.kind != PAGE_DATA && h.kind != PAGE_DATA_V2)
                return 0; /* index pages and what may come: skipped */
        if (h.n_values > c->chunk_left)
                return complain(c, -EBADMSG, "a chunk has more values than the footer says", err);
        return start_data(c, &h, payload, err);
}

/* From the back, each value moves to its row. */
static void spread(ColumnReader *c, size_t rows, size_t values)
{
        bool texts = type_is_text(c->leaf->type), indices = decoder_has_indices(&c->decoder);

        for (size_t row = rows; row-- > 0 && values <= row;) {
                if (!c->set[row])
                        continue;
                values--;
                if (texts)
                        c->texts[row] = c->texts[values];
                else
                        c->cells[row] = c->cells[values];
                if (indices)
                        c->indices[row] = c->indices[values];
        }
}

/* Bits as stored to bits as a Batch wants them. */
static void convert(ColumnReader *c)
{
        uint64_t *cells = c->cells;
        int64_t factor = c->leaf->conversion == CONVERT_MILLIS ? 1000000 : 1000, ns;

        if (c->leaf->type == TYPE_INT32) {
                if (c->column->type == COLUMN_U32)
                        for (size_t i = 0; i < c->n; i++)
                                cells[i] = (uint32_t)cells[i];
                else
                        for (size_t i = 0; i < c->n; i++)
                                cells[i] = (uint64_t)(int64_t)(int32_t)(uint32_t)cells[i];
        }
        if (c->leaf->conversion != CONVERT_MILLIS && c->leaf->conversion != CONVERT_MICROS)
                return;
        for (size_t i = 0; i < c->n; i++)
                cells[i] = __builtin_mul_overflow((int64_t)cells[i], factor, &ns)
                                   ? (uint64_t)INT64_MIN
                                   : (uint64_t)ns;
}

int column_reader_fill(ColumnReader *c, Error *err)
{
        uint32_t levels[DECODE_MOST];
        size_t values = 0;
        int r = 0;

        while (c->page_left == 0) {
                if (c->chunk_left == 0)
                        return complain(c, -EBADMSG, "a chunk ends early", err);
                r = next_page(c, err);
                if (r < 0)
                        return r;
        }
        size_t n = (size_t)MIN(c->page_left, (uint64_t)DECODE_MOST);
        if (c->has_levels)
                r = hybrid_take(&c->levels, levels, n);
        for (size_t i = 0; r == 0 && i < n; i++) {
                c->set[i] = !c->has_levels || levels[i] == 1;
                values += c->set[i];
        }
        if (r == 0 && values > 0)
                r = decoder_take(&c->decoder, values, c->cells, c->texts, c->indices);
        if (r < 0)
                return complain(c, r, "a page is damaged", err);
        if (values < n)
                spread(c, n, values);
        c->n = n;
        c->at = 0;
        c->page_left -= n;
        c->chunk_left -= n;
        if (!type_is_text(c->leaf->type))
                convert(c);
        return 0;
}

static int put_text(ColumnReader *c, Batch *batch, size_t to, uint32_t epoch)
{
        const Slice *text = &c->texts[c->at];
        char shown[VALUE_TEXT_MAX];

        if (c->leaf->conversion != CONVERT_NONE) {
                size_t size = value_text(c->leaf, c->cells[c->at], text, shown);
                return size ? batch_set_text(batch, to, shown, size) : 0;
        }
        if (!decoder_has_indices(&c->decoder))
                return batch_set_text(batch, to, (const char *)text->data, text->size);
        uint32_t number = c->indices[c->at];
        if (c->epochs[number] == epoch) {
                batch_set_cell(batch, to, c->interned[number]);
                return 0;
        }
        int r = batch_set_text(batch, to, (const char *)text->data, text->size);
        if (r == 0) {
                c->interned[number] = batch_u64(batch, to, batch_rows(batch) - 1);
                c->epochs[number] = epoch;
        }
        return r;
}

int column_reader_put(ColumnReader *c, Batch *batch, size_t to, uint32_t epoch)
{
        uint64_t cell = c->cells[c->at];
        double value;

        if (!c->set[c->at])
                return 0;
        switch (c->column->type) {
        case COLUMN_TEXT:
                return put_text(c, batch, to, epoch);
        case COLUMN_F64:
                if (c->leaf->conversion == CONVERT_HALF) {
                        batch_set_f64(batch, to, value_half(c->texts[c->at].data));
                        return 0;
                }
                memcpy(&value, &cell, sizeof value);
                batch_set_f64(batch, to, value);
                return 0;
        case COLUMN_TIME: /* a time that nanoseconds cannot hold is unknown */
                if (c->leaf->conversion != CONVERT_NONE && cell == (uint64_t)INT64_MIN)
                        return 0;
                batch_set_cell(batch, to, cell);
                return 0;
        default:
                batch_set_cell(batch, to, cell);
                return 0;
        }
}
