/* The pid of a process as a pid namespace knows it. include/linux/pid.h. */
#pragma once

#include "bpf/kernel.h"

#include <bpf/bpf_helpers.h>
#include <bpf/bpf_core_read.h>

/* `level`: of the namespace, 0 the first. 0: not visible there. */
static __always_inline s32 pid_at_level(struct task_struct *leader, u32 level)
{
        s32 nr = 0;

        if (level == 0)
                return BPF_CORE_READ(leader, tgid);
        struct pid *pid = BPF_CORE_READ(leader, thread_pid);
        if (pid && BPF_CORE_READ(pid, level) >= level)
                bpf_probe_read_kernel(&nr, sizeof nr,
                                      (void *)pid + bpf_core_field_offset(struct pid, numbers) +
                                              level * bpf_core_type_size(struct upid));
        return nr;
}
