/* Each monitor is an entry that knows when it is due. Blocking ones are asked and fetched. Rows have the time
 * at which they were read, not that of the tick: on a busy machine other work of the same tick, or the wait for
 * a CPU, comes in between, and rates would be those of a time that is too short. */
#include "record/schedule.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "record/monitor-worker.h"
#include "record/row-filter.h"
#include "table/process-tables.h"

enum {
        ROWS_MAX = 8192, /* of one sample */
        TEXT_MAX = 1 << 20,
        BACK_OFF_MAX = 6, /* doublings of the interval between tries */
};

#define BACK_OFF_MAX_NS (60 * NS_PER_SECOND)
#define EVENT_RETRY_NS  (5 * NS_PER_SECOND) /* of a monitor that has no interval */
#define REPEAT_NS       (10 * NS_PER_SECOND) /* a value that stays is told again this often */
#define LAST_WAIT_NS    (50 * NS_PER_MS)     /* for all that block, at the end */

typedef enum EntryState {
        ENTRY_NEW,     /* not started yet, or failed to */
        ENTRY_RUNNING,
        ENTRY_OVER,    /* absent, or has nothing more to tell */
} EntryState;

typedef struct Entry {
        Schedule *schedule;
        const Monitor *monitor;
        MonitorContext context;
        uint64_t interval_ns; /* 0: by its descriptor */
        bool asked;
        EntryState state;
        void *data;           /* the monitor's own */
        Batch *rows, *told;   /* of one sample; of it, what is to be told */
        Schema *table;        /* a copy of one that goes when the monitor stops; may be NULL */
        RowFilter *filter;    /* NULL: rows are events, each is told */
        Sink *sink;           /* NULL: no rows yet */
        LoopSource *source;
        bool paused;          /* its descriptor, until the next tick */
        MonitorWorker *worker;
        bool probed;          /* the worker's: the probe was passed */
        MonitorTick due;      /* the tick that asked for the sample at hand */
        uint64_t asked_ns;    /* CLOCK_MONOTONIC then */
        MonitorTick tick;     /* of that sample: when it was read. A worker's until it is done */
        uint64_t due_ns;
        unsigned failures;    /* in a row */
        uint64_t n_rows, n_errors, n_late;
        bool absent;
        bool left; /* its thread hangs, or was asked and has not begun: data, rows and table are that one's */
        Error why;
} Entry;

struct Schedule {
        ScheduleOptions options;
        Host *host; /* of its own: a thread that hangs may outlive the recorder's */
        Entry *entries;
        size_t n;
        bool abandoned; /* a worker hangs: what it may touch stays */
};

static MonitorTick tick_at(const Schedule *s, uint64_t now_ns, int64_t realtime_ns)
{
        return (MonitorTick){now_ns, realtime_ns, (int64_t)(now_ns - s->options.start_ns), false};
}

int schedule_new(const ScheduleOptions *options, Schedule **ret)
{
        _cleanup_(schedule_freep) Schedule *s = calloc(1, sizeof *s);

        if (!s)
                return -ENOMEM;
        s->options = *options;
        s->entries = calloc(options->n_plan + 1, sizeof *s->entries);
        if (!s->entries)
                return -ENOMEM;
        int r = host_dup(options->host, &s->host);
        for (size_t i = 0; r == 0 && i < options->n_plan; i++) {
                const MonitorPlan *plan = &options->plan[i];
                Entry *e = &s->entries[s->n++];
                *e = (Entry){
                        .schedule = s,
                        .monitor = plan->monitor,
                        .interval_ns = plan->interval_us * NS_PER_US,
                        .asked = plan->asked,
                        .context = {
                                .host = s->host,
                                .monitor = plan->monitor,
                                .interval_us = plan->interval_us,
                                .root = options->root,
                                .uid = options->uid,
                                .all = options->all,
                                .cgroup = options->cgroup,
                                .scope = plan->monitor->blocking ? NULL : options->scope,
                                .settings = options->settings,
                                .n_settings = options->n_settings,
                                .run_fd = options->run_fd,
                        },
                };
        }
        if (r < 0)
                return r;
        *ret = TAKE(s);
        return 0;
}

/* ---- rows ---- */

static void tell(Entry *e, Batch *rows)
{
        Schedule *s = e->schedule;
        Error err = {0};
        int r = 0;

        if (batch_rows(rows) == 0)
                return;
        if (!e->sink) {
                if (!e->filter)
                        e->sink = s->options.events;
                else
                        r = s->options.add_table(batch_schema(rows), &e->sink, s->options.data, &err);
        }
        if (r == 0 && e->sink) {
                e->n_rows += batch_rows(rows);
                r = sink_write(e->sink, rows, &err);
        }
        if (r < 0) {
                e->n_errors++;
                e->why = err;
        }
        batch_clear(rows);
}

static void take_rows(Entry *e)
{
        if (!e->filter) {
                tell(e, e->rows);
                return;
        }
        if (row_filter_pass(e->filter, e->rows, e->told) < 0)
                e->n_errors++;
        tell(e, e->told);
}

/* ---- what a start or a sample came to ---- */

static void fail(Entry *e, uint64_t now_ns, const Error *why)
{
        uint64_t wait = e->interval_ns ? e->interval_ns : EVENT_RETRY_NS;

        e->n_errors++;
        e->failures++;
        e->why = *why;
        wait <<= MIN(e->failures, (unsigned)BACK_OFF_MAX);
        e->due_ns = now_ns + MAX(MIN(wait, BACK_OFF_MAX_NS), e->interval_ns);
        if (e->failures == 1)
                log_info("monitor %s: %s; tried again later", e->monitor->name, why->message);
}

static void end(Entry *e)
{
        e->source = loop_source_free(e->source);
        if (e->state == ENTRY_RUNNING && e->monitor->stop)
                e->monitor->stop(e->data);
        e->state = ENTRY_OVER;
}

static void take_absence(Entry *e, const Error *why)
{
        e->absent = true;
        e->why = *why;
        e->state = ENTRY_OVER;
        if (e->asked)
                log_warning("monitor %s: %s", e->monitor->name, why->message);
        else
                log_debug("monitor %s: %s", e->monitor->name, why->message);
}

static void take_sample(Entry *e, int r, const Error *why)
{
        if (r < 0 && r != -ENOBUFS) {
                batch_clear(e->rows);
                fail(e, e->tick.now_ns, why);
                return;
        }
        e->failures = 0;
        take_rows(e);
        if (r == MONITOR_OVER)
                end(e);
}

static int on_readable(int fd, uint32_t events, void *data);

static int make_ready(Entry *e)
{
        const Schema *schema = e->monitor->schema;

        if (e->monitor->table)
                schema = e->table = schema_copy(e->monitor->table(e->data));
        int r = schema ? batch_new(schema, ROWS_MAX, TEXT_MAX, &e->rows) : -ENOMEM;

        if (r == 0 && schema != &events_schema) {
                r = row_filter_new(schema, REPEAT_NS, &e->filter);
                if (r == 0)
                        r = batch_new(schema, 3 * ROWS_MAX, 3 * TEXT_MAX, &e->told);
        }
        return r;
}

/* It runs: its first sample is due at once. */
static void take_start(Entry *e, int r, const Error *why, uint64_t now_ns)
{
        Error err = *why;
        int fd = -1;

        if (r < 0 && !e->probed) {
                take_absence(e, why);
                return;
        }
        if (r == 0) {
                e->state = ENTRY_RUNNING;
                r = make_ready(e);
                fd = r == 0 && e->monitor->fd ? e->monitor->fd(e->data) : -1;
                if (fd >= 0)
                        r = loop_add_fd(e->schedule->options.loop, fd, EPOLLIN, on_readable, e,
                                        &e->source);
                if (r < 0) {
                        error_set_errno(&err, r, "monitor %s", e->monitor->name);
                        end(e);
                }
        }
        if (r < 0) {
                fail(e, now_ns, &err);
                return;
        }
        e->failures = 0;
        e->due_ns = now_ns;
}

/* ---- jobs, here or in a thread ---- */

static int job_start(void *data, Error *err)
{
        Entry *e = data;
        Error fix = {0};

        int r = e->probed ? 0 : e->monitor->probe(&e->context, err, &fix);
        if (r < 0)
                return r;
        e->probed = true;
        return e->monitor->start(e->data, &e->context, err);
}

/* The clock is read last, here in the thread that reads the figures. */
static int job_sample(void *data, Error *err)
{
        Entry *e = data;
        uint64_t since_ns = clock_monotonic_ns() - e->asked_ns;

        e->tick = (MonitorTick){e->due.now_ns + since_ns, e->due.realtime_ns + (int64_t)since_ns,
                                e->due.t_ns + (int64_t)since_ns, e->due.last};
        return e->monitor->sample(e->data, &e->tick, e->rows, err);
}

static void start_entry(Entry *e, uint64_t now_ns)
{
        Error err = {0};
        int r = 0;

        /* Anew, not cleared: what a monitor does not use of a large state takes no memory. */
        free(e->data);
        e->data = calloc(1, e->monitor->state_size + 1);
        if (!e->data)
                r = error_set(&err, ENOMEM, "out of memory");
        if (r == 0 && e->monitor->blocking && !e->worker)
                r = monitor_worker_new(e->monitor->name, &e->worker);
        if (r < 0) {
                fail(e, now_ns, &err);
                return;
        }
        if (e->worker) {
                monitor_worker_ask(e->worker, job_start, e);
                return;
        }
        r = job_start(e, &err);
        take_start(e, r, &err, now_ns);
}

/* asked_ns: what the clock said at `tick`. */
static void sample_entry(Entry *e, const MonitorTick *tick, uint64_t asked_ns)
{
        Error err = {0};

        e->due = *tick;
        e->asked_ns = asked_ns;
        batch_clear(e->rows);
        if (e->worker) {
                monitor_worker_ask(e->worker, job_sample, e);
                return;
        }
        int r = job_sample(e, &err);
        take_sample(e, r, &err);
}

/* What a worker has done since. */
static void fetch(Entry *e, uint64_t now_ns)
{
        Error err = {0};
        int r;

        if (!e->worker || !monitor_worker_fetch(e->worker, &r, &err))
                return;
        if (e->state == ENTRY_NEW)
                take_start(e, r, &err, now_ns);
        else if (e->state == ENTRY_RUNNING)
                take_sample(e, r, &err);
}

/* At most one wake-up a tick, however fast the lines come. */
static int on_readable(int fd, uint32_t events, void *data)
{
        Entry *e = data;
        uint64_t now = clock_monotonic_ns();
        MonitorTick tick = tick_at(e->schedule, now, (int64_t)clock_realtime_ns());

        loop_fd_events(e->source, 0);
        e->paused = true;
        sample_entry(e, &tick, now);
        return 0;
}

/* ---- the schedule ---- */

void schedule_start(Schedule *s, bool early)
{
        uint64_t now = clock_monotonic_ns();

        for (size_t i = 0; i < s->n; i++) {
                Entry *e = &s->entries[i];
                if (e->monitor->early == early && e->state == ENTRY_NEW && e->due_ns == 0)
                        start_entry(e, now);
        }
}

uint64_t schedule_interval_ns(const Schedule *s)
{
        uint64_t shortest = UINT64_MAX;

        for (size_t i = 0; i < s->n; i++)
                if (s->entries[i].interval_ns > 0 && s->entries[i].state != ENTRY_OVER)
                        shortest = MIN(shortest, s->entries[i].interval_ns);
        return shortest;
}

/* Due moments keep their distance from each other, not from the ticks that serve them. */
static void set_due(Entry *e, uint64_t now_ns)
{
        e->due_ns += e->interval_ns;
        if (e->due_ns <= now_ns) {
                e->n_late++;
                e->due_ns = now_ns + e->interval_ns;
        }
}

static void tick_entry(Entry *e, const MonitorTick *tick, uint64_t asked_ns, uint64_t slack_ns)
{
        fetch(e, tick->now_ns);
        if (e->paused && e->source && (e->failures == 0 || tick->now_ns >= e->due_ns)) {
                e->paused = false;
                loop_fd_events(e->source, EPOLLIN);
        }
        if (e->state == ENTRY_OVER || tick->now_ns + slack_ns < e->due_ns)
                return;
        if (e->worker && monitor_worker_busy(e->worker)) {
                if (e->state == ENTRY_RUNNING && e->interval_ns) {
                        e->n_late++;
                        e->due_ns = tick->now_ns + e->interval_ns;
                }
                return;
        }
        if (e->state == ENTRY_NEW) {
                start_entry(e, tick->now_ns);
                return;
        }
        if (e->interval_ns == 0)
                return;
        unsigned failures = e->failures;
        sample_entry(e, tick, asked_ns);
        if (e->failures <= failures) /* else it is put off */
                set_due(e, tick->now_ns);
}

void schedule_tick(Schedule *s, uint64_t now_ns, int64_t realtime_ns, uint64_t slack_ns)
{
        MonitorTick tick = tick_at(s, now_ns, realtime_ns);
        uint64_t asked_ns = clock_monotonic_ns();

        for (size_t i = 0; i < s->n; i++)
                tick_entry(&s->entries[i], &tick, asked_ns, slack_ns);
}

/* ---- the end ---- */

static void sample_last(Entry *e, const MonitorTick *tick, uint64_t asked_ns)
{
        fetch(e, tick->now_ns);
        if (e->state != ENTRY_RUNNING || e->failures > 0)
                return;
        bool just_now = e->interval_ns > 0 && e->due.now_ns == tick->now_ns;
        if (!just_now && !(e->worker && monitor_worker_busy(e->worker)))
                sample_entry(e, tick, asked_ns);
}

/* Its thread hangs: it may still write to the state and the rows. */
static bool leave_worker(Entry *e, uint64_t until_ns)
{
        if (!e->worker)
                return false;
        monitor_worker_wait(e->worker, until_ns);
        fetch(e, until_ns);
        bool hangs = !monitor_worker_end(e->worker);
        e->worker = NULL;
        return hangs;
}

void schedule_finish(Schedule *s, uint64_t now_ns, int64_t realtime_ns)
{
        MonitorTick tick = tick_at(s, now_ns, realtime_ns);
        uint64_t asked_ns = clock_monotonic_ns(), until = asked_ns + LAST_WAIT_NS;

        tick.last = true;
        for (size_t i = 0; i < s->n; i++)
                sample_last(&s->entries[i], &tick, asked_ns);
        for (size_t i = 0; i < s->n; i++) {
                Entry *e = &s->entries[i];
                bool hangs = leave_worker(e, until);
                if (e->filter && row_filter_finish(e->filter, e->told) == 0)
                        tell(e, e->told);
                if (hangs) {
                        log_debug("monitor %s did not answer in time", e->monitor->name);
                        s->abandoned = true;
                        e->n_late++;
                        error_set(&e->why, ETIMEDOUT, "did not answer before the end");
                        e->left = true;
                        e->state = ENTRY_OVER;
                }
        }
}

size_t schedule_count(const Schedule *s)
{
        return s->n;
}

void schedule_figures(const Schedule *s, size_t i, ScheduleFigures *ret)
{
        const Entry *e = &s->entries[i];

        *ret = (ScheduleFigures){
                .name = e->monitor->name,
                .interval_us = e->interval_ns / NS_PER_US,
                .rows = e->n_rows,
                .errors = e->n_errors,
                .late = e->n_late,
                .absent = e->absent,
                .why = e->why,
        };
}

Schedule *schedule_free(Schedule *s)
{
        if (!s)
                return NULL;
        for (size_t i = 0; i < s->n; i++) {
                Entry *e = &s->entries[i];
                if (leave_worker(e, 0)) {
                        s->abandoned = true;
                        continue;
                }
                end(e);
                batch_free(e->told);
                row_filter_free(e->filter);
                if (e->left)
                        continue;
                batch_free(e->rows);
                free(e->table);
                free(e->data);
        }
        if (!s->abandoned) { /* else its threads may look at all of it until the process ends */
                host_free(s->host);
                free(s->entries);
                free(s);
        }
        return NULL;
}
