/* Samples summed over the living as in summary-samples.c, but bucket by bucket: at each whole tick the
 * bucket takes the parts if their total is its highest, brought to the total of that tick. Amounts of CPU time
 * are spread as they are known: a process without a row at a tick had not run since the one before, so what it
 * used lies between the last two ticks; what is left evenly over the rest of its life. */
#include "model/category-series.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/priority-queue.h"
#include "base/text.h"
#include "model/category-buckets.h"
#include "model/summary-builder.h"
#include "model/tick-list.h"

enum {
        CHUNK = 4096,
        CHUNKS = 4096,
        GAPS_MAX = 1024,
        GAP_TICKS = 10,
};
#define GAP_LEAST_NS (3 * NS_PER_SECOND)
#define NOT_ENDED INT64_MAX
#define ENDING_NS (NS_PER_SECOND) /* for longer no process's memory is given back after its end */

const char *const category_series_process_columns[] = {"process",  "comm",     "exe",     "cmdline", "parent",
                                                       "major",    "category", "start_ns", "exec_ns", "end_ns",
                                                       "cpu_us",   "user_us",  "system_us", NULL};
const char *const category_series_total_columns[] = {"t_ns", "pss_bytes", "cpu_us", NULL};
const char *const category_series_sample_columns[] = {"t_ns", "process", "rss_anon_bytes", "rss_file_bytes",
                                                      "rss_shmem_bytes", "pss_bytes", "user_us", "system_us",
                                                      NULL};

/* What its row says of a process, until its samples come. */
typedef struct Known {
        int64_t start_ns, end_ns; /* NOT_ENDED */
        uint64_t cpu_us;
        uint16_t group; /* index + 1; 0: no such process */
        bool sampled;
} Known;

/* A process between its first sample and its end. */
typedef struct Alive {
        uint64_t key;
        Known known;
        double bytes[CATEGORY_PROCESSES]; /* PSS, RSS */
        bool has_cpu;
        uint64_t first_cpu_us, cpu_us; /* at the first sample, at the last */
        int64_t first_t_ns, t_ns;
        uint64_t span_us; /* used in the span, and not spread yet */
        int64_t span_from_ns, span_to_ns;
} Alive;

typedef struct Gap {
        int64_t from_ns, to_ns;
} Gap;

struct CategorySeriesBuilder {
        SummaryBuilder *groups; /* names and labels only */
        CategoryBuckets buckets;
        Known **chunks; /* CHUNKS of CHUNK */
        Map *living;
        PriorityQueue by_end; /* of Alive; those that do not end are not in it */
        bool begun, pss;
        int64_t t_ns, last_ns;
        int64_t before_ns; /* the tick before the one at t_ns; INT64_MIN: unknown */
        TickList ticks;
        uint64_t gap_ns;
        bool have_total;
        int64_t total_t_ns;
        /* What no living process holds any more: how much, for which group; the heaviest that ended of late. */
        bool has_unnamed;
        uint16_t unnamed, ending;
        double ending_bytes;
        uint16_t ended;
        double ended_bytes;
        int64_t ended_ns; /* INT64_MIN: none has */
        Gap *gaps;
        size_t n_gaps;
};

int category_series_new(const CategorySeriesOptions *options, CategorySeriesBuilder **ret)
{
        _cleanup_(category_series_builder_freep) CategorySeriesBuilder *b = calloc(1, sizeof *b);
        int r = b ? summary_new(&b->groups) : -ENOMEM;

        if (r < 0)
                return r;
        b->chunks = calloc(CHUNKS, sizeof *b->chunks);
        b->gaps = calloc(GAPS_MAX, sizeof *b->gaps);
        if (!b->chunks || !b->gaps || map_new(&b->living) < 0)
                return -ENOMEM;
        b->before_ns = b->ended_ns = INT64_MIN;
        category_buckets_init(&b->buckets, options->buckets ? options->buckets : CATEGORY_BUCKETS,
                              options->span_ns, options->width_ns);
        b->buckets.cpus = options->cpus;
        if (options->interval_ns)
                b->gap_ns = MAX(options->interval_ns * GAP_TICKS, GAP_LEAST_NS);
        if (options->label)
                summary_relabel(b->groups, options->label, options->label_data);
        *ret = TAKE(b);
        return 0;
}

static bool drop_living(uint64_t key, void *value, void *data)
{
        free(value);
        return true;
}

CategorySeriesBuilder *category_series_builder_free(CategorySeriesBuilder *b)
{
        if (!b)
                return NULL;
        if (b->living)
                map_remove_if(b->living, drop_living, NULL);
        map_free(b->living);
        for (size_t i = 0; b->chunks && i < CHUNKS; i++)
                free(b->chunks[i]);
        free(b->chunks);
        priority_queue_done(&b->by_end);
        free(b->gaps);
        tick_list_done(&b->ticks);
        category_buckets_done(&b->buckets);
        summary_builder_free(b->groups);
        free(b);
        return NULL;
}

int category_series_learn(CategorySeriesBuilder *b, const Batch *rows)
{
        return summary_learn(b->groups, rows);
}

/* ---- processes ---- */

static Known *known_of(const CategorySeriesBuilder *b, uint64_t key)
{
        Known *chunk = key / CHUNK < CHUNKS ? b->chunks[key / CHUNK] : NULL;

        return chunk && chunk[key % CHUNK].group ? &chunk[key % CHUNK] : NULL;
}

static int observe_processes(CategorySeriesBuilder *b, const Batch *rows)
{
        const LabelCells label_cells = label_cells_find(rows);
        const GroupCells group_cells = group_cells_find(rows);
        Cells process = cells_find(rows, "process"), start = cells_find(rows, "start_ns");
        Cells exec = cells_find(rows, "exec_ns"), end = cells_find(rows, "end_ns");
        Cells cpu = cells_find(rows, "cpu_us"), user = cells_find(rows, "user_us");
        Cells system = cells_find(rows, "system_us");

        for (size_t row = 0; row < batch_rows(rows); row++) {
                uint64_t key, cell;
                uint16_t group;
                Known k = {.start_ns = 0, .end_ns = NOT_ENDED};
                if (!cells_get(process, row, &key) || key / CHUNK >= CHUNKS)
                        continue;
                if (cells_get(exec, row, &cell) || cells_get(start, row, &cell))
                        k.start_ns = batch_sane_ns(cell);
                if (cells_get(end, row, &cell))
                        k.end_ns = MAX(batch_sane_ns(cell), k.start_ns);
                k.cpu_us = cells_or(cpu, row, cells_or(user, row, 0) + cells_or(system, row, 0));
                const Label *label = summary_label(b->groups, rows, &label_cells, row);
                int r = summary_group_of(b->groups, rows, &group_cells, row, label, &group);
                if (r < 0)
                        return r;
                k.group = (uint16_t)(group + 1);
                Known **chunk = &b->chunks[key / CHUNK];
                if (!*chunk)
                        *chunk = calloc(CHUNK, sizeof **chunk);
                if (!*chunk)
                        return -ENOMEM;
                (*chunk)[key % CHUNK] = k;
                if (k.end_ns != NOT_ENDED)
                        b->last_ns = MAX(b->last_ns, k.end_ns);
        }
        return 0;
}

/* ---- totals ---- */

/* Between two ticks far apart nobody looked. Of each tick what the tree held is kept. */
static int observe_totals(CategorySeriesBuilder *b, const Batch *rows)
{
        Cells t = cells_find(rows, "t_ns"), pss = cells_find(rows, "pss_bytes"), cpu = cells_find(rows, "cpu_us");
        int r = 0;

        for (size_t row = 0; r == 0 && row < batch_rows(rows); row++) {
                uint64_t cell, bytes, cpu_us = 0;
                if (!cells_get(t, row, &cell))
                        continue;
                int64_t t_ns = batch_sane_ns(cell);
                bool has_cpu = cells_get(cpu, row, &cpu_us);
                r = tick_list_add(&b->ticks, t_ns, cells_get(pss, row, &bytes) ? (double)bytes : (double)NAN,
                                  has_cpu || !b->buckets.have_cpu);
                if (r == 0 && has_cpu)
                        r = category_buckets_total_cpu(&b->buckets, t_ns, cpu_us);
                if (b->have_total && b->gap_ns && b->n_gaps < GAPS_MAX && t_ns > b->total_t_ns &&
                    (uint64_t)(t_ns - b->total_t_ns) > b->gap_ns)
                        b->gaps[b->n_gaps++] = (Gap){b->total_t_ns, t_ns};
                b->have_total = true;
                b->total_t_ns = t_ns;
                b->last_ns = MAX(b->last_ns, t_ns);
        }
        return r;
}

/* ---- samples ---- */

static int spread_span(CategorySeriesBuilder *b, Alive *l)
{
        int r = category_buckets_spread(&b->buckets, l->known.group - 1u, l->span_from_ns, l->span_to_ns,
                                        (double)l->span_us / 1e6);

        l->span_us = 0;
        return r;
}

/* What its samples did not tell of its CPU time, over the times that they do not cover: before the first
 * and after the last tick. */
static int spread_rest(CategorySeriesBuilder *b, Alive *l, int64_t end_ns)
{
        uint64_t told = l->has_cpu ? l->cpu_us - l->first_cpu_us : 0;
        double rest = l->known.cpu_us > told ? (double)(l->known.cpu_us - told) : 0;
        int64_t first = l->has_cpu ? l->first_t_ns : end_ns, last = l->has_cpu ? l->t_ns : end_ns;
        size_t group = l->known.group - 1u;
        int r = l->span_us > 0 ? spread_span(b, l) : 0;

        if (rest <= 0 || r < 0)
                return r;
        if (l->has_cpu && b->ticks.n > 0 && b->t_ns <= end_ns)
                last = MAX(last, b->t_ns);
        double before = (double)MAX(first - l->known.start_ns, 0), after = (double)MAX(end_ns - last, 0);
        double share = before + after > 0 ? before / (before + after) : 1;
        r = category_buckets_spread(&b->buckets, group, l->known.start_ns, first, rest * share / 1e6);
        if (r == 0 && share < 1) {
                last = MIN(last, MAX(end_ns - (int64_t)CATEGORY_SPAN_LEAST_NS, l->known.start_ns));
                r = category_buckets_spread(&b->buckets, group, last, end_ns, rest * (1 - share) / 1e6);
        }
        return r;
}

static void note_ended(CategorySeriesBuilder *b, const Alive *gone)
{
        bool fresh = b->ended_ns != INT64_MIN && gone->known.end_ns - b->ended_ns < (int64_t)ENDING_NS;

        if (fresh && gone->bytes[CATEGORY_PSS] < b->ended_bytes)
                return;
        b->ended = (uint16_t)(gone->known.group - 1);
        b->ended_bytes = gone->bytes[CATEGORY_PSS];
        b->ended_ns = gone->known.end_ns;
}

/* Takes those that ended before t_ns out of the sums. */
static int expire(CategorySeriesBuilder *b, int64_t t_ns)
{
        Alive *gone;
        int r = 0;

        while (r == 0 && (gone = priority_queue_pop(&b->by_end, t_ns)) != NULL) {
                size_t group = gone->known.group - 1u;
                note_ended(b, gone);
                for (size_t m = 0; m < CATEGORY_PROCESSES; m++)
                        category_buckets_move(&b->buckets, group, m, -gone->bytes[m]);
                category_buckets_move(&b->buckets, group, CATEGORY_PROCESSES, -1);
                r = spread_rest(b, gone, gone->known.end_ns);
                map_remove(b->living, gone->key);
                free(gone);
        }
        return r;
}

/* Whose it is: of one that ended of late and held as much. */
static int ending_group(CategorySeriesBuilder *b, double bytes, uint16_t *ret)
{
        int r = 0;

        *ret = b->ended;
        if (b->ended_ns != INT64_MIN && b->t_ns - b->ended_ns < (int64_t)ENDING_NS && bytes <= b->ended_bytes * 1.1)
                return 0;
        if (!b->has_unnamed)
                r = summary_group(b->groups, CATEGORY_UNATTRIBUTED, strlen(CATEGORY_UNATTRIBUTED), NULL, 0, &b->unnamed);
        b->has_unnamed = r == 0;
        *ret = b->unnamed;
        return r;
}

/* The tick at b->t_ns is whole. What the kernel counts and no living process holds is that of processes which are
 * ending: it takes a while to be given back, and is theirs until then. */
static int end_tick(CategorySeriesBuilder *b)
{
        double pss = tick_list_bytes(&b->ticks, b->t_ns), held = b->buckets.totals[CATEGORY_PSS] - b->ending_bytes;
        double ending = held > 0 && pss > held * CATEGORY_SCALE_UP ? pss - held : 0;
        uint16_t group = b->ending;
        int r = ending > 0 ? ending_group(b, ending, &group) : 0;

        if (r < 0)
                return r;
        if (b->ending_bytes > 0 && !isnan(pss)) {
                category_buckets_move(&b->buckets, b->ending, CATEGORY_PSS, -b->ending_bytes);
                b->ending_bytes = 0;
        }
        if (ending > 0) {
                category_buckets_move(&b->buckets, group, CATEGORY_PSS, ending);
                b->ending_bytes = ending;
                b->ending = group;
        }
        return category_buckets_tick(&b->buckets, b->t_ns, pss);
}

/* The tick at b->t_ns is whole, and what it said holds in the buckets up to that later time, but for those that
 * end meanwhile. */
static int go_on(CategorySeriesBuilder *b, int64_t t_ns)
{
        size_t bucket;
        int r = b->begun ? end_tick(b) : 0;

        if (r == 0)
                r = category_buckets_room(&b->buckets, t_ns, &bucket);
        while (r == 0 && b->begun && b->buckets.last < (t_ns > 0 ? (uint64_t)t_ns / b->buckets.width_ns : 0)) {
                int64_t begin_ns = (int64_t)(b->buckets.last * b->buckets.width_ns);
                r = expire(b, begin_ns);
                if (r == 0)
                        r = category_buckets_tick(&b->buckets, begin_ns, NAN);
        }
        if (r == 0)
                r = expire(b, t_ns);
        b->begun = true;
        b->t_ns = t_ns;
        b->last_ns = MAX(b->last_ns, t_ns);
        return r;
}

/* Before rows of a later time: by way of the ticks at which nothing was told, since the tree may have had its
 * peak at one of them. */
static int move_to(CategorySeriesBuilder *b, int64_t t_ns)
{
        int64_t next;
        int r = 0;

        while (r == 0 && b->begun && (next = tick_list_after(&b->ticks, b->t_ns)) < t_ns) {
                r = go_on(b, next);
                if (tick_list_looked(&b->ticks, next))
                        b->before_ns = next;
        }
        if (b->begun && b->ticks.n > 0 && tick_list_looked(&b->ticks, b->t_ns))
                b->before_ns = b->t_ns;
        return r == 0 ? go_on(b, t_ns) : r;
}

/* A process's first sample. 1: it cannot be counted (ended already, or too many). */
static int begin_living(CategorySeriesBuilder *b, uint64_t key, Alive **ret)
{
        Known *known = known_of(b, key);
        uint16_t group;
        int r;

        if (map_size(b->living) >= SUMMARY_LIVING_MAX || (known && known->end_ns < b->t_ns))
                return 1;
        Alive *living = calloc(1, sizeof *living);
        if (!living)
                return -ENOMEM;
        living->key = key;
        if (known) {
                known->sampled = true;
                living->known = *known;
                r = 0;
        } else { /* a run cut short: the process's row was never written */
                r = summary_group(b->groups, "unnamed", 7, NULL, 0, &group);
                living->known = (Known){.start_ns = b->t_ns, .end_ns = NOT_ENDED, .group = (uint16_t)(group + 1)};
        }
        if (r == 0)
                r = map_put(b->living, key, living);
        if (r == 0 && living->known.end_ns != NOT_ENDED) {
                r = priority_queue_push(&b->by_end, living->known.end_ns, living);
                if (r < 0)
                        map_remove(b->living, key);
        }
        if (r < 0) {
                free(living);
                return r;
        }
        category_buckets_move(&b->buckets, living->known.group - 1u, CATEGORY_PROCESSES, 1);
        *ret = living;
        return 0;
}

static int observe_cpu(CategorySeriesBuilder *b, Alive *l, uint64_t cpu_us)
{
        int r = 0;

        if (!l->has_cpu) {
                l->first_cpu_us = l->cpu_us = cpu_us;
                l->first_t_ns = b->t_ns;
                l->has_cpu = true;
        } else if (cpu_us > l->cpu_us) {
                int64_t from = MAX(l->t_ns, b->before_ns);
                if (l->span_us > 0 && from > l->span_to_ns)
                        r = spread_span(b, l);
                if (l->span_us == 0)
                        l->span_from_ns = from;
                l->span_us += cpu_us - l->cpu_us;
                l->span_to_ns = b->t_ns;
                if (r == 0 && l->span_to_ns - l->span_from_ns >= (int64_t)CATEGORY_SPAN_LEAST_NS)
                        r = spread_span(b, l);
                l->cpu_us = cpu_us;
        }
        l->t_ns = b->t_ns;
        return r;
}

typedef struct SampleCells {
        Cells t, process, anon, file, shmem, pss, user, system;
} SampleCells;

static int observe_sample(CategorySeriesBuilder *b, const SampleCells *c, size_t row, uint64_t key)
{
        Alive *l = map_get(b->living, key);
        uint64_t bytes[CATEGORY_PROCESSES], user;

        if (!l) {
                int r = begin_living(b, key, &l);
                if (r != 0)
                        return MIN(r, 0);
        }
        bytes[CATEGORY_RSS] = cells_or(c->anon, row, 0) + cells_or(c->file, row, 0) +
                              cells_or(c->shmem, row, 0);
        if (cells_get(c->pss, row, &bytes[CATEGORY_PSS]))
                b->pss = true;
        else
                bytes[CATEGORY_PSS] = bytes[CATEGORY_RSS];
        for (size_t m = 0; m < CATEGORY_PROCESSES; m++) {
                category_buckets_move(&b->buckets, l->known.group - 1u, m,
                                      (double)bytes[m] - l->bytes[m]);
                l->bytes[m] = (double)bytes[m];
        }
        return cells_get(c->user, row, &user) ? observe_cpu(b, l, user + cells_or(c->system, row, 0)) : 0;
}

static int observe_samples(CategorySeriesBuilder *b, const Batch *rows)
{
        const SampleCells c = {
                .t = cells_find(rows, "t_ns"),
                .process = cells_find(rows, "process"),
                .anon = cells_find(rows, "rss_anon_bytes"),
                .file = cells_find(rows, "rss_file_bytes"),
                .shmem = cells_find(rows, "rss_shmem_bytes"),
                .pss = cells_find(rows, "pss_bytes"),
                .user = cells_find(rows, "user_us"),
                .system = cells_find(rows, "system_us"),
        };
        int r = 0;

        for (size_t row = 0; r == 0 && row < batch_rows(rows); row++) {
                uint64_t t, key;
                if (!cells_get(c.t, row, &t) || !cells_get(c.process, row, &key))
                        continue;
                if (!b->begun || batch_sane_ns(t) > b->t_ns)
                        r = move_to(b, batch_sane_ns(t));
                if (r == 0)
                        r = observe_sample(b, &c, row, key);
        }
        return r;
}

int category_series_observe(CategorySeriesBuilder *b, const char *table, const Batch *rows)
{
        if (text_equal(table, "processes"))
                return observe_processes(b, rows);
        if (text_equal(table, "totals"))
                return observe_totals(b, rows);
        return text_equal(table, "samples") ? observe_samples(b, rows) : 0;
}

/* ---- the end ---- */

/* Those that no tick saw, and those that still live. */
static int spread_others(CategorySeriesBuilder *b, int64_t end_ns)
{
        size_t position = 0;
        uint64_t key;
        void *value;
        int r = 0;

        while (r == 0 && map_next(b->living, &position, &key, &value)) {
                Alive *l = value;
                r = spread_rest(b, l, l->known.end_ns == NOT_ENDED ? MAX(end_ns, l->t_ns) : l->known.end_ns);
        }
        for (size_t i = 0; i < CHUNKS; i++)
                for (size_t k = 0; r == 0 && b->chunks[i] && k < CHUNK; k++) {
                        const Known *known = &b->chunks[i][k];
                        if (known->group && !known->sampled && known->cpu_us > 0)
                                r = spread_rest(b, &(Alive){.known = *known},
                                                known->end_ns == NOT_ENDED ? MAX(end_ns, known->start_ns)
                                                                       : known->end_ns);
                }
        return r;
}

int category_series_finish(CategorySeriesBuilder *b, int64_t end_ns, CategorySeries **ret)
{
        _cleanup_(category_series_freep) CategorySeries *s = NULL;
        int r;

        if (end_ns == INT64_MIN)
                end_ns = b->last_ns;
        r = b->begun ? move_to(b, MAX(end_ns, b->t_ns)) : 0;
        if (r == 0 && b->begun)
                r = end_tick(b);
        if (r == 0)
                r = spread_others(b, end_ns);
        if (r == 0)
                r = category_buckets_finish(&b->buckets, end_ns > 0 ? (uint64_t)end_ns : 0, &s);
        if (r < 0)
                return r;
        s->pss = b->pss;
        s->lines = calloc(b->groups->n_groups + 1, sizeof *s->lines);
        if (!s->lines)
                return -ENOMEM;
        for (size_t i = 0; i < b->groups->n_groups; i++) {
                SummaryGroup *g = &b->groups->groups[i].shown;
                CategoryLine *line = &s->lines[s->n_lines++];
                *line = (CategoryLine){.name = TAKE(g->name), .major = TAKE(g->major)};
                line->ignored = line->major && text_equal(line->major, "Ignored");
                category_buckets_give(&b->buckets, i, s, line);
        }
        for (size_t i = 0; i < b->n_gaps; i++)
                category_series_blank(s, b->gaps[i].from_ns, b->gaps[i].to_ns);
        category_series_order(s);
        *ret = TAKE(s);
        return 0;
}
