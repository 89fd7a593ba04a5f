/* RFC 4180: a header, then a line a row. Quoting tells empty text from null, and text from
 * what only looks like a number. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "export/csv-scan.h"
#include "export/format.h"
#include "export/out-buffer.h"
#include "export/value-text.h"

enum { CSV_CHUNK = 1 << 17 };

typedef struct CsvWriter {
        Sink sink;
        const Schema *schema;
        OutBuffer out;
        bool begun;
} CsvWriter;

static int add_text(Buffer *to, const char *text, size_t size, bool quoted)
{
        if (!quoted)
                return buffer_append(to, text, size);
        int r = buffer_append_byte(to, '"');
        while (r == 0 && size > 0) {
                const char *quote = memchr(text, '"', size);
                size_t n = quote ? (size_t)(quote - text) + 1 : size;
                r = buffer_append(to, text, n);
                if (r == 0 && quote)
                        r = buffer_append_byte(to, '"');
                text += n;
                size -= n;
        }
        return r < 0 ? r : buffer_append_byte(to, '"');
}

/* A header cell is quoted only where it must be: see csv_reader_new. A quoted header would say
 * that quotes mean nothing. */
static int add_header(CsvWriter *w)
{
        int r = 0;

        for (size_t i = 0; r == 0 && i < w->schema->n_columns; i++) {
                const char *name = w->schema->columns[i].name;
                if (i > 0)
                        r = buffer_append_byte(&w->out.pending, ',');
                if (r == 0)
                        r = add_text(&w->out.pending, name, strlen(name),
                                     csv_needs_quotes(name, strlen(name)));
        }
        w->begun = true;
        return r < 0 ? r : buffer_append_byte(&w->out.pending, '\n');
}

static int add_cell(Buffer *to, const Batch *rows, size_t column, size_t row)
{
        ColumnType type = batch_schema(rows)->columns[column].type;
        char value[VALUE_TEXT_MAX];
        uint64_t unused;
        size_t size;

        if (batch_is_null(rows, column, row))
                return 0;
        if (type != COLUMN_TEXT)
                return buffer_append(to, value,
                                     value_format(value, type, batch_u64(rows, column, row)));
        const char *text = batch_text(rows, column, row, &size);
        bool quoted = csv_needs_quotes(text, size) || value_classify(text, size, &unused) != VALUE_TEXT;
        return add_text(to, text, size, quoted);
}

static int csv_write(Sink *sink, const Batch *rows, Error *err)
{
        CsvWriter *w = (CsvWriter *)sink;
        int r = w->begun ? 0 : add_header(w);

        for (size_t row = 0; r == 0 && row < batch_rows(rows); row++) {
                for (size_t i = 0; r == 0 && i < w->schema->n_columns; i++) {
                        if (i > 0)
                                r = buffer_append_byte(&w->out.pending, ',');
                        if (r == 0)
                                r = add_cell(&w->out.pending, rows, i, row);
                }
                if (r == 0)
                        r = buffer_append_byte(&w->out.pending, '\n');
                if (r == 0 && (r = out_buffer_drain(&w->out, CSV_CHUNK, err)) < 0)
                        return r;
        }
        return r < 0 ? error_set(err, r, "out of memory") : 0;
}

static int csv_flush(Sink *sink, Error *err)
{
        CsvWriter *w = (CsvWriter *)sink;

        if (!w->begun && add_header(w) < 0)
                return error_set(err, ENOMEM, "out of memory");
        return out_buffer_drain(&w->out, 0, err);
}

static Sink *csv_free(Sink *sink)
{
        CsvWriter *w = (CsvWriter *)sink;

        buffer_done(&w->out.pending);
        free(w);
        return NULL;
}

int csv_writer_new(int fd, const Schema *schema, Sink **ret, Error *err)
{
        static const SinkOps ops = {csv_write, csv_flush, csv_free};
        CsvWriter *w = calloc(1, sizeof *w);

        if (!w)
                return error_set(err, ENOMEM, "out of memory");
        *w = (CsvWriter){.sink = {&ops}, .schema = schema, .out = {.fd = fd}};
        *ret = &w->sink;
        return 0;
}
