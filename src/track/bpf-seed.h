/* Puts processes that already run into the scope (attach), by an iterator over tasks. */
#pragma once

#include <stdbool.h>
#include <sys/types.h>

#include "base/error.h"
#include "bpf/track.event.h"

typedef void (*BpfSeedFn)(const struct bpf_track_event *found, void *data);

/* Writes members_fd (struct bpf_track_member by tgid) and calls fn for each process added; pid
 * 0: all processes but kernel threads. Repeats until nobody new is found, so that children
 * forked meanwhile are in. -ESRCH: no such process. Exited and our own are left out. */
int bpf_seed(int members_fd, uint32_t pid_level, pid_t pid, bool descendants, BpfSeedFn fn,
             void *data, Error *err);
