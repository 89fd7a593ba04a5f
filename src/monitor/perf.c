/* Perf events by name over the run: hardware, software, tracepoints, units of the machine. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/text.h"
#include "host/sysfs-value.h"
#include "monitor/monitor.h"
#include "monitor/perf-counters.h"
#include "track/perf-open.h"

enum {
        EVENT = MONITOR_FIRST,
        SCOPE,
        VALUE,
        ENABLED_US,
        RUNNING_US,
        SCALE,
        SCALED_UNIT,
        WHY,
        N_COLUMNS,
};

static const Column perf_columns[N_COLUMNS] = {
        MONITOR_TIME_COLUMNS,
        [EVENT] = KEY("event", TEXT, NONE, "its name, as asked for; :u behind if only user space could be counted"),
        [SCOPE] = KEY("scope", TEXT, NONE, "what is counted: command, processes or machine"),
        [VALUE] = COUNTER("value", U64, NONE, "counted so far; null: never yet"),
        [ENABLED_US] = COUNTER_NOISY("enabled_us", U64, US, NOISE_ANY, "time in which there was something to count"),
        [RUNNING_US] = COUNTER_NOISY("running_us", U64, US, NOISE_ANY,
                                     "of that, time in which it was; less where events share a counter"),
        [SCALE] = GAUGE("scale", F64, NONE, "value × scale is in `unit`"),
        [SCALED_UNIT] = WORDS("unit", "ns, Joules …; null for a count"),
        [WHY] = WORDS("why", "why it cannot be counted"),
};

static const Schema perf_schema = {"perf", perf_columns, N_COLUMNS};

static const MonitorKey perf_keys[] = {
        {"events", MONITOR_KEY_TEXTS, "names as perf list has them (default: task-clock, page-faults, "
                                      "context-switches, cpu-migrations, cycles, instructions, "
                                      "cache-misses, branch-misses)"},
        {NULL, 0, NULL},
};

static const char *const default_events[] = {
        "task-clock", "page-faults", "context-switches", "cpu-migrations",
        "cycles", "instructions", "cache-misses", "branch-misses",
};

enum { TASKS_MAX = 512 };

typedef struct PerfState {
        const Host *host;
        const MonitorScope *scope; /* of whom to count the tasks, at the first sample */
        PerfEvent events[PERF_EVENTS_MAX];
        size_t n_events;
        PerfCounters *counters;    /* NULL: not yet */
        pid_t tasks[TASKS_MAX];
        size_t n_tasks;
        bool too_many;
} PerfState;

/* Of "a,cpu/event=1,umask=2/,b" the next; a comma between slashes is of the event. */
static size_t next_name(const char **text, const char **ret)
{
        const char *p = *text + strspn(*text, ", \t");
        bool inside = false;
        size_t n = 0;

        for (; p[n] && (inside || p[n] != ','); n++)
                inside ^= p[n] == '/';
        *ret = p;
        *text = p + n;
        while (n > 0 && (p[n - 1] == ' ' || p[n - 1] == '\t'))
                n--;
        return n;
}

static int add_events(PerfState *s, const char *text, Error *err, Error *fix)
{
        const char *at;
        char name[PERF_NAME_MAX];
        PerfEvent event;
        size_t n;
        int r = 0;

        while (r == 0 && (n = next_name(&text, &at)) > 0) {
                if (s->n_events + 2 > PERF_EVENTS_MAX)
                        return error_set(err, E2BIG, "perf: there is room for %d events", PERF_EVENTS_MAX - 1);
                if (n >= sizeof name)
                        return error_set(err, EINVAL, "perf: the name of an event has %d bytes at most",
                                         PERF_NAME_MAX - 1);
                memcpy(name, at, n);
                name[n] = '\0';
                r = perf_event_find(s->host, name, &event, err, fix);
                if (r == 0)
                        s->n_events += perf_event_by_core(s->host, &event, &s->events[s->n_events]);
        }
        return r;
}

static int find_events(PerfState *s, const MonitorContext *context, Error *err, Error *fix)
{
        const MonitorSetting *asked = monitor_setting(context, "events");
        size_t n = asked ? asked->n_texts : ARRAY_LENGTH(default_events);
        int r = 0;

        s->host = context->host;
        for (size_t i = 0; r == 0 && i < n; i++)
                r = add_events(s, asked ? asked->texts[i] : default_events[i], err, fix);
        if (r == 0 && s->n_events == 0)
                r = error_set(err, EINVAL, "perf: no events are named");
        return r;
}

static void advise(const MonitorContext *context, int r, bool wide, Error *fix)
{
        int64_t level;
        int needed = wide ? 0 : 2;

        if ((r == -EACCES || r == -EPERM) &&
            sysfs_i64(context->host, "proc/sys/kernel/perf_event_paranoid", &level) == 0 &&
            level > needed)
                error_set(fix, EACCES, "sudo sysctl kernel.perf_event_paranoid=%d", needed);
}

/* Whether the kernel lets us count at all, and whether it knows the names. */
static int perf_probe(const MonitorContext *context, Error *why, Error *fix)
{
        struct perf_event_attr attr = perf_attr(PERF_COUNT_SW_TASK_CLOCK);
        bool wide = context->all && !context->root;
        PerfState s = {0};

        if (!host_is_live(context->host))
                return error_set(why, EOPNOTSUPP, "perf counts on the machine it runs on, not on a "
                                                  "recorded one");
        attr.sample_type = 0;
        attr.sample_id_all = 0;
        int r = perf_open(&attr, wide ? -1 : 0, wide ? 0 : -1);
        if (r < 0) {
                advise(context, r, wide, fix);
                return perf_refused(context->host, r, wide, why);
        }
        close(r);
        return find_events(&s, context, why, fix);
}

static int perf_start(void *state, const MonitorContext *context, Error *err)
{
        PerfState *s = state;
        PerfScope scope = {.command = context->root};
        int r = find_events(s, context, err, NULL);

        if (r < 0)
                return r;
        if (!context->root && !context->all) {
                s->scope = context->scope; /* not known yet */
                return s->scope ? 0 : error_set(err, EINVAL, "perf: there is nothing to count");
        }
        return perf_counters_new(s->host, s->events, s->n_events, &scope, &s->counters, err);
}

static int add_task(const char *name, void *data)
{
        PerfState *s = data;
        uint64_t tid;

        if (parse_u64z(name, &tid) < 0 || tid == 0 || tid > INT32_MAX)
                return 0;
        if (s->n_tasks == TASKS_MAX) {
                s->too_many = true;
                return 1;
        }
        s->tasks[s->n_tasks++] = (pid_t)tid;
        return 0;
}

static int add_process(const MonitorProcess *process, void *data)
{
        PerfState *s = data;
        char path[64];

        snprintf(path, sizeof path, "proc/%d/task", (int)process->pid);
        host_list(s->host, path, add_task, s);
        return s->too_many;
}

/* Those that are there now; what they fork is counted with them, what joins otherwise is not. */
static int count_processes(PerfState *s, Error *err)
{
        PerfScope scope = {.tasks = s->tasks};

        s->n_tasks = 0;
        s->scope->each(s->scope, add_process, s);
        if (s->too_many)
                return error_set(err, E2BIG, "perf: more than %d threads to count; use attach -a",
                                 TASKS_MAX);
        scope.n_tasks = s->n_tasks;
        if (s->n_tasks == 0)
                return 0;
        return perf_counters_new(s->host, s->events, s->n_events, &scope, &s->counters, err);
}

static int reading_row(const PerfReading *reading, const MonitorTick *tick, Batch *rows)
{
        const PerfEvent *event = reading->event;
        char name[PERF_NAME_MAX + 4];
        int r = monitor_row(rows, tick);

        if (r < 0)
                return r;
        snprintf(name, sizeof name, "%s%s", event->name, reading->user_only ? ":u" : "");
        batch_set_textz(rows, EVENT, name);
        batch_set_textz(rows, SCOPE, reading->scope);
        batch_set_f64(rows, SCALE, event->scale);
        if (event->unit[0])
                batch_set_textz(rows, SCALED_UNIT, event->unit);
        if (reading->why) {
                batch_set_textz(rows, WHY, reading->why);
                return 0;
        }
        if (reading->known)
                batch_set_u64(rows, VALUE, reading->value);
        batch_set_u64(rows, ENABLED_US, reading->enabled_us);
        batch_set_u64(rows, RUNNING_US, reading->running_us);
        return 0;
}

static int perf_sample(void *state, const MonitorTick *tick, Batch *rows, Error *err)
{
        PerfState *s = state;
        PerfReading reading;
        int r = s->counters ? 0 : count_processes(s, err);

        for (size_t i = 0; r == 0 && s->counters && i < perf_counters_count(s->counters); i++) {
                perf_counters_read(s->counters, i, &reading);
                r = reading_row(&reading, tick, rows);
        }
        return r;
}

static void perf_stop(void *state)
{
        PerfState *s = state;

        s->counters = perf_counters_free(s->counters);
}

const Monitor monitor_perf = {
        .name = "perf",
        .what = "perf events by name: hardware, software, tracepoints",
        .schema = &perf_schema,
        .interval_us = 1000000,
        .off = true,
        .early = true,
        .state_size = sizeof(PerfState),
        .keys = perf_keys,
        .probe = perf_probe,
        .start = perf_start,
        .sample = perf_sample,
        .stop = perf_stop,
};
