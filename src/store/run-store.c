/*
 * Rows of each table gather in a batch; at each flush the newest part is handed to the writer as
 * a whole file: the rows that were encoded before as they were, and what came since. A part is
 * sealed, and then encoded anew as one row group, when it is full, or when it has been written so often
 * that the next is cheaper: a slow table would otherwise rewrite a large part for few new rows.
 */
#include "store/run-store.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/cleanup.h"
#include "base/hash.h"
#include "base/text.h"
#include "store/run-lock.h"
#include "store/run-reserve.h"

enum {
        PART_VALUES = 48 << 10,      /* values (rows × columns) in a full part */
        PART_VALUES_MIN = 8 << 10,   /* below, row groups are mostly their own description */
        PART_ROWS_MIN = 64,
        PART_TEXT = 1 << 20,         /* bytes of distinct text in a part: 1,400 compilers' lines */
        REWRITES_MAX = 32,           /* how often a row is written, on average, before sealing */
        BASE_SHARE = 4,              /* the base is renewed when a quarter of it came since … */
        BASE_VALUES = 4 << 10,       /* … and at least so many values */
        LIVE_ROWS_MAX = 64 << 10,
        LIVE_TEXT_MAX = 4 << 20,
        LIVE_VALUES = 64 << 10,      /* more live values than this are written less often … */
        LIVE_FLUSHES_MAX = 4,        /* … but every so many flushes */
        LIVE_REFRESH_FLUSHES = 10,   /* figures of those alive are at most so old on disk */
        LIVE_KEPT_BYTES = 256 << 10, /* a larger live batch is not kept between flushes */
        SCRATCH_KEPT_BYTES = 1 << 20,
        MEMORY_BYTES = 4 << 20,
        TABLES_MAX = 128,
};

/* ---- images ---- */

int run_store_make_image(RunStore *s, RunTable *t, bool with_live, const ParquetBase *base,
                         RunImage **ret)
{
        const Batch *batches[2];
        size_t n = 0;

        if (batch_rows(t->rows) > 0)
                batches[n++] = t->rows;
        if (with_live && t->live && batch_rows(t->live) > 0)
                batches[n++] = t->live;
        buffer_clear(&s->scratch);
        int r = parquet_encode_onto(s->encoder, base, t->schema, batches, n, &s->scratch);
        if (r < 0)
                return r;
        RunImage *image = malloc(sizeof *image + s->scratch.size);
        if (!image)
                return -ENOMEM;
        *image = (RunImage){.table = &t->writer,
                            .part = t->part,
                            .rows = batch_rows(t->rows),
                            .fd = -1,
                            .size = s->scratch.size};
        memcpy(image->data, s->scratch.data, s->scratch.size);
        if (s->scratch.capacity > SCRATCH_KEPT_BYTES)
                buffer_done(&s->scratch);
        *ret = image;
        return 0;
}

static size_t batch_bytes(const Batch *batch)
{
        return batch ? batch_rows(batch) * batch_schema(batch)->n_columns * sizeof(uint64_t) +
                               batch_text_bytes(batch)
                     : 0;
}

/* What images may take of the memory, beside the rows that are not yet one. */
static size_t image_bound(const RunStore *s)
{
        size_t rows = 0;

        for (size_t i = 0; i < s->n_tables; i++)
                rows += batch_bytes(s->tables[i]->rows);
        return MAX(s->memory_bytes - MIN(rows, s->memory_bytes), s->memory_bytes / 4);
}

/* Encoding costs what is new, and once in a while what is not. */
static const ParquetBase *renew_base(RunStore *s, RunTable *t)
{
        size_t since = batch_rows(t->rows) - t->base.rows;

        if (since > t->base.rows / BASE_SHARE && since * t->schema->n_columns > BASE_VALUES &&
            parquet_base_encode(s->encoder, t->rows, &t->base) < 0)
                parquet_base_done(&t->base);
        return &t->base;
}

/* Encodes the newest part as it is now and hands it on. */
static int put_image(RunStore *s, RunTable *t, bool last)
{
        RunImage *image = NULL;

        parquet_encoder_hurry(s->encoder, !last);
        int r = run_store_make_image(s, t, !last, last ? NULL : renew_base(s, t), &image);
        if (r < 0)
                return r;
        run_writer_put(s->writer, image, image_bound(s));
        t->image_rows = batch_rows(t->rows);
        t->written_rows += t->image_rows;
        t->has_image = true;
        return 0;
}

/* The newest part gets its last image and the next part begins. Rows that cannot be encoded
 * for want of memory are given up: they are what takes the memory. */
static int seal(RunStore *s, RunTable *t)
{
        int r = put_image(s, t, true);

        if (r < 0) {
                uint64_t on_disk = 0;
                run_writer_on_disk(s->writer, &t->writer, t->part, &on_disk);
                s->lost += batch_rows(t->rows) - MIN((uint64_t)batch_rows(t->rows), on_disk);
        }
        batch_clear(t->rows);
        t->part++;
        t->image_rows = 0;
        t->written_rows = 0;
        parquet_base_done(&t->base);
        t->has_image = false;
        t->live_hash = 0;
        return r;
}

static bool should_seal(const RunTable *t)
{
        size_t rows = batch_rows(t->rows);

        return rows >= t->seal_rows || batch_text_bytes(t->rows) >= t->store->part_text_bytes / 4 * 3 ||
               (t->written_rows / REWRITES_MAX >= rows &&
                rows * t->schema->n_columns >= PART_VALUES_MIN);
}

/* ---- live rows ---- */

int run_store_collect_live(RunTable *t)
{
        int r = 0;

        if (t->live_fn && !t->live)
                r = batch_new(t->schema, LIVE_ROWS_MAX, LIVE_TEXT_MAX, &t->live);
        if (r < 0)
                return r;
        if (t->live)
                batch_clear(t->live);
        if (t->live_fn)
                t->live_fn(t->live, t->live_data);
        return 0;
}

/* Cells are compared as bits; equal texts have equal cells, but a text may change in place. */
static uint64_t hash_batch(const Batch *batch)
{
        size_t rows = batch ? batch_rows(batch) : 0;
        uint64_t hash = hash_u64(rows + 1);

        for (size_t c = 0; rows > 0 && c < batch_schema(batch)->n_columns; c++)
                hash = hash_u64(hash ^ hash_bytes(batch_cells(batch, c), rows * sizeof(uint64_t)) ^
                                batch_null_count(batch, c));
        return rows > 0 ? hash_u64(hash ^ hash_bytes(batch_text_data(batch), batch_text_bytes(batch)))
                        : hash;
}

static void release_live(RunTable *t)
{
        if (batch_bytes(t->live) > LIVE_KEPT_BYTES)
                t->live = batch_free(t->live);
}

/* ---- flushing ---- */

/* Who lives is on the disk already, and nothing else is to be written. */
static bool is_written(const RunTable *t, uint64_t version, uint64_t now_ns)
{
        return t->live_version_fn && version == t->live_version && now_ns < t->live_refresh_ns &&
               t->has_image && batch_rows(t->rows) == t->image_rows && !should_seal(t);
}

/* `now_ns` 0: at once, whatever the live rows cost. */
static int flush_table(RunStore *s, RunTable *t, uint64_t now_ns)
{
        uint64_t version = t->live_version_fn ? t->live_version_fn(t->live_data) : 0;

        if (now_ns > 0 && !t->hurry && (now_ns < t->live_due_ns || is_written(t, version, now_ns)))
                return 0;
        int r = run_store_collect_live(t);
        if (r < 0)
                return r;
        size_t live_rows = t->live ? batch_rows(t->live) : 0;
        uint64_t live_hash = hash_batch(t->live);
        size_t live_cost = MIN(live_rows * t->schema->n_columns / LIVE_VALUES, (size_t)LIVE_FLUSHES_MAX);
        t->live_due_ns = now_ns + live_cost * s->flush_ns;
        t->live_refresh_ns = now_ns + LIVE_REFRESH_FLUSHES * s->flush_ns;
        t->live_version = version;
        if (should_seal(t)) {
                r = seal(s, t);
                if (r == 0 && live_rows > 0)
                        r = put_image(s, t, false);
        } else if (!t->has_image || batch_rows(t->rows) != t->image_rows ||
                   live_hash != t->live_hash) {
                r = put_image(s, t, false);
        }
        t->live_hash = live_hash;
        t->hurry = false;
        release_live(t);
        return r;
}

/* A state is told once: when writing begins to fail, and when rows begin to be lost. */
static int report_state(RunStore *s, Error *err)
{
        RunWriterState state;

        run_writer_state(s->writer, &state);
        if (state.error == 0) {
                s->reported_error = 0;
                s->reported_loss = false;
                return 0;
        }
        if (state.error != s->reported_error) {
                s->reported_error = state.error;
                error_set_errno(err, state.error, "%s/%s", s->path, state.where);
                return error_prefix(err, state.error, "recording goes on in memory");
        }
        if (state.lost > 0 && !s->reported_loss) {
                s->reported_loss = true;
                return error_set(err, state.error,
                                 "%s: still cannot be written, and memory for rows is full: the oldest "
                                 "are dropped",
                                 s->path);
        }
        return 0;
}

static int flush_tables(RunStore *s, uint64_t now_ns, bool all)
{
        int first = 0;

        for (size_t i = 0; i < s->n_tables; i++) {
                RunTable *t = s->tables[i];
                int r = all || t->hurry ? flush_table(s, t, now_ns) : 0;
                if (r < 0 && first == 0)
                        first = r;
        }
        return first;
}

int run_store_tick(RunStore *s, uint64_t now_ns, Error *err)
{
        bool hurry = false;

        if (s->first_ns == 0) {
                s->first_ns = now_ns;
                s->due_ns = now_ns + s->flush_ns;
        }
        s->last_ns = now_ns;
        bool due = now_ns >= s->due_ns;
        for (size_t i = 0; i < s->n_tables; i++)
                hurry |= s->tables[i]->hurry;
        if (!due && !hurry)
                return 0;
        if (due)
                s->due_ns = MAX(s->due_ns + s->flush_ns, now_ns + s->flush_ns / 2);
        int r = flush_tables(s, now_ns, due);
        run_writer_kick(s->writer);
        if (r < 0)
                return error_set_errno(err, r, "cannot encode rows");
        return report_state(s, err);
}

int run_store_sync(RunStore *s, Error *err)
{
        int r = flush_tables(s, 0, true);

        run_writer_kick(s->writer);
        run_writer_wait(s->writer);
        if (r < 0)
                return error_set_errno(err, r, "cannot encode rows");
        RunWriterState state;
        run_writer_state(s->writer, &state);
        return state.error < 0 ? error_set_errno(err, state.error, "%s/%s", s->path, state.where) : 0;
}

int run_store_flush(RunStore *s)
{
        int r = flush_tables(s, 0, true);

        run_writer_kick(s->writer);
        return r;
}

size_t run_store_pending(const RunStore *s)
{
        RunWriterState state;

        run_writer_state(s->writer, &state);
        return state.queued;
}

bool run_store_table(const RunStore *s, size_t i, const char **ret_name, uint64_t *ret_rows)
{
        if (i >= s->n_tables)
                return false;
        *ret_name = s->tables[i]->writer.name;
        *ret_rows = s->tables[i]->total_rows;
        return true;
}

uint64_t run_store_lost(const RunStore *s)
{
        RunWriterState state;

        run_writer_state(s->writer, &state);
        return s->lost + state.lost;
}

uint64_t run_store_written_bytes(const RunStore *s)
{
        RunWriterState state;

        run_writer_state(s->writer, &state);
        return s->written + state.written;
}

/* ---- tables ---- */

static int table_write(Sink *sink, const Batch *rows, Error *err)
{
        RunTable *t = (RunTable *)sink;
        RunStore *s = t->store;
        size_t n = batch_rows(rows);

        t->total_rows += n;
        for (size_t row = 0; row < n; row++) {
                int r = batch_append(t->rows, rows, row);
                if (r == -ENOBUFS && batch_rows(t->rows) > 0) {
                        r = seal(s, t);
                        t->hurry = t->live_fn != NULL;
                        r = r < 0 ? r : batch_append(t->rows, rows, row);
                }
                if (r == -ENOBUFS) { /* a text larger than a part */
                        s->lost++;
                } else if (r < 0) {
                        s->lost += n - row;
                        return error_set_errno(err, r, "%s: rows dropped", t->writer.name);
                }
        }
        return 0;
}

static Sink *table_free_nothing(Sink *sink)
{
        return NULL; /* the store frees it */
}

static const SinkOps table_ops = {table_write, NULL, table_free_nothing};

static RunTable *table_free(RunTable *t)
{
        if (t) {
                batch_free(t->rows);
                batch_free(t->live);
                parquet_base_done(&t->base);
                free(t->final);
                free(t->schema);
                fd_close(t->final_fd);
                free(t);
        }
        return NULL;
}

static int add_table(RunStore *s, const Schema *schema, size_t part_values, Sink **ret, Error *err)
{
        size_t columns = MAX(schema->n_columns, (size_t)1);
        size_t rows = MAX(part_values / columns, (size_t)PART_ROWS_MIN);

        if (!run_table_name_valid(schema->table, strlen(schema->table)))
                return error_set(err, EINVAL, "%s: no name for a table", schema->table);
        if (s->n_tables >= TABLES_MAX)
                return error_set(err, ENOBUFS, "table %s: a run has no more than %d", schema->table,
                                 TABLES_MAX);
        RunTable **tables = realloc(s->tables, (s->n_tables + 1) * sizeof *tables);
        if (tables)
                s->tables = tables;
        RunTable *t = tables ? calloc(1, sizeof *t) : NULL;
        if (!t)
                return error_set(err, ENOMEM, "out of memory");
        *t = (RunTable){.sink.ops = &table_ops,
                        .store = s,
                        .schema = schema_copy(schema),
                        .seal_rows = rows / 4 * 3,
                        .final_fd = -1};
        int r = t->schema ? batch_new(t->schema, rows, s->part_text_bytes, &t->rows) : -ENOMEM;
        if (r < 0) {
                table_free(t);
                return error_set_errno(err, r, "table %s", schema->table);
        }
        t->writer.name = t->schema->table;
        s->tables[s->n_tables++] = t;
        *ret = &t->sink;
        return 0;
}

int run_store_add_table(RunStore *s, const Schema *schema, Sink **ret, Error *err)
{
        return add_table(s, schema, s->part_values, ret, err);
}

int run_store_add_small_table(RunStore *s, const Schema *schema, Sink **ret, Error *err)
{
        return add_table(s, schema, s->part_values / 4, ret, err);
}

void run_store_set_live(Sink *sink, RunLiveFn fn, void *data)
{
        RunTable *t = (RunTable *)sink;

        t->live_fn = fn;
        t->live_data = data;
        t->live_version_fn = NULL;
}

void run_store_set_live_version(Sink *sink, RunLiveVersionFn fn)
{
        RunTable *t = (RunTable *)sink;

        t->live_version_fn = fn;
        t->live_refresh_ns = 0;
}

/* ---- the store ---- */

static int open_directory(const char *path, int *ret, Error *err)
{
        _cleanup_close_ int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

        if (fd < 0)
                return error_set_errno(err, errno, "%s", path);
        if (run_lock_take(fd) < 0)
                return error_set(err, EBUSY, "%s: in use by another vigia", path);
        *ret = TAKE_FD(fd);
        return 0;
}

static int set_up(RunStore *s, const char *path, const RunStoreOptions *o, Error *err)
{
        s->path = strdup(path);
        s->id = strdup(o->id ? o->id : "");
        s->host = strdup(o->host ? o->host : "");
        if (!s->path || !s->id || !s->host)
                return error_set(err, ENOMEM, "out of memory");
        s->flush_ns = o->flush_ns ? o->flush_ns : NS_PER_SECOND;
        s->memory_bytes = o->memory_bytes ? o->memory_bytes : MEMORY_BYTES;
        s->part_values = o->part_values ? o->part_values : PART_VALUES;
        s->part_text_bytes = o->part_text_bytes ? o->part_text_bytes : PART_TEXT;
        s->metadata[0] = (ParquetKeyValue){"vigia.run", s->id};
        s->metadata[1] = (ParquetKeyValue){"vigia.host", s->host};
        const ParquetOptions options = {
                .codec = o->codec, .metadata = s->metadata, .n_metadata = ARRAY_LENGTH(s->metadata)};
        int r = parquet_encoder_new(&options, &s->encoder);
        if (r < 0)
                return error_set_errno(err, r, "cannot write Parquet with codec %s",
                                       parquet_codec_name(o->codec));
        r = open_directory(path, &s->dirfd, err);
        if (r < 0)
                return r;
        run_reserve_make(s->dirfd);
        r = run_writer_new(s->dirfd, &s->writer);
        return r < 0 ? error_set_errno(err, r, "%s", path) : 0;
}

int run_store_new(const char *path, const RunStoreOptions *options, RunStore **ret, Error *err)
{
        _cleanup_(run_store_freep) RunStore *s = calloc(1, sizeof *s);

        if (!s)
                return error_set(err, ENOMEM, "out of memory");
        s->dirfd = -1;
        int r = set_up(s, path, options, err);
        if (r < 0)
                return r;
        *ret = TAKE(s);
        return 0;
}

RunStore *run_store_free(RunStore *s)
{
        if (s) {
                run_writer_free(s->writer);
                run_reserve_done(s->dirfd);
                for (size_t i = 0; i < s->n_tables; i++)
                        table_free(s->tables[i]);
                free(s->tables);
                parquet_encoder_free(s->encoder);
                buffer_done(&s->scratch);
                fd_close(s->dirfd);
                free(s->path);
                free(s->id);
                free(s->host);
                free(s);
        }
        return NULL;
}
