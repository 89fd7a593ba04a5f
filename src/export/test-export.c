/* Exact there and back, types by what is in a column, and a place for every mistake. */
#include <errno.h>
#include <fcntl.h>
#include <math.h>
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
#include "base/text.h"
#include "export/output-file.h"
#include "export/table-copy.h"
#include "export/value-text.h"

static int memory_file(const char *text, size_t size)
{
        int fd = memfd_create("test", MFD_CLOEXEC);

        assert_true(fd >= 0);
        assert_int_equal(file_write_all(fd, text, size), 0);
        return fd;
}

static char *contents(int fd)
{
        Buffer all = {0};

        assert_true(lseek(fd, 0, SEEK_SET) == 0);
        assert_int_equal(file_read_all(fd, &all, 1 << 28), 0);
        return (char *)all.data;
}

/* Reads fd_in as one format and writes it as another; returns the new memory file. */
static int convert(int fd_in, TableFormat from, TableFormat to)
{
        _cleanup_(table_reader_freep) TableReader *reader = NULL;
        _cleanup_(sink_freep) Sink *sink = NULL;
        ParquetOptions options = {.codec = PARQUET_NONE};
        const Batch *rows;
        Error err = {0};
        int fd = memory_file("", 0), r = table_reader_new(from, fd_in, "in", &reader, &err);

        if (r < 0)
                fail_msg("%s", err.message);
        assert_int_equal(table_writer_new(to, fd, table_reader_schema(reader), &options, &sink, &err), 0);
        while ((r = table_reader_next(reader, &rows, &err)) > 0)
                assert_int_equal(sink_write(sink, rows, &err), 0);
        assert_int_equal(r, 0);
        assert_int_equal(sink_flush(sink, &err), 0);
        return fd;
}

static char *convert_text(const char *text, TableFormat from, TableFormat to)
{
        int in = memory_file(text, strlen(text)), out = convert(in, from, to);
        char *result = contents(out);

        close(in);
        close(out);
        return result;
}

static void becomes(const char *text, TableFormat from, TableFormat to, const char *expected)
{
        char *result = convert_text(text, from, to);

        assert_string_equal(result, expected);
        free(result);
}

/* CSV through another format and back. */
static void survives(const char *csv, TableFormat through)
{
        int in = memory_file(csv, strlen(csv)), middle = convert(in, FORMAT_CSV, through);
        int out = convert(middle, through, FORMAT_CSV);
        char *result = contents(out);

        assert_string_equal(result, csv);
        free(result);
        close(in);
        close(middle);
        close(out);
}

static const char every_kind[] =
        "n,big,low,f,flag,time,text,none,\"a,b\"\n"
        "1,18446744073709551615,-9223372036854775808,0.1,true,2026-11-20T10:15:02.123456789Z,plain,,x\n"
        "-2,0,5,-1.5e-07,false,1969-12-31T23:59:59.999999999Z,\"\",,\"\"\n"
        ",,,,,,,,\n"
        "3,9223372036854775808,0,12,true,2024-02-29T00:00:00.000000000Z,\"12\",,\"true\"\n"
        "4,1,1,1e+300,true,2026-01-01T00:00:00.000000000Z,\"two\nlines, \"\"quoted\"\"\r\",,é\n"
        "5,1,1,-0,true,2026-01-01T00:00:00.000000000Z,\"2026-01-01T00:00:00Z\",, blank \n";

static void test_round_trips(void **state)
{
        survives(every_kind, FORMAT_CSV);
        survives(every_kind, FORMAT_JSON);
        survives(every_kind, FORMAT_PARQUET);
        survives("only\n\n1\n\n", FORMAT_CSV);
        survives("only\n\n1\n\n", FORMAT_PARQUET);
        survives("no,rows\n", FORMAT_PARQUET);
        survives("\"a,b\"\n\"12\"\n", FORMAT_CSV);
        survives("a\n\xff\xfe\n", FORMAT_CSV); /* bytes of strangers stay as they are */
}

static void test_csv_forms(void **state)
{
        becomes("\xef\xbb\xbf" "a,b\r\n1,x\r\n2,\"y\r\nz\"", FORMAT_CSV, FORMAT_JSON,
                "{\"a\":1,\"b\":\"x\"}\n{\"a\":2,\"b\":\"y\\u000d\\nz\"}\n");
        becomes("a,b\n\n1,2\n\n\n3,4\n\n", FORMAT_CSV, FORMAT_CSV, "a,b\n1,2\n3,4\n");
        /* All quoted, the header too: then quotes say nothing, and "" is null for a number. */
        becomes("\"a\",\"b\"\n\"1\",\"x\"\n\"\",\"\"\n", FORMAT_CSV, FORMAT_JSON,
                "{\"a\":1,\"b\":\"x\"}\n{\"a\":null,\"b\":\"\"}\n");
        becomes("a,b\n\"1\",2\n", FORMAT_CSV, FORMAT_JSON, "{\"a\":\"1\",\"b\":2}\n");
        becomes(",v\n0,x\n", FORMAT_CSV, FORMAT_CSV, "column_1,v\n0,x\n");
        becomes("a\nb\"c\"\n", FORMAT_CSV, FORMAT_CSV, "a\n\"b\"\"c\"\"\"\n");
}

static void type_is(const char *values, ColumnType expected)
{
        _cleanup_(table_reader_freep) TableReader *reader = NULL;
        _cleanup_string_ String csv = {0};
        Error err = {0};

        string_add_format(&csv, "v\n%s\n", values);
        _cleanup_close_ int fd = memory_file(string_get(&csv), csv.size);
        assert_int_equal(csv_reader_new(fd, "in", &reader, &err), 0);
        if (table_reader_schema(reader)->columns[0].type != expected)
                fail_msg("%s: %s", values, column_type_name(table_reader_schema(reader)->columns[0].type));
}

static void test_types(void **state)
{
        type_is("1\n-2", COLUMN_I64);
        type_is("9223372036854775807", COLUMN_I64);
        type_is("9223372036854775808", COLUMN_U64);
        type_is("9223372036854775808\n-1", COLUMN_TEXT);
        type_is("18446744073709551616", COLUMN_TEXT);
        type_is("-9223372036854775809", COLUMN_TEXT);
        type_is("007", COLUMN_TEXT);
        type_is("+1", COLUMN_TEXT);
        type_is("1\n0.5", COLUMN_F64);
        type_is("9007199254740993\n0.5", COLUMN_TEXT);
        type_is("0.12345678901234567", COLUMN_F64);
        type_is("0.123456789012345678", COLUMN_TEXT);
        type_is("1e3", COLUMN_F64);
        type_is("1e999", COLUMN_TEXT);
        type_is(".5", COLUMN_TEXT);
        type_is("00.5", COLUMN_TEXT);
        type_is("nan", COLUMN_TEXT);
        type_is("inf\n-inf\n1", COLUMN_F64);
        type_is("0x10", COLUMN_TEXT);
        type_is("true\nfalse", COLUMN_BOOL);
        type_is("true\n1", COLUMN_TEXT);
        type_is("True", COLUMN_TEXT);
        type_is("2026-11-20T10:15:02Z\n2026-11-20 10:15:02.5+02:00", COLUMN_TIME);
        type_is("2026-11-20T10:15:02", COLUMN_TEXT);
        type_is("2026-02-30T10:15:02Z", COLUMN_TEXT);
        type_is("", COLUMN_TEXT);
}

static void test_times(void **state)
{
        static const struct {
                const char *text;
                int64_t ns;
        } cases[] = {{"1970-01-01T00:00:00Z", 0},
                     {"1969-12-31T23:59:59.999999999Z", -1},
                     {"2000-03-01T00:00:00Z", 951868800000000000},
                     {"2026-11-20T12:15:02.5+02:00", 1795169702500000000},
                     {"1677-09-21T00:12:43.145224193Z", -9223372036854775807},
                     {"2262-04-11T23:47:16.854775807Z", INT64_MAX}};
        static const char *const refused[] = {
                "2263-01-01T00:00:00Z", "2026-13-01T00:00:00Z", "2026-01-01T24:00:00Z",
                "2026-01-01T00:00:00", "2026-01-01T00:00:00.Z", "2026-01-01T00:00:00.1234567890Z",
                "2026-01-01T00:00:00Zx", "2026-01-01T00:00:00+2:00", "", "Z",
                "2026-01-01T00:00:00.", "9999-99-99T99:99:99Z"};
        char shown[VALUE_TEXT_MAX];
        int64_t ns, back;

        for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
                assert_true(value_parse_time(cases[i].text, strlen(cases[i].text), &ns));
                assert_true(ns == cases[i].ns);
        }
        for (size_t i = 0; i < ARRAY_LENGTH(refused); i++)
                assert_false(value_parse_time(refused[i], strlen(refused[i]), &ns));
        uint64_t seed = 7;
        for (int i = 0; i < 20000; i++) {
                seed = seed * 6364136223846793005u + 1442695040888963407u;
                size_t n = value_format(shown, COLUMN_TIME, seed);
                assert_true(value_parse_time(shown, n, &back));
                assert_true(back == (int64_t)seed);
        }
}

static void test_doubles(void **state)
{
        static const struct {
                double value;
                const char *text;
        } cases[] = {{0, "0"}, {0.1, "0.1"}, {1e15, "1e+15"}, {-3, "-3"}, {100000, "100000"},
                     {1.0 / 3, "0.3333333333333333"}, {5e-324, "4.94065645841247e-324"},
                     {INFINITY, "inf"}, {-INFINITY, "-inf"}};
        char shown[VALUE_TEXT_MAX];
        uint64_t bits, back, seed = 11;

        for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
                memcpy(&bits, &cases[i].value, sizeof bits);
                value_format(shown, COLUMN_F64, bits);
                assert_string_equal(shown, cases[i].text);
        }
        for (int i = 0; i < 50000; i++) {
                double value;
                seed = seed * 6364136223846793005u + 1442695040888963407u;
                memcpy(&value, &seed, sizeof value);
                if (isnan(value))
                        continue;
                if (i % 2)
                        value = (double)(int64_t)seed; /* whole ones too */
                memcpy(&bits, &value, sizeof bits);
                size_t n = value_format(shown, COLUMN_F64, bits);
                ValueKind kind = value_classify(shown, n, &back);
                assert_true(kind == VALUE_DECIMAL || kind == VALUE_INTEGER);
                if (kind == VALUE_DECIMAL)
                        assert_true(back == bits);
        }
}

static void test_json_forms(void **state)
{
        becomes("{\"a\":18446744073709551615,\"b\":\"x\"}\n{\"b\":null,\"c\":[1, {\"d\": \"e\\n\"}]}\n{}",
                FORMAT_JSON, FORMAT_CSV,
                "a,b,c\n18446744073709551615,x,\n,,\"[1,{\"\"d\"\":\"\"e\\n\"\"}]\"\n,,\n");
        becomes(" [ {\"a\":1.5}, {\"a\":2} ] ", FORMAT_JSON, FORMAT_JSON, "{\"a\":1.5}\n{\"a\":2.0}\n");
        becomes("{\"a\":\"\\u0041\\ud83d\\ude00\\ud800x\\ud800\\n\\u0000\"}", FORMAT_JSON, FORMAT_JSON,
                "{\"a\":\"A\xf0\x9f\x98\x80\xef\xbf\xbdx\xef\xbf\xbd\\n\\u0000\"}\n");
        becomes("{\"a\":\"12\"}{\"a\":3}{\"a\":true}", FORMAT_JSON, FORMAT_CSV, "a\n\"12\"\n\"3\"\n\"true\"\n");
        becomes("{\"a\":-0.0}", FORMAT_JSON, FORMAT_JSON, "{\"a\":-0.0}\n");
        becomes("{\"a\":\"2026-11-20T10:15:02Z\"}", FORMAT_JSON, FORMAT_CSV,
                "a\n2026-11-20T10:15:02.000000000Z\n");
        becomes("a\n\"\xff\"\ninf\n", FORMAT_CSV, FORMAT_JSON, "{\"a\":\"\xef\xbf\xbd\"}\n{\"a\":\"inf\"}\n");
        becomes("a\ninf\n", FORMAT_CSV, FORMAT_JSON, "{\"a\":null}\n");
}

static void refused(TableFormat format, const char *text, const char *message)
{
        TableReader *reader = NULL;
        Error err = {0};
        _cleanup_close_ int fd = memory_file(text, strlen(text));

        assert_int_equal(table_reader_new(format, fd, "in", &reader, &err), -EBADMSG);
        assert_null(reader);
        assert_string_equal(err.message, message);
}

static void test_mistakes(void **state)
{
        refused(FORMAT_CSV, "", "in:1:1: the file is empty; expected a line of column names");
        refused(FORMAT_CSV, "\n1\n", "in:1:1: empty line; expected a line of column names");
        refused(FORMAT_CSV, "a,b\n1,2\n3\n", "in:3:1: 1 cell; expected 2, as in the header");
        refused(FORMAT_CSV, "a,b\n1,2,3\n", "in:2:5: 3 cells; expected 2, as in the header");
        refused(FORMAT_CSV, "a,a\n", "in:1:3: column a is there twice; expected different names");
        refused(FORMAT_CSV, "a\n\"x\ny\n", "in:2:1: quote is never closed; expected \" before the end of the file");
        refused(FORMAT_CSV, "a\n\"x\"y\n",
                "in:2:4: text behind a closing quote; expected , or the end of the line");
        refused(FORMAT_JSON, "", "in:1:1: no row, so no column is known; expected at least one object");
        refused(FORMAT_JSON, "{\"a\":1}\nx", "in:2:1: unexpected x; expected { at the start of a row");
        refused(FORMAT_JSON, "{\"a\":01}", "in:1:7: unexpected 1; expected a number without leading zeros");
        refused(FORMAT_JSON, "{\"a\":1,}", "in:1:8: unexpected }; expected a name in quotes");
        refused(FORMAT_JSON, "{\"a\" 1}", "in:1:6: unexpected 1; expected :");
        refused(FORMAT_JSON, "{\"a\":tru}",
                "in:1:9: unexpected }; expected a value: text, number, true, false, null, [ or {");
        refused(FORMAT_JSON, "{\"a\":\"x\ny\"}",
                "in:1:8: unexpected byte 0x0a; expected an escape such as \\n for a control character");
        refused(FORMAT_JSON, "{\"a\":1,\"a\":2}", "in:1:8: a is there twice; expected different names");
        refused(FORMAT_JSON, "[{\"a\":1}", "in:1:9: the file ends here; expected , or ]");
        refused(FORMAT_JSON, "[{\"a\":1}] 1", "in:1:11: unexpected 1; expected the end of the file");
        refused(FORMAT_JSON, "{\"a\":\"\\q\"}", "in:1:8: unexpected q; expected one of \" \\ / b f n r t u behind \\");
        refused(FORMAT_JSON, "{\"a\":1.}", "in:1:8: unexpected }; expected a digit");
        refused(FORMAT_JSON, "{\"a\":[1,]}",
                "in:1:9: unexpected ]; expected a value: text, number, true, false, null, [ or {");
}

static void test_depth(void **state)
{
        _cleanup_string_ String deep = {0};
        TableReader *reader = NULL;
        Error err = {0};

        string_add(&deep, "{\"a\":");
        for (int i = 0; i < 100000; i++)
                string_add(&deep, "[");
        _cleanup_close_ int fd = memory_file(string_get(&deep), deep.size);
        assert_int_equal(json_reader_new(fd, "in", &reader, &err), -EBADMSG);
        assert_non_null(strstr(err.message, "nested too deeply"));
}

/* More rows than a batch holds, and more text than it holds: rows move on whole. */
static void test_large(void **state)
{
        _cleanup_string_ String csv = {0};
        char *text = malloc(1 << 20);

        assert_non_null(text);
        string_add(&csv, "i,text\n");
        for (int i = 0; i < 24; i++) {
                memset(text, 'a' + i, 1 << 20);
                string_add_format(&csv, "%d,", i);
                string_add_bytes(&csv, text, 1 << 20);
                string_add_char(&csv, '\n');
        }
        for (int i = 0; i < 20000; i++)
                string_add_format(&csv, "%d,row %d\n", i, i % 100);
        free(text);
        assert_false(csv.failed);
        survives(string_get(&csv), FORMAT_CSV);
        survives(string_get(&csv), FORMAT_JSON);
}

/* What was there stays until what comes is whole; nothing else is left. */
static void test_atomic(void **state)
{
        char folder[] = "/tmp/vigia-test-export-XXXXXX", path[64], temporary[80];
        _cleanup_(buffer_done) Buffer now = {0};
        _cleanup_(table_reader_freep) TableReader *reader = NULL;
        TableCopy copy = {.format = FORMAT_CSV};
        OutputFile file;
        Error err = {0};

        assert_non_null(mkdtemp(folder));
        snprintf(path, sizeof path, "%s/out.csv", folder);
        snprintf(temporary, sizeof temporary, "%s.tmp", path);
        assert_int_equal(file_replace(AT_FDCWD, path, "before", 6, false), 0);
        assert_int_equal(output_file_open(&file, path, &err), 0);
        assert_int_equal(file_write_all(file.fd, "half", 4), 0);
        assert_int_equal(access(temporary, F_OK), 0);
        output_file_done(&file);
        assert_int_not_equal(access(temporary, F_OK), 0);
        assert_int_equal(file_read_path(AT_FDCWD, path, 100, &now, &err), 0);
        assert_string_equal((char *)now.data, "before");

        _cleanup_close_ int fd = memory_file("a\n1\n", 4);
        assert_int_equal(csv_reader_new(fd, "in", &reader, &err), 0);
        assert_int_equal(table_copy(&copy, reader, path, &err), 0);
        assert_int_equal(copy.rows, 1);
        buffer_clear(&now);
        assert_int_equal(file_read_path(AT_FDCWD, path, 100, &now, &err), 0);
        assert_string_equal((char *)now.data, "a\n1\n");
        assert_int_equal(output_file_open(&file, folder, &err), -EISDIR);
        copy.output_failed = false;
        assert_int_equal(table_copy(&copy, reader, "/nowhere/at/all.csv", &err), -ENOENT);
        assert_true(copy.output_failed);
        assert_int_equal(directory_remove(AT_FDCWD, folder), 0);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_round_trips), cmocka_unit_test(test_csv_forms),
                cmocka_unit_test(test_types),       cmocka_unit_test(test_times),
                cmocka_unit_test(test_doubles),     cmocka_unit_test(test_json_forms),
                cmocka_unit_test(test_mistakes),    cmocka_unit_test(test_depth),
                cmocka_unit_test(test_large),       cmocka_unit_test(test_atomic),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
