/*
 * The end of a recording: each table becomes NAME.parquet. A table of one part, as every short
 * run has, is written there at once; else the parts are concatenated. The user is waiting, so
 * the disk is waited for only after a long recording, all tables together.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/text.h"
#include "store/run-reserve.h"
#include "store/run-store.h"

/* What took a minute to record is not left to the kernel's own write-back (≤ 30 s). */
#define DURABLE_NS (60 * NS_PER_SECOND)

/* The last rows, live ones included: as an image of the last part, or of the whole table. */
static int make_last(RunStore *s, RunTable *t)
{
        RunImage *image = NULL;
        int r = run_store_collect_live(t);

        if (r < 0)
                return r;
        parquet_encoder_hurry(s->encoder, false);
        r = run_store_make_image(s, t, true, NULL, &image);
        if (r < 0) {
                s->lost += batch_rows(t->rows);
                return r;
        }
        image->rows += t->live ? batch_rows(t->live) : 0;
        t->writer.superseded = t->part == 0;
        if (t->part == 0)
                t->final = image;
        else
                run_writer_put(s->writer, image, SIZE_MAX);
        return 0;
}

static int concatenate(RunStore *s, RunTable *t, int fd, Error *err)
{
        RunParts parts = {0};
        size_t damaged = 0;
        int r = run_parts_list(s->dirfd, t->writer.name, &parts);

        if (r == 0 || r == -ENOENT) /* nothing ever fitted on the disk: an empty table */
                r = run_parts_concatenate(s->dirfd, t->writer.name, &parts, fd, t->schema, s->metadata,
                                          ARRAY_LENGTH(s->metadata), &damaged, err);
        else
                error_set_errno(err, r, "%s", t->writer.name);
        run_parts_done(&parts);
        if (r == 0 && damaged > 0)
                return error_set(err, EBADMSG, "%zu damaged parts", damaged);
        return r;
}

/* Makes NAME.parquet.tmp and, if it is to be waited for, begins its way to the disk. */
static int write_final(RunStore *s, RunTable *t, bool durable, Error *err)
{
        char path[RUN_PATH_MAX];
        struct stat st;
        int r;

        run_table_path(path, t->writer.name, ".tmp");
        t->final_fd = openat(s->dirfd, path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0644);
        if (t->final_fd < 0)
                return error_set_errno(err, errno, "%s", path);
        if (t->part == 0) {
                r = t->final ? file_write_all(t->final_fd, t->final->data, t->final->size) : -ENOMEM;
                if (r < 0)
                        error_set_errno(err, r, "%s", path);
        } else {
                r = concatenate(s, t, t->final_fd, err);
        }
        if (r < 0) {
                unlinkat(s->dirfd, path, 0);
                t->final_fd = fd_close(t->final_fd);
                return r;
        }
        if (durable)
                (void)sync_file_range(t->final_fd, 0, 0, SYNC_FILE_RANGE_WRITE);
        s->written += fstat(t->final_fd, &st) == 0 ? (uint64_t)st.st_size : 0;
        return 0;
}

/* First the name appears, then the parts go: a reader finds the rows at every moment. */
static int publish_final(RunStore *s, RunTable *t, bool durable, Error *err)
{
        char from[RUN_PATH_MAX], to[RUN_PATH_MAX];
        int r = 0;

        run_table_path(from, t->writer.name, ".tmp");
        run_table_path(to, t->writer.name, "");
        if (durable && fdatasync(t->final_fd) < 0 && errno != EINVAL && errno != EROFS)
                r = -errno;
        t->final_fd = fd_close(t->final_fd);
        if (r == 0 && renameat(s->dirfd, from, s->dirfd, to) < 0)
                r = -errno;
        if (r < 0) {
                unlinkat(s->dirfd, from, 0);
                return error_set_errno(err, r, "%s", to);
        }
        if (t->writer.on_disk)
                (void)directory_remove(s->dirfd, t->writer.name); /* readers prefer the file */
        return 0;
}

/* The whole table did not fit; what an earlier flush has put on disk is what is left of it. */
static void count_lost(RunStore *s, const RunTable *t)
{
        if (t->part == 0 && t->final)
                s->lost += t->final->rows -
                           MIN(t->final->rows, t->writer.on_disk ? t->writer.disk_rows : 0);
}

int run_store_finish(RunStore *s, Error *err)
{
        bool durable = s->last_ns - s->first_ns >= DURABLE_NS;
        Error ignored = {0}, *to = err ? err : &ignored;
        int first = 0;

        if (s->finished)
                return 0;
        s->finished = true;
        for (size_t i = 0; i < s->n_tables; i++) {
                int r = make_last(s, s->tables[i]);
                if (r < 0 && first == 0)
                        first = error_set_errno(to, r, "%s: last rows", s->tables[i]->writer.name);
        }
        run_writer_stop(s->writer);
        for (size_t i = 0; i < s->n_tables; i++) {
                int r = write_final(s, s->tables[i], durable, first ? NULL : to);
                if ((r == -ENOSPC || r == -EDQUOT) && run_reserve_release(s->dirfd))
                        r = write_final(s, s->tables[i], durable, first ? NULL : to);
                if (r < 0)
                        count_lost(s, s->tables[i]);
                if (r < 0 && first == 0)
                        first = error_prefix(to, r, "%s: table %s stays in parts", s->path,
                                             s->tables[i]->writer.name);
        }
        for (size_t i = 0; i < s->n_tables; i++) {
                RunTable *t = s->tables[i];
                int r = t->final_fd >= 0 ? publish_final(s, t, durable, first ? NULL : to) : 0;
                if (r < 0)
                        count_lost(s, t);
                if (r < 0 && first == 0)
                        first = error_prefix(to, r, "%s", s->path);
        }
        run_reserve_done(s->dirfd);
        return first;
}
