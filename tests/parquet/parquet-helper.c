/*
 * The Parquet writer and reader as a command, for readers.mjs:
 *   write FILE CODEC ROWS NULLS   a table of every type, deterministic (NULLS 0: none, 1: some, 2: all)
 *   print FILE                    each row as a JSON array of texts and nulls
 *   concatenate OUT FILE…
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/text.h"
#include "store/parquet/parquet.h"

static const Column columns[] = {
        {"t_ns", COLUMN_I64, ROLE_KEY, UNIT_NS, "time"},
        {"process", COLUMN_U64, ROLE_KEY, UNIT_NONE, NULL},
        {"rss_bytes", COLUMN_U64, ROLE_GAUGE, UNIT_BYTES, NULL},
        {"wild", COLUMN_U64, ROLE_GAUGE, UNIT_NONE, NULL},
        {"threads", COLUMN_U32, ROLE_GAUGE, UNIT_COUNT, NULL},
        {"uid", COLUMN_U32, ROLE_GAUGE, UNIT_NONE, NULL},
        {"pid", COLUMN_I32, ROLE_GAUGE, UNIT_NONE, NULL},
        {"ratio", COLUMN_F64, ROLE_GAUGE, UNIT_RATIO, NULL},
        {"level", COLUMN_F64, ROLE_GAUGE, UNIT_CELSIUS, NULL},
        {"yes", COLUMN_BOOL, ROLE_GAUGE, UNIT_NONE, NULL},
        {"comm", COLUMN_TEXT, ROLE_TEXT, UNIT_NONE, NULL},
        {"cmdline", COLUMN_TEXT, ROLE_TEXT, UNIT_NONE, NULL},
        {"time", COLUMN_TIME, ROLE_KEY, UNIT_NONE, NULL},
        {"constant", COLUMN_U64, ROLE_GAUGE, UNIT_NONE, NULL},
};
static const Schema schema = {"example", columns, ARRAY_LENGTH(columns)};

static uint64_t next_random(uint64_t *state)
{
        *state = *state * 6364136223846793005ull + 1442695040888963407ull;
        return (*state ^ *state >> 29) * 0xbf58476d1ce4e5b9ull;
}

static void set_cell(Batch *b, size_t column, uint64_t row, uint64_t random)
{
        static const char *const comms[] = {"cc1", "as", "ld", "g\xc3\xbc", "b\xff!"};
        static const uint64_t wild[] = {0, UINT64_MAX, 1ull << 63, (1ull << 63) - 1, 1, 42};
        char text[96];

        switch (column) {
        case 0:
                batch_set_i64(b, column, (int64_t)(row / 20 * 50000000) - 1000);
                break;
        case 1:
                batch_set_u64(b, column, row % 20 + row / 400);
                break;
        case 2:
                batch_set_u64(b, column, random % 65536 * 4096);
                break;
        case 3:
                batch_set_u64(b, column, random % 2 ? wild[random / 2 % 6] : random);
                break;
        case 4:
                batch_set_u64(b, column, random % 3 + 1);
                break;
        case 5:
                batch_set_u64(b, column, random % 4 ? (uint32_t)random : UINT32_MAX);
                break;
        case 6:
                batch_set_i64(b, column, (int32_t)random);
                break;
        case 7:
                batch_set_f64(b, column, (double)(random % 100000) / 1024 - 17);
                break;
        case 8:
                batch_set_f64(b, column, (double)(random % 5));
                break;
        case 9:
                batch_set_bool(b, column, random % 3 == 0);
                break;
        case 10:
                batch_set_text(b, column, comms[random % 5], strlen(comms[random % 5]));
                break;
        case 11:
                snprintf(text, sizeof text, "cc1 -quiet file%llu.c -o /tmp/%llx.s",
                         (unsigned long long)row, (unsigned long long)random);
                batch_set_text(b, column, text, random % 50 ? strlen(text) : 0);
                break;
        case 12:
                batch_set_i64(b, column, 1763683200123456789 + (int64_t)(row * 1000003));
                break;
        default:
                batch_set_u64(b, column, 7);
        }
}

static int make(ParquetWriter *writer, uint64_t rows, uint64_t nulls, Error *err)
{
        _cleanup_(batch_freep) Batch *b = NULL;
        uint64_t random = 5;
        int r = batch_new(&schema, 1000, 1 << 20, &b);

        for (uint64_t row = 0; r == 0 && row < rows; row++) {
                if (batch_rows(b) == 1000) {
                        r = parquet_writer_write(writer, b, err);
                        batch_clear(b);
                }
                if (r == 0)
                        r = batch_add_row(b);
                for (size_t c = 0; r == 0 && c < schema.n_columns; c++) {
                        uint64_t value = next_random(&random) >> 3;
                        if (nulls == 0 || (nulls == 1 && value % 7 > 1))
                                set_cell(b, c, row, value);
                }
        }
        return r < 0 ? r : parquet_writer_write(writer, b, err);
}

static int write_file(const char *path, const char *codec, const char *rows, const char *nulls,
                      Error *err)
{
        _cleanup_close_ int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
        _cleanup_(parquet_writer_freep) ParquetWriter *writer = NULL;
        ParquetOptions options = {.row_group_rows = 30000};
        uint64_t n_rows, kind;

        if (fd < 0)
                return error_set_errno(err, errno, "%s", path);
        if (parquet_codec_parse(codec, &options.codec) < 0 || parse_u64z(rows, &n_rows) < 0 ||
            parse_u64z(nulls, &kind) < 0)
                return error_set(err, EINVAL, "bad arguments");
        int r = parquet_writer_new(fd, &schema, &options, &writer, err);
        if (r == 0)
                r = make(writer, n_rows, kind, err);
        return r < 0 ? r : parquet_writer_finish(writer, err);
}

static void print_cell(String *line, const Batch *b, size_t column, size_t row)
{
        const char *text;
        size_t size;

        if (batch_is_null(b, column, row)) {
                string_add(line, "null");
                return;
        }
        string_add_char(line, '"');
        switch (batch_schema(b)->columns[column].type) {
        case COLUMN_U64:
        case COLUMN_U32:
                string_add_format(line, "%llu", (unsigned long long)batch_u64(b, column, row));
                break;
        case COLUMN_F64:
                string_add_format(line, "%.17g", batch_f64(b, column, row));
                break;
        case COLUMN_BOOL:
                string_add(line, batch_bool(b, column, row) ? "true" : "false");
                break;
        case COLUMN_TEXT:
                text = batch_text(b, column, row, &size);
                string_add_json(line, text, size);
                break;
        default:
                string_add_format(line, "%lld", (long long)batch_i64(b, column, row));
        }
        string_add_char(line, '"');
}

static int print_file(const char *path, Error *err)
{
        _cleanup_close_ int fd = open(path, O_RDONLY | O_CLOEXEC);
        _cleanup_(parquet_closep) ParquetFile *file = NULL;
        _cleanup_(parquet_cursor_freep) ParquetCursor *cursor = NULL;
        _cleanup_string_ String line = {0};
        const Batch *b;

        if (fd < 0)
                return error_set_errno(err, errno, "%s", path);
        int r = parquet_open(fd, &file, err);
        if (r == 0)
                r = parquet_cursor_new(file, NULL, &cursor, err);
        while (r >= 0 && (r = parquet_cursor_next(cursor, &b, err)) > 0)
                for (size_t row = 0; row < batch_rows(b); row++) {
                        string_clear(&line);
                        for (size_t c = 0; c < batch_schema(b)->n_columns; c++) {
                                string_add_char(&line, c > 0 ? ',' : '[');
                                print_cell(&line, b, c, row);
                        }
                        string_add(&line, "]\n");
                        fputs(string_get(&line), stdout);
                }
        return r;
}

static int concatenate(const char *to, char **paths, size_t n, Error *err)
{
        _cleanup_close_ int fd = open(to, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
        int fds[64];
        size_t damaged = 0;

        if (fd < 0 || n > ARRAY_LENGTH(fds))
                return error_set_errno(err, errno, "%s", to);
        for (size_t i = 0; i < n; i++)
                fds[i] = open(paths[i], O_RDONLY | O_CLOEXEC);
        int r = parquet_concatenate(fd, NULL, fds, n, NULL, 0, &damaged, err);
        for (size_t i = 0; i < n; i++)
                fd_close(fds[i]);
        return r < 0 || damaged == 0 ? r : error_set(err, EBADMSG, "%zu damaged parts", damaged);
}

int main(int argc, char **argv)
{
        Error err = {0};
        int r;

        if (argc == 6 && text_equal(argv[1], "write"))
                r = write_file(argv[2], argv[3], argv[4], argv[5], &err);
        else if (argc == 3 && text_equal(argv[1], "print"))
                r = print_file(argv[2], &err);
        else if (argc > 3 && text_equal(argv[1], "concatenate"))
                r = concatenate(argv[2], argv + 3, (size_t)argc - 3, &err);
        else
                r = error_set(&err, EINVAL, "usage: parquet-helper write|print|concatenate …");
        if (r < 0)
                fprintf(stderr, "%s\n", err.message);
        return r < 0;
}
