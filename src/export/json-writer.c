/* JSON lines: one object a row, the columns always in the same order. */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/text.h"
#include "export/format.h"
#include "export/value-text.h"

enum { JSON_CHUNK = 1 << 17 };

typedef struct JsonWriter {
        Sink sink;
        const Schema *schema;
        int fd;
        String pending;
} JsonWriter;

static int drain(JsonWriter *w, size_t least, Error *err)
{
        if (w->pending.failed)
                return error_set(err, ENOMEM, "out of memory");
        if (w->pending.size <= least)
                return 0;
        int r = file_write_all(w->fd, w->pending.text, w->pending.size);
        string_clear(&w->pending);
        return r < 0 ? error_set_errno(err, r, "cannot write") : 0;
}

static void add_quoted(String *to, const char *text, size_t size)
{
        string_add_char(to, '"');
        string_add_json(to, text, size);
        string_add_char(to, '"');
}

static void add_cell(String *to, const Batch *rows, size_t column, size_t row)
{
        ColumnType type = batch_schema(rows)->columns[column].type;
        char value[VALUE_TEXT_MAX];
        size_t size;

        if (batch_is_null(rows, column, row) ||
            (type == COLUMN_F64 && !isfinite(batch_f64(rows, column, row)))) {
                string_add(to, "null");
                return;
        }
        if (type == COLUMN_TEXT) {
                const char *text = batch_text(rows, column, row, &size);
                add_quoted(to, text, size);
                return;
        }
        size = value_format(value, type, batch_u64(rows, column, row));
        if (type == COLUMN_TIME)
                add_quoted(to, value, size);
        else
                string_add_bytes(to, value, size);
        /* 3 would read back as a whole number. */
        if (type == COLUMN_F64 && !strpbrk(value, ".e"))
                string_add(to, ".0");
}

static int json_write(Sink *sink, const Batch *rows, Error *err)
{
        JsonWriter *w = (JsonWriter *)sink;

        for (size_t row = 0; row < batch_rows(rows); row++) {
                for (size_t i = 0; i < w->schema->n_columns; i++) {
                        string_add_char(&w->pending, i > 0 ? ',' : '{');
                        add_quoted(&w->pending, w->schema->columns[i].name,
                                   strlen(w->schema->columns[i].name));
                        string_add_char(&w->pending, ':');
                        add_cell(&w->pending, rows, i, row);
                }
                string_add(&w->pending, w->schema->n_columns > 0 ? "}\n" : "{}\n");
                int r = drain(w, JSON_CHUNK, err);
                if (r < 0)
                        return r;
        }
        return 0;
}

static int json_flush(Sink *sink, Error *err)
{
        return drain((JsonWriter *)sink, 0, err);
}

static Sink *json_free(Sink *sink)
{
        JsonWriter *w = (JsonWriter *)sink;

        string_done(&w->pending);
        free(w);
        return NULL;
}

int json_writer_new(int fd, const Schema *schema, Sink **ret, Error *err)
{
        static const SinkOps ops = {json_write, json_flush, json_free};
        JsonWriter *w = calloc(1, sizeof *w);

        if (!w)
                return error_set(err, ENOMEM, "out of memory");
        *w = (JsonWriter){.sink = {&ops}, .schema = schema, .fd = fd};
        *ret = &w->sink;
        return 0;
}
