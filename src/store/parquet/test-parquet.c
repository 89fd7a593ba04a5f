/* Round trips: what was written is what is read, for every type, null pattern and codec. */
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
#include "store/parquet/reader.h"

static const Column columns[] = {
        {"t_ns", COLUMN_I64, ROLE_KEY, UNIT_NS, "time of the tick"},
        {"u64", COLUMN_U64, ROLE_COUNTER, UNIT_BYTES, NULL},
        {"u32", COLUMN_U32, ROLE_GAUGE, UNIT_COUNT, "a \"quoted\" help"},
        {"i32", COLUMN_I32, ROLE_GAUGE, UNIT_CELSIUS, NULL},
        {"f64", COLUMN_F64, ROLE_GAUGE, UNIT_RATIO, NULL},
        {"yes", COLUMN_BOOL, ROLE_GAUGE, UNIT_NONE, NULL},
        {"few", COLUMN_TEXT, ROLE_TEXT, UNIT_NONE, NULL},
        {"many", COLUMN_TEXT, ROLE_KEY, UNIT_NONE, NULL},
        {"time", COLUMN_TIME, ROLE_KEY, UNIT_NONE, NULL},
};
enum { N_COLUMNS = 9 };
static const Schema schema = {"example", columns, N_COLUMNS};

typedef enum Nulls { NULLS_NONE, NULLS_ALL, NULLS_EVERY_THIRD, NULLS_RUNS, NULLS_RANDOM, NULLS_KINDS } Nulls;
typedef enum Shape { SHAPE_CONSTANT, SHAPE_SMOOTH, SHAPE_FEW, SHAPE_WILD, SHAPES } Shape;

static uint64_t next_random(uint64_t *state)
{
        *state = *state * 6364136223846793005ull + 1442695040888963407ull;
        uint64_t x = *state;
        return (x ^ x >> 29) * 0xbf58476d1ce4e5b9ull ^ x >> 32;
}

static bool is_null(Nulls nulls, size_t row, uint64_t *random)
{
        switch (nulls) {
        case NULLS_NONE:
                return false;
        case NULLS_ALL:
                return true;
        case NULLS_EVERY_THIRD:
                return row % 3 == 0;
        case NULLS_RUNS:
                return row / 100 % 2 == 1;
        default:
                return next_random(random) % 2;
        }
}

static uint64_t number(Shape shape, size_t row, uint64_t *random)
{
        switch (shape) {
        case SHAPE_CONSTANT:
                return 7;
        case SHAPE_SMOOTH:
                return 1000000 + row * 50 + next_random(random) % 10;
        case SHAPE_FEW:
                return next_random(random) % 5 * 0x123456789abull;
        default: /* the ends of the range among them */
                switch (next_random(random) % 8) {
                case 0:
                        return UINT64_MAX;
                case 1:
                        return 1ull << 63;
                case 2:
                        return 0;
                default:
                        return next_random(random);
                }
        }
}

static void fill_row(Batch *b, Nulls nulls, Shape shape, size_t row, uint64_t *random)
{
        char text[64];

        assert_int_equal(batch_add_row(b), 0);
        for (size_t c = 0; c < N_COLUMNS; c++) {
                uint64_t value = number(shape, row, random);
                if (is_null(nulls, row, random))
                        continue;
                switch (columns[c].type) {
                case COLUMN_U32:
                        batch_set_u64(b, c, (uint32_t)value);
                        break;
                case COLUMN_I32:
                        batch_set_i64(b, c, (int32_t)value);
                        break;
                case COLUMN_F64:
                        batch_set_f64(b, c, (double)(int64_t)value / 64);
                        break;
                case COLUMN_BOOL:
                        batch_set_bool(b, c, value >> 3 & 1);
                        break;
                case COLUMN_TEXT:
                        snprintf(text, sizeof text, "%s %llu", c == 6 ? "g\xc3\xbc" : "cc -c",
                                 (unsigned long long)(c == 6 ? value % 7 : value));
                        assert_int_equal(batch_set_text(b, c, text, value % 11 ? strlen(text) : 0), 0);
                        break;
                default:
                        batch_set_cell(b, c, value);
                }
        }
}

static Batch *make_rows(Nulls nulls, Shape shape, size_t n)
{
        uint64_t random = 1 + n;
        Batch *b;

        assert_int_equal(batch_new(&schema, MAX(n, (size_t)1), 64 << 20, &b), 0);
        for (size_t row = 0; row < n; row++)
                fill_row(b, nulls, shape, row, &random);
        return b;
}

static int memory_file(const void *data, size_t size)
{
        int fd = memfd_create("parquet", MFD_CLOEXEC);

        assert_true(fd >= 0);
        assert_int_equal(file_write_all(fd, data, size), 0);
        return fd;
}

static void assert_row_equal(const Batch *a, size_t ra, const Batch *b, size_t rb)
{
        for (size_t c = 0; c < batch_schema(a)->n_columns; c++) {
                size_t na, nb;
                assert_int_equal(batch_is_null(a, c, ra), batch_is_null(b, c, rb));
                if (batch_schema(a)->columns[c].type != COLUMN_TEXT) {
                        assert_true(batch_u64(a, c, ra) == batch_u64(b, c, rb));
                        continue;
                }
                const char *ta = batch_text(a, c, ra, &na), *tb = batch_text(b, c, rb, &nb);
                assert_int_equal(na, nb);
                assert_memory_equal(ta, tb, na);
        }
}

/* The file holds exactly the rows of the batches. */
static void assert_file_holds(int fd, const Batch *const *batches, size_t n_batches)
{
        Error err = {0};
        ParquetFile *file;
        ParquetCursor *cursor;
        const Batch *got;
        size_t batch = 0, row = 0;
        int r = parquet_open(fd, &file, &err);

        if (r < 0)
                print_error("%s\n", err.message);
        assert_int_equal(r, 0);
        assert_int_equal(parquet_cursor_new(file, NULL, &cursor, &err), 0);
        while ((r = parquet_cursor_next(cursor, &got, &err)) > 0) {
                assert_in_range(batch_rows(got), 1, 4096);
                for (size_t i = 0; i < batch_rows(got); i++, row++) {
                        while (batch < n_batches && row == batch_rows(batches[batch])) {
                                batch++;
                                row = 0;
                        }
                        assert_true(batch < n_batches);
                        assert_row_equal(batches[batch], row, got, i);
                }
        }
        if (r < 0)
                print_error("%s\n", err.message);
        assert_int_equal(r, 0);
        while (batch < n_batches && row == batch_rows(batches[batch])) {
                batch++;
                row = 0;
        }
        assert_int_equal(batch, n_batches);
        parquet_cursor_free(cursor);
        parquet_close(file);
}

static void assert_same_schema(const Schema *a, const Schema *b)
{
        assert_string_equal(a->table, b->table);
        assert_int_equal(a->n_columns, b->n_columns);
        for (size_t i = 0; i < a->n_columns; i++) {
                assert_string_equal(a->columns[i].name, b->columns[i].name);
                assert_int_equal(a->columns[i].type, b->columns[i].type);
                assert_int_equal(a->columns[i].role, b->columns[i].role);
                assert_int_equal(a->columns[i].unit, b->columns[i].unit);
                assert_null(b->columns[i].help); /* for people, in docs/run-format.md */
        }
}

static void round_trip(ParquetEncoder *encoder, const Batch *rows)
{
        Buffer out = {0};

        assert_int_equal(buffer_append(&out, "before", 6), 0);
        assert_int_equal(parquet_encode(encoder, &schema, &rows, 1, &out), 0);
        int fd = memory_file(out.data + 6, out.size - 6);
        assert_file_holds(fd, &rows, 1);
        close(fd);
        buffer_done(&out);
}

static void test_round_trips(void **state)
{
        static const size_t sizes[] = {1, 7, 8, 9, 63, 64, 65, 129, 1000, 4097};

        for (int codec = 0; codec < PARQUET_CODECS; codec++) {
                ParquetOptions options = {.codec = (ParquetCodec)codec};
                ParquetEncoder *encoder;
                if (!parquet_codec_available(options.codec))
                        continue;
                assert_int_equal(parquet_encoder_new(&options, &encoder), 0);
                for (Nulls nulls = 0; nulls < NULLS_KINDS; nulls++)
                        for (Shape shape = 0; shape < SHAPES; shape++)
                                for (size_t i = 0; i < ARRAY_LENGTH(sizes); i++) {
                                        if (codec != PARQUET_ZSTD && sizes[i] % 100)
                                                continue; /* sizes and codecs do not meet */
                                        Batch *rows = make_rows(nulls, shape, sizes[i]);
                                        round_trip(encoder, rows);
                                        batch_free(rows);
                                }
                parquet_encoder_free(encoder);
        }
}

/* Each encoding is really chosen somewhere, so the round trips above tried it. */
static void test_encodings_chosen(void **state)
{
        static const struct {
                size_t column;
                Shape shape;
                Encoding encoding;
        } cases[] = {
                {0, SHAPE_SMOOTH, ENCODING_DELTA},    {1, SHAPE_FEW, ENCODING_DICTIONARY},
                {1, SHAPE_SMOOTH, ENCODING_DELTA},    {1, SHAPE_CONSTANT, ENCODING_DICTIONARY},
                {2, SHAPE_SMOOTH, ENCODING_DELTA},    {4, SHAPE_SMOOTH, ENCODING_SPLIT},
                {4, SHAPE_FEW, ENCODING_DICTIONARY},  {5, SHAPE_WILD, ENCODING_PLAIN},
                {6, SHAPE_WILD, ENCODING_DICTIONARY}, {7, SHAPE_WILD, ENCODING_DELTA_LENGTH},
                {8, SHAPE_SMOOTH, ENCODING_DELTA},
        };
        ParquetOptions options = {.codec = PARQUET_NONE};
        ParquetEncoder *encoder;
        Buffer out = {0};
        Error err;

        assert_int_equal(parquet_encoder_new(&options, &encoder), 0);
        for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
                const Batch *rows = make_rows(NULLS_NONE, cases[i].shape, 1000);
                ParquetFile *file;
                buffer_clear(&out);
                assert_int_equal(parquet_encode(encoder, NULL, &rows, 1, &out), 0);
                int fd = memory_file(out.data, out.size);
                assert_int_equal(parquet_open(fd, &file, &err), 0);
                assert_true(file_chunk(file, 0, cases[i].column)->encodings >> cases[i].encoding & 1);
                parquet_close(file);
                close(fd);
                batch_free((Batch *)(uintptr_t)rows);
        }
        buffer_done(&out);
        parquet_encoder_free(encoder);
}

/* More rows than a page takes. */
static void test_many_pages(void **state)
{
        ParquetOptions options = {.codec = PARQUET_ZSTD};
        ParquetEncoder *encoder;

        assert_int_equal(parquet_encoder_new(&options, &encoder), 0);
        for (Nulls nulls = 0; nulls < NULLS_KINDS; nulls++) {
                Batch *rows = make_rows(nulls, nulls % 2 ? SHAPE_WILD : SHAPE_SMOOTH, 41001);
                round_trip(encoder, rows);
                batch_free(rows);
        }
        parquet_encoder_free(encoder);
}

static void test_empty(void **state)
{
        ParquetOptions options = {.codec = PARQUET_NONE};
        ParquetEncoder *encoder;
        ParquetFile *file;
        Buffer out = {0};
        Error err;

        assert_int_equal(parquet_encoder_new(&options, &encoder), 0);
        assert_int_equal(parquet_encode(encoder, &schema, NULL, 0, &out), 0);
        int fd = memory_file(out.data, out.size);
        assert_int_equal(parquet_open(fd, &file, &err), 0);
        assert_int_equal(parquet_rows(file), 0);
        assert_int_equal(parquet_row_groups(file), 0);
        assert_same_schema(&schema, parquet_schema(file));
        parquet_close(file);
        assert_file_holds(fd, NULL, 0);
        close(fd);
        buffer_done(&out);
        parquet_encoder_free(encoder);
}

static void test_metadata(void **state)
{
        static const ParquetKeyValue metadata[] = {{"run", "id-1"}, {"host", "h\"o\xc3\xa9st"}};
        ParquetOptions options = {.codec = PARQUET_ZSTD, .metadata = metadata, .n_metadata = 2};
        ParquetEncoder *encoder;
        ParquetFile *file;
        Buffer out = {0};
        Error err;
        Batch *rows = make_rows(NULLS_NONE, SHAPE_FEW, 100);
        const Batch *batches[] = {rows, rows, rows};

        assert_int_equal(parquet_encoder_new(&options, &encoder), 0);
        assert_int_equal(parquet_encode(encoder, NULL, batches, 3, &out), 0);
        int fd = memory_file(out.data, out.size);
        assert_int_equal(parquet_open(fd, &file, &err), 0);
        assert_string_equal(parquet_metadata(file, "run"), "id-1");
        assert_string_equal(parquet_metadata(file, "host"), "h\"o\xc3\xa9st");
        assert_null(parquet_metadata(file, "absent"));
        assert_memory_equal(parquet_created_by(file), "vigia version ", 14);
        assert_int_equal(parquet_rows(file), 300);
        assert_int_equal(parquet_row_groups(file), 3);
        assert_int_equal(parquet_row_group_rows(file, 2), 100);
        assert_same_schema(&schema, parquet_schema(file));
        parquet_close(file);
        assert_file_holds(fd, batches, 3);
        close(fd);
        buffer_done(&out);
        parquet_encoder_free(encoder);
        batch_free(rows);
}

static void append_rows(Batch *to, const Batch *from, size_t first, size_t end)
{
        for (size_t row = first; row < end; row++)
                assert_int_equal(batch_append(to, from, row), 0);
}

/* A file whose first rows were encoded when there were fewer, and one whose base is renewed. */
static void grow_on_base(ParquetEncoder *encoder, const Batch *rows, const Batch *live)
{
        static const size_t steps[] = {63, 64, 300, 301, 640, 1000};
        const Batch *batches[] = {NULL, live};
        ParquetBase base = {0};
        Batch *part;

        assert_int_equal(batch_new(&schema, 1000, 1 << 20, &part), 0);
        batches[0] = part;
        for (size_t i = 0; i < ARRAY_LENGTH(steps); i++) {
                Buffer out = {0};
                append_rows(part, rows, batch_rows(part), steps[i]);
                if (i % 2 == 0)
                        assert_int_equal(parquet_base_encode(encoder, part, &base), 0);
                if (i % 2 == 0)
                        assert_int_equal(base.rows, steps[i] / 64 * 64);
                assert_int_equal(parquet_encode_onto(encoder, &base, NULL, batches, 2, &out), 0);
                int fd = memory_file(out.data, out.size);
                assert_file_holds(fd, batches, 2);
                close(fd);
                buffer_done(&out);
        }
        parquet_base_done(&base);
        batch_free(part);
}

static void test_base(void **state)
{
        ParquetOptions options = {.codec = PARQUET_ZSTD};
        ParquetEncoder *encoder;

        assert_int_equal(parquet_encoder_new(&options, &encoder), 0);
        for (Nulls nulls = 0; nulls < NULLS_KINDS; nulls++)
                for (Shape shape = 0; shape < SHAPES; shape++) {
                        Batch *rows = make_rows(nulls, shape, 1000), *live = make_rows(nulls, shape, 5);
                        grow_on_base(encoder, rows, live);
                        batch_free(rows);
                        batch_free(live);
                }
        parquet_encoder_free(encoder);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_round_trips),
                cmocka_unit_test(test_encodings_chosen),
                cmocka_unit_test(test_many_pages),
                cmocka_unit_test(test_empty),
                cmocka_unit_test(test_base),
                cmocka_unit_test(test_metadata),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
