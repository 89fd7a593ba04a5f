/* Inodes that the kernel holds in memory, and how many of them are unused: a cache that grows when
 * many files are looked at. proc(5), fs/inode.c. */
#include "base/cleanup.h"
#include "base/text.h"
#include "monitor/monitor.h"

enum { INODES = MONITOR_FIRST, FREE_INODES, N_COLUMNS };

static const Column inodes_columns[N_COLUMNS] = {
        MONITOR_TIME_COLUMNS,
        [INODES] = GAUGE_NOISY("inodes", U64, COUNT, 1000, "inodes in memory"),
        [FREE_INODES] = GAUGE_NOISY("free_inodes", U64, COUNT, 1000, "those that nobody uses"),
};

static const Schema inodes_schema = {"inodes", inodes_columns, N_COLUMNS};

#define INODE_NR "proc/sys/fs/inode-nr"

static int inodes_probe(const MonitorContext *context, Error *why, Error *fix)
{
        _cleanup_close_ int fd = host_open(context->host, INODE_NR);

        return fd < 0 ? error_set_errno(why, fd, "/" INODE_NR) : 0;
}

static int inodes_start(void *state, const MonitorContext *context, Error *err)
{
        int *fd = state; /* all there is to remember: the file stays open */

        *fd = host_open(context->host, INODE_NR);
        return *fd < 0 ? error_set_errno(err, *fd, "/" INODE_NR) : 0;
}

static int inodes_sample(void *state, const MonitorTick *tick, Batch *rows, Error *err)
{
        char text[64];
        ssize_t n = host_reread(*(int *)state, text, sizeof text);
        const char *at = text;
        uint64_t value;

        if (n < 0)
                return error_set_errno(err, (int)n, "/" INODE_NR);
        int r = monitor_row(rows, tick);
        /* A cell that is not set is null: unknown. */
        for (size_t column = INODES; r == 0 && column < N_COLUMNS; column++)
                if (scan_u64(&at, text + n, &value) == 0)
                        batch_set_u64(rows, column, value);
        return r;
}

static void inodes_stop(void *state)
{
        fd_close(*(int *)state);
}

const Monitor monitor_inodes = {
        .name = "inodes",
        .what = "inodes in memory, and how many of them are unused",
        .schema = &inodes_schema,
        .interval_us = 1000000,
        .state_size = sizeof(int),
        .probe = inodes_probe,
        .start = inodes_start,
        .sample = inodes_sample,
        .stop = inodes_stop,
};
