/*
 * The kernel's tracepoints as tracefs lists them. Documentation/trace/events.rst.
 */
#pragma once

#include <stdint.h>

#include "base/error.h"
#include "host/host.h"

/* The number of an event, "kmem/mm_page_alloc_extfrag", for perf_event_open(2). 0, or -ENOENT,
 * -EACCES with a sentence in `why`, and in `fix` (may be NULL) the command that helps, if any. */
int tracefs_event_id(const Host *host, const char *event, uint64_t *ret, Error *why, Error *fix);
