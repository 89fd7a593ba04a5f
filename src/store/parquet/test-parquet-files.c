/* Whole files: streaming, concatenation, selection, statistics, what is refused and how. */
#include <errno.h>
#include <fcntl.h>
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
#include "store/parquet/parquet.h"

static const Column columns[] = {
        {"t_ns", COLUMN_I64, ROLE_KEY, UNIT_NS, NULL},
        {"bytes", COLUMN_U64, ROLE_COUNTER, UNIT_BYTES, NULL},
        {"comm", COLUMN_TEXT, ROLE_TEXT, UNIT_NONE, NULL},
        {"small", COLUMN_I32, ROLE_GAUGE, UNIT_NONE, NULL},
};
static const Schema schema = {"files", columns, 4};

static int memory_file(void)
{
        int fd = memfd_create("parquet", MFD_CLOEXEC);

        assert_true(fd >= 0);
        return fd;
}

static void fill(Batch *b, size_t from, size_t n)
{
        char text[32];

        for (size_t i = from; i < from + n; i++) {
                assert_int_equal(batch_add_row(b), 0);
                batch_set_i64(b, 0, (int64_t)i * 1000 - 5000);
                batch_set_u64(b, 1, (1ull << 63) + i);
                snprintf(text, sizeof text, "c%zu", i % 7);
                if (i % 2)
                        assert_int_equal(batch_set_text(b, 2, text, strlen(text)), 0);
                batch_set_i64(b, 3, -(int64_t)(i % 100));
        }
}

static Batch *make(size_t from, size_t n)
{
        Batch *b;

        assert_int_equal(batch_new(&schema, MAX(n, (size_t)1), 1 << 20, &b), 0);
        fill(b, from, n);
        return b;
}

static int part_file(size_t from, size_t n)
{
        ParquetOptions options = {.codec = PARQUET_ZSTD};
        _cleanup_(parquet_encoder_freep) ParquetEncoder *encoder = NULL;
        _cleanup_(batch_freep) Batch *rows = make(from, n);
        const Batch *const batches[] = {rows};
        Buffer out = {0};
        int fd = memory_file();

        assert_int_equal(parquet_encoder_new(&options, &encoder), 0);
        assert_int_equal(parquet_encode(encoder, &schema, batches, 1, &out), 0);
        assert_int_equal(file_write_all(fd, out.data, out.size), 0);
        buffer_done(&out);
        return fd;
}

/* Reads with a selection; checks t_ns and bytes (columns 0 and 1 of the selection) against the
 * row number, and returns the rows read. */
static size_t read_rows(int fd, const ParquetSelection *selection, size_t first)
{
        _cleanup_(parquet_closep) ParquetFile *file = NULL;
        _cleanup_(parquet_cursor_freep) ParquetCursor *cursor = NULL;
        const Batch *rows;
        Error err = {0};
        size_t n = first;
        int r = parquet_open(fd, &file, &err);

        assert_int_equal(r, 0);
        assert_int_equal(parquet_cursor_new(file, selection, &cursor, &err), 0);
        while ((r = parquet_cursor_next(cursor, &rows, &err)) > 0)
                for (size_t i = 0; i < batch_rows(rows); i++, n++) {
                        assert_true(batch_i64(rows, 0, i) == (int64_t)n * 1000 - 5000);
                        assert_true(batch_u64(rows, 1, i) == (1ull << 63) + n);
                }
        if (r < 0)
                print_error("%s\n", err.message);
        assert_int_equal(r, 0);
        return n - first;
}

static void test_writer_streams(void **state)
{
        ParquetOptions options = {.row_group_rows = 1000};
        _cleanup_close_ int fd = memory_file();
        _cleanup_(parquet_writer_freep) ParquetWriter *writer = NULL;
        _cleanup_(parquet_closep) ParquetFile *file = NULL;
        Error err = {0};

        options.codec = parquet_codec_available(PARQUET_ZSTD) ? PARQUET_ZSTD : PARQUET_NONE;
        assert_int_equal(parquet_writer_new(fd, &schema, &options, &writer, &err), 0);
        for (size_t at = 0; at < 3300; at += 300) {
                _cleanup_(batch_freep) Batch *rows = make(at, 300);
                assert_int_equal(parquet_writer_write(writer, rows, &err), 0);
        }
        assert_int_equal(parquet_writer_finish(writer, &err), 0);
        assert_int_equal(parquet_open(fd, &file, &err), 0);
        assert_int_equal(parquet_row_groups(file), 4);
        assert_int_equal(parquet_row_group_rows(file, 0), 1000);
        assert_int_equal(parquet_row_group_rows(file, 3), 300);
        assert_int_equal(read_rows(fd, NULL, 0), 3300);
}

/* Texts so long that row groups and pages end early, and a row that fits no usual row group. */
static void test_writer_long_texts(void **state)
{
        ParquetOptions options = {.codec = PARQUET_NONE};
        _cleanup_close_ int fd = memory_file();
        _cleanup_(parquet_writer_freep) ParquetWriter *writer = NULL;
        _cleanup_(parquet_closep) ParquetFile *file = NULL;
        _cleanup_(parquet_cursor_freep) ParquetCursor *cursor = NULL;
        static const size_t sizes[] = {3 << 20, 10, 33 << 20, 0, 700000, 800000, 20 << 20, 15 << 20};
        char *text = malloc(64 << 20);
        const Batch *rows;
        Error err = {0};
        size_t n = 0;
        int r;

        assert_non_null(text);
        assert_int_equal(parquet_writer_new(fd, &schema, &options, &writer, &err), 0);
        for (size_t i = 0; i < ARRAY_LENGTH(sizes); i++) {
                _cleanup_(batch_freep) Batch *one = NULL;
                memset(text, 'a' + (int)i, sizes[i]);
                assert_int_equal(batch_new(&schema, 1, 64 << 20, &one), 0);
                assert_int_equal(batch_add_row(one), 0);
                assert_int_equal(batch_set_text(one, 2, text, sizes[i]), 0);
                assert_int_equal(parquet_writer_write(writer, one, &err), 0);
        }
        assert_int_equal(parquet_writer_finish(writer, &err), 0);
        assert_int_equal(parquet_open(fd, &file, &err), 0);
        assert_int_equal(parquet_cursor_new(file, NULL, &cursor, &err), 0);
        while ((r = parquet_cursor_next(cursor, &rows, &err)) > 0)
                for (size_t i = 0; i < batch_rows(rows); i++, n++) {
                        size_t size;
                        const char *got = batch_text(rows, 2, i, &size);
                        assert_int_equal(size, sizes[n]);
                        memset(text, 'a' + (int)n, size);
                        assert_memory_equal(got, text, size);
                }
        assert_int_equal(r, 0);
        assert_int_equal(n, ARRAY_LENGTH(sizes));
        free(text);
}

static void test_concatenate(void **state)
{
        static const ParquetKeyValue metadata[] = {{"run", "whole"}};
        int parts[] = {part_file(0, 10), part_file(10, 0), part_file(10, 500), part_file(510, 4500)};
        _cleanup_close_ int out = memory_file();
        _cleanup_(parquet_closep) ParquetFile *file = NULL;
        size_t damaged = 9;
        Error err = {0};

        assert_int_equal(parquet_concatenate(out, &schema, parts, 4, metadata, 1, &damaged, &err), 0);
        assert_int_equal(damaged, 0);
        assert_int_equal(parquet_open(out, &file, &err), 0);
        assert_int_equal(parquet_rows(file), 5010);
        assert_int_equal(parquet_row_groups(file), 3);
        assert_string_equal(parquet_metadata(file, "run"), "whole");
        assert_string_equal(parquet_schema(file)->table, "files");
        assert_int_equal(parquet_schema(file)->columns[1].role, ROLE_COUNTER);
        assert_int_equal(read_rows(out, NULL, 0), 5010);
        for (size_t i = 0; i < 4; i++)
                close(parts[i]);
}

/* Bends the last byte of the first column's pages. */
static void damage_page(int fd)
{
        _cleanup_(parquet_closep) ParquetFile *file = NULL;
        ParquetStatistics s;
        Error err;
        uint8_t byte;

        assert_int_equal(parquet_open(fd, &file, &err), 0);
        parquet_statistics(file, 0, 0, &s);
        off_t at = 4 + (off_t)s.compressed_bytes - 1;
        assert_int_equal(pread(fd, &byte, 1, at), 1);
        byte ^= 0x10;
        assert_int_equal(pwrite(fd, &byte, 1, at), 1);
}

/* Cut off, bent in a page, not Parquet at all, of another schema: left out and counted. */
static void test_concatenate_damaged(void **state)
{
        static const Schema other = {"files", columns, 3};
        ParquetOptions options = {.codec = PARQUET_NONE};
        int parts[] = {part_file(0, 100), part_file(100, 100), part_file(0, 50), memory_file(),
                       memory_file(), part_file(100, 7)};
        _cleanup_close_ int out = memory_file();
        _cleanup_(parquet_encoder_freep) ParquetEncoder *encoder = NULL;
        size_t damaged;
        Buffer buffer = {0};
        Error err = {0};

        assert_int_equal(ftruncate(parts[1], lseek(parts[1], 0, SEEK_END) - 3), 0);
        damage_page(parts[2]);
        assert_int_equal(file_write_all(parts[3], "PAR1 is not all", 15), 0);
        assert_int_equal(parquet_encoder_new(&options, &encoder), 0);
        assert_int_equal(parquet_encode(encoder, &other, NULL, 0, &buffer), 0);
        assert_int_equal(file_write_all(parts[4], buffer.data, buffer.size), 0);
        buffer_done(&buffer);
        assert_int_equal(parquet_concatenate(out, &schema, parts, 6, NULL, 0, &damaged, &err), 0);
        assert_int_equal(damaged, 4);
        assert_int_equal(read_rows(out, NULL, 0), 107);
        for (size_t i = 0; i < 6; i++)
                close(parts[i]);
}

static void test_concatenate_nothing(void **state)
{
        _cleanup_close_ int out = memory_file();
        _cleanup_(parquet_closep) ParquetFile *file = NULL;
        Error err = {0};

        assert_int_equal(parquet_concatenate(out, NULL, NULL, 0, NULL, 0, NULL, &err), -EINVAL);
        assert_int_equal(parquet_concatenate(out, &schema, NULL, 0, NULL, 0, NULL, &err), 0);
        assert_int_equal(parquet_open(out, &file, &err), 0);
        assert_int_equal(parquet_rows(file), 0);
        assert_int_equal(parquet_schema(file)->n_columns, 4);
}

static void test_selection(void **state)
{
        static const char *const names[] = {"t_ns", "bytes", "absent", "comm"};
        ParquetSelection selection = {.columns = names, .n_columns = 4};
        _cleanup_close_ int fd = part_file(0, 5000);
        _cleanup_(parquet_closep) ParquetFile *file = NULL;
        _cleanup_(parquet_cursor_freep) ParquetCursor *cursor = NULL;
        const Batch *rows;
        Error err = {0};

        assert_int_equal(read_rows(fd, &selection, 0), 5000);
        assert_int_equal(parquet_open(fd, &file, &err), 0);
        assert_int_equal(parquet_cursor_new(file, &selection, &cursor, &err), 0);
        const Schema *got = parquet_cursor_schema(cursor);
        assert_int_equal(got->n_columns, 4);
        assert_string_equal(got->columns[2].name, "absent");
        assert_string_equal(got->columns[3].name, "comm");
        assert_int_equal(parquet_cursor_next(cursor, &rows, &err), 1);
        assert_int_equal(batch_rows(rows), 4096);
        assert_int_equal(batch_null_count(rows, 2), 4096);
        assert_int_equal(batch_null_count(rows, 3), 2048);
        assert_int_equal(parquet_cursor_next(cursor, &rows, &err), 1);
        assert_int_equal(batch_rows(rows), 904);
        assert_int_equal(parquet_cursor_next(cursor, &rows, &err), 0);
        assert_int_equal(parquet_cursor_next(cursor, &rows, &err), 0);
}

/* Row groups hold rows [0, 1000), [1000, 2000), [2000, 3000). */
static void test_ranges(void **state)
{
        static const struct {
                const char *column;
                double min, max;
                size_t first, rows;
        } cases[] = {
                {"t_ns", 995000, 1500000, 1000, 1000},
                {"t_ns", 994000, 995000, 0, 2000},
                {"t_ns", -1e18, -5001, 0, 0},
                {"t_ns", -1e18, -5000, 0, 1000},
                {"t_ns", 2994000, 1e18, 2000, 1000},
                {"t_ns", 2994001, 1e18, 0, 0},
                {"bytes", 9223372036854775808.0 + 4096, 1e20, 2000, 0}, /* unsigned order */
                {"bytes", 9.2e18, 9.3e18, 0, 3000},
                {"bytes", 0, 9.2e18, 0, 0},
                {"small", 1, 5, 0, 0},
                {"small", -200, -99, 0, 3000},
                {"comm", 0, 0, 0, 3000},   /* no numbers: nothing is known */
                {"absent", 0, 0, 0, 3000},
        };
        int parts[] = {part_file(0, 1000), part_file(1000, 1000), part_file(2000, 1000)};
        _cleanup_close_ int fd = memory_file();
        Error err = {0};

        assert_int_equal(parquet_concatenate(fd, &schema, parts, 3, NULL, 0, NULL, &err), 0);
        for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
                ParquetSelection selection = {.range_column = cases[i].column,
                                              .range_min = cases[i].min,
                                              .range_max = cases[i].max};
                assert_int_equal(read_rows(fd, &selection, cases[i].first), cases[i].rows);
        }
        for (size_t i = 0; i < 3; i++)
                close(parts[i]);
}

static void test_statistics(void **state)
{
        _cleanup_close_ int fd = part_file(0, 1000);
        _cleanup_(parquet_closep) ParquetFile *file = NULL;
        ParquetStatistics s;
        Error err = {0};

        assert_int_equal(parquet_open(fd, &file, &err), 0);
        parquet_statistics(file, 0, 0, &s);
        assert_true(s.has_min_max && s.has_null_count);
        assert_true((int64_t)s.min == -5000 && (int64_t)s.max == 994000);
        assert_int_equal(s.null_count, 0);
        parquet_statistics(file, 0, 1, &s);
        assert_true(s.min == 1ull << 63 && s.max == (1ull << 63) + 999);
        parquet_statistics(file, 0, 2, &s);
        assert_false(s.has_min_max);
        assert_int_equal(s.null_count, 500);
        parquet_statistics(file, 0, 3, &s);
        assert_true((int64_t)s.min == -99 && s.max == 0);
        assert_in_range(s.compressed_bytes, 20, 4000);
        assert_true(s.uncompressed_bytes >= s.compressed_bytes);
}

/* Bytes that are no UTF-8 would make strict readers refuse the file. */
static void test_text_is_repaired(void **state)
{
        static const char *const in[] = {"a\xff" "b", "\xc3", "\xe2\x82", "fine", "\xed\xa0\x80",
                                         "g\xc3\xbc", "\xc0\xaf", "a\xff" "b"};
        static const char *const out[] = {"a\xef\xbf\xbd" "b", "\xef\xbf\xbd",
                                          "\xef\xbf\xbd\xef\xbf\xbd", "fine",
                                          "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd", "g\xc3\xbc",
                                          "\xef\xbf\xbd\xef\xbf\xbd", "a\xef\xbf\xbd" "b"};
        ParquetOptions options = {.codec = PARQUET_NONE};
        _cleanup_close_ int fd = memory_file();
        _cleanup_(parquet_writer_freep) ParquetWriter *writer = NULL;
        _cleanup_(parquet_closep) ParquetFile *file = NULL;
        _cleanup_(parquet_cursor_freep) ParquetCursor *cursor = NULL;
        _cleanup_(batch_freep) Batch *b = NULL;
        const Batch *rows;
        Error err = {0};

        assert_int_equal(batch_new(&schema, 100, 1000, &b), 0);
        for (size_t i = 0; i < ARRAY_LENGTH(in); i++) {
                assert_int_equal(batch_add_row(b), 0);
                assert_int_equal(batch_set_text(b, 2, in[i], strlen(in[i])), 0);
        }
        assert_int_equal(parquet_writer_new(fd, &schema, &options, &writer, &err), 0);
        assert_int_equal(parquet_writer_write(writer, b, &err), 0);
        assert_int_equal(parquet_writer_finish(writer, &err), 0);
        assert_int_equal(parquet_open(fd, &file, &err), 0);
        assert_int_equal(parquet_cursor_new(file, NULL, &cursor, &err), 0);
        assert_int_equal(parquet_cursor_next(cursor, &rows, &err), 1);
        for (size_t i = 0; i < ARRAY_LENGTH(in); i++) {
                size_t size;
                const char *text = batch_text(rows, 2, i, &size);
                assert_int_equal(size, strlen(out[i]));
                assert_memory_equal(text, out[i], size);
        }
}

static void test_refusals(void **state)
{
        static const struct {
                const char *bytes;
                size_t size;
        } cases[] = {
                {"", 0},
                {"PAR1", 4},
                {"hello, world, this is no table", 30},
                {"PAR1\0\0\0\0PAR1", 12},
                {"PAR1\xff\xff\xff\xffPAR1", 12},
                {"PAR1\x01\0\0\0PAR1", 12},
        };

        for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
                _cleanup_close_ int fd = memory_file();
                ParquetFile *file = NULL;
                Error err = {0};
                assert_int_equal(file_write_all(fd, cases[i].bytes, cases[i].size), 0);
                assert_int_equal(parquet_open(fd, &file, &err), -EBADMSG);
                assert_true(err.message[0] != '\0');
                assert_null(file);
        }
}

/* Every byte of a page is under a checksum. */
static void test_checksums(void **state)
{
        _cleanup_close_ int fd = part_file(0, 300);
        _cleanup_(parquet_closep) ParquetFile *file = NULL;
        ParquetStatistics s;
        Error err = {0};
        uint64_t pages = 4;
        uint8_t byte;

        assert_int_equal(parquet_open(fd, &file, &err), 0);
        for (size_t c = 0; c < 4; c++) {
                parquet_statistics(file, 0, c, &s);
                pages += s.compressed_bytes;
        }
        for (uint64_t at = 4; at < pages; at += 3) {
                ParquetCursor *cursor;
                const Batch *rows;
                int r;
                assert_int_equal(pread(fd, &byte, 1, (off_t)at), 1);
                byte ^= 0x20;
                assert_int_equal(pwrite(fd, &byte, 1, (off_t)at), 1);
                assert_int_equal(parquet_cursor_new(file, NULL, &cursor, &err), 0);
                while ((r = parquet_cursor_next(cursor, &rows, &err)) > 0)
                        ;
                /* a bit of a header may mean nothing; of the rest, each is noticed */
                if (r == 0)
                        assert_int_equal(read_rows(fd, NULL, 0), 300);
                else
                        assert_true(r == -EBADMSG || r == -EOPNOTSUPP);
                parquet_cursor_free(cursor);
                byte ^= 0x20;
                assert_int_equal(pwrite(fd, &byte, 1, (off_t)at), 1);
        }
        assert_int_equal(read_rows(fd, NULL, 0), 300);
}

static void test_codec_names(void **state)
{
        ParquetCodec codec = PARQUET_CODECS;

        for (int i = 0; i < PARQUET_CODECS; i++) {
                assert_int_equal(parquet_codec_parse(parquet_codec_name((ParquetCodec)i), &codec), 0);
                assert_int_equal(codec, i);
        }
        assert_int_equal(parquet_codec_parse("lz4_raw", &codec), 0);
        assert_int_equal(codec, PARQUET_LZ4_RAW);
        assert_int_equal(parquet_codec_parse("lzo", &codec), -EINVAL);
        assert_true(parquet_codec_available(PARQUET_NONE));
}

/* A codec that was not compiled in is refused by name, before a byte is written. */
static void test_codec_absent(void **state)
{
        for (int i = 0; i < PARQUET_CODECS; i++) {
                ParquetOptions options = {.codec = (ParquetCodec)i};
                _cleanup_(parquet_writer_freep) ParquetWriter *writer = NULL;
                Error err = {0};
                int r = parquet_writer_new(-1, &schema, &options, &writer, &err);
                assert_int_equal(r, parquet_codec_available(options.codec) ? 0 : -EOPNOTSUPP);
                if (r < 0)
                        assert_non_null(strstr(err.message, parquet_codec_name(options.codec)));
        }
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_writer_streams),
                cmocka_unit_test(test_writer_long_texts),
                cmocka_unit_test(test_concatenate),
                cmocka_unit_test(test_concatenate_damaged),
                cmocka_unit_test(test_concatenate_nothing),
                cmocka_unit_test(test_selection),
                cmocka_unit_test(test_ranges),
                cmocka_unit_test(test_statistics),
                cmocka_unit_test(test_text_is_repaired),
                cmocka_unit_test(test_refusals),
                cmocka_unit_test(test_checksums),
                cmocka_unit_test(test_codec_names),
                cmocka_unit_test(test_codec_absent),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
