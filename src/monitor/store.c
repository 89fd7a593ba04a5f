/* How large named trees are and how they grow. A thread of low priority (SCHED_IDLE, idle for the disk)
 * goes through them one after another, again and again, and rests when it has used more than
 * its share of CPU time; a sample only tells what is known by now. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/text.h"
#include "monitor/monitor.h"
#include "monitor/side-thread.h"
#include "monitor/store-measure.h"
#include "monitor/store-places.h"

enum {
        STORE_PATH = MONITOR_FIRST,
        MEASURED_BY,
        COMPLETE,
        BYTES,
        APPARENT_BYTES,
        FILES,
        DIRECTORIES,
        STORE_PATHS,
        ERRORS,
        AGE_MS,
        PASS_MS,
        N_COLUMNS,
};

#define LEVEL (1024.0 * 1024)

static const Column store_columns[N_COLUMNS] = {
        MONITOR_TIME_COLUMNS,
        [STORE_PATH] = KEY("path", TEXT, NONE, "which tree"),
        [MEASURED_BY] = WORDS("measured_by", "how: walk, nix database, ccache statistics"),
        [COMPLETE] = GAUGE("complete", BOOL, NONE,
                           "false: the first pass is under way, this is what it has found so far"),
        [BYTES] = GAUGE_NOISY("bytes", U64, BYTES, LEVEL, "taken on disk; null for a Nix store"),
        [APPARENT_BYTES] = GAUGE_NOISY("apparent_bytes", U64, BYTES, LEVEL,
                                       "sum of the sizes of its files; of a Nix store the narSize"),
        [FILES] = GAUGE_NOISY("files", U64, COUNT, 64,
                              "files; one with several names is one"),
        [DIRECTORIES] = GAUGE_NOISY("directories", U64, COUNT, 64, "folders, itself included"),
        [STORE_PATHS] = GAUGE("store_paths", U64, COUNT, "valid paths of a Nix store"),
        [ERRORS] = GAUGE("errors", U64, COUNT, "files and folders that could not be read, not counted"),
        [AGE_MS] = GAUGE_NOISY("age_ms", U64, MS, NOISE_ANY, "since the pass that found this ended"),
        [PASS_MS] = GAUGE_NOISY("pass_ms", U64, MS, NOISE_ANY, "how long that pass took"),
};

static const Schema store_schema = {"store", store_columns, N_COLUMNS};

typedef enum Way { WAY_UNKNOWN, WAY_WALK, WAY_NIX, WAY_CCACHE } Way;

static const char *const way_names[] = {
        [WAY_WALK] = "walk", [WAY_NIX] = "nix database", [WAY_CCACHE] = "ccache statistics"};

/* What is known of a tree. */
typedef struct Known {
        Way way;
        bool any, complete;
        StoreFigures figures;
        uint64_t done_ns, pass_ns; /* CLOCK_MONOTONIC; of the last complete pass */
        StoreFigures first;        /* of the first complete one */
        uint64_t first_ns;         /* 0: there was none */
        int error;                 /* why the last pass failed; 0: it did not */
} Known;

/* The thread's; `known` is what both sides see, under the lock. */
typedef struct Measurer {
        const Host *host;
        Host *own_host; /* the same, for a thread that may outlive the monitor's; NULL: no thread */
        SideThread *thread; /* NULL: nobody to rest for */
        StorePlaces places;
        Known known[STORE_PLACES_MAX];
        StoreSeen seen[STORE_PLACES_MAX];
        size_t current; /* being measured, and how */
        Way way;
        uint64_t interval_ns;
        uint64_t share_ppm; /* of one CPU */
        uint64_t databases_ns; /* when they were last looked at */
        uint64_t start_ns;
} Measurer;

/* What the thread may use at once, before its share counts: stores of some ten thousand files. */
#define CREDIT_NS (50 * NS_PER_MS)
enum { SHARE_PPM = 2000, PPM = 1000000 };

typedef struct StoreState {
        Measurer *measurer; /* owned by the thread, where there is one */
        SideThread *thread;
        Known known[STORE_PLACES_MAX]; /* as of the last look */
        bool told_first[STORE_PLACES_MAX];
} StoreState;

static void measurer_free(void *data)
{
        Measurer *m = data;

        store_places_done(&m->places);
        host_free(m->own_host);
        free(m);
}

static void publish(Measurer *m, size_t i, const Known *known)
{
        if (m->thread)
                side_thread_lock(m->thread);
        m->known[i] = *known;
        if (m->thread)
                side_thread_unlock(m->thread);
}

/* Sleeps off what was used too much. False: it is over. */
static bool rest(Measurer *m)
{
        if (!m->thread)
                return true;
        if (m->share_ppm < PPM) {
                uint64_t used = clock_ns(CLOCK_THREAD_CPUTIME_ID);
                uint64_t wall = clock_monotonic_ns() - m->start_ns;
                uint64_t allowed = CREDIT_NS + wall / PPM * m->share_ppm;
                if (used > allowed)
                        side_thread_pause(m->thread, (used - allowed) * PPM / m->share_ppm);
        }
        return !side_thread_over(m->thread);
}

static void look_at_databases(Measurer *m);

static bool go_on(const StoreFigures *so_far, void *data)
{
        Measurer *m = data;
        Known known = m->known[m->current]; /* only this thread writes it */

        if (!known.complete) {
                known.any = true;
                known.way = m->way;
                known.figures = *so_far;
                publish(m, m->current, &known);
        }
        if (m->way == WAY_WALK)
                look_at_databases(m);
        return rest(m);
}

/* By the first way that works. */
static int measure(Measurer *m, size_t i, StoreFigures *ret)
{
        const StorePlace *place = &m->places.places[i];
        const StoreWatch watch = {.go_on = go_on, .data = m};
        int r = -ENOENT;

        if (place->nix) {
                _cleanup_close_ int database = host_open(m->host, NIX_DATABASE_FOLDER);
                m->way = WAY_NIX;
                r = database < 0 ? database : store_nix_measure(database, &m->seen[i], &watch, ret);
                if (r != -ENOENT && r != -EACCES && r != -EOPNOTSUPP)
                        return r;
        }
        _cleanup_close_ int folder = host_open(m->host, place->path + 1);
        if (folder < 0)
                return folder;
        m->way = WAY_CCACHE;
        r = store_ccache_measure(folder, &watch, ret);
        if (r != -ENOENT)
                return r;
        m->way = WAY_WALK;
        return store_tree_measure(folder, &watch, ret);
}

static void pass(Measurer *m, size_t i)
{
        uint64_t begin_ns = clock_monotonic_ns();
        Known known = m->known[i];

        m->current = i;
        int r = measure(m, i, &known.figures);
        if (r == -ECANCELED)
                return;
        known.way = m->way;
        known.error = r < 0 ? -r : 0;
        if (r >= 0) {
                known.any = known.complete = true;
                known.done_ns = clock_monotonic_ns();
                if (r != STORE_UNCHANGED)
                        known.pass_ns = known.done_ns - begin_ns;
                if (known.first_ns == 0) {
                        known.first = known.figures;
                        known.first_ns = known.done_ns;
                }
        }
        publish(m, i, &known);
}

/* A walk may take an hour; meanwhile a database, which takes milliseconds, does not wait for its turn. */
static void look_at_databases(Measurer *m)
{
        const size_t current = m->current;
        uint64_t now_ns = clock_monotonic_ns();

        if (!m->thread || now_ns - m->databases_ns < m->interval_ns)
                return;
        m->databases_ns = now_ns;
        for (size_t i = 0; i < m->places.n; i++) {
                bool nix = i != current && m->places.places[i].nix && m->known[i].way != WAY_WALK;
                _cleanup_close_ int database = nix ? host_open(m->host, NIX_DATABASE_FOLDER) : -1;
                if (database >= 0 && faccessat(database, "db.sqlite", R_OK, AT_EACCESS) == 0)
                        pass(m, i);
        }
        m->current = current;
        m->way = WAY_WALK;
}

static void measure_always(SideThread *self, void *data)
{
        Measurer *m = side_thread_lock(self);

        m->thread = self;
        side_thread_unlock(self);
        while (!side_thread_over(self)) {
                uint64_t begin_ns = m->databases_ns = clock_monotonic_ns();
                for (size_t i = 0; i < m->places.n && !side_thread_over(self); i++)
                        pass(m, i);
                uint64_t took_ns = clock_monotonic_ns() - begin_ns;
                if (took_ns < m->interval_ns)
                        side_thread_pause(self, m->interval_ns - took_ns);
        }
}

static int store_probe(const MonitorContext *context, Error *why, Error *fix)
{
        StorePlaces places;
        int r = store_places_find(context, &places, why);

        if (r < 0)
                return r;
        bool none = places.n == 0;
        store_places_done(&places);
        if (none && places.nix_unread)
                return error_set(why, EOPNOTSUPP, "built without SQLite, and no ccache here");
        return none ? error_set(why, EOPNOTSUPP,
                                "no Nix store and no ccache here; name folders to measure as "
                                "`paths` of [monitors.store]")
                    : 0;
}

static int store_start(void *state, const MonitorContext *context, Error *err)
{
        StoreState *s = state;
        Measurer *m = calloc(1, sizeof *m);
        const MonitorSetting *share = monitor_setting(context, "cpu_ppm");

        if (!m)
                return error_set(err, ENOMEM, "out of memory");
        m->host = context->host;
        m->interval_ns = context->interval_us * NS_PER_US / 2; /* a sample tells what is half as old */
        m->share_ppm = share ? MAX(MIN(share->number, (uint64_t)PPM), (uint64_t)1) : SHARE_PPM;
        m->start_ns = clock_monotonic_ns();
        int r = store_places_find(context, &m->places, err);
        if (r == 0 && host_is_live(context->host)) {
                r = host_new(NULL, &m->own_host);
                m->host = m->own_host;
                if (r == 0)
                        r = side_thread_start(&(SideThreadOptions){.name = "vigia-store",
                                                                   .idle = true,
                                                                   .run = measure_always,
                                                                   .free_data = measurer_free,
                                                                   .data = m},
                                              &s->thread);
                if (r < 0)
                        error_set_errno(err, r, "a thread to measure in");
        }
        if (r < 0) {
                measurer_free(m);
                return r;
        }
        s->measurer = m;
        return 0;
}

/* A recorded root is measured at once, and is not a minute older the next time. */
static void look(StoreState *s)
{
        if (!s->thread) {
                for (size_t i = 0; i < s->measurer->places.n; i++)
                        pass(s->measurer, i);
                memcpy(s->known, s->measurer->known, sizeof s->known);
        } else if (side_thread_try(s->thread)) {
                memcpy(s->known, s->measurer->known, sizeof s->known);
                side_thread_unlock(s->thread);
        }
}

static int add_row(const Known *known, const char *path, uint64_t now_ns, const MonitorTick *tick,
                   Batch *rows)
{
        const StoreFigures *f = &known->figures;
        const uint64_t figures[] = {f->bytes,       f->apparent_bytes, f->files,
                                    f->directories, f->store_paths,    f->errors};
        int r = monitor_row(rows, tick);

        if (r == 0)
                r = batch_set_textz(rows, STORE_PATH, path);
        if (r == 0 && known->way != WAY_UNKNOWN)
                r = batch_set_textz(rows, MEASURED_BY, way_names[known->way]);
        if (r < 0)
                return r;
        batch_set_bool(rows, COMPLETE, known->complete);
        for (size_t i = 0; i < ARRAY_LENGTH(figures); i++)
                if (figures[i] != STORE_UNKNOWN)
                        batch_set_u64(rows, BYTES + i, figures[i]);
        if (known->complete && now_ns > 0) {
                batch_set_u64(rows, AGE_MS, (MAX(now_ns, known->done_ns) - known->done_ns) / NS_PER_MS);
                batch_set_u64(rows, PASS_MS, known->pass_ns / NS_PER_MS);
        }
        return 0;
}

/* One that fails does not hide the others; when all do, that is worth an error. */
static int check(const StoreState *s, Error *err)
{
        size_t i = 0, n = s->measurer->places.n;

        while (i < n && s->known[i].error)
                i++;
        return i < n ? 0
                     : error_set_errno(err, s->known[0].error, "%.300s",
                                       s->measurer->places.places[0].path);
}

/* A store grows from where it was when the run began, not from the first sample at which that is known: its first figures
 * come as a row of their own time. */
static int add_first_row(StoreState *s, size_t i, const char *path, const MonitorTick *tick, Batch *rows)
{
        const Known *known = &s->known[i];
        MonitorTick then = *tick;
        Known first = *known;

        if (known->way != WAY_NIX || known->first_ns == 0 || s->told_first[i] || !s->thread)
                return 0;
        s->told_first[i] = true;
        uint64_t age_ns = tick->now_ns > known->first_ns ? tick->now_ns - known->first_ns : 0;
        if (age_ns < NS_PER_SECOND / 10)
                return 0;
        then.now_ns -= age_ns;
        then.realtime_ns -= (int64_t)age_ns;
        then.t_ns -= (int64_t)age_ns;
        first.figures = known->first;
        first.done_ns = known->first_ns;
        return add_row(&first, path, then.now_ns, &then, rows);
}

static bool always(const StoreFigures *so_far, void *data)
{
        return true;
}

/* What the command added last is told, too: at the end nobody else waits. */
static void look_at_the_end(StoreState *s, uint64_t now_ns)
{
        const StoreWatch watch = {.go_on = always};

        for (size_t i = 0; s->thread && i < s->measurer->places.n; i++) {
                Known *known = &s->known[i];
                StoreSeen seen = {{0}};
                if (!s->measurer->places.places[i].nix || known->way == WAY_WALK)
                        continue;
                _cleanup_close_ int database = host_open(s->measurer->host, NIX_DATABASE_FOLDER);
                if (database >= 0 && store_nix_measure(database, &seen, &watch, &known->figures) == 0) {
                        known->way = WAY_NIX;
                        known->any = known->complete = true;
                        known->error = 0;
                        known->done_ns = now_ns;
                }
        }
}

static int store_sample(void *state, const MonitorTick *tick, Batch *rows, Error *err)
{
        StoreState *s = state;

        look(s);
        if (tick->last)
                look_at_the_end(s, tick->now_ns);
        int r = check(s, err);
        for (size_t i = 0; r == 0 && i < s->measurer->places.n; i++)
                r = add_first_row(s, i, s->measurer->places.places[i].path, tick, rows);
        for (size_t i = 0; r == 0 && i < s->measurer->places.n; i++)
                if (s->known[i].any)
                        r = add_row(&s->known[i], s->measurer->places.places[i].path,
                                    s->thread ? tick->now_ns : 0, tick, rows);
        return r;
}

static void store_stop(void *state)
{
        StoreState *s = state;

        if (s->thread)
                side_thread_end(s->thread);
        else
                measurer_free(s->measurer);
}

static const MonitorKey store_keys[] = {
        {"paths", MONITOR_KEY_TEXTS,
         "the trees to measure (default: /nix/store by its database, and ccache's folder)"},
        {"cpu_ppm", MONITOR_KEY_NUMBER,
         "CPU time it may use, in millionths of one CPU; 1000000: no limit (default: 2000)"},
        {NULL, 0, NULL},
};

const Monitor monitor_store = {
        .name = "store",
        .what = "size and growth of a Nix store, ccache, named trees",
        .schema = &store_schema,
        .interval_us = 30000000,
        .state_size = sizeof(StoreState),
        .keys = store_keys,
        .probe = store_probe,
        .start = store_start,
        .sample = store_sample,
        .stop = store_stop,
};
