/* The folder is walked first and its names sorted; then each file is read once. libarchive is loaded by name:
 * a recorder that linked it would carry its relocations at every start. */
#include "send/archive.h"

#include <archive.h>
#include <archive_entry.h>
#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/cleanup.h"
#include "base/library.h"

enum {
        FILES_MAX = 100000, /* in a run's folder; it has some dozens */
        DEPTH_MAX = 16,
        CHUNK = 1 << 16,
};

typedef struct ArchiveApi {
        __typeof__(&archive_entry_free) entry_free;
        __typeof__(&archive_entry_new) entry_new;
        __typeof__(&archive_entry_set_filetype) entry_set_filetype;
        __typeof__(&archive_entry_set_mtime) entry_set_mtime;
        __typeof__(&archive_entry_set_pathname) entry_set_pathname;
        __typeof__(&archive_entry_set_perm) entry_set_perm;
        __typeof__(&archive_entry_set_size) entry_set_size;
        __typeof__(&archive_error_string) error_string;
        __typeof__(&archive_errno) error_number;
        __typeof__(&archive_write_add_filter_gzip) add_filter_gzip;
        __typeof__(&archive_write_add_filter_zstd) add_filter_zstd;
        __typeof__(&archive_write_close) close;
        __typeof__(&archive_write_data) data;
        __typeof__(&archive_write_free) free;
        __typeof__(&archive_write_header) header;
        __typeof__(&archive_write_new) new;
        __typeof__(&archive_write_open_fd) open_fd;
        __typeof__(&archive_write_set_bytes_in_last_block) set_bytes_in_last_block;
        __typeof__(&archive_write_set_filter_option) set_filter_option;
        __typeof__(&archive_write_set_format_pax_restricted) set_format_pax_restricted;
        void *handle;
} ArchiveApi;

static const LibrarySymbol symbols[] = {
        {"archive_entry_free", offsetof(ArchiveApi, entry_free)},
        {"archive_entry_new", offsetof(ArchiveApi, entry_new)},
        {"archive_entry_set_filetype", offsetof(ArchiveApi, entry_set_filetype)},
        {"archive_entry_set_mtime", offsetof(ArchiveApi, entry_set_mtime)},
        {"archive_entry_set_pathname", offsetof(ArchiveApi, entry_set_pathname)},
        {"archive_entry_set_perm", offsetof(ArchiveApi, entry_set_perm)},
        {"archive_entry_set_size", offsetof(ArchiveApi, entry_set_size)},
        {"archive_error_string", offsetof(ArchiveApi, error_string)},
        {"archive_errno", offsetof(ArchiveApi, error_number)},
        {"archive_write_add_filter_gzip", offsetof(ArchiveApi, add_filter_gzip)},
        {"archive_write_add_filter_zstd", offsetof(ArchiveApi, add_filter_zstd)},
        {"archive_write_close", offsetof(ArchiveApi, close)},
        {"archive_write_data", offsetof(ArchiveApi, data)},
        {"archive_write_free", offsetof(ArchiveApi, free)},
        {"archive_write_header", offsetof(ArchiveApi, header)},
        {"archive_write_new", offsetof(ArchiveApi, new)},
        {"archive_write_open_fd", offsetof(ArchiveApi, open_fd)},
        {"archive_write_set_bytes_in_last_block", offsetof(ArchiveApi, set_bytes_in_last_block)},
        {"archive_write_set_filter_option", offsetof(ArchiveApi, set_filter_option)},
        {"archive_write_set_format_pax_restricted", offsetof(ArchiveApi, set_format_pax_restricted)},
};

typedef struct Names {
        char **items; /* paths below the folder */
        size_t n, capacity, left_out;
} Names;

typedef struct Writer {
        const ArchiveApi *api;
        struct archive *archive;
        const char *name;
        int dirfd;
} Writer;

const char *archive_extension(ArchiveFormat format)
{
        return format == ARCHIVE_TAR_GZ ? ".tar.gz" : ".tar.zst";
}

static int load(ArchiveApi *api, Error *why)
{
        Error short_why = {0};
        int r = library_load("libarchive.so.13", symbols, ARRAY_LENGTH(symbols), api, &api->handle, &short_why);

        return r < 0 ? error_set(why, EOPNOTSUPP, "no archive: %s (Debian: libarchive13)", short_why.message) : 0;
}

/* ARCHIVE_WARN: libarchive would start a program for it; that is not what is meant. */
static int set_up(const ArchiveApi *api, struct archive *a, ArchiveFormat format, Error *err)
{
        int r = api->set_format_pax_restricted(a);

        if (r == ARCHIVE_OK)
                r = format == ARCHIVE_TAR_GZ ? api->add_filter_gzip(a) : api->add_filter_zstd(a);
        if (r == ARCHIVE_OK && format == ARCHIVE_TAR_GZ) /* or the same run would not make the same bytes */
                r = api->set_filter_option(a, "gzip", "timestamp", NULL);
        if (r == ARCHIVE_OK)
                r = api->set_bytes_in_last_block(a, 1);
        if (r != ARCHIVE_OK)
                return error_set(err, EOPNOTSUPP, "this libarchive cannot write %s", archive_extension(format));
        return 0;
}

int archive_available(ArchiveFormat format, Error *why)
{
        ArchiveApi api;
        int r = load(&api, why);

        if (r < 0)
                return r;
        struct archive *a = api.new();
        r = a ? set_up(&api, a, format, why) : error_set(why, ENOMEM, "out of memory");
        if (a)
                api.free(a);
        dlclose(api.handle);
        return r;
}

/* ---- the folder ---- */

static void names_done(Names *names)
{
        for (size_t i = 0; i < names->n; i++)
                free(names->items[i]);
        free(names->items);
}

static int add_name(Names *names, const char *path)
{
        if (names->n == FILES_MAX)
                return -EFBIG;
        if (names->n == names->capacity) {
                size_t capacity = names->capacity ? 2 * names->capacity : 64;
                char **items = realloc(names->items, capacity * sizeof *items);
                if (!items)
                        return -ENOMEM;
                names->items = items;
                names->capacity = capacity;
        }
        names->items[names->n] = strdup(path);
        return names->items[names->n++] ? 0 : -ENOMEM;
}

/* Links are not followed: a run's folder has none of its own. */
static int walk(int dirfd, const char *path, unsigned depth, Names *names)
{
        int fd = openat(dirfd, *path ? path : ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW), r = 0;
        _cleanup_closedir_ DIR *dir = fd < 0 ? NULL : fdopendir(fd);
        struct dirent *entry;

        if (!dir) {
                r = -errno;
                fd_close(fd);
                return r;
        }
        while (r == 0 && (entry = readdir(dir))) {
                _cleanup_string_ String below = {0};
                struct stat st;
                if (text_equal(entry->d_name, ".") || text_equal(entry->d_name, "..") ||
                    text_ends_with(entry->d_name, ".tmp"))
                        continue;
                string_add_format(&below, "%s%s%s", path, *path ? "/" : "", entry->d_name);
                if (below.failed)
                        return -ENOMEM;
                if (fstatat(dirfd, string_get(&below), &st, AT_SYMLINK_NOFOLLOW) < 0)
                        names->left_out += errno != ENOENT;
                else if (S_ISREG(st.st_mode))
                        r = add_name(names, string_get(&below));
                else if (S_ISDIR(st.st_mode) && depth < DEPTH_MAX)
                        r = walk(dirfd, string_get(&below), depth + 1, names);
                else
                        names->left_out += !S_ISSOCK(st.st_mode);
        }
        return r;
}

static int compare_names(const void *a, const void *b)
{
        return strcmp(*(char *const *)a, *(char *const *)b);
}

/* ---- writing ---- */

static int tell(const Writer *w, Error *err)
{
        const char *why = w->api->error_string(w->archive);
        int number = w->api->error_number(w->archive);

        return error_set(err, number > 0 ? number : EIO, "the archive: %s", why ? why : "libarchive failed");
}

static int add_header(Writer *w, const char *name, int64_t size, const struct timespec *mtime, Error *err)
{
        _cleanup_string_ String path = {0};
        struct archive_entry *entry = w->api->entry_new();

        string_add_format(&path, "%s/%s", w->name, name);
        if (!entry || path.failed) {
                if (entry)
                        w->api->entry_free(entry);
                return error_set(err, ENOMEM, "out of memory");
        }
        w->api->entry_set_pathname(entry, string_get(&path));
        w->api->entry_set_filetype(entry, AE_IFREG);
        w->api->entry_set_perm(entry, 0644);
        w->api->entry_set_size(entry, size);
        w->api->entry_set_mtime(entry, mtime->tv_sec, mtime->tv_nsec);
        int r = w->api->header(w->archive, entry);
        w->api->entry_free(entry);
        return r == ARCHIVE_OK || r == ARCHIVE_WARN ? 0 : tell(w, err);
}

/* A file that shrinks meanwhile is filled up with zeros by libarchive; one that grows is cut. */
static int add_file(Writer *w, const char *name, size_t *left_out, Error *err)
{
        static const size_t most = CHUNK;
        _cleanup_close_ int fd = openat(w->dirfd, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
        _cleanup_free_ char *chunk = malloc(most);
        struct stat st;
        off_t left;
        int r;

        if (!chunk)
                return error_set(err, ENOMEM, "out of memory");
        if (fd < 0 || fstat(fd, &st) < 0 || !S_ISREG(st.st_mode)) {
                ++*left_out;
                return 0;
        }
        r = add_header(w, name, st.st_size, &st.st_mtim, err);
        for (left = st.st_size; r == 0 && left > 0;) {
                ssize_t n = read(fd, chunk, MIN((size_t)left, most));
                if (n < 0 && errno == EINTR)
                        continue;
                if (n < 0)
                        return error_set_errno(err, errno, "%s", name);
                if (n == 0)
                        return error_set(err, EBUSY, "%s became shorter while it was read", name);
                left -= n;
                for (ssize_t at = 0; r == 0 && at < n;) {
                        la_ssize_t wrote = w->api->data(w->archive, chunk + at, (size_t)(n - at));
                        if (wrote <= 0)
                                r = tell(w, err);
                        at += wrote;
                }
        }
        return r;
}

static int add_extra(Writer *w, const ArchiveExtra *extra, Error *err)
{
        struct stat st;
        const char *text = string_get(extra->text);
        size_t size = extra->text->size;
        int r = fstat(w->dirfd, &st) < 0 ? error_set_errno(err, errno, "%s", w->name) : 0;

        /* The folder's own time changes when anybody looks in with an editor; run.json's does not. */
        if (r == 0)
                fstatat(w->dirfd, "run.json", &st, 0);
        if (r == 0)
                r = add_header(w, extra->name, (int64_t)size, &st.st_mtim, err);
        for (size_t at = 0; r == 0 && at < size;) {
                la_ssize_t n = w->api->data(w->archive, text + at, size - at);
                if (n <= 0)
                        return tell(w, err);
                at += (size_t)n;
        }
        return r;
}

static int add_all(Writer *w, const Names *names, const ArchiveExtra *extra, ArchiveTold *told, Error *err)
{
        bool any = extra && extra->name;
        int r = 0;

        for (size_t i = 0; r == 0 && i < names->n; i++)
                if (!any || !text_equal(names->items[i], extra->name))
                        r = add_file(w, names->items[i], &told->left_out, err);
        if (r == 0 && any)
                r = add_extra(w, extra, err);
        if (r == 0 && w->api->close(w->archive) != ARCHIVE_OK)
                r = tell(w, err);
        return r;
}

int archive_write(int fd, ArchiveFormat format, const char *directory, const char *name, const ArchiveExtra *extra,
                  ArchiveTold *ret, Error *err)
{
        ArchiveApi api;
        Writer w = {.api = &api, .name = name};
        Names names = {0};
        _cleanup_close_ int dirfd = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

        if (dirfd < 0)
                return error_set_errno(err, errno, "%s", directory);
        w.dirfd = dirfd;
        int r = walk(dirfd, "", 0, &names);
        if (r < 0)
                r = error_set_errno(err, r, "%s", directory);
        else
                r = load(&api, err);
        if (r == 0) {
                ArchiveTold told = {.files = names.n, .left_out = names.left_out};
                if (names.n > 0)
                        qsort(names.items, names.n, sizeof *names.items, compare_names);
                w.archive = api.new();
                r = w.archive ? set_up(&api, w.archive, format, err) : error_set(err, ENOMEM, "out of memory");
                if (r == 0 && api.open_fd(w.archive, fd) != ARCHIVE_OK)
                        r = tell(&w, err);
                if (r == 0)
                        r = add_all(&w, &names, extra, &told, err);
                if (w.archive)
                        api.free(w.archive);
                dlclose(api.handle);
                if (r == 0)
                        *ret = told;
        }
        names_done(&names);
        return r;
}
