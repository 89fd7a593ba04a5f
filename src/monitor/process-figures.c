/* Unknown counts as nothing in a sum, and changes nothing else. */
#include "monitor/process-figures.h"

uint64_t process_resident(const TrackSample *s)
{
        return s->rss_anon_bytes + s->rss_file_bytes + s->rss_shmem_bytes;
}

bool process_sample_differs(const ProcessWatch *w)
{
        const TrackSample *a = &w->now, *b = &w->written;

        return a->rss_anon_bytes != b->rss_anon_bytes || a->rss_file_bytes != b->rss_file_bytes ||
               a->rss_shmem_bytes != b->rss_shmem_bytes || a->swap_bytes != b->swap_bytes ||
               a->user_us != b->user_us || a->system_us != b->system_us ||
               a->threads != b->threads || a->fds != b->fds || a->read_bytes != b->read_bytes ||
               a->write_bytes != b->write_bytes || w->pss_bytes != w->written_pss_bytes;
}

void process_raise_peaks(Process *p)
{
        const TrackSample *s = &p->watch.now;
        uint64_t rss = s->peak_rss_bytes != TRACK_UNKNOWN ? s->peak_rss_bytes : process_resident(s);

        if (rss > 0 && (p->peak_rss_bytes == TRACK_UNKNOWN || rss > p->peak_rss_bytes)) {
                p->peak_rss_bytes = rss;
                p->peak_source = PEAK_SAMPLED;
        }
        if (s->threads != UINT32_MAX)
                p->threads_max = MAX(p->threads_max, s->threads);
        if (s->fds != UINT32_MAX)
                p->fds_max = MAX(p->fds_max, s->fds);
}

void process_advance_time(Process *p)
{
        const TrackSample *s = &p->watch.now;
        TrackFigures *f = &p->last;

        if (s->user_us == TRACK_UNKNOWN || s->system_us == TRACK_UNKNOWN)
                return;
        /* ticks of /proc are coarser than what events told: only forward */
        uint64_t cpu = (s->user_us + s->system_us) * 1000;
        if (f->cpu_ns == TRACK_UNKNOWN || cpu > f->cpu_ns)
                f->cpu_ns = cpu;
        f->user_ns = s->user_us * 1000;
        f->system_ns = s->system_us * 1000;
        if (s->read_bytes != TRACK_UNKNOWN)
                f->read_bytes = s->read_bytes;
        if (s->write_bytes != TRACK_UNKNOWN)
                f->write_bytes = s->write_bytes;
}

void process_note_figures(Process *p)
{
        TrackFigures f = process_figures(p);
        ProcessWatch *w = &p->watch;

        w->cpu_us = f.cpu_ns == TRACK_UNKNOWN ? 0 : f.cpu_ns / 1000;
        w->read_bytes = f.read_bytes == TRACK_UNKNOWN ? 0 : f.read_bytes;
        w->write_bytes = f.write_bytes == TRACK_UNKNOWN ? 0 : f.write_bytes;
}

void process_sums_add(ProcessSums *sums, const Process *p)
{
        const ProcessWatch *w = &p->watch;

        sums->cpu_us += w->cpu_us;
        sums->read_bytes += w->read_bytes;
        sums->write_bytes += w->write_bytes;
        if (p->end_ns)
                return;
        sums->processes++;
        if (!w->seen) {
                sums->threads++;
                return;
        }
        sums->threads += w->now.threads == UINT32_MAX ? 1 : w->now.threads;
        sums->rss += process_resident(&w->now);
        sums->pss += w->pss_anon_now + w->pss_shmem_now;
        sums->pss_anon += w->pss_anon_now;
        sums->pss_shmem += w->pss_shmem_now;
        sums->swap += w->now.swap_bytes == TRACK_UNKNOWN ? 0 : w->now.swap_bytes;
}
