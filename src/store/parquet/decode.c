/* Plain values, byte streams, dictionaries, runs; which decoder a page needs. */
#include "store/parquet/decode.h"

#include <errno.h>

#include "store/parquet/bits.h"

enum { JULIAN_EPOCH = 2440588 };

int hybrid_start(Hybrid *h, const uint8_t *data, size_t size, unsigned width)
{
        if (width > 32)
                return -EBADMSG;
        *h = (Hybrid){.p = data, .end = data + size, .width = width};
        if (width == 0) /* a dictionary of one: some writers put runs behind it, some nothing */
                h->run = UINT64_MAX;
        return 0;
}

static int hybrid_next_run(Hybrid *h)
{
        size_t bytes = (h->width + 7) / 8;
        uint64_t head;

        if (!get_varint(&h->p, h->end, &head))
                return -EBADMSG;
        if (head & 1) {
                size_t left = (size_t)(h->end - h->p);
                uint64_t groups = head >> 1;
                /* some writers cut the last group's padding off */
                size_t size = groups > left ? left : (size_t)MIN(groups * h->width, (uint64_t)left);
                h->packed = h->p;
                h->packed_size = size;
                h->bit = 0;
                h->packed_left = MIN(groups, (uint64_t)left) * 8;
                h->p += size;
                return 0;
        }
        if ((size_t)(h->end - h->p) < bytes)
                return -EBADMSG;
        h->run = head >> 1;
        h->value = 0;
        for (size_t i = 0; i < bytes; i++)
                h->value |= (uint32_t)*h->p++ << (8 * i);
        return 0;
}

int hybrid_take(Hybrid *h, uint32_t *to, size_t n)
{
        while (n > 0) {
                if (h->run > 0) {
                        size_t take = (size_t)MIN(h->run, (uint64_t)n);
                        for (size_t i = 0; i < take; i++)
                                to[i] = h->value;
                        h->run -= take;
                        to += take;
                        n -= take;
                } else if (h->packed_left > 0) {
                        size_t take = (size_t)MIN(h->packed_left, (uint64_t)n);
                        if (h->bit + take * h->width > (uint64_t)h->packed_size * 8)
                                return -EBADMSG;
                        for (size_t i = 0; i < take; i++, h->bit += h->width)
                                to[i] = (uint32_t)get_bits(h->packed, h->packed_size, h->bit,
                                                           h->width);
                        h->packed_left -= take;
                        to += take;
                        n -= take;
                } else {
                        int r = hybrid_next_run(h);
                        if (r < 0)
                                return r;
                }
        }
        return 0;
}

static uint64_t float_to_cell(uint32_t bits)
{
        float narrow;
        double wide;
        uint64_t cell;

        memcpy(&narrow, &bits, sizeof narrow);
        wide = (double)narrow;
        memcpy(&cell, &wide, sizeof cell);
        return cell;
}

static uint64_t int96_to_cell(const uint8_t *p)
{
        int64_t days = (int64_t)load_u32(p + 8) - JULIAN_EPOCH, ns;

        if (__builtin_mul_overflow(days, (int64_t)86400 * 1000000000, &ns) ||
            __builtin_add_overflow(ns, (int64_t)load_u64(p), &ns))
                return (uint64_t)INT64_MIN;
        return (uint64_t)ns;
}

static int plain_texts(const Leaf *leaf, const uint8_t **p, const uint8_t *end, size_t n,
                       Slice *texts)
{
        for (size_t i = 0; i < n; i++) {
                size_t size = leaf->length;
                if (leaf->type == TYPE_BYTE_ARRAY) {
                        if (end - *p < 4)
                                return -EBADMSG;
                        size = load_u32(*p);
                        *p += 4;
                }
                if (size > (size_t)(end - *p))
                        return -EBADMSG;
                texts[i] = (Slice){*p, size};
                *p += size;
        }
        return 0;
}

int decode_plain(const Leaf *leaf, const uint8_t **p, const uint8_t *end, size_t n,
                 uint64_t *cells, Slice *texts)
{
        static const uint8_t widths[TYPES] = {
                [TYPE_INT32] = 4, [TYPE_INT64] = 8, [TYPE_INT96] = 12, [TYPE_FLOAT] = 4,
                [TYPE_DOUBLE] = 8,
        };
        size_t width = widths[leaf->type];

        if (type_is_text(leaf->type))
                return plain_texts(leaf, p, end, n, texts);
        if (width == 0 || n > (size_t)(end - *p) / width)
                return -EBADMSG;
        for (size_t i = 0; i < n; i++, *p += width)
                switch (leaf->type) {
                case TYPE_INT32:
                        cells[i] = load_u32(*p);
                        break;
                case TYPE_FLOAT:
                        cells[i] = float_to_cell(load_u32(*p));
                        break;
                case TYPE_INT96:
                        cells[i] = int96_to_cell(*p);
                        break;
                default:
                        cells[i] = load_u64(*p);
                }
        return 0;
}

static int take_bools(Decoder *d, size_t n, uint64_t *cells)
{
        size_t size = (size_t)(d->end - d->p);

        if (d->done + n > (uint64_t)size * 8)
                return -EBADMSG;
        for (size_t i = 0; i < n; i++)
                cells[i] = get_bits(d->p, size, d->done + i, 1);
        return 0;
}

static int take_run_bools(Decoder *d, size_t n, uint64_t *cells)
{
        uint32_t values[DECODE_MOST];
        int r = hybrid_take(&d->hybrid, values, n);

        for (size_t i = 0; i < n && r == 0; i++)
                cells[i] = values[i] & 1;
        return r;
}

static int take_indices(Decoder *d, size_t n, uint64_t *cells, Slice *texts, uint32_t *indices)
{
        const Values *dictionary = d->dictionary;
        int r = hybrid_take(&d->hybrid, indices, n);

        if (r < 0)
                return r;
        for (size_t i = 0; i < n; i++) {
                if (indices[i] >= dictionary->n)
                        return -EBADMSG;
                if (dictionary->texts)
                        texts[i] = dictionary->texts[indices[i]];
                else
                        cells[i] = dictionary->cells[indices[i]];
        }
        return 0;
}

/* Value i has its byte b at [b × values + i]; the page holds nothing else. */
static int take_split(Decoder *d, size_t n, uint64_t *cells, Slice *texts)
{
        bool text = type_is_text(d->leaf->type);
        size_t width = d->leaf->type == TYPE_INT32 || d->leaf->type == TYPE_FLOAT ? 4 : 8;
        size_t size = (size_t)(d->end - d->p), start = 0;

        if (text)
                width = d->leaf->length;
        uint64_t stride = size / width;
        if (d->done + n > stride)
                return -EBADMSG;
        if (text) {
                buffer_clear(d->scratch);
                if (buffer_reserve(d->scratch, n * width) < 0)
                        return -ENOMEM;
        }
        for (size_t i = 0; i < n; i++) {
                const uint8_t *p = d->p + d->done + i;
                if (text) {
                        for (size_t b = 0; b < width; b++)
                                d->scratch->data[start + b] = p[b * stride];
                        texts[i] = (Slice){d->scratch->data + start, width};
                        start += width;
                        continue;
                }
                cells[i] = 0;
                for (size_t b = 0; b < width; b++)
                        cells[i] |= (uint64_t)p[b * stride] << (8 * b);
                if (d->leaf->type == TYPE_FLOAT)
                        cells[i] = float_to_cell((uint32_t)cells[i]);
        }
        return 0;
}

static int start_indices(Decoder *d)
{
        if (!d->dictionary)
                return -EBADMSG;
        if (d->p == d->end) /* a page of nulls may leave even the width out */
                return hybrid_start(&d->hybrid, d->p, 0, 0);
        return hybrid_start(&d->hybrid, d->p + 1, (size_t)(d->end - d->p) - 1, *d->p);
}

static int start_run_bools(Decoder *d)
{
        if (d->leaf->type != TYPE_BOOLEAN)
                return -EOPNOTSUPP;
        if (d->end - d->p < 4 || load_u32(d->p) > (size_t)(d->end - d->p) - 4)
                return d->p == d->end ? hybrid_start(&d->hybrid, d->p, 0, 1) : -EBADMSG;
        return hybrid_start(&d->hybrid, d->p + 4, load_u32(d->p), 1);
}

int decoder_start(Decoder *d, const PageHeader *header, const uint8_t *data, size_t size)
{
        unsigned type = d->leaf->type;

        d->encoding = header->encoding;
        d->p = data;
        d->end = data + size;
        d->done = 0;
        d->last_size = 0;
        d->delta = d->prefixes = (Delta){0}; /* an empty page of nulls starts none of them */
        switch (header->encoding) {
        case ENCODING_PLAIN:
                return 0;
        case ENCODING_PLAIN_DICTIONARY:
        case ENCODING_DICTIONARY:
                return start_indices(d);
        case ENCODING_RLE:
                return start_run_bools(d);
        case ENCODING_SPLIT:
                return type == TYPE_BOOLEAN || type == TYPE_BYTE_ARRAY || type == TYPE_INT96
                               ? -EBADMSG
                               : 0;
        case ENCODING_DELTA:
                if (type != TYPE_INT32 && type != TYPE_INT64)
                        return -EBADMSG;
                return size ? delta_start(&d->delta, data, size) : 0;
        case ENCODING_DELTA_LENGTH:
        case ENCODING_DELTA_BYTES:
                if (!type_is_text(type))
                        return -EBADMSG;
                return size ? decoder_start_delta_texts(d) : 0;
        default:
                return -EOPNOTSUPP;
        }
}

int decoder_take(Decoder *d, size_t n, uint64_t *cells, Slice *texts, uint32_t *indices)
{
        int r;

        if (n == 0)
                return 0;
        switch (d->encoding) {
        case ENCODING_PLAIN:
                r = d->leaf->type == TYPE_BOOLEAN
                            ? take_bools(d, n, cells)
                            : decode_plain(d->leaf, &d->p, d->end, n, cells, texts);
                break;
        case ENCODING_RLE:
                r = take_run_bools(d, n, cells);
                break;
        case ENCODING_SPLIT:
                r = take_split(d, n, cells, texts);
                break;
        case ENCODING_DELTA:
                r = delta_take(&d->delta, cells, n);
                break;
        case ENCODING_DELTA_LENGTH:
                r = decoder_take_lengths(d, n, texts);
                break;
        case ENCODING_DELTA_BYTES:
                r = decoder_take_prefixed(d, n, texts);
                break;
        default:
                r = take_indices(d, n, cells, texts, indices);
        }
        d->done += n;
        return r;
}
