/* Files are opened and hashed once, whatever happens to their names; tries are counted here. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "send/send-internal.h"

enum {
        CHUNK = 1 << 16,
        TRIES = 3, /* each from where the one before was cut */
};

static int open_file(SendFile *file, Error *err)
{
        _cleanup_free_ char *chunk = malloc(CHUNK);
        struct stat st;
        Sha256 sha;
        off_t at = 0;
        ssize_t n;

        file->fd = open(file->path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
        if (!chunk || file->fd < 0)
                return error_set_errno(err, chunk ? errno : ENOMEM, "%s", file->path);
        if (fstat(file->fd, &st) < 0 || !S_ISREG(st.st_mode))
                return error_set(err, EINVAL, "%s is no regular file", file->path);
        sha256_init(&sha);
        while ((n = pread(file->fd, chunk, CHUNK, at)) != 0) {
                if (n < 0 && errno == EINTR)
                        continue;
                if (n < 0)
                        return error_set_errno(err, errno, "%s", file->path);
                sha256_add(&sha, chunk, (size_t)n);
                at += n;
        }
        sha256_end(&sha, file->sum);
        file->size = (uint64_t)at;
        return 0;
}

int send_files(const Destination *to, SendFile *files, size_t n, const SendOptions *options, Error *err)
{
        int r = n <= SEND_FILES_MAX ? 0 : error_set(err, EINVAL, "more than %d files", SEND_FILES_MAX);
        size_t opened = 0;

        for (; r == 0 && opened < n; opened++) {
                files[opened].fd = -1;
                r = open_file(&files[opened], err);
        }
        if (r == 0 && to->local)
                r = send_to_folder(to, files, n, options, err);
        else if (r == 0)
                for (int tries = 0; tries < TRIES; tries++) {
                        r = send_to_host(to, files, n, options, err);
                        if (r <= 0)
                                break;
                        r = -EIO; /* with the sentence of the last try */
                }
        for (size_t i = 0; i < opened; i++)
                files[i].fd = fd_close(files[i].fd);
        return r;
}
