/* Whom to watch is decided when the first sample comes; each has three series, which grow with what is seen. */
#include "detect/leak-finder.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/hash.h"
#include "base/text.h"

#define ORPHANED_LEAST_NS (10 * (int64_t)NS_PER_SECOND)
#define OVER_LEAST_NS     (5 * (int64_t)NS_PER_SECOND)

const LeakOptions leak_options_default = {
        .memory = {.slow = 0.1, .leak = 1, .least_minutes = 2, .least_growth = 0.2},
        .counts = {.slow = 0.1, .leak = 1, .least_minutes = 2, .least_growth = 5},
        .until_ns = INT64_MAX,
        .hold_ns = 25 * NS_PER_SECOND,
};

/* Levels are told again every ten seconds, and every tick where ticks are rarer. */
uint64_t leak_hold_ns(uint64_t interval_ns)
{
        uint64_t interval = interval_ns == UINT64_MAX ? 0 : MIN(interval_ns, 86400 * NS_PER_SECOND);

        return MAX(25 * NS_PER_SECOND, 3 * interval);
}

LeakOptions leak_options_of(const Thresholds *thresholds, uint64_t interval_ns, bool of_command)
{
        LeakOptions o = leak_options_default;

        o.memory.slow = thresholds->leak_slow_mb;
        o.memory.leak = thresholds->leak_mb;
        o.counts.slow = thresholds->leak_slow_count;
        o.counts.leak = thresholds->leak_count;
        o.memory.least_minutes = o.counts.least_minutes = (double)thresholds->leak_time_ns / 60e9;
        o.hold_ns = leak_hold_ns(interval_ns);
        o.of_command = of_command;
        return o;
}

typedef struct Watched {
        const LeakImage *image;       /* whose memory counts */
        const LeakImage *first, *last; /* of the process */
        TrendSeries memory, fds, threads;
        uint64_t memory_bytes, pss_bytes;
        bool is_estimate;
} Watched;

struct LeakFinder {
        LeakOptions options;
        LeakImages images;
        Watched *watched;
        size_t n_watched;
        Map *by_key; /* of every image of who is watched; NULL: not decided yet */
        uint64_t left_out, unwatched;
        int64_t first_ns, last_ns;
        uint64_t available, swap_free, cgroup_max, cgroup_now; /* the last told; LEAK_NO_BYTES */
        LeakReport report;
};

const char *const leak_finder_tables[] = {"processes", "samples", "memory", "limits", NULL};

static const char *const sample_columns[] = {"t_ns", "process", "rss_anon_bytes", "swap_bytes", "pss_bytes", "pss_age_ms",
                                             "fds", "threads", NULL};
enum { S_T_NS, S_PROCESS, S_ANON, S_SWAP, S_PSS, S_PSS_AGE, S_FDS, S_THREADS, S_COLUMNS };
static const char *const memory_columns[] = {"available_bytes", "swap_free_bytes", NULL};
static const char *const limit_columns[] = {"memory_max_bytes", "memory_current_bytes", NULL};

const char *const *leak_finder_columns(const char *table)
{
        if (text_equal(table, "processes"))
                return leak_process_columns;
        if (text_equal(table, "samples"))
                return sample_columns;
        if (text_equal(table, "memory"))
                return memory_columns;
        return text_equal(table, "limits") ? limit_columns : NULL;
}

int leak_finder_new(const LeakOptions *options, LeakFinder **ret)
{
        LeakFinder *f = calloc(1, sizeof *f);

        if (!f)
                return -ENOMEM;
        f->options = *options;
        f->images.text_ns = options->least_life_ns;
        f->first_ns = INT64_MAX;
        f->last_ns = INT64_MIN;
        f->available = f->swap_free = f->cgroup_max = f->cgroup_now = LEAK_NO_BYTES;
        *ret = f;
        return 0;
}

LeakFinder *leak_finder_free(LeakFinder *f)
{
        if (!f)
                return NULL;
        for (size_t i = 0; i < f->n_watched; i++) {
                trend_series_done(&f->watched[i].memory);
                trend_series_done(&f->watched[i].fds);
                trend_series_done(&f->watched[i].threads);
        }
        free(f->watched);
        map_free(f->by_key);
        leak_images_done(&f->images);
        free(f->report.processes);
        free(f);
        return NULL;
}

/* ---- whom to watch ---- */

static int64_t life_of(const LeakImage *first, const LeakImage *last)
{
        return last->end_ns == LEAK_ALIVE ? LEAK_ALIVE : last->end_ns - first->start_ns;
}

/* Longest lives first; those that live still begin with the oldest. */
static int compare_lives(const void *a, const void *b)
{
        const Watched *x = a, *y = b;
        int64_t l = life_of(x->first, x->last), m = life_of(y->first, y->last);

        if (l != m)
                return l > m ? -1 : 1;
        return (x->first->start_ns > y->first->start_ns) - (x->first->start_ns < y->first->start_ns);
}

static Watched watched_of(const LeakFinder *f, size_t first, size_t last)
{
        const LeakImage *items = f->images.items, *best = &items[first];

        for (size_t i = first; i <= last; i++)
                if (life_of(&items[i], &items[i]) > life_of(best, best))
                        best = &items[i];
        return (Watched){.image = best, .first = &items[first], .last = &items[last],
                         .memory_bytes = LEAK_NO_BYTES, .pss_bytes = LEAK_NO_BYTES};
}

static const char *comm_of(const LeakImage *image)
{
        return image->comm[0] ? image->comm : NULL;
}

static bool is_wanted(const LeakFinder *f, const Watched *w)
{
        const LeakOptions *o = &f->options;

        return life_of(w->first, w->last) >= o->least_life_ns &&
               (!o->wanted || o->wanted(w->image->pid, comm_of(w->image), w->image->cmdline, o->data));
}

/* Those that lived longest stay. */
static void thin_out(LeakFinder *f)
{
        qsort(f->watched, f->n_watched, sizeof *f->watched, compare_lives);
        if (f->n_watched > LEAK_PROCESSES_MAX) {
                f->left_out += f->n_watched - LEAK_PROCESSES_MAX;
                f->n_watched = LEAK_PROCESSES_MAX;
        }
}

static int watch(LeakFinder *f)
{
        for (size_t i = 0; i < f->n_watched; i++) {
                Watched *w = &f->watched[i];
                trend_series_init(&w->memory, f->options.hold_ns);
                trend_series_init(&w->fds, f->options.hold_ns);
                trend_series_init(&w->threads, f->options.hold_ns);
                for (const LeakImage *image = w->first; image <= w->last; image++)
                        if (map_put(f->by_key, image->key, w) < 0)
                                return -ENOMEM;
        }
        return 0;
}

static int choose(LeakFinder *f)
{
        size_t most = MIN(f->images.n, (size_t)2 * LEAK_PROCESSES_MAX);

        f->watched = calloc(MAX(most, (size_t)1), sizeof *f->watched);
        if (!f->watched || leak_images_seal(&f->images) < 0 || map_new(&f->by_key) < 0)
                return -ENOMEM;
        for (size_t i = 0; i < f->images.n; i++) {
                size_t first = i;
                while (f->images.items[i].has_next)
                        i++;
                if (f->n_watched == most)
                        thin_out(f);
                f->watched[f->n_watched] = watched_of(f, first, i);
                if (is_wanted(f, &f->watched[f->n_watched]))
                        f->n_watched++;
                else
                        f->unwatched++;
        }
        if (f->n_watched > 1)
                thin_out(f);
        return watch(f);
}

/* ---- rows ---- */

/* Places of number columns; -1: not there. */
static void find_numbers(const Batch *rows, const char *const *names, int *ret)
{
        const Schema *schema = batch_schema(rows);

        for (size_t i = 0; names[i]; i++) {
                ret[i] = schema_find(schema, names[i]);
                if (ret[i] >= 0 && schema->columns[ret[i]].type == COLUMN_TEXT)
                        ret[i] = -1;
        }
}

static bool get(const Batch *rows, int column, size_t row, uint64_t *ret)
{
        if (column < 0 || batch_is_null(rows, (size_t)column, row))
                return false;
        *ret = batch_u64(rows, (size_t)column, row);
        return true;
}

static int observe_memory_of(Watched *w, const Batch *rows, const int *at, size_t row, int64_t t_ns)
{
        uint64_t anon, swap, pss, age;
        bool has_pss = get(rows, at[S_PSS], row, &pss);

        if (has_pss && get(rows, at[S_PSS_AGE], row, &age))
                w->pss_bytes = pss;
        if (get(rows, at[S_ANON], row, &anon)) {
                anon += get(rows, at[S_SWAP], row, &swap) ? swap : 0;
        } else if (has_pss) {
                anon = pss;
                w->is_estimate = true;
        } else {
                return 0;
        }
        if (anon == 0)
                return 0; /* it is ending: its memory is gone already */
        w->memory_bytes = anon;
        return trend_series_add(&w->memory, t_ns, (double)anon / 1e6);
}

static int observe_sample(LeakFinder *f, const Batch *rows, const int *at, size_t row)
{
        uint64_t key, t, value;
        int r = 0;

        if (!get(rows, at[S_T_NS], row, &t) || !get(rows, at[S_PROCESS], row, &key))
                return 0;
        int64_t t_ns = batch_sane_ns((uint64_t)batch_i64(rows, (size_t)at[S_T_NS], row));
        if (t_ns < f->options.from_ns || t_ns > f->options.until_ns)
                return 0;
        f->first_ns = MIN(f->first_ns, t_ns);
        f->last_ns = MAX(f->last_ns, t_ns);
        Watched *w = map_get(f->by_key, key);
        if (!w)
                return 0;
        if (w->image->key == key)
                r = observe_memory_of(w, rows, at, row, t_ns);
        if (r == 0 && get(rows, at[S_FDS], row, &value))
                r = trend_series_add(&w->fds, t_ns, (double)value);
        if (r == 0 && w->image->key == key && get(rows, at[S_THREADS], row, &value))
                r = trend_series_add(&w->threads, t_ns, (double)value);
        return r;
}

static int observe_samples(LeakFinder *f, const Batch *rows)
{
        int at[S_COLUMNS], r = f->by_key ? 0 : choose(f);

        find_numbers(rows, sample_columns, at);
        for (size_t row = 0; r == 0 && row < batch_rows(rows); row++)
                r = observe_sample(f, rows, at, row);
        return r;
}

static void observe_room(const Batch *rows, const char *const *names, uint64_t *first, uint64_t *second)
{
        int at[2];

        find_numbers(rows, names, at);
        for (size_t row = 0; row < batch_rows(rows); row++) {
                get(rows, at[0], row, first);
                get(rows, at[1], row, second);
        }
}

int leak_finder_observe(LeakFinder *f, const char *table, const Batch *rows)
{
        if (text_equal(table, "processes"))
                return f->by_key ? 0 : leak_images_observe(&f->images, rows);
        if (text_equal(table, "samples"))
                return observe_samples(f, rows);
        if (text_equal(table, "memory"))
                observe_room(rows, memory_columns, &f->available, &f->swap_free);
        if (text_equal(table, "limits"))
                observe_room(rows, limit_columns, &f->cgroup_max, &f->cgroup_now);
        return 0;
}

/* ---- what it comes to ---- */

static void find_room(const LeakFinder *f, LeakReport *report)
{
        report->room_bytes = LEAK_NO_BYTES;
        if (f->available != LEAK_NO_BYTES) {
                report->room = LEAK_ROOM_MACHINE;
                report->room_bytes = f->available + (f->swap_free != LEAK_NO_BYTES ? f->swap_free : 0);
        }
        if (f->cgroup_max == LEAK_NO_BYTES || f->cgroup_now == LEAK_NO_BYTES)
                return;
        uint64_t left = f->cgroup_max > f->cgroup_now ? f->cgroup_max - f->cgroup_now : 0;
        if (left < report->room_bytes) {
                report->room = LEAK_ROOM_CGROUP;
                report->room_bytes = left;
        }
}

static LeakExhaustion exhaustion_at(double rate, double low, double high, uint64_t room_bytes)
{
        double room = (double)room_bytes / 1e6;

        if (room_bytes == LEAK_NO_BYTES || !(rate > 0))
                return (LeakExhaustion){NAN, NAN, NAN};
        return (LeakExhaustion){room / rate, high > 0 ? room / high : INFINITY, low > 0 ? room / low : INFINITY};
}

static void find_parent(const LeakFinder *f, const Watched *w, int64_t end_ns, LeakProcess *p)
{
        const LeakImage *parent = leak_images_find(&f->images, w->first->parent);

        if (!parent)
                return;
        p->parent = parent;
        parent = leak_images_last(&f->images, parent);
        p->orphaned_ns = parent->end_ns;
        p->orphan = parent->end_ns != LEAK_ALIVE && MIN(p->end_ns, end_ns) - parent->end_ns >= ORPHANED_LEAST_NS;
}

static bool is_over(const LeakFinder *f, const LeakProcess *p, int64_t end_ns)
{
        int64_t all = end_ns - MIN(f->first_ns, end_ns);

        return p->end_ns != LEAK_ALIVE && p->end_ns + MAX(all / 20, OVER_LEAST_NS) < end_ns;
}

static int64_t begin_of(const TrendSeries *series, const LeakVerdict *v)
{
        return series->seen > 0 ? series->start_ns + (int64_t)(v->warm_up_minutes * 60e9) : 0;
}

static int judge(LeakFinder *f, Watched *w, int64_t end_ns, LeakProcess *ret)
{
        LeakProcess p = {
                .pid = w->image->pid, .key = w->image->key, .comm = comm_of(w->image), .cmdline = w->image->cmdline,
                .start_ns = w->first->start_ns, .end_ns = w->last->end_ns, .well = w->last->well,
                .step = w->image->step > (f->options.of_command ? LEAK_STEP_NONE : LEAK_STEP_BUILDER),
                .memory_bytes = w->memory_bytes, .pss_bytes = w->pss_bytes, .is_estimate = w->is_estimate,
        };
        int64_t until = MIN(end_ns, f->options.until_ns);
        int r = trend_series_finish(&w->memory, MIN(w->image->end_ns, until));

        if (r == 0)
                r = trend_series_finish(&w->fds, MIN(p.end_ns, until));
        if (r == 0)
                r = trend_series_finish(&w->threads, MIN(w->image->end_ns, until));
        if (r == 0)
                r = leak_judge(&w->memory, &f->options.memory, &p.memory);
        if (r == 0)
                r = leak_judge(&w->fds, &f->options.counts, &p.fds);
        if (r == 0)
                r = leak_judge(&w->threads, &f->options.counts, &p.threads);
        if (r < 0)
                return r;
        p.memory_ns = begin_of(&w->memory, &p.memory);
        p.fds_ns = begin_of(&w->fds, &p.fds);
        p.threads_ns = begin_of(&w->threads, &p.threads);
        find_parent(f, w, until, &p);
        p.over = is_over(f, &p, end_ns);
        bool grows = p.memory.class >= LEAK_SLOW && !p.step && !p.over;
        p.exhaustion = exhaustion_at(grows ? p.memory.rate : 0, p.memory.low, p.memory.high, f->report.room_bytes);
        *ret = p;
        return 0;
}

LeakClass leak_worst_class(const LeakProcess *p)
{
        LeakClass worst = MAX(p->memory.class, p->fds.class);

        return MAX(worst, p->threads.class);
}

/* Growing memory, then growing counts, then who grew and is over, then steps of a build that grow, then the rest. */
static int rank_of(const LeakProcess *p)
{
        if (leak_worst_class(p) < LEAK_SLOW)
                return (int)p->memory.class;
        if (p->step)
                return 2 + (int)p->memory.class;
        if (p->over)
                return p->memory.class >= LEAK_SLOW ? 7 + (int)p->memory.class : 6;
        return p->memory.class >= LEAK_SLOW ? 20 + (int)p->memory.class : 10 + (int)leak_worst_class(p);
}

/* By what it grows at least, within a rank. */
static int compare_processes(const void *a, const void *b)
{
        const LeakProcess *x = a, *y = b;
        double l = isnan(x->memory.low) ? -INFINITY : x->memory.low, m = isnan(y->memory.low) ? -INFINITY : y->memory.low;

        if (rank_of(x) != rank_of(y))
                return rank_of(y) - rank_of(x);
        return l != m ? (l > m ? -1 : 1) : (x->pid > y->pid) - (x->pid < y->pid);
}

static void add_up(LeakReport *report)
{
        double low = 0, high = 0;

        for (size_t i = 0; i < report->n; i++) {
                const LeakProcess *p = &report->processes[i];
                report->n_short += p->memory.class == LEAK_UNKNOWN;
                report->n_leaking += leak_worst_class(p) >= LEAK_SLOW && !p->step;
                if (p->memory.class < LEAK_SLOW || p->step || p->over)
                        continue;
                report->mb_per_min += p->memory.rate;
                low += p->memory.low;
                high += p->memory.high;
        }
        report->exhaustion = exhaustion_at(report->mb_per_min, low, high, report->room_bytes);
}

int leak_finder_finish(LeakFinder *f, int64_t end_ns, const LeakReport **ret)
{
        int r = f->by_key ? 0 : choose(f);

        if (r < 0)
                return r;
        end_ns = MAX(end_ns, f->last_ns);
        f->report = (LeakReport){.seen = f->images.seen, .left_out = f->left_out + f->images.left_out,
                                 .unwatched = f->unwatched};
        f->report.processes = calloc(MAX(f->n_watched, (size_t)1), sizeof *f->report.processes);
        if (!f->report.processes)
                return -ENOMEM;
        find_room(f, &f->report);
        if (f->last_ns >= f->first_ns)
                f->report.minutes = (double)(MIN(end_ns, f->options.until_ns) - f->first_ns) / 60e9;
        for (size_t i = 0; r == 0 && i < f->n_watched; i++) {
                if (f->watched[i].memory.seen == 0 && f->watched[i].fds.seen == 0)
                        f->report.unwatched++;
                else
                        r = judge(f, &f->watched[i], end_ns, &f->report.processes[f->report.n++]);
        }
        if (r < 0)
                return r;
        if (f->report.n > 1)
                qsort(f->report.processes, f->report.n, sizeof *f->report.processes, compare_processes);
        add_up(&f->report);
        *ret = &f->report;
        return 0;
}
