/* Sums of what threads used: those that are gone (signal_struct) and those alive (task_struct). */
#pragma once

#include "bpf/kernel.h"

#include <bpf/bpf_helpers.h>
#include <bpf/bpf_core_read.h>

#include "bpf/track.event.h"

static __always_inline void add_io(struct bpf_track_figures *f, struct task_io_accounting *io)
{
        f->read_bytes += BPF_CORE_READ(io, read_bytes);
        f->write_bytes += BPF_CORE_READ(io, write_bytes);
        f->rchar += BPF_CORE_READ(io, rchar);
        f->wchar += BPF_CORE_READ(io, wchar);
}

/* Threads that are gone. */
static __always_inline void add_signal(struct bpf_track_figures *f, struct signal_struct *s)
{
        f->runtime_ns += BPF_CORE_READ(s, sum_sched_runtime);
        f->utime_ns += BPF_CORE_READ(s, utime);
        f->stime_ns += BPF_CORE_READ(s, stime);
        f->min_flt += BPF_CORE_READ(s, min_flt);
        f->maj_flt += BPF_CORE_READ(s, maj_flt);
        f->nvcsw += BPF_CORE_READ(s, nvcsw);
        f->nivcsw += BPF_CORE_READ(s, nivcsw);
        if (bpf_core_field_exists(s->ioac.rchar))
                add_io(f, (void *)s + bpf_core_field_offset(struct signal_struct, ioac));
}

static __always_inline void add_thread(struct bpf_track_figures *f, struct task_struct *t)
{
        f->runtime_ns += BPF_CORE_READ(t, se.sum_exec_runtime);
        f->utime_ns += BPF_CORE_READ(t, utime);
        f->stime_ns += BPF_CORE_READ(t, stime);
        f->min_flt += BPF_CORE_READ(t, min_flt);
        f->maj_flt += BPF_CORE_READ(t, maj_flt);
        f->nvcsw += BPF_CORE_READ(t, nvcsw);
        f->nivcsw += BPF_CORE_READ(t, nivcsw);
        if (bpf_core_field_exists(t->ioac.rchar))
                add_io(f, (void *)t + bpf_core_field_offset(struct task_struct, ioac));
}
