/* Cleanup that needs a function of its own. */
#include "base/cleanup.h"

#include <errno.h>

int fd_close(int fd)
{
        if (fd >= 0) {
                int saved = errno;

                close(fd);
                errno = saved;
        }
        return -1;
}
