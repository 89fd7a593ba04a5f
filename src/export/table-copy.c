/* Batches from a reader to a sink; nothing is held but one batch. */
#include "export/table-copy.h"

#include <errno.h>
#include <stdlib.h>

#include "export/output-file.h"

typedef struct RunTableReader {
        TableReader reader;
        RunCursor *cursor;
} RunTableReader;

static const Schema *run_table_schema(const TableReader *reader)
{
        return run_cursor_schema(((const RunTableReader *)reader)->cursor);
}

static int run_table_next(TableReader *reader, const Batch **ret, Error *err)
{
        return run_cursor_next(((RunTableReader *)reader)->cursor, ret, err);
}

static TableReader *run_table_free(TableReader *reader)
{
        run_cursor_free(((RunTableReader *)reader)->cursor);
        free(reader);
        return NULL;
}

int run_table_reader_new(RunReader *run, const char *table, TableReader **ret, Error *err)
{
        static const TableReaderOps ops = {run_table_schema, run_table_next, run_table_free};
        RunTableReader *t = calloc(1, sizeof *t);

        if (!t)
                return error_set(err, ENOMEM, "out of memory");
        t->reader.ops = &ops;
        int r = run_cursor_new(run, table, NULL, &t->cursor, err);
        if (r < 0) {
                free(t);
                return r;
        }
        *ret = &t->reader;
        return 0;
}

static int copy_rows(TableCopy *copy, TableReader *from, Sink *to, Error *err)
{
        const Batch *rows;
        int r;

        while ((r = table_reader_next(from, &rows, err)) > 0) {
                r = sink_write(to, rows, err);
                if (r < 0) {
                        copy->output_failed = true;
                        return r;
                }
                copy->rows += batch_rows(rows);
                if (copy->progress)
                        copy->progress(copy->rows, copy->progress_data);
        }
        if (r < 0)
                return r;
        r = sink_flush(to, err);
        copy->output_failed = r < 0;
        return r;
}

int table_copy(TableCopy *copy, TableReader *from, const char *path, Error *err)
{
        _cleanup_(sink_freep) Sink *to = NULL;
        _cleanup_(output_file_done) OutputFile file = {.fd = -1};
        int r;

        copy->rows = 0;
        copy->output_failed = true;
        r = output_file_open(&file, path, err);
        if (r == 0)
                r = table_writer_new(copy->format, file.fd, table_reader_schema(from), &copy->parquet, &to, err);
        if (r < 0)
                return r;
        copy->output_failed = false;
        r = copy_rows(copy, from, to, err);
        if (r < 0)
                return copy->output_failed ? error_prefix(err, r, "%s", path) : r;
        r = output_file_commit(&file, err);
        copy->output_failed = r < 0;
        return r;
}
