/* Logs of strangers: read or refused with a sentence, and what is read makes tables. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "export/memory-log.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int look(const char *table, const Batch *rows, void *unused)
{
        return batch_rows(rows) == 0 ? abort(), 0 : 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        _cleanup_close_ int fd = memfd_create("log", MFD_CLOEXEC);
        char path[64];
        MemoryLog log;
        Error err = {0};

        snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
        if (fd < 0 || file_write_all(fd, data, size) < 0 || memory_log_init(&log) < 0)
                abort();
        int r = memory_log_read(&log, path, &err);
        if (r == 0)
                r = memory_log_finish(&log, &err);
        if (r < 0 && !err.message[0])
                abort();
        if (r == 0 && memory_log_tables(&log, look, NULL) < 0)
                abort();
        memory_log_done(&log);
        return 0;
}
