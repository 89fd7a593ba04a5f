/*
 * Samples from /proc for sources without an iterator of their own (perf, poll, and bpf where
 * iterators are refused): descriptors of stat, statm and io kept open per process and read
 * again with pread(2), about half the cost of opening anew. Descriptors are a bounded pool
 * (a quarter of RLIMIT_NOFILE): beyond it the file is opened and closed.
 */
#pragma once

#include "track/track.h"

typedef struct ProcSampler ProcSampler;

int proc_sampler_new(const Host *host, ProcSampler **ret);
ProcSampler *proc_sampler_free(ProcSampler *sampler);
DEFINE_CLEANUP(ProcSampler, proc_sampler)

/* 0 and *ret; PROC_GONE (1) when the pid has exited or is another process than start_ns says
 * (0: not checked; compared at clock-tick exactness); -errno else. */
enum { PROC_GONE = 1 };
int proc_sampler_read(ProcSampler *sampler, pid_t pid, uint64_t start_ns, TrackSample *ret);

/* Forgets a process that ended. */
void proc_sampler_forget(ProcSampler *sampler, pid_t pid);
