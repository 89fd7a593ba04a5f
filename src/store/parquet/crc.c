/* Slicing by eight: eight table look-ups for eight bytes, none waiting for another. */
#include "store/parquet/crc.h"

#include "store/parquet/bits.h"

static const uint32_t polynomial = 0xedb88320;

void crc_init(Crc *crc)
{
        for (uint32_t i = 0; i < 256; i++) {
                uint32_t c = i;
                for (int bit = 0; bit < 8; bit++)
                        c = c & 1 ? polynomial ^ (c >> 1) : c >> 1;
                crc->table[0][i] = c;
        }
        for (int slice = 1; slice < 8; slice++)
                for (uint32_t i = 0; i < 256; i++) {
                        uint32_t c = crc->table[slice - 1][i];
                        crc->table[slice][i] = crc->table[0][c & 0xff] ^ (c >> 8);
                }
}

uint32_t crc_of(const Crc *crc, const void *data, size_t size)
{
        const uint8_t *p = data;
        uint32_t c = 0xffffffff;

        for (; size >= 8; size -= 8, p += 8) {
                uint64_t word = load_u64(p) ^ c;
                c = 0;
                for (int i = 0; i < 8; i++)
                        c ^= crc->table[7 - i][word >> (8 * i) & 0xff];
        }
        for (; size > 0; size--, p++)
                c = crc->table[0][(c ^ *p) & 0xff] ^ (c >> 8);
        return ~c;
}
