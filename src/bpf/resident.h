/*
 * Resident memory of a process, exactly. Until 6.1 the kernel keeps plain counters. Since 6.2
 * they are percpu_counters: `count`, off by up to a batch a CPU, and an s32 a CPU for the rest.
 */
#pragma once

#include "bpf/kernel.h"

#include <bpf/bpf_helpers.h>
#include <bpf/bpf_core_read.h>

enum { MAX_CPUS = 1024 };

const volatile u32 n_cpus = 1;  /* set by the reader before loading */
u64 percpu_offset[MAX_CPUS];    /* __per_cpu_offset, found by prepare() */

struct resident {
        s64 pages[NR_MM_COUNTERS];
};

/* The kernel shows the rough value; summed here where the error would matter, or if asked. */
static __always_inline void read_resident(struct mm_struct *mm, bool exact, struct resident *r)
{
        if (!bpf_core_field_exists(mm->rss_stat[0].counters)) {
                struct mm_struct___until_6_1 *old = (void *)mm;
                BPF_CORE_READ_INTO(&r->pages, old, rss_stat.count);
                return;
        }
        u32 size = bpf_core_type_size(struct percpu_counter);
        void *at = (void *)mm + bpf_core_field_offset(struct mm_struct, rss_stat);
        s64 batch = 2 * n_cpus > 32 ? 2 * n_cpus : 32, sum = 0;
        s32 *rest[NR_MM_COUNTERS];

#pragma unroll
        for (int i = 0; i < NR_MM_COUNTERS; i++) {
                bpf_probe_read_kernel(&r->pages[i], sizeof r->pages[i],
                                      at + i * size +
                                              bpf_core_field_offset(struct percpu_counter, count));
                bpf_probe_read_kernel(&rest[i], sizeof rest[i],
                                      at + i * size +
                                              bpf_core_field_offset(struct percpu_counter, counters));
                if (i != MM_SWAPENTS)
                        sum += r->pages[i];
        }
        if (!exact && sum > 100 * batch * n_cpus)
                return;
        for (u32 cpu = 0; cpu < n_cpus && cpu < MAX_CPUS; cpu++) {
                u64 offset = percpu_offset[cpu];
#pragma unroll
                for (int i = 0; i < NR_MM_COUNTERS; i++) {
                        s32 more = 0;
                        bpf_probe_read_kernel(&more, sizeof more, (void *)rest[i] + offset);
                        r->pages[i] += more;
                }
        }
}

static __always_inline u64 resident_sum(const struct resident *r)
{
        s64 sum = r->pages[MM_FILEPAGES] + r->pages[MM_ANONPAGES] + r->pages[MM_SHMEMPAGES];

        return sum > 0 ? sum : 0;
}

/* VmHWM in pages: the kernel notes a high mark only when memory shrinks, so "now" counts too. */
static __noinline __attribute__((unused)) u64 peak_pages(struct mm_struct *mm)
{
        struct resident r = {};
        u64 mark = BPF_CORE_READ(mm, hiwater_rss);

        read_resident(mm, true, &r);
        u64 now = resident_sum(&r);
        return mark > now ? mark : now;
}
