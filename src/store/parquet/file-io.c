/* Short reads and interruptions are not the caller's business. */
#include "store/parquet/file-io.h"

#include <errno.h>
#include <unistd.h>

int file_pread(int fd, void *to, size_t size, uint64_t offset)
{
        uint8_t *p = to;

        while (size > 0) {
                ssize_t n = pread(fd, p, size, (off_t)offset);
                if (n < 0 && errno == EINTR)
                        continue;
                if (n < 0)
                        return -errno;
                if (n == 0)
                        return -EBADMSG;
                p += n;
                size -= (size_t)n;
                offset += (uint64_t)n;
        }
        return 0;
}
