/* Who was alive at given moments, with memory and CPU time as they were last sampled. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "base/macros.h"
#include "store/run.h"

#define HELD_UNKNOWN UINT64_MAX

typedef struct HeldProcess {
        uint64_t key;
        int64_t begin_ns, end_ns; /* of the image; INT64_MAX: alive at the end */
        int32_t pid;
        uint64_t rss_bytes;  /* HELD_UNKNOWN: not sampled yet */
        double cpu_percent;  /* of one CPU since the moment before, or its first sample; NAN: unknown */
        char *name, *words;  /* program; command line; owned, cut, made safe for one line */
        uint64_t cpu_us, base_us; /* so far; at the moment before. HELD_UNKNOWN */
        int64_t base_ns;
} HeldProcess;

typedef struct HeldProcesses HeldProcesses;

/* Reads the table of processes. 0 or as run.h. */
int held_processes_new(RunReader *run, HeldProcesses **ret, Error *err);
HeldProcesses *held_processes_free(HeldProcesses *processes);
DEFINE_CLEANUP(HeldProcesses, held_processes)

/* Moves to t_ns, never back: *ret are those alive then, in the order they began. */
int held_processes_move(HeldProcesses *processes, int64_t t_ns, HeldProcess *const **ret, size_t *n, Error *err);

const HeldProcess *held_processes_find(const HeldProcesses *processes, uint64_t key); /* NULL: none */
