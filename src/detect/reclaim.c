/* Memory that is read back from swap at a rate that costs time, and allocations that had to free memory first. */
#include "base/clock.h"
#include "detect/detect.h"
#include "detect/episode.h"
#include "detect/things.h"
#include "detect/window.h"

static const char *const memory_columns[] = {"t_ns", "swap_in_pages", "major_faults", "allocation_stalls", NULL};

static const char *const pressure_columns[] = {"t_ns", "resource", "some_us", NULL};

static const DetectTable tables[] = {{"memory", memory_columns, false}, {"pressure", pressure_columns, false}, {NULL}};

/* A second, over 10 s. So many pages read back cost time wherever they come from; of fewer, the kernel's own
 * account of waiting has to say it (memory pressure "some"): what compressed memory gives back at once is well. */
#define SWAP_IN_PAGES 1000.0
#define SOME_PAGES    100.0
#define SOME_RATIO    0.2
#define SWAP_NS       (5 * NS_PER_SECOND) /* in all, after the first 10 s */
#define STALLS        50.0
#define LEAST_NS      (10 * NS_PER_SECOND)

typedef struct Reclaim {
        Window swap_window, stall_window, fault_window;
        Episode swap, much, stalls; /* some pages; many */
        Window some_window;
        Episode waits; /* of tasks for memory, while it swapped or not */
        double faults; /* a second, at most, while it swapped */
} Reclaim;

static void observe_pressure(Reclaim *s, const Batch *rows)
{
        Cells at = cells_find(rows, "t_ns"), resource = cells_find(rows, "resource"), some = cells_find(rows, "some_us");

        for (size_t row = 0; row < batch_rows(rows); row++) {
                int64_t t_ns;
                double us, ratio;
                if (!row_text_is(rows, resource, row, "memory") || !row_time(rows, at, row, &t_ns) || !row_number(rows, some, row, &us) ||
                    !window_add(&s->some_window, t_ns, us, (double)t_ns / 1e3, &ratio))
                        continue;
                episode_note(&s->waits, t_ns, ratio, ratio > SOME_RATIO ? EPISODE_WARNING : EPISODE_FINE, true);
        }
}

static int reclaim_observe(void *state, const DetectContext *context, const char *table, const Batch *rows, Findings *out)
{
        Reclaim *s = state;

        if (text_equal(table, "pressure")) {
                observe_pressure(s, rows);
                return 0;
        }
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
                        bool much = rate > SOME_PAGES && faulted && fault_rate > 0;
                        episode_note(&s->much, t_ns, rate, rate > SWAP_IN_PAGES && much ? EPISODE_WARNING : EPISODE_FINE, true);
                        episode_note(&s->swap, t_ns, rate, much ? EPISODE_WARNING : EPISODE_FINE, true);
                        s->faults = much ? MAX(s->faults, fault_rate) : s->faults;
                }
                if (row_number(rows, stalls, row, &value) && window_add(&s->stall_window, t_ns, value, seconds, &rate))
                        episode_note(&s->stalls, t_ns, rate, rate > STALLS ? EPISODE_TOLD : EPISODE_FINE, true);
        }
        return 0;
}

static void tell_swap(const Reclaim *s, Findings *out)
{
        const Episode *e = s->much.total_ns >= SWAP_NS ? &s->much : &s->swap;
        char rate[FORMAT_MAX], faults[FORMAT_MAX], at[FORMAT_MAX], length[FORMAT_MAX], share[FORMAT_MAX];
        _cleanup_string_ String waits = {0};
        Finding *f = findings_raise(out, "swap-thrash", NULL, SEVERITY_WARNING, SURE_CERTAIN, e->first_ns);

        if (!f)
                return;
        f->cause = true; /* of the time it took: told before how little was left */
        if (s->waits.worst_level != EPISODE_FINE)
                string_add_format(&waits, "; tasks waited for memory up to %s of the time", format_percent(share, MIN(s->waits.worst, 1.0)));
        finding_title(f, "memory was read back from swap: up to %s pages a second", format_count(rate, (uint64_t)e->worst));
        finding_evidence(f, "over 10 s, most at %s, with up to %s page faults a second that waited for it; so much for %s%s",
                         format_moment(at, e->worst_ns), format_count(faults, (uint64_t)s->faults), format_duration(length, e->total_ns),
                         string_get(&waits));
        finding_meaning(f, "what ran needed more memory at once than there is, and waited for it to come back instead of working");
        finding_advice(f, "run fewer jobs at once (-j), or add memory or zram");
}

static int reclaim_finish(void *state, const DetectContext *context, Findings *out)
{
        const Reclaim *s = state;
        char rate[FORMAT_MAX], at[FORMAT_MAX], length[FORMAT_MAX];

        const bool swapped = s->much.total_ns >= SWAP_NS || (s->swap.total_ns >= SWAP_NS && s->waits.total_ns >= SWAP_NS);
        if (swapped)
                tell_swap(s, out);
        if (s->stalls.total_ns >= LEAST_NS && !swapped) {
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
