/* Memory that is read back from swap at a rate that costs time, and allocations that had to free memory first. */
#include "base/clock.h"
#include "detect/detect.h"
#include "detect/episode.h"
#include "detect/things.h"
#include "detect/window.h"

static const char *const memory_columns[] = {"t_ns", "swap_in_pages", "major_faults", "allocation_stalls", NULL};

static const DetectTable tables[] = {{"memory", memory_columns, false}, {NULL}};

/* A second, over 10 s, for as long in all. */
#define SWAP_IN_PAGES 1000.0
#define STALLS        50.0
#define LEAST_NS      (10 * NS_PER_SECOND)

typedef struct Reclaim {
        Window swap_window, stall_window, fault_window;
        Episode swap, stalls;
        double faults; /* a second, at most, while it swapped */
} Reclaim;

static int reclaim_observe(void *state, const DetectContext *context, const char *table, const Batch *rows, Findings *out)
{
        Reclaim *s = state;
        Cells at = cells_find(rows, "t_ns"), swap = cells_find(rows, "swap_in_pages"), faults = cells_find(rows, "major_faults"),
              stalls = cells_find(rows, "allocation_stalls");

        for (size_t row = 0; row < batch_rows(rows); row++) {
                int64_t t_ns;
                double value, rate, fault_rate = 0;
                if (!row_time(rows, at, row, &t_ns))
                        continue;
                const double seconds = (double)t_ns / 1e9;
                bool faulted = row_number(rows, faults, row, &value) && window_add(&s->fault_window, t_ns, value, seconds, &fault_rate);
                if (row_number(rows, swap, row, &value) && window_add(&s->swap_window, t_ns, value, seconds, &rate)) {
                        bool much = rate > SWAP_IN_PAGES && faulted && fault_rate > 0;
                        episode_note(&s->swap, t_ns, rate, much ? EPISODE_WARNING : EPISODE_FINE, true);
                        s->faults = much ? MAX(s->faults, fault_rate) : s->faults;
                }
                if (row_number(rows, stalls, row, &value) && window_add(&s->stall_window, t_ns, value, seconds, &rate))
                        episode_note(&s->stalls, t_ns, rate, rate > STALLS ? EPISODE_TOLD : EPISODE_FINE, true);
        }
        return 0;
}

static int reclaim_finish(void *state, const DetectContext *context, Findings *out)
{
        const Reclaim *s = state;
        char rate[FORMAT_MAX], faults[FORMAT_MAX], at[FORMAT_MAX], length[FORMAT_MAX];

        if (s->swap.total_ns >= LEAST_NS) {
                Finding *f = findings_raise(out, "swap-thrash", NULL, SEVERITY_WARNING, SURE_CERTAIN, s->swap.first_ns);
                finding_title(f, "memory was read back from swap: up to %s pages a second", format_count(rate, (uint64_t)s->swap.worst));
                finding_evidence(f, "over 10 s, most at %s, with up to %s page faults a second that waited for a disk; so much for %s",
                                 format_moment(at, s->swap.worst_ns), format_count(faults, (uint64_t)s->faults),
                                 format_duration(length, s->swap.total_ns));
                finding_meaning(f, "what ran needed more memory at once than there is, and waited for the disk instead of working");
                finding_advice(f, "run fewer jobs at once (-j), or add memory or zram");
        }
        if (s->stalls.total_ns >= LEAST_NS) {
                Finding *f = findings_raise(out, "reclaim", NULL, SEVERITY_INFO, SURE_CERTAIN, s->stalls.first_ns);
                finding_title(f, "programs had to free memory before they got some: up to %s times a second",
                              format_count(rate, (uint64_t)s->stalls.worst));
                finding_evidence(f, "allocation stalls over 10 s, most at %s; so many for %s", format_moment(at, s->stalls.worst_ns),
                                 format_duration(length, s->stalls.total_ns));
                finding_meaning(f, "memory was short: the kernel's own cleaning (kswapd) did not keep up");
        }
        return 0;
}

const Detector detector_reclaim = {
        .name = "reclaim",
        .tables = tables,
        .state_size = sizeof(Reclaim),
        .observe = reclaim_observe,
        .finish = reclaim_finish,
};
