/* How full file systems were seen (rows of `disk`): the fullest of each, and which was full. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "table/batch.h"

enum { MOUNTS_MAX = 64, MOUNT_SIZE = 256 };

/* The fullest that a file system was seen. */
typedef struct MountSeen {
        char path[MOUNT_SIZE];
        uint64_t size_bytes, least_bytes, inodes, least_inodes;
        int64_t least_ns;
} MountSeen;

/* All zero is empty. */
typedef struct Mounts {
        MountSeen items[MOUNTS_MAX];
        size_t n;
} Mounts;

extern const char *const mounts_columns[]; /* of `disk`; ended by NULL */

void mounts_observe(Mounts *mounts, const Batch *rows);

/* Nothing that a program of some size could still write, or no more files. */
bool mount_was_full(const MountSeen *mount);
/* It was its inodes that were gone, not the room. */
bool mount_lacks_inodes(const MountSeen *mount);

/* The mount of the first path in the line that lies on one of these; NULL: it names none. */
const MountSeen *mounts_named(const Mounts *mounts, const char *line);
/* Of those that were full the fullest; NULL: none was. */
const MountSeen *mounts_fullest(const Mounts *mounts);
