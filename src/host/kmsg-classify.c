/*
 * The kernel's lines that mean something for a run, as a table of patterns: the first that fits the
 * beginning of a line says what it is. '*' is any text, '#' a process id; `true`: a report of many
 * lines follows. The names of programs and files in these lines are chosen by strangers: what is
 * critical is bound to the start of the line, where they cannot put it (a comm has 15 bytes), and
 * lines that begin with a name come first.
 */
#include "host/kmsg.h"

#include <string.h>

#include "base/macros.h"

enum { PID_LIMIT = 4 << 20 }; /* PID_MAX_LIMIT of include/linux/threads.h */

#define INFO     "info"
#define WARNING  "warning"
#define CRITICAL "critical"

typedef struct Pattern {
        const char *pattern, *kind, *severity;
        bool report;
} Pattern;

static const Pattern patterns[] = {
        /* mm/oom_kill.c; the bare form until 4.20, behind a line "Kill process … or sacrifice" */
        {"Out of memory: Killed process # (", "kernel-oom", CRITICAL},
        {"Out of memory (oom_kill_allocating_task): Killed process # (", "kernel-oom", CRITICAL},
        {"Memory cgroup out of memory: Killed process # (", "kernel-oom", CRITICAL},
        {"Killed process # (", "kernel-oom", CRITICAL},
        {"Out of memory and no killable processes", "kernel-oom-note", CRITICAL},
        {"Out of memory: Kill process # (", "kernel-oom-note", INFO},
        {"Memory cgroup out of memory: Kill process # (", "kernel-oom-note", INFO},
        {"oom-kill:constraint=*,pid=#,uid=", "kernel-oom-note", INFO},
        {"oom-kill:constraint=", "kernel-oom-note", INFO},
        {"oom_reaper: reaped process # (", "kernel-oom-note", INFO},
        {"oom_reaper: unable to reap pid:#", "kernel-oom-note", WARNING},
        {"Tasks in * are going to be killed due to memory.oom.group", "kernel-oom-note", WARNING},

        /* arch/…/mm/fault.c, traps.c: begin with the name of a program */
        {"traps: *[#] ", "kernel-segfault", INFO},
        {"*[#]: segfault at ", "kernel-segfault", INFO},
        {"*[#]: unhandled signal ", "kernel-segfault", INFO},
        {"*[#]: unhandled exception: ", "kernel-segfault", INFO},
        {"* invoked oom-killer: ", "kernel-oom-note", INFO, true},
        {"*: page allocation failure: order:", "kernel-allocation-failure", WARNING, true},
        {"*: vmalloc error: size ", "kernel-allocation-failure", WARNING, true},
        {"__vm_enough_memory: pid: #, comm: ", "kernel-allocation-failure", WARNING},

        /* kernel/cgroup/pids.c, fs/file_table.c, kernel/fork.c */
        {"cgroup: fork rejected by pids controller in ", "kernel-fork-rejected", WARNING},
        {"fork rejected", "kernel-fork-rejected", WARNING},
        {"VFS: file-max limit ", "kernel-limit", WARNING},
        {"nf_conntrack: *table full, dropping packet", "kernel-limit", WARNING},
        {"TCP: out of memory -- consider tuning tcp_mem", "kernel-limit", WARNING},

        /* block/blk-core.c, fs/buffer.c, drivers/ata, nvme, scsi, md; end_request until 4.x */
        {"I/O error, dev ", "kernel-io-error", WARNING},
        {"blk_update_request: *error, dev ", "kernel-io-error", WARNING},
        {"print_req_error: *error, dev ", "kernel-io-error", WARNING},
        {"end_request: *error, dev ", "kernel-io-error", WARNING},
        {"critical *error, dev ", "kernel-io-error", WARNING},
        {"timeout error, dev ", "kernel-io-error", WARNING},
        {"Buffer I/O error on dev", "kernel-io-error", WARNING},
        {"quiet_error: ", "kernel-io-error", WARNING},
        {"lost page write due to I/O error on ", "kernel-io-error", WARNING},
        {"ata*: exception Emask ", "kernel-io-error", WARNING},
        {"ata*: failed command: ", "kernel-io-error", WARNING},
        {"nvme *: I/O * timeout, ", "kernel-io-error", WARNING},
        {"nvme *: controller is down; will reset", "kernel-io-error", WARNING},
        {"sd *: *FAILED Result: ", "kernel-io-error", WARNING},
        {"md/raid*: Disk failure on ", "kernel-io-error", CRITICAL},
        {"nfs: server * not responding, ", "kernel-io-error", WARNING},
        {"nfs: server * OK", "kernel-io-error", INFO},

        /* fs/ext4/super.c, fs/jbd2, fs/btrfs/messages.c, fs/xfs/xfs_message.c, fs/f2fs, fs/fat */
        {"EXT4-fs error (device ", "kernel-filesystem", CRITICAL},
        {"EXT4-fs (*): Remounting filesystem read-only", "kernel-filesystem", CRITICAL},
        {"EXT4-fs (*): failed to convert unwritten extents", "kernel-filesystem", WARNING},
        {"EXT4-fs warning (device ", "kernel-filesystem", WARNING},
        {"EXT4-fs (*): warning: ", "kernel-filesystem", WARNING},
        {"EXT2-fs (*): error: ", "kernel-filesystem", CRITICAL},
        {"Aborting journal on device ", "kernel-filesystem", CRITICAL},
        {"JBD2: Detected IO errors while flushing file data", "kernel-filesystem", CRITICAL},
        {"JBD2: Error ", "kernel-filesystem", CRITICAL},
        {"BTRFS critical (device ", "kernel-filesystem", CRITICAL},
        {"BTRFS error (device ", "kernel-filesystem", CRITICAL},
        {"BTRFS: error (device ", "kernel-filesystem", CRITICAL},
        {"BTRFS warning (device ", "kernel-filesystem", WARNING},
        {"BTRFS: Transaction aborted ", "kernel-filesystem", CRITICAL, true},
        {"XFS (*): Corruption ", "kernel-filesystem", CRITICAL},
        {"XFS (*): Metadata corruption detected ", "kernel-filesystem", CRITICAL, true},
        {"XFS (*): Metadata CRC error detected ", "kernel-filesystem", CRITICAL, true},
        {"XFS (*): metadata I/O error ", "kernel-filesystem", CRITICAL},
        {"XFS (*): log I/O error ", "kernel-filesystem", CRITICAL},
        {"XFS (*): *shutdown", "kernel-filesystem", CRITICAL},
        {"XFS (*): *shut down", "kernel-filesystem", CRITICAL},
        {"XFS (*): Shutting down filesystem", "kernel-filesystem", CRITICAL},
        {"XFS: *(#) possible memory allocation deadlock ", "kernel-allocation-failure", WARNING},
        {"F2FS-fs (*): *inconsistent", "kernel-filesystem", CRITICAL},
        {"FAT-fs (*): error, ", "kernel-filesystem", CRITICAL},
        {"FAT-fs (*): Filesystem has been set read-only", "kernel-filesystem", CRITICAL},
        {"overlayfs: failed ", "kernel-filesystem", WARNING},

        /* drivers/thermal, arch/x86/kernel/cpu/mce (until 5.4: "temperature above"),
         * drivers/edac */
        {"*temperature is above threshold, cpu clock is throttled", "kernel-thermal", WARNING},
        {"*temperature above threshold, cpu clock throttled", "kernel-thermal", WARNING},
        {"*temperature/speed normal", "kernel-thermal", INFO},
        {"thermal *critical temperature reached", "kernel-thermal", CRITICAL},
        {"mce: *emperature above threshold", "kernel-thermal", WARNING},
        {"mce: [Hardware Error]: ", "kernel-hardware", CRITICAL},
        {"*[Hardware Error]: ", "kernel-hardware", WARNING},
        {"mce: *Machine check events logged", "kernel-hardware", WARNING},
        {"EDAC *: * UE ", "kernel-hardware", CRITICAL},
        {"EDAC *: * CE ", "kernel-hardware", WARNING},
        {"Memory failure: 0x", "kernel-hardware", WARNING},

        /* kernel/hung_task.c, kernel/watchdog.c, kernel/rcu/tree_stall.h, kernel/panic.c */
        {"INFO: task *:# blocked for more than ", "kernel-hung-task", WARNING, true},
        {"INFO: task *:# blocked in I/O wait for more than ", "kernel-hung-task", WARNING, true},
        {"watchdog: BUG: soft lockup - *:#]", "kernel-lockup", CRITICAL, true},
        {"watchdog: BUG: soft lockup", "kernel-lockup", CRITICAL, true},
        {"NMI watchdog: BUG: soft lockup - *:#]", "kernel-lockup", CRITICAL, true},
        {"*Watchdog detected hard LOCKUP on cpu ", "kernel-lockup", CRITICAL, true},
        {"BUG: workqueue lockup", "kernel-lockup", CRITICAL, true},
        {"*rcu: INFO: * stall", "kernel-rcu-stall", WARNING, true},
        {"INFO: rcu_* stall", "kernel-rcu-stall", WARNING, true},
        {"*rcu: *kthread starved for ", "kernel-rcu-stall", WARNING, true},
        {"Kernel panic - not syncing: ", "kernel-bug", CRITICAL, true},
        {"kernel BUG at ", "kernel-bug", CRITICAL, true},
        {"BUG: ", "kernel-bug", CRITICAL, true},
        {"Oops: ", "kernel-bug", CRITICAL, true},
        {"Internal error: ", "kernel-bug", CRITICAL, true},
        {"general protection fault", "kernel-bug", CRITICAL, true},
        {"WARNING: CPU: * PID: # at ", "kernel-bug", WARNING, true},
        {"WARNING: * at ", "kernel-bug", WARNING, true},

        /* NVIDIA's driver, drivers/gpu/drm */
        {"NVRM: Xid (*): *pid=#, ", "kernel-gpu", WARNING},
        {"NVRM: Xid (", "kernel-gpu", WARNING},
        {"NVRM: GPU * has fallen off the bus", "kernel-gpu", CRITICAL},
        {"amdgpu *: *ring * timeout", "kernel-gpu", WARNING},
        {"amdgpu *: *GPU reset begin", "kernel-gpu", WARNING},
        {"[drm:amdgpu_job_timedout*ring * timeout", "kernel-gpu", WARNING},
        {"i915 *: *GPU HANG: ", "kernel-gpu", WARNING},
        {"xe *: *GPU HANG", "kernel-gpu", WARNING},
};

static bool is_digit(char c)
{
        return c >= '0' && c <= '9';
}

/* A number that can be a pid, all its digits. */
static bool take_pid(const char **at, const char *end, pid_t *ret)
{
        const char *p = *at;
        pid_t pid = 0;

        while (p < end && is_digit(*p) && pid <= PID_LIMIT)
                pid = pid * 10 + (*p++ - '0');
        if (p == *at || pid > PID_LIMIT)
                return false;
        *at = p;
        *ret = pid;
        return true;
}

/* Whether text begins as the pattern says. Only the last '*' ever has to be tried again. */
static bool match(const char *pattern, const char *text, const char *end, pid_t *ret)
{
        const char *star = NULL, *retry = NULL;
        pid_t pid = 0, pid_before = 0;

        while (*pattern) {
                if (*pattern == '*') {
                        star = ++pattern;
                        retry = text;
                        pid_before = pid;
                        continue;
                }
                bool fits = *pattern == '#' ? take_pid(&text, end, &pid)
                                            : text < end && *text == *pattern && text++;
                if (fits) {
                        pattern++;
                        continue;
                }
                if (!star || retry >= end)
                        return false;
                pattern = star;
                text = ++retry;
                pid = pid_before;
        }
        *ret = pid;
        return true;
}

bool kmsg_classify(const char *text, size_t size, KmsgClass *ret)
{
        pid_t pid;

        for (size_t i = 0; i < ARRAY_LENGTH(patterns); i++) {
                if (!match(patterns[i].pattern, text, text + size, &pid))
                        continue;
                *ret = (KmsgClass){patterns[i].kind, patterns[i].severity, pid, patterns[i].report};
                return true;
        }
        return false;
}
