/*
 * Samples from /proc for sources without an iterator of their own (perf, poll, and bpf where
 * iterators are refused): descriptors of stat, statm, status, io and fd kept open per process
 * and read again with pread(2), about half the cost of opening anew. Descriptors are a bounded
 * pool (a quarter of RLIMIT_NOFILE): beyond it the file is opened and closed.
 *
 * stat is read every time; the others only when stat shows that something moved, or now and
 * then. So an idle process costs one pread, and one that faults memory in costs a status too,
 * whose VmHWM is then exact at every tick.
 */
#pragma once

#include "host/proc-identity.h" /* PROC_GONE */
#include "track/track.h"

typedef struct ProcSampler ProcSampler;

int proc_sampler_new(const Host *host, ProcSampler **ret);
ProcSampler *proc_sampler_free(ProcSampler *sampler);
DEFINE_CLEANUP(ProcSampler, proc_sampler)

/* 0 and *ret; PROC_GONE (1) when the pid has exited (a zombie, too) or is another process than
 * start_ns says (0: not checked, but not another one than at the last call either; compared at
 * clock-tick exactness); -errno else, *ret untouched.
 * ret->start_ns is start_ns, or, where that is 0, field 22 of stat as ns (rounded down to a
 * tick). swap, peak, read and write bytes are TRACK_UNKNOWN, fds UINT32_MAX, where the process
 * is another user's and may not be looked into; the rss parts are then file and shmem in one,
 * rss_file_bytes. */
int proc_sampler_read(ProcSampler *sampler, pid_t pid, uint64_t start_ns, TrackSample *ret);

/* Forgets a process that ended. */
void proc_sampler_forget(ProcSampler *sampler, pid_t pid);
