/* Integers and floats of one word, checked by hand before they are computed. */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "config/toml-internal.h"

typedef struct Word {
        TomlScan *s;
        const char *at, *end;
} Word;

static int wrong(const Word *w, const char *what)
{
        TomlPlace place = w->s->place;

        place.column += (uint32_t)(w->at - w->s->at);
        return toml_wrong(w->s, EINVAL, place, "%s", what);
}

static int digit_value(int c)
{
        return c >= '0' && c <= '9'   ? c - '0'
               : c >= 'a' && c <= 'f' ? c - 'a' + 10
               : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                      : 99;
}

/* At least one digit, single underscores between digits; the digits go to s->text. */
static int take_digits(Word *w, int base)
{
        for (bool first = true;; first = false) {
                if (w->at == w->end || digit_value(*w->at) >= base)
                        return wrong(w, first ? "no number; expected a digit"
                                              : "underscore without a digit behind; expected a digit");
                for (; w->at < w->end && digit_value(*w->at) < base; w->at++)
                        if (buffer_append_byte(&w->s->text, (uint8_t)*w->at) < 0)
                                return toml_out_of_memory(w->s);
                if (w->at == w->end || *w->at != '_')
                        return 0;
                w->at++;
        }
}

/* The digits in s->text; a negative number has one value more. */
static int set_integer(TomlScan *s, int base, bool negative, TomlValue *value)
{
        uint64_t n = 0, limit = (uint64_t)INT64_MAX + negative;

        for (size_t i = 0; i < s->text.size; i++) {
                uint64_t digit = (uint64_t)digit_value(s->text.data[i]);
                if (n > (limit - digit) / (uint64_t)base)
                        return toml_wrong(s, EINVAL, s->place,
                                          "integer out of range; expected at most 64 bits with sign");
                n = n * (uint64_t)base + digit;
        }
        value->kind = TOML_INTEGER;
        value->integer = negative ? (int64_t)(0 - n) : (int64_t)n;
        return 0;
}

static int add_byte(TomlScan *s, char c)
{
        return buffer_append_byte(&s->text, (uint8_t)c) < 0 ? toml_out_of_memory(s) : 0;
}

/* Fraction and exponent behind the whole part in s->text. */
static int scan_float(Word *w, bool negative, TomlValue *value)
{
        TomlScan *s = w->s;
        int rc = 0;

        if (*w->at == '.') {
                rc = add_byte(s, *w->at++);
                if (rc == 0)
                        rc = take_digits(w, 10);
        }
        if (rc == 0 && w->at < w->end && (*w->at == 'e' || *w->at == 'E')) {
                rc = add_byte(s, *w->at++);
                if (rc == 0 && w->at < w->end && (*w->at == '+' || *w->at == '-'))
                        rc = add_byte(s, *w->at++);
                if (rc == 0)
                        rc = take_digits(w, 10);
        }
        if (rc == 0 && w->at < w->end)
                return wrong(w, "unexpected text in a number; expected its end");
        if (rc == 0)
                rc = add_byte(s, '\0');
        if (rc < 0)
                return rc;
        double number = strtod((const char *)s->text.data, NULL);
        if (isinf(number))
                return toml_wrong(s, EINVAL, s->place, "float out of range; expected at most 1.8e308");
        value->kind = TOML_FLOAT;
        value->number = negative ? -number : number;
        return 0;
}

static int scan_prefixed(Word *w, bool sign, TomlValue *value)
{
        int base = w->at[1] == 'x' ? 16 : w->at[1] == 'o' ? 8 : 2, rc;

        if (sign)
                return wrong(w, "sign before 0x, 0o or 0b; expected none");
        w->at += 2;
        rc = take_digits(w, base);
        if (rc < 0)
                return rc;
        if (w->at < w->end)
                return wrong(w, base == 16  ? "unexpected text in a number; expected hexadecimal digits"
                                : base == 8 ? "unexpected text in a number; expected octal digits"
                                            : "unexpected text in a number; expected binary digits");
        return set_integer(w->s, base, false, value);
}

int toml_scan_number(TomlScan *s, size_t size, TomlValue *value)
{
        Word w = {s, s->at, s->at + size};
        bool sign = *w.at == '+' || *w.at == '-', negative = *w.at == '-';

        buffer_clear(&s->text);
        w.at += sign;
        size_t left = (size_t)(w.end - w.at);
        if (left == 3 && (memcmp(w.at, "inf", 3) == 0 || memcmp(w.at, "nan", 3) == 0)) {
                value->kind = TOML_FLOAT;
                value->number = *w.at == 'i' ? INFINITY : NAN;
                if (negative)
                        value->number = -value->number;
                return 0;
        }
        if (left >= 2 && w.at[0] == '0' && (w.at[1] == 'x' || w.at[1] == 'o' || w.at[1] == 'b'))
                return scan_prefixed(&w, sign, value);
        const char *whole = w.at;
        int rc = take_digits(&w, 10);
        if (rc < 0)
                return rc;
        if (*whole == '0' && s->text.size > 1) {
                w.at = whole;
                return wrong(&w, "number with a leading zero; expected none");
        }
        if (w.at == w.end)
                return set_integer(s, 10, negative, value);
        if (*w.at != '.' && *w.at != 'e' && *w.at != 'E')
                return wrong(&w, "unexpected text in a number; expected its end");
        return scan_float(&w, negative, value);
}
