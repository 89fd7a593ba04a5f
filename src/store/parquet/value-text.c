/* ISO 8601 dates by the civil-from-days arithmetic on 400-year eras; decimals by hand. */
#include "store/parquet/value-text.h"

#include <math.h>
#include <stdio.h>

#include "store/parquet/decode.h"

enum { DAYS_PER_ERA = 146097, DAYS_TO_1970 = 719468 };

static size_t date_text(int64_t days, char *to)
{
        int64_t z = days + DAYS_TO_1970; /* since 0000-03-01: leap days end a year */
        int64_t era = (z >= 0 ? z : z - (DAYS_PER_ERA - 1)) / DAYS_PER_ERA;
        int64_t day_of_era = z - era * DAYS_PER_ERA;
        int64_t year_of_era =
                (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
        int64_t day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
        int64_t shifted = (5 * day_of_year + 2) / 153; /* months from March */
        int64_t day = day_of_year - (153 * shifted + 2) / 5 + 1;
        int64_t month = shifted < 10 ? shifted + 3 : shifted - 9;
        int64_t year = year_of_era + era * 400 + (month <= 2);

        return (size_t)snprintf(to, VALUE_TEXT_MAX, "%04lld-%02lld-%02lld", (long long)year,
                                (long long)month, (long long)day);
}

static size_t time_text(int64_t value, int64_t per_second, int digits, char *to)
{
        int64_t seconds = value / per_second, fraction = value % per_second;

        if (value < 0 || seconds > 86400)
                return 0;
        return (size_t)snprintf(to, VALUE_TEXT_MAX, "%02lld:%02lld:%02lld.%0*lld",
                                (long long)(seconds / 3600), (long long)(seconds / 60 % 60),
                                (long long)(seconds % 60), digits, (long long)fraction);
}

static size_t decimal_text(__int128 value, unsigned scale, char *to)
{
        bool negative = value < 0;
        unsigned __int128 left = negative ? -(unsigned __int128)value : (unsigned __int128)value;
        char backwards[VALUE_TEXT_MAX];
        size_t n = 0, size = 0;

        for (unsigned digit = 0; left > 0 || digit <= scale; digit++) {
                if (digit == scale && scale > 0)
                        backwards[n++] = '.';
                backwards[n++] = (char)('0' + (int)(left % 10));
                left /= 10;
        }
        if (negative)
                to[size++] = '-';
        while (n > 0)
                to[size++] = backwards[--n];
        return size;
}

/* Big-endian two's complement of at most 16 bytes. */
static size_t decimal_bytes_text(const Slice *bytes, unsigned scale, char *to)
{
        unsigned __int128 value;

        if (bytes->size == 0 || bytes->size > sizeof value)
                return 0;
        value = bytes->data[0] & 0x80 ? ~(unsigned __int128)0 : 0;
        for (size_t i = 0; i < bytes->size; i++)
                value = value << 8 | bytes->data[i];
        return decimal_text((__int128)value, scale, to);
}

static size_t uuid_text(const Slice *bytes, char *to)
{
        static const char digits[] = "0123456789abcdef";
        size_t n = 0;

        for (size_t i = 0; i < bytes->size && i < 16; i++) {
                if (i == 4 || i == 6 || i == 8 || i == 10)
                        to[n++] = '-';
                to[n++] = digits[bytes->data[i] >> 4];
                to[n++] = digits[bytes->data[i] & 0x0f];
        }
        return n;
}

size_t value_text(const Leaf *leaf, uint64_t cell, const Slice *bytes, char to[VALUE_TEXT_MAX])
{
        switch (leaf->conversion) {
        case CONVERT_DATE:
                return date_text((int64_t)cell, to);
        case CONVERT_TIME_MILLIS:
                return time_text((int64_t)cell, 1000, 3, to);
        case CONVERT_TIME_MICROS:
                return time_text((int64_t)cell, 1000000, 6, to);
        case CONVERT_TIME_NANOS:
                return time_text((int64_t)cell, 1000000000, 9, to);
        case CONVERT_DECIMAL:
                return type_is_text(leaf->type) ? decimal_bytes_text(bytes, leaf->scale, to)
                                                : decimal_text((int64_t)cell, leaf->scale, to);
        case CONVERT_UUID:
                return uuid_text(bytes, to);
        default:
                return 0;
        }
}

double value_half(const uint8_t *p)
{
        unsigned bits = (unsigned)p[0] | (unsigned)p[1] << 8;
        int exponent = (int)(bits >> 10 & 0x1f), fraction = (int)(bits & 0x3ff);
        double value;

        if (exponent == 0x1f)
                value = fraction ? NAN : INFINITY;
        else if (exponent == 0)
                value = ldexp(fraction, -24);
        else
                value = ldexp(fraction + 1024, exponent - 25);
        return bits & 0x8000 ? -value : value;
}
