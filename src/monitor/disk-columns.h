/* The columns of the monitor `disk`: rows of mounts, and rows of block devices. */
#pragma once

#include <sys/statvfs.h>

#include "host/disk-stats.h"
#include "host/mount-list.h"
#include "monitor/monitor.h"

enum {
        DISK_MOUNT = MONITOR_FIRST,
        DISK_DEVICE,
        DISK_FILESYSTEM,
        DISK_ANSWERS,
        DISK_SIZE_BYTES,
        DISK_USED_BYTES,
        DISK_AVAILABLE_BYTES,
        DISK_INODES,
        DISK_INODES_FREE,
        DISK_STACKED,
        DISK_READS,
        DISK_READ_BYTES,
        DISK_READ_MS,
        DISK_WRITES,
        DISK_WRITE_BYTES,
        DISK_WRITE_MS,
        DISK_IN_FLIGHT,
        DISK_IO_MS,
        DISK_WEIGHTED_MS,
        DISK_DISCARDS,
        DISK_DISCARD_BYTES,
        DISK_FLUSHES,
        DISK_FLUSH_MS,
        N_DISK_COLUMNS,
};

extern const Schema disk_schema;

/* As batch_add_row. `figures` NULL: it does not answer. */
int disk_add_mount(Batch *rows, const MonitorTick *tick, const MountEntry *mount,
                   const struct statvfs *figures);
int disk_add_device(Batch *rows, const MonitorTick *tick, const DiskStats *stats, bool stacked);
