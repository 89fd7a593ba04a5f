/* A cgroup's memory.high, which slows down whoever is over it, and a memory.max that is reached again and again
 * while tasks wait for memory: of the run's own cgroup, or of one above it. Others may be who is over that one: the
 * run's own account of waiting (memory.pressure) says whether it was held up. */
#include <errno.h>

#include "base/clock.h"
#include "detect/cgroup-advice.h"
#include "detect/cgroup-level.h"
#include "detect/detect.h"
#include "detect/growth.h"

static const char *const cgroup_columns[] = {"t_ns", "path", "memory_bytes", "memory_high_bytes", "memory_max_bytes", "high_events",
                                             "max_events", "memory_some_us", NULL};
static const char *const above_columns[] = {"t_ns", "path", "version", "memory_bytes", "memory_high_bytes", "memory_max_bytes",
                                            "high_events", "max_events", NULL};

static const DetectTable tables[] = {{"cgroup", cgroup_columns, false}, {"cgroups_above", above_columns, false}, {NULL}};

/* Over memory.high a task has to free memory, and is made to sleep, each time it comes back from the kernel
 * (Documentation/admin-guide/cgroup-v2.rst); memory.events counts it. */
#define HELD_NS     (2 * NS_PER_SECOND)
#define HELD_GAP_NS (2 * (int64_t)NS_PER_SECOND) /* one event stands for no longer */
#define WAITED_SOME 0.02 /* of the time in which a cgroup above was over it: with less it was not the run */
#define WAITED_MUCH 0.2  /* at memory.max: cached files that make room cost nothing */

typedef enum Limit { LIMIT_HIGH, LIMIT_MAX, N_LIMITS } Limit;

static const char *const names[N_LIMITS] = {"memory.high", "memory.max"};

typedef struct Held {
        bool any;
        double events, grown;
        int64_t t_ns, first_ns, last_ns; /* newest row; when it first and last went on */
        uint64_t held_ns;                /* time in which it went on */
        uint64_t limit_bytes;
} Held;

typedef struct Level {
        CgroupLevel level;
        Held held[N_LIMITS];
        uint64_t most_bytes;
} Level;

typedef struct State {
        Things levels;
        Growth waited; /* µs in which tasks of the run's own cgroup waited for memory */
} State;

static void note(Held *h, int64_t t_ns, double events)
{
        if (h->any && events > h->events && t_ns > h->t_ns) {
                h->first_ns = h->grown > 0 ? h->first_ns : h->t_ns;
                h->last_ns = t_ns;
                h->grown += events - h->events;
                h->held_ns += (uint64_t)MIN(t_ns - h->t_ns, HELD_GAP_NS);
        }
        h->any = true;
        h->events = events;
        h->t_ns = t_ns;
}

static int cgroup_memory_observe(void *state, const DetectContext *context, const char *table, const Batch *rows, Findings *out)
{
        State *s = state;
        Cells at = cells_find(rows, "t_ns"), used = cells_find(rows, "memory_bytes"), waited = cells_find(rows, "memory_some_us"),
              limits[N_LIMITS] = {cells_find(rows, "memory_high_bytes"), cells_find(rows, "memory_max_bytes")},
              events[N_LIMITS] = {cells_find(rows, "high_events"), cells_find(rows, "max_events")};

        for (size_t row = 0; row < batch_rows(rows); row++) {
                int64_t t_ns;
                double n;
                if (!row_time(rows, at, row, &t_ns))
                        continue;
                Level *level = cgroup_level_get(&s->levels, rows, table, row, context->facts.cgroup_v1, sizeof *level);
                if (!level && s->levels.n < THINGS_MAX)
                        return -ENOMEM;
                if (!level)
                        continue;
                if (!level->level.above && row_number(rows, waited, row, &n))
                        growth_add(&s->waited, t_ns, n);
                level->most_bytes = MAX(level->most_bytes, cells_or(used, row, 0));
                for (size_t i = 0; i < N_LIMITS; i++) {
                        level->held[i].limit_bytes = cells_or(limits[i], row, level->held[i].limit_bytes);
                        if (row_number(rows, events[i], row, &n))
                                note(&level->held[i], t_ns, n);
                }
        }
        return 0;
}

/* Part of that time in which tasks of the run's cgroup waited for memory; -1: not known. */
static double waited_of(const State *s, const Held *h)
{
        if (s->waited.n < 2 || h->held_ns == 0)
                return -1;
        return MIN(growth_between(&s->waited, h->first_ns, h->last_ns) * 1e3 / (double)h->held_ns, 1.0);
}

static bool is_told(const Level *level, Limit i, double waited)
{
        const Held *h = &level->held[i];

        if (h->limit_bytes == 0 || h->held_ns < HELD_NS)
                return false;
        if (i == LIMIT_MAX)
                return waited >= WAITED_MUCH;
        return !level->level.above || waited < 0 || waited >= WAITED_SOME;
}

static void tell(const Level *level, Limit i, const char *path, double waited, const DetectContext *context, Findings *out)
{
        const Held *h = &level->held[i];
        const bool above = level->level.above, guessed = above && waited < 0;
        char limit[FORMAT_MAX], most[FORMAT_MAX], n[FORMAT_MAX], length[FORMAT_MAX], from[FORMAT_MAX], until[FORMAT_MAX], share[FORMAT_MAX];
        _cleanup_string_ String where = {0}, meanwhile = {0}, advice = {0};

        Finding *f = findings_raise(out, i == LIMIT_HIGH ? "memory-high" : "memory-max", path, SEVERITY_WARNING,
                                    guessed ? SURE_LIKELY : SURE_CERTAIN, h->first_ns);
        if (!f)
                return;
        f->until_ns = h->last_ns;
        cgroup_level_add_where(&where, &level->level, path);
        finding_title(f, "a cgroup's %s of %s%s slowed the run down", names[i], format_bytes(limit, h->limit_bytes), string_get(&where));
        if (waited >= 0 && (above || i == LIMIT_MAX))
                string_add_format(&meanwhile, "; tasks of the run waited for memory %s of that time", format_percent(share, waited));
        finding_evidence(f, "%s %s%s %s times in %s, from %s to %s; it used up to %s%s", i == LIMIT_HIGH ? "tasks of" : "allocations in",
                         path[0] ? path : "the cgroup", i == LIMIT_HIGH ? " were over it" : " reached it", format_count(n, (uint64_t)h->grown),
                         format_duration(length, h->held_ns), format_moment(from, h->first_ns), format_moment(until, h->last_ns),
                         format_bytes(most, level->most_bytes), string_get(&meanwhile));
        if (i == LIMIT_MAX)
                finding_meaning(f, "each time, room had to be made first, of its cached files or by swapping; where none can be made, the "
                                   "kernel kills one of its processes");
        else
                finding_meaning(f, "each time, they had to free memory and were made to sleep; nothing is killed for it, it only takes longer%s",
                                guessed ? "; whether it was the run or others below that cgroup, this kernel does not tell" : "");
        string_add(&advice, "run fewer jobs at once (-j), or raise it:\n");
        cgroup_advise(&advice, path, level->level.v1, i == LIMIT_HIGH ? CGROUP_KNOB_HIGH : CGROUP_KNOB_MEMORY,
                      ((h->limit_bytes + h->limit_bytes / 2) >> 20) << 20);
        finding_advice(f, "%s", string_get(&advice));
}

static int cgroup_memory_finish(void *state, const DetectContext *context, Findings *out)
{
        State *s = state;

        for (size_t i = 0; i < s->levels.n; i++)
                for (size_t k = 0; k < N_LIMITS; k++) {
                        const Level *level = s->levels.items[i].state;
                        const double waited = waited_of(s, &level->held[k]);
                        if (is_told(level, (Limit)k, waited))
                                tell(level, (Limit)k, s->levels.items[i].name, waited, context, out);
                }
        return 0;
}

static void cgroup_memory_done(void *state)
{
        State *s = state;

        things_done(&s->levels);
}

const Detector detector_cgroup_memory = {
        .name = "cgroup-memory",
        .tables = tables,
        .state_size = sizeof(State),
        .observe = cgroup_memory_observe,
        .finish = cgroup_memory_finish,
        .done = cgroup_memory_done,
};
