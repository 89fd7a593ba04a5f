/*
 * What /proc/PID/cgroup, /proc/PID/mountinfo and the files of a cgroup say, for v1, v2 and both
 * at once. Pure functions on text: bounded, no allocation, no file opened.
 * cgroups(7), proc(5), Documentation/admin-guide/cgroup-v2.rst, cgroup-v1/memory.rst.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

enum {
        CGROUP_PATH_MAX = 1024,         /* longer paths count as absent: -ENAMETOOLONG */
        CGROUP_MOUNTINFO_MAX = 4 << 20, /* what a caller need read of mountinfo at most */
        CGROUP_FILE_MAX = 16384,        /* memory.stat and its like */
};

/* Where a process is, out of /proc/PID/cgroup: in the v1 hierarchy that has `controller`
 * ("memory"), or with NULL in the v2 one. -ENOENT: in none; -EXDEV: outside of our cgroup
 * namespace ("/../…") or deleted; -ENAMETOOLONG. *ret is untouched on failure. */
int cgroup_parse_path(const char *text, size_t size, const char *controller,
                      char ret[CGROUP_PATH_MAX]);

typedef struct CgroupMount {
        char directory[CGROUP_PATH_MAX]; /* where it is mounted */
        char root[CGROUP_PATH_MAX];      /* which cgroup is its top: "/" but for bind mounts */
        bool read_only;
        bool alone; /* v1: no controller but the one asked for. v2: true */
} CgroupMount;

/* Where a hierarchy is mounted, out of /proc/PID/mountinfo: the v1 one with `controller`, or
 * with NULL the v2 one. Of several the first writable one. -ENOENT: not mounted. */
int cgroup_parse_mount(const char *text, size_t size, const char *controller, CgroupMount *ret);

/* The folder of a cgroup below a mount. -EXDEV: the mount does not show it. */
int cgroup_resolve(const CgroupMount *mount, const char *path, char ret[CGROUP_PATH_MAX]);

/* One number, or "max" (→ UINT64_MAX), alone in its file: memory.current, memory.max. -EINVAL. */
int cgroup_parse_value(const char *text, size_t size, uint64_t *ret);

/* The number behind a key in lines of "key number": memory.stat, cpu.stat. -ENOENT, -EINVAL. */
int cgroup_parse_key(const char *text, size_t size, const char *key, uint64_t *ret);

/* Whether a list of words ("cpuset cpu io memory") has one: cgroup.controllers. */
bool cgroup_has_word(const char *text, size_t size, const char *word);

/* The next process of cgroup.procs; *text is advanced. -ENOENT at the end; pids that are not of
 * our pid namespace read 0 and are passed over. */
int cgroup_next_pid(const char **text, const char *end, pid_t *ret);

/* The slice unit that a cgroup path lies in ("user-1000.slice" of
 * "/user.slice/user-1000.slice/session-2.scope"); with `below` only what comes behind the
 * component of that name ("user@1000.service"). -ENOENT: none. systemd.slice(5). */
int cgroup_parse_slice(const char *path, const char *below, char ret[256]);
