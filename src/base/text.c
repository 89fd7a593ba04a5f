/* Strict parsing and the growable string. How figures look is in text-format.c. */
#include "base/text.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int parse_u64(const char *text, size_t size, uint64_t *ret)
{
        uint64_t value = 0;

        if (size == 0)
                return -EINVAL;
        for (size_t i = 0; i < size; i++) {
                if (text[i] < '0' || text[i] > '9')
                        return -EINVAL;
                if (__builtin_mul_overflow(value, 10u, &value) ||
                    __builtin_add_overflow(value, (uint64_t)(text[i] - '0'), &value))
                        return -ERANGE;
        }
        *ret = value;
        return 0;
}

int parse_i64(const char *text, size_t size, int64_t *ret)
{
        bool negative = size > 0 && text[0] == '-';
        uint64_t value;
        int r = parse_u64(text + negative, size - negative, &value);

        if (r < 0)
                return r;
        if (value > (uint64_t)INT64_MAX + negative)
                return -ERANGE;
        *ret = negative ? (int64_t)(0 - value) : (int64_t)value;
        return 0;
}

int parse_u64z(const char *text, uint64_t *ret)
{
        return parse_u64(text, strlen(text), ret);
}

/* Checks the shape here and leaves the rounding to strtod, which is exact; the C locale is
 * never changed in vigia, so '.' is the point. */
int parse_double(const char *text, size_t size, double *ret)
{
        char copy[64];
        size_t i = 0, digits = 0;

        if (size == 0 || size >= sizeof copy)
                return -EINVAL;
        memcpy(copy, text, size);
        copy[size] = '\0';
        if (copy[i] == '-' || copy[i] == '+')
                i++;
        for (; copy[i] >= '0' && copy[i] <= '9'; i++)
                digits++;
        if (copy[i] == '.')
                for (i++; copy[i] >= '0' && copy[i] <= '9'; i++)
                        digits++;
        if (digits == 0)
                return -EINVAL;
        if (copy[i] == 'e' || copy[i] == 'E') {
                size_t exponent = 0;
                i++;
                if (copy[i] == '-' || copy[i] == '+')
                        i++;
                for (; copy[i] >= '0' && copy[i] <= '9'; i++)
                        exponent++;
                if (exponent == 0)
                        return -EINVAL;
        }
        if (i != size)
                return -EINVAL;
        errno = 0;
        double value = strtod(copy, NULL);
        if (errno == ERANGE && (value > 1 || value < -1))
                return -ERANGE;
        *ret = value;
        return 0;
}

int parse_doublez(const char *text, double *ret)
{
        return parse_double(text, strlen(text), ret);
}

static double unit_seconds(const char *unit, size_t size)
{
        static const struct {
                const char *name;
                double seconds;
        } units[] = {{"ns", 1e-9}, {"us", 1e-6}, {"ms", 1e-3},    {"s", 1},         {"sec", 1},
                     {"m", 60},    {"min", 60},  {"h", 3600},     {"d", 86400},     {"w", 604800}};

        for (size_t i = 0; i < ARRAY_LENGTH(units); i++)
                if (strlen(units[i].name) == size && memcmp(units[i].name, unit, size) == 0)
                        return units[i].seconds;
        return 0;
}

int parse_duration(const char *text, uint64_t *ret_ns)
{
        double total = 0;
        size_t parts = 0;

        for (const char *p = text; *p;) {
                size_t number = strspn(p, "0123456789.");
                size_t unit = strspn(p + number, "abcdefghijklmnopqrstuvwxyz");
                double value, scale = 1;
                if (number == 0 || parse_double(p, number, &value) < 0)
                        return -EINVAL;
                if (unit > 0)
                        scale = unit_seconds(p + number, unit);
                else if (parts > 0 || p[number] != '\0')
                        return -EINVAL;
                if (scale == 0)
                        return -EINVAL;
                total += value * scale;
                parts++;
                p += number + unit;
        }
        if (parts == 0)
                return -EINVAL;
        if (total > 9e9)
                return -ERANGE;
        *ret_ns = (uint64_t)(total * 1e9 + 0.5);
        return 0;
}

static double unit_bytes(const char *unit)
{
        static const char letters[] = "KMGT";
        double factor = 1;

        if (*unit == '\0' || text_equal(unit, "B"))
                return 1;
        const char *letter = strchr(letters, *unit == 'k' ? 'K' : *unit);
        bool decimal = text_equal(unit + 1, "B");
        if (!letter || (unit[1] && !decimal && !text_equal(unit + 1, "iB")))
                return 0;
        for (const char *l = letters; l <= letter; l++)
                factor *= decimal ? 1000 : 1024;
        return factor;
}

int parse_bytes(const char *text, uint64_t *ret)
{
        size_t number = strspn(text, "0123456789."), blanks = strspn(text + number, " ");
        double factor = unit_bytes(text + number + blanks), value;

        if (factor == 0 || (blanks > 0 && !text[number + blanks]))
                return -EINVAL;
        if (factor == 1 && !memchr(text, '.', number))
                return parse_u64(text, number, ret);
        int r = parse_double(text, number, &value);
        if (r < 0)
                return r;
        if (value * factor >= 0x1p63)
                return -ERANGE;
        *ret = (uint64_t)(value * factor + 0.5);
        return 0;
}

int scan_u64(const char **text, const char *end, uint64_t *ret)
{
        const char *p = *text;

        while (p < end && (*p == ' ' || *p == '\t'))
                p++;
        const char *first = p;
        while (p < end && *p >= '0' && *p <= '9')
                p++;
        int r = parse_u64(first, (size_t)(p - first), ret);
        if (r == 0)
                *text = p;
        return r;
}

bool text_equal(const char *a, const char *b)
{
        return strcmp(a, b) == 0;
}

bool text_starts_with(const char *text, const char *prefix)
{
        return strncmp(text, prefix, strlen(prefix)) == 0;
}

bool text_ends_with(const char *text, const char *suffix)
{
        size_t n = strlen(text), m = strlen(suffix);

        return n >= m && memcmp(text + n - m, suffix, m) == 0;
}

bool text_copy(char *to, size_t size, const char *from)
{
        size_t n = strnlen(from, size);
        bool whole = n < size;

        if (size == 0)
                return false;
        n = MIN(n, size - 1);
        memcpy(to, from, n);
        to[n] = '\0';
        return whole;
}

void string_done(String *s)
{
        free(s->text);
        *s = (String){0};
}

void string_clear(String *s)
{
        s->size = 0;
        s->failed = false;
        if (s->text)
                s->text[0] = '\0';
}

const char *string_get(const String *s)
{
        return s->text ? s->text : "";
}

char *string_take(String *s)
{
        if (!s->text && !s->failed)
                string_add_bytes(s, "", 0);
        char *text = s->failed ? NULL : TAKE(s->text);
        string_done(s);
        return text;
}

static bool string_reserve(String *s, size_t more)
{
        if (s->failed)
                return false;
        if (more < s->capacity - s->size)
                return true;
        size_t capacity = MAX(s->capacity, (size_t)32);
        while (capacity - s->size <= more)
                capacity *= 2;
        char *text = realloc(s->text, capacity);
        if (!text) {
                s->failed = true;
                return false;
        }
        s->text = text;
        s->capacity = capacity;
        return true;
}

void string_add_bytes(String *s, const char *text, size_t size)
{
        if (!string_reserve(s, size))
                return;
        if (size > 0)
                memcpy(s->text + s->size, text, size);
        s->size += size;
        s->text[s->size] = '\0';
}

void string_add(String *s, const char *text)
{
        string_add_bytes(s, text, strlen(text));
}

void string_add_char(String *s, char c)
{
        string_add_bytes(s, &c, 1);
}

void string_add_format(String *s, const char *format, ...)
{
        va_list args, again;

        va_start(args, format);
        va_copy(again, args);
        int n = vsnprintf(NULL, 0, format, args);
        va_end(args);
        if (n >= 0 && string_reserve(s, (size_t)n)) {
                vsnprintf(s->text + s->size, (size_t)n + 1, format, again);
                s->size += (size_t)n;
        }
        va_end(again);
}
