/* DELTA_BINARY_PACKED in blocks of 128 with four miniblocks, and text lengths written with it. */
#include "store/parquet/encode.h"

#include "store/parquet/bits.h"

enum {
        BLOCK = 128, /* what every writer uses and every reader was tried with */
        MINIBLOCKS = 4,
        MINIBLOCK = BLOCK / MINIBLOCKS,
        HEADER_MAX = 4 * VARINT_MAX,
        BLOCK_MAX = VARINT_MAX + MINIBLOCKS + BLOCK * 8 + 8,
};

/* 32 values of `width` bits are 4 × width bytes. */
static uint8_t *pack(uint8_t *p, const uint64_t *v, unsigned width)
{
        uint64_t bits = 0;
        unsigned used = 0;

        if (width == 0)
                return p;
        for (unsigned i = 0; i < MINIBLOCK; i++) {
                bits |= v[i] << used;
                used += width;
                if (used >= 64) {
                        store_u64(p, bits);
                        p += 8;
                        used -= 64;
                        bits = used ? v[i] >> (width - used) : 0;
                }
        }
        if (used > 0) { /* 32 × width is a multiple of 32: half a word is left */
                store_u32(p, (uint32_t)bits);
                p += 4;
        }
        return p;
}

/* Four at a time, so that no comparison waits for the one before. */
static int64_t smallest(const uint64_t *deltas, size_t n)
{
        int64_t lanes[4] = {INT64_MAX, INT64_MAX, INT64_MAX, INT64_MAX};
        size_t i = 0;

        for (; i + 4 <= n; i += 4)
                for (size_t lane = 0; lane < 4; lane++)
                        lanes[lane] = MIN(lanes[lane], (int64_t)deltas[i + lane]);
        for (; i < n; i++)
                lanes[0] = MIN(lanes[0], (int64_t)deltas[i]);
        for (size_t lane = 1; lane < 4; lane++)
                lanes[0] = MIN(lanes[0], lanes[lane]);
        return lanes[0];
}

/* deltas: BLOCK entries, n of them used; they lose the smallest and the rest become 0. */
static uint8_t *put_block(uint8_t *p, uint64_t *deltas, size_t n, bool narrow)
{
        int64_t least = smallest(deltas, n);

        p += put_varint(p, zigzag(least));
        uint8_t *widths = p;
        p += MINIBLOCKS;
        for (size_t m = 0; m < MINIBLOCKS; m++) {
                uint64_t any = 0, *mini = deltas + m * MINIBLOCK;
                widths[m] = 0;
                if (m * MINIBLOCK >= n)
                        continue;
                size_t used = MIN(n - m * MINIBLOCK, (size_t)MINIBLOCK);
                for (size_t i = 0; i < used; i++) {
                        mini[i] -= (uint64_t)least;
                        if (narrow)
                                mini[i] = (uint32_t)mini[i];
                        any |= mini[i];
                }
                for (size_t i = used; i < MINIBLOCK; i++)
                        mini[i] = 0;
                widths[m] = (uint8_t)bit_width(any);
                p = pack(p, mini, widths[m]);
        }
        return p;
}

typedef struct DeltaState {
        Buffer *out;
        uint64_t deltas[BLOCK];
        size_t n; /* deltas gathered */
        bool narrow;
} DeltaState;

static int delta_begin(DeltaState *s, uint64_t first, size_t n)
{
        int r = buffer_reserve(s->out, HEADER_MAX);

        if (r < 0)
                return r;
        uint8_t *p = s->out->data + s->out->size;
        p += put_varint(p, BLOCK);
        p += put_varint(p, MINIBLOCKS);
        p += put_varint(p, n);
        if (s->narrow)
                first = (uint64_t)(int64_t)(int32_t)(uint32_t)first;
        p += put_varint(p, zigzag((int64_t)(n > 0 ? first : 0)));
        s->out->size = (size_t)(p - s->out->data);
        return 0;
}

static int delta_flush(DeltaState *s)
{
        int r = buffer_reserve(s->out, BLOCK_MAX);

        if (r < 0)
                return r;
        uint8_t *p = s->out->data + s->out->size;
        s->out->size = (size_t)(put_block(p, s->deltas, s->n, s->narrow) - s->out->data);
        s->n = 0;
        return 0;
}

int encode_delta(Buffer *out, const uint64_t *cells, size_t n, size_t width)
{
        DeltaState s = {.out = out, .narrow = width == 4};
        int r = delta_begin(&s, n > 0 ? cells[0] : 0, n);

        for (size_t i = 1; i < n && r == 0; i += BLOCK) {
                s.n = MIN(n - i, (size_t)BLOCK);
                for (size_t j = 0; j < s.n; j++)
                        s.deltas[j] = cells[i + j] - cells[i + j - 1];
                for (size_t j = 0; s.narrow && j < s.n; j++)
                        s.deltas[j] = (uint64_t)(int64_t)(int32_t)(uint32_t)s.deltas[j];
                r = delta_flush(&s);
        }
        return r;
}

int encode_delta_text(Buffer *out, const uint64_t *cells, size_t n, const char *text)
{
        DeltaState s = {.out = out, .narrow = true};
        size_t total = n > 0 ? (uint32_t)cells[0] : 0;
        int r = delta_begin(&s, total, n);

        for (size_t i = 1; i < n && r == 0; i++) {
                s.deltas[s.n++] = (uint64_t)((int64_t)(uint32_t)cells[i] -
                                             (int64_t)(uint32_t)cells[i - 1]);
                total += (uint32_t)cells[i];
                if (s.n == BLOCK || i + 1 == n)
                        r = delta_flush(&s);
        }
        if (r == 0)
                r = buffer_reserve(out, total);
        for (size_t i = 0; i < n && r == 0; i++) {
                memcpy(out->data + out->size, text + (cells[i] >> 32), (uint32_t)cells[i]);
                out->size += (uint32_t)cells[i];
        }
        return r;
}
