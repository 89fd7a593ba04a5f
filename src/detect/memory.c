/* Memory of the machine: little left, swap in use, all tasks waiting for it, one process with much of it. */
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "detect/detect.h"
#include "detect/episode.h"
#include "model/cells.h"

static const char *const memory_columns[] = {"t_ns", "total_bytes", "available_bytes", "swap_total_bytes",
                                             "swap_free_bytes", NULL};
static const char *const pressure_columns[] = {"t_ns", "resource", "full_us", NULL};

static const DetectTable tables[] = {
        {"memory", memory_columns, false},
        {"pressure", pressure_columns, false},
        {NULL},
};

enum { STALL_WINDOW_NS_SECONDS = 10, STALL_POINTS = 64 };

/* The counter of stalls over the last 10 s: a point at least every quarter of a second. */
typedef struct StallPoint {
        int64_t t_ns;
        uint64_t full_us;
} StallPoint;

typedef struct Memory {
        uint64_t total_bytes, swap_total_bytes;
        uint64_t first_swap_bytes; /* in use before the run */
        Episode low, swap, stalled;
        StallPoint points[STALL_POINTS];
        size_t n_points;
} Memory;

/* ---- words ---- */

static void tell_low(const Memory *m, Findings *out)
{
        char left[FORMAT_MAX], total[FORMAT_MAX], share[FORMAT_MAX], at[FORMAT_MAX];
        _cleanup_string_ String length = {0};
        Finding *f = findings_raise(out, "memory-low", NULL, episode_severity(&m->low), SURE_CERTAIN, m->low.first_ns);

        episode_duration(&m->low, &length);
        finding_title(f, "memory ran low: %s of %s were left for programs (%s)",
                      format_bytes(left, (uint64_t)m->low.worst), format_bytes(total, m->total_bytes),
                      format_percent(share, m->low.worst / (double)m->total_bytes));
        finding_evidence(f, "least at %s; so low %s",
                         format_duration(at, m->low.worst_ns > 0 ? (uint64_t)m->low.worst_ns : 0),
                         length.size > 0 ? string_get(&length) : "at one reading");
        finding_meaning(f, "what the kernel can still give without swapping (MemAvailable) is nearly gone: next come "
                           "slow reclaim, swapping, and the OOM killer");
        finding_advice(f, "run fewer jobs at once (-j), give big steps such as links a pool of their own, or add memory");
}

static void tell_swap(const Memory *m, Findings *out)
{
        char most[FORMAT_MAX], total[FORMAT_MAX];
        _cleanup_string_ String length = {0};
        Finding *f = findings_raise(out, "swap", NULL, episode_severity(&m->swap), SURE_CERTAIN, m->swap.first_ns);

        episode_duration(&m->swap, &length);
        finding_title(f, "%s of swap were in use", format_bytes(most, (uint64_t)m->swap.worst));
        finding_evidence(f, "of %s; over the threshold %s", format_bytes(total, m->swap_total_bytes),
                         length.size > 0 ? string_get(&length) : "at one reading");
        const bool before = m->swap.worst_level == EPISODE_TOLD;
        finding_meaning(f, "%s", before ? "it was so before the run: what lies there may never be wanted again"
                                  : "memory was too small for what ran; what is swapped in again costs time");
        if (!before)
                finding_advice(f, "run fewer jobs at once, or add memory or zram");
}

static void tell_stalled(const Memory *m, Findings *out)
{
        char share[FORMAT_MAX], at[FORMAT_MAX];
        _cleanup_string_ String length = {0};
        Finding *f = findings_raise(out, "memory-stalled", NULL, episode_severity(&m->stalled), SURE_CERTAIN,
                                    m->stalled.first_ns);

        episode_duration(&m->stalled, &length);
        finding_title(f, "all tasks waited for memory: up to %s of the time", format_percent(share, m->stalled.worst));
        finding_evidence(f, "memory pressure \"full\" over 10 s, worst at %s; over the threshold %s",
                         format_duration(at, m->stalled.worst_ns > 0 ? (uint64_t)m->stalled.worst_ns : 0),
                         length.size > 0 ? string_get(&length) : "at one reading");
        finding_meaning(f, "the machine spent that time freeing memory or reading it back, and nothing else");
        finding_advice(f, "run fewer jobs at once: -j is too high for this memory");
}

/* ---- rows ---- */

static EpisodeLevel level_of_left(const Thresholds *t, uint64_t left, uint64_t total)
{
        double used = 1 - (double)left / (double)total;

        /* Thresholds in bytes are meant for machines of some size. */
        if (left < MIN(t->available_critical_bytes, total / 8) || used > t->memory_used_critical_ratio)
                return EPISODE_CRITICAL;
        if (left < MIN(t->available_warning_bytes, total / 4) || used > t->memory_used_warning_ratio)
                return EPISODE_WARNING;
        return EPISODE_FINE;
}

/* What lay there before the run may never be wanted again: only what came to it is the run's matter. */
static EpisodeLevel level_of_swap(const Memory *m, const Thresholds *t, uint64_t used)
{
        if (used <= t->swap_used_bytes)
                return EPISODE_FINE;
        return used - MIN(used, m->first_swap_bytes) > t->swap_used_bytes / 4 ? EPISODE_WARNING : EPISODE_TOLD;
}

static void observe_memory(Memory *m, const Thresholds *t, const Batch *rows, Findings *out)
{
        Cells at = cells_find(rows, "t_ns"), total = cells_find(rows, "total_bytes"),
              left = cells_find(rows, "available_bytes"), swap_total = cells_find(rows, "swap_total_bytes"),
              swap_free = cells_find(rows, "swap_free_bytes");

        for (size_t row = 0; row < batch_rows(rows); row++) {
                uint64_t t_ns, total_bytes, left_bytes, size, unused;
                if (!cells_get(at, row, &t_ns) || !cells_get(total, row, &total_bytes) || total_bytes == 0)
                        continue;
                m->total_bytes = total_bytes;
                if (cells_get(left, row, &left_bytes) && left_bytes <= total_bytes &&
                    episode_note(&m->low, (int64_t)t_ns, (double)left_bytes, level_of_left(t, left_bytes, total_bytes), false))
                        tell_low(m, out);
                if (!cells_get(swap_total, row, &size) || !cells_get(swap_free, row, &unused) || unused > size)
                        continue;
                m->swap_total_bytes = size;
                if (!m->swap.any)
                        m->first_swap_bytes = size - unused;
                if (episode_note(&m->swap, (int64_t)t_ns, (double)(size - unused), level_of_swap(m, t, size - unused), true))
                        tell_swap(m, out);
        }
}

/* The share of the last 10 s, once that much is known. */
static bool stalled_ratio(Memory *m, int64_t t_ns, uint64_t full_us, double *ret)
{
        const int64_t window_ns = STALL_WINDOW_NS_SECONDS * (int64_t)NS_PER_SECOND;
        size_t old = 0;

        while (old + 1 < m->n_points && t_ns - m->points[old + 1].t_ns >= window_ns)
                old++;
        memmove(m->points, m->points + old, (m->n_points - old) * sizeof *m->points);
        m->n_points -= old;
        bool known = m->n_points > 0 && t_ns - m->points[0].t_ns >= window_ns && full_us >= m->points[0].full_us;
        if (known)
                *ret = (double)(full_us - m->points[0].full_us) * 1000 / (double)(t_ns - m->points[0].t_ns);
        if (m->n_points == 0 || (m->n_points < STALL_POINTS && t_ns - m->points[m->n_points - 1].t_ns >=
                                                                       window_ns / (STALL_POINTS / 2)))
                m->points[m->n_points++] = (StallPoint){t_ns, full_us};
        return known;
}

static void observe_pressure(Memory *m, const Thresholds *t, const Batch *rows, Findings *out)
{
        Cells at = cells_find(rows, "t_ns"), resource = cells_find(rows, "resource"), full = cells_find(rows, "full_us");

        for (size_t row = 0; row < batch_rows(rows); row++) {
                uint64_t t_ns, full_us, unused;
                size_t size = 0;
                double ratio;
                if (!cells_get(at, row, &t_ns) || !cells_get(full, row, &full_us) || !cells_get(resource, row, &unused))
                        continue;
                const char *name = batch_text(rows, (size_t)resource.column, row, &size);
                if (size != strlen("memory") || memcmp(name, "memory", size) != 0 ||
                    !stalled_ratio(m, (int64_t)t_ns, full_us, &ratio))
                        continue;
                if (episode_note(&m->stalled, (int64_t)t_ns, ratio,
                                 ratio > t->memory_stalled_ratio ? EPISODE_WARNING : EPISODE_FINE, true))
                        tell_stalled(m, out);
        }
}

static int memory_observe(void *state, const DetectContext *context, const char *table, const Batch *rows, Findings *out)
{
        if (text_equal(table, "memory"))
                observe_memory(state, &context->thresholds, rows, out);
        else
                observe_pressure(state, &context->thresholds, rows, out);
        return 0;
}

/* The same findings, with the worst that there was. */
static int memory_finish(void *state, const DetectContext *context, Findings *out)
{
        const Memory *m = state;

        if (m->low.worst_level != EPISODE_FINE)
                tell_low(m, out);
        if (m->swap.worst_level != EPISODE_FINE)
                tell_swap(m, out);
        if (m->stalled.worst_level != EPISODE_FINE)
                tell_stalled(m, out);
        return 0;
}

const Detector detector_memory = {
        .name = "memory",
        .tables = tables,
        .state_size = sizeof(Memory),
        .observe = memory_observe,
        .finish = memory_finish,
};
