/*
 * /proc/diskstats, a line a block device, and what a device stands on.
 * Documentation/admin-guide/iostats.rst, block/genhd.c.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "host/host.h"

enum { DISK_NAME_MAX = 64, DISK_SECTOR_BYTES = 512 }; /* whatever the device's own sector is */

/* A whole text: 4 Mi is some 30,000 devices. */
enum { DISK_STATS_MAX = 4 << 20 };

/* Raw counters of the kernel since the device came; on 32-bit kernels they may wrap. */
typedef struct DiskStats {
        uint32_t major, minor;
        char name[DISK_NAME_MAX]; /* "sda1", "cciss/c0d0", cut */
        uint64_t reads, reads_merged, read_sectors, read_ms;
        uint64_t writes, writes_merged, write_sectors, write_ms;
        uint64_t in_flight;           /* a level */
        uint64_t io_ms, weighted_ms;  /* busy; requests times their waiting */
        bool has_discards;            /* since 4.18 */
        uint64_t discards, discard_sectors, discard_ms;
        bool has_flushes;             /* since 5.5 */
        uint64_t flushes, flush_ms;
} DiskStats;

/* Takes the next well-formed line off *text; false at the end. Partitions before 2.6.25 had
 * four figures: such lines are passed over. A line without its newline was cut in reading and does
 * not count. */
bool disk_stats_next(const char **text, const char *end, DiskStats *ret);

/* Whether its I/O is counted once more, at the devices it is made of (device mapper, md, bcache):
 * /sys/dev/block/M:N/slaves has something in it; or it is a loop device. False where unknown. */
bool disk_is_stacked(const Host *host, uint32_t major, uint32_t minor);
/* Whether it is a part of another: /sys/dev/block/M:N/partition is there. */
bool disk_is_partition(const Host *host, uint32_t major, uint32_t minor);
