/* The cgroups above the run's that set a limit: a quota of CPU time, memory.high, memory.max or pids.max
 * there holds for all below. A row a cgroup, so that no figure is of two; what their other children use
 * is in it. Their limits are looked at each time, figures only of what is limited.
 * Documentation/admin-guide/cgroup-v2.rst, cgroup-v1/memory.rst; Documentation/scheduler/sched-bwc.rst. */
#include <errno.h>

#include "base/cleanup.h"
#include "base/text.h"
#include "host/cgroup-limits.h"
#include "host/key-lines.h"
#include "monitor/cgroup-places.h"

enum {
        PATH = MONITOR_FIRST,
        VERSION,
        CPU_LIMIT_RATIO,
        CPU_US,
        CPU_PERIODS,
        CPU_THROTTLED_PERIODS,
        CPU_THROTTLED_US,
        MEMORY_BYTES,
        MEMORY_HIGH_BYTES,
        MEMORY_MAX_BYTES,
        HIGH_EVENTS,
        MAX_EVENTS,
        OOM_EVENTS,
        TASKS,
        TASKS_MAX,
        N_COLUMNS,

        /* Read, but no columns. */
        QUOTA_US = N_COLUMNS,
        PERIOD_US,
        THROTTLED_NS,
        N_VALUES,
};

#define LEVEL_BYTES (4.0 * 1024 * 1024)

static const Column above_columns[N_COLUMNS] = {
        MONITOR_TIME_COLUMNS,
        [PATH] = KEY("path", TEXT, NONE, "which cgroup above the run's; each has rows of its own"),
        [VERSION] = GAUGE("version", U32, NONE, "1 or 2: of cgroups"),
        [CPU_LIMIT_RATIO] = GAUGE("cpu_limit_ratio", F64, RATIO, "CPUs that it and all below may use; null: no quota"),
        [CPU_US] = COUNTER_NOISY("cpu_us", U64, US, 200000, "CPU time, all below it included"),
        [CPU_PERIODS] = COUNTER_NOISY("cpu_periods", U64, COUNT, NOISE_ANY, "periods of the quota in which it ran"),
        [CPU_THROTTLED_PERIODS] = COUNTER("cpu_throttled_periods", U64, COUNT, "periods in which the quota was used up"),
        [CPU_THROTTLED_US] = COUNTER("cpu_throttled_us", U64, US, "time its tasks were held back for that"),
        [MEMORY_BYTES] = GAUGE_NOISY("memory_bytes", U64, BYTES, LEVEL_BYTES, "all memory charged to it and all below"),
        [MEMORY_HIGH_BYTES] = GAUGE("memory_high_bytes", U64, BYTES, "where it is slowed down; null: nowhere"),
        [MEMORY_MAX_BYTES] = GAUGE("memory_max_bytes", U64, BYTES, "its hard limit; null: none"),
        [HIGH_EVENTS] = COUNTER("high_events", U64, COUNT, "times tasks were slowed down at its own memory.high"),
        [MAX_EVENTS] = COUNTER("max_events", U64, COUNT, "times its own hard limit was reached"),
        [OOM_EVENTS] = COUNTER("oom_events", U64, COUNT, "times an allocation was about to fail there"),
        [TASKS] = GAUGE_NOISY("tasks", U64, COUNT, 2, "processes and threads in it and all below"),
        [TASKS_MAX] = GAUGE("tasks_max", U64, COUNT, "its pids.max; null: none"),
};

static const Schema above_schema = {"cgroups_above", above_columns, N_COLUMNS};

static const KeyLine cpu_stat[] = {{"usage_usec", CPU_US},
                                   {"nr_periods", CPU_PERIODS},
                                   {"nr_throttled", CPU_THROTTLED_PERIODS},
                                   {"throttled_usec", CPU_THROTTLED_US}};
static const KeyLine cpu_stat_v1[] = {{"nr_periods", CPU_PERIODS},
                                      {"nr_throttled", CPU_THROTTLED_PERIODS},
                                      {"throttled_time", THROTTLED_NS}};
/* Of the cgroup's own limits only: memory.events has those of all below it, too. */
static const KeyLine memory_events[] = {{"high", HIGH_EVENTS}, {"max", MAX_EVENTS}, {"oom", OOM_EVENTS}};

typedef enum Controller { CPU, CPUACCT, MEMORY, PIDS, CONTROLLERS } Controller;

static const char *const controllers[CONTROLLERS] = {"cpu", "cpuacct", "memory", "pids"};

typedef struct AboveFile {
        Controller controller;
        bool v1, v2;
        bool limit; /* else a figure: of use where a limit of the controller is set */
        const char *name;
        size_t target;        /* of one number; 0: lines, or cpu.max */
        const KeyLine *lines; /* NULL: cpu.max */
        size_t n_lines;
} AboveFile;

#define LINES(l) 0, l, ARRAY_LENGTH(l)

static const AboveFile files[] = {
        {CPU, false, true, true, "cpu.max", 0, NULL, 0},
        {CPU, true, false, true, "cpu.cfs_quota_us", QUOTA_US, NULL, 0},
        {CPU, true, false, true, "cpu.cfs_period_us", PERIOD_US, NULL, 0},
        {CPU, false, true, false, "cpu.stat", LINES(cpu_stat)},
        {CPU, true, false, false, "cpu.stat", LINES(cpu_stat_v1)},
        {CPUACCT, true, false, false, "cpuacct.usage", CPU_US, NULL, 0},
        {MEMORY, false, true, true, "memory.high", MEMORY_HIGH_BYTES, NULL, 0},
        {MEMORY, false, true, true, "memory.max", MEMORY_MAX_BYTES, NULL, 0},
        {MEMORY, true, false, true, "memory.limit_in_bytes", MEMORY_MAX_BYTES, NULL, 0},
        {MEMORY, false, true, false, "memory.current", MEMORY_BYTES, NULL, 0},
        {MEMORY, true, false, false, "memory.usage_in_bytes", MEMORY_BYTES, NULL, 0},
        {MEMORY, false, true, false, "memory.events.local", LINES(memory_events)},
        {MEMORY, true, false, false, "memory.failcnt", MAX_EVENTS, NULL, 0},
        {PIDS, true, true, true, "pids.max", TASKS_MAX, NULL, 0},
        {PIDS, true, true, false, "pids.current", TASKS, NULL, 0},
};

enum { FILES = ARRAY_LENGTH(files), LEVELS_MAX = 32, NOT_OPEN = -1, NOT_TRIED = -2 };

/* A cgroup above, in whichever hierarchies it is (v1: of the same path in several). */
typedef struct Above {
        Controller first; /* it is named as there */
        size_t level[CONTROLLERS];
        bool in[CONTROLLERS];
        int fds[FILES];
        bool gone;
} Above;

typedef struct AboveState {
        const MonitorContext *context;
        CgroupPlaces own;
        CgroupPath paths[CONTROLLERS];
        Above levels[LEVELS_MAX]; /* nearest first, a controller after the other */
        size_t n;
        bool awaited; /* nobody is attached to yet who would say where that is */
        uint64_t values[N_VALUES];
        bool known[N_VALUES];
        char text[CGROUP_FILE_MAX];
} AboveState;

static bool file_is_there(const AboveState *s, const Above *a, const AboveFile *file)
{
        return a->in[file->controller] && (s->paths[file->controller].v2 ? file->v2 : file->v1);
}

static void open_one(AboveState *s, Above *a, size_t i)
{
        const AboveFile *file = &files[i];
        int fd = cgroup_path_open(s->context->host, &s->paths[file->controller], a->level[file->controller], file->name);

        a->fds[i] = fd >= 0 ? fd : NOT_OPEN;
}

/* True: there is a file in which a limit could be. */
static bool open_limits(AboveState *s, Above *a)
{
        bool any = false;

        for (size_t i = 0; i < FILES; i++) {
                a->fds[i] = file_is_there(s, a, &files[i]) && !files[i].limit ? NOT_TRIED : NOT_OPEN;
                if (!file_is_there(s, a, &files[i]) || !files[i].limit)
                        continue;
                open_one(s, a, i);
                any |= a->fds[i] >= 0;
        }
        return any;
}

static void close_level(Above *a)
{
        for (size_t i = 0; i < FILES; i++) {
                if (a->fds[i] >= 0)
                        fd_close(a->fds[i]);
                a->fds[i] = NOT_OPEN;
        }
}

/* The row that this path has already, or a new one; NULL: there are too many. */
static Above *level_of(AboveState *s, const char *path)
{
        char other[CGROUP_PATH_MAX];

        for (size_t i = 0; i < s->n; i++) {
                const Above *a = &s->levels[i];
                if (text_equal(cgroup_path_level(&s->paths[a->first], a->level[a->first], other), path))
                        return &s->levels[i];
        }
        return s->n < LEVELS_MAX ? &s->levels[s->n] : NULL;
}

/* The run's own level is the table `cgroup`'s, unless it does not look there (v1). */
static bool is_own(const AboveState *s, Controller c, const char *path)
{
        return cgroup_places_of(&s->own, controllers[c])->seen && text_equal(s->own.path, path);
}

static void add_levels(AboveState *s, Controller c)
{
        const char *wanted = cgroup_places_wanted(s->context);
        const pid_t pid = cgroup_places_pid(s->context);
        CgroupPath *path = &s->paths[c];
        char name[CGROUP_PATH_MAX];
        int r = wanted ? cgroup_path_at(s->context->host, wanted, controllers[c], path) : -ENOENT;

        if (r < 0 && (!wanted || pid > 0)) /* v1: the command's own is not of every hierarchy */
                r = cgroup_path_find(s->context->host, pid, controllers[c], path);
        if (r < 0 || (s->context->all && !wanted))
                return;
        for (size_t level = 0; level < path->n_levels; level++) {
                if (level > 0 && c == MEMORY && !cgroup_memory_counts(path, s->context->host, level))
                        return;
                cgroup_path_level(path, level, name);
                Above *a = is_own(s, c, name) ? NULL : level_of(s, name);
                if (!a)
                        continue;
                if (a == &s->levels[s->n]) {
                        *a = (Above){.first = c};
                        s->n++;
                }
                a->in[c] = true;
                a->level[c] = level;
        }
}

static void look_up(AboveState *s)
{
        size_t kept = 0;

        s->n = 0;
        s->awaited = cgroup_places_awaited(s->context);
        if (s->awaited)
                return;
        cgroup_places_find(&s->own, s->context);
        for (size_t c = 0; c < CONTROLLERS; c++)
                add_levels(s, (Controller)c);
        for (size_t i = 0; i < s->n; i++) {
                Above a = s->levels[i];
                if (open_limits(s, &a))
                        s->levels[kept++] = a;
        }
        s->n = kept;
}

static void above_stop(void *state)
{
        AboveState *s = state;

        for (size_t i = 0; i < s->n; i++)
                close_level(&s->levels[i]);
}

static int above_start(void *state, const MonitorContext *context, Error *err)
{
        AboveState *s = state;

        s->context = context;
        look_up(s);
        return s->n > 0 || s->awaited ? 0 : error_set(err, ENOENT, "no cgroup above the run's can have a limit here");
}

static int above_probe(const MonitorContext *context, Error *why, Error *fix)
{
        _cleanup_free_ AboveState *s = calloc(1, sizeof *s);

        if (!s)
                return error_set(why, ENOMEM, "out of memory");
        int r = above_start(s, context, why);
        above_stop(s);
        return r < 0 ? -EOPNOTSUPP : 0;
}

/* More than any machine has: v1's word for no limit is such a number. */
#define NO_LIMIT (1ull << 62)

static void set_value(size_t target, uint64_t value, void *data)
{
        AboveState *s = data;

        if (value < NO_LIMIT) {
                s->values[target] = value;
                s->known[target] = true;
        }
}

static void read_one(AboveState *s, Above *a, size_t i)
{
        const AboveFile *file = &files[i];
        uint64_t value, period;

        if (a->fds[i] == NOT_TRIED)
                open_one(s, a, i);
        ssize_t n = a->fds[i] < 0 ? -ENOENT : host_reread(a->fds[i], s->text, sizeof s->text);
        a->gone |= n == -ENODEV; /* kernfs: the cgroup was removed */
        if (n <= 0)
                return;
        const char *at = s->text, *end = s->text + n;
        if (file->lines) {
                key_lines_read(s->text, (size_t)n, file->lines, file->n_lines, set_value, s);
        } else if (file->target) {
                if (cgroup_parse_value(s->text, (size_t)n, &value) == 0)
                        set_value(file->target, value, s);
        } else if (scan_u64(&at, end, &value) == 0 && scan_u64(&at, end, &period) == 0) {
                set_value(QUOTA_US, value, s);
                set_value(PERIOD_US, period, s);
        }
}

/* True: a limit is set. */
static bool read_level(AboveState *s, Above *a)
{
        for (size_t i = 0; i < N_VALUES; i++)
                s->known[i] = false;
        for (size_t i = 0; i < FILES; i++)
                if (files[i].limit)
                        read_one(s, a, i);
        const bool set[CONTROLLERS] = {
                [CPU] = s->known[QUOTA_US] && s->known[PERIOD_US] && s->values[PERIOD_US] > 0,
                [MEMORY] = s->known[MEMORY_HIGH_BYTES] || s->known[MEMORY_MAX_BYTES],
                [PIDS] = s->known[TASKS_MAX],
        };
        for (size_t i = 0; i < FILES; i++)
                if (!files[i].limit && set[files[i].controller == CPUACCT ? CPU : files[i].controller])
                        read_one(s, a, i);
        if (s->known[THROTTLED_NS])
                set_value(CPU_THROTTLED_US, s->values[THROTTLED_NS] / 1000, s);
        if (s->known[CPU_US] && !s->paths[CPU].v2)
                s->values[CPU_US] /= 1000; /* cpuacct counts nanoseconds */
        return set[CPU] || set[MEMORY] || set[PIDS];
}

static int add_row(AboveState *s, const Above *a, const MonitorTick *tick, Batch *rows)
{
        char path[CGROUP_PATH_MAX];
        int r = monitor_row(rows, tick);

        if (r < 0)
                return r;
        batch_set_textz(rows, PATH, cgroup_path_level(&s->paths[a->first], a->level[a->first], path));
        batch_set_u64(rows, VERSION, s->paths[a->first].v2 ? 2 : 1);
        for (size_t i = VERSION + 1; i < N_COLUMNS; i++)
                if (s->known[i])
                        batch_set_u64(rows, i, s->values[i]);
        if (s->known[QUOTA_US] && s->known[PERIOD_US] && s->values[PERIOD_US] > 0)
                batch_set_f64(rows, CPU_LIMIT_RATIO, (double)s->values[QUOTA_US] / (double)s->values[PERIOD_US]);
        return 0;
}

static int above_sample(void *state, const MonitorTick *tick, Batch *rows, Error *err)
{
        AboveState *s = state;
        int r = 0;

        if (s->awaited)
                look_up(s);
        for (size_t i = 0; r == 0 && i < s->n; i++) {
                Above *a = &s->levels[i];
                a->gone = false;
                if (read_level(s, a))
                        r = add_row(s, a, tick, rows);
                if (!a->gone)
                        continue;
                close_level(a); /* perhaps it comes again, as a service does that restarts */
                open_limits(s, a);
        }
        return r;
}

static const MonitorKey above_keys[] = {
        {"path", MONITOR_KEY_TEXTS, "above which cgroup, instead of that of the monitor cgroup"},
        {NULL, 0, NULL},
};

const Monitor monitor_cgroups_above = {
        .name = "cgroups_above",
        .what = "cgroups above the run's that limit it, a row each",
        .schema = &above_schema,
        .interval_us = 1000000,
        .state_size = sizeof(AboveState),
        .keys = above_keys,
        .probe = above_probe,
        .start = above_start,
        .sample = above_sample,
        .stop = above_stop,
};
