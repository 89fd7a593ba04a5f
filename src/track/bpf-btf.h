/*
 * A small BTF for CO-RE. Letting libbpf parse the whole kernel BTF (5 to 10 MB, 60,000 types)
 * and search it for every structure costs more than all else at start-up. Here the raw BTF is
 * walked once, and the dozen structures that our programs read are copied into a BTF of a few
 * KiB, which libbpf then takes as its custom BTF. Format: Documentation/bpf/btf.rst.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "host/host.h"

/* What else the walk tells: which tracepoints there are, and what they are given. */
typedef struct BpfBtfFacts {
        bool prepare_exec; /* sched_prepare_exec is there (6.10) */
        bool map_memory;   /* hash maps can take memory as they need it, in any context (6.1) */
        bool exit_has_mm;  /* sched_process_exit comes before the memory goes (6.17): it has the
                              argument group_dead since then */
} BpfBtfFacts;

/* Finds the structures `names` (NULL-terminated) in raw kernel BTF and writes them, with the
 * unnamed and by-value structures they contain, as BTF to a memfd. Returns the descriptor, or
 * -EBADMSG (not BTF, damaged), -ENOMEM. Names that are not there are left out. */
int bpf_btf_reduce(const void *raw, size_t size, const char *const *names, BpfBtfFacts *facts,
                   Error *err);

/* The same from the running kernel's /sys/kernel/btf/vmlinux; -ENOENT: kernel without BTF. */
int bpf_btf_of_kernel(const Host *host, const char *const *names, BpfBtfFacts *facts, Error *err);
