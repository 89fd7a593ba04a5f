/* Written from docs/page-data.md, without a look at page-sections.c. */
#include "report/page-decode.h"

#include <errno.h>
#include <math.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

int page_decode_base64(const char *text, size_t size, Buffer *to)
{
        static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

        if (size % 4 != 0 || buffer_reserve(to, size / 4 * 3 + 3) < 0)
                return -EBADMSG;
        for (size_t i = 0; i < size; i += 4) {
                uint32_t bits = 0;
                size_t n = 3;
                for (size_t k = 0; k < 4; k++) {
                        const char *at = text[i + k] ? strchr(digits, text[i + k]) : NULL;
                        if (text[i + k] == '=' && i + 4 == size && k >= 2)
                                n = MIN(n, k - 1);
                        else if (!at)
                                return -EBADMSG;
                        bits = bits << 6 | (at ? (uint32_t)(at - digits) : 0);
                }
                for (size_t k = 0; k < n; k++)
                        to->data[to->size++] = (uint8_t)(bits >> (16 - 8 * k));
        }
        return 0;
}

static long long number_of(const json_t *section, const char *key)
{
        return json_integer_value(json_object_get(section, key));
}

static const char *word_of(const json_t *section, const char *key)
{
        const char *text = json_string_value(json_object_get(section, key));

        return text ? text : "";
}

/* The bytes of a section, inflated. */
static int bytes_of(const json_t *section, const Buffer *data, Buffer *to)
{
        size_t offset = (size_t)number_of(section, "offset"), size = (size_t)number_of(section, "size");

        if (offset > data->size || size > data->size - offset)
                return -EBADMSG;
        if (strcmp(word_of(section, "codec"), "deflate") != 0)
                return size > 0 ? buffer_append(to, data->data + offset, size) : 0;
        for (uLongf room = size * 8 + 4096;; room *= 4) {
                uLongf n = room;
                if (buffer_reserve(to, room) < 0)
                        return -ENOMEM;
                int r = uncompress(to->data, &n, data->data + offset, size);
                if (r == Z_OK) {
                        to->size = n;
                        return 0;
                }
                if (r != Z_BUF_ERROR || room > 1u << 30)
                        return -EBADMSG;
        }
}

static double one_of(const char *type, const uint8_t *at)
{
        uint64_t bits = 0;
        double value;
        size_t width = strcmp(type, "u8") == 0 ? 1 : strcmp(type, "u16") == 0 ? 2 : strcmp(type, "f64") == 0 ? 8 : 4;

        for (size_t i = 0; i < width; i++)
                bits |= (uint64_t)at[i] << 8 * i;
        if (strcmp(type, "f64") == 0) {
                memcpy(&value, &bits, sizeof value);
                return value;
        }
        if (strcmp(type, "i32") == 0)
                return bits == 0x80000000 ? NAN : (double)(int32_t)(uint32_t)bits;
        if ((width == 2 && bits == UINT16_MAX) || (width == 4 && bits == UINT32_MAX))
                return NAN;
        return (double)bits;
}

double *page_decode_numbers(const json_t *page, const Buffer *data, size_t i, size_t *ret_n)
{
        const json_t *section = json_array_get(json_object_get(page, "sections"), i);
        const char *type = word_of(section, "type");
        size_t n = (size_t)number_of(section, "count"), width = type[0] == 'f' ? 8 : type[1] == '8' ? 1 : type[1] == '1' ? 2 : 4;
        double scale = json_number_value(json_object_get(section, "scale")), sum = 0, *values = calloc(n + 1, sizeof *values);
        bool delta = json_is_true(json_object_get(section, "delta"));
        Buffer bytes = {0};

        if (!section || !values || strcmp(type, "text") == 0 || bytes_of(section, data, &bytes) < 0 || bytes.size != n * width) {
                free(values);
                buffer_done(&bytes);
                return NULL;
        }
        for (size_t k = 0; k < n; k++) {
                double value = one_of(type, bytes.data + k * width);
                if (delta && !isnan(value))
                        value = sum += value;
                values[k] = value * scale;
        }
        buffer_done(&bytes);
        *ret_n = n;
        return values;
}

void page_decode_texts_free(char **texts)
{
        for (size_t i = 0; texts && texts[i]; i++)
                free(texts[i]);
        free(texts);
}

char **page_decode_texts(const json_t *page, const Buffer *data, size_t i, size_t *ret_n)
{
        const json_t *section = json_array_get(json_object_get(page, "sections"), i);
        size_t n = (size_t)number_of(section, "count"), at = 0;
        char **texts = calloc(n + 1, sizeof *texts);
        Buffer bytes = {0};

        if (!section || !texts || strcmp(word_of(section, "type"), "text") != 0 || bytes_of(section, data, &bytes) < 0)
                goto wrong;
        for (size_t k = 0; k < n; k++) {
                char *to = texts[k] = calloc(1, bytes.size - at + 1);
                if (!to)
                        goto wrong;
                for (; at < bytes.size && bytes.data[at] != '\n'; at++) {
                        if (bytes.data[at] == '\\' && at + 1 < bytes.size)
                                *to++ = bytes.data[++at] == 'n' ? '\n' : (char)bytes.data[at];
                        else
                                *to++ = (char)bytes.data[at];
                }
                if (at++ >= bytes.size)
                        goto wrong; /* no newline behind it */
        }
        if (at != bytes.size)
                goto wrong;
        buffer_done(&bytes);
        *ret_n = n;
        return texts;
wrong:
        buffer_done(&bytes);
        page_decode_texts_free(texts);
        return NULL;
}
