/*
 * Who a process is: readers of /proc/PID that open, read once and close. For what is read
 * again at every tick see track/proc-sampler.h.
 *
 * All return 0, PROC_GONE when the process has exited meanwhile (normal), -EACCES or -EPERM
 * when it is another user's and may not be seen, other -errno. *ret is untouched unless 0.
 */
#pragma once

#include <stdbool.h>

#include "host/host.h"
#include "host/proc-text.h"

enum { PROC_GONE = 1 };

/* Turns the errno of opening or reading below /proc/PID into that contract. */
int proc_error(int r);

/* Reads proc/PID/NAME into buffer (NUL-terminated, cut to size - 1); the length through *ret. */
int proc_file_read(const Host *host, pid_t pid, const char *name, char *buffer, size_t size,
                   size_t *ret);

int proc_stat_read(const Host *host, pid_t pid, ProcStat *ret);
int proc_status_read(const Host *host, pid_t pid, ProcStatus *ret);
int proc_io_read(const Host *host, pid_t pid, ProcIo *ret);

/* mmap_lock is held while the kernel walks the page tables: up to 20 ms per GB. */
int proc_smaps_rollup_read(const Host *host, pid_t pid, ProcSmaps *ret);

/* The arguments, each ended by NUL, as the process shows them now: at most PROC_CMDLINE_MAX
 * bytes, the rest is dropped and *ret_cut set. A zombie and a kernel thread have none (size 0).
 * A process that overwrote its arguments with a title may lack the last NUL: one is put behind,
 * not counted in *ret_size. */
enum { PROC_CMDLINE_MAX = 4096 };
int proc_cmdline_read(const Host *host, pid_t pid, char buffer[PROC_CMDLINE_MAX + 1],
                      size_t *ret_size, bool *ret_cut);

/* Targets of the links, NUL-terminated, cut to size - 1; "… (deleted)" as the kernel says. */
int proc_exe_read(const Host *host, pid_t pid, char *ret, size_t size);
int proc_cwd_read(const Host *host, pid_t pid, char *ret, size_t size);

int proc_cgroup_read(const Host *host, pid_t pid, char *ret, size_t size);

/* The effective uid: who owns /proc/PID (fstat, no text to parse; root for the undumpable). */
int proc_uid_read(const Host *host, pid_t pid, int64_t *ret);

/* CLOCK_BOOTTIME ns at clock-tick exactness (rounded down). */
int proc_start_read(const Host *host, pid_t pid, uint64_t *ret_ns);

/* All pids of /proc, in its order. fn returns 0, or a value that ends the walk and is returned. */
typedef int (*ProcPidFn)(pid_t pid, void *data);
int proc_pids_walk(const Host *host, ProcPidFn fn, void *data);
/* The threads of a process, likewise; PROC_GONE if it is. */
int proc_threads_walk(const Host *host, pid_t pid, ProcPidFn fn, void *data);
