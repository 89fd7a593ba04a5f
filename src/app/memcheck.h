/*
 * What valgrind's memcheck writes with --xml=yes (valgrind's docs/internals/xml-output-protocol4.txt), read by expat as
 * it streams: leaks by the place that took the memory. Bounded: a document type is refused, nesting is at most 64
 * deep, texts are cut, LeakSites has its own bounds.
 */
#pragma once

#include "app/leak-sites.h"
#include "base/error.h"

typedef struct Memcheck {
        LeakSites sites;
        uint64_t processes; /* files read */
        uint64_t cut_off;   /* of them ended in the middle, or could be read no further: the process was killed */
        uint64_t errors;    /* other than leaks: invalid reads, uninitialised values … */
} Memcheck;

void memcheck_done(Memcheck *memcheck);

/* Whether expat is there. */
int memcheck_can_read(Error *why); /* 0 or -EOPNOTSUPP */

/* Adds a file (fd borrowed, from where it stands). 0; -EBADMSG with a place, what was read before stays; -EOPNOTSUPP,
 * -ENOMEM, a read error. A file that only ends too early is 0, and counted. */
int memcheck_read(Memcheck *memcheck, int fd, const char *shown_path, Error *err);
