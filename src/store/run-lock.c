/* A shared lock is what a directory, which cannot be opened for writing, allows; to ask for an
 * exclusive one tells whether anybody holds it. */
#include "store/run-lock.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

bool run_lock_held(int dirfd)
{
        struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET};

        return fcntl(dirfd, F_OFD_GETLK, &lock) == 0 && lock.l_type != F_UNLCK;
}

int run_lock_take(int dirfd)
{
        struct flock lock = {.l_type = F_RDLCK, .l_whence = SEEK_SET};

        if (run_lock_held(dirfd))
                return -EBUSY;
        if (fcntl(dirfd, F_OFD_SETLK, &lock) < 0)
                return 0;
        if (!run_lock_held(dirfd))
                return 0;
        lock.l_type = F_UNLCK; /* two at once: both give way */
        (void)fcntl(dirfd, F_OFD_SETLK, &lock);
        return -EBUSY;
}
