/* Figures as files and programs write them: a number, perhaps a unit behind it; and names made safe
 * for a table. */
#include "monitor/declared-internal.h"

#include <ctype.h>
#include <math.h>
#include <string.h>
#include <strings.h>

#include "base/macros.h"

/* Units as they are written behind figures. kB is the kernel's: 1024 (fs/proc/meminfo.c). */
typedef struct WrittenUnit {
        const char *word;
        Unit unit;
        double factor; /* into that unit */
} WrittenUnit;

static const WrittenUnit written_units[] = {
        {"B", UNIT_BYTES, 1},
        {"bytes", UNIT_BYTES, 1},
        {"kB", UNIT_BYTES, 1024},
        {"KB", UNIT_BYTES, 1024},
        {"KiB", UNIT_BYTES, 1024},
        {"MB", UNIT_BYTES, 1e6},
        {"MiB", UNIT_BYTES, 1048576},
        {"GB", UNIT_BYTES, 1e9},
        {"GiB", UNIT_BYTES, 1073741824},
        {"TB", UNIT_BYTES, 1e12},
        {"TiB", UNIT_BYTES, 1099511627776},
        {"ns", UNIT_NS, 1},
        {"us", UNIT_US, 1},
        {"µs", UNIT_US, 1},
        {"ms", UNIT_MS, 1},
        {"s", UNIT_SECONDS, 1},
        {"sec", UNIT_SECONDS, 1},
        {"seconds", UNIT_SECONDS, 1},
        {"%", UNIT_PERCENT, 1},
        {"°C", UNIT_CELSIUS, 1},
        {"C", UNIT_CELSIUS, 1},
        {"W", UNIT_WATTS, 1},
        {"mW", UNIT_WATTS, 1e-3},
        {"V", UNIT_VOLTS, 1},
        {"mV", UNIT_VOLTS, 1e-3},
        {"Hz", UNIT_HERTZ, 1},
        {"kHz", UNIT_HERTZ, 1e3},
        {"MHz", UNIT_HERTZ, 1e6},
        {"GHz", UNIT_HERTZ, 1e9},
        {"RPM", UNIT_RPM, 1},
        {"rpm", UNIT_RPM, 1},
        {"uJ", UNIT_MICROJOULES, 1},
        {"µJ", UNIT_MICROJOULES, 1},
        {"pages", UNIT_PAGES, 1},
};

static bool is_blank(char c)
{
        return c == ' ' || c == '\t' || c == '\r' || c == '\v' || c == '\f' || c == '\n';
}

static void trim(const char **text, size_t *size)
{
        while (*size > 0 && is_blank((*text)[0])) {
                (*text)++;
                (*size)--;
        }
        while (*size > 0 && is_blank((*text)[*size - 1]))
                (*size)--;
}

static bool is_nothing(const char *text, size_t size)
{
        static const char *const words[] = {"-", "--", "n/a", "na", "nan", "none", "null", "unknown"};

        if (size == 0)
                return true;
        for (size_t i = 0; i < ARRAY_LENGTH(words); i++)
                if (strlen(words[i]) == size && strncasecmp(words[i], text, size) == 0)
                        return true;
        return false;
}

static bool parse_hex(const char *text, size_t size, uint64_t *ret)
{
        uint64_t value = 0;

        if (size < 3 || size > 18 || text[0] != '0' || (text[1] != 'x' && text[1] != 'X'))
                return false;
        for (size_t i = 2; i < size; i++) {
                char c = text[i];
                if (!isxdigit((unsigned char)c))
                        return false;
                value = value << 4 | (uint64_t)(c <= '9' ? c - '0' : (c | 0x20) - 'a' + 10);
        }
        *ret = value;
        return true;
}

static bool parse_number(const char *text, size_t size, Figure *ret)
{
        if (size > 0 && text[0] == '+') {
                text++;
                size--;
        }
        if (size == 0 || (text[0] != '-' && !isdigit((unsigned char)text[0]) && text[0] != '.'))
                return false;
        if (parse_u64(text, size, &ret->whole) == 0 || parse_hex(text, size, &ret->whole)) {
                ret->kind = FIGURE_WHOLE;
                return true;
        }
        if (parse_i64(text, size, &ret->below) == 0) {
                ret->kind = ret->below < 0 ? FIGURE_BELOW : FIGURE_WHOLE; /* "-0" */
                ret->whole = 0;
                return true;
        }
        if (parse_double(text, size, &ret->decimal) < 0)
                return false;
        ret->kind = FIGURE_DECIMAL;
        return true;
}

static const WrittenUnit *find_unit(const char *text, size_t size)
{
        for (size_t i = 0; i < ARRAY_LENGTH(written_units); i++)
                if (strlen(written_units[i].word) == size &&
                    memcmp(written_units[i].word, text, size) == 0)
                        return &written_units[i];
        return NULL;
}

double figure_f64(const Figure *figure)
{
        if (figure->kind == FIGURE_WHOLE)
                return (double)figure->whole;
        return figure->kind == FIGURE_BELOW ? (double)figure->below : figure->decimal;
}

/* Whole numbers by whole factors stay whole. */
static void multiply(Figure *figure, double factor)
{
        bool whole = factor >= 1 && factor <= 1e18 && floor(factor) == factor;

        if (factor == 1)
                return;
        if (whole && figure->kind == FIGURE_WHOLE &&
            !__builtin_mul_overflow(figure->whole, (uint64_t)factor, &figure->whole))
                return;
        if (whole && figure->kind == FIGURE_BELOW &&
            !__builtin_mul_overflow(figure->below, (int64_t)factor, &figure->below))
                return;
        if (whole && figure->kind == FIGURE_DECIMAL) {
                double product = figure->decimal * factor;
                /* 1.5 MiB is a whole number of bytes, near enough. */
                if (figure->unit == UNIT_BYTES && product >= 0 && product < 1e18) {
                        figure->kind = FIGURE_WHOLE;
                        figure->whole = (uint64_t)(product + 0.5);
                        return;
                }
        }
        figure->decimal = figure_f64(figure) * factor;
        figure->kind = isfinite(figure->decimal) ? FIGURE_DECIMAL : FIGURE_NULL;
}

static void take_unit(Figure *figure, const WrittenUnit *unit)
{
        figure->unit = unit->unit;
        multiply(figure, unit->factor);
}

/* "45%", "45.5°C", "512MiB": the number is all up to the unit. */
static bool parse_joined(const char *text, size_t size, Figure *ret)
{
        for (size_t cut = size - 1; cut > 0 && size - cut <= 8; cut--) {
                const WrittenUnit *unit = find_unit(text + cut, size - cut);
                if (!unit || !parse_number(text, cut, ret))
                        continue;
                take_unit(ret, unit);
                return true;
        }
        return false;
}

static void unquote(const char **text, size_t *size)
{
        char quote = *size >= 2 ? (*text)[0] : '\0';

        if ((quote == '"' || quote == '\'') && (*text)[*size - 1] == quote) {
                (*text)++;
                *size -= 2;
        }
}

void figure_parse(const char *text, size_t size, Figure *ret)
{
        size_t word = 0;

        trim(&text, &size);
        unquote(&text, &size);
        *ret = (Figure){.kind = FIGURE_NULL, .text = text, .size = size};
        if (is_nothing(text, size))
                return;
        while (word < size && !is_blank(text[word]))
                word++;
        if (parse_number(text, word, ret)) {
                const char *rest = text + word;
                size_t left = size - word;
                trim(&rest, &left);
                const WrittenUnit *unit = left > 0 ? find_unit(rest, left) : NULL;
                if (unit)
                        take_unit(ret, unit);
        } else if (word == 0 || !parse_joined(text, word, ret)) {
                ret->kind = FIGURE_WORDS;
        }
}

/* Seconds of a unit of time; 0: it is none. */
static double seconds_of(Unit unit)
{
        switch (unit) {
        case UNIT_NS:
                return 1e-9;
        case UNIT_US:
                return 1e-6;
        case UNIT_MS:
                return 1e-3;
        case UNIT_SECONDS:
                return 1;
        default:
                return 0;
        }
}

void figure_convert(Figure *figure, Unit to, double scale)
{
        if (figure->kind == FIGURE_NULL || figure->kind == FIGURE_WORDS)
                return;
        double from_seconds = seconds_of(figure->unit), to_seconds = seconds_of(to);
        if (from_seconds > 0 && to_seconds > 0) {
                /* Both are powers of ten; their ratio is rounded to what it is. */
                double ratio = from_seconds / to_seconds;
                multiply(figure, ratio > 1 ? round(ratio) : 1 / round(1 / ratio));
        }
        if (figure->unit == UNIT_PERCENT && to == UNIT_RATIO)
                multiply(figure, 0.01);
        multiply(figure, scale);
}

Unit figure_unit_of_name(const char *name)
{
        static const struct {
                const char *ending;
                Unit unit;
        } more[] = {{"c", UNIT_CELSIUS}, {"hz", UNIT_HERTZ}, {"uj", UNIT_MICROJOULES},
                    {"s", UNIT_SECONDS}, {"pct", UNIT_PERCENT}};
        const char *ending = strrchr(name, '_');
        Unit unit;

        if (declared_unit_of(name, &unit))
                return unit;
        if (!ending || !ending[1])
                return UNIT_NONE;
        if (declared_unit_of(ending + 1, &unit))
                return unit;
        for (size_t i = 0; i < ARRAY_LENGTH(more); i++)
                if (text_equal(ending + 1, more[i].ending))
                        return more[i].unit;
        return UNIT_NONE;
}

/* A capital begins a word after a small letter, or before one. */
static bool begins_word(const char *text, size_t size, size_t i)
{
        unsigned char before = i > 0 ? (unsigned char)text[i - 1] : 0;
        unsigned char after = i + 1 < size ? (unsigned char)text[i + 1] : 0;

        if (!isupper((unsigned char)text[i]) || i == 0)
                return false;
        return islower(before) || ((isupper(before) || isdigit(before)) && islower(after));
}

void declared_safe_name(const char *text, size_t size, char name[DECLARED_NAME_MAX])
{
        size_t n = 0;

        for (size_t i = 0; i < size && n < DECLARED_NAME_MAX - 3; i++) {
                unsigned char c = (unsigned char)text[i];
                bool good = c < 0x80 && isalnum(c);
                if (n == 0 && good && isdigit(c)) {
                        name[n++] = 'n';
                        name[n++] = '_';
                } else if (n > 0 && name[n - 1] != '_' && (!good || begins_word(text, size, i))) {
                        name[n++] = '_';
                }
                if (good)
                        name[n++] = (char)tolower(c);
        }
        while (n > 0 && name[n - 1] == '_')
                n--;
        name[n] = '\0';
        if (n == 0)
                text_copy(name, DECLARED_NAME_MAX, "column");
}
