/* diskstats, net/dev, io.stat and blkio of any bytes, copied to their exact size. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "host/cgroup-io.h"
#include "host/disk-stats.h"
#include "host/net-dev.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        char *text = malloc(size ? size : 1);
        CgroupBlkio line;
        DiskStats disk;
        CgroupIo io;
        NetDev dev;

        if (!text)
                return 0;
        memcpy(text, data, size);
        for (const char *at = text; cgroup_io_next(&at, text + size, &io);)
                ;
        for (const char *at = text; cgroup_blkio_next(&at, text + size, &line);)
                if (line.kind > BLKIO_OTHER)
                        abort();
        for (const char *at = text; disk_stats_next(&at, text + size, &disk);)
                if (disk.name[0] == '\0' || !memchr(disk.name, '\0', sizeof disk.name))
                        abort();
        for (const char *at = text; net_dev_next(&at, text + size, &dev);)
                if (dev.name[0] == '\0' || !memchr(dev.name, '\0', sizeof dev.name))
                        abort();
        free(text);
        return 0;
}
