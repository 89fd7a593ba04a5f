/*
 * A run as its tables, whether finished, in parts, or still growing. A cursor opens one part
 * at a time; when the recorder finishes the run meanwhile and the parts go, it carries on in
 * the finished file, which holds the same rows in the same order.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/text.h"
#include "store/run-info-json.h"
#include "store/run-lock.h"
#include "store/run-parts.h"

struct RunReader {
        char *path;
        int dirfd;
        RunInfo info;
        bool recording;
        char **tables;
};

/* ---- the run ---- */

/* Whether the recorder is dead for certain: the lock and /proc tell of this machine only. */
static bool is_of_this_machine(const RunInfo *info)
{
        RunInfo here;

        run_info_init(&here);
        bool ours = run_info_fill_host(&here) == 0 &&
                    ((here.boot_id && info->boot_id && text_equal(here.boot_id, info->boot_id)) ||
                     (here.host && info->host && text_equal(here.host, info->host)));
        run_info_done(&here);
        return ours;
}

static int explain_unfinished(RunInfo *info, const char *why)
{
        if (info->recorder_died)
                return 0;
        _cleanup_string_ String text = {0};
        string_add(&text, "the recorder died");
        if (*why)
                string_add_format(&text, "; the run could not be finished: %s", why);
        info->recorder_died = string_take(&text);
        return info->recorder_died ? 0 : -ENOMEM;
}

/* Finishes it if it can be; else it is read from its parts. */
static int finish_dead_run(RunReader *r, Error *err)
{
        Error why = {0};
        RunInfo again;
        int e = 1;

        if (is_of_this_machine(&r->info))
                e = run_recover(r->path, &why);
        else if (!r->info.recorder_died)
                text_copy(why.message, sizeof why.message, "it was recorded on another machine");
        if (e == -EBUSY) {
                r->recording = true;
                return 0;
        }
        if (e == 0) {
                run_info_init(&again);
                e = run_info_read(&again, r->dirfd, r->path, err);
                if (e < 0)
                        return e;
                run_info_done(&r->info);
                r->info = again;
        }
        e = explain_unfinished(&r->info, why.message);
        return e < 0 ? error_set(err, e, "out of memory") : 0;
}

int run_reader_open(const char *path, RunReader **ret, Error *err)
{
        _cleanup_(run_reader_freep) RunReader *r = calloc(1, sizeof *r);
        int e;

        if (!r)
                return error_set(err, ENOMEM, "out of memory");
        run_info_init(&r->info);
        r->path = strdup(path);
        r->dirfd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        if (!r->path || r->dirfd < 0)
                return error_set_errno(err, r->path ? errno : ENOMEM, "%s", path);
        e = run_info_read(&r->info, r->dirfd, path, err);
        if (e < 0)
                return e;
        r->recording = !r->info.complete &&
                       (run_lock_held(r->dirfd) || run_info_recorder_alive(&r->info));
        if (!r->info.complete && !r->recording) {
                e = finish_dead_run(r, err);
                if (e < 0)
                        return e;
        }
        e = run_tables_list(r->dirfd, &r->tables);
        if (e < 0)
                return error_set_errno(err, e, "%s", path);
        *ret = TAKE(r);
        return 0;
}

int run_reader_open_named(const char *name, RunReader **ret, Error *err)
{
        _cleanup_free_ char *path = NULL;
        int r = run_resolve(name, &path, err);

        return r < 0 ? r : run_reader_open(path, ret, err);
}

RunReader *run_reader_free(RunReader *r)
{
        if (r) {
                run_info_done(&r->info);
                run_tables_free(r->tables);
                fd_close(r->dirfd);
                free(r->path);
                free(r);
        }
        return NULL;
}

const RunInfo *run_reader_info(const RunReader *r)
{
        return &r->info;
}

const char *run_reader_path(const RunReader *r)
{
        return r->path;
}

bool run_reader_recording(const RunReader *r)
{
        return r->recording;
}

const char *const *run_reader_tables(const RunReader *r)
{
        return (const char *const *)r->tables;
}

/* ---- a table ---- */

struct RunCursor {
        RunReader *reader;
        char *table;
        RunParts parts;
        bool single; /* NAME.parquet, not parts */
        size_t at;   /* the next part to open */
        int newest_fd; /* of the newest part, opened with the list: it goes on changing */

        Schema schema; /* owned copy; set by the first part that can be opened */
        char *table_name;
        Column *columns;
        const char **names;
        char *range_column;
        ParquetSelection selection;

        int fd;
        ParquetFile *file;
        ParquetCursor *cursor;
        uint64_t rows_before; /* of the parts that were read to their end */
        uint64_t skip;        /* rows of the finished file that were already handed out */
        Batch *rest;          /* a batch of which only the end is wanted */
};

static void close_part(RunCursor *c)
{
        c->cursor = parquet_cursor_free(c->cursor);
        c->file = parquet_close(c->file);
        c->fd = fd_close(c->fd);
}

RunCursor *run_cursor_free(RunCursor *c)
{
        if (c) {
                close_part(c);
                fd_close(c->newest_fd);
                batch_free(c->rest);
                run_parts_done(&c->parts);
                for (size_t i = 0; c->columns && i < c->schema.n_columns; i++)
                        free((char *)c->columns[i].name);
                free(c->columns);
                free(c->names);
                free(c->range_column);
                free(c->table_name);
                free(c->table);
                free(c);
        }
        return NULL;
}

const Schema *run_cursor_schema(const RunCursor *c)
{
        return &c->schema;
}

/* Later parts are read by the columns of the first: as names in its order. */
static int adopt_schema(RunCursor *c, const Schema *from)
{
        size_t n = from->n_columns;

        c->columns = calloc(MAX(n, (size_t)1), sizeof *c->columns);
        c->names = calloc(MAX(n, (size_t)1), sizeof *c->names);
        c->table_name = strdup(c->table);
        if (!c->columns || !c->names || !c->table_name)
                return -ENOMEM;
        c->schema = (Schema){c->table_name, c->columns, n};
        for (size_t i = 0; i < n; i++) {
                c->columns[i] = from->columns[i];
                c->columns[i].name = strdup(from->columns[i].name);
                c->names[i] = c->columns[i].name;
                if (!c->names[i])
                        return -ENOMEM;
        }
        c->selection.columns = c->names;
        c->selection.n_columns = n;
        return 0;
}

static bool same_types(const Schema *a, const Schema *b)
{
        bool same = a->n_columns == b->n_columns;

        for (size_t i = 0; same && i < a->n_columns; i++)
                same = a->columns[i].type == b->columns[i].type;
        return same;
}

/* Opens a file of the table as the current one. */
static int open_part(RunCursor *c, int fd, Error *err)
{
        c->fd = fd;
        int r = parquet_open(fd, &c->file, err);
        if (r == 0)
                r = parquet_cursor_new(c->file, &c->selection, &c->cursor, err);
        if (r == 0 && !c->columns) {
                r = adopt_schema(c, parquet_cursor_schema(c->cursor));
                if (r < 0)
                        error_set(err, r, "out of memory");
        } else if (r == 0 && !same_types(&c->schema, parquet_cursor_schema(c->cursor))) {
                r = error_set(err, EBADMSG, "its columns are of other types than before");
        }
        if (r < 0)
                close_part(c);
        return r;
}

/* The table as it is now: one file, or parts. */
static int list_files(RunCursor *c, Error *err)
{
        char path[RUN_PATH_MAX];
        int r;

        run_table_path(path, c->table, "");
        c->newest_fd = run_open_regular(c->reader->dirfd, path);
        c->single = c->newest_fd >= 0;
        if (c->single)
                return 0;
        if (c->newest_fd != -ENOENT) {
                r = c->newest_fd;
                c->newest_fd = -1;
                return error_set_errno(err, r, "%s/%s", c->reader->path, path);
        }
        c->newest_fd = -1;
        r = run_parts_list(c->reader->dirfd, c->table, &c->parts);
        if (r == -ENOENT || (r == 0 && c->parts.n == 0))
                return error_set(err, ENOENT, "%s: no table %s", c->reader->path, c->table);
        if (r < 0)
                return error_set_errno(err, r, "%s/%s", c->reader->path, c->table);
        run_part_path(path, c->table, c->parts.numbers[c->parts.n - 1], "");
        c->newest_fd = run_open_regular(c->reader->dirfd, path);
        if (c->newest_fd < 0)
                c->newest_fd = -1; /* gone or damaged: found again when its turn comes */
        return 0;
}

/* The parts went while we read: the rest is in the finished file, behind rows_before rows.
 * Without the range, so that rows can be counted. 0, or -ENOENT: not there either. */
static int change_to_finished(RunCursor *c, Error *err)
{
        char path[RUN_PATH_MAX];

        run_table_path(path, c->table, "");
        int fd = run_open_regular(c->reader->dirfd, path);
        if (fd < 0)
                return error_set_errno(err, fd, "%s/%s", c->reader->path, path);
        c->newest_fd = fd_close(c->newest_fd);
        c->single = true;
        c->at = 1;
        c->selection.range_column = NULL;
        c->skip = c->rows_before;
        return open_part(c, fd, err);
}

static int take_file(RunCursor *c, char path[RUN_PATH_MAX])
{
        bool newest = c->single || c->at + 1 == c->parts.n;

        if (c->single)
                run_table_path(path, c->table, "");
        else
                run_part_path(path, c->table, c->parts.numbers[c->at], "");
        return newest && c->newest_fd >= 0 ? TAKE_FD(c->newest_fd)
                                           : run_open_regular(c->reader->dirfd, path);
}

static bool is_damage(int r)
{
        return r == -EBADMSG || r == -EOPNOTSUPP || r == -ENOENT || r == -EIO;
}

static void warn_damaged(RunCursor *c, const char *path, const char *why)
{
        (void)run_info_add_warning(&c->reader->info, "%s is damaged, its rows are missing: %s", path,
                                   why);
}

/* 1: a part is open. 0: there are no more. */
static int open_next(RunCursor *c, Error *err)
{
        char path[RUN_PATH_MAX];

        while (c->at < (c->single ? 1 : c->parts.n)) {
                Error why = {0};
                int fd = take_file(c, path);
                if (fd == -ENOENT && !c->single && change_to_finished(c, &why) == 0)
                        return 1;
                c->at++;
                int r = fd < 0 ? error_set_errno(&why, fd, "%s", path) : open_part(c, fd, &why);
                if (r == 0)
                        return 1;
                if (c->single || !is_damage(r))
                        return error_set(err, r, "%s/%s: %s", c->reader->path, path, why.message);
                warn_damaged(c, path, why.message);
        }
        return 0;
}

int run_cursor_new(RunReader *reader, const char *table, const ParquetSelection *selection,
                   RunCursor **ret, Error *err)
{
        _cleanup_(run_cursor_freep) RunCursor *c = calloc(1, sizeof *c);

        if (!run_table_name_valid(table, strlen(table)))
                return error_set(err, ENOENT, "%s: no such table", reader->path);
        if (!c)
                return error_set(err, ENOMEM, "out of memory");
        *c = (RunCursor){.reader = reader, .fd = -1, .newest_fd = -1, .table = strdup(table)};
        if (selection)
                c->selection = *selection;
        if (c->selection.range_column)
                c->selection.range_column = c->range_column = strdup(c->selection.range_column);
        if (!c->table || (selection && selection->range_column && !c->range_column))
                return error_set(err, ENOMEM, "out of memory");
        int r = list_files(c, err);
        if (r < 0)
                return r;
        r = open_next(c, err);
        if (r < 0)
                return r;
        if (r == 0)
                return error_set(err, EBADMSG, "%s: all parts of table %s are damaged", reader->path,
                                 table);
        *ret = TAKE(c);
        return 0;
}

/* The rows of the batch behind the first `skip`. */
static int cut_batch(RunCursor *c, const Batch *rows, size_t skip, const Batch **ret)
{
        int r = 0;

        if (!c->rest)
                r = batch_new(&c->schema, batch_rows(rows) + 4096, UINT32_MAX, &c->rest);
        if (r < 0)
                return r;
        batch_clear(c->rest);
        for (size_t i = skip; r == 0 && i < batch_rows(rows); i++)
                r = batch_append(c->rest, rows, i);
        *ret = c->rest;
        return r;
}

/* Skips what was handed out before the run was finished. 1: nothing of the batch is left. */
static int skip_rows(RunCursor *c, const Batch **rows)
{
        size_t n = batch_rows(*rows);

        if (c->skip >= n) {
                c->skip -= n;
                return 1;
        }
        size_t skip = (size_t)c->skip;
        c->skip = 0;
        return skip > 0 ? cut_batch(c, *rows, skip, rows) : 0;
}

int run_cursor_next(RunCursor *c, const Batch **ret, Error *err)
{
        for (;;) {
                Error why = {0};
                char path[RUN_PATH_MAX];
                int r = c->cursor ? parquet_cursor_next(c->cursor, ret, &why) : 0;
                if (r > 0) {
                        r = skip_rows(c, ret);
                        if (r == 0)
                                return 1;
                        if (r < 0)
                                return error_set(err, r, "out of memory");
                        continue;
                }
                if (r < 0 && (c->single || !is_damage(r)))
                        return error_set(err, r, "%s/%s: %s", c->reader->path, c->table, why.message);
                if (r < 0) {
                        run_part_path(path, c->table, c->parts.numbers[c->at - 1], "");
                        warn_damaged(c, path, why.message);
                }
                if (c->file)
                        c->rows_before += parquet_rows(c->file);
                close_part(c);
                r = open_next(c, err);
                if (r <= 0)
                        return r;
        }
}

bool run_reader_has(const RunReader *reader, const char *table)
{
        for (const char *const *t = run_reader_tables(reader); t && *t; t++)
                if (text_equal(*t, table))
                        return true;
        return false;
}

int run_reader_each(RunReader *reader, const char *table, const char *const *columns, RunRowsFn fn, void *data,
                    Error *err)
{
        _cleanup_(run_cursor_freep) RunCursor *cursor = NULL;
        ParquetSelection selection = {.columns = columns};
        const Batch *rows;

        if (!run_reader_has(reader, table))
                return 0;
        while (columns && columns[selection.n_columns])
                selection.n_columns++;
        int r = run_cursor_new(reader, table, columns ? &selection : NULL, &cursor, err);
        if (r < 0)
                return r == -ENOENT ? 0 : r;
        while ((r = run_cursor_next(cursor, &rows, err)) > 0) {
                r = fn(rows, data);
                if (r < 0)
                        return r == -ENOMEM ? error_set(err, r, "out of memory") : r;
        }
        return r;
}
