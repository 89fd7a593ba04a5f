/*
 * What already runs when a recording begins (attach): an iterator writes one record a thread,
 * and the reader decides which processes belong. A separate object, as attaching an iterator
 * needs the whole kernel BTF, for which `run` has no time.
 */
#include "bpf/figures.h"
#include "bpf/pid.h"

char LICENSE[] SEC("license") = "Dual MIT/GPL";

const volatile u32 pid_level = 0; /* of the reader's pid namespace */

SEC("iter/task")
int list_threads(struct bpf_iter__task *ctx)
{
        struct task_struct *task = ctx->task;
        struct bpf_seed_thread t = {};

        if (!task)
                return 0;
        struct task_struct *leader = BPF_CORE_READ(task, group_leader);
        struct signal_struct *signal = BPF_CORE_READ(task, signal);
        t.task = (u64)task;
        t.tgid = BPF_CORE_READ(task, tgid);
        t.tid = BPF_CORE_READ(task, pid);
        t.parent_tgid = BPF_CORE_READ(task, real_parent, tgid);
        t.start_ns = BPF_CORE_READ(task, start_boottime);
        t.threads = BPF_CORE_READ(signal, nr_threads);
        t.maxrss = BPF_CORE_READ(signal, maxrss);
        t.uid = BPF_CORE_READ(task, real_cred, uid.val);
        t.is_kernel = (BPF_CORE_READ(task, flags) & PF_KTHREAD) != 0;
        t.is_dead = BPF_CORE_READ(signal, live.counter) == 0;
        t.pid = pid_at_level(leader, pid_level);
        BPF_CORE_READ_INTO(&t.comm, task, comm);
        if (task == leader)
                add_signal(&t.figures, signal);
        add_thread(&t.figures, task);
        bpf_seq_write(ctx->meta->seq, &t, sizeof t);
        return 0;
}
