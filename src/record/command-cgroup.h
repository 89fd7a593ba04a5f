/*
 * A cgroup of the command's own, so that the kernel itself says what its tree took at its
 * peak. Taken where it can be had without harm: a transient scope over sd-bus where systemd
 * runs (the user's manager for an ordinary user), a plain v2 or v1 directory as root
 * elsewhere. Without one, nothing breaks. See cgroups(7), Documentation/admin-guide/cgroup-v2.rst.
 */
#pragma once

#include <stdint.h>
#include <sys/types.h>

#include "base/error.h"
#include "host/host.h"

typedef struct CommandCgroup CommandCgroup;

typedef enum CgroupKind { CGROUP_SYSTEMD, CGROUP_V2, CGROUP_V1 } CgroupKind;

/* Makes it and moves the held pid in. -EOPNOTSUPP, -EPERM …: none here, and why. Bounded in
 * time (a bus that does not answer in 50 ms counts as none). */
int command_cgroup_new(const Host *host, const char *id, pid_t pid, CommandCgroup **ret, Error *why);

const char *command_cgroup_shown(const CommandCgroup *cgroup); /* "v1 /vigia-…", for run.json */

/* memory.current and memory.peak (v2 since 5.19), memory.usage_in_bytes and
 * memory.max_usage_in_bytes (v1). UINT64_MAX where the kernel does not say. Kept descriptors. */
int command_cgroup_memory(CommandCgroup *cgroup, uint64_t *ret_now, uint64_t *ret_peak);

/* CPU time of the whole cgroup in µs (cpu.stat usage_usec, cpuacct.usage); UINT64_MAX unknown. */
uint64_t command_cgroup_cpu_us(CommandCgroup *cgroup);

/* Removes it; processes that were left behind (daemons) are moved to the parent first. */
CommandCgroup *command_cgroup_free(CommandCgroup *cgroup);
DEFINE_CLEANUP(CommandCgroup, command_cgroup)
