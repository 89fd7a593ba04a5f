/*
 * A cgroup and all that lie above it: a limit on any level holds for everything below, so that
 * the tightest one counts. Where the levels are is found once, out of /proc/PID/cgroup and
 * mountinfo; v1 (a hierarchy for each controller) and v2 look the same from here on.
 * cgroups(7), Documentation/admin-guide/cgroup-v2.rst, cgroup-v1/memory.rst, cgroup-v1/pids.rst.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "host/cgroup.h"
#include "host/host.h"

/* Levels that are looked at, from the cgroup itself upwards; of deeper ones the uppermost are
 * left out. systemd makes four to eight. */
enum { CGROUP_LEVELS_MAX = 24 };

/* Embedded; nothing to free. */
typedef struct CgroupPath {
        bool v2;
        bool read_only;                  /* mounted so */
        char directory[CGROUP_PATH_MAX]; /* folder of the cgroup itself, absolute as in mountinfo */
        char path[CGROUP_PATH_MAX];      /* "/user.slice/…", as /proc/PID/cgroup says */
        size_t n_levels;                 /* at least 1; the last is the top of the mount */
} CgroupPath;

/* The cgroup of a process (0: our own) in the hierarchy that has `controller` ("memory", "pids",
 * "cpu", "blkio"): v1's if there is one, else v2's (whether v2 has that controller, its files
 * say). NULL: v2's. -ENOENT: none mounted, or no such process; -EXDEV: outside of what is mounted
 * here; other -errno of reading. */
int cgroup_path_find(const Host *host, pid_t pid, const char *controller, CgroupPath *ret);

/* The same for a cgroup known by its path. -ENOENT where that hierarchy has no such folder. */
int cgroup_path_at(const Host *host, const char *path, const char *controller, CgroupPath *ret);

/* Where the limits of a scope are: in its own cgroup (`cgroup` may be NULL), else in that of its
 * process (0: none), else in ours. The first that is found. */
int cgroup_path_of_scope(const Host *host, const char *cgroup, pid_t pid, const char *controller,
                         CgroupPath *ret);

/* The path of a level in its hierarchy, 0 being the cgroup itself; "/" at the top. Returns ret. */
const char *cgroup_path_level(const CgroupPath *path, size_t level, char ret[CGROUP_PATH_MAX]);

/* Opens a file in the folder of a level. fd or -errno; a cgroup at the top has few files. */
int cgroup_path_open(const Host *host, const CgroupPath *path, size_t level, const char *file);

/* Reads one likewise; contract of host_read. */
ssize_t cgroup_path_read(const Host *host, const CgroupPath *path, size_t level, const char *file,
                         char *buffer, size_t size);
