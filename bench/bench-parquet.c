/*
 * What encoding costs and what it makes: ns and bytes a value, for every codec, and the bytes of
 * each column. On process samples made up here, or on the rows of a Parquet file given.
 *   bench-parquet [ROWS-A-PART [FILE]]
 */
#include <errno.h>
#include <fcntl.h>
#include <malloc.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/text.h"
#include "store/parquet/parquet.h"
#include "table/process-tables.h"

enum { PARTS_MAX = 256, MADE_UP_ROWS = 100000, ALIVE = 24, REPEATS = 20 };

typedef struct Parts {
        Batch *batches[PARTS_MAX];
        size_t n;
        size_t rows;
} Parts;

static uint64_t next_random(uint64_t *state)
{
        *state = *state * 6364136223846793005ull + 1442695040888963407ull;
        return (*state ^ *state >> 29) * 0xbf58476d1ce4e5b9ull >> 8;
}

/* A process of a build: grows for a while, burns CPU, ends. */
typedef struct Process {
        uint64_t key, anon, file, user, system, threads, fds, read, written, life;
} Process;

static void restart(Process *p, uint64_t *keys, uint64_t *random)
{
        *p = (Process){
                .key = ++*keys,
                .anon = 200 + next_random(random) % 300,
                .file = 400 + next_random(random) % 64,
                .threads = 1,
                .fds = 3 + next_random(random) % 4,
                .life = 1 + next_random(random) % 60,
        };
}

static void step(Process *p, uint64_t *random)
{
        p->anon += next_random(random) % 800;
        p->file += next_random(random) % 8 == 0 ? next_random(random) % 500 : 0;
        p->user += 45000 + next_random(random) % 5000;
        p->system += next_random(random) % 3000;
        p->read += next_random(random) % 16 == 0 ? 4096 * (next_random(random) % 32) : 0;
        p->written += p->life == 1 ? 4096 * (next_random(random) % 64) : 0;
        p->life--;
}

static void put_row(Batch *b, uint64_t t_ns, const Process *p, uint64_t *random)
{
        uint64_t page = 4096;

        batch_set_i64(b, SAMPLE_T_NS, (int64_t)t_ns);
        batch_set_u64(b, SAMPLE_PROCESS, p->key);
        batch_set_u64(b, SAMPLE_RSS_ANON_BYTES, p->anon * page);
        batch_set_u64(b, SAMPLE_RSS_FILE_BYTES, p->file * page);
        batch_set_u64(b, SAMPLE_RSS_SHMEM_BYTES, 0);
        batch_set_u64(b, SAMPLE_SWAP_BYTES, 0);
        batch_set_u64(b, SAMPLE_PSS_BYTES, p->anon * page + p->file * page / 3);
        if (next_random(random) % 20 == 0)
                batch_set_u64(b, SAMPLE_PSS_AGE_MS, 0);
        batch_set_u64(b, SAMPLE_USER_US, p->user);
        batch_set_u64(b, SAMPLE_SYSTEM_US, p->system);
        batch_set_u64(b, SAMPLE_THREADS, p->threads);
        batch_set_u64(b, SAMPLE_FDS, p->fds);
        batch_set_u64(b, SAMPLE_READ_BYTES, p->read);
        batch_set_u64(b, SAMPLE_WRITE_BYTES, p->written);
}

static Batch *last_batch(Parts *parts, const Schema *schema, size_t part_rows)
{
        Batch *b = parts->n > 0 ? parts->batches[parts->n - 1] : NULL;

        if (b && batch_rows(b) < part_rows)
                return b;
        if (parts->n == PARTS_MAX || batch_new(schema, part_rows, 256 << 20, &b) < 0)
                return NULL;
        return parts->batches[parts->n++] = b;
}

static int make_up(Parts *parts, size_t part_rows)
{
        Process processes[ALIVE] = {0};
        uint64_t random = 3, keys = 0, t_ns = 0;

        for (;;) {
                t_ns += 50 * NS_PER_MS;
                for (size_t i = 0; i < ALIVE; i++) {
                        Process *p = &processes[i];
                        if (p->life == 0)
                                restart(p, &keys, &random);
                        step(p, &random);
                        Batch *b = last_batch(parts, &samples_schema, part_rows);
                        if (parts->rows == MADE_UP_ROWS || !b)
                                return 0;
                        if (batch_add_row(b) < 0)
                                return -ENOMEM;
                        put_row(b, t_ns + next_random(&random) % 40000 * (i == 0), p, &random);
                        parts->rows++;
                }
        }
}

static int load(Parts *parts, size_t part_rows, ParquetFile *file, Error *err)
{
        _cleanup_(parquet_cursor_freep) ParquetCursor *cursor = NULL;
        const Batch *rows;
        int r = parquet_cursor_new(file, NULL, &cursor, err);

        while (r >= 0 && (r = parquet_cursor_next(cursor, &rows, err)) > 0)
                for (size_t i = 0; i < batch_rows(rows); i++) {
                        Batch *b = last_batch(parts, parquet_schema(file), part_rows);
                        if (!b)
                                return 0;
                        r = batch_append(b, rows, i);
                        if (r < 0)
                                return error_set_errno(err, r, "cannot load");
                        parts->rows++;
                }
        return r;
}

static void show_columns(const Buffer *out)
{
        _cleanup_close_ int fd = memfd_create("bench", MFD_CLOEXEC);
        _cleanup_(parquet_closep) ParquetFile *file = NULL;
        Error err = {0};

        if (fd < 0 || file_write_all(fd, out->data, out->size) < 0 ||
            parquet_open(fd, &file, &err) < 0) {
                fprintf(stderr, "%s\n", err.message);
                return;
        }
        for (size_t c = 0; c < parquet_schema(file)->n_columns; c++) {
                uint64_t bytes = 0;
                for (size_t g = 0; g < parquet_row_groups(file); g++) {
                        ParquetStatistics s;
                        parquet_statistics(file, g, c, &s);
                        bytes += s.compressed_bytes;
                }
                printf("  %-22s %8.3f bytes a value\n", parquet_schema(file)->columns[c].name,
                       (double)bytes / (double)parquet_rows(file));
        }
}

static size_t heap_bytes(void)
{
        struct mallinfo2 info = mallinfo2();

        return info.uordblks + info.hblkhd;
}

/* Each batch as a file of its own, as a recorder does; then all in one for the columns. */
static int measure(const Parts *parts, ParquetCodec codec, bool columns)
{
        ParquetOptions options = {.codec = codec};
        _cleanup_(parquet_encoder_freep) ParquetEncoder *encoder = NULL;
        size_t heap = heap_bytes(), bytes = 0, values = 0;
        uint64_t best = UINT64_MAX;
        Buffer out = {0};
        int r = parquet_encoder_new(&options, &encoder);

        for (int repeat = 0; r == 0 && repeat < REPEATS; repeat++) {
                uint64_t start = clock_ns(CLOCK_PROCESS_CPUTIME_ID);
                bytes = values = 0;
                for (size_t i = 0; r == 0 && i < parts->n; i++) {
                        buffer_clear(&out);
                        r = parquet_encode(encoder, NULL, (const Batch *const *)&parts->batches[i],
                                           1, &out);
                        bytes += out.size;
                        values += batch_rows(parts->batches[i]) *
                                  batch_schema(parts->batches[i])->n_columns;
                }
                best = MIN(best, clock_ns(CLOCK_PROCESS_CPUTIME_ID) - start);
        }
        size_t held = heap_bytes() - heap - out.capacity;
        if (r == 0)
                printf("%-8s %6.2f ns a value, %6.3f bytes a value, encoder holds %zu KiB\n",
                       parquet_codec_name(codec), (double)best / (double)values,
                       (double)bytes / (double)values, held / 1024);
        buffer_clear(&out);
        if (r == 0 && columns)
                r = parquet_encode(encoder, NULL, (const Batch *const *)parts->batches, parts->n,
                                   &out);
        if (r == 0 && columns)
                show_columns(&out);
        buffer_done(&out);
        return r;
}

static int measure_reading(const Parts *parts)
{
        ParquetOptions options = {.codec = PARQUET_ZSTD};
        _cleanup_(parquet_encoder_freep) ParquetEncoder *encoder = NULL;
        _cleanup_close_ int fd = memfd_create("bench", MFD_CLOEXEC);
        uint64_t best = UINT64_MAX, rows = 0;
        Buffer out = {0};
        Error err = {0};
        int r = parquet_encoder_new(&options, &encoder);

        if (r == 0)
                r = parquet_encode(encoder, NULL, (const Batch *const *)parts->batches, parts->n,
                                   &out);
        if (r == 0)
                r = file_write_all(fd, out.data, out.size);
        for (int repeat = 0; r == 0 && repeat < REPEATS; repeat++) {
                _cleanup_(parquet_closep) ParquetFile *file = NULL;
                _cleanup_(parquet_cursor_freep) ParquetCursor *cursor = NULL;
                const Batch *b;
                uint64_t start = clock_ns(CLOCK_PROCESS_CPUTIME_ID);
                rows = 0;
                r = parquet_open(fd, &file, &err);
                if (r == 0)
                        r = parquet_cursor_new(file, NULL, &cursor, &err);
                while (r == 0 && (r = parquet_cursor_next(cursor, &b, &err)) > 0) {
                        rows += batch_rows(b);
                        r = 0;
                }
                best = MIN(best, clock_ns(CLOCK_PROCESS_CPUTIME_ID) - start);
        }
        buffer_done(&out);
        if (r < 0)
                fprintf(stderr, "%s\n", err.message);
        else
                printf("reading  %6.2f ns a value (zstd)\n",
                       (double)best / (double)rows /
                               (double)batch_schema(parts->batches[0])->n_columns);
        return r;
}

int main(int argc, char **argv)
{
        _cleanup_close_ int fd = argc > 2 ? open(argv[2], O_RDONLY | O_CLOEXEC) : -1;
        _cleanup_(parquet_closep) ParquetFile *file = NULL;
        uint64_t part_rows = 4096;
        Parts parts = {0};
        Error err = {0};
        int r = 0;

        if (argc > 1 && (parse_u64z(argv[1], &part_rows) < 0 || part_rows == 0))
                r = error_set(&err, EINVAL, "ROWS-A-PART is a number");
        if (r == 0 && argc > 2)
                r = parquet_open(fd, &file, &err);
        if (r == 0)
                r = file ? load(&parts, (size_t)part_rows, file, &err)
                         : make_up(&parts, (size_t)part_rows);
        if (r < 0 || parts.n == 0) {
                fprintf(stderr, "%s\n", err.message);
                return 1;
        }
        printf("%zu rows in %zu parts\n", parts.rows, parts.n);
        for (int codec = 0; r == 0 && codec < PARQUET_CODECS; codec++)
                if (parquet_codec_available((ParquetCodec)codec))
                        r = measure(&parts, (ParquetCodec)codec, codec == PARQUET_ZSTD);
        if (r == 0)
                r = measure_reading(&parts);
        for (size_t i = 0; i < parts.n; i++)
                batch_free(parts.batches[i]);
        return r < 0;
}
