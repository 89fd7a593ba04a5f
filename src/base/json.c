/* Commas and line ends are put before a member, when it is known that there is one. */
#include "base/json.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/macros.h"

static void break_line(Json *j)
{
        string_add_char(j->out, '\n');
        for (unsigned i = 0; i < j->depth; i++)
                string_add(j->out, "  ");
}

static bool in_lines(const Json *j)
{
        return j->depth > 0 && (j->lines >> j->depth & 1);
}

static void begin(Json *j, const char *key)
{
        if (j->filled)
                string_add_char(j->out, ',');
        if (in_lines(j))
                break_line(j);
        else if (j->filled && !j->compact)
                string_add_char(j->out, ' ');
        if (key) {
                string_add_char(j->out, '"');
                string_add(j->out, key);
                string_add(j->out, j->compact ? "\":" : "\": ");
        }
        j->filled = true;
}

static void open_container(Json *j, const char *key, bool array, JsonLayout layout)
{
        bool lines = layout == JSON_LINES && (j->depth == 0 || in_lines(j));

        begin(j, key);
        string_add_char(j->out, array ? '[' : '{');
        if (j->depth < JSON_DEPTH)
                j->depth++;
        else
                j->out->failed = true;
        uint64_t bit = 1ull << j->depth;
        j->arrays = array ? j->arrays | bit : j->arrays & ~bit;
        j->lines = lines ? j->lines | bit : j->lines & ~bit;
        j->filled = false;
}

void json_open_object(Json *j, const char *key, JsonLayout layout)
{
        open_container(j, key, false, layout);
}

void json_open_array(Json *j, const char *key, JsonLayout layout)
{
        open_container(j, key, true, layout);
}

void json_close(Json *j)
{
        bool array = j->arrays >> j->depth & 1, lines = in_lines(j) && j->filled;

        j->depth--;
        if (lines)
                break_line(j);
        string_add_char(j->out, array ? ']' : '}');
        j->filled = true;
}

void json_add_null(Json *j, const char *key)
{
        begin(j, key);
        string_add(j->out, "null");
}

void json_add_bool(Json *j, const char *key, bool value)
{
        begin(j, key);
        string_add(j->out, value ? "true" : "false");
}

void json_add_bytes(Json *j, const char *key, const char *text, size_t size)
{
        begin(j, key);
        string_add_char(j->out, '"');
        string_add_json(j->out, text, size);
        string_add_char(j->out, '"');
}

void json_add_text(Json *j, const char *key, const char *text)
{
        if (text)
                json_add_bytes(j, key, text, strlen(text));
        else
                json_add_null(j, key);
}

/* Digit by digit: there are millions of numbers in a trace. */
static void add_digits(String *out, uint64_t value)
{
        char digits[20];
        size_t at = sizeof digits;

        do {
                digits[--at] = (char)('0' + value % 10);
                value /= 10;
        } while (value > 0);
        string_add_bytes(out, digits + at, sizeof digits - at);
}

void json_add_u64(Json *j, const char *key, uint64_t value)
{
        if (value > INT64_MAX) {
                json_add_null(j, key);
                return;
        }
        begin(j, key);
        add_digits(j->out, value);
}

void json_add_i64(Json *j, const char *key, int64_t value)
{
        begin(j, key);
        if (value < 0)
                string_add_char(j->out, '-');
        add_digits(j->out, value < 0 ? -(uint64_t)value : (uint64_t)value);
}

void json_add_fixed(Json *j, const char *key, double value, unsigned decimals)
{
        char digits[400];

        if (!isfinite(value)) {
                json_add_null(j, key);
                return;
        }
        begin(j, key);
        snprintf(digits, sizeof digits, "%.*f", (int)MIN(decimals, 17u), value);
        size_t n = strlen(digits);
        while (decimals > 0 && n > 2 && digits[n - 1] == '0' && digits[n - 2] != '.')
                digits[--n] = '\0';
        string_add(j->out, digits);
}

void json_add_number(Json *j, const char *key, double value, unsigned digits)
{
        char text[64];

        if (!isfinite(value)) {
                json_add_null(j, key);
                return;
        }
        begin(j, key);
        snprintf(text, sizeof text, "%.*g", (int)MIN(digits, 17u), value);
        string_add(j->out, text);
}

void json_add_texts(Json *j, const char *key, const char *const *texts)
{
        if (!texts) {
                json_add_null(j, key);
                return;
        }
        json_open_array(j, key, JSON_ONE_LINE);
        for (; *texts; texts++)
                json_add_text(j, NULL, *texts);
        json_close(j);
}
