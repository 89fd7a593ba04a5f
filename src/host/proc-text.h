/*
 * The texts of /proc/PID as structs: pure functions on bytes that another process partly
 * controls (its name, its arguments), so nothing in them is trusted to be well-formed.
 * proc(5), Documentation/filesystems/proc.rst, fs/proc/array.c, fs/proc/task_mmu.c.
 *
 * All return 0, or -EBADMSG when the text is not what the kernel writes; *ret is untouched
 * then. Text need not be NUL-terminated.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#define PROC_UNKNOWN UINT64_MAX

/* /proc/PID/stat (and /proc/PID/task/TID/stat). Ticks are of sysconf(_SC_CLK_TCK). */
typedef struct ProcStat {
        pid_t pid, ppid, pgrp, session;
        char comm[64]; /* as shown, up to the last ')': 15 bytes, longer for kernel threads */
        char state;    /* R S D Z T t X I P */
        uint32_t flags; /* PF_* of include/linux/sched.h */
        uint64_t minor_faults, major_faults;
        uint64_t user_ticks, system_ticks;             /* all threads, dead ones too */
        uint64_t child_user_ticks, child_system_ticks; /* children waited for */
        uint32_t threads;                              /* 0 for a process with no thread left */
        uint64_t start_ticks;                          /* field 22: since boot */
        uint64_t vsize_bytes, rss_pages;
        uint64_t stack_start; /* new with every exec, kept over fork; 0 where we may not see it */
        int wait_status; /* of a zombie, where we may see it; 0 else */
} ProcStat;

int proc_stat_parse(const char *text, size_t size, ProcStat *ret);

/* Ended and only waiting to be reaped: a zombie, and no thread of it lives on. */
static inline bool proc_is_over(const ProcStat *stat)
{
        return (stat->state == 'Z' || stat->state == 'X' || stat->state == 'x') && stat->threads <= 1;
}

/* Field 22 back to TrackEvent's unit and forth. A process whose exact start is start_ns shows
 * proc_start_ticks(start_ns). hz is sysconf(_SC_CLK_TCK). */
static inline uint64_t proc_start_ns(uint64_t ticks, uint64_t hz)
{
        return ticks / hz * 1000000000ull + ticks % hz * (1000000000ull / hz);
}
static inline uint64_t proc_start_ticks(uint64_t start_ns, uint64_t hz)
{
        return start_ns / (1000000000ull / hz);
}

/* /proc/PID/statm, in pages. shared is file and shmem pages; resident - shared is anonymous. */
typedef struct ProcStatm {
        uint64_t size, resident, shared;
} ProcStatm;

int proc_statm_parse(const char *text, size_t size, ProcStatm *ret);

/* /proc/PID/status: what stat and statm do not say. PROC_UNKNOWN where a line is missing (a
 * zombie and a kernel thread have no memory; 0 is then not written for them). */
typedef struct ProcStatus {
        pid_t tgid, ppid;
        int64_t uid; /* real; -1 unknown */
        uint64_t hwm_bytes, rss_anon_bytes, rss_file_bytes, rss_shmem_bytes, swap_bytes;
        uint64_t threads, voluntary_switches, involuntary_switches;
} ProcStatus;

int proc_status_parse(const char *text, size_t size, ProcStatus *ret);

/* /proc/PID/io. */
typedef struct ProcIo {
        uint64_t read_chars, write_chars; /* through read(2), write(2) and their kin */
        uint64_t read_bytes, write_bytes; /* from and to storage */
} ProcIo;

int proc_io_parse(const char *text, size_t size, ProcIo *ret);

/* /proc/PID/smaps_rollup, in bytes. The pss parts are since 5.9: PROC_UNKNOWN before. */
typedef struct ProcSmaps {
        uint64_t rss_bytes, pss_bytes;
        uint64_t pss_anon_bytes, pss_file_bytes, pss_shmem_bytes;
        uint64_t private_clean_bytes, private_dirty_bytes;
        uint64_t swap_bytes, swap_pss_bytes;
} ProcSmaps;

int proc_smaps_rollup_parse(const char *text, size_t size, ProcSmaps *ret);

/* Takes the next pid off a blank-separated list (/proc/PID/task/TID/children); false at its
 * end or at what is no pid. *text moves. */
bool proc_children_next(const char **text, const char *end, pid_t *ret);

/* The path out of /proc/PID/cgroup: of the unified hierarchy ("0::/…"), or, where that is
 * empty or absent, of the v1 memory controller. Cut to size - 1 bytes. */
int proc_cgroup_parse(const char *text, size_t size, char *ret, size_t ret_size);
