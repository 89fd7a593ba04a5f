/* Rows of totals: the tree's peak and its curves. */
#include <errno.h>
#include <string.h>

#include "base/clock.h"
#include "base/text.h"
#include "model/summary-builder.h"

enum { LATE_US = 10000 }; /* a tick this late is worth telling */

const char *const summary_total_columns[] = {"t_ns",         "processes",         "rss_bytes",
                                             "pss_bytes",    "cgroup_peak_bytes", "cgroup_bytes",
                                             "cpu_us",       "late_us",           NULL};

static void raise(uint64_t *highest, Cells c, size_t row)
{
        uint64_t value;

        if (cells_get(c, row, &value) && (*highest == SUMMARY_UNKNOWN || value > *highest))
                *highest = value;
}

/* PSS where there is any: RSS counts shared pages once for each process. */
static void observe_memory(SummaryBuilder *b, int64_t t_ns, Cells pss, Cells rss, size_t row)
{
        Summary *s = b->summary;
        uint64_t pss_before = s->peak_pss_bytes, rss_before = s->peak_rss_bytes, bytes;
        bool has_pss = cells_get(pss, row, &bytes);

        raise(&s->peak_rss_bytes, rss, row);
        raise(&s->peak_pss_bytes, pss, row);
        if (!has_pss && !cells_get(rss, row, &bytes))
                return;
        uint64_t before = has_pss ? pss_before : rss_before;
        if ((has_pss || s->peak_pss_bytes == SUMMARY_UNKNOWN) &&
            (before == SUMMARY_UNKNOWN || bytes > before)) {
                s->peak_t_ns = t_ns;
                s->peak_known = true;
        }
        series_add(&s->memory, b->have_total ? b->total_t_ns : t_ns, t_ns,
                   b->have_total ? b->total_bytes : (double)bytes);
        series_add(&s->memory, t_ns, t_ns, (double)bytes);
        b->total_bytes = (double)bytes;
}

int summary_observe_totals(SummaryBuilder *b, const Batch *rows)
{
        Summary *s = b->summary;
        Cells t = cells_find(rows, "t_ns"), pss = cells_find(rows, "pss_bytes");
        Cells rss = cells_find(rows, "rss_bytes"), cpu = cells_find(rows, "cpu_us");
        Cells late = cells_find(rows, "late_us"), processes = cells_find(rows, "processes");
        Cells cgroup = cells_find(rows, "cgroup_peak_bytes"), now = cells_find(rows, "cgroup_bytes");

        for (size_t row = 0; row < batch_rows(rows); row++) {
                uint64_t cell, cpu_us, late_us = cells_or(late, row, 0);
                if (!cells_get(t, row, &cell))
                        continue;
                int64_t t_ns = (int64_t)cell;
                bool has_cpu = cells_get(cpu, row, &cpu_us);
                s->ticks += has_cpu || b->total_cpu_t_ns == 0; /* else it is between two ticks */
                s->late_ticks += late_us > LATE_US;
                s->latest_us = MAX(s->latest_us, late_us);
                s->last_ns = MAX(s->last_ns, t_ns);
                s->most_processes = MAX(s->most_processes, (unsigned)cells_or(processes, row, 0));
                raise(&s->peak_cgroup_bytes, cgroup, row);
                raise(&s->peak_cgroup_bytes, now, row);
                observe_memory(b, t_ns, pss, rss, row);
                if (has_cpu) {
                        if (cpu_us > b->total_cpu_us)
                                series_add(&s->cpu, b->total_cpu_t_ns, t_ns, (double)(cpu_us - b->total_cpu_us) / 1e6);
                        b->total_cpu_us = MAX(b->total_cpu_us, cpu_us);
                        b->total_cpu_t_ns = t_ns;
                }
                b->have_total = true;
                b->total_t_ns = t_ns;
        }
        return 0;
}

void summary_finish_totals(SummaryBuilder *b)
{
        Summary *s = b->summary;

        if (s->cpu_us == SUMMARY_UNKNOWN && b->total_cpu_us > 0)
                s->cpu_us = b->total_cpu_us;
}
