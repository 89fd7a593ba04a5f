/*
 * Peaks of the tree between two ticks. A process that grew after its last sample, or that no tick saw, held
 * its peak a moment before it ended at the latest: with what the last tick saw of all others that still live the
 * tree was at least about as high. The kernel tells that peak exactly (TrackEvent.peak_exact); what of it is
 * shared with others is estimated.
 */
#pragma once

#include "monitor/process-figures.h"
#include "monitor/pss.h"
#include "track/track.h"

/* All zero at the beginning. */
typedef struct UnseenPeaks {
        ProcessSums held;       /* as the last row told; those that ended since are taken out */
        uint64_t highest_bytes; /* of the tree, ever; where PSS is not read the sum of RSS */
        uint64_t row_ns;        /* time of that row */
} UnseenPeaks;

/* A tick told these; pss with pages of files, 0: not read. */
void unseen_peaks_tick(UnseenPeaks *peaks, const ProcessSums *sums, uint64_t now_ns);

/* An image ends by EXEC or EXIT; to be called before the table applies the event. pss NULL: not read. True: the
 * tree was not yet as high; *ret_process is the process at its peak (its strings are borrowed from `process`) and
 * *ret_sums the tree then, for rows at the event's time. */
bool unseen_peaks_end(UnseenPeaks *peaks, const Process *process, const TrackEvent *event, const PssReader *pss,
                      Process *ret_process, ProcessSums *ret_sums);
