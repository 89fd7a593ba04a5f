/* Little-endian words, varints and bit fields, as Parquet's encodings use them. */
#pragma once

#include <endian.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

enum { VARINT_MAX = 10 };

static inline uint32_t load_u32(const uint8_t *p)
{
        uint32_t value;

        memcpy(&value, p, sizeof value);
        return le32toh(value);
}

static inline uint64_t load_u64(const uint8_t *p)
{
        uint64_t value;

        memcpy(&value, p, sizeof value);
        return le64toh(value);
}

static inline void store_u32(uint8_t *p, uint32_t value)
{
        value = htole32(value);
        memcpy(p, &value, sizeof value);
}

static inline void store_u64(uint8_t *p, uint64_t value)
{
        value = htole64(value);
        memcpy(p, &value, sizeof value);
}

static inline uint64_t zigzag(int64_t value)
{
        return ((uint64_t)value << 1) ^ (uint64_t)(value >> 63);
}

static inline int64_t unzigzag(uint64_t value)
{
        return (int64_t)(value >> 1) ^ -(int64_t)(value & 1);
}

/* Bits needed to write value: 0 for 0. */
static inline unsigned bit_width(uint64_t value)
{
        return value ? 64 - (unsigned)__builtin_clzll(value) : 0;
}

/* Writes at most VARINT_MAX bytes, returns how many. */
static inline size_t put_varint(uint8_t *p, uint64_t value)
{
        size_t n = 0;

        for (; value >= 0x80; value >>= 7)
                p[n++] = (uint8_t)(value | 0x80);
        p[n++] = (uint8_t)value;
        return n;
}

/* Takes a varint off *p. False when it runs past end or is longer than 64 bits. */
static inline bool get_varint(const uint8_t **p, const uint8_t *end, uint64_t *ret)
{
        uint64_t value = 0;

        for (unsigned shift = 0; shift < 64 && *p < end; shift += 7) {
                uint8_t byte = *(*p)++;
                if (shift == 63 && byte > 1)
                        return false;
                value |= (uint64_t)(byte & 0x7f) << shift;
                if (!(byte & 0x80)) {
                        *ret = value;
                        return true;
                }
        }
        return false;
}

/* The `width` (at most 64) bits at bit position `at` of data. Reads no byte at or past size. */
static inline uint64_t get_bits(const uint8_t *data, size_t size, uint64_t at, unsigned width)
{
        size_t byte = (size_t)(at / 8);
        unsigned shift = (unsigned)(at % 8);
        uint64_t value = 0;

        if (width == 0)
                return 0;
        if (byte + 9 <= size) {
                value = load_u64(data + byte) >> shift;
                if (shift + width > 64)
                        value |= (uint64_t)data[byte + 8] << (64 - shift);
        } else {
                unsigned got = 0;
                for (; byte < size && got < shift + width; byte++, got += 8) {
                        if (got >= shift)
                                value |= (uint64_t)data[byte] << (got - shift);
                        else
                                value |= (uint64_t)data[byte] >> (shift - got);
                }
        }
        return width == 64 ? value : value & ((1ull << width) - 1);
}
