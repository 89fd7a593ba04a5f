/*
 * The kernel structures that vigia's BPF programs read, kept by hand: only the fields used,
 * under their kernel names. libbpf moves the offsets to those of the running kernel (CO-RE),
 * so neither a vmlinux.h nor the BTF of the build machine is needed. A name with ___suffix is
 * a flavour: the same kernel type as it was in other versions. Source: include/linux/sched.h,
 * sched/signal.h, mm_types.h, percpu_counter.h, binfmts.h, fdtable.h, task_io_accounting.h.
 */
#pragma once

#include <stdbool.h>

typedef unsigned char u8;
typedef unsigned short u16;
typedef unsigned int u32;
typedef unsigned long long u64;
typedef int s32;
typedef long long s64;

/* What bpf_helper_defs.h wants to know by name. */
typedef u8 __u8;
typedef u16 __u16;
typedef u32 __u32;
typedef u64 __u64;
typedef s32 __s32;
typedef s64 __s64;
typedef u16 __be16;
typedef u32 __be32;
typedef u32 __wsum;

enum { PF_KTHREAD = 0x00200000 };

/* asm/signal.h of x86 and arm64, asm-generic/siginfo.h, trace/events/signal.h */
enum { SIGKILL = 9, SIGCHLD = 17, SIGCONT = 18, SIGSTOP = 19, SIGTSTP, SIGTTIN, SIGTTOU, SIGURG, SIGWINCH = 28 };
enum { SI_USER = 0, SI_QUEUE = -1, SI_TKILL = -6 };
enum { TRACE_SIGNAL_DELIVERED = 0, TRACE_SIGNAL_LOSE_INFO = 4 };

/* include/uapi/linux/bpf.h */
enum {
        BPF_MAP_TYPE_HASH = 1,
        BPF_MAP_TYPE_ARRAY = 2,
        BPF_MAP_TYPE_PERCPU_ARRAY = 6,
        BPF_MAP_TYPE_RINGBUF = 27,
};
enum { BPF_ANY = 0, BPF_NOEXIST = 1 };
enum { BPF_F_MMAPABLE = 1u << 10 };
enum { BPF_RB_NO_WAKEUP = 1u << 0, BPF_RB_FORCE_WAKEUP = 1u << 1 };
enum { BPF_RB_AVAIL_DATA = 0 };

struct bpf_raw_tracepoint_args {
        u64 args[0];
};

struct seq_file;
struct bpf_iter_meta {
        struct seq_file *seq;
        u64 session_id;
        u64 seq_num;
};

/* What a kprobe sees: the registers, whose layout is part of the kernel's stable interface
 * (arch/x86/include/uapi/asm/ptrace.h, arch/arm64/include/uapi/asm/ptrace.h). */
#if defined(__TARGET_ARCH_x86)
struct pt_regs {
        unsigned long r15, r14, r13, r12, bp, bx, r11, r10, r9, r8, ax, cx, dx, si, di, orig_ax, ip,
                cs, flags, sp, ss;
};
#define SECOND_ARGUMENT(regs) ((regs)->si)
#define FIRST_ARGUMENT(regs)  ((regs)->di)
#elif defined(__TARGET_ARCH_arm64)
struct pt_regs {
        u64 regs[31], sp, pc, pstate;
};
#define SECOND_ARGUMENT(regs) ((regs)->regs[1])
#define FIRST_ARGUMENT(regs)  ((regs)->regs[0])
#endif

#pragma clang attribute push(__attribute__((preserve_access_index)), apply_to = record)

struct task_struct;
struct bpf_iter__task {
        struct bpf_iter_meta *meta;
        struct task_struct *task;
};

typedef struct {
        s32 counter;
} atomic_t;

typedef struct {
        s64 counter;
} atomic64_t;

struct percpu_counter {
        s64 count;
        s32 *counters;
};

/* resident pages by kind, in this order (enum in mm_types_task.h) */
enum { MM_FILEPAGES, MM_ANONPAGES, MM_SWAPENTS, MM_SHMEMPAGES, NR_MM_COUNTERS };

/* since 6.2 */
struct mm_struct {
        unsigned long hiwater_rss;
        unsigned long arg_start, arg_end;
        struct percpu_counter rss_stat[NR_MM_COUNTERS];
};

/* until 6.1 */
struct mm_rss_stat___until_6_1 {
        atomic64_t count[NR_MM_COUNTERS];
};
struct mm_struct___until_6_1 {
        struct mm_rss_stat___until_6_1 rss_stat;
};

struct task_io_accounting {
        u64 rchar, wchar;
        u64 read_bytes, write_bytes;
};

struct list_head {
        struct list_head *next;
};

struct signal_struct {
        atomic_t live;
        int nr_threads;
        struct list_head thread_head;
        u64 utime, stime;
        unsigned long nvcsw, nivcsw;
        unsigned long min_flt, maj_flt;
        unsigned long maxrss;
        struct task_io_accounting ioac;
        unsigned long long sum_sched_runtime;
};

struct sched_entity {
        u64 sum_exec_runtime;
};

typedef struct {
        u32 val;
} kuid_t;

struct cred {
        kuid_t uid;
};

struct upid {
        int nr;
};

struct pid {
        unsigned int level;
        struct upid numbers[1];
};

struct fdtable {
        unsigned int max_fds;
        unsigned long *open_fds;
};

struct files_struct {
        struct fdtable *fdt;
};

struct qstr {
        const unsigned char *name;
};

struct dentry {
        struct dentry *d_parent;
        struct qstr d_name;
};

struct vfsmount {
        struct dentry *mnt_root;
};

struct mount {
        struct mount *mnt_parent;
        struct dentry *mnt_mountpoint;
        struct vfsmount mnt;
};

struct path {
        struct vfsmount *mnt;
        struct dentry *dentry;
};

struct fs_struct {
        struct path root, pwd;
};

struct task_struct {
        unsigned int flags;
        struct sched_entity se;
        struct mm_struct *mm;
        int exit_code;
        unsigned in_execve : 1;
        s32 pid, tgid;
        struct task_struct *real_parent;
        struct task_struct *group_leader;
        struct list_head children, sibling;
        struct pid *thread_pid;
        struct list_head thread_node;
        u64 utime, stime;
        unsigned long nvcsw, nivcsw;
        u64 start_time;
        u64 start_boottime;
        unsigned long min_flt, maj_flt;
        const struct cred *real_cred;
        char comm[16];
        struct fs_struct *fs;
        struct files_struct *files;
        struct signal_struct *signal;
        struct task_io_accounting ioac;
};

struct kernel_siginfo {
        int si_code;
};

struct linux_binprm {
        const char *filename;
        const char *interp;
};

struct bpf_array {
        void *pptrs[1];
};

#pragma clang attribute pop
