/* Names, lists and concatenation of parts; shared by recording, reading and recovering. */
#include "store/run-parts.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/array.h"
#include "base/cleanup.h"
#include "base/text.h"

enum {
        CONCATENATE_AT_ONCE = 128, /* descriptors; a limit of 1,024 is common */
        PART_DIGITS = 6,           /* at least; they sort by number, not by name */
        PARTS_MAX = 1 << 22,
};

static const char suffix_parquet[] = ".parquet";

void run_parts_done(RunParts *parts)
{
        free(parts->numbers);
        *parts = (RunParts){0};
}

bool run_table_name_valid(const char *name, size_t size)
{
        for (size_t i = 0; i < size; i++)
                if (!((name[i] >= 'a' && name[i] <= 'z') || (name[i] >= 'A' && name[i] <= 'Z') ||
                      (name[i] >= '0' && name[i] <= '9') || name[i] == '_' || name[i] == '-'))
                        return false;
        return size > 0 && size <= RUN_TABLE_NAME_MAX;
}

void run_part_path(char to[RUN_PATH_MAX], const char *table, unsigned part, const char *suffix)
{
        snprintf(to, RUN_PATH_MAX, "%.*s/%0*u%s%s", RUN_TABLE_NAME_MAX, table, PART_DIGITS, part,
                 suffix_parquet, suffix);
}

void run_table_path(char to[RUN_PATH_MAX], const char *table, const char *suffix)
{
        snprintf(to, RUN_PATH_MAX, "%.*s%s%s", RUN_TABLE_NAME_MAX, table, suffix_parquet, suffix);
}

int run_open_regular(int dirfd, const char *path)
{
        struct stat st;
        _cleanup_close_ int fd =
                openat(dirfd, path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY);

        if (fd < 0 || fstat(fd, &st) < 0)
                return -errno;
        if (!S_ISREG(st.st_mode))
                return -EBADMSG;
        return TAKE_FD(fd);
}

static int dirfd_of(DIR *dir)
{
        return dirfd(dir); /* elsewhere a parameter hides that name */
}

static int open_folder(int dirfd, const char *name, DIR **ret)
{
        _cleanup_close_ int fd =
                openat(dirfd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

        if (fd < 0)
                return -errno;
        *ret = fdopendir(fd);
        if (!*ret)
                return -errno;
        (void)TAKE_FD(fd);
        return 0;
}

/* The number of "000017.parquet", or -1. */
static int64_t part_number(const char *name)
{
        size_t size = strlen(name), end = sizeof suffix_parquet - 1;
        uint64_t number = 0;

        if (size <= end || !text_equal(name + size - end, suffix_parquet) || size - end < PART_DIGITS)
                return -1;
        if (parse_u64(name, size - end, &number) < 0 || number > RUN_PART_MAX)
                return -1;
        return (int64_t)number;
}

static int compare_numbers(const void *a, const void *b)
{
        unsigned x = *(const unsigned *)a, y = *(const unsigned *)b;

        return x < y ? -1 : x > y;
}

int run_parts_list(int dirfd, const char *table, RunParts *ret)
{
        _cleanup_closedir_ DIR *dir = NULL;
        RunParts parts = {0};
        size_t capacity = 0;
        int r = open_folder(dirfd, table, &dir);

        if (r < 0)
                return r == -ENOTDIR || r == -ELOOP ? -ENOENT : r;
        for (struct dirent *e; (e = readdir(dir)) && parts.n < PARTS_MAX;) {
                int64_t number = part_number(e->d_name);
                if (number < 0)
                        continue;
                unsigned *numbers = array_grow(parts.numbers, &capacity, parts.n, sizeof *numbers);
                if (!numbers) {
                        run_parts_done(&parts);
                        return -ENOMEM;
                }
                parts.numbers = numbers;
                parts.numbers[parts.n++] = (unsigned)number;
        }
        if (parts.n > 0)
                qsort(parts.numbers, parts.n, sizeof *parts.numbers, compare_numbers);
        *ret = parts;
        return 0;
}

/* ---- tables ---- */

void run_tables_free(char **tables)
{
        for (size_t i = 0; tables && tables[i]; i++)
                free(tables[i]);
        free(tables);
}

/* A folder is a table if it holds a part; others may keep folders of their own there. */
static bool folder_has_part(int dirfd, const char *name)
{
        _cleanup_closedir_ DIR *dir = NULL;

        if (open_folder(dirfd, name, &dir) < 0)
                return false;
        for (struct dirent *e; (e = readdir(dir));)
                if (part_number(e->d_name) >= 0)
                        return true;
        return false;
}

/* How much of the entry's name is a table's name, 0 if it is none. */
static size_t table_name_size(int dirfd, const char *name)
{
        size_t size = strlen(name), end = sizeof suffix_parquet - 1;

        if (size > end && text_equal(name + size - end, suffix_parquet))
                return run_table_name_valid(name, size - end) ? size - end : 0;
        return run_table_name_valid(name, size) && folder_has_part(dirfd, name) ? size : 0;
}

static int add_table(char **tables, size_t *n, const char *name, size_t size)
{
        for (size_t i = 0; i < *n; i++)
                if (strncmp(tables[i], name, size) == 0 && !tables[i][size])
                        return 0; /* both, between rename and removal */
        tables[*n] = strndup(name, size);
        if (!tables[*n])
                return -ENOMEM;
        ++*n;
        return 0;
}

static int compare_names(const void *a, const void *b)
{
        return strcmp(*(char *const *)a, *(char *const *)b);
}

int run_tables_list(int dirfd, char ***ret)
{
        _cleanup_closedir_ DIR *dir = NULL;
        _cleanup_(run_tables_freep) char **tables = calloc(RUN_TABLES_MAX + 1, sizeof *tables);
        size_t n = 0;
        int r = tables ? open_folder(dirfd, ".", &dir) : -ENOMEM;

        for (struct dirent *e; r == 0 && n < RUN_TABLES_MAX && (e = readdir(dir));) {
                size_t size = table_name_size(dirfd, e->d_name);
                if (size > 0)
                        r = add_table(tables, &n, e->d_name, size);
        }
        if (r < 0)
                return r;
        qsort(tables, n, sizeof *tables, compare_names);
        *ret = TAKE(tables);
        return 0;
}

int run_remove_temporary(int dirfd, const char *name)
{
        _cleanup_closedir_ DIR *dir = NULL;
        int r = open_folder(dirfd, name, &dir);

        if (r < 0)
                return r;
        for (struct dirent *e; (e = readdir(dir));)
                if (text_ends_with(e->d_name, ".tmp") &&
                    unlinkat(dirfd_of(dir), e->d_name, 0) < 0 && errno != ENOENT && r == 0)
                        r = -errno;
        return r;
}

/* ---- concatenation ---- */

typedef struct Concatenation {
        int dirfd;
        const char *table;
        const unsigned *numbers;
        const Schema *schema;
        const ParquetKeyValue *metadata;
        size_t n_metadata, damaged;
} Concatenation;

/* A file without a name: it goes when it is closed, whatever happens to us. */
static int open_nameless(const Concatenation *c)
{
        char path[RUN_PATH_MAX];

        run_table_path(path, c->table, ".merge.tmp");
        int fd = openat(c->dirfd, path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
        if (fd >= 0)
                unlinkat(c->dirfd, path, 0);
        return fd < 0 ? -errno : fd;
}

static int concatenate_range(Concatenation *c, size_t from, size_t n, int out_fd, Error *err);

/* The fd of one input: a part, or a nameless file of `span` parts. */
static int open_input(Concatenation *c, size_t from, size_t span, Error *err)
{
        char path[RUN_PATH_MAX];

        if (span == 1) {
                run_part_path(path, c->table, c->numbers[from], "");
                int fd = run_open_regular(c->dirfd, path);
                return fd < 0 ? error_set_errno(err, fd, "%s", path) : fd;
        }
        _cleanup_close_ int fd = open_nameless(c);
        if (fd < 0)
                return error_set_errno(err, fd, "cannot make a temporary file");
        int r = concatenate_range(c, from, span, fd, err);
        return r < 0 ? r : TAKE_FD(fd);
}

/* Parts in groups where there are more than descriptors; a group of groups where need be. */
static int concatenate_range(Concatenation *c, size_t from, size_t n, int out_fd, Error *err)
{
        int fds[CONCATENATE_AT_ONCE];
        size_t n_fds = 0, span = 1, damaged = 0;
        int r = 0;

        while ((n + span - 1) / span > CONCATENATE_AT_ONCE)
                span *= CONCATENATE_AT_ONCE;
        for (size_t at = 0; at < n; at += span) {
                int fd = open_input(c, from + at, MIN(span, n - at), err);
                if (fd == -EBADMSG || fd == -ENOENT) {
                        c->damaged++; /* no regular file: as a damaged one */
                        continue;
                }
                if (fd < 0) {
                        r = fd;
                        break;
                }
                fds[n_fds++] = fd;
        }
        if (r == 0)
                r = parquet_concatenate(out_fd, c->schema, fds, n_fds, c->metadata, c->n_metadata,
                                        &damaged, err);
        c->damaged += damaged;
        for (size_t i = 0; i < n_fds; i++)
                fd_close(fds[i]);
        return r;
}

int run_parts_concatenate(int dirfd, const char *table, const RunParts *parts, int out_fd,
                          const Schema *schema, const ParquetKeyValue *metadata, size_t n_metadata,
                          size_t *ret_damaged, Error *err)
{
        Concatenation c = {dirfd, table, parts->numbers, schema, metadata, n_metadata, 0};
        int r = concatenate_range(&c, 0, parts->n, out_fd, err);

        if (r == 0 && ret_damaged)
                *ret_damaged = c.damaged;
        return r;
}
