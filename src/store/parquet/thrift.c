/* Varints, zigzag, field ids as differences; every length checked against what is left. */
#include "store/parquet/thrift.h"

#include <errno.h>
#include <string.h>

#include "store/parquet/bits.h"

static void put(ThriftWriter *w, const void *data, size_t size)
{
        if (w->error == 0)
                w->error = buffer_append(w->out, data, size);
}

static void put_number(ThriftWriter *w, uint64_t value)
{
        uint8_t bytes[VARINT_MAX];

        put(w, bytes, put_varint(bytes, value));
}

static void put_field(ThriftWriter *w, int16_t id, uint8_t type)
{
        int delta = id - w->last[w->depth];
        uint8_t byte = type;

        if (delta > 0 && delta < 16)
                byte |= (uint8_t)(delta << 4);
        put(w, &byte, 1);
        if (byte == type)
                put_number(w, zigzag(id));
        w->last[w->depth] = id;
}

void thrift_begin(ThriftWriter *w)
{
        if (w->depth + 1 >= THRIFT_DEPTH) {
                w->error = -EOVERFLOW;
                return;
        }
        w->last[++w->depth] = 0;
}

void thrift_begin_field(ThriftWriter *w, int16_t id)
{
        put_field(w, id, THRIFT_STRUCT);
        thrift_begin(w);
}

void thrift_end(ThriftWriter *w)
{
        put(w, "", 1);
        if (w->depth > 0)
                w->depth--;
}

void thrift_write_bool(ThriftWriter *w, int16_t id, bool value)
{
        put_field(w, id, value ? THRIFT_TRUE : THRIFT_FALSE);
}

void thrift_write_i8(ThriftWriter *w, int16_t id, int8_t value)
{
        put_field(w, id, THRIFT_I8);
        put(w, &value, 1);
}

void thrift_write_i32(ThriftWriter *w, int16_t id, int32_t value)
{
        put_field(w, id, THRIFT_I32);
        put_number(w, zigzag(value));
}

void thrift_write_i64(ThriftWriter *w, int16_t id, int64_t value)
{
        put_field(w, id, THRIFT_I64);
        put_number(w, zigzag(value));
}

void thrift_write_binary(ThriftWriter *w, int16_t id, const void *data, size_t size)
{
        put_field(w, id, THRIFT_BINARY);
        put_number(w, size);
        put(w, data, size);
}

void thrift_write_text(ThriftWriter *w, int16_t id, const char *text)
{
        thrift_write_binary(w, id, text, strlen(text));
}

void thrift_write_list(ThriftWriter *w, int16_t id, uint8_t type, size_t n)
{
        uint8_t byte = (uint8_t)((n < 15 ? n : 15) << 4 | type);

        put_field(w, id, THRIFT_LIST);
        put(w, &byte, 1);
        if (n >= 15)
                put_number(w, n);
}

void thrift_put_i32(ThriftWriter *w, int32_t value)
{
        put_number(w, zigzag(value));
}

void thrift_put_text(ThriftWriter *w, const char *text)
{
        put_number(w, strlen(text));
        put(w, text, strlen(text));
}

static void fail(ThriftReader *r, bool short_of)
{
        if (!r->failed)
                r->short_of = short_of;
        r->failed = true;
        r->p = r->end;
}

static uint64_t take_number(ThriftReader *r)
{
        uint64_t value = 0;
        const uint8_t *p = r->p;

        if (r->failed)
                return 0;
        if (!get_varint(&r->p, r->end, &value))
                fail(r, r->end - p < VARINT_MAX);
        return r->failed ? 0 : value;
}

static uint8_t take_byte(ThriftReader *r)
{
        if (r->p >= r->end) {
                fail(r, true);
                return 0;
        }
        return *r->p++;
}

static void take_bytes(ThriftReader *r, uint64_t n)
{
        if (n > (uint64_t)(r->end - r->p))
                fail(r, true);
        else
                r->p += n;
}

void thrift_enter(ThriftReader *r)
{
        if (r->depth + 1 >= THRIFT_DEPTH) {
                fail(r, false);
                return;
        }
        r->last[++r->depth] = 0;
}

bool thrift_next(ThriftReader *r, int16_t *id, uint8_t *type)
{
        uint8_t byte = take_byte(r);

        if (r->failed)
                return false;
        if (byte == 0) {
                r->depth--;
                return false;
        }
        *type = byte & 0x0f;
        if (byte >> 4) {
                *id = (int16_t)(r->last[r->depth] + (byte >> 4));
        } else {
                int64_t value = unzigzag(take_number(r));
                if (value < INT16_MIN || value > INT16_MAX)
                        fail(r, false);
                *id = (int16_t)value;
        }
        r->last[r->depth] = *id;
        return !r->failed;
}

bool thrift_read_bool(ThriftReader *r, uint8_t type)
{
        if (type != THRIFT_TRUE && type != THRIFT_FALSE)
                fail(r, false);
        return type == THRIFT_TRUE;
}

int64_t thrift_read_int(ThriftReader *r, uint8_t type)
{
        if (type == THRIFT_I8)
                return (int8_t)take_byte(r);
        if (type < THRIFT_I16 || type > THRIFT_I64) {
                fail(r, false);
                return 0;
        }
        return unzigzag(take_number(r));
}

const uint8_t *thrift_read_binary(ThriftReader *r, uint8_t type, size_t *ret_size)
{
        *ret_size = 0;
        if (type != THRIFT_BINARY) {
                fail(r, false);
                return r->p;
        }
        uint64_t size = take_number(r);
        const uint8_t *data = r->p;
        take_bytes(r, size);
        if (!r->failed)
                *ret_size = (size_t)size;
        return data;
}

size_t thrift_read_list(ThriftReader *r, uint8_t type, uint8_t *ret_element)
{
        *ret_element = 0;
        if (type != THRIFT_LIST && type != THRIFT_SET) {
                fail(r, false);
                return 0;
        }
        uint8_t byte = take_byte(r);
        uint64_t n = byte >> 4;
        if (n == 15)
                n = take_number(r);
        if (n > (uint64_t)(r->end - r->p)) {
                fail(r, true);
                return 0;
        }
        *ret_element = byte & 0x0f;
        return (size_t)n;
}

static void skip(ThriftReader *r, uint8_t type, bool element, unsigned depth);

static void skip_elements(ThriftReader *r, uint8_t type, unsigned depth)
{
        uint8_t key = 0, value = 0;
        size_t n;

        if (type == THRIFT_MAP) {
                uint64_t pairs = take_number(r);
                if (pairs == 0)
                        return;
                uint8_t byte = take_byte(r);
                key = byte >> 4;
                value = byte & 0x0f;
                if (pairs > (uint64_t)(r->end - r->p))
                        fail(r, true);
                n = (size_t)pairs;
        } else {
                n = thrift_read_list(r, type, &value);
        }
        for (size_t i = 0; i < n && !r->failed; i++) {
                if (type == THRIFT_MAP)
                        skip(r, key, true, depth + 1);
                skip(r, value, true, depth + 1);
        }
}

static void skip(ThriftReader *r, uint8_t type, bool element, unsigned depth)
{
        size_t size;
        int16_t id;
        uint8_t inner;

        if (depth >= THRIFT_DEPTH || r->failed) {
                fail(r, false);
                return;
        }
        switch (type) {
        case THRIFT_TRUE:
        case THRIFT_FALSE:
                if (element)
                        take_byte(r);
                return;
        case THRIFT_I8:
                take_byte(r);
                return;
        case THRIFT_I16:
        case THRIFT_I32:
        case THRIFT_I64:
                take_number(r);
                return;
        case THRIFT_DOUBLE:
                take_bytes(r, 8);
                return;
        case THRIFT_BINARY:
                thrift_read_binary(r, type, &size);
                return;
        case THRIFT_LIST:
        case THRIFT_SET:
        case THRIFT_MAP:
                skip_elements(r, type, depth);
                return;
        case THRIFT_STRUCT:
                thrift_enter(r);
                while (thrift_next(r, &id, &inner))
                        skip(r, inner, false, depth + 1);
                return;
        default:
                fail(r, false);
        }
}

void thrift_skip(ThriftReader *r, uint8_t type)
{
        skip(r, type, false, 0);
}
