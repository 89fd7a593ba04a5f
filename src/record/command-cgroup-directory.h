/*
 * One folder of a cgroup hierarchy that is ours: made, entered, left, emptied and removed. Its
 * name carries the recorder's identity, "vigia-PID-STARTTICKS", so that a later recorder can tell
 * and remove what a killed one left behind.
 *
 * Moving a process by writing its pid costs an RCU grace period (10 to 60 ms) unless another
 * has just moved one: the kernel takes cgroup_threadgroup_rwsem for writing. A thread that moves
 * itself through v1's "tasks" by writing 0 does not (kernel/cgroup/cgroup.c,
 * cgroup_procs_write_start, since 5.5), nor does clone3(2) with CLONE_INTO_CGROUP (v2 only).
 */
#pragma once

#include <stdbool.h>
#include <sys/types.h>

#include "base/error.h"
#include "host/host.h"

typedef struct CgroupDirectory {
        int parent_fd, fd; /* folders; -1: none */
        int home_fd;       /* the cgroup vigia is in */
        char name[48];
        bool entered; /* vigia is inside, for a moment */
} CgroupDirectory;

void cgroup_directory_init(CgroupDirectory *directory);

/* Makes it below `parent` (absolute folders, as mountinfo says) after removing what dead
 * recorders left there. v1 or v2. -EACCES, -EPERM, -EROFS …: cannot, and why. */
int cgroup_directory_make(CgroupDirectory *directory, const Host *host, const char *parent,
                          const char *home, Error *why);

/* Removes empty "vigia-PID-START" folders of recorders that no longer live; how many. */
unsigned cgroup_directory_clean(const Host *host, int parent_fd);

int cgroup_directory_enter(
        const CgroupDirectory *directory); /* v1: the calling thread; or -errno */
int cgroup_directory_leave(const CgroupDirectory *directory);  /* and back to the home cgroup */
pid_t cgroup_directory_fork(const CgroupDirectory *directory); /* v2: as fork(2), child inside */
int cgroup_directory_move(const CgroupDirectory *directory, pid_t pid); /* slow: see above */

/* Turns "+memory" on for the children of a root that nobody manages. */
int cgroup_directory_enable_memory(const Host *host, const char *parent, Error *why);

/* Opens a file of it for reading. fd or -errno. */
int cgroup_directory_open(const CgroupDirectory *directory, const char *name);

/* Moves what is left in it to the home cgroup, removes it. Nobody is killed; what cannot be
 * removed (a command that made cgroups below it) stays for the next start to clean. */
void cgroup_directory_done(CgroupDirectory *directory);
