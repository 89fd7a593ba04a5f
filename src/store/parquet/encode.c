/* Plain values, byte streams, and the hybrid of runs and bit-packed groups of eight. */
#include "store/parquet/encode.h"

#include "store/parquet/bits.h"

/* A run shorter than this costs less inside the bit-packed values around it. */
enum { SHORTEST_RUN = 16 };

int encode_plain(Buffer *out, const uint64_t *cells, size_t n, size_t width)
{
        int r = buffer_reserve(out, n * width);

        if (r < 0)
                return r;
        uint8_t *p = out->data + out->size;
        if (width == 8)
                for (size_t i = 0; i < n; i++)
                        store_u64(p + 8 * i, cells[i]);
        else
                for (size_t i = 0; i < n; i++)
                        store_u32(p + 4 * i, (uint32_t)cells[i]);
        out->size += n * width;
        return 0;
}

int encode_plain_bool(Buffer *out, const uint64_t *cells, size_t n)
{
        int r = buffer_reserve(out, n / 8 + 1);

        if (r < 0)
                return r;
        for (size_t i = 0; i < n; i += 8) {
                uint8_t byte = 0;
                for (size_t j = i; j < n && j < i + 8; j++)
                        byte |= (uint8_t)((cells[j] & 1) << (j - i));
                out->data[out->size++] = byte;
        }
        return 0;
}

int encode_plain_text(Buffer *out, const uint64_t *cells, size_t n, const char *text)
{
        for (size_t i = 0; i < n; i++) {
                uint32_t size = (uint32_t)cells[i];
                int r = buffer_reserve(out, 4 + (size_t)size);
                if (r < 0)
                        return r;
                store_u32(out->data + out->size, size);
                memcpy(out->data + out->size + 4, text + (cells[i] >> 32), size);
                out->size += 4 + (size_t)size;
        }
        return 0;
}

int encode_split(Buffer *out, const uint64_t *cells, size_t n)
{
        int r = buffer_reserve(out, n * 8);

        if (r < 0)
                return r;
        for (unsigned byte = 0; byte < 8; byte++) {
                uint8_t *p = out->data + out->size;
                for (size_t i = 0; i < n; i++)
                        p[i] = (uint8_t)(cells[i] >> (8 * byte));
                out->size += n;
        }
        return 0;
}

/* Eight validity bits from row `at` on; fewer at the end, then filled with zeros. */
static uint8_t levels_byte(const uint64_t *valid, size_t at, size_t end)
{
        size_t word = at / 64, shift = at % 64, left = end - at;
        uint64_t bits = valid[word] >> shift;

        if (shift > 56 && left > 64 - shift)
                bits |= valid[word + 1] << (64 - shift);
        return (uint8_t)(left < 8 ? bits & ((1u << left) - 1) : bits);
}

static void put_run(Buffer *out, size_t n, uint64_t value, size_t value_bytes)
{
        out->size += put_varint(out->data + out->size, (uint64_t)n << 1);
        for (size_t i = 0; i < value_bytes; i++)
                out->data[out->size++] = (uint8_t)(value >> (8 * i));
}

/* Groups from `at` on that are all `byte`, no further than `most`. */
static size_t levels_run(const uint64_t *valid, size_t first, size_t end, size_t at, size_t most,
                         uint8_t byte)
{
        size_t n = 0;

        if (byte != 0 && byte != 0xff)
                return 0;
        while (at + n < most && levels_byte(valid, first + 8 * (at + n), end) == byte)
                n++;
        return n;
}

static void put_levels(Buffer *out, const uint64_t *valid, size_t first, size_t n)
{
        size_t groups = (n + 7) / 8, whole = n / 8, end = first + n;

        for (size_t at = 0; at < groups;) {
                uint8_t byte = levels_byte(valid, first + 8 * at, end);
                size_t run = levels_run(valid, first, end, at, whole, byte), bits = at + 1;
                if (run >= 2) {
                        put_run(out, 8 * run, byte & 1, 1);
                        at += run;
                        continue;
                }
                for (; bits < groups; bits++) { /* until a run of two groups begins */
                        byte = levels_byte(valid, first + 8 * bits, end);
                        if (levels_run(valid, first, end, bits, MIN(bits + 2, whole), byte) == 2)
                                break;
                }
                out->size += put_varint(out->data + out->size, (uint64_t)(bits - at) << 1 | 1);
                for (; at < bits; at++)
                        out->data[out->size++] = levels_byte(valid, first + 8 * at, end);
        }
}

int encode_levels(Buffer *out, const uint64_t *valid, size_t first, size_t n)
{
        /* a run of two groups takes two bytes or a little more, a group of bits two */
        int r = buffer_reserve(out, 4 + 3 * ((n + 7) / 8) + 2 * VARINT_MAX);

        if (r < 0)
                return r;
        size_t start = out->size;
        out->size += 4;
        if (valid)
                put_levels(out, valid, first, n);
        else if (n > 0)
                put_run(out, n, 1, 1);
        store_u32(out->data + start, (uint32_t)(out->size - start - 4));
        return 0;
}

/* Packs n values, a multiple of 8 (the last ones may lie past the end: then 0). */
static void pack_indices(Buffer *out, const uint32_t *v, size_t n, size_t padded, unsigned width)
{
        uint8_t *p = out->data + out->size;
        uint64_t bits = 0;
        unsigned used = 0;

        if (width == 8) {
                for (size_t i = 0; i < n; i++)
                        p[i] = (uint8_t)v[i];
                memset(p + n, 0, padded - n);
        } else if (width == 16) {
                for (size_t i = 0; i < padded; i++) {
                        uint32_t value = i < n ? v[i] : 0;
                        p[2 * i] = (uint8_t)value;
                        p[2 * i + 1] = (uint8_t)(value >> 8);
                }
        } else {
                for (size_t i = 0; i < padded; i++) {
                        bits |= (uint64_t)(i < n ? v[i] : 0) << used;
                        used += width;
                        if (used >= 32) {
                                store_u32(p, (uint32_t)bits);
                                p += 4;
                                bits >>= 32;
                                used -= 32;
                        }
                }
                for (; used >= 8; used -= 8, bits >>= 8)
                        *p++ = (uint8_t)bits;
        }
        out->size += padded / 8 * width;
}

static size_t run_length(const uint32_t *v, size_t n)
{
        size_t i = 1;

        while (i < n && v[i] == v[0])
                i++;
        return i;
}

int encode_indices(Buffer *out, const uint32_t *v, size_t n, unsigned width)
{
        size_t value_bytes = (width + 7) / 8;
        int r = buffer_reserve(out, 1 + VARINT_MAX + (n + 8) * (value_bytes + 1) + 8);

        if (r < 0)
                return r;
        out->data[out->size++] = (uint8_t)width;
        for (size_t at = 0; at < n;) {
                size_t run = run_length(v + at, n - at), end = at;
                if (width == 0 || run >= SHORTEST_RUN) {
                        put_run(out, run, v[at], value_bytes);
                        at += run;
                        continue;
                }
                do { /* groups of eight, until one begins a run */
                        end += 8;
                } while (end < n && run_length(v + end, MIN(n - end, (size_t)SHORTEST_RUN)) <
                                            SHORTEST_RUN);
                size_t take = MIN(end, n) - at;
                out->size += put_varint(out->data + out->size, (uint64_t)((end - at) / 8) << 1 | 1);
                pack_indices(out, v + at, take, end - at, width);
                at += take;
        }
        return 0;
}
