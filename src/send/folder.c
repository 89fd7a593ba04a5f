/* Into a folder of this machine: copied, read back, renamed. A copy that was cut short is made anew: that is as fast as
 * to see whether it could go on. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/file.h"
#include "send/send-internal.h"

enum { CHUNK = 1 << 16 };

static bool too_late(const SendOptions *options)
{
        return options->deadline_ns > 0 && clock_monotonic_ns() >= options->deadline_ns;
}

/* 0 or -errno. */
static int copy(SendFile *file, int to, const SendOptions *options)
{
        _cleanup_free_ char *chunk = malloc(CHUNK);
        off_t at = 0;
        int r = chunk ? 0 : -ENOMEM;

        while (r == 0 && (uint64_t)at < file->size) {
                ssize_t n = pread(file->fd, chunk, CHUNK, at);
                if (n < 0 && errno == EINTR)
                        continue;
                if (n <= 0)
                        return n < 0 ? -errno : -EIO;
                r = too_late(options) ? -ETIMEDOUT : file_write_all(to, chunk, (size_t)n);
                at += n;
                file->sent_bytes = (uint64_t)at;
                if (options->progress)
                        options->progress(file, file->sent_bytes, options->data);
        }
        return r == 0 && fsync(to) < 0 ? -errno : r;
}

static int sum_of(int fd, char ret[SHA256_TEXT])
{
        _cleanup_free_ char *chunk = malloc(CHUNK);
        Sha256 sha;
        off_t at = 0;
        ssize_t n;

        if (!chunk)
                return -ENOMEM;
        sha256_init(&sha);
        while ((n = pread(fd, chunk, CHUNK, at)) != 0) {
                if (n < 0 && errno == EINTR)
                        continue;
                if (n < 0)
                        return -errno;
                sha256_add(&sha, chunk, (size_t)n);
                at += n;
        }
        sha256_end(&sha, ret);
        return 0;
}

static bool is_there(int dirfd, const SendFile *file)
{
        char sum[SHA256_TEXT];
        struct stat st;
        _cleanup_close_ int fd = openat(dirfd, file->name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);

        return fd >= 0 && fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && (uint64_t)st.st_size == file->size &&
               sum_of(fd, sum) == 0 && text_equal(sum, file->sum);
}

static int put(int dirfd, const char *part, SendFile *file, const SendOptions *options)
{
        char sum[SHA256_TEXT];
        _cleanup_close_ int fd =
                openat(dirfd, part, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW | O_NOCTTY, 0644);

        if (fd < 0)
                return -errno;
        int r = copy(file, fd, options);
        if (r == 0)
                r = sum_of(fd, sum);
        if (r == 0 && !text_equal(sum, file->sum))
                r = -EBADMSG;
        if (r == 0 && renameat(dirfd, part, dirfd, file->name) < 0)
                r = -errno;
        if (r < 0)
                unlinkat(dirfd, part, 0);
        return r;
}

int send_to_folder(const Destination *to, SendFile *files, size_t n, const SendOptions *options, Error *err)
{
        int r = directory_make(to->directory, 0755);
        _cleanup_close_ int dirfd = r < 0 ? -1 : open(to->directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

        if (dirfd < 0)
                return error_set_errno(err, r < 0 ? r : errno, "%s", to->shown);
        for (size_t i = 0; i < n; i++) {
                _cleanup_string_ String part = {0};
                SendFile *file = &files[i];
                send_part_name(file, &part);
                file->was_there = is_there(dirfd, file);
                r = file->was_there ? 0 : put(dirfd, string_get(&part), file, options);
                if (r == -EBADMSG)
                        return error_set(err, EBADMSG, "%s: %s is not the same when it is read back", to->shown,
                                         file->name);
                if (r == -ETIMEDOUT)
                        return error_set(err, ETIMEDOUT, "%s: not done in the time there was", to->shown);
                if (r < 0)
                        return error_set_errno(err, r, "%s/%s", to->shown, file->name);
                file->proof = PROOF_SHA256;
                file->way = SEND_FOLDER;
        }
        return 0;
}
