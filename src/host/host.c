/* A root descriptor and openat(2) below it. */
#include "host/host.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/cleanup.h"

struct Host {
        int root_fd;
};

int host_new(const char *root, Host **ret)
{
        Host *host = calloc(1, sizeof *host);

        if (!host)
                return -ENOMEM;
        host->root_fd = open(root ? root : "/", O_PATH | O_DIRECTORY | O_CLOEXEC);
        if (host->root_fd < 0) {
                int r = -errno;
                free(host);
                return r;
        }
        *ret = host;
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
