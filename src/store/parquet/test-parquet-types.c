/* Types and page forms that our writer never makes, in files put together by hand. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "store/parquet/bits.h"
#include "store/parquet/crc.h"
#include "store/parquet/format.h"
#include "store/parquet/thrift.h"

/* One column, one row group, one or two pages. */
typedef struct Made {
        int type, length, repetition, converted, scale, logical, unit, children;
        bool unsigned_integer;
        const void *dictionary; /* a dictionary page's bytes; NULL: none */
        size_t dictionary_size;
        int dictionary_values;
        const void *page; /* the data page's bytes, with levels */
        size_t size;
        int values, encoding, codec;
        int levels_encoding; /* v1; -1: RLE */
        bool v2;
        int levels_size; /* v2 */
        const char *old_min, *old_max; /* 4 bytes each */
} Made;

static void put_page(Buffer *out, const Made *m, bool dictionary)
{
        ThriftWriter w = {.out = out};
        size_t size = dictionary ? m->dictionary_size : m->size;

        thrift_begin(&w);
        thrift_write_i32(&w, 1, dictionary ? PAGE_DICTIONARY : m->v2 ? PAGE_DATA_V2 : PAGE_DATA);
        thrift_write_i32(&w, 2, (int32_t)size);
        thrift_write_i32(&w, 3, (int32_t)size);
        thrift_begin_field(&w, dictionary ? 7 : m->v2 ? 8 : 5);
        thrift_write_i32(&w, 1, dictionary ? m->dictionary_values : m->values);
        if (!dictionary && m->v2) {
                thrift_write_i32(&w, 2, 0);
                thrift_write_i32(&w, 3, m->values);
                thrift_write_i32(&w, 4, m->encoding);
                thrift_write_i32(&w, 5, m->levels_size);
                thrift_write_i32(&w, 6, 0);
                thrift_write_bool(&w, 7, false);
        } else {
                thrift_write_i32(&w, 2, dictionary ? ENCODING_PLAIN : m->encoding);
                if (!dictionary)
                        thrift_write_i32(&w, 3, m->levels_encoding < 0 ? ENCODING_RLE
                                                                       : m->levels_encoding);
        }
        thrift_end(&w);
        thrift_end(&w);
        assert_int_equal(w.error, 0);
        assert_int_equal(buffer_append(out, dictionary ? m->dictionary : m->page, size), 0);
}

static void put_logical(ThriftWriter *w, const Made *m)
{
        thrift_begin_field(w, 10);
        thrift_begin_field(w, (int16_t)m->logical);
        if (m->logical == LOGICAL_DECIMAL) {
                thrift_write_i32(w, 1, m->scale);
                thrift_write_i32(w, 2, 38);
        } else if (m->logical == LOGICAL_TIME || m->logical == LOGICAL_TIMESTAMP) {
                thrift_write_bool(w, 1, true);
                thrift_begin_field(w, 2);
                thrift_begin_field(w, (int16_t)m->unit);
                thrift_end(w);
                thrift_end(w);
        } else if (m->logical == LOGICAL_INTEGER) {
                thrift_write_i8(w, 1, 32);
                thrift_write_bool(w, 2, !m->unsigned_integer);
        }
        thrift_end(w);
        thrift_end(w);
}

static void put_schema(ThriftWriter *w, const Made *m)
{
        thrift_write_list(w, 2, THRIFT_STRUCT, 2);
        thrift_begin(w);
        thrift_write_text(w, 4, "root");
        thrift_write_i32(w, 5, 1);
        thrift_end(w);
        thrift_begin(w);
        if (!m->children)
                thrift_write_i32(w, 1, m->type);
        if (m->length)
                thrift_write_i32(w, 2, m->length);
        thrift_write_i32(w, 3, m->repetition);
        thrift_write_text(w, 4, "value");
        if (m->children)
                thrift_write_i32(w, 5, m->children);
        if (m->converted >= 0)
                thrift_write_i32(w, 6, m->converted);
        if (m->scale)
                thrift_write_i32(w, 7, m->scale);
        if (m->logical)
                put_logical(w, m);
        thrift_end(w);
}

static int made_file(const Made *m)
{
        Buffer out = {0};
        ThriftWriter w = {.out = &out};
        uint8_t tail[TAIL_SIZE];
        size_t data = 4, footer;
        int fd = memfd_create("made", MFD_CLOEXEC);

        assert_int_equal(buffer_append(&out, PARQUET_MAGIC, 4), 0);
        if (m->dictionary) {
                put_page(&out, m, true);
                data = out.size;
        }
        put_page(&out, m, false);
        footer = out.size;
        thrift_begin(&w);
        thrift_write_i32(&w, 1, 1);
        put_schema(&w, m);
        thrift_write_i64(&w, 3, m->values);
        thrift_write_list(&w, 4, THRIFT_STRUCT, 1);
        thrift_begin(&w);
        thrift_write_list(&w, 1, THRIFT_STRUCT, 1);
        thrift_begin(&w);
        thrift_write_i64(&w, 2, 4);
        thrift_begin_field(&w, 3);
        thrift_write_i32(&w, 1, m->type);
        thrift_write_i32(&w, 4, m->codec);
        thrift_write_i64(&w, 5, m->values);
        thrift_write_i64(&w, 7, (int64_t)footer - 4);
        thrift_write_i64(&w, 9, (int64_t)data);
        if (m->dictionary)
                thrift_write_i64(&w, 11, 4);
        if (m->old_min) {
                thrift_begin_field(&w, 12);
                thrift_write_binary(&w, 1, m->old_max, 4);
                thrift_write_binary(&w, 2, m->old_min, 4);
                thrift_end(&w);
        }
        thrift_end(&w);
        thrift_end(&w);
        thrift_write_i64(&w, 3, m->values);
        thrift_end(&w);
        thrift_end(&w);
        assert_int_equal(w.error, 0);
        store_u32(tail, (uint32_t)(out.size - footer));
        memcpy(tail + 4, PARQUET_MAGIC, 4);
        assert_int_equal(buffer_append(&out, tail, sizeof tail), 0);
        assert_int_equal(file_write_all(fd, out.data, out.size), 0);
        buffer_done(&out);
        return fd;
}

/* Reads the column as texts, "null" for null; returns what reading returned. */
static int read_made(const Made *m, const char *const *expected, Error *err)
{
        _cleanup_close_ int fd = made_file(m);
        _cleanup_(parquet_closep) ParquetFile *file = NULL;
        _cleanup_(parquet_cursor_freep) ParquetCursor *cursor = NULL;
        const Batch *rows;
        size_t n = 0;
        int r = parquet_open(fd, &file, err);

        if (r == 0)
                r = parquet_cursor_new(file, NULL, &cursor, err);
        while (r >= 0 && (r = parquet_cursor_next(cursor, &rows, err)) > 0)
                for (size_t i = 0; i < batch_rows(rows); i++, n++) {
                        char shown[128] = "null";
                        size_t size = 0;
                        const char *text = batch_text(rows, 0, i, &size);
                        ColumnType type = batch_schema(rows)->columns[0].type;
                        if (batch_is_null(rows, 0, i))
                                ;
                        else if (type == COLUMN_TEXT)
                                snprintf(shown, sizeof shown, "%.*s", (int)size, text);
                        else if (type == COLUMN_F64)
                                snprintf(shown, sizeof shown, "%g", batch_f64(rows, 0, i));
                        else
                                snprintf(shown, sizeof shown, "%lld",
                                         (long long)batch_i64(rows, 0, i));
                        assert_non_null(expected);
                        assert_string_equal(shown, expected[n]);
                }
        return r;
}

static void assert_reads(Made m, const char *const *expected)
{
        Error err = {0};

        if (read_made(&m, expected, &err) < 0)
                fail_msg("%s", err.message);
}

static void assert_refused(Made m, int code, const char *words)
{
        Error err = {0};

        assert_int_equal(read_made(&m, NULL, &err), code);
        if (!strstr(err.message, words))
                fail_msg("\"%s\" without \"%s\"", err.message, words);
}

#define PAGE(bytes) .page = (bytes), .size = sizeof(bytes) - 1
#define PLAINLY     .converted = -1, .levels_encoding = -1

static void test_times(void **state)
{
        /* 1970-01-02 00:00:00.000000005, and a day that nanoseconds cannot reach */
        assert_reads((Made){.type = TYPE_INT96, .values = 2, PLAINLY,
                            PAGE("\5\0\0\0\0\0\0\0\x8d\x3d\x25\0" "\0\0\0\0\0\0\0\0\xff\xff\xff\x7f")},
                     (const char *const[]){"86400000000005", "null"});
        assert_reads((Made){.type = TYPE_INT64, .values = 2, PLAINLY, .logical = LOGICAL_TIMESTAMP,
                            .unit = 1, PAGE("\2\0\0\0\0\0\0\0" "\xff\xff\xff\xff\xff\xff\xff\x7f")},
                     (const char *const[]){"2000000", "null"});
        assert_reads((Made){.type = TYPE_INT64, .values = 1, .levels_encoding = -1,
                            .converted = CONVERTED_TIMESTAMP_MICROS,
                            PAGE("\xff\xff\xff\xff\xff\xff\xff\xff")},
                     (const char *const[]){"-1000"});
        assert_reads((Made){.type = TYPE_INT32, .values = 4, PLAINLY, .logical = LOGICAL_DATE,
                            PAGE("\0\0\0\0" "\xff\xff\xff\xff" "\x5b\x4b\0\0" "\x0d\xe6\xf5\xff")},
                     (const char *const[]){"1970-01-01", "1969-12-31", "2022-10-26", "0157-07-01"});
        assert_reads((Made){.type = TYPE_INT32, .values = 2, PLAINLY, .logical = LOGICAL_TIME,
                            .unit = 1, PAGE("\x01\x02\0\0" "\xff\xff\xff\xff")},
                     (const char *const[]){"00:00:00.513", "null"});
}

static void test_decimals(void **state)
{
        assert_reads((Made){.type = TYPE_FIXED, .length = 3, .values = 2, PLAINLY, .scale = 2,
                            .logical = LOGICAL_DECIMAL, PAGE("\0\0\7" "\xff\xff\x38")},
                     (const char *const[]){"0.07", "-2.00"});
        assert_reads((Made){.type = TYPE_BYTE_ARRAY, .values = 2, .levels_encoding = -1,
                            .converted = CONVERTED_DECIMAL, PAGE("\1\0\0\0\x7f" "\0\0\0\0")},
                     (const char *const[]){"127", "null"});
        assert_reads((Made){.type = TYPE_INT64, .values = 1, PLAINLY, .scale = 20,
                            .logical = LOGICAL_DECIMAL, PAGE("\0\0\0\0\0\0\0\x80")},
                     (const char *const[]){"-0.09223372036854775808"});
        assert_refused((Made){.type = TYPE_FIXED, .length = 17, .values = 1, PLAINLY, .scale = 2,
                              .logical = LOGICAL_DECIMAL, PAGE("12345678901234567")},
                       -EOPNOTSUPP, "decimals");
}

static void test_numbers(void **state)
{
        assert_reads((Made){.type = TYPE_INT32, .values = 2, PLAINLY, .logical = LOGICAL_INTEGER,
                            .unsigned_integer = true, PAGE("\xff\xff\xff\xff" "\1\0\0\0")},
                     (const char *const[]){"4294967295", "1"});
        assert_reads((Made){.type = TYPE_INT32, .values = 1, PLAINLY, PAGE("\xff\xff\xff\xff")},
                     (const char *const[]){"-1"});
        assert_reads((Made){.type = TYPE_FLOAT, .values = 2, PLAINLY, PAGE("\0\0\xc0\x3f" "\0\0\xc0\x7f")},
                     (const char *const[]){"1.5", "null"}); /* nan is null */
        assert_reads((Made){.type = TYPE_FIXED, .length = 2, .values = 4, PLAINLY,
                            .logical = LOGICAL_FLOAT16, PAGE("\0\x3c" "\0\xc0" "\1\0" "\xff\x7b")},
                     (const char *const[]){"1", "-2", "5.96046e-08", "65504"});
        assert_reads((Made){.type = TYPE_BOOLEAN, .values = 9, PLAINLY, PAGE("\x81\1")},
                     (const char *const[]){"1", "0", "0", "0", "0", "0", "0", "1", "1"});
}

static void test_texts(void **state)
{
        assert_reads((Made){.type = TYPE_FIXED, .length = 16, .values = 1, PLAINLY,
                            .logical = LOGICAL_UUID, PAGE("\x12\x34\x56\x78\x9a\xbc\xde\xf0" "01234567")},
                     (const char *const[]){"12345678-9abc-def0-3031-323334353637"});
        assert_reads((Made){.type = TYPE_FIXED, .length = 2, .values = 2, PLAINLY, PAGE("abcd")},
                     (const char *const[]){"ab", "cd"});
        /* a text's length past the page's end */
        assert_refused((Made){.type = TYPE_BYTE_ARRAY, .values = 1, PLAINLY, PAGE("\4\0\0\0abc")},
                       -EBADMSG, "damaged");
}

static void test_pages(void **state)
{
        static const char *const abba[] = {"a", "b", "b", "a"};
        Made m = {.type = TYPE_BYTE_ARRAY, .values = 4, PLAINLY, .dictionary_values = 2,
                  .dictionary = "\1\0\0\0a\1\0\0\0b", .dictionary_size = 10,
                  .encoding = ENCODING_PLAIN_DICTIONARY, PAGE("\1\3\6")};

        assert_reads(m, abba);
        m.page = "\1\3\6\xff"; /* padding behind the values is nobody's business */
        m.size = 4;
        assert_reads(m, abba);
        m.page = "\1\x08\1"; /* a run */
        m.size = 3;
        assert_reads(m, (const char *const[]){"b", "b", "b", "b"});
        m.page = "\2\x08\2"; /* number 2 of two */
        assert_refused(m, -EBADMSG, "damaged");
        m.page = "\x21\x08\1";
        assert_refused(m, -EBADMSG, "damaged");
        m.page = "\1\6\1"; /* three of four values */
        assert_refused(m, -EBADMSG, "damaged");
        m.dictionary_values = 3;
        assert_refused(m, -EBADMSG, "dictionary");
        /* v2: levels in front, without a length: set, null, set */
        assert_reads((Made){.type = TYPE_INT32, .repetition = REPETITION_OPTIONAL, .values = 3,
                            PLAINLY, .v2 = true, .levels_size = 2, PAGE("\3\5" "\1\0\0\0\2\0\0\0")},
                     (const char *const[]){"1", "null", "2"});
        assert_refused((Made){.type = TYPE_INT32, .repetition = REPETITION_OPTIONAL, .values = 3,
                              PLAINLY, .v2 = true, .levels_size = 200, PAGE("\3\5" "\1\0\0\0")},
                       -EBADMSG, "levels");
        assert_refused((Made){.type = TYPE_INT32, .repetition = REPETITION_OPTIONAL, .values = 1,
                              .converted = -1, .levels_encoding = ENCODING_BIT_PACKED,
                              PAGE("\x80" "\1\0\0\0")},
                       -EOPNOTSUPP, "levels");
        assert_refused((Made){.type = TYPE_INT32, .values = 1, PLAINLY, .encoding = 77, PAGE("1234")},
                       -EOPNOTSUPP, "encoding 77");
        assert_refused((Made){.type = TYPE_INT32, .values = 1, PLAINLY, .codec = 3, PAGE("1234")},
                       -EOPNOTSUPP, "compression 3");
}

static void test_schemas(void **state)
{
        assert_refused((Made){.type = TYPE_INT32, .values = 1, PLAINLY, .children = 1, PAGE("1234")},
                       -EOPNOTSUPP, "nested");
        assert_refused((Made){.type = TYPE_INT32, .values = 1, PLAINLY,
                              .repetition = REPETITION_REPEATED, PAGE("1234")},
                       -EOPNOTSUPP, "list");
        assert_refused((Made){.type = 9, .values = 1, PLAINLY, PAGE("1234")}, -EBADMSG, "type");
        assert_refused((Made){.type = TYPE_FIXED, .length = -1, .values = 1, PLAINLY, PAGE("1234")},
                       -EBADMSG, "length");
}

/* Old statistics are of signed order: of use for signed columns only. */
static void test_old_statistics(void **state)
{
        Made m = {.type = TYPE_INT32, .values = 1, PLAINLY, .old_min = "\xff\xff\xff\xff",
                  .old_max = "\5\0\0\0", PAGE("\1\0\0\0")};

        for (int is_unsigned = 0; is_unsigned < 2; is_unsigned++) {
                _cleanup_(parquet_closep) ParquetFile *file = NULL;
                ParquetStatistics s;
                Error err = {0};
                m.logical = is_unsigned ? LOGICAL_INTEGER : LOGICAL_NONE;
                m.unsigned_integer = true;
                _cleanup_close_ int fd = made_file(&m);
                assert_int_equal(parquet_open(fd, &file, &err), 0);
                parquet_statistics(file, 0, 0, &s);
                assert_int_equal(s.has_min_max, !is_unsigned);
                assert_false(s.has_null_count);
                if (!is_unsigned)
                        assert_true((int64_t)s.min == -1 && s.max == 5);
        }
}

static void test_crc(void **state)
{
        Crc crc;

        crc_init(&crc);
        assert_true(crc_of(&crc, "123456789", 9) == 0xcbf43926); /* the check value of CRC-32 */
        assert_true(crc_of(&crc, "", 0) == 0);
        assert_true(crc_of(&crc, "The quick brown fox jumps over the lazy dog", 43) == 0x414fa339);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_times),          cmocka_unit_test(test_decimals),
                cmocka_unit_test(test_numbers),        cmocka_unit_test(test_texts),
                cmocka_unit_test(test_pages),          cmocka_unit_test(test_schemas),
                cmocka_unit_test(test_old_statistics), cmocka_unit_test(test_crc),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
