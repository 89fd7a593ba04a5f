/* A stats file has a number a line, each in its fixed place since ccache 2.4 (doc/MANUAL, core/Statistic);
 * files and size are the 12th and 13th. What one folder has too many, another has too few. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/text-part.h"
#include "base/text.h"
#include "monitor/store-measure.h"

enum { FILES_LINE = 11, KIB_LINE = 12, FOLDERS = 16, STATS_MAX = 4096 };

int store_ccache_parse(const char *text, size_t size, uint64_t *ret_files, uint64_t *ret_bytes)
{
        const char *at = text, *end = text + size;
        uint64_t files = 0, kib = 0, bytes;

        for (size_t line = 0; line <= KIB_LINE; line++) {
                TextPart number;
                uint64_t value;
                if (!text_next_whole_line(&at, end, &number) || parse_u64(number.text, number.size, &value) < 0)
                        return -EBADMSG;
                if (line == FILES_LINE)
                        files = value;
                if (line == KIB_LINE)
                        kib = value;
        }
        if (__builtin_mul_overflow(kib, (uint64_t)1024, &bytes))
                return -EBADMSG;
        *ret_files = files;
        *ret_bytes = bytes;
        return 0;
}

/* Adds one file's counts; -ENOENT where there is none. */
static int add(int folder_fd, const char *path, StoreFigures *figures)
{
        _cleanup_close_ int fd = openat(folder_fd, path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
        char text[STATS_MAX];
        uint64_t files, bytes;

        if (fd < 0)
                return -errno;
        ssize_t n = read(fd, text, sizeof text);
        int r = n < 0 ? -errno : store_ccache_parse(text, (size_t)n, &files, &bytes);
        if (r < 0)
                return r;
        figures->files += files;
        figures->bytes += bytes;
        return 0;
}

int store_ccache_measure(int folder_fd, const StoreWatch *watch, StoreFigures *ret)
{
        StoreFigures figures = {.apparent_bytes = STORE_UNKNOWN,
                                .directories = STORE_UNKNOWN,
                                .store_paths = STORE_UNKNOWN};
        char path[32];
        size_t found = 0;

        for (unsigned i = 0; i < FOLDERS; i++) {
                for (unsigned j = 0; j <= FOLDERS; j++) {
                        if (j == FOLDERS)
                                snprintf(path, sizeof path, "%x/stats", i);
                        else
                                snprintf(path, sizeof path, "%x/%x/stats", i, j);
                        int r = add(folder_fd, path, &figures);
                        found += r == 0;
                        figures.errors += r < 0 && r != -ENOENT;
                }
                if (found > 0 && !watch->go_on(&figures, watch->data))
                        return -ECANCELED;
        }
        if (found == 0)
                return -ENOENT;
        *ret = figures;
        return 0;
}
