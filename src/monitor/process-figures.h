/* What samples say of a process, and sums over processes; no tick, no table. */
#pragma once

#include "track/process-table.h"

typedef struct ProcessSums {
        uint64_t processes, threads, rss, pss, pss_anon, pss_shmem, swap, cpu_us, read_bytes, write_bytes;
} ProcessSums;

/* All of it that is in memory, in bytes: RSS. */
uint64_t process_resident(const TrackSample *sample);

/* Whether the newest sample says anything else than the last row. */
bool process_sample_differs(const ProcessWatch *watch);

/* From the newest sample: peaks only rise, time only goes forward. */
void process_raise_peaks(Process *process);
void process_advance_time(Process *process);

/* What the image used so far, kept in its watch for the sums. */
void process_note_figures(Process *process);
/* pss: without file pages, which are counted by program (pss.h). Of one that is over only its time and its I/O. */
void process_sums_add(ProcessSums *sums, const Process *process);
