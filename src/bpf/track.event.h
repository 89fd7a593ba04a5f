/*
 * What the kernel programs in track.bpf.c and their reader in track/bpf.c say to each other:
 * ring records, sample slots, settings. Fixed-size integers only; both sides include it.
 */
#pragma once

#ifndef __bpf__
#include <stdint.h>
typedef uint32_t u32;
typedef uint64_t u64;
typedef int32_t s32;
#endif

enum {
        BPF_TRACK_CMDLINE_MAX = 4096,
        BPF_TRACK_PATH_MAX = 256, /* of a name, and of the path given to exec */
        BPF_TRACK_CWD_MAX = 512,  /* of all names of the working directory */
        BPF_TRACK_SLOTS = 1024,
};

enum bpf_track_type {
        BPF_TRACK_FOUND = 1,
        BPF_TRACK_FORK,
        BPF_TRACK_EXEC,
        BPF_TRACK_EXIT,
        BPF_TRACK_FINAL,
        BPF_TRACK_COMM,
        BPF_TRACK_CWD, /* follows its EXEC */
        BPF_TRACK_OOM,
};

enum { BPF_TRACK_CUT = 1, BPF_TRACK_PEAK_EXACT = 2, BPF_TRACK_SHARED_MM = 4 };

#define BPF_TRACK_UNKNOWN 0xffffffffffffffffull

/* Sums over the threads of a process. utime and stime are as the kernel keeps them, which is
 * ticks on most configurations; runtime is exact. kernel/sched/cputime.c, cputime_adjust. */
struct bpf_track_figures {
        u64 runtime_ns, utime_ns, stime_ns;
        u64 min_flt, maj_flt;
        u64 nvcsw, nivcsw;
        u64 read_bytes, write_bytes, rchar, wchar;
};

struct bpf_track_event {
        u32 type, flags;
        s32 pid, ppid;
        u64 time_ns;  /* CLOCK_MONOTONIC */
        u64 start_ns; /* CLOCK_BOOTTIME */
        u32 uid;
        s32 exit_code; /* as wait(2) */
        u64 peak_pages; /* EXIT: of the last image; EXEC: of the one before; or UNKNOWN */
        u32 threads_max;
        u32 path_size, cmdline_size; /* EXEC: bytes behind the record, in this order */
        u32 cwd_size; /* CWD: bytes behind it: names from the last to the first, NUL after each */
        u32 reserved;
        u32 tgid; /* as the first pid namespace knows it: key of slots */
        char comm[16];
        struct bpf_track_figures figures;
};

enum bpf_track_sent_by {
        BPF_TRACK_BY_PROCESS = 1, /* kill(2) and its like */
        BPF_TRACK_BY_KERNEL,      /* pid: of whose doing it comes; 0: of nobody's that is known */
};

/* Who sent a process the last signal that may end it; behind an EXIT: the one that did. */
struct bpf_track_sender {
        u32 signal; /* 0: nothing is known */
        u32 by;     /* enum bpf_track_sent_by */
        s32 pid;    /* as the reader's pid namespace knows it; 0: not visible there */
        char comm[16];
};

/* A process in scope: value of the members map. */
struct bpf_track_member {
        u64 task;      /* address of the group leader's task_struct; valid while the entry lives */
        u64 start_ns;
        s32 pid;       /* as the reader's pid namespace knows it */
        u32 flags;     /* BPF_TRACK_SHARED_MM: vfork child that has not exec'd */
        u32 exited;
        u32 threads_max;
        u64 maxrss_at_exec; /* signal->maxrss, pages, when the image began */
        u64 peak_pages;     /* of the image, taken while its memory was there; UNKNOWN: not yet */
        struct bpf_track_sender sender; /* of the last signal; written by sample.bpf.c */
};

/* A thread that exists when the recording begins: what seed.bpf.c writes for each. */
struct bpf_seed_thread {
        u64 task, start_ns, maxrss;
        u32 tgid, tid, parent_tgid;
        s32 pid; /* of the process, as the reader's pid namespace knows it; 0: not visible */
        u32 uid, threads, is_kernel, is_dead;
        char comm[16];
        struct bpf_track_figures figures; /* the leader's holds those of dead threads, too */
};

enum bpf_track_state {
        BPF_TRACK_ABSENT,    /* or new: to be filled in any case */
        BPF_TRACK_FILLED,
        BPF_TRACK_UNCHANGED, /* did not run since it was filled: the values still hold */
};

/* One process to sample: the reader writes tgid and start_ns, the program the rest. */
struct bpf_track_slot {
        u32 tgid;
        u32 state; /* enum bpf_track_state */
        u64 start_ns;
        u64 main_runtime_ns; /* of the main thread alone */
        u32 threads, fds;    /* fds 0xffffffff: unknown */
        u64 file_pages, anon_pages, swap_pages, shmem_pages;
        u64 peak_pages;
        u64 runtime_ns, utime_ns, stime_ns;
        u64 read_bytes, write_bytes;
        u64 min_flt; /* of the main thread and those that are gone */
};
