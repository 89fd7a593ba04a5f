/*
 * Finishes a run whose recorder died: parts become tables, the end is that of the last row,
 * and run.json says what happened. Each step leaves a run that can be read, so that dying here
 * too is harmless. Nothing is thrown away but what never was whole: a damaged part is kept
 * beside, as NNNNNN.parquet.damaged.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/text.h"
#include "store/run-info-json.h"
#include "store/run-lock.h"
#include "store/run-parts.h"

typedef struct Recovery {
        int dirfd;
        const char *path;
        RunInfo info;
        int64_t newest_ns; /* wall-clock time of the newest part; 0: none */
        size_t n_tables;
} Recovery;

/* ---- one table ---- */

static int open_file(int dirfd, const char *path, int *ret_fd, ParquetFile **ret, Error *err)
{
        _cleanup_close_ int fd = run_open_regular(dirfd, path);

        if (fd < 0)
                return error_set_errno(err, fd, "%s", path);
        int r = parquet_open(fd, ret, err);
        if (r == 0)
                *ret_fd = TAKE_FD(fd);
        return r;
}

static int64_t modified_ns(int fd)
{
        struct stat st;

        if (fstat(fd, &st) < 0)
                return 0;
        return (int64_t)st.st_mtim.tv_sec * (int64_t)NS_PER_SECOND + st.st_mtim.tv_nsec;
}

static int set_aside(Recovery *r, const char *path, const Error *why)
{
        char aside[RUN_PATH_MAX + 16];

        snprintf(aside, sizeof aside, "%s.damaged", path);
        if (renameat(r->dirfd, path, r->dirfd, aside) < 0)
                return -errno;
        return run_info_add_warning(&r->info, "%s is damaged and left out: %s", path, why->message);
}

/* Sets damaged parts aside and leaves the good ones in the list; their rows in *ret_rows. */
static int check_parts(Recovery *r, const char *table, RunParts *parts, uint64_t *ret_rows)
{
        size_t good = 0;

        *ret_rows = 0;
        for (size_t i = 0; i < parts->n; i++) {
                _cleanup_close_ int fd = -1;
                _cleanup_(parquet_closep) ParquetFile *file = NULL;
                char path[RUN_PATH_MAX];
                Error why = {0};
                run_part_path(path, table, parts->numbers[i], "");
                int e = open_file(r->dirfd, path, &fd, &file, &why);
                if (e == -ENOMEM || e == -EMFILE || e == -ENFILE)
                        return e;
                if (e < 0) {
                        e = set_aside(r, path, &why);
                        if (e < 0)
                                return e;
                        continue;
                }
                *ret_rows += parquet_rows(file);
                r->newest_ns = MAX(r->newest_ns, modified_ns(fd));
                parts->numbers[good++] = parts->numbers[i];
        }
        parts->n = good;
        return 0;
}

/* The recorder died after it had renamed the finished table: is it all there? */
static bool is_finished(int dirfd, const char *table, uint64_t rows)
{
        _cleanup_close_ int fd = -1;
        _cleanup_(parquet_closep) ParquetFile *file = NULL;
        char path[RUN_PATH_MAX];

        run_table_path(path, table, "");
        return open_file(dirfd, path, &fd, &file, NULL) == 0 && parquet_rows(file) >= rows;
}

static int concatenate(Recovery *r, const char *table, const RunParts *parts, Error *err)
{
        const ParquetKeyValue metadata[] = {{"vigia.run", r->info.id ? r->info.id : ""},
                                            {"vigia.host", r->info.host ? r->info.host : ""}};
        char from[RUN_PATH_MAX], to[RUN_PATH_MAX];
        size_t damaged = 0;

        run_table_path(from, table, ".tmp");
        run_table_path(to, table, "");
        _cleanup_close_ int fd =
                openat(r->dirfd, from, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0644);
        if (fd < 0)
                return error_set_errno(err, errno, "%s", from);
        int e = run_parts_concatenate(r->dirfd, table, parts, fd, NULL, metadata,
                                      ARRAY_LENGTH(metadata), &damaged, err);
        if (e == 0 && damaged > 0) /* they were whole a moment ago */
                e = error_set(err, EAGAIN, "%s: parts changed meanwhile", table);
        else if (e == 0 && fdatasync(fd) < 0 && errno != EINVAL)
                e = error_set_errno(err, errno, "%s", from);
        if (e == 0 && renameat(r->dirfd, from, r->dirfd, to) < 0)
                e = error_set_errno(err, errno, "%s", to);
        if (e < 0)
                unlinkat(r->dirfd, from, 0);
        return e;
}

/* The folder stays if something is left in it, such as a damaged part. */
static void remove_parts(int dirfd, const char *table, const RunParts *parts)
{
        char path[RUN_PATH_MAX];

        for (size_t i = 0; i < parts->n; i++) {
                run_part_path(path, table, parts->numbers[i], "");
                unlinkat(dirfd, path, 0);
        }
        unlinkat(dirfd, table, AT_REMOVEDIR);
}

static int recover_parts(Recovery *r, const char *table, RunParts *parts, Error *err)
{
        char from[RUN_PATH_MAX], to[RUN_PATH_MAX];
        uint64_t rows = 0;
        int e = check_parts(r, table, parts, &rows);

        if (e < 0)
                return error_set_errno(err, e, "%s", table);
        if (parts->n == 1 && !is_finished(r->dirfd, table, rows)) {
                run_part_path(from, table, parts->numbers[0], "");
                run_table_path(to, table, "");
                if (renameat(r->dirfd, from, r->dirfd, to) < 0)
                        return error_set_errno(err, errno, "%s", to);
        } else if (parts->n > 0 && !is_finished(r->dirfd, table, rows)) {
                e = concatenate(r, table, parts, err);
                if (e < 0)
                        return e;
        }
        remove_parts(r->dirfd, table, parts);
        return 0;
}

/* 0, 1: has no parts. */
static int recover_table(Recovery *r, const char *table, Error *err)
{
        RunParts parts = {0};
        int e = run_parts_list(r->dirfd, table, &parts);

        if (e == -ENOENT || (e == 0 && parts.n == 0))
                return 1;
        if (e < 0)
                return error_set_errno(err, e, "%s", table);
        e = recover_parts(r, table, &parts, err);
        run_parts_done(&parts);
        return e;
}

/* ---- the run ---- */

/* The largest t_ns of a finished table, from its statistics; -1 unknown. */
static int64_t last_t_ns(int dirfd, const char *table)
{
        _cleanup_close_ int fd = -1;
        _cleanup_(parquet_closep) ParquetFile *file = NULL;
        char path[RUN_PATH_MAX];
        int64_t last = -1;

        run_table_path(path, table, "");
        if (open_file(dirfd, path, &fd, &file, NULL) < 0)
                return -1;
        int column = schema_find(parquet_schema(file), "t_ns");
        for (size_t i = 0; column >= 0 && i < parquet_row_groups(file); i++) {
                ParquetStatistics s = {0};
                parquet_statistics(file, i, (size_t)column, &s);
                if (s.has_min_max)
                        last = MAX(last, (int64_t)s.max);
        }
        return last;
}

/* Processes are counted by their first images; RUN_UNKNOWN where that cannot be. */
static uint64_t count_processes(int dirfd)
{
        static const char *const columns[] = {"image"};
        const ParquetSelection selection = {.columns = columns, .n_columns = 1};
        _cleanup_close_ int fd = -1;
        _cleanup_(parquet_closep) ParquetFile *file = NULL;
        _cleanup_(parquet_cursor_freep) ParquetCursor *cursor = NULL;
        const Batch *rows;
        uint64_t n = 0;
        int e;

        if (open_file(dirfd, "processes.parquet", &fd, &file, NULL) < 0 ||
            parquet_cursor_new(file, &selection, &cursor, NULL) < 0)
                return RUN_UNKNOWN;
        while ((e = parquet_cursor_next(cursor, &rows, NULL)) > 0)
                for (size_t i = 0; i < batch_rows(rows); i++)
                        n += !batch_is_null(rows, 0, i) && batch_u64(rows, 0, i) == 0;
        return e < 0 ? RUN_UNKNOWN : n;
}

static void set_end(Recovery *r)
{
        static const char *const timed[] = {"totals", "samples"};
        RunInfo *info = &r->info;
        struct stat st;
        int64_t last = -1;

        for (size_t i = 0; i < ARRAY_LENGTH(timed) && last < 0; i++)
                last = last_t_ns(r->dirfd, timed[i]);
        if (last < 0 && r->newest_ns > info->start_realtime_ns)
                last = r->newest_ns - info->start_realtime_ns;
        if (last >= 0) {
                info->wall_ns = (uint64_t)last;
                info->end_realtime_ns = MIN(last, INT64_MAX - info->start_realtime_ns) +
                                        info->start_realtime_ns;
        }
        if (info->processes == RUN_UNKNOWN)
                info->processes = count_processes(r->dirfd);
        if (info->output_bytes == RUN_UNKNOWN && fstatat(r->dirfd, "output.log", &st, 0) == 0)
                info->output_bytes = (uint64_t)st.st_size;
}

/* Why it is no more than this: in words, for good. */
static int mark(Recovery *r, Error *err)
{
        _cleanup_string_ String text = {0};
        char wall[FORMAT_MAX];

        set_end(r);
        if (r->info.snapshot_of)
                string_add_format(&text, "a snapshot of %s, which went on", r->info.snapshot_of);
        else
                string_add(&text, "the recorder");
        if (r->info.recorder_pid > 0)
                string_add_format(&text, " (pid %d)", (int)r->info.recorder_pid);
        if (!r->info.snapshot_of)
                string_add(&text, " died");
        if (r->info.wall_ns != RUN_UNKNOWN)
                string_add_format(&text, "; the last row is from %s after the start",
                                  format_duration(wall, r->info.wall_ns));
        free(r->info.recorder_died);
        r->info.recorder_died = string_take(&text);
        if (!r->info.recorder_died)
                return error_set(err, ENOMEM, "out of memory");
        return run_info_write(&r->info, r->dirfd, err);
}

/* Folders that were begun and never got a whole part. */
static void remove_leftovers(int dirfd)
{
        _cleanup_closedir_ DIR *dir = NULL;
        int fd = openat(dirfd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

        dir = fd < 0 ? NULL : fdopendir(fd);
        if (!dir) {
                fd_close(fd);
                return;
        }
        for (struct dirent *e; (e = readdir(dir));)
                if (run_table_name_valid(e->d_name, strlen(e->d_name)) &&
                    run_remove_temporary(dirfd, e->d_name) == 0)
                        unlinkat(dirfd, e->d_name, AT_REMOVEDIR);
        (void)run_remove_temporary(dirfd, ".");
        unlinkat(dirfd, "control", 0); /* the socket of the recorder that died */
}

static int recover(Recovery *r, Error *err)
{
        _cleanup_(run_tables_freep) char **tables = NULL;
        int e = run_tables_list(r->dirfd, &tables);

        if (e < 0)
                return error_set_errno(err, e, "%s", r->path);
        for (size_t i = 0; tables[i]; i++) {
                e = recover_table(r, tables[i], err);
                if (e < 0)
                        return error_prefix(err, e, "%s", r->path);
                r->n_tables += e == 0;
        }
        if (r->n_tables == 0 && (r->info.complete || r->info.recorder_died))
                return 1;
        remove_leftovers(r->dirfd);
        /* A run that was complete but for its tables (the disk was full at the end) stays so. */
        e = r->info.complete ? run_info_write(&r->info, r->dirfd, err) : mark(r, err);
        return e < 0 ? error_prefix(err, e, "%s", r->path) : 0;
}

int run_recover(const char *path, Error *err)
{
        _cleanup_close_ int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        Recovery r = {.dirfd = fd, .path = path};

        if (fd < 0)
                return error_set_errno(err, errno, "%s", path);
        run_info_init(&r.info);
        int e = run_info_read(&r.info, fd, path, err);
        if (e < 0)
                return e;
        if (run_lock_take(fd) < 0 || (!r.info.complete && run_info_recorder_alive(&r.info)))
                e = error_set(err, EBUSY, "%s is still being recorded", path);
        else
                e = recover(&r, err);
        run_info_done(&r.info);
        return e;
}
