/* What one program image used: the difference between its last figures and those of its exec. */
#include "track/process-table.h"

/* The run time is exact; how it divides is measured in ticks and corrected by the kernel as it
 * goes, so differences of user and system time need not add up. */
static void rescale(TrackFigures *d)
{
        if (d->cpu_ns == TRACK_UNKNOWN || d->user_ns == TRACK_UNKNOWN ||
            d->system_ns == TRACK_UNKNOWN || d->user_ns + d->system_ns == 0)
                return;
        d->user_ns = (uint64_t)((unsigned __int128)d->cpu_ns * d->user_ns /
                                (d->user_ns + d->system_ns));
        d->system_ns = d->cpu_ns - d->user_ns;
}

TrackFigures process_figures(const Process *process)
{
        TrackFigures d;
        uint64_t *to = (uint64_t *)&d;
        const uint64_t *last = (const uint64_t *)&process->last;
        const uint64_t *base = (const uint64_t *)&process->base;

        for (size_t i = 0; i < sizeof d / sizeof *to; i++)
                to[i] = last[i] == TRACK_UNKNOWN || base[i] == TRACK_UNKNOWN ? TRACK_UNKNOWN
                        : last[i] < base[i]                                  ? 0
                                                                             : last[i] - base[i];
        rescale(&d);
        return d;
}
