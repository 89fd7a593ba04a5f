/* Names of files that the kernel holds in memory, and how many of them are unused: a cache that
 * grows when many files are looked at. proc(5) dentry-state, fs/dcache.c. */
#include "base/cleanup.h"
#include "base/text.h"
#include "monitor/monitor.h"

enum { DENTRIES = MONITOR_FIRST, UNUSED, N_COLUMNS };

static const Column dentries_columns[N_COLUMNS] = {
        MONITOR_TIME_COLUMNS,
        [DENTRIES] = GAUGE_NOISY("dentries", U64, COUNT, 1000, "names in memory"),
        [UNUSED] = GAUGE_NOISY("unused_dentries", U64, COUNT, 1000, "those that nobody uses"),
};

static const Schema dentries_schema = {"dentries", dentries_columns, N_COLUMNS};

#define DENTRY_STATE "proc/sys/fs/dentry-state"

static int dentries_probe(const MonitorContext *context, Error *why, Error *fix)
{
        _cleanup_close_ int fd = host_open(context->host, DENTRY_STATE);

        return fd < 0 ? error_set_errno(why, fd, "/" DENTRY_STATE) : 0;
}

static int dentries_start(void *state, const MonitorContext *context, Error *err)
{
        int *fd = state; /* all there is to remember: the file stays open */

        *fd = host_open(context->host, DENTRY_STATE);
        return *fd < 0 ? error_set_errno(err, *fd, "/" DENTRY_STATE) : 0;
}

static int dentries_sample(void *state, const MonitorTick *tick, Batch *rows, Error *err)
{
        char text[64];
        ssize_t n = host_reread(*(int *)state, text, sizeof text);
        const char *at = text;
        uint64_t value;

        if (n < 0)
                return error_set_errno(err, (int)n, "/" DENTRY_STATE);
        int r = monitor_row(rows, tick);
        /* A cell that is not set is null: unknown. */
        for (size_t column = DENTRIES; r == 0 && column < N_COLUMNS; column++)
                if (scan_u64(&at, text + n, &value) == 0)
                        batch_set_u64(rows, column, value);
        return r;
}

static void dentries_stop(void *state)
{
        fd_close(*(int *)state);
}

const Monitor monitor_dentries = {
        .name = "dentries",
        .what = "names of files in memory, and how many are unused",
        .schema = &dentries_schema,
        .interval_us = 1000000,
        .state_size = sizeof(int),
        .probe = dentries_probe,
        .start = dentries_start,
        .sample = dentries_sample,
        .stop = dentries_stop,
};
