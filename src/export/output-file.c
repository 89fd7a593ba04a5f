/* rename(2) is what makes it atomic. */
#include "export/output-file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/text.h"

static int open_in_place(OutputFile *f, const char *path, Error *err)
{
        f->fd = open(path, O_WRONLY | O_CLOEXEC | O_NOCTTY);
        return f->fd < 0 ? error_set_errno(err, errno, "%s", path) : 0;
}

int output_file_open(OutputFile *f, const char *path, Error *err)
{
        struct stat st;

        *f = (OutputFile){.fd = -1};
        if (text_equal(path, "-")) {
                f->fd = fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 3);
                return f->fd < 0 ? error_set_errno(err, errno, "stdout") : 0;
        }
        if (stat(path, &st) == 0) {
                if (S_ISDIR(st.st_mode))
                        return error_set(err, EISDIR, "%s is a folder; expected the name of a file", path);
                if (!S_ISREG(st.st_mode))
                        return open_in_place(f, path, err);
        }
        f->path = strdup(path);
        if (!f->path || asprintf(&f->temporary, "%s.tmp", path) < 0) {
                f->temporary = NULL;
                output_file_done(f);
                return error_set(err, ENOMEM, "out of memory");
        }
        f->fd = open(f->temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW | O_NOCTTY, 0644);
        if (f->fd < 0) {
                int r = error_set_errno(err, errno, "%s", path);
                free(TAKE(f->temporary)); /* it is not ours */
                output_file_done(f);
                return r;
        }
        return 0;
}

int output_file_commit(OutputFile *f, Error *err)
{
        int fd = TAKE_FD(f->fd), r = 0;

        if (close(fd) < 0 && errno != EINTR)
                r = error_set_errno(err, errno, "%s", f->path ? f->path : "output");
        if (r == 0 && f->temporary && rename(f->temporary, f->path) < 0)
                r = error_set_errno(err, errno, "%s", f->path);
        if (r == 0)
                free(TAKE(f->temporary));
        output_file_done(f);
        return r;
}

void output_file_done(OutputFile *f)
{
        if (f->fd > 0)
                f->fd = fd_close(f->fd);
        if (f->temporary)
                unlink(f->temporary);
        free(f->temporary);
        free(f->path);
        *f = (OutputFile){.fd = -1};
}
