/* A block a sample: the held row again while nothing was written, then the row itself. */
#include "export/folio-migration.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "base/macros.h"
#include "export/out-buffer.h"
#include "export/value-text.h"
#include "table/batch.h"

/* A row that stays the same is told again after so long (record/schedule). */
#define HELD_MAX_NS (10 * NS_PER_SECOND)

enum { CHUNK = 1 << 16 };

typedef struct FolioWriter {
        Sink sink;
        const Schema *schema;
        size_t time, t_ns; /* columns */
        uint64_t interval_ns;
        OutBuffer out;
        String held; /* lines of the last row */
        bool any;
        int64_t held_time, held_t_ns;
} FolioWriter;

static int add_block(FolioWriter *w, int64_t time_ns)
{
        int64_t second = time_ns / (int64_t)NS_PER_SECOND;
        time_t when = (time_t)(second - (time_ns % (int64_t)NS_PER_SECOND < 0));
        char stamp[40];
        struct tm local;

        if (!localtime_r(&when, &local) ||
            strftime(stamp, sizeof stamp, "%Y-%m-%d %H:%M:%S\n", &local) == 0)
                return -ERANGE;
        int r = buffer_append(&w->out.pending, stamp, strlen(stamp));
        if (r == 0)
                r = buffer_append(&w->out.pending, string_get(&w->held), w->held.size);
        return r < 0 ? r : buffer_append_byte(&w->out.pending, '\n');
}

/* The samples that said the same as the row before. */
static int add_held(FolioWriter *w, int64_t until_t_ns)
{
        int64_t step = (int64_t)MIN(w->interval_ns, (uint64_t)INT64_MAX / 4), gap;
        int r = 0;

        if (!w->any || step == 0 || __builtin_sub_overflow(until_t_ns, w->held_t_ns, &gap) ||
            gap > (int64_t)HELD_MAX_NS + step)
                return 0;
        for (int64_t at = step; r == 0 && at < gap - step / 2; at += step)
                r = add_block(w, w->held_time + at);
        return r;
}

static void hold(FolioWriter *w, const Batch *rows, size_t row)
{
        string_clear(&w->held);
        for (size_t i = 0; i < w->schema->n_columns; i++) {
                const Column *column = &w->schema->columns[i];
                char value[VALUE_TEXT_MAX];
                size_t size;
                if (i == w->time || i == w->t_ns || batch_is_null(rows, i, row))
                        continue;
                string_add_format(&w->held, "%s: ", column->name);
                if (column->type == COLUMN_TEXT) {
                        const char *text = batch_text(rows, i, row, &size);
                        string_add_shown(&w->held, strndupa(text, size), 0, false);
                } else {
                        value_format(value, column->type, batch_cells(rows, i)[row]);
                        string_add(&w->held, value);
                }
                string_add_char(&w->held, '\n');
        }
        w->held_time = batch_i64(rows, w->time, row);
        w->held_t_ns = batch_i64(rows, w->t_ns, row);
        w->any = true;
}

static int folio_write(Sink *sink, const Batch *rows, Error *err)
{
        FolioWriter *w = (FolioWriter *)sink;
        int r = 0;

        for (size_t row = 0; r == 0 && row < batch_rows(rows); row++) {
                r = add_held(w, batch_i64(rows, w->t_ns, row));
                hold(w, rows, row);
                if (r == 0)
                        r = w->held.failed ? -ENOMEM : add_block(w, w->held_time);
                if (r == -ERANGE)
                        return error_set(err, EBADMSG, "a time that no calendar has");
                if (r < 0)
                        return error_set(err, r, "out of memory");
                r = out_buffer_drain(&w->out, CHUNK, err);
        }
        return r;
}

static int folio_flush(Sink *sink, Error *err)
{
        return out_buffer_drain(&((FolioWriter *)sink)->out, 0, err);
}

static Sink *folio_free(Sink *sink)
{
        FolioWriter *w = (FolioWriter *)sink;

        buffer_done(&w->out.pending);
        string_done(&w->held);
        free(w);
        return NULL;
}

int folio_migration_writer_new(int fd, const Schema *schema, uint64_t interval_ns, Sink **ret,
                               Error *err)
{
        static const SinkOps ops = {folio_write, folio_flush, folio_free};
        int time = schema_find(schema, "time"), t_ns = schema_find(schema, "t_ns");

        if (time < 0 || t_ns < 0 || schema->columns[time].type != COLUMN_TIME ||
            schema->columns[t_ns].type != COLUMN_I64)
                return error_set(err, EINVAL, "table %s has no columns time and t_ns", schema->table);
        FolioWriter *w = calloc(1, sizeof *w);
        if (!w)
                return error_set(err, ENOMEM, "out of memory");
        *w = (FolioWriter){
                .sink = {&ops},
                .schema = schema,
                .time = (size_t)time,
                .t_ns = (size_t)t_ns,
                .interval_ns = interval_ns,
                .out = {.fd = fd},
        };
        *ret = &w->sink;
        return 0;
}

void folio_migration_file_name(const char *host, String *to)
{
        if (!host || !host[0])
                host = "unknown";
        for (const char *p = host; *p && p < host + 128; p++) {
                bool bad = *p == '/' || (unsigned char)*p <= ' ' || *p == 0x7f ||
                           (p == host && (*p == '.' || *p == '-'));
                string_add_char(to, bad ? '_' : *p);
        }
        string_add(to, "_folio_migration_stats.txt");
}
