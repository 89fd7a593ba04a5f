/* Well-formed sequences by table 3-7 of the Unicode standard; ASCII eight bytes at a time. */
#include "store/parquet/utf8.h"

#include <stdint.h>

#include "store/parquet/bits.h"

/* Length of the well-formed sequence at p, 0 if there is none. */
static size_t sequence(const uint8_t *p, size_t size)
{
        uint8_t lead = p[0], low = 0x80, high = 0xbf;
        size_t n;

        if (lead < 0x80)
                return 1;
        if (lead < 0xc2 || lead > 0xf4)
                return 0;
        n = lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;
        if (lead == 0xe0)
                low = 0xa0;
        else if (lead == 0xed)
                high = 0x9f;
        else if (lead == 0xf0)
                low = 0x90;
        else if (lead == 0xf4)
                high = 0x8f;
        if (size < n || p[1] < low || p[1] > high)
                return 0;
        for (size_t i = 2; i < n; i++)
                if ((p[i] & 0xc0) != 0x80)
                        return 0;
        return n;
}

/* Bytes of ASCII from p on, in steps of 64 and of eight. */
static size_t ascii_prefix(const uint8_t *p, size_t size)
{
        size_t i = 0;

        for (; i + 64 <= size; i += 64) {
                uint64_t all = 0;
                for (size_t word = 0; word < 64; word += 8)
                        all |= load_u64(p + i + word);
                if (all & 0x8080808080808080ull)
                        break;
        }
        while (i + 8 <= size && !(load_u64(p + i) & 0x8080808080808080ull))
                i += 8;
        return i;
}

bool utf8_ascii(const char *text, size_t size)
{
        const uint8_t *p = (const uint8_t *)text;
        size_t i = ascii_prefix(p, size);

        while (i < size && p[i] < 0x80)
                i++;
        return i == size;
}

bool utf8_valid(const char *text, size_t size)
{
        const uint8_t *p = (const uint8_t *)text;

        for (size_t i = ascii_prefix(p, size); i < size;) {
                size_t n = sequence(p + i, size - i);
                if (n == 0)
                        return false;
                i += n;
        }
        return true;
}

int utf8_repair(Buffer *to, const char *text, size_t size)
{
        const uint8_t *p = (const uint8_t *)text;
        int r = 0;

        for (size_t i = 0; r == 0 && i < size;) {
                size_t n = sequence(p + i, size - i);
                r = n ? buffer_append(to, p + i, n) : buffer_append(to, "\xef\xbf\xbd", 3);
                i += n ? n : 1;
        }
        return r;
}
