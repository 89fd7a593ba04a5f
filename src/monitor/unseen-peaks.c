/* Only what rises above all before is told: a row for each of a storm's processes would say nothing. */
#include "monitor/unseen-peaks.h"

#include "base/macros.h"

enum {
        WORTH_RATIO = 64,       /* a peak is told if it is higher by a 64th … */
        WORTH_BYTES = 64 << 10, /* … and by this */
};

void unseen_peaks_tick(UnseenPeaks *u, const ProcessSums *sums, uint64_t now_ns)
{
        u->held = *sums;
        u->row_ns = now_ns;
        u->highest_bytes = MAX(u->highest_bytes, sums->pss > 0 ? sums->pss : sums->rss);
}

static uint64_t less(uint64_t a, uint64_t b)
{
        return a > b ? a - b : 0;
}

/* Its memory at its peak. What came after its last sample is its own; of one that was never sampled the pages of
 * files are as other instances of its program had them. False: it is not known, or a tick saw it. */
static bool at_peak(const Process *p, const TrackEvent *event, const PssReader *pss, Process *ret)
{
        uint64_t peak = event->peak_rss_bytes;
        ProcessWatch *w = &ret->watch;
        TrackSample *now = &w->now;

        if (!event->peak_exact || peak == TRACK_UNKNOWN)
                return false;
        *ret = *p;
        if (!p->watch.seen) {
                if (!p->execed)
                        return false; /* most of it is its parent's */
                *now = (TrackSample){.pid = p->pid, .rss_anon_bytes = peak};
                if (pss)
                        pss_guess_unseen(pss, ret);
        } else {
                uint64_t then = now->peak_rss_bytes != TRACK_UNKNOWN ? now->peak_rss_bytes : process_resident(now);
                if (peak <= then || then < process_resident(now))
                        return false;
                uint64_t grown = peak - process_resident(now);
                now->rss_anon_bytes += grown;
                w->pss_bytes += grown;
        }
        now->peak_rss_bytes = peak;
        now->user_us = now->system_us = now->read_bytes = now->write_bytes = TRACK_UNKNOWN;
        now->threads = now->fds = UINT32_MAX;
        w->pss_read_ns = 0; /* an estimate */
        return true;
}

bool unseen_peaks_end(UnseenPeaks *u, const Process *p, const TrackEvent *event, const PssReader *pss,
                      Process *ret_process, ProcessSums *ret_sums)
{
        ProcessSums *held = &u->held;
        bool higher = false;

        if (p->watch.seen) {
                held->processes = less(held->processes, 1);
                held->threads = less(held->threads, p->watch.now.threads == UINT32_MAX ? 1 : p->watch.now.threads);
                held->rss = less(held->rss, process_resident(&p->watch.now));
                held->pss = less(held->pss, p->watch.pss_bytes);
                held->swap = less(held->swap, p->watch.now.swap_bytes == TRACK_UNKNOWN ? 0 : p->watch.now.swap_bytes);
        }
        if (at_peak(p, event, pss, ret_process) && event->time_ns > u->row_ns) {
                *ret_sums = *held;
                ret_sums->processes++;
                ret_sums->threads += MAX(event->threads_max, 1u);
                ret_sums->rss += process_resident(&ret_process->watch.now);
                ret_sums->pss += ret_process->watch.pss_bytes;
                uint64_t bytes = pss ? ret_sums->pss : ret_sums->rss;
                higher = bytes >= u->highest_bytes + u->highest_bytes / WORTH_RATIO + WORTH_BYTES;
                if (higher) {
                        u->highest_bytes = bytes;
                        u->row_ns = event->time_ns;
                }
        }
        return higher;
}
