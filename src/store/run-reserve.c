/* fallocate(2) of a file that is never written, unlinked when its blocks are needed. */
#include "store/run-reserve.h"

#include <fcntl.h>
#include <unistd.h>

#include "base/cleanup.h"

enum {
        TABLES_BYTES = 128 << 10,
        INFO_BYTES = 16 << 10,
};

static const char tables_name[] = "reserve-tables.tmp";
static const char info_name[] = "reserve-info.tmp";

static void make(int dirfd, const char *name, off_t size)
{
        _cleanup_close_ int fd =
                openat(dirfd, name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);

        if (fd >= 0 && fallocate(fd, 0, 0, size) < 0)
                (void)unlinkat(dirfd, name, 0);
}

void run_reserve_make(int dirfd)
{
        make(dirfd, tables_name, TABLES_BYTES);
        make(dirfd, info_name, INFO_BYTES);
}

bool run_reserve_release(int dirfd)
{
        return unlinkat(dirfd, tables_name, 0) == 0;
}

void run_reserve_done(int dirfd)
{
        (void)unlinkat(dirfd, tables_name, 0);
        (void)unlinkat(dirfd, info_name, 0);
}
