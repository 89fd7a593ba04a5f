/* Delta-packed numbers, and texts whose lengths (and common prefixes) are such numbers. */
#include "store/parquet/decode.h"

#include <errno.h>

#include "store/parquet/bits.h"

enum {
        BLOCK_VALUES_MAX = 1 << 20,
        MINIBLOCKS_MAX = 1 << 10,
        TEXT_MAX = PAGE_MAX,
        PORTION_MAX = 128 << 20, /* prefixes let a few bytes stand for long texts: a bound */
};

int delta_start(Delta *d, const uint8_t *data, size_t size)
{
        uint64_t block, first;

        *d = (Delta){.p = data, .end = data + size, .first = true};
        if (!get_varint(&d->p, d->end, &block) || !get_varint(&d->p, d->end, &d->n_mini) ||
            !get_varint(&d->p, d->end, &d->left) || !get_varint(&d->p, d->end, &first))
                return -EBADMSG;
        if (block == 0 || block > BLOCK_VALUES_MAX || d->n_mini == 0 ||
            d->n_mini > MINIBLOCKS_MAX || block % d->n_mini != 0)
                return -EBADMSG;
        d->mini_size = block / d->n_mini;
        if (d->mini_size % 8 != 0)
                return -EBADMSG;
        d->mini = d->n_mini;
        d->value = (uint64_t)unzigzag(first);
        return 0;
}

static int next_block(Delta *d)
{
        uint64_t least;

        if (!get_varint(&d->p, d->end, &least) || d->n_mini > (size_t)(d->end - d->p))
                return -EBADMSG;
        d->least = (uint64_t)unzigzag(least);
        d->widths = d->p;
        d->p += d->n_mini;
        d->mini = 0;
        return 0;
}

/* `left`: deltas still expected, this miniblock's included. */
static int next_miniblock(Delta *d, uint64_t left)
{
        int r = d->mini == d->n_mini ? next_block(d) : 0;

        if (r < 0)
                return r;
        d->width = d->widths[d->mini++];
        if (d->width > 64)
                return -EBADMSG;
        size_t size = (size_t)(d->mini_size * d->width / 8), have = (size_t)(d->end - d->p);
        d->mini_left = d->mini_size;
        if (size > have) { /* the last miniblock's padding may be missing */
                if (left >= d->mini_size || (left * d->width + 7) / 8 > have)
                        return -EBADMSG;
                size = have;
        }
        d->bits = d->p;
        d->bits_size = size;
        d->bit = 0;
        d->p += size;
        return 0;
}

int delta_take(Delta *d, uint64_t *to, size_t n)
{
        if (n > d->left)
                return -EBADMSG;
        if (d->first && n > 0) {
                d->first = false;
                *to++ = d->value;
                d->left--;
                n--;
        }
        while (n > 0) {
                if (d->mini_left == 0) {
                        int r = next_miniblock(d, d->left);
                        if (r < 0)
                                return r;
                }
                size_t take = (size_t)MIN(d->mini_left, (uint64_t)n);
                for (size_t i = 0; i < take; i++, d->bit += d->width) {
                        d->value += d->least + get_bits(d->bits, d->bits_size, d->bit, d->width);
                        to[i] = d->value;
                }
                to += take;
                n -= take;
                d->left -= take;
                d->mini_left -= take;
        }
        return 0;
}

int delta_find_end(const Delta *start, const uint8_t **ret)
{
        Delta d = *start;
        uint64_t left = d.left > 0 ? d.left - 1 : 0;

        while (left > 0) {
                int r = next_miniblock(&d, left);
                if (r < 0)
                        return r;
                left -= MIN(left, d.mini_size);
        }
        *ret = d.p;
        return 0;
}

/* DELTA_LENGTH: lengths, then bytes. DELTA_BYTES: prefix lengths, then DELTA_LENGTH. */
int decoder_start_delta_texts(Decoder *d)
{
        int r;

        if (d->encoding == ENCODING_DELTA_BYTES) {
                r = delta_start(&d->prefixes, d->p, (size_t)(d->end - d->p));
                if (r == 0)
                        r = delta_find_end(&d->prefixes, &d->p);
                if (r < 0)
                        return r;
                buffer_clear(d->scratch);
        }
        r = delta_start(&d->delta, d->p, (size_t)(d->end - d->p));
        return r < 0 ? r : delta_find_end(&d->delta, &d->p);
}

int decoder_take_lengths(Decoder *d, size_t n, Slice *texts)
{
        uint64_t lengths[DECODE_MOST];
        int r = delta_take(&d->delta, lengths, n);

        for (size_t i = 0; i < n && r == 0; i++) {
                if (lengths[i] > (size_t)(d->end - d->p))
                        return -EBADMSG;
                texts[i] = (Slice){d->p, (size_t)lengths[i]};
                d->p += lengths[i];
        }
        return r;
}

/* Each text is composed in scratch; the last of the portion before is kept at its start. */
int decoder_take_prefixed(Decoder *d, size_t n, Slice *texts)
{
        uint64_t prefixes[DECODE_MOST], lengths[DECODE_MOST];
        size_t starts[DECODE_MOST];
        Buffer *s = d->scratch;
        int r = delta_take(&d->prefixes, prefixes, n);

        if (r == 0)
                r = delta_take(&d->delta, lengths, n);
        if (d->last_size > 0)
                memmove(s->data, s->data + d->last, d->last_size);
        s->size = d->last_size;
        d->last = 0;
        for (size_t i = 0; i < n && r == 0; i++) {
                if (prefixes[i] > d->last_size || lengths[i] > (size_t)(d->end - d->p) ||
                    lengths[i] + prefixes[i] > TEXT_MAX ||
                    s->size + lengths[i] + prefixes[i] > PORTION_MAX)
                        return -EBADMSG;
                r = buffer_reserve(s, (size_t)(prefixes[i] + lengths[i]) + 1);
                if (r < 0)
                        return r;
                starts[i] = s->size;
                if (prefixes[i] > 0)
                        memcpy(s->data + s->size, s->data + d->last, (size_t)prefixes[i]);
                if (lengths[i] > 0)
                        memcpy(s->data + s->size + prefixes[i], d->p, (size_t)lengths[i]);
                d->p += lengths[i];
                d->last = s->size;
                d->last_size = (size_t)(prefixes[i] + lengths[i]);
                s->size += d->last_size;
        }
        for (size_t i = 0; i < n && r == 0; i++)
                texts[i] = (Slice){s->data + starts[i],
                                   (i + 1 < n ? starts[i + 1] : s->size) - starts[i]};
        return r;
}
