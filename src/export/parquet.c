/* The store's Parquet, as a Sink and a TableReader. */
#include <errno.h>
#include <stdlib.h>

#include "base/text.h"
#include "export/format.h"

typedef struct ParquetSink {
        Sink sink;
        ParquetWriter *writer;
} ParquetSink;

static int sink_op_write(Sink *sink, const Batch *rows, Error *err)
{
        return parquet_writer_write(((ParquetSink *)sink)->writer, rows, err);
}

static int sink_op_flush(Sink *sink, Error *err)
{
        return parquet_writer_finish(((ParquetSink *)sink)->writer, err);
}

static Sink *sink_op_free(Sink *sink)
{
        ParquetSink *s = (ParquetSink *)sink;

        parquet_writer_free(s->writer);
        free(s);
        return NULL;
}

int parquet_sink_new(int fd, const Schema *schema, const ParquetOptions *options, Sink **ret,
                     Error *err)
{
        static const SinkOps ops = {sink_op_write, sink_op_flush, sink_op_free};
        ParquetSink *s = calloc(1, sizeof *s);

        if (!s)
                return error_set(err, ENOMEM, "out of memory");
        s->sink.ops = &ops;
        int r = parquet_writer_new(fd, schema, options, &s->writer, err);
        if (r < 0) {
                free(s);
                return r;
        }
        *ret = &s->sink;
        return 0;
}

typedef struct ParquetReader {
        TableReader reader;
        ParquetFile *file;
        ParquetCursor *cursor;
        char path[256];
} ParquetReader;

static const Schema *reader_schema(const TableReader *reader)
{
        return parquet_cursor_schema(((const ParquetReader *)reader)->cursor);
}

static int reader_next(TableReader *reader, const Batch **ret, Error *err)
{
        ParquetReader *p = (ParquetReader *)reader;
        int r = parquet_cursor_next(p->cursor, ret, err);

        return r < 0 ? error_prefix(err, r, "%s", p->path) : r;
}

static TableReader *reader_free(TableReader *reader)
{
        ParquetReader *p = (ParquetReader *)reader;

        parquet_cursor_free(p->cursor);
        parquet_close(p->file);
        free(p);
        return NULL;
}

int parquet_reader_new(int fd, const char *shown_path, TableReader **ret, Error *err)
{
        static const TableReaderOps ops = {reader_schema, reader_next, reader_free};
        ParquetReader *p = calloc(1, sizeof *p);

        if (!p)
                return error_set(err, ENOMEM, "out of memory");
        p->reader.ops = &ops;
        text_copy(p->path, sizeof p->path, shown_path);
        int r = parquet_open(fd, &p->file, err);
        if (r == 0)
                r = parquet_cursor_new(p->file, NULL, &p->cursor, err);
        if (r < 0) {
                reader_free(&p->reader);
                return error_prefix(err, r, "%s", shown_path);
        }
        *ret = &p->reader;
        return 0;
}
