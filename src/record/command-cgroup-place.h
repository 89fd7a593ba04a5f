/*
 * Where the command's cgroup may be made without harm: decisions over what the machine says,
 * nothing is changed here. The rules: systemd's tree is systemd's, so a scope is asked for
 * unless our own cgroup was delegated to us; no process but the command is moved; the command
 * keeps every limit it would have had without us.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "host/cgroup.h"
#include "host/host.h"
#include "record/command-cgroup.h"

typedef struct CgroupPlace {
        CgroupKind kind;
        /* v1, v2: the folder in which ours is made, its cgroup path, and the folder of the
         * cgroup that vigia is in, where left-over processes go. */
        char parent[CGROUP_PATH_MAX];
        char parent_path[CGROUP_PATH_MAX];
        char home[CGROUP_PATH_MAX];
        bool enable_memory;               /* v2: the root has memory to give but has not yet */
        /* systemd: */
        bool user;       /* the user's manager, not the system's */
        char slice[256]; /* "": the manager's default */
} CgroupPlace;

/* Who asks is a parameter, so that a test needs no other users. -EOPNOTSUPP, -EROFS, -EPERM:
 * nowhere, and why. */
int cgroup_place_find(const Host *host, uid_t uid, CgroupPlace *ret, Error *why);

/* Where a process that was just moved is: its folder in the memory hierarchy (and, for v1, in
 * cpuacct; "" none). For a scope, whose place systemd chooses. -ENOENT. */
int cgroup_place_of(const Host *host, pid_t pid, CgroupPlace *ret, char memory[CGROUP_PATH_MAX],
                    char cpu[CGROUP_PATH_MAX]);
