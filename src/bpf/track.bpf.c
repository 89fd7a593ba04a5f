/*
 * Who is in the run, told by the kernel itself: fork, exec, exit and the final figures of every
 * process in scope, however short. (Samples of those alive are sample.bpf.c's.)
 *
 * Only processes in the scope map cost anything. No event wakes the reader: the ring is drained
 * at its ticks, and the reader is woken only when the ring is half full. Raw tracepoints with
 * CO-RE reads, so that no kernel BTF has to be searched for attach points (start-up time).
 */
#include "bpf/kernel.h"

#include <bpf/bpf_helpers.h>
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_tracing.h>

#include "bpf/figures.h"
#include "bpf/members.h"
#include "bpf/pid.h"
#include "bpf/resident.h"
#include "bpf/track.event.h"

char LICENSE[] SEC("license") = "Dual MIT/GPL"; /* the helpers used ask for a GPL-compatible one */

struct exec_record {
        struct bpf_track_event event;
        char text[BPF_TRACK_PATH_MAX + BPF_TRACK_CMDLINE_MAX];
};

struct {
        __uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
        __uint(max_entries, 1);
        __type(key, u32);
        __type(value, struct exec_record);
} scratch SEC(".maps");

/* Known to us both as a per-CPU pointer and as addresses: see prepare(). */
struct {
        __uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
        __uint(max_entries, 1);
        __type(key, u32);
        __type(value, u64);
} compass SEC(".maps");

/* Set by the reader at any time. */
u32 watch_all;      /* every new process of the machine is */
u32 no_descendants; /* children of members are not */

s32 root_pid;       /* for add_root() */
u32 root_found;

/* Found by prepare(). */
u32 pid_level; /* of the reader's pid namespace */

static __always_inline s32 shown_pid(struct task_struct *leader)
{
        return pid_at_level(leader, pid_level);
}

/* Runs once in the reader's own context (BPF_PROG_TEST_RUN): who it is, which pid namespace it
 * sees, and where per-CPU memory lies. The address of a per-CPU variable on CPU n is its
 * per-CPU pointer + __per_cpu_offset[n]; that array has no name we could use without
 * searching kallsyms, but our own map gives both sides of the equation. */
SEC("raw_tp/vigia_prepare")
int prepare(void *ctx)
{
        struct task_struct *self = (void *)bpf_get_current_task();
        u64 map, pointer = 0, address;
        void *spilled = &compass;
        u32 zero = 0;

        pid_level = BPF_CORE_READ(self, group_leader, thread_pid, level) & 31;
        if (!bpf_core_field_exists(((struct mm_struct *)0)->rss_stat[0].counters))
                return 0;
        bpf_probe_read_kernel(&map, sizeof map, &spilled);
        bpf_probe_read_kernel(&pointer, sizeof pointer,
                              (void *)map + bpf_core_field_offset(struct bpf_array, pptrs));
        for (u32 cpu = 0; cpu < n_cpus && cpu < MAX_CPUS; cpu++) {
                spilled = bpf_map_lookup_percpu_elem(&compass, &zero, cpu);
                if (!spilled)
                        continue;
                bpf_probe_read_kernel(&address, sizeof address, &spilled);
                percpu_offset[cpu] = address - pointer;
        }
        return 0;
}

/* A process comes into scope. */
static __noinline int begin(struct task_struct *task, struct task_struct *parent, u32 tgid, s32 ppid)
{
        struct bpf_track_member m = {.task = (u64)task, .threads_max = 1};
        struct bpf_track_event e;

        m.peak_pages = BPF_TRACK_UNKNOWN;
        m.start_ns = BPF_CORE_READ(task, start_boottime);
        m.pid = shown_pid(task);
        if (BPF_CORE_READ(task, mm) == BPF_CORE_READ(parent, mm))
                m.flags = BPF_TRACK_SHARED_MM;
        head(&e, BPF_TRACK_FORK, tgid, &m);
        e.time_ns = BPF_CORE_READ(task, start_time);
        e.flags = m.flags;
        e.ppid = ppid;
        e.uid = BPF_CORE_READ(task, real_cred, uid.val);
        BPF_CORE_READ_INTO(&e.comm, task, comm);
        if (bpf_map_update_elem(&members, &tgid, &m, BPF_ANY) != 0)
                __sync_fetch_and_add(&lost, 1);
        send(&e, sizeof e);
        return 0;
}

SEC("raw_tp/sched_process_fork")
int on_fork(struct bpf_raw_tracepoint_args *ctx)
{
        struct task_struct *parent = (void *)ctx->args[0], *child = (void *)ctx->args[1];
        u32 parent_tgid = BPF_CORE_READ(parent, tgid), tgid;
        struct bpf_track_member *of = member_of(parent_tgid);

        if (of ? no_descendants : !watch_all)
                return 0;
        tgid = BPF_CORE_READ(child, tgid);
        if (tgid == parent_tgid) { /* a thread */
                u32 threads = BPF_CORE_READ(child, signal, nr_threads);
                if (of && threads > of->threads_max)
                        of->threads_max = threads;
                return 0;
        }
        begin(child, parent, tgid, of ? of->pid : shown_pid(BPF_CORE_READ(parent, group_leader)));
        return 0;
}

/* A search among the children of the reader and their first children: one child a call. */
struct search {
        struct task_struct *self, *root, *parent;
        struct list_head *node;
};

static long look_at_child(void *map, u32 *index, void *value, struct search *s)
{
        u64 children = bpf_core_field_offset(struct task_struct, children);
        u64 sibling = bpf_core_field_offset(struct task_struct, sibling);
        struct list_head *node = s->node;
        struct task_struct *child = (void *)node - sibling;

        if (!node || (void *)node == (void *)s->self + children)
                return 1;
        struct list_head *first = BPF_CORE_READ(child, children.next);
        struct task_struct *grandchild = (void *)first - sibling;
        if (shown_pid(child) == root_pid) {
                s->root = child;
                s->parent = s->self;
                return 1;
        }
        if ((void *)first != (void *)child + children && shown_pid(grandchild) == root_pid) {
                s->root = grandchild;
                s->parent = child;
                return 1;
        }
        s->node = BPF_CORE_READ(node, next);
        return 0;
}

/* Run by the reader once the command is forked and held: it is a child of the reader or the
 * first child of one. Finding it here needs no iterator, and so no search of the kernel's BTF.
 * The slots map serves as the loop: the verifier then sees one step. */
SEC("raw_tp/vigia_add_root")
int add_root(void *ctx)
{
        struct task_struct *task = (void *)bpf_get_current_task();
        struct search s = {};

        s.self = BPF_CORE_READ(task, group_leader);
        task = s.self;
        s.node = BPF_CORE_READ(task, children.next);
        bpf_for_each_map_elem(&slots, look_at_child, &s, 0);
        task = s.root;
        if (!task)
                return 0;
        begin(task, s.parent, BPF_CORE_READ(task, tgid), shown_pid(s.parent));
        root_found = 1;
        return 0;
}

/* The memory that this exec is about to drop: its peak can still be read. Since 6.10. */
SEC("raw_tp/sched_prepare_exec")
int on_prepare_exec(struct bpf_raw_tracepoint_args *ctx)
{
        struct task_struct *task = (void *)ctx->args[0];
        struct bpf_track_member *m = member_of(BPF_CORE_READ(task, tgid));
        struct mm_struct *mm = BPF_CORE_READ(task, mm);

        if (m && mm && !(m->flags & BPF_TRACK_SHARED_MM))
                m->peak_pages = peak_pages(mm);
        return 0;
}

/* Where the tracepoints come too late, the memory is looked at just before a process lets go of
 * it: in exec (mm_release before 6.10 has no tracepoint) and in exit (before 6.17). Functions of
 * kernel/fork.c; a thread that leaves is told from the last one by the high mark only rising. */
static __always_inline int note_release(struct task_struct *task, struct mm_struct *mm)
{
        struct bpf_track_member *m = member_of(BPF_CORE_READ(task, tgid));

        if (!m || !mm || m->flags & BPF_TRACK_SHARED_MM)
                return 0;
        u64 pages = peak_pages(mm);
        if (m->peak_pages == BPF_TRACK_UNKNOWN || pages > m->peak_pages)
                m->peak_pages = pages;
        return 0;
}

SEC("kprobe/exec_mm_release")
int on_exec_release(struct pt_regs *ctx)
{
        return note_release((void *)FIRST_ARGUMENT(ctx), (void *)SECOND_ARGUMENT(ctx));
}

SEC("kprobe/exit_mm_release")
int on_exit_release(struct pt_regs *ctx)
{
        return note_release((void *)FIRST_ARGUMENT(ctx), (void *)SECOND_ARGUMENT(ctx));
}

/* Copies path and arguments behind the event; returns how long they are together. */
static __always_inline u32 exec_text(struct exec_record *r, struct task_struct *task,
                                     struct linux_binprm *bprm)
{
        struct mm_struct *mm = BPF_CORE_READ(task, mm);
        u64 start = BPF_CORE_READ(mm, arg_start), end = BPF_CORE_READ(mm, arg_end);
        u64 size = end > start ? end - start : 0;
        long n = bpf_probe_read_kernel_str(r->text, BPF_TRACK_PATH_MAX, BPF_CORE_READ(bprm, interp));
        u32 path = n > 0 ? n : 0;

        if (path > BPF_TRACK_PATH_MAX)
                path = BPF_TRACK_PATH_MAX;
        r->event.path_size = path;
        if (size > BPF_TRACK_CMDLINE_MAX) {
                size = BPF_TRACK_CMDLINE_MAX;
                r->event.flags |= BPF_TRACK_CUT;
        }
        if (bpf_probe_read_user(r->text + path, size, (void *)start) != 0)
                size = 0;
        r->event.cmdline_size = size;
        return path + size;
}

SEC("raw_tp/sched_process_exec")
int on_exec(struct bpf_raw_tracepoint_args *ctx)
{
        struct task_struct *task = (void *)ctx->args[0];
        u32 zero = 0, tgid = BPF_CORE_READ(task, tgid);
        struct bpf_track_member *m = member_of(tgid);
        struct exec_record *r = bpf_map_lookup_elem(&scratch, &zero);

        if (!m || !r)
                return 0;
        struct signal_struct *signal = BPF_CORE_READ(task, signal);
        u64 maxrss = BPF_CORE_READ(signal, maxrss);
        m->task = (u64)task; /* a thread that execs becomes the leader */
        head(&r->event, BPF_TRACK_EXEC, tgid, m);
        if (m->peak_pages != BPF_TRACK_UNKNOWN)
                r->event.peak_pages = m->peak_pages;
        else if (maxrss > m->maxrss_at_exec) /* grew with the image that ends: its peak */
                r->event.peak_pages = maxrss;
        r->event.flags = m->flags;
        m->maxrss_at_exec = maxrss;
        m->peak_pages = BPF_TRACK_UNKNOWN;
        m->flags = 0;
        r->event.threads_max = m->threads_max;
        m->threads_max = 1;
        r->event.uid = BPF_CORE_READ(task, real_cred, uid.val);
        BPF_CORE_READ_INTO(&r->event.comm, task, comm);
        add_signal(&r->event.figures, signal);
        add_thread(&r->event.figures, task);
        u64 size = exec_text(r, task, (void *)ctx->args[2]) + sizeof r->event;
        if (size > sizeof *r)
                size = sizeof *r;
        send(r, size);
        return 0;
}

static __always_inline void note_peak(struct bpf_track_member *m, struct task_struct *task)
{
        struct mm_struct *mm = BPF_CORE_READ(task, mm);

        if (mm && !(m->flags & BPF_TRACK_SHARED_MM))
                m->peak_pages = peak_pages(mm);
}

struct exit_record {
        struct bpf_track_event event;
        struct bpf_track_sender sender;
};

/* Every thread passes here; the last one ends the process. Since 6.17 its memory is still
 * there. Before, on_exit_release has seen it; without that, signal->maxrss holds the highest of
 * all images: it is this image's own only if it grew since exec. */
SEC("raw_tp/sched_process_exit")
int on_exit(struct bpf_raw_tracepoint_args *ctx)
{
        struct task_struct *task = (void *)ctx->args[0];
        u32 tgid = BPF_CORE_READ(task, tgid);
        struct bpf_track_member *m = member_of(tgid);
        struct exit_record r;
        struct bpf_track_event *e = &r.event;

        if (!m)
                return 0;
        struct signal_struct *signal = BPF_CORE_READ(task, signal);
        if (BPF_CORE_READ(signal, live.counter) != 0)
                return 0;
        if (__sync_fetch_and_add(&m->exited, 1) != 0) /* two last threads at once */
                return 0;
        note_peak(m, task);
        head(e, BPF_TRACK_EXIT, tgid, m);
        e->flags = m->flags;
        u64 maxrss = BPF_CORE_READ(signal, maxrss);
        if (m->peak_pages != BPF_TRACK_UNKNOWN)
                e->peak_pages = m->peak_pages;
        else if (!(m->flags & BPF_TRACK_SHARED_MM) && maxrss > m->maxrss_at_exec)
                e->peak_pages = maxrss;
        e->exit_code = BPF_CORE_READ(task, exit_code);
        e->threads_max = m->threads_max;
        e->uid = BPF_CORE_READ(task, real_cred, uid.val);
        BPF_CORE_READ_INTO(&e->comm, task, comm);
        add_signal(&e->figures, signal);
        add_thread(&e->figures, task);
        __builtin_memset(&r.sender, 0, sizeof r.sender);
        if (m->sender.signal && m->sender.signal == (e->exit_code & 0x7f))
                r.sender = m->sender;
        send(&r, sizeof r);
        return 0;
}

/* Reaped and about to be freed: signal_struct now holds the sums of all threads, the time that
 * the teardown of the memory took included. */
SEC("raw_tp/sched_process_free")
int on_free(struct bpf_raw_tracepoint_args *ctx)
{
        struct task_struct *task = (void *)ctx->args[0];
        u32 tgid = BPF_CORE_READ(task, tgid);
        struct bpf_track_member *m = member_of(tgid);
        struct bpf_track_event e;

        if (!m || m->task != (u64)task)
                return 0;
        head(&e, BPF_TRACK_FINAL, tgid, m);
        add_signal(&e.figures, BPF_CORE_READ(task, signal));
        bpf_map_delete_elem(&members, &tgid);
        send(&e, sizeof e);
        return 0;
}
