/* A row that does not fit stays scanned, and is the first of the next batch. */
#include "export/text-reader.h"

#include <errno.h>
#include <stdlib.h>

#include "base/text.h"

/* -ENOBUFS: the batch is full. */
static int add_row(TextReader *r)
{
        size_t rows = batch_rows(r->batch);
        int rc = batch_add_row(r->batch);

        if (rc == 0)
                rc = r->ops->fill(r);
        if (rc < 0)
                batch_truncate(r->batch, rows);
        return rc;
}

static int next_batch(TableReader *reader, const Batch **ret, Error *err)
{
        TextReader *r = (TextReader *)reader;

        batch_clear(r->batch);
        for (;;) {
                int rc = r->kept ? 1 : r->ops->scan(r, err);
                if (rc < 0)
                        return rc;
                if (rc == 0)
                        break;
                rc = add_row(r);
                r->kept = rc == -ENOBUFS;
                if (r->kept)
                        break;
                if (rc < 0)
                        return error_set(err, rc, "out of memory");
        }
        *ret = r->batch;
        return batch_rows(r->batch) > 0;
}

static const Schema *schema_of(const TableReader *reader)
{
        return &((const TextReader *)reader)->columns.schema;
}

TableReader *text_reader_free(TableReader *reader)
{
        TextReader *r = (TextReader *)reader;

        r->ops->done(r);
        batch_free(r->batch);
        column_set_done(&r->columns);
        free(r);
        return NULL;
}

int text_reader_begin(TextReader *r, const TextReaderOps *ops, int fd, const char *shown_path)
{
        static const TableReaderOps reader_ops = {schema_of, next_batch, text_reader_free};

        r->reader.ops = &reader_ops;
        r->ops = ops;
        text_copy(r->path, sizeof r->path, shown_path);
        char_source_begin(&r->source, fd, r->path);
        return column_set_init(&r->columns);
}

int text_reader_begin_rows(TextReader *r, int fd)
{
        char_source_begin(&r->source, fd, r->path);
        return batch_new(&r->columns.schema, READER_ROWS, ROW_BYTES_MAX, &r->batch);
}
