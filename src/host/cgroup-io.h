/*
 * What a cgroup read and wrote, device by device: io.stat of v2, blkio.throttle.io_service_bytes
 * and io_serviced of v1. Pure functions on text. Documentation/admin-guide/cgroup-v2.rst,
 * cgroup-v1/blkio-controller.rst; block/blk-cgroup.c, block/blk-throttle.c.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A device's line of io.stat; what it does not say is 0, as the kernel leaves out idle devices. */
typedef struct CgroupIo {
        uint32_t major, minor;
        uint64_t read_bytes, write_bytes, discard_bytes;
        uint64_t reads, writes, discards;
} CgroupIo;

/* Takes the next device off *text; false at the end. */
bool cgroup_io_next(const char **text, const char *end, CgroupIo *ret);

/* A line of v1's files: "8:0 Read 4096". "Total" lines are passed over. */
typedef enum CgroupBlkioKind { BLKIO_READ, BLKIO_WRITE, BLKIO_DISCARD, BLKIO_OTHER } CgroupBlkioKind;
typedef struct CgroupBlkio {
        uint32_t major, minor;
        CgroupBlkioKind kind; /* OTHER: Sync, Async: the same again by another measure */
        uint64_t value;
} CgroupBlkio;

bool cgroup_blkio_next(const char **text, const char *end, CgroupBlkio *ret);
