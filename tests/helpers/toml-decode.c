/* toml-test's decoder: TOML on stdin → tagged JSON on stdout, or a sentence and status 1. */
#include <inttypes.h>
#include <jansson.h>
#include <math.h>
#include <stdio.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "base/text.h"
#include "config/toml.h"

static json_t *tagged(const char *type, const char *value, size_t size)
{
        return json_pack("{s:s, s:s%}", "type", type, "value", value, size);
}

static json_t *decode_float(double number)
{
        char text[64];

        if (isnan(number))
                return tagged("float", "nan", 3);
        if (isinf(number))
                return tagged("float", number < 0 ? "-inf" : "inf", number < 0 ? 4 : 3);
        return tagged("float", text, (size_t)snprintf(text, sizeof text, "%.17g", number));
}

static json_t *decode_time(const TomlValue *value)
{
        static const char *const types[] = {"datetime", "datetime-local", "date-local", "time-local"};
        TomlKind kind = toml_kind(value);
        _cleanup_string_ String s = {0};
        TomlTime t = {0};

        toml_get_time(value, &t);
        if (kind != TOML_LOCAL_TIME)
                string_add_format(&s, "%04u-%02u-%02u", t.year, t.month, t.day);
        if (kind == TOML_OFFSET_DATE_TIME || kind == TOML_LOCAL_DATE_TIME)
                string_add_char(&s, 'T');
        if (kind != TOML_LOCAL_DATE)
                string_add_format(&s, "%02u:%02u:%02u.%09u", t.hour, t.minute, t.second, t.nanosecond);
        if (kind == TOML_OFFSET_DATE_TIME) {
                unsigned offset = (unsigned)abs(t.offset_minutes);
                string_add_format(&s, "%c%02u:%02u", t.offset_minutes < 0 ? '-' : '+', offset / 60,
                                  offset % 60);
        }
        return tagged(types[kind - TOML_OFFSET_DATE_TIME], string_get(&s), s.size);
}

static json_t *decode(const TomlValue *value);

static json_t *decode_container(const TomlValue *value)
{
        bool table = toml_kind(value) == TOML_TABLE;
        json_t *json = table ? json_object() : json_array();

        for (const TomlValue *v = toml_first(value); v; v = toml_next(v)) {
                TomlText key = toml_key(v);
                if (table)
                        json_object_setn_new(json, key.bytes, key.size, decode(v));
                else
                        json_array_append_new(json, decode(v));
        }
        return json;
}

static json_t *decode(const TomlValue *value)
{
        TomlText text;
        int64_t integer;
        double number;
        bool boolean;
        char digits[32];

        if (toml_get_string(value, &text))
                return tagged("string", text.bytes, text.size);
        if (toml_get_integer(value, &integer))
                return tagged("integer", digits,
                              (size_t)snprintf(digits, sizeof digits, "%" PRId64, integer));
        if (toml_get_float(value, &number))
                return decode_float(number);
        if (toml_get_bool(value, &boolean))
                return tagged("bool", boolean ? "true" : "false", boolean ? 4 : 5);
        if (toml_kind(value) == TOML_TABLE || toml_kind(value) == TOML_ARRAY)
                return decode_container(value);
        return decode_time(value);
}

int main(void)
{
        _cleanup_(toml_document_freep) TomlDocument *document = NULL;
        Buffer text = {0};
        Error err = {0};
        int rc = file_read_all(STDIN_FILENO, &text, TOML_BYTES_MAX);

        if (rc == 0)
                rc = toml_parse(text.data ? (const char *)text.data : "", text.size, "stdin", &document,
                                &err);
        buffer_done(&text);
        if (rc < 0) {
                fprintf(stderr, "%s\n", err.message);
                return 1;
        }
        json_t *json = decode(toml_document_root(document));
        rc = json_dumpf(json, stdout, JSON_INDENT(2));
        json_decref(json);
        return rc < 0 ? 2 : 0;
}
