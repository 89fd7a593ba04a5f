/* The choice of encoding: the smaller of what is cheap to try, measured before compression. */
#include "store/parquet/chunk-encode.h"

#include <errno.h>
#include <stdlib.h>

#include "base/array.h"
#include "store/parquet/bits.h"
#include "store/parquet/encode.h"
#include "store/parquet/utf8.h"

enum {
        DICTIONARY_HEADER = 20, /* bytes that a dictionary page costs besides its values */
        PAGE_ROWS = 20480,
        PAGE_TEXT = 1 << 20,       /* a page of text ends behind so many bytes */
        DICTIONARY_TEXT = 1 << 20, /* and no dictionary holds more */
        DICTIONARY_MOST = 1 << 15,
        SPLIT_LEAST = 64,     /* doubles: fewer stay as they are */
        CONSTANT_LEAST = 512, /* shorter ones are not worth a dictionary page's header */
        STATISTICS_TEXT = 64, /* longer texts are no use in a footer */
};

/* A chunk's values while it is encoded. */
typedef struct Values {
        const uint64_t *cells; /* without nulls */
        size_t n;
        const char *text; /* what text cells point into */
        const uint64_t *valid; /* NULL: all rows are set */
        size_t n_rows;
        size_t width; /* 4 or 8 for numbers */
        ColumnType type;
} Values;

void chunk_encoder_done(ChunkEncoder *e)
{
        buffer_done(&e->raw);
        buffer_done(&e->trial);
        buffer_done(&e->repaired);
        dictionary_done(&e->dictionary);
        free(e->pages);
        free(e->cells);
        free(e->indices);
        *e = (ChunkEncoder){0};
}

static int make_room(ChunkEncoder *e, size_t rows)
{
        if (rows <= e->capacity)
                return 0;
        uint64_t *cells = realloc(e->cells, rows * sizeof *cells);
        if (!cells)
                return -ENOMEM;
        e->cells = cells;
        uint32_t *indices = realloc(e->indices, rows * sizeof *indices);
        if (!indices)
                return -ENOMEM;
        e->indices = indices;
        e->capacity = rows;
        return 0;
}

static size_t gather(uint64_t *to, const uint64_t *cells, const uint64_t *valid, size_t rows)
{
        size_t n = 0;

        for (size_t at = 0; at < rows; at += 64) {
                uint64_t bits = valid[at / 64];
                if (rows - at < 64)
                        bits &= (1ull << (rows - at)) - 1;
                if (bits == UINT64_MAX) {
                        memcpy(to + n, cells + at, 64 * sizeof *to);
                        n += 64;
                        continue;
                }
                for (; bits; bits &= bits - 1)
                        to[n++] = cells[at + (size_t)__builtin_ctzll(bits)];
        }
        return n;
}

static size_t count_valid(const uint64_t *valid, size_t rows)
{
        size_t n = 0;

        for (size_t at = 0; at < rows; at += 64) {
                uint64_t bits = valid[at / 64];
                if (rows - at < 64)
                        bits &= (1ull << (rows - at)) - 1;
                n += (size_t)__builtin_popcountll(bits);
        }
        return n;
}

/* Where a text is not UTF-8, all of the column moves to a copy of the heap with the repaired
 * texts behind it. */
static int repair_text(ChunkEncoder *e, Values *v, size_t heap)
{
        bool copied = false;

        if (e->ascii)
                return 0;
        for (size_t i = 0; i < v->n; i++) {
                uint64_t cell = v->cells[i];
                if (utf8_valid(v->text + (cell >> 32), (uint32_t)cell))
                        continue;
                if (!copied) {
                        buffer_clear(&e->repaired);
                        int r = buffer_append(&e->repaired, v->text, heap);
                        if (r < 0)
                                return r;
                        memmove(e->cells, v->cells, v->n * sizeof *e->cells);
                        v->cells = e->cells;
                        copied = true;
                }
                size_t start = e->repaired.size;
                int r = utf8_repair(&e->repaired, v->text + (cell >> 32), (uint32_t)cell);
                if (r < 0 || e->repaired.size > UINT32_MAX)
                        return -ENOMEM;
                e->cells[i] = (uint64_t)start << 32 | (uint32_t)(e->repaired.size - start);
        }
        if (copied)
                v->text = (const char *)e->repaired.data;
        return 0;
}

static int add_page(ChunkEncoder *e, int kind, Encoding encoding, size_t n_values, size_t start)
{
        RawPage *pages = array_grow(e->pages, &e->pages_capacity, e->n_pages, sizeof *pages);

        if (!pages)
                return -ENOMEM;
        e->pages = pages;
        e->pages[e->n_pages++] = (RawPage){kind, encoding, (uint32_t)n_values, start,
                                           e->raw.size - start};
        return 0;
}

/* A compressor sees repeats only in whole bytes, and earns more there than packing saves. */
static unsigned index_width(const ChunkEncoder *e)
{
        unsigned width = bit_width(e->dictionary.n - 1);

        return e->compressed && width > 4 ? (width + 7) / 8 * 8 : width;
}

static int encode_values(ChunkEncoder *e, const Values *v, Encoding encoding, size_t first,
                         size_t n)
{
        const uint64_t *cells = v->cells + first;

        switch (encoding) {
        case ENCODING_DICTIONARY:
                return encode_indices(&e->raw, e->indices + first, n, index_width(e));
        case ENCODING_DELTA:
                if (n == v->n) /* the trial was all of it */
                        return buffer_append(&e->raw, e->trial.data, e->trial.size);
                return encode_delta(&e->raw, cells, n, v->width);
        case ENCODING_DELTA_LENGTH:
                return encode_delta_text(&e->raw, cells, n, v->text);
        case ENCODING_SPLIT:
                return encode_split(&e->raw, cells, n);
        default:
                if (v->type == COLUMN_BOOL)
                        return encode_plain_bool(&e->raw, cells, n);
                if (v->type == COLUMN_TEXT)
                        return encode_plain_text(&e->raw, cells, n, v->text);
                return encode_plain(&e->raw, cells, n, v->width);
        }
}

/* Rows of the page that begins at `row`, whose values begin at `value`. */
static size_t page_rows(const Values *v, Encoding encoding, size_t row, size_t value)
{
        size_t most = MIN(v->n_rows - row, (size_t)PAGE_ROWS), bytes = 0, n = 0;

        if (v->type != COLUMN_TEXT || encoding == ENCODING_DICTIONARY)
                return most;
        for (; n < most; n++) {
                size_t at = row + n;
                if (v->valid && !(v->valid[at / 64] >> at % 64 & 1))
                        continue;
                bytes += (uint32_t)v->cells[value++];
                if (n > 0 && bytes > PAGE_TEXT)
                        break;
        }
        return n;
}

static size_t count_set(const uint64_t *valid, size_t first, size_t n)
{
        size_t set = 0;

        if (!valid)
                return n;
        for (size_t at = first; at < first + n; at++)
                set += valid[at / 64] >> at % 64 & 1;
        return set;
}

static int encode_pages(ChunkEncoder *e, const Values *v, Encoding encoding)
{
        size_t value = 0;

        for (size_t row = 0; row < v->n_rows;) {
                size_t rows = page_rows(v, encoding, row, value), start = e->raw.size;
                size_t n = rows == v->n_rows ? v->n : count_set(v->valid, row, rows);
                int r = encode_levels(&e->raw, v->valid, row, rows);
                if (r == 0 && n > 0)
                        r = encode_values(e, v, encoding, value, n);
                if (r == 0)
                        r = add_page(e, PAGE_DATA, encoding, rows, start);
                if (r < 0)
                        return r;
                row += rows;
                value += n;
        }
        return 0;
}

static int encode_dictionary(ChunkEncoder *e, const Values *v)
{
        const Dictionary *d = &e->dictionary;
        size_t start = e->raw.size;
        int r = v->type == COLUMN_TEXT ? encode_plain_text(&e->raw, d->values, d->n, v->text)
                                       : encode_plain(&e->raw, d->values, d->n, v->width);

        return r < 0 ? r : add_page(e, PAGE_DICTIONARY, ENCODING_PLAIN, d->n, start);
}

/* Bytes of the indices, runs left out of account. */
static size_t indices_size(const Dictionary *d, size_t n)
{
        return (n * bit_width(d->n - 1) + 7) / 8;
}

/* Four at a time, so that no comparison waits for the one before. Flipping the sign bit lets
 * signed numbers compare as unsigned ones. */
static void number_range(ChunkEncoder *e, const Values *v, bool is_signed)
{
        uint64_t flip = is_signed ? 1ull << 63 : 0;
        uint64_t least[4] = {UINT64_MAX, UINT64_MAX, UINT64_MAX, UINT64_MAX}, most[4] = {0};
        size_t i = 0;

        for (; i + 4 <= v->n; i += 4)
                for (size_t lane = 0; lane < 4; lane++) {
                        uint64_t cell = v->cells[i + lane] ^ flip;
                        least[lane] = MIN(least[lane], cell);
                        most[lane] = MAX(most[lane], cell);
                }
        for (; i < v->n; i++) {
                least[0] = MIN(least[0], v->cells[i] ^ flip);
                most[0] = MAX(most[0], v->cells[i] ^ flip);
        }
        for (size_t lane = 1; lane < 4; lane++) {
                least[0] = MIN(least[0], least[lane]);
                most[0] = MAX(most[0], most[lane]);
        }
        e->least = htole64(least[0] ^ flip);
        e->most = htole64(most[0] ^ flip);
}

static int choose_text(ChunkEncoder *e, const Values *v, Encoding *ret)
{
        size_t all = v->n, distinct = DICTIONARY_HEADER;
        int r = dictionary_build(&e->dictionary, v->cells, v->n,
                                 MIN(v->n / 2 + 1, (size_t)DICTIONARY_MOST), e->indices);

        *ret = ENCODING_DELTA_LENGTH;
        if (r <= 0)
                return r;
        for (size_t i = 0; i < v->n; i++)
                all += (uint32_t)v->cells[i];
        for (size_t i = 0; i < e->dictionary.n; i++)
                distinct += 4 + (uint32_t)e->dictionary.values[i];
        if (distinct <= DICTIONARY_TEXT && distinct + indices_size(&e->dictionary, v->n) < all)
                *ret = ENCODING_DICTIONARY;
        return 0;
}

/* Numbers: delta is encoded on trial (it is the cheapest to do); a dictionary must beat it
 * clearly, for deltas compress better than indices. */
static int choose_number(ChunkEncoder *e, const Values *v, Encoding *ret)
{
        int r;

        if (v->n >= CONSTANT_LEAST && e->least == e->most) { /* one run says it all */
                *ret = ENCODING_DICTIONARY;
                r = dictionary_build(&e->dictionary, v->cells, v->n, 1, e->indices);
                return MIN(r, 0);
        }
        buffer_clear(&e->trial);
        r = encode_delta(&e->trial, v->cells, v->n, v->width);
        size_t delta = e->trial.size;
        *ret = ENCODING_DELTA;
        if (r < 0 || delta < v->n / 4)
                return r;
        r = dictionary_build(&e->dictionary, v->cells, v->n,
                             MIN(delta / v->width + 1, (size_t)DICTIONARY_MOST), e->indices);
        if (r <= 0)
                return r;
        size_t other = DICTIONARY_HEADER + e->dictionary.n * v->width +
                       indices_size(&e->dictionary, v->n);
        if (other + other / 4 < delta)
                *ret = ENCODING_DICTIONARY;
        return 0;
}

/* Doubles: a dictionary where values repeat, else streams of bytes, which compress better than
 * whole doubles whenever neighbours share sign and exponent. */
static int choose_double(ChunkEncoder *e, const Values *v, Encoding *ret)
{
        int r = dictionary_build(&e->dictionary, v->cells, v->n,
                                 MIN(v->n / 4 + 1, (size_t)DICTIONARY_MOST), e->indices);

        if (v->n < SPLIT_LEAST)
                *ret = ENCODING_PLAIN;
        else
                *ret = r > 0 ? ENCODING_DICTIONARY : ENCODING_SPLIT;
        return MIN(r, 0);
}

static int choose(ChunkEncoder *e, const Values *v, Encoding *ret)
{
        *ret = ENCODING_PLAIN;
        if (v->n == 0)
                return 0;
        switch (v->type) {
        case COLUMN_BOOL:
                return 0;
        case COLUMN_TEXT:
                return choose_text(e, v, ret);
        case COLUMN_F64:
                return choose_double(e, v, ret);
        default:
                number_range(e, v, v->type == COLUMN_I64 || v->type == COLUMN_I32 ||
                                           v->type == COLUMN_TIME);
                return choose_number(e, v, ret);
        }
}

/* Zeros have a sign that comparisons do not see: the format wants -0 as least, +0 as most. */
static bool double_range(ChunkEncoder *e, const Values *v)
{
        double least = 0, most = 0, value;

        for (size_t i = 0; i < v->n; i++) {
                memcpy(&value, &v->cells[i], sizeof value);
                if (value != value)
                        return false;
                if (i == 0 || value < least)
                        least = value;
                if (i == 0 || value > most)
                        most = value;
        }
        least = least == 0 ? -0.0 : least;
        most = most == 0 ? 0.0 : most;
        memcpy(&e->least, &least, sizeof least);
        memcpy(&e->most, &most, sizeof most);
        e->least = htole64(e->least);
        e->most = htole64(e->most);
        return true;
}

static int compare_text(const char *text, uint64_t a, uint64_t b)
{
        size_t na = (uint32_t)a, nb = (uint32_t)b;
        int order = memcmp(text + (a >> 32), text + (b >> 32), MIN(na, nb));

        return order ? order : (na > nb) - (na < nb);
}

static void text_range(const Values *v, const uint64_t *cells, size_t n, Chunk *chunk)
{
        uint64_t least = cells[0], most = cells[0];

        for (size_t i = 1; i < n; i++) {
                if (compare_text(v->text, cells[i], least) < 0)
                        least = cells[i];
                if (compare_text(v->text, cells[i], most) > 0)
                        most = cells[i];
        }
        if ((uint32_t)least > STATISTICS_TEXT || (uint32_t)most > STATISTICS_TEXT)
                return;
        chunk->min = (Slice){(const uint8_t *)v->text + (least >> 32), (uint32_t)least};
        chunk->max = (Slice){(const uint8_t *)v->text + (most >> 32), (uint32_t)most};
}

static void find_range(ChunkEncoder *e, const Values *v, Encoding encoding, Chunk *chunk)
{
        if (v->n == 0)
                return;
        switch (v->type) {
        case COLUMN_TEXT: /* without a dictionary it would cost a comparison of each text */
                if (encoding == ENCODING_DICTIONARY)
                        text_range(v, e->dictionary.values, e->dictionary.n, chunk);
                return;
        case COLUMN_F64:
                if (!double_range(e, v))
                        return;
                break;
        case COLUMN_BOOL:
                number_range(e, v, false);
                break;
        default: /* found when the encoding was chosen */
                break;
        }
        size_t size = v->type == COLUMN_BOOL ? 1 : v->width;
        chunk->min = (Slice){(const uint8_t *)&e->least, size};
        chunk->max = (Slice){(const uint8_t *)&e->most, size};
}

int chunk_encode(ChunkEncoder *e, const Batch *batch, size_t first, size_t rows, size_t column,
                 Chunk *chunk)
{
        ColumnType type = batch_schema(batch)->columns[column].type;
        const uint64_t *valid = batch_valid(batch, column) + first / 64;
        size_t nulls = rows == batch_rows(batch) ? batch_null_count(batch, column)
                                                 : rows - count_valid(valid, rows);
        PhysicalType physical = format_type(type);
        Values v = {
                .cells = batch_cells(batch, column) + first,
                .text = batch_text_data(batch),
                .n_rows = rows,
                .width = physical == TYPE_INT32 ? 4 : 8,
                .type = type,
        };
        Encoding encoding;
        int r = make_room(e, v.n_rows);

        if (r < 0)
                return r;
        v.n = v.n_rows - nulls;
        if (nulls > 0) {
                v.valid = valid;
                gather(e->cells, v.cells, v.valid, v.n_rows);
                v.cells = e->cells;
        }
        buffer_clear(&e->raw);
        e->n_pages = 0;
        if (type == COLUMN_TEXT)
                r = repair_text(e, &v, batch_text_bytes(batch));
        if (r == 0)
                r = choose(e, &v, &encoding);
        if (r == 0 && encoding == ENCODING_DICTIONARY)
                r = encode_dictionary(e, &v);
        if (r == 0)
                r = encode_pages(e, &v, encoding);
        if (r < 0)
                return r;
        *chunk = (Chunk){.type = (uint8_t)physical, .has_null_count = true, .null_count = nulls,
                         .n_values = v.n_rows,
                         .encodings = 1u << encoding | 1u << ENCODING_RLE};
        if (encoding == ENCODING_DICTIONARY)
                chunk->encodings |= 1u << ENCODING_PLAIN;
        find_range(e, &v, encoding, chunk);
        return 0;
}
