/*
 * The limits of a cgroup and of all above it, read again and again: descriptors are kept. On v1
 * and v2; a limit that is not set, and a level whose files are not there (the top of v2), counts
 * for nothing. Documentation/admin-guide/cgroup-v2.rst, cgroup-v1/memory.rst, cgroup-v1/pids.rst.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "host/cgroup-path.h"

typedef enum CgroupResource {
        CGROUP_PIDS,   /* pids.max: tasks */
        CGROUP_MEMORY, /* memory.max, v1 memory.limit_in_bytes: bytes */
} CgroupResource;

/* Embedded; zero-initialise, cgroup_limits_close at the end. */
typedef struct CgroupLimits {
        CgroupPath path;
        CgroupResource resource;
        size_t n_levels; /* 0: nothing found; those of v1 that do not count are left out */
        int limit_fds[CGROUP_LEVELS_MAX], current_fds[CGROUP_LEVELS_MAX];
} CgroupLimits;

/* One limit that is set. */
typedef struct CgroupLimit {
        uint64_t limit, current; /* tasks or bytes; current counts page cache, too */
        size_t level;            /* of CgroupLimits.path */
} CgroupLimit;

/* Of the scope that cgroup_path_of_scope finds; its errors. */
int cgroup_limits_open(CgroupLimits *limits, const Host *host, const char *cgroup, pid_t pid,
                       CgroupResource resource);
void cgroup_limits_close(CgroupLimits *limits);

/* Whether a limit on memory at that level, above the cgroup itself, holds for it: on v1 not without
 * memory.use_hierarchy. */
bool cgroup_memory_counts(const CgroupPath *path, const Host *host, size_t level);

/* The limit of one level. False: none is set, or its files cannot be read. */
bool cgroup_limits_read(const CgroupLimits *limits, size_t level, CgroupLimit *ret);

/* The level with the least left. False: none is set anywhere. */
bool cgroup_limits_tightest(const CgroupLimits *limits, CgroupLimit *ret);

/* Of a memory limit: page cache that the kernel would drop first, and what may still go to swap
 * (UINT64_MAX: no limit on that). Opens files; memory.stat takes the kernel long on a machine of
 * many CPUs: for when it matters. Unknown counts as 0. */
uint64_t cgroup_limits_reclaimable(const CgroupLimits *limits, const Host *host, size_t level);
uint64_t cgroup_limits_swap_left(const CgroupLimits *limits, const Host *host,
                                 const CgroupLimit *limit);
