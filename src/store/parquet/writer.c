/* Gathers rows to row groups and writes each when it is full; the footer comes at the end. */
#include <errno.h>
#include <stdlib.h>

#include "base/file.h"
#include "store/parquet/encoder.h"

enum {
        DEFAULT_ROWS = 65536,
        ROWS_MAX = 1 << 24,
        ROW_GROUP_TEXT = 32 << 20, /* a row group also ends when its texts fill this */
        TEXT_MAX = PAGE_MAX - (1 << 16), /* one text must fit a page that our reader takes */
};

struct ParquetWriter {
        int fd;
        const Schema *schema;
        ParquetEncoder *encoder;
        Batch *rows;
        Batch *large; /* for a row that fits no usual row group; NULL until there is one */
        Buffer out, row_groups;
        uint64_t offset; /* of the file: where `out` begins */
        uint64_t total;
        size_t n_row_groups;
        int failed; /* the first error; a half-written file cannot go on */
};

static int flush(ParquetWriter *w, Batch *rows, Error *err)
{
        int r = encoder_add_rows(w->encoder, rows, 0, batch_rows(rows), &w->out, w->offset,
                                 &w->row_groups);

        if (r < 0)
                return error_set_errno(err, r, "cannot encode rows");
        w->n_row_groups += (size_t)r;
        w->total += batch_rows(rows);
        r = file_write_all(w->fd, w->out.data, w->out.size);
        if (r < 0)
                return error_set_errno(err, r, "cannot write");
        w->offset += w->out.size;
        buffer_clear(&w->out);
        batch_clear(rows);
        return 0;
}

int parquet_writer_new(int fd, const Schema *schema, const ParquetOptions *options,
                       ParquetWriter **ret, Error *err)
{
        _cleanup_(parquet_writer_freep) ParquetWriter *w = calloc(1, sizeof *w);
        size_t rows = options->row_group_rows ? MIN(options->row_group_rows, (size_t)ROWS_MAX)
                                              : DEFAULT_ROWS;

        if (!w)
                return error_set_errno(err, ENOMEM, "cannot write");
        if (!parquet_codec_available(options->codec))
                return error_set(err, EOPNOTSUPP, "this build has no %s compression",
                                 parquet_codec_name(options->codec));
        w->fd = fd;
        w->schema = schema;
        int r = parquet_encoder_new(options, &w->encoder);
        if (r == 0)
                r = batch_new(schema, rows, ROW_GROUP_TEXT, &w->rows);
        if (r == 0)
                r = buffer_append(&w->out, PARQUET_MAGIC, MAGIC_SIZE);
        if (r < 0)
                return error_set_errno(err, r, "cannot write");
        *ret = TAKE(w);
        return 0;
}

ParquetWriter *parquet_writer_free(ParquetWriter *w)
{
        if (w) {
                parquet_encoder_free(w->encoder);
                batch_free(w->rows);
                batch_free(w->large);
                buffer_done(&w->out);
                buffer_done(&w->row_groups);
                free(w);
        }
        return NULL;
}

/* A row whose texts alone pass the usual bound becomes a row group of its own. */
static int write_large(ParquetWriter *w, const Batch *rows, size_t row, Error *err)
{
        for (size_t i = 0; i < w->schema->n_columns; i++) {
                size_t size = 0;
                if (w->schema->columns[i].type == COLUMN_TEXT)
                        batch_text(rows, i, row, &size);
                if (size > TEXT_MAX)
                        return error_set(err, E2BIG, "a text of %zu bytes in column %s", size,
                                         w->schema->columns[i].name);
        }
        int r = w->large ? 0 : batch_new(w->schema, 1, UINT32_MAX, &w->large);
        if (r == 0)
                r = batch_append(w->large, rows, row);
        if (r < 0)
                return error_set_errno(err, r, "cannot gather rows");
        return flush(w, w->large, err);
}

static int write_row(ParquetWriter *w, const Batch *rows, size_t row, Error *err)
{
        int r = batch_append(w->rows, rows, row);

        if (r == -ENOBUFS && batch_rows(w->rows) > 0) {
                r = flush(w, w->rows, err);
                if (r < 0)
                        return r;
                r = batch_append(w->rows, rows, row);
        }
        if (r == -ENOBUFS)
                return write_large(w, rows, row, err);
        return r < 0 ? error_set_errno(err, r, "cannot gather rows") : 0;
}

int parquet_writer_write(ParquetWriter *w, const Batch *rows, Error *err)
{
        for (size_t i = 0; i < batch_rows(rows) && w->failed == 0; i++)
                w->failed = write_row(w, rows, i, err);
        return w->failed;
}

int parquet_writer_finish(ParquetWriter *w, Error *err)
{
        FooterParts footer = {.schema = w->schema, .row_groups = &w->row_groups};
        int r = w->failed;

        if (r < 0)
                return r;
        r = flush(w, w->rows, err);
        if (r < 0)
                return r;
        footer.n_row_groups = w->n_row_groups;
        footer.rows = w->total;
        footer.metadata = encoder_options(w->encoder)->metadata;
        footer.n_metadata = encoder_options(w->encoder)->n_metadata;
        r = footer_write(&w->out, &footer);
        if (r == 0)
                r = file_write_all(w->fd, w->out.data, w->out.size);
        w->failed = -EBADF; /* nothing may follow a footer */
        return r < 0 ? error_set_errno(err, r, "cannot write") : 0;
}
