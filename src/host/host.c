/* A root descriptor and openat(2) below it. */
#include "host/host.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <string.h>
#include <unistd.h>

#include "base/array.h"
#include "base/cleanup.h"
#include "base/text.h"
#include "host/mount-text.h"

struct Host {
        int root_fd;
        bool live;
};

int host_new(const char *root, Host **ret)
{
        Host *host = calloc(1, sizeof *host);

        if (!host)
                return -ENOMEM;
        host->live = !root || text_equal(root, "/");
        host->root_fd = open(root ? root : "/", O_PATH | O_DIRECTORY | O_CLOEXEC);
        if (host->root_fd < 0) {
                int r = -errno;
                free(host);
                return r;
        }
        *ret = host;
        return 0;
}

int host_dup(const Host *host, Host **ret)
{
        Host *copy = malloc(sizeof *copy);

        if (!copy)
                return -ENOMEM;
        *copy = *host;
        copy->root_fd = fcntl(host->root_fd, F_DUPFD_CLOEXEC, 3);
        if (copy->root_fd < 0) {
                int r = -errno;
                free(copy);
                return r;
        }
        *ret = copy;
        return 0;
}

Host *host_free(Host *host)
{
        if (host) {
                fd_close(host->root_fd);
                free(host);
        }
        return NULL;
}

int host_open(const Host *host, const char *path)
{
        int fd = openat(host->root_fd, path, O_RDONLY | O_CLOEXEC | O_NOCTTY);

        return fd < 0 ? -errno : fd;
}

int host_stat(const Host *host, const char *path, struct stat *ret)
{
        return fstatat(host->root_fd, path, ret, 0) < 0 ? -errno : 0;
}

int host_open_regular(const Host *host, const char *path, mode_t *ret_mode)
{
        struct stat st;

        if (fstatat(host->root_fd, path, &st, 0) < 0)
                return -errno;
        *ret_mode = st.st_mode;
        if (!S_ISREG(st.st_mode))
                return -EOPNOTSUPP;
        int fd = openat(host->root_fd, path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
        if (fd < 0)
                return -errno;
        if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode))
                return fd;
        *ret_mode = st.st_mode; /* it was replaced in between */
        fd_close(fd);
        return -EOPNOTSUPP;
}

/* seq_file(9) stops early only when its page is full. */
enum { WHOLE_BELOW = 256 };

ssize_t host_reread(int fd, char *buffer, size_t size)
{
        size_t used = 0;

        while (used < size - 1) {
                ssize_t n = pread(fd, buffer + used, size - 1 - used, (off_t)used);
                if (n < 0) {
                        if (errno == EINTR)
                                continue;
                        return -errno;
                }
                used += (size_t)n;
                if (n < WHOLE_BELOW) /* a value: nothing can follow, and asking costs as much again */
                        break;
        }
        buffer[used] = '\0';
        return (ssize_t)used;
}

ssize_t host_read(const Host *host, const char *path, char *buffer, size_t size)
{
        _cleanup_close_ int fd = host_open(host, path);

        return fd < 0 ? fd : host_reread(fd, buffer, size);
}

int host_readlink(const Host *host, const char *path, char *buffer, size_t size)
{
        ssize_t n = readlinkat(host->root_fd, path, buffer, size - 1);

        if (n < 0)
                return -errno;
        buffer[n] = '\0';
        return (int)n;
}

bool host_is_live(const Host *host)
{
        return host->live;
}

typedef struct Names {
        char **names; /* owned, each too */
        size_t n, capacity;
} Names;

static void names_done(Names *names)
{
        for (size_t i = 0; i < names->n; i++)
                free(names->names[i]);
        free(names->names);
}

static int compare_names(const void *a, const void *b)
{
        return strverscmp(*(char *const *)a, *(char *const *)b);
}

static int names_add(Names *names, const char *name)
{
        char **more = array_grow(names->names, &names->capacity, names->n, sizeof *more);

        if (!more)
                return -ENOMEM;
        names->names = more;
        char *copy = strdup(name);
        if (!copy)
                return -ENOMEM;
        names->names[names->n++] = copy;
        return 0;
}

static int names_read(DIR *dir, Names *names)
{
        while (names->n < HOST_LIST_MAX) {
                errno = 0;
                const struct dirent *entry = readdir(dir);
                if (!entry)
                        return -errno;
                if (text_equal(entry->d_name, ".") || text_equal(entry->d_name, ".."))
                        continue;
                int r = names_add(names, entry->d_name);
                if (r < 0)
                        return r;
        }
        return 0;
}

int host_list(const Host *host, const char *path, HostListFn fn, void *data)
{
        _cleanup_(names_done) Names names = {0};
        int fd = openat(host->root_fd, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

        if (fd < 0)
                return -errno;
        _cleanup_closedir_ DIR *dir = fdopendir(fd);
        if (!dir) {
                int r = -errno;
                fd_close(fd);
                return r;
        }
        int r = names_read(dir, &names);
        if (r < 0)
                return r;
        if (names.n > 0)
                qsort(names.names, names.n, sizeof *names.names, compare_names);
        for (size_t i = 0; r == 0 && i < names.n; i++)
                r = fn(names.names[i], data);
        return r;
}

enum { STATVFS_TEXT_MAX = 65536 };

static int recorded_statvfs(const Host *host, const char *path, struct statvfs *ret)
{
        _cleanup_free_ char *text = malloc(STATVFS_TEXT_MAX);

        if (!text)
                return -ENOMEM;
        ssize_t n = host_read(host, "statvfs", text, STATVFS_TEXT_MAX);
        return n < 0 ? (int)n : statvfs_parse(text, (size_t)n, path, ret);
}

int host_statvfs(const Host *host, const char *path, struct statvfs *ret)
{
        struct statvfs figures;

        if (path[0] != '/')
                return -EINVAL;
        if (!host->live)
                return recorded_statvfs(host, path, ret);
        if (statvfs(path, &figures) < 0)
                return -errno;
        *ret = figures;
        return 0;
}
