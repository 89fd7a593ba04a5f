/* Fixed columns; newer kernels have more of them, in the same order. */
#include "host/disk-stats.h"

#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/text-part.h"
#include "base/text.h"

enum { LOOP_MAJOR = 7, N_OLD = 11, N_DISCARDS = 15, N_FLUSHES = 17 };

static bool take_name(const char **at, const char *end, char ret[DISK_NAME_MAX])
{
        while (*at < end && **at == ' ')
                (*at)++;
        const char *begin = *at;
        while (*at < end && **at != ' ')
                (*at)++;
        size_t n = MIN((size_t)(*at - begin), (size_t)DISK_NAME_MAX - 1);
        if (n == 0 || memchr(begin, '\0', n))
                return false;
        memcpy(ret, begin, n);
        ret[n] = '\0';
        return true;
}

static void fill(const uint64_t *v, size_t n, DiskStats *ret)
{
        ret->reads = v[0];
        ret->reads_merged = v[1];
        ret->read_sectors = v[2];
        ret->read_ms = v[3];
        ret->writes = v[4];
        ret->writes_merged = v[5];
        ret->write_sectors = v[6];
        ret->write_ms = v[7];
        ret->in_flight = v[8];
        ret->io_ms = v[9];
        ret->weighted_ms = v[10];
        ret->has_discards = n >= N_DISCARDS;
        if (ret->has_discards) {
                ret->discards = v[11];
                ret->discard_sectors = v[13];
                ret->discard_ms = v[14];
        }
        ret->has_flushes = n >= N_FLUSHES;
        if (ret->has_flushes) {
                ret->flushes = v[15];
                ret->flush_ms = v[16];
        }
}

static bool parse_line(const char *at, const char *end, DiskStats *ret)
{
        DiskStats stats = {0};
        uint64_t major, minor, values[N_FLUSHES];
        size_t n = 0;

        if (scan_u64(&at, end, &major) < 0 || scan_u64(&at, end, &minor) < 0 ||
            major > UINT32_MAX || minor > UINT32_MAX || !take_name(&at, end, stats.name))
                return false;
        while (n < N_FLUSHES && scan_u64(&at, end, &values[n]) == 0)
                n++;
        if (n < N_OLD)
                return false;
        stats.major = (uint32_t)major;
        stats.minor = (uint32_t)minor;
        fill(values, n, &stats);
        *ret = stats;
        return true;
}

bool disk_stats_next(const char **text, const char *end, DiskStats *ret)
{
        TextPart line;

        while (text_next_whole_line(text, end, &line))
                if (parse_line(line.text, line.text + line.size, ret))
                        return true;
        return false;
}

static int any(const char *name, void *data)
{
        return 1;
}

bool disk_is_stacked(const Host *host, uint32_t major, uint32_t minor)
{
        char path[64];

        if (major == LOOP_MAJOR)
                return true;
        snprintf(path, sizeof path, "sys/dev/block/%u:%u/slaves", (unsigned)major, (unsigned)minor);
        return host_list(host, path, any, NULL) == 1;
}

bool disk_is_partition(const Host *host, uint32_t major, uint32_t minor)
{
        char path[64];

        snprintf(path, sizeof path, "sys/dev/block/%u:%u/partition", (unsigned)major,
                 (unsigned)minor);
        _cleanup_close_ int fd = host_open(host, path);
        return fd >= 0;
}
