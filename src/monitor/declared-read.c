/* Where the text of a declared monitor comes from: a regular file, read whole every time, because it
 * may have been replaced. Nothing else is opened: to open a device can be to do something. */
#include "monitor/declared-internal.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/capability.h"
#include "base/cleanup.h"
#include "base/file.h"
#include "base/macros.h"

void declared_path(const DeclaredMonitor *declaration, String *path)
{
        if (declaration->host_prefix)
                string_add(path, declaration->host_prefix);
        while (path->size > 0 && path->text[path->size - 1] == '/')
                path->text[--path->size] = '\0';
        string_add(path, declaration->file);
}

static const char *kind_of(mode_t mode)
{
        if (S_ISDIR(mode))
                return "a folder";
        if (S_ISFIFO(mode))
                return "a pipe";
        if (S_ISSOCK(mode))
                return "a socket";
        return "a device";
}

/* A descriptor, or -errno. */
int declared_open_file(const Host *host, const char *path, Error *err)
{
        const char *relative = path + strspn(path, "/");
        mode_t mode = 0;
        Capabilities capabilities;
        int fd = capabilities_lower(&capabilities);

        if (fd == 0)
                fd = host_open_regular(host, relative[0] ? relative : ".", &mode);
        capabilities_restore(&capabilities);
        if (fd == -EOPNOTSUPP && !S_ISREG(mode))
                return error_set(err, EBADMSG, "%s is %s; expected a file", path, kind_of(mode));
        return fd < 0 ? error_set_errno(err, fd, "%s", path) : fd;
}

int declared_check_text(const Buffer *text, const char *what, Error *err)
{
        if (text->size > 0 && memchr(text->data, '\0', text->size))
                return error_set(err, EBADMSG, "%s is binary: there is a NUL byte in it", what);
        return 0;
}

int declared_read_file(const Host *host, const char *path, Buffer *to, Error *err)
{
        _cleanup_close_ int fd = declared_open_file(host, path, err);

        buffer_clear(to);
        if (fd < 0)
                return fd;
        int r = file_read_all(fd, to, DECLARED_BYTES_MAX);
        if (r == -EFBIG)
                return error_set(err, EFBIG, "%s is larger than 1 MiB", path);
        if (r < 0)
                return error_set_errno(err, r, "%s", path);
        return declared_check_text(to, path, err);
}
