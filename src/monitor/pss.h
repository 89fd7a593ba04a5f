/*
 * The proportional share of each process (PSS), which adds up over a tree where RSS counts
 * shared pages again and again. Only the kernel can tell it, and telling is dear: smaps_rollup
 * walks the page tables under mmap_lock, 40 µs and up, 20 ms per GB. So it is read under a
 * budget of CPU time, where it is most in doubt first, and followed in between: anonymous
 * growth is private until known otherwise; shared memory keeps the ratio last read, and file pages are
 * shared by the instances of a program (file-shares.h).
 */
#pragma once

#include <stdint.h>

#include "host/host.h"
#include "track/process-table.h"

typedef struct PssReader PssReader;

/* budget_ratio: of one CPU, for all that vigia does (0.01); reading stops while it is used up. */
int pss_reader_new(const Host *host, const ProcessTable *table, double budget_ratio, PssReader **ret);
PssReader *pss_reader_free(PssReader *reader);
DEFINE_CLEANUP(PssReader, pss_reader)

/* Whether the sum over the tree is brought to what the kernel counts of its shared memory (tree-pss.h): processes that
 * were not read may then count too much, and never too little. To be told before samples. */
void pss_shmem_is_counted(PssReader *reader, bool counted);

/* Takes the new sample in process->watch into account: watch.pss_bytes follows. */
void pss_follow(PssReader *reader, Process *process);

/* Of a process that no sample saw, all of which is in watch.now.rss_anon_bytes: what of it are pages of files, and
 * watch.pss_bytes. */
void pss_guess_unseen(const PssReader *reader, Process *process);

/* Shared memory that appears in one process changes the share of all that map it: to be told of
 * every change of a sample. A process that ends counts as one whose `now` is all zero. */
void pss_note_shared(PssReader *reader, const TrackSample *before, const TrackSample *now);

/* Looks at who holds file pages now: before pss_read_some. */
void pss_count_files(PssReader *reader);
/* What the tree holds of file pages, each once, as counted and read since. */
uint64_t pss_file_bytes(const PssReader *reader);

/* Reads those in most doubt, as far as the budget allows. elapsed_ns: since the recording
 * began; own_cpu_ns: used by vigia so far; 0: not read at this tick. */
void pss_read_some(PssReader *reader, uint64_t now_ns, uint64_t elapsed_ns, uint64_t own_cpu_ns);

uint64_t pss_reads(const PssReader *reader); /* how many so far */
