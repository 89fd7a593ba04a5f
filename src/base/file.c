/* Whole files, atomically replaced; folders made and removed. */
#include "base/file.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"

int file_write_all(int fd, const void *data, size_t size)
{
        const char *p = data;

        while (size > 0) {
                ssize_t n = write(fd, p, size);
                if (n < 0) {
                        if (errno == EINTR)
                                continue;
                        return -errno;
                }
                p += n;
                size -= (size_t)n;
        }
        return 0;
}

int file_read_all(int fd, Buffer *to, size_t max)
{
        size_t total = 0;

        for (;;) {
                int r = buffer_reserve(to, 4096 + 1);
                if (r < 0)
                        return r;
                ssize_t n = read(fd, to->data + to->size, to->capacity - to->size - 1);
                if (n < 0) {
                        if (errno == EINTR)
                                continue;
                        return -errno;
                }
                if (n == 0)
                        break;
                to->size += (size_t)n;
                total += (size_t)n;
                if (total > max)
                        return -EFBIG;
        }
        to->data[to->size] = 0;
        return 0;
}

int file_read_path(int dirfd, const char *path, size_t max, Buffer *to, Error *err)
{
        _cleanup_close_ int fd = openat(dirfd, path, O_RDONLY | O_CLOEXEC | O_NOCTTY);

        if (fd < 0)
                return error_set_errno(err, errno, "%s", path);
        int r = file_read_all(fd, to, max);
        if (r == -EFBIG)
                return error_set(err, r, "%s: larger than %zu bytes", path, max);
        if (r < 0)
                return error_set_errno(err, r, "%s", path);
        return 0;
}

int file_replace(int dirfd, const char *path, const void *data, size_t size, bool durable)
{
        char temporary[4096];

        if ((size_t)snprintf(temporary, sizeof temporary, "%s.tmp", path) >= sizeof temporary)
                return -ENAMETOOLONG;
        _cleanup_close_ int fd =
                openat(dirfd, temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0644);
        if (fd < 0)
                return -errno;
        int r = file_write_all(fd, data, size);
        if (r == 0 && durable && fdatasync(fd) < 0 && errno != EINVAL && errno != EROFS)
                r = -errno;
        if (r == 0 && renameat(dirfd, temporary, dirfd, path) < 0)
                r = -errno;
        if (r < 0)
                unlinkat(dirfd, temporary, 0);
        return r;
}

int directory_make(const char *path, mode_t mode)
{
        char part[4096];
        size_t n = strlen(path);

        if (n == 0 || n >= sizeof part)
                return n ? -ENAMETOOLONG : -ENOENT;
        memcpy(part, path, n + 1);
        for (char *p = part + 1;; p++) {
                if (*p != '/' && *p != '\0')
                        continue;
                char saved = *p;
                *p = '\0';
                if (mkdir(part, mode) < 0 && errno != EEXIST)
                        return -errno;
                *p = saved;
                if (saved == '\0')
                        break;
        }
        struct stat st;
        if (stat(path, &st) < 0)
                return -errno;
        return S_ISDIR(st.st_mode) ? 0 : -ENOTDIR;
}

static int remove_contents(int fd, unsigned depth)
{
        int first = 0;

        if (depth > 32)
                return -ELOOP;
        int copy = fcntl(fd, F_DUPFD_CLOEXEC, 3);
        if (copy < 0)
                return -errno;
        _cleanup_closedir_ DIR *dir = fdopendir(copy);
        if (!dir) {
                fd_close(copy);
                return -ENOMEM;
        }
        for (struct dirent *entry; (entry = readdir(dir));) {
                if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
                        continue;
                if (unlinkat(fd, entry->d_name, 0) == 0)
                        continue;
                int r = -errno;
                if (r == -EISDIR || r == -EPERM) {
                        _cleanup_close_ int child = openat(fd, entry->d_name,
                                                           O_RDONLY | O_DIRECTORY | O_NOFOLLOW |
                                                                   O_CLOEXEC);
                        r = child < 0 ? -errno : remove_contents(child, depth + 1);
                        if (r == 0 && unlinkat(fd, entry->d_name, AT_REMOVEDIR) < 0)
                                r = -errno;
                }
                if (r < 0 && first == 0)
                        first = r;
        }
        return first;
}

int directory_remove(int dirfd, const char *name)
{
        _cleanup_close_ int fd =
                openat(dirfd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

        if (fd < 0)
                return -errno;
        int r = remove_contents(fd, 0);
        if (r == 0 && unlinkat(dirfd, name, AT_REMOVEDIR) < 0)
                r = -errno;
        return r;
}
