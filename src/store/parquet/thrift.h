/*
 * The thrift compact protocol, as much of it as Parquet's metadata needs
 * (thrift/doc/specs/thrift-compact-protocol.md). Failures stick: write or read on, ask once.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buffer.h"

enum {
        THRIFT_TRUE = 1,
        THRIFT_FALSE = 2,
        THRIFT_I8 = 3,
        THRIFT_I16 = 4,
        THRIFT_I32 = 5,
        THRIFT_I64 = 6,
        THRIFT_DOUBLE = 7,
        THRIFT_BINARY = 8,
        THRIFT_LIST = 9,
        THRIFT_SET = 10,
        THRIFT_MAP = 11,
        THRIFT_STRUCT = 12,
        THRIFT_DEPTH = 24, /* of structs within structs */
};

typedef struct ThriftWriter {
        Buffer *out; /* borrowed; appended to */
        int error;   /* 0 or -ENOMEM */
        unsigned depth;
        int16_t last[THRIFT_DEPTH]; /* field ids are written as differences */
} ThriftWriter;

void thrift_begin(ThriftWriter *w); /* a struct that is the whole, or an element of a list */
void thrift_begin_field(ThriftWriter *w, int16_t id);
void thrift_end(ThriftWriter *w);
void thrift_write_bool(ThriftWriter *w, int16_t id, bool value);
void thrift_write_i8(ThriftWriter *w, int16_t id, int8_t value);
void thrift_write_i32(ThriftWriter *w, int16_t id, int32_t value);
void thrift_write_i64(ThriftWriter *w, int16_t id, int64_t value);
void thrift_write_binary(ThriftWriter *w, int16_t id, const void *data, size_t size);
void thrift_write_text(ThriftWriter *w, int16_t id, const char *text);
void thrift_write_list(ThriftWriter *w, int16_t id, uint8_t type, size_t n); /* then n elements */
void thrift_put_i32(ThriftWriter *w, int32_t value);                        /* list elements */
void thrift_put_text(ThriftWriter *w, const char *text);

typedef struct ThriftReader {
        const uint8_t *p, *end; /* borrowed */
        bool failed;            /* malformed, or ends early */
        bool short_of;          /* failed because it ends early */
        unsigned depth;
        int16_t last[THRIFT_DEPTH];
} ThriftReader;

/* Reading a struct: thrift_enter, then thrift_next until it says false. */
void thrift_enter(ThriftReader *r);
bool thrift_next(ThriftReader *r, int16_t *id, uint8_t *type);
void thrift_skip(ThriftReader *r, uint8_t type); /* the value of the field just seen */

/* Values of the field just seen; one of another type is a failure. */
bool thrift_read_bool(ThriftReader *r, uint8_t type);
int64_t thrift_read_int(ThriftReader *r, uint8_t type);
const uint8_t *thrift_read_binary(ThriftReader *r, uint8_t type, size_t *ret_size);
/* Number of elements, at most the bytes left (an element takes at least one). */
size_t thrift_read_list(ThriftReader *r, uint8_t type, uint8_t *ret_element);
