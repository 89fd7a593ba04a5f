/* Samples joined with processes: what the living of each group hold together, tick by tick. */
#include <errno.h>
#include <stdlib.h>

#include "base/clock.h"
#include "model/summary-builder.h"

const char *const summary_sample_columns[] = {"t_ns",      "process",   "rss_anon_bytes",
                                              "rss_file_bytes", "rss_shmem_bytes", "pss_bytes",
                                              "pss_age_ms", NULL};

/* Takes those that ended before t_ns out of the sums. */
static void expire(SummaryBuilder *b, int64_t t_ns)
{
        Living *gone;

        while ((gone = priority_queue_pop(&b->by_end, t_ns > 0 ? t_ns / NS_PER_MS : 0)) != NULL) {
                GroupState *g = &b->groups[gone->group];
                g->now_bytes -= gone->bytes;
                g->now_processes--;
                if (g->major != NO_MAJOR) {
                        b->majors[g->major].now_bytes -= gone->bytes;
                        b->majors[g->major].now_processes--;
                }
                b->living_bytes -= gone->bytes;
                b->estimated_bytes -= gone->estimated ? gone->bytes : 0;
                map_remove(b->living, gone->key);
                free(gone);
        }
}

static void take_levels(GroupState *groups, size_t n)
{
        for (size_t i = 0; i < n; i++) {
                groups[i].shown.at_peak_bytes = groups[i].now_bytes;
                groups[i].shown.at_peak_processes = groups[i].now_processes;
        }
}

static void take_peak(SummaryBuilder *b)
{
        b->summary->peak_estimated_bytes = b->estimated_bytes;
        take_levels(b->groups, b->n_groups);
        take_levels(b->majors, b->n_majors);
}

/* The tick at sample_t_ns is whole: its sums are levels now. */
static void close_tick(SummaryBuilder *b)
{
        Summary *s = b->summary;

        for (size_t i = 0; i < b->n_dirty; i++) {
                GroupState *g = &b->groups[b->dirty[i]];
                g->most_bytes = MAX(g->most_bytes, g->now_bytes);
                g->dirty = false;
                if (g->major != NO_MAJOR) {
                        GroupState *m = &b->majors[g->major];
                        m->most_bytes = MAX(m->most_bytes, m->now_bytes);
                }
        }
        b->n_dirty = 0;
        if (b->living_bytes <= b->most_living_bytes)
                return;
        b->most_living_bytes = b->living_bytes;
        if (!b->have_total) { /* no totals: the samples' own sum is the tree */
                s->peak_pss_bytes = b->living_bytes;
                s->peak_t_ns = b->sample_t_ns;
                s->peak_known = true;
                take_peak(b);
        }
}

/* Before rows of a later time: the tree's peak, known from totals, is looked at when passed. */
static void move_to(SummaryBuilder *b, int64_t t_ns)
{
        if (b->have_sample)
                close_tick(b);
        if (b->have_total && b->summary->peak_known && !b->peak_taken &&
            t_ns > b->summary->peak_t_ns) {
                expire(b, b->summary->peak_t_ns);
                take_peak(b);
                b->peak_taken = true;
        }
        expire(b, t_ns);
        b->have_sample = true;
        b->sample_t_ns = t_ns;
}

/* A process's first sample. 1: it cannot be counted (ended already, or too many). */
static int begin_living(SummaryBuilder *b, uint64_t key, int64_t t_ns, Living **ret)
{
        const ProcessChunk *chunk =
                key / PROCESS_CHUNK < PROCESS_CHUNKS ? b->chunks[key / PROCESS_CHUNK] : NULL;
        uint16_t group = chunk ? chunk->group[key % PROCESS_CHUNK] : 0;
        uint32_t end_ms = group ? chunk->end_ms[key % PROCESS_CHUNK] : END_ALIVE;

        if (map_size(b->living) >= SUMMARY_LIVING_MAX ||
            (t_ns > 0 && end_ms < (uint64_t)t_ns / NS_PER_MS))
                return 1;
        if (group == 0) { /* a run cut short: the process's row was never written */
                int r = summary_group(b, "unnamed", 7, NULL, 0, &group);
                if (r < 0)
                        return r;
                group++;
        }
        Living *living = calloc(1, sizeof *living);
        if (!living)
                return -ENOMEM;
        *living = (Living){.key = key, .group = (uint16_t)(group - 1)};
        int r = map_put(b->living, key, living);
        if (r == 0 && end_ms != END_ALIVE) {
                r = priority_queue_push(&b->by_end, end_ms, living);
                if (r < 0)
                        map_remove(b->living, key);
        }
        if (r < 0) {
                free(living);
                return r;
        }
        GroupState *g = &b->groups[living->group];
        g->now_processes++;
        if (g->major != NO_MAJOR)
                b->majors[g->major].now_processes++;
        *ret = living;
        return 0;
}

static int observe_sample(SummaryBuilder *b, uint64_t key, uint64_t bytes, bool estimated)
{
        Living *living = map_get(b->living, key);

        if (!living) {
                int r = begin_living(b, key, b->sample_t_ns, &living);
                if (r != 0)
                        return MIN(r, 0);
        }
        GroupState *g = &b->groups[living->group];
        g->now_bytes += bytes - living->bytes;
        if (g->major != NO_MAJOR) {
                b->majors[g->major].now_bytes += bytes - living->bytes;
                b->majors[g->major].sampled = true;
        }
        b->living_bytes += bytes - living->bytes;
        b->estimated_bytes += (estimated ? bytes : 0) - (living->estimated ? living->bytes : 0);
        living->bytes = bytes;
        living->estimated = estimated;
        g->sampled = true;
        if (!g->dirty) {
                g->dirty = true;
                b->dirty[b->n_dirty++] = living->group;
        }
        return 0;
}

int summary_observe_samples(SummaryBuilder *b, const Batch *rows)
{
        Summary *s = b->summary;
        Cells t = cells_find(rows, "t_ns"), process = cells_find(rows, "process");
        Cells anon = cells_find(rows, "rss_anon_bytes"), file = cells_find(rows, "rss_file_bytes");
        Cells shmem = cells_find(rows, "rss_shmem_bytes"), pss = cells_find(rows, "pss_bytes");
        Cells age = cells_find(rows, "pss_age_ms");
        int r = 0;

        for (size_t row = 0; r == 0 && row < batch_rows(rows); row++) {
                uint64_t cell, key, bytes, unused;
                bool estimated = false;
                if (!cells_get(t, row, &cell) || !cells_get(process, row, &key))
                        continue;
                s->sample_rows++;
                if (cells_get(pss, row, &bytes)) {
                        estimated = !cells_get(age, row, &unused);
                        s->pss_read_rows += !estimated;
                        s->pss_estimated_rows += estimated;
                } else {
                        bytes = cells_or(anon, row, 0) + cells_or(file, row, 0) +
                                cells_or(shmem, row, 0);
                }
                int64_t t_ns = (int64_t)cell;
                if (!b->have_sample || t_ns > b->sample_t_ns)
                        move_to(b, t_ns);
                r = observe_sample(b, key, bytes, estimated);
        }
        s->last_ns = MAX(s->last_ns, b->have_sample ? b->sample_t_ns : 0);
        return r;
}

void summary_finish_samples(SummaryBuilder *b)
{
        if (b->have_sample)
                move_to(b, INT64_MAX);
        for (size_t i = 0; i < b->n_groups; i++)
                if (b->groups[i].sampled)
                        b->groups[i].shown.peak_bytes = b->groups[i].most_bytes;
        for (size_t i = 0; i < b->n_majors; i++)
                if (b->majors[i].sampled)
                        b->majors[i].shown.peak_bytes = b->majors[i].most_bytes;
}
