/*
 * The systemd journal of some units, from the moment of opening on. By libsystemd, which is loaded
 * at run time; without its headers journal-reader-absent.c stands in and says so. Reading a
 * journal may not move to another process (sd-journal(3)).
 */
#pragma once

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/error.h"
#include "base/macros.h"

typedef struct JournalReader JournalReader;

enum {
        JOURNAL_UNITS_MAX = 32,
        JOURNAL_NAME_MAX = 256,
        JOURNAL_MESSAGE_MAX = 8192, /* longer ones are cut */
};

typedef struct JournalEntry {
        uint64_t realtime_us;
        uint64_t monotonic_us; /* CLOCK_MONOTONIC; 0: the entry is of another boot or machine */
        int priority;          /* syslog(3) 0 … 7; -1: none */
        pid_t pid;             /* who wrote it; 0: unknown, or the manager about its unit */
        char unit[JOURNAL_NAME_MAX];
        char identifier[64]; /* program, "" if unknown */
        size_t size;
        char message[JOURNAL_MESSAGE_MAX]; /* any bytes, NUL-terminated */
} JournalEntry;

/* Whether there is a journal that we may read. 0, or -errno with the reason and the command that
 * helps, or "". directory: NULL is this machine's journal. */
int journal_reader_probe(const char *directory, Error *why, Error *fix);

/* Units as systemctl takes them; without a suffix ".service" is meant. */
int journal_reader_new(const char *directory, const char *const *units, size_t n,
                       JournalReader **ret, Error *err);
JournalReader *journal_reader_free(JournalReader *reader);
DEFINE_CLEANUP(JournalReader, journal_reader)

/* Readable (EPOLLIN) when the journal has changed; owned by the reader. */
int journal_reader_fd(JournalReader *reader);

/* To be called when fd is readable, before _next. 0 or -errno. */
int journal_reader_process(JournalReader *reader);

/* The next entry of the units. 0, -ENOENT: none for now, other -errno. Entries that are damaged
 * or without a message are passed over. */
int journal_reader_next(JournalReader *reader, JournalEntry *ret);
