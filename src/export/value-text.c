/* Numbers and times, read strictly so that what reads as one can be written back. */
#include "export/value-text.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/text.h"

enum { DECIMAL_DIGITS = 17 }; /* more do not survive an f64 */

static bool is_digit(char c)
{
        return c >= '0' && c <= '9';
}

/* Exactly n digits at *p, which moves on. */
static bool take_number(const char **p, const char *end, size_t n, unsigned *ret)
{
        unsigned value = 0;

        for (size_t i = 0; i < n; i++) {
                if (*p == end || !is_digit(**p))
                        return false;
                value = value * 10 + (unsigned)(*(*p)++ - '0');
        }
        *ret = value;
        return true;
}

static bool take_char(const char **p, const char *end, char c)
{
        if (*p == end || **p != c)
                return false;
        (*p)++;
        return true;
}

/* Days since 1970-01-01 of the proleptic Gregorian calendar, counting years from March. */
static int64_t days_of(int64_t year, unsigned month, unsigned day)
{
        int64_t y = month <= 2 ? year - 1 : year;
        int64_t era = (y >= 0 ? y : y - 399) / 400;
        unsigned year_of_era = (unsigned)(y - era * 400);
        unsigned day_of_year = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1;
        unsigned day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;

        return era * 146097 + (int64_t)day_of_era - 719468;
}

static void date_of(int64_t days, int64_t *year, unsigned *month, unsigned *day)
{
        days += 719468;
        int64_t era = (days >= 0 ? days : days - 146096) / 146097;
        unsigned of_era = (unsigned)(days - era * 146097);
        unsigned year_of_era = (of_era - of_era / 1460 + of_era / 36524 - of_era / 146096) / 365;
        unsigned of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
        unsigned shifted = (5 * of_year + 2) / 153;

        *day = of_year - (153 * shifted + 2) / 5 + 1;
        *month = shifted < 10 ? shifted + 3 : shifted - 9;
        *year = (int64_t)year_of_era + era * 400 + (*month <= 2);
}

static bool take_zone(const char **p, const char *end, int64_t *ret_seconds)
{
        unsigned hours, minutes;
        int64_t sign;

        *ret_seconds = 0;
        if (take_char(p, end, 'Z'))
                return true;
        if (take_char(p, end, '+'))
                sign = 1;
        else if (take_char(p, end, '-'))
                sign = -1;
        else
                return false;
        if (!take_number(p, end, 2, &hours) || !take_char(p, end, ':') ||
            !take_number(p, end, 2, &minutes) || hours > 23 || minutes > 59)
                return false;
        *ret_seconds = sign * (int64_t)(hours * 3600 + minutes * 60);
        return true;
}

static bool take_date(const char **p, const char *end, int64_t *ret_days)
{
        unsigned year, month, day, month_back, day_back;
        int64_t year_back;

        if (!take_number(p, end, 4, &year) || !take_char(p, end, '-') ||
            !take_number(p, end, 2, &month) || !take_char(p, end, '-') ||
            !take_number(p, end, 2, &day) || month < 1 || month > 12 || day < 1 || day > 31)
                return false;
        *ret_days = days_of(year, month, day);
        date_of(*ret_days, &year_back, &month_back, &day_back); /* no 30 February */
        return day_back == day;
}

bool value_parse_time(const char *text, size_t size, int64_t *ret_ns)
{
        const char *p = text, *end = text + size;
        unsigned hour, minute, second;
        int64_t days, zone, fraction = 0, seconds, ns;

        if (size < 20 || !take_date(&p, end, &days) || (*p != 'T' && *p != ' '))
                return false;
        p++;
        if (!take_number(&p, end, 2, &hour) || !take_char(&p, end, ':') ||
            !take_number(&p, end, 2, &minute) || !take_char(&p, end, ':') ||
            !take_number(&p, end, 2, &second) || hour > 23 || minute > 59 || second > 59)
                return false;
        if (take_char(&p, end, '.')) {
                int64_t scale = (int64_t)NS_PER_SECOND;
                if (p == end || !is_digit(*p))
                        return false;
                for (; p < end && is_digit(*p); p++) {
                        scale /= 10;
                        if (scale == 0)
                                return false;
                        fraction += (*p - '0') * scale;
                }
        }
        if (!take_zone(&p, end, &zone) || p != end)
                return false;
        seconds = days * 86400 + (int64_t)(hour * 3600 + minute * 60 + second) - zone;
        if (seconds < 0) { /* towards zero, so that the very first times fit */
                seconds++;
                fraction -= (int64_t)NS_PER_SECOND;
        }
        if (__builtin_mul_overflow(seconds, (int64_t)NS_PER_SECOND, &ns) ||
            __builtin_add_overflow(ns, fraction, &ns))
                return false;
        *ret_ns = ns;
        return true;
}

static bool is_integer(const char *text, size_t size, uint64_t *ret_cell)
{
        bool negative = size > 1 && text[0] == '-';
        const char *digits = text + negative;
        size_t n = size - negative;
        int64_t value;

        if (n == 0 || n > 20 || !is_digit(digits[0]) || (digits[0] == '0' && (n > 1 || negative)))
                return false;
        if (!negative)
                return parse_u64(digits, n, ret_cell) == 0;
        if (parse_i64(text, size, &value) < 0)
                return false;
        *ret_cell = (uint64_t)value;
        return true;
}

static bool is_decimal(const char *text, size_t size, uint64_t *ret_cell)
{
        size_t i = size > 0 && text[0] == '-', digits = 0;
        double value;

        if (i >= size || !is_digit(text[i]) ||
            (text[i] == '0' && i + 1 < size && is_digit(text[i + 1])))
                return false;
        for (bool leading = true; i < size && text[i] != 'e' && text[i] != 'E'; i++) {
                leading = leading && (text[i] == '0' || text[i] == '.');
                digits += is_digit(text[i]) && !leading;
        }
        if (digits > DECIMAL_DIGITS || parse_double(text, size, &value) < 0)
                return false;
        memcpy(ret_cell, &value, sizeof value);
        return true;
}

static bool text_is(const char *text, size_t size, const char *word)
{
        return size == strlen(word) && memcmp(text, word, size) == 0;
}

static bool is_infinite(const char *text, size_t size, uint64_t *ret_cell)
{
        double value = text[0] == '-' ? -INFINITY : INFINITY;

        memcpy(ret_cell, &value, sizeof value);
        return text_is(text, size, "inf") || text_is(text, size, "-inf");
}

ValueKind value_classify(const char *text, size_t size, uint64_t *ret_cell)
{
        int64_t ns;

        if (size == 0 || size >= VALUE_TEXT_MAX)
                return VALUE_TEXT;
        if (is_integer(text, size, ret_cell))
                return VALUE_INTEGER;
        if (is_decimal(text, size, ret_cell) || is_infinite(text, size, ret_cell))
                return VALUE_DECIMAL;
        if (text_is(text, size, "true") || text_is(text, size, "false")) {
                *ret_cell = text[0] == 't';
                return VALUE_BOOL;
        }
        if (value_parse_time(text, size, &ns)) {
                *ret_cell = (uint64_t)ns;
                return VALUE_TIME;
        }
        return VALUE_TEXT;
}

/* The fewest digits that read back as the same value. A whole number of many digits gets an
 * exponent, or it would read back as an integer that no f64 holds. */
static size_t format_double(char *buffer, uint64_t cell)
{
        double value, back;
        bool small;
        int n;

        memcpy(&value, &cell, sizeof value);
        if (!isfinite(value))
                return (size_t)snprintf(buffer, VALUE_TEXT_MAX, "%s", value < 0 ? "-inf" : "inf");
        small = value == floor(value) && fabs(value) < 1e15;
        for (int digits = 15; digits <= 17; digits++) {
                n = snprintf(buffer, VALUE_TEXT_MAX, "%.*g", digits, value);
                if (small || (parse_double(buffer, (size_t)n, &back) == 0 && back == value))
                        break;
        }
        if (!small && !strpbrk(buffer, ".e"))
                n = snprintf(buffer, VALUE_TEXT_MAX, "%.16e", value);
        return (size_t)n;
}

static size_t format_time(char *buffer, int64_t ns)
{
        int64_t seconds = ns / (int64_t)NS_PER_SECOND, rest = ns % (int64_t)NS_PER_SECOND, year;
        unsigned month, day;

        if (rest < 0) {
                rest += (int64_t)NS_PER_SECOND;
                seconds--;
        }
        int64_t days = seconds / 86400, of_day = seconds % 86400;
        if (of_day < 0) {
                of_day += 86400;
                days--;
        }
        date_of(days, &year, &month, &day);
        return (size_t)snprintf(buffer, VALUE_TEXT_MAX, "%04d-%02u-%02uT%02u:%02u:%02u.%09uZ", (int)year,
                                month, day, (unsigned)(of_day / 3600),
                                (unsigned)(of_day / 60 % 60), (unsigned)(of_day % 60), (unsigned)rest);
}

size_t value_format(char buffer[VALUE_TEXT_MAX], ColumnType type, uint64_t cell)
{
        char digits[24];
        size_t n = sizeof digits;

        switch (type) {
        case COLUMN_F64:
                return format_double(buffer, cell);
        case COLUMN_TIME:
                return format_time(buffer, (int64_t)cell);
        case COLUMN_BOOL:
                return (size_t)snprintf(buffer, VALUE_TEXT_MAX, "%s", cell ? "true" : "false");
        default:
                break;
        }
        /* Integers are nearly all there is in a table: not through printf. */
        bool negative = (type == COLUMN_I64 || type == COLUMN_I32) && (int64_t)cell < 0;
        uint64_t value = negative ? 0 - cell : cell;
        do
                digits[--n] = (char)('0' + value % 10);
        while ((value /= 10) > 0);
        if (negative)
                digits[--n] = '-';
        memcpy(buffer, digits + n, sizeof digits - n);
        buffer[sizeof digits - n] = '\0';
        return sizeof digits - n;
}

void type_guess_add(TypeGuess *g, ValueKind kind, uint64_t cell, bool negative)
{
        uint64_t magnitude = negative ? 0 - cell : cell;

        switch (kind) {
        case VALUE_INTEGER:
                g->integers++;
                g->negative |= negative;
                g->over_i64 |= !negative && cell > INT64_MAX;
                g->over_f64 |= magnitude > 1ull << 53;
                break;
        case VALUE_DECIMAL:
                g->decimals++;
                break;
        case VALUE_BOOL:
                g->bools++;
                break;
        case VALUE_TIME:
                g->times++;
                break;
        case VALUE_TEXT:
                g->texts++;
                break;
        }
}

ColumnType type_guess_result(const TypeGuess *g)
{
        uint64_t numbers = g->integers + g->decimals;
        unsigned kinds = (numbers > 0) + (g->bools > 0) + (g->times > 0) + (g->texts > 0);

        if (kinds != 1 || g->texts > 0)
                return COLUMN_TEXT;
        if (g->bools > 0)
                return COLUMN_BOOL;
        if (g->times > 0)
                return COLUMN_TIME;
        if (g->decimals > 0)
                return g->over_f64 ? COLUMN_TEXT : COLUMN_F64;
        if (g->over_i64)
                return g->negative ? COLUMN_TEXT : COLUMN_U64;
        return COLUMN_I64;
}

uint64_t type_guess_cell(ColumnType type, ValueKind kind, uint64_t cell)
{
        double value;

        if (type != COLUMN_F64 || kind != VALUE_INTEGER)
                return cell;
        value = (double)(int64_t)cell; /* under 2^53, or the column were text */
        memcpy(&cell, &value, sizeof cell);
        return cell;
}

Unit unit_of_name(const char *name)
{
        static const struct {
                const char *suffix;
                Unit unit;
        } suffixes[] = {{"_bytes", UNIT_BYTES}, {"_ns", UNIT_NS}, {"_us", UNIT_US},
                        {"_ms", UNIT_MS},       {"_c", UNIT_CELSIUS}, {"_ratio", UNIT_RATIO}};

        for (size_t i = 0; i < ARRAY_LENGTH(suffixes); i++)
                if (text_ends_with(name, suffixes[i].suffix))
                        return suffixes[i].unit;
        return UNIT_NONE;
}
