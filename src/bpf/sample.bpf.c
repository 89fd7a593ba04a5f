/*
 * Samples of the processes in scope, on request, and what is told of them besides their life:
 * the working directory at exec, new names, who sends it signals, the OOM killer's choice. An object of its own, loaded at
 * the first tick: the command need not wait for it, and the shortest never does.
 */
#include "bpf/kernel.h"

#include <bpf/bpf_helpers.h>
#include <bpf/bpf_core_read.h>

#include "bpf/members.h"
#include "bpf/pid.h"
#include "bpf/resident.h"
#include "bpf/track.event.h"

char LICENSE[] SEC("license") = "Dual MIT/GPL"; /* the helpers used ask for a GPL-compatible one */

enum { FD_WORDS = 16 };

struct cwd_record {
        struct bpf_track_event event;
        char names[BPF_TRACK_CWD_MAX + BPF_TRACK_PATH_MAX];
};

struct {
        __uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
        __uint(max_entries, 1);
        __type(key, u32);
        __type(value, struct cwd_record);
} cwd_scratch SEC(".maps");

/* Set by the reader at any time. */
u32 n_slots; /* to sample */
u32 refresh; /* sample idle processes in full, too */
u32 pid_level; /* of the reader's pid namespace */

/* A climb from the working directory to the root, over mount points: one name a call. */
struct climb {
        struct dentry *dentry, *root_dentry;
        struct vfsmount *mnt, *root_mnt;
        char *to;
        u32 size;
        bool arrived;
};

static long climb_once(void *map, u32 *index, void *value, struct climb *c)
{
        struct dentry *dentry = c->dentry;
        struct vfsmount *mnt = c->mnt;

        if (dentry == c->root_dentry && mnt == c->root_mnt) {
                c->arrived = true;
                return 1;
        }
        if (dentry == BPF_CORE_READ(mnt, mnt_root)) {
                struct mount *m = (void *)mnt - bpf_core_field_offset(struct mount, mnt);
                struct mount *above = BPF_CORE_READ(m, mnt_parent);
                if (above == m) /* the outermost: what is above root is not ours to see */
                        return 1;
                c->dentry = BPF_CORE_READ(m, mnt_mountpoint);
                c->mnt = (void *)above + bpf_core_field_offset(struct mount, mnt);
                return 0;
        }
        u32 at = c->size;
        if (at >= BPF_TRACK_CWD_MAX)
                return 1;
        long n = bpf_probe_read_kernel_str(c->to + at, BPF_TRACK_PATH_MAX,
                                           BPF_CORE_READ(dentry, d_name.name));
        if (n <= 1)
                return 1;
        c->size = at + n;
        c->dentry = BPF_CORE_READ(dentry, d_parent);
        return 0;
}

/* A second program at exec: the climb costs the verifier more time than all of on_exec, for
 * which the command would have to wait. "/" has no names: it is told as one empty name. */
SEC("raw_tp/sched_process_exec")
int on_exec_cwd(struct bpf_raw_tracepoint_args *ctx)
{
        struct task_struct *task = (void *)ctx->args[0];
        u32 zero = 0, tgid = BPF_CORE_READ(task, tgid);
        struct bpf_track_member *m = member_of(tgid);
        struct cwd_record *r = bpf_map_lookup_elem(&cwd_scratch, &zero);
        struct fs_struct *fs = BPF_CORE_READ(task, fs);
        struct climb c = {};

        if (!m || !r || !fs)
                return 0;
        c.dentry = BPF_CORE_READ(fs, pwd.dentry);
        c.mnt = BPF_CORE_READ(fs, pwd.mnt);
        c.root_dentry = BPF_CORE_READ(fs, root.dentry);
        c.root_mnt = BPF_CORE_READ(fs, root.mnt);
        c.to = r->names;
        bpf_for_each_map_elem(&slots, climb_once, &c, 0);
        u32 size = c.size;
        if (!c.arrived || size > sizeof r->names)
                return 0;
        if (size == 0) {
                r->names[0] = 0;
                size = 1;
        }
        head(&r->event, BPF_TRACK_CWD, tgid, m);
        r->event.cwd_size = size;
        send(r, sizeof r->event + size);
        return 0;
}

SEC("raw_tp/task_rename")
int on_rename(struct bpf_raw_tracepoint_args *ctx)
{
        struct task_struct *task = (void *)ctx->args[0];
        u32 tgid = BPF_CORE_READ(task, tgid);
        struct bpf_track_member *m;
        struct bpf_track_event e;

        if (BPF_CORE_READ(task, pid) != tgid || !(m = member_of(tgid)))
                return 0;
        if (bpf_core_field_exists(task->in_execve) && BPF_CORE_READ_BITFIELD_PROBED(task, in_execve))
                return 0; /* the exec itself tells */
        head(&e, BPF_TRACK_COMM, tgid, m);
        bpf_probe_read_kernel_str(e.comm, sizeof e.comm, (void *)ctx->args[1]);
        send(&e, sizeof e);
        return 0;
}

/* The argument is the victim's task_struct since 6.8, its pid before: told apart by size. */
SEC("raw_tp/mark_victim")
int on_oom(struct bpf_raw_tracepoint_args *ctx)
{
        u64 victim = ctx->args[0];
        u32 tgid = victim;
        struct bpf_track_event e;

        if (victim >> 32)
                tgid = BPF_CORE_READ((struct task_struct *)victim, tgid);
        struct bpf_track_member *m = member_of(tgid);
        if (!m)
                return 0;
        head(&e, BPF_TRACK_OOM, tgid, m);
        send(&e, sizeof e);
        return 0;
}

/* By default these end nobody; signal(7). */
static __always_inline bool ends_nobody(u32 signal)
{
        return (signal >= SIGCHLD && signal <= SIGURG) || signal == SIGWINCH;
}

/* Who is about to end a process, kept until it ends: of several the last that it took, and once it dies it takes
 * no more. The kernel sends for itself (SEND_SIG_PRIV, 1: a limit, the OOM killer, a terminal; or with a code of
 * its own: a fault, a timer) or for what somebody does (SEND_SIG_NOINFO, 0: an end with PR_SET_PDEATHSIG, a write
 * to cgroup.kill). Whoever runs when a timer rings has no part in it: only a SIGKILL of its own is put down to whom
 * it met. kernel/signal.c (__send_signal_locked). */
SEC("raw_tp/signal_generate")
int on_signal(struct bpf_raw_tracepoint_args *ctx)
{
        u32 signal = ctx->args[0];
        u64 info = ctx->args[1];
        struct task_struct *to = (void *)ctx->args[2], *from;
        u64 result = (u32)ctx->args[4];
        struct bpf_track_member *m;

        if (ends_nobody(signal) || (result != TRACE_SIGNAL_DELIVERED && result != TRACE_SIGNAL_LOSE_INFO))
                return 0;
        if (!(m = member_of(BPF_CORE_READ(to, tgid))))
                return 0;
        s32 code = info > 1 ? BPF_CORE_READ((struct kernel_siginfo *)info, si_code) : 0;
        bool user = info > 1 && (code == SI_USER || code == SI_QUEUE || code == SI_TKILL);
        from = (void *)bpf_get_current_task();
        m->sender.signal = signal;
        m->sender.by = user ? BPF_TRACK_BY_PROCESS : BPF_TRACK_BY_KERNEL;
        m->sender.pid = 0;
        m->sender.comm[0] = '\0';
        if (!user && info != 0 && signal != SIGKILL)
                return 0;
        if (BPF_CORE_READ(from, flags) & PF_KTHREAD)
                return 0;
        from = BPF_CORE_READ(from, group_leader);
        m->sender.pid = pid_at_level(from, pid_level);
        bpf_probe_read_kernel_str(m->sender.comm, sizeof m->sender.comm, (void *)from + bpf_core_field_offset(struct task_struct, comm));
        return 0;
}

/* ---- samples ---- */

static __always_inline u32 count_fds(struct task_struct *task)
{
        struct fdtable *table = BPF_CORE_READ(task, files, fdt);
        u64 words[FD_WORDS] = {};
        u32 n = 0, size;

        if (!table)
                return 0xffffffff;
        u32 max = BPF_CORE_READ(table, max_fds);
        if (max > FD_WORDS * 64)
                return 0xffffffff;
        size = max / 8;
        if (size > sizeof words)
                size = sizeof words;
        if (bpf_probe_read_kernel(words, size, BPF_CORE_READ(table, open_fds)) != 0)
                return 0xffffffff;
        for (u32 i = 0; i < FD_WORDS; i++) {
                u64 w = words[i];
                w -= w >> 1 & 0x5555555555555555ull;
                w = (w & 0x3333333333333333ull) + (w >> 2 & 0x3333333333333333ull);
                w = (w + (w >> 4)) & 0x0f0f0f0f0f0f0f0full;
                n += (w * 0x0101010101010101ull) >> 56;
        }
        return n;
}

/* A walk over the threads of a process: one step a call. */
struct walk {
        struct bpf_track_slot *slot;
        struct task_struct *leader;
        struct list_head *node;
        void *end;
};

static long add_next_thread(void *map, u32 *index, void *value, struct walk *walk)
{
        struct bpf_track_slot *slot = walk->slot;
        struct list_head *node = walk->node;
        struct task_struct *t =
                (void *)node - bpf_core_field_offset(struct task_struct, thread_node);

        if (!node || (void *)node == walk->end)
                return 1;
        if (t != walk->leader) {
                slot->runtime_ns += BPF_CORE_READ(t, se.sum_exec_runtime);
                slot->utime_ns += BPF_CORE_READ(t, utime);
                slot->stime_ns += BPF_CORE_READ(t, stime);
                if (bpf_core_field_exists(t->ioac.rchar)) {
                        slot->read_bytes += BPF_CORE_READ(t, ioac.read_bytes);
                        slot->write_bytes += BPF_CORE_READ(t, ioac.write_bytes);
                }
        }
        walk->node = BPF_CORE_READ(node, next);
        return 0;
}

/* The loop is again the slots map. */
static __always_inline void add_threads(struct bpf_track_slot *slot, struct task_struct *leader,
                                        struct signal_struct *signal)
{
        struct walk walk = {slot, leader, BPF_CORE_READ(signal, thread_head.next),
                            (void *)signal + bpf_core_field_offset(struct signal_struct, thread_head)};

        bpf_for_each_map_elem(&slots, add_next_thread, &walk, 0);
}

static __always_inline void sample_memory(struct bpf_track_slot *slot, struct task_struct *task,
                                          struct mm_struct *mm)
{
        struct resident r = {};

        read_resident(mm, false, &r);
        if (BPF_CORE_READ(task, mm) != mm) /* changed or gone meanwhile */
                return;
        slot->file_pages = r.pages[MM_FILEPAGES] > 0 ? r.pages[MM_FILEPAGES] : 0;
        slot->anon_pages = r.pages[MM_ANONPAGES] > 0 ? r.pages[MM_ANONPAGES] : 0;
        slot->swap_pages = r.pages[MM_SWAPENTS] > 0 ? r.pages[MM_SWAPENTS] : 0;
        slot->shmem_pages = r.pages[MM_SHMEMPAGES] > 0 ? r.pages[MM_SHMEMPAGES] : 0;
        u64 mark = BPF_CORE_READ(mm, hiwater_rss), now = resident_sum(&r);
        slot->peak_pages = mark > now ? mark : now;
}

static long sample_one(void *map, u32 *index, struct bpf_track_slot *slot, void *unused)
{
        if (*index >= n_slots)
                return 1;
        struct bpf_track_member *m = member_of(slot->tgid);
        if (!m || m->exited || (slot->start_ns && m->start_ns != slot->start_ns)) {
                slot->state = BPF_TRACK_ABSENT;
                return 0;
        }
        struct task_struct *task = (void *)m->task;
        u64 runtime = BPF_CORE_READ(task, se.sum_exec_runtime);

        /* one thread that did not run: it changed nothing, and made no second one */
        if (slot->state != BPF_TRACK_ABSENT && slot->threads == 1 &&
            runtime == slot->main_runtime_ns && !refresh) {
                slot->state = BPF_TRACK_UNCHANGED;
                return 0;
        }
        struct signal_struct *signal = BPF_CORE_READ(task, signal);
        u32 threads = BPF_CORE_READ(signal, nr_threads);
        u64 gone = BPF_CORE_READ(signal, sum_sched_runtime);

        slot->threads = threads;
        slot->main_runtime_ns = runtime;
        slot->runtime_ns = runtime + gone;
        slot->utime_ns = BPF_CORE_READ(task, utime) + BPF_CORE_READ(signal, utime);
        slot->stime_ns = BPF_CORE_READ(task, stime) + BPF_CORE_READ(signal, stime);
        if (bpf_core_field_exists(task->ioac.rchar)) {
                slot->read_bytes = BPF_CORE_READ(task, ioac.read_bytes) +
                                   BPF_CORE_READ(signal, ioac.read_bytes);
                slot->write_bytes = BPF_CORE_READ(task, ioac.write_bytes) +
                                    BPF_CORE_READ(signal, ioac.write_bytes);
        }
        slot->min_flt = BPF_CORE_READ(task, min_flt) + BPF_CORE_READ(signal, min_flt);
        if (threads > 1)
                add_threads(slot, task, signal);
        slot->fds = count_fds(task);
        struct mm_struct *mm = BPF_CORE_READ(task, mm);
        if (m->flags & BPF_TRACK_SHARED_MM || !mm)
                slot->file_pages = slot->anon_pages = slot->shmem_pages = slot->swap_pages =
                        slot->peak_pages = 0;
        else
                sample_memory(slot, task, mm);
        slot->state = BPF_TRACK_FILLED;
        return 0;
}

/* Run by the reader at each tick: fills the slots it asked for, and only those. */
SEC("raw_tp/vigia_sample")
int sample(void *ctx)
{
        bpf_for_each_map_elem(&slots, sample_one, NULL, 0);
        return 0;
}
