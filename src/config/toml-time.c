/* Dates and times (RFC 3339 and its local parts), checked against the calendar. */
#include <errno.h>
#include <string.h>

#include "config/toml-internal.h"

typedef struct Word {
        TomlScan *s;
        const char *at, *end;
} Word;

static int wrong(const Word *w, const char *at, const char *what)
{
        TomlPlace place = w->s->place;

        place.column += (uint32_t)(at - w->s->at);
        return toml_wrong(w->s, EINVAL, place, "%s", what);
}

static bool is_digit(char c)
{
        return c >= '0' && c <= '9';
}

static size_t count_digits(const char *at, const char *end)
{
        size_t n = 0;

        while (at + n < end && is_digit(at[n]))
                n++;
        return n;
}

bool toml_is_time(const char *word, size_t size)
{
        size_t n = count_digits(word, word + size);

        return n > 0 && n < size && (word[n] == ':' || word[n] == '-');
}

/* Exactly so many digits, within bounds. */
static int take(Word *w, size_t digits, unsigned min, unsigned max, const char *what, unsigned *ret)
{
        const char *begin = w->at;
        unsigned value = 0;

        if (count_digits(w->at, w->end) != digits)
                return wrong(w, begin, what);
        for (; digits > 0; digits--)
                value = value * 10 + (unsigned)(*w->at++ - '0');
        if (value < min || value > max)
                return wrong(w, begin, what);
        *ret = value;
        return 0;
}

static int take_mark(Word *w, char mark, const char *what)
{
        if (w->at == w->end || *w->at != mark)
                return wrong(w, w->at, what);
        w->at++;
        return 0;
}

static unsigned days_of(unsigned year, unsigned month)
{
        static const uint8_t days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
        bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;

        return days[month - 1] + (month == 2 && leap);
}

static int scan_date(Word *w, TomlTime *t)
{
        static const char mark[] = "incomplete date; expected it like 2026-03-31";
        unsigned year = 0, month = 0, day = 0;
        int rc = take(w, 4, 0, 9999, "wrong year; expected four digits", &year);

        if (rc == 0)
                rc = take_mark(w, '-', mark);
        if (rc == 0)
                rc = take(w, 2, 1, 12, "wrong month; expected 01 to 12", &month);
        if (rc == 0)
                rc = take_mark(w, '-', mark);
        if (rc == 0)
                rc = take(w, 2, 1, days_of(year, month),
                          "wrong day; expected two digits, and a day that this month has", &day);
        if (rc < 0)
                return rc;
        t->year = (uint16_t)year;
        t->month = (uint8_t)month;
        t->day = (uint8_t)day;
        return 0;
}

static int scan_fraction(Word *w, TomlTime *t)
{
        uint32_t unit = 100000000;

        if (w->at == w->end || *w->at != '.')
                return 0;
        w->at++;
        if (w->at == w->end || !is_digit(*w->at))
                return wrong(w, w->at, "no fraction of a second; expected a digit");
        for (; w->at < w->end && is_digit(*w->at); w->at++, unit /= 10)
                t->nanosecond += unit * (uint32_t)(*w->at - '0');
        return 0;
}

static int scan_clock(Word *w, TomlTime *t)
{
        static const char mark[] = "incomplete time; expected it like 07:32:00";
        unsigned hour = 0, minute = 0, second = 0;
        int rc = take(w, 2, 0, 23, "wrong hour; expected 00 to 23", &hour);

        if (rc == 0)
                rc = take_mark(w, ':', mark);
        if (rc == 0)
                rc = take(w, 2, 0, 59, "wrong minute; expected 00 to 59", &minute);
        if (rc == 0)
                rc = take_mark(w, ':', mark);
        if (rc == 0)
                rc = take(w, 2, 0, 60, "wrong second; expected 00 to 60", &second);
        if (rc < 0)
                return rc;
        t->hour = (uint8_t)hour;
        t->minute = (uint8_t)minute;
        t->second = (uint8_t)second;
        return scan_fraction(w, t);
}

static int scan_offset(Word *w, TomlTime *t)
{
        bool west = *w->at == '-';
        unsigned hour = 0, minute = 0;

        if (*w->at == 'Z' || *w->at == 'z') {
                w->at++;
                return 0;
        }
        if (*w->at != '+' && *w->at != '-')
                return wrong(w, w->at, "unexpected text behind a time; expected Z, + or -");
        w->at++;
        int rc = take(w, 2, 0, 23, "wrong hour of the offset; expected 00 to 23", &hour);
        if (rc == 0)
                rc = take_mark(w, ':', "incomplete offset; expected it like +02:00");
        if (rc == 0)
                rc = take(w, 2, 0, 59, "wrong minute of the offset; expected 00 to 59", &minute);
        if (rc < 0)
                return rc;
        t->offset_minutes = (int16_t)(hour * 60 + minute);
        if (west)
                t->offset_minutes = (int16_t)-t->offset_minutes;
        return 0;
}

int toml_scan_time(TomlScan *s, size_t size, TomlValue *value)
{
        Word w = {s, s->at, s->at + size};
        TomlTime t = {0};
        bool has_date = s->at[count_digits(s->at, w.end)] == '-';
        int rc = 0;

        value->kind = TOML_LOCAL_TIME;
        if (has_date) {
                value->kind = TOML_LOCAL_DATE;
                rc = scan_date(&w, &t);
                if (rc == 0 && w.at < w.end) {
                        if (*w.at != 'T' && *w.at != 't' && *w.at != ' ')
                                return wrong(&w, w.at, "unexpected text behind a date; expected T");
                        w.at++;
                        value->kind = TOML_LOCAL_DATE_TIME;
                }
        }
        if (rc == 0 && value->kind != TOML_LOCAL_DATE)
                rc = scan_clock(&w, &t);
        if (rc == 0 && w.at < w.end && value->kind == TOML_LOCAL_DATE_TIME) {
                value->kind = TOML_OFFSET_DATE_TIME;
                rc = scan_offset(&w, &t);
        }
        if (rc < 0)
                return rc;
        if (w.at < w.end)
                return wrong(&w, w.at, "unexpected text behind a time; expected its end");
        value->time = t;
        return 0;
}
