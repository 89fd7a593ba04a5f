/* Row by row from the columns' portions into one batch that is handed out again and again. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "store/parquet/column-reader.h"
#include "store/parquet/reader.h"

enum {
        BATCH_ROWS = 4096,
        BATCH_TEXT = 256 << 20, /* a single text may be as long as a page */
};

struct ParquetCursor {
        ParquetFile *file;
        Schema schema;
        Column *columns;      /* of schema; names borrowed from the file or owned below */
        char **names;         /* of columns that the file lacks */
        ssize_t *sources;     /* the file's column for each of ours, -1: none */
        ColumnReader *readers;
        ReaderShared shared;
        Batch *batch;
        uint32_t epoch;
        size_t row_group; /* the next to begin */
        uint64_t left;    /* rows of the current one */
        ssize_t range;    /* the file's column that row groups are chosen by, -1: none */
        double range_min, range_max;
        int failed;
};

static int select_columns(ParquetCursor *c, const ParquetSelection *selection)
{
        const Schema *schema = &c->file->footer.schema;
        bool all = !selection || !selection->columns;
        size_t n = all ? schema->n_columns : selection->n_columns, room = MAX(n, (size_t)1);

        c->columns = calloc(room, sizeof *c->columns);
        c->names = calloc(room, sizeof *c->names);
        c->sources = calloc(room, sizeof *c->sources);
        c->readers = calloc(room, sizeof *c->readers);
        if (!c->columns || !c->names || !c->sources || !c->readers)
                return -ENOMEM;
        c->schema = (Schema){schema->table, c->columns, n};
        for (size_t i = 0; i < n; i++) {
                c->sources[i] = all ? (ssize_t)i : schema_find(schema, selection->columns[i]);
                if (c->sources[i] < 0) {
                        c->names[i] = strdup(selection->columns[i]);
                        if (!c->names[i])
                                return -ENOMEM;
                        c->columns[i] = (Column){.name = c->names[i], .type = COLUMN_TEXT,
                                                 .role = ROLE_TEXT};
                        continue;
                }
                c->columns[i] = schema->columns[c->sources[i]];
                c->readers[i].column = &c->columns[i];
                c->readers[i].leaf = &c->file->footer.leaves[c->sources[i]];
                c->readers[i].shared = &c->shared;
                c->readers[i].source.fd = c->file->fd;
                c->readers[i].source.crc = &c->file->crc;
        }
        return 0;
}

int parquet_cursor_new(ParquetFile *file, const ParquetSelection *selection, ParquetCursor **ret,
                       Error *err)
{
        _cleanup_(parquet_cursor_freep) ParquetCursor *c = calloc(1, sizeof *c);

        if (!c)
                return error_set_errno(err, ENOMEM, "cannot read");
        c->file = file;
        c->range = -1;
        int r = select_columns(c, selection);
        if (r == 0)
                r = batch_new(&c->schema, BATCH_ROWS, BATCH_TEXT, &c->batch);
        if (r < 0)
                return error_set_errno(err, r, "cannot read");
        if (selection && selection->range_column) {
                c->range = schema_find(&file->footer.schema, selection->range_column);
                c->range_min = selection->range_min;
                c->range_max = selection->range_max;
        }
        *ret = TAKE(c);
        return 0;
}

ParquetCursor *parquet_cursor_free(ParquetCursor *c)
{
        if (!c)
                return NULL;
        for (size_t i = 0; i < c->schema.n_columns; i++) {
                column_reader_done(&c->readers[i]);
                free(c->names[i]);
        }
        batch_free(c->batch);
        reader_shared_done(&c->shared);
        free(c->columns);
        free(c->names);
        free(c->sources);
        free(c->readers);
        free(c);
        return NULL;
}

const Schema *parquet_cursor_schema(const ParquetCursor *c)
{
        return &c->schema;
}

/* Rounding to double keeps order, so a bound outside the range stays outside. */
static double cell_value(uint64_t cell, ColumnType type)
{
        double value;

        switch (type) {
        case COLUMN_F64:
                memcpy(&value, &cell, sizeof value);
                return value;
        case COLUMN_U64:
        case COLUMN_U32:
        case COLUMN_BOOL:
                return (double)cell;
        default:
                return (double)(int64_t)cell;
        }
}

static bool excluded(const ParquetCursor *c, size_t row_group)
{
        ParquetStatistics s;

        if (c->range < 0)
                return false;
        ColumnType type = c->file->footer.schema.columns[c->range].type;
        parquet_statistics(c->file, row_group, (size_t)c->range, &s);
        return s.has_min_max && (cell_value(s.max, type) < c->range_min ||
                                 cell_value(s.min, type) > c->range_max);
}

/* 1: c->left rows are to be read; 0: the file ends. */
static int next_row_group(ParquetCursor *c, Error *err)
{
        const Footer *f = &c->file->footer;

        while (c->row_group < f->n_row_groups &&
               (f->row_groups[c->row_group].rows == 0 || excluded(c, c->row_group)))
                c->row_group++;
        if (c->row_group == f->n_row_groups)
                return 0;
        for (size_t i = 0; i < c->schema.n_columns; i++) {
                if (c->sources[i] < 0)
                        continue;
                int r = column_reader_start(&c->readers[i],
                                            file_chunk(c->file, c->row_group, (size_t)c->sources[i]),
                                            err);
                if (r < 0)
                        return r;
        }
        c->left = f->row_groups[c->row_group++].rows;
        return 1;
}

/* Adds one row; 0, -ENOBUFS when the batch is full (nothing was added), or a failure. */
static int add_row(ParquetCursor *c, Error *err)
{
        int r = batch_add_row(c->batch);

        if (r < 0)
                return r;
        for (size_t i = 0; r == 0 && i < c->schema.n_columns; i++) {
                ColumnReader *reader = &c->readers[i];
                if (c->sources[i] < 0)
                        continue;
                if (reader->at == reader->n)
                        r = column_reader_fill(reader, err);
                if (r == 0)
                        r = column_reader_put(reader, c->batch, i, c->epoch);
        }
        if (r == -ENOMEM && err && !err->message[0])
                error_set_errno(err, r, "cannot read");
        if (r < 0) {
                batch_truncate(c->batch, batch_rows(c->batch) - 1);
                return r;
        }
        for (size_t i = 0; i < c->schema.n_columns; i++)
                c->readers[i].at++;
        return 0;
}

static int fill_batch(ParquetCursor *c, Error *err)
{
        int r;

        batch_clear(c->batch);
        c->epoch++;
        while (batch_rows(c->batch) < BATCH_ROWS) {
                if (c->left == 0) {
                        r = next_row_group(c, err);
                        if (r < 0)
                                return r;
                        if (r == 0)
                                break;
                }
                r = add_row(c, err);
                if (r == -ENOBUFS && batch_rows(c->batch) > 0)
                        break;
                if (r == -ENOBUFS)
                        return error_set(err, EOPNOTSUPP, "a row has more than 256 MiB of text");
                if (r < 0)
                        return r;
                c->left--;
        }
        return batch_rows(c->batch) > 0;
}

int parquet_cursor_next(ParquetCursor *c, const Batch **ret, Error *err)
{
        if (c->failed < 0)
                return error_set(err, c->failed, "reading failed before");
        int r = fill_batch(c, err);
        if (r < 0)
                c->failed = r;
        if (r > 0)
                *ret = c->batch;
        return r;
}
