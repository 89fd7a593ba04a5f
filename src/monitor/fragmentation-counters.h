/*
 * The counters of src/bpf/fragmentation.bpf.c, running in the kernel from _new to _free; without
 * libbpf fragmentation-absent.c stands in, whose _probe and _new say so.
 */
#pragma once

#include <stdint.h>

#include "base/error.h"
#include "bpf/fragmentation.event.h"
#include "host/host.h"

typedef struct FragmentationCounters FragmentationCounters;

/* 0, or -errno with the reason. Loads nothing. */
int fragmentation_counters_probe(const Host *host, Error *why);

int fragmentation_counters_new(const Host *host, FragmentationCounters **ret, Error *err);
FragmentationCounters *fragmentation_counters_free(FragmentationCounters *counters);

/* Borrowed; the kernel goes on counting in them. FALLBACK_CELLS and two (asynchronous,
 * synchronous). */
const uint64_t *fragmentation_fallbacks(const FragmentationCounters *counters);
const struct bpf_compaction *fragmentation_compactions(const FragmentationCounters *counters);
