/*
 * A copy of a run that goes on. Parts are whole files that are replaced, never changed: a hard link to
 * each is a picture of the table, and costs the recorder nothing. The picture is then finished as the
 * run of a dead recorder is.
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
#include "store/run-parts.h"
#include "store/run.h"

enum {
        TRIES = 20,                /* a part may be sealed while it is looked at */
        COPY_BYTES = 128 << 10,
        LOG_NAME_MAX = 128,
};

typedef struct Snapshot {
        int from, to; /* directories */
        const char *shown;
} Snapshot;

/* Only so much as there is now: a log may grow as fast as it is read. */
static int copy_bytes(int from, int to)
{
        _cleanup_free_ char *buffer = malloc(COPY_BYTES);
        struct stat st;
        off_t left;

        if (!buffer || fstat(from, &st) < 0)
                return buffer ? -errno : -ENOMEM;
        for (left = st.st_size; left > 0;) {
                ssize_t n = read(from, buffer, (size_t)MIN(left, (off_t)COPY_BYTES));
                if (n < 0 && errno == EINTR)
                        continue;
                if (n <= 0)
                        return n < 0 ? -errno : 0;
                int r = file_write_all(to, buffer, (size_t)n);
                if (r < 0)
                        return r;
                left -= n;
        }
        return 0;
}

static int copy_file(const Snapshot *s, const char *path)
{
        _cleanup_close_ int from = run_open_regular(s->from, path);
        if (from < 0)
                return from;
        _cleanup_close_ int to =
                openat(s->to, path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0644);
        if (to < 0)
                return -errno;
        int r = copy_bytes(from, to);
        if (r < 0)
                unlinkat(s->to, path, 0);
        return r;
}

/* As it is now, in place of what may be there: a link where both are on one file system. -ENOENT: gone. */
static int take_file(const Snapshot *s, const char *path)
{
        unlinkat(s->to, path, 0);
        if (linkat(s->from, path, s->to, path, 0) == 0)
                return 0;
        return errno == ENOENT ? -ENOENT : copy_file(s, path);
}

static unsigned newest_of(const RunParts *parts)
{
        return parts->n > 0 ? parts->numbers[parts->n - 1] : 0;
}

/* The newest part holds rows of what is still alive; when it is sealed they move to the next. So
 * the parts are those of one moment only if the newest is the same before and after. */
static int take_parts(const Snapshot *s, const char *table)
{
        char path[RUN_PATH_MAX];

        if (mkdirat(s->to, table, 0755) < 0 && errno != EEXIST)
                return -errno;
        for (unsigned i = 0; i < TRIES; i++) {
                RunParts before = {0}, after = {0};
                int r = run_parts_list(s->from, table, &before);
                for (size_t k = 0; r == 0 && k < before.n; k++) {
                        run_part_path(path, table, before.numbers[k], "");
                        r = take_file(s, path);
                }
                if (r == 0)
                        r = run_parts_list(s->from, table, &after);
                bool same = r == 0 && before.n == after.n && newest_of(&before) == newest_of(&after);
                run_parts_done(&before);
                run_parts_done(&after);
                if (same || r < 0)
                        return r;
        }
        return -EAGAIN;
}

/* In parts, or finished already: the recording may end while it is looked at. */
static int take_table(const Snapshot *s, const char *table, Error *err)
{
        char path[RUN_PATH_MAX];
        struct stat st;

        run_table_path(path, table, "");
        int r = fstatat(s->from, path, &st, AT_SYMLINK_NOFOLLOW) == 0 ? take_file(s, path)
                                                                      : take_parts(s, table);
        if (r == -ENOENT) /* its parts have just become a table */
                r = take_file(s, path);
        return r < 0 ? error_set_errno(err, r, "%s/%s", s->shown, table) : 0;
}

/* What the command, the journal wrote: as far as it is written. */
static int copy_logs(const Snapshot *s, Error *err)
{
        _cleanup_closedir_ DIR *dir = NULL;
        int fd = openat(s->from, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC), r = 0;

        dir = fd < 0 ? NULL : fdopendir(fd);
        if (!dir) {
                fd_close(fd);
                return error_set_errno(err, errno, "%s", s->shown);
        }
        for (struct dirent *e; r == 0 && (e = readdir(dir));) {
                if (!text_ends_with(e->d_name, ".log") || strlen(e->d_name) > LOG_NAME_MAX)
                        continue;
                r = copy_file(s, e->d_name);
                if (r == -EBADMSG || r == -ENOENT) /* no file */
                        r = 0;
                if (r < 0)
                        error_set_errno(err, r, "%s/%s", s->shown, e->d_name);
        }
        return r;
}

/* Of the snapshot: another run, that no recorder is at. */
static int write_info(const Snapshot *s, const char *path, const char *id, Error *err)
{
        RunInfo info;

        run_info_init(&info);
        int r = run_info_read(&info, s->from, path, err);
        if (r == 0) {
                free(info.snapshot_of);
                info.snapshot_of = info.id;
                info.id = strdup(id);
                info.recorder_pid = 0;
                info.complete = false;
                r = info.id ? run_info_write(&info, s->to, err)
                            : error_set(err, ENOMEM, "out of memory");
        }
        run_info_done(&info);
        return r;
}

static int take(const Snapshot *s, const char *path, const char *id, Error *err)
{
        _cleanup_(run_tables_freep) char **tables = NULL;
        int r = run_tables_list(s->from, &tables);

        if (r < 0)
                return error_set_errno(err, r, "%s", path);
        for (size_t i = 0; r == 0 && tables[i]; i++)
                r = take_table(s, tables[i], err);
        if (r == 0)
                r = copy_logs(s, err);
        return r == 0 ? write_info(s, path, id, err) : r;
}

int run_snapshot(const char *path, const char *wanted, char **ret_path, Error *err)
{
        _cleanup_close_ int from = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        _cleanup_close_ int to = -1;
        _cleanup_free_ char *made = NULL, *id = NULL;
        RunInfo info;
        char label[128];

        if (from < 0)
                return error_set_errno(err, errno, "%s", path);
        run_info_init(&info);
        int r = run_info_read(&info, from, path, err);
        snprintf(label, sizeof label, "%s-snapshot", info.label ? info.label : "run");
        run_info_done(&info);
        if (r == 0)
                r = run_make_directory(wanted, label, (int64_t)clock_realtime_ns(), &made, &id, err);
        if (r < 0)
                return r;
        to = open(made, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        Snapshot s = {from, to, path};
        r = to < 0 ? error_set_errno(err, errno, "%s", made) : take(&s, path, id, err);
        if (r == 0)
                r = run_recover(made, err);
        if (r < 0) { /* no half of one stays */
                (void)directory_remove(AT_FDCWD, made);
                return r;
        }
        *ret_path = TAKE(made);
        return 0;
}
