/* A switch over kinds each way, and no other. */
#include "base/json-fields.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "base/macros.h"

/* ---- writing ---- */

static void add_field(Json *j, const JsonField *f, const void *from, size_t text_max)
{
        const char *at = (const char *)from + f->offset, *text;
        char digits[24];

        switch (f->kind) {
        case JSON_TEXT:
                text = *(char *const *)at;
                if (text)
                        json_add_bytes(j, f->key, text, strnlen(text, text_max));
                else
                        json_add_null(j, f->key);
                break;
        case JSON_TEXTS:
                json_add_texts(j, f->key, *(const char *const *const *)at);
                break;
        case JSON_U64:
                json_add_u64(j, f->key, *(const uint64_t *)at);
                break;
        case JSON_SEED:
                snprintf(digits, sizeof digits, "%llu", (unsigned long long)*(const uint64_t *)at);
                json_add_text(j, f->key, digits);
                break;
        case JSON_I64:
                json_add_u64(j, f->key, (uint64_t)*(const int64_t *)at);
                break;
        case JSON_INT:
                json_add_u64(j, f->key, *(const int *)at < 0 ? UINT64_MAX : (uint64_t)*(const int *)at);
                break;
        case JSON_UNSIGNED:
                json_add_u64(j, f->key, *(const unsigned *)at);
                break;
        case JSON_BOOL:
                json_add_bool(j, f->key, *(const bool *)at);
                break;
        case JSON_WORD:
                json_add_text(j, f->key, f->words[*(const unsigned *)at]);
                break;
        }
}

void json_add_fields(Json *j, const JsonField *fields, size_t n, const void *from, size_t text_max)
{
        const char *group = NULL;

        for (size_t i = 0; i < n; i++) {
                bool same = text_equal(fields[i].group ? fields[i].group : "", group ? group : "");
                if (!same && group)
                        json_close(j);
                if (!same && fields[i].group)
                        json_open_object(j, fields[i].group, JSON_LINES);
                group = fields[i].group;
                add_field(j, &fields[i], from, text_max);
        }
        if (group)
                json_close(j);
}

/* ---- reading ---- */

int json_expected(const JsonReader *r, const char *key, const char *expected)
{
        return error_set(r->err, EBADMSG, "%s: \"%s\": expected %s", r->shown, key, expected);
}

int json_out_of_memory(const JsonReader *r)
{
        return error_set(r->err, ENOMEM, "out of memory");
}

int json_read_text(const JsonReader *r, const char *key, const json_t *value, char **ret)
{
        if (!json_is_string(value) || json_string_length(value) > r->text_max)
                return json_expected(r, key, "a text or null");
        free(*ret);
        *ret = strdup(json_string_value(value));
        return *ret ? 0 : json_out_of_memory(r);
}

int json_read_texts(const JsonReader *r, const char *key, const json_t *value, char ***ret)
{
        size_t n = json_array_size(value);
        int e = 0;

        if (!value || json_is_null(value))
                return 0;
        if (!json_is_array(value) || n > r->texts_max || *ret)
                return json_expected(r, key, "a list of texts, or null");
        *ret = calloc(n + 1, sizeof **ret);
        if (!*ret)
                return json_out_of_memory(r);
        for (size_t i = 0; i < n && e == 0; i++)
                e = json_read_text(r, key, json_array_get(value, i), &(*ret)[i]);
        return e;
}

int json_read_number(const JsonReader *r, const char *key, const json_t *value, uint64_t max, uint64_t *ret)
{
        json_int_t n = json_integer_value(value);

        if (!json_is_integer(value) || n < 0 || (uint64_t)n > max)
                return json_expected(r, key, "a whole number that fits, or null");
        *ret = (uint64_t)n;
        return 0;
}

static int read_word(const JsonReader *r, const JsonField *f, const json_t *value, unsigned *ret)
{
        const char *text = json_string_value(value);

        for (unsigned i = 0; text && f->words[i]; i++)
                if (text_equal(f->words[i], text)) {
                        *ret = i;
                        return 0;
                }
        return json_expected(r, f->key, "one of the words of docs/run-format.md");
}

static int read_bool(const JsonReader *r, const JsonField *f, const json_t *value, bool *ret)
{
        if (!json_is_boolean(value))
                return json_expected(r, f->key, "true or false");
        *ret = json_is_true(value);
        return 0;
}

static int read_seed(const JsonReader *r, const JsonField *f, const json_t *value, uint64_t *ret)
{
        if (!json_is_string(value) || parse_u64z(json_string_value(value), ret) < 0)
                return json_expected(r, f->key, "a number as a text");
        return 0;
}

static int read_field(const JsonReader *r, const JsonField *f, const json_t *value, void *to)
{
        char *at = (char *)to + f->offset;
        uint64_t n = 0;
        int e = 0;

        if (!value || json_is_null(value))
                return 0; /* stays unknown */
        switch (f->kind) {
        case JSON_TEXT:
                return json_read_text(r, f->key, value, (char **)at);
        case JSON_TEXTS:
                return json_read_texts(r, f->key, value, (char ***)at);
        case JSON_WORD:
                return read_word(r, f, value, (unsigned *)at);
        case JSON_BOOL:
                return read_bool(r, f, value, (bool *)at);
        case JSON_SEED:
                return read_seed(r, f, value, (uint64_t *)at);
        case JSON_U64:
        case JSON_I64:
                e = json_read_number(r, f->key, value, INT64_MAX, &n);
                if (e == 0)
                        memcpy(at, &n, sizeof n);
                return e;
        case JSON_INT:
        case JSON_UNSIGNED:
                e = json_read_number(r, f->key, value, INT_MAX, &n);
                if (e == 0)
                        *(unsigned *)at = (unsigned)n;
                return e;
        }
        return 0;
}

int json_read_fields(const JsonReader *r, const JsonField *fields, size_t n, const json_t *from, void *to)
{
        int e = 0;

        for (size_t i = 0; i < n && e == 0; i++) {
                const json_t *in = fields[i].group ? json_object_get(from, fields[i].group) : from;
                if (in && !json_is_object(in) && !json_is_null(in))
                        return json_expected(r, fields[i].group ? fields[i].group : fields[i].key, "an object");
                e = read_field(r, &fields[i], json_object_get(in, fields[i].key), to);
        }
        return e;
}

static int check_format(const JsonReader *r, const json_t *root, int newest, int *ret)
{
        const json_t *format = json_object_get(root, "format");

        if (!json_is_object(root))
                return error_set(r->err, EBADMSG, "%s:1:1: expected an object: { … }", r->shown);
        if (!json_is_integer(format) || json_integer_value(format) < 1)
                return json_expected(r, "format", "the format's number");
        if (json_integer_value(format) > newest)
                return error_set(r->err, EOPNOTSUPP, "%s: format %lld is newer than what this vigia reads (%d)",
                                 r->shown, (long long)json_integer_value(format), newest);
        *ret = (int)json_integer_value(format);
        return 0;
}

int json_read_document(const JsonReader *r, const char *text, size_t size, int newest, json_t **ret, int *ret_format)
{
        json_error_t where;
        json_t *root = json_loadb(text, size, JSON_REJECT_DUPLICATES, &where);

        if (!root)
                return error_set(r->err, EBADMSG, "%s:%d:%d: %s", r->shown, MAX(where.line, 1), MAX(where.column, 1),
                                 where.text);
        int e = check_format(r, root, newest, ret_format);
        if (e < 0)
                json_decref(root);
        else
                *ret = root;
        return e;
}
