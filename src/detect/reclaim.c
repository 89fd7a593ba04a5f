/* Memory that is read back from swap at a rate that costs time, allocations that had to free memory first, and a
 * cgroup's memory.high, which slows down whoever is over it. */
#include <string.h>

#include "base/clock.h"
#include "detect/cgroup-advice.h"
#include "detect/detect.h"
#include "detect/episode.h"
#include "detect/things.h"
#include "detect/window.h"

static const char *const memory_columns[] = {"t_ns", "swap_in_pages", "major_faults", "allocation_stalls", NULL};

static const char *const cgroup_columns[] = {"t_ns", "path", "memory_bytes", "memory_high_bytes", "high_events", NULL};

static const char *const pressure_columns[] = {"t_ns", "resource", "some_us", NULL};

static const DetectTable tables[] = {{"memory", memory_columns, false}, {"cgroup", cgroup_columns, false}, {"pressure", pressure_columns, false}, {NULL}};

/* A second, over 10 s. So many pages read back cost time wherever they come from; of fewer, the kernel's own
 * account of waiting has to say it (memory pressure "some"): what compressed memory gives back at once is well. */
#define SWAP_IN_PAGES 1000.0
#define SOME_PAGES    100.0
#define SOME_RATIO    0.2
#define SWAP_NS       (5 * NS_PER_SECOND) /* in all, after the first 10 s */
#define STALLS        50.0
#define LEAST_NS      (10 * NS_PER_SECOND)

/* Over memory.high a task has to free memory, and is made to sleep, each time it comes back from the kernel
 * (Documentation/admin-guide/cgroup-v2.rst); memory.events counts it. */
#define HIGH_NS     (2 * NS_PER_SECOND)
#define HIGH_GAP_NS (2 * (int64_t)NS_PER_SECOND) /* one event stands for no longer */

typedef struct High {
        bool any;
        double events, grown;
        int64_t t_ns, first_ns, last_ns; /* newest row; when it first and last went on */
        uint64_t held_ns;                /* time in which it went on */
        uint64_t limit_bytes, most_bytes;
        char path[256];
} High;

typedef struct Reclaim {
        Window swap_window, stall_window, fault_window;
        Episode swap, much, stalls; /* some pages; many */
        Window some_window;
        Episode waits; /* of tasks for memory, while it swapped or not */
        double faults; /* a second, at most, while it swapped */
        High high;
} Reclaim;

static void observe_high(High *h, const Batch *rows)
{
        Cells at = cells_find(rows, "t_ns"), path = cells_find(rows, "path"), used = cells_find(rows, "memory_bytes"),
              limit = cells_find(rows, "memory_high_bytes"), events = cells_find(rows, "high_events");

        for (size_t row = 0; row < batch_rows(rows); row++) {
                int64_t t_ns;
                double n;
                size_t size;
                const char *name = row_text(rows, path, row, &size);
                if (!row_time(rows, at, row, &t_ns) || !row_number(rows, events, row, &n))
                        continue;
                if (h->any && n > h->events && t_ns > h->t_ns) {
                        h->first_ns = h->grown > 0 ? h->first_ns : h->t_ns;
                        h->last_ns = t_ns;
                        h->grown += n - h->events;
                        h->held_ns += (uint64_t)MIN(t_ns - h->t_ns, HIGH_GAP_NS);
                }
                h->any = true;
                h->events = n;
                h->t_ns = t_ns;
                h->limit_bytes = cells_or(limit, row, h->limit_bytes);
                h->most_bytes = MAX(h->most_bytes, cells_or(used, row, 0));
                size = MIN(size, sizeof h->path - 1);
                memcpy(h->path, name, size);
                h->path[size] = '\0';
        }
}

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

        if (text_equal(table, "cgroup")) {
                observe_high(&s->high, rows);
                return 0;
        }
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

static void tell_high(const High *h, const DetectContext *context, Findings *out)
{
        char limit[FORMAT_MAX], most[FORMAT_MAX], n[FORMAT_MAX], length[FORMAT_MAX], from[FORMAT_MAX], until[FORMAT_MAX];
        _cleanup_string_ String advice = {0};

        if (h->limit_bytes == 0 || h->held_ns < HIGH_NS)
                return;
        Finding *f = findings_raise(out, "memory-high", h->path, SEVERITY_WARNING, SURE_CERTAIN, h->first_ns);
        if (!f)
                return;
        f->until_ns = h->last_ns;
        finding_title(f, "a cgroup's memory.high of %s slowed the run down", format_bytes(limit, h->limit_bytes));
        finding_evidence(f, "tasks of %s were over it %s times in %s, from %s to %s; it used up to %s", h->path[0] ? h->path : "the cgroup",
                         format_count(n, (uint64_t)h->grown), format_duration(length, h->held_ns), format_moment(from, h->first_ns),
                         format_moment(until, h->last_ns), format_bytes(most, h->most_bytes));
        finding_meaning(f, "each time, they had to free memory and were made to sleep; nothing is killed for it, it only takes longer");
        string_add(&advice, "run fewer jobs at once (-j), or raise it:\n");
        cgroup_advise(&advice, h->path, context->facts.cgroup_v1, CGROUP_KNOB_HIGH, ((h->limit_bytes + h->limit_bytes / 2) >> 20) << 20);
        finding_advice(f, "%s", string_get(&advice));
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
        tell_high(&s->high, context, out);
        return 0;
}

const Detector detector_reclaim = {
        .name = "reclaim",
        .tables = tables,
        .state_size = sizeof(Reclaim),
        .observe = reclaim_observe,
        .finish = reclaim_finish,
};
