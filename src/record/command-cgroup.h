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

/*
 * In steps, so that the command starts at once: prepare before the fork, fork into it, adopt
 * right after; other slow things; then wait, then let the command exec.
 *
 *         command_cgroup_prepare(host, id, &cgroup, &why);
 *         workload_fork(…) with WorkloadOptions.fork = command_cgroup_fork, .fork_data = cgroup
 *         if (cgroup)
 *                 command_cgroup_adopt(cgroup, workload_pid(…));
 *         track_open(…) and what else takes its time
 *         if (cgroup && command_cgroup_wait(cgroup, &why) < 0)
 *                 cgroup = command_cgroup_free(cgroup);
 *
 * Writing a pid to cgroup.procs costs an RCU grace period: 10 to 60 ms. So the command is born
 * inside (clone3(2) CLONE_INTO_CGROUP on v2 since 5.7; on v1 its parent steps in and out by
 * writing 0 to "tasks", which since 5.5 does without): 0.1 ms. Where that does not work, and where
 * systemd must be asked, a helper process does it meanwhile.
 */

/* Finds a place and makes a plain folder there. -EOPNOTSUPP, -EPERM …: none here, and why. */
int command_cgroup_prepare(const Host *host, const char *id, CommandCgroup **ret, Error *why);

/* As fork(2), into the cgroup where that is cheap; `data` is a CommandCgroup or NULL. Only
 * system calls; for a caller that has one thread. */
pid_t command_cgroup_fork(void *data);

/* Begins to move the held pid in if it was not born there. Returns at once. */
int command_cgroup_adopt(CommandCgroup *cgroup, pid_t pid);

/* Waits until it is in: at most 50 ms after adopt() (VIGIA_CGROUP_WAIT=2s: longer, for slow
 * machines). -ETIMEDOUT, -EPERM …: it is not, and why; then free it and go on without. */
int command_cgroup_wait(CommandCgroup *cgroup, Error *why);

/* All of it for a pid that is already held: simpler, up to 50 ms. */
int command_cgroup_new(const Host *host, const char *id, pid_t pid, CommandCgroup **ret,
                       Error *why);

const char *command_cgroup_shown(const CommandCgroup *cgroup); /* "v1 /vigia-…", for run.json */
const char *command_cgroup_path(const CommandCgroup *cgroup);  /* "/vigia-…", in its hierarchy */

/* memory.current and memory.peak (v2 since 5.19), memory.usage_in_bytes and
 * memory.max_usage_in_bytes (v1). UINT64_MAX where the kernel does not say. Kept descriptors.
 * What the kernel charges to it: besides the processes' own memory also the page cache of files
 * that they were first to read or write, and kernel memory. So it is at least, and after much
 * I/O far more than, the processes' summed RSS; not a figure to compare with theirs. */
int command_cgroup_memory(CommandCgroup *cgroup, uint64_t *ret_now, uint64_t *ret_peak);

/* The same at each tick, for less: the peak, which only grows, is read every 250 ms (and the next time
 * after the one above), and is in between what is known of it. */
void command_cgroup_follow(CommandCgroup *cgroup, uint64_t now_ns, uint64_t *ret_now, uint64_t *ret_peak);

/* CPU time of the whole cgroup in µs (cpu.stat usage_usec, cpuacct.usage); UINT64_MAX unknown. */
uint64_t command_cgroup_cpu_us(CommandCgroup *cgroup);

/* Memory of the processes, no cache of files (memory.stat: anon, shmem; v1 total_rss,
 * total_shmem): every anonymous page of the tree once, however many processes share it, and all
 * shared memory and tmpfs pages, mapped or not. UINT64_MAX unknown. 10 µs. 0 or -errno. */
int command_cgroup_processes(CommandCgroup *cgroup, uint64_t *ret_anon, uint64_t *ret_shmem);

/* Removes it; processes that were left behind (daemons) are moved to vigia's own cgroup first
 * (a scope they keep, it is systemd's). Read the last figures before. */
CommandCgroup *command_cgroup_free(CommandCgroup *cgroup);
DEFINE_CLEANUP(CommandCgroup, command_cgroup)
