/* Drain, sample, follow PSS, write rows: in this order, with one timestamp, allocating only for
 * processes that are new. */
#include "monitor/process.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/text.h"
#include "host/proc-identity.h"
#include "monitor/event-gate.h"
#include "monitor/process-figures.h"
#include "monitor/process-rows.h"
#include "monitor/pss.h"
#include "monitor/response-files.h"
#include "monitor/unseen-peaks.h"
#include "monitor/zombies.h"
#include "table/process-tables.h"
#include "track/found.h"
#include "track/proc-sampler.h"

enum {
        ROWS_AT_ONCE = 256,
        TEXT_AT_ONCE = 512 << 10,
        REPEAT_NS_SECONDS = 10, /* an unchanged process has a row at least this often */
        PF_KTHREAD = 0x00200000, /* include/linux/sched.h */
};

struct ProcessMonitor {
        MonitorScope scope; /* first: each_alive is given it for all of this */
        ProcessMonitorOptions options;
        const char *source_name;
        ProcessTable *table;
        ResponseFiles *responses;
        PssReader *pss;
        ProcSampler *sampler; /* NULL: the source samples by itself */
        Zombies *zombies;
        Batch *processes, *samples, *totals, *events;
        Tick tick;
        ProcessSums sums, highest; /* of this tick; counters so far */
        TreePss tree;
        UnseenPeaks unseen;
        bool changed;    /* something happened since the last walk */
        bool ticking;    /* at tick.now_ns; else that is the one before */
        bool searched;   /* for processes that the source does not list */
        size_t n_untold; /* and so many were found */
        uint64_t n_samples, oom_kills, lost_told, next_settle_ns;
        int error;
        Error sentence;
};

/* An error is kept, told by the tick, and the rows are the sink's business. */
static void pass_on(ProcessMonitor *m, Sink *sink, Batch *rows)
{
        Error err = {0};

        if (batch_rows(rows) == 0)
                return;
        int r = sink ? sink_write(sink, rows, &err) : 0;
        if (r < 0 && m->error == 0) {
                m->error = r;
                m->sentence = err;
        }
        batch_clear(rows);
}

static int add_row(const ProcessMonitor *m, Batch *rows, const Process *p, const char *response)
{
        return process_row_add(rows, p, process_table_label(m->table, p, response), m->source_name,
                               m->options.start_ns);
}

static void on_told(const Process *p, void *data)
{
        ProcessMonitor *m = data;

        if (p->cmdline)
                response_files_ask(m->responses, p->key, p->cmdline, p->cwd);
}

/* A row for good. */
static void on_ended(const Process *p, void *data)
{
        static const TrackSample nothing;
        ProcessMonitor *m = data;

        if (m->pss && p->watch.seen)
                pss_note_shared(m->pss, &p->watch.now, &nothing);
        if (m->sampler)
                proc_sampler_forget(m->sampler, p->pid);
        /* A source that tells of final figures does so when it was waited for. */
        if (p->end_ns && !p->exited && process_table_find(m->table, p->pid) != p && !m->options.source->ops->tells_final)
                zombies_note(m->zombies, p);
        _cleanup_free_ char *response = response_files_take(m->responses, p->key);
        int r = add_row(m, m->processes, p, response);
        if (r == -ENOBUFS) {
                pass_on(m, m->options.processes, m->processes);
                r = add_row(m, m->processes, p, response);
        }
        if (r < 0 && m->error == 0)
                m->error = r;
}

static void each_alive(const MonitorScope *scope, MonitorProcessFn fn, void *data)
{
        const ProcessMonitor *m = (const ProcessMonitor *)scope;
        size_t position = 0;
        Process *p;

        while (process_table_next(m->table, &position, &p))
                if (p->wanted && fn(&(MonitorProcess){p->key, p->pid}, data) != 0)
                        return;
}

ProcessTable *process_monitor_table(ProcessMonitor *m)
{
        return m->table;
}

const MonitorScope *process_monitor_scope(const ProcessMonitor *m)
{
        return &m->scope;
}

int process_monitor_new(const ProcessMonitorOptions *options, ProcessMonitor **ret)
{
        _cleanup_(process_monitor_freep) ProcessMonitor *m = calloc(1, sizeof *m);

        if (!m)
                return -ENOMEM;
        m->options = *options;
        m->tick = (Tick){.now_ns = options->start_ns, .realtime_ns = options->start_realtime_ns};
        m->scope.each = each_alive;
        m->source_name = options->source->ops->name;
        ProcessTableOptions table = {
                .host = options->host,
                .final_events = options->source->ops->tells_final,
                .match_only = options->match_only,
                .root = options->root,
                .told = options->label ? on_told : NULL,
                .label = options->label,
                .label_data = options->label_data,
                .match = options->match,
                .match_at = options->match_at,
                .own = options->own,
                .match_data = options->match_data,
                .ended = on_ended,
                .data = m,
        };
        int r = response_files_new(&m->responses);
        if (r == 0)
                r = zombies_new(options->host, &m->zombies);
        if (r == 0)
                r = process_table_new(&table, &m->table);
        if (r == 0 && options->pss_budget_ratio > 0)
                r = pss_reader_new(options->host, m->table, options->pss_budget_ratio, &m->pss);
        if (r == 0 && !options->source->ops->sample)
                r = proc_sampler_new(options->host, &m->sampler);
        if (r == 0)
                r = batch_new(&processes_schema, ROWS_AT_ONCE, TEXT_AT_ONCE, &m->processes);
        if (r == 0)
                r = batch_new(&samples_schema, ROWS_AT_ONCE, 0, &m->samples);
        if (r == 0)
                r = batch_new(&totals_schema, ROWS_AT_ONCE, 0, &m->totals);
        if (r == 0)
                r = batch_new(&events_schema, ROWS_AT_ONCE, 64 << 10, &m->events);
        if (r < 0)
                return r;
        *ret = TAKE(m);
        return 0;
}

ProcessMonitor *process_monitor_free(ProcessMonitor *m)
{
        if (m) {
                m->options.processes = NULL;
                process_table_free(m->table);
                response_files_free(m->responses);
                pss_reader_free(m->pss);
                proc_sampler_free(m->sampler);
                zombies_free(m->zombies);
                batch_free(m->processes);
                batch_free(m->samples);
                batch_free(m->totals);
                batch_free(m->events);
                free(m);
        }
        return NULL;
}

static void add_event(ProcessMonitor *m, const Tick *tick, const char *kind, const char *severity, pid_t pid, uint64_t key,
                      const char *text)
{
        MonitorTick at = {.realtime_ns = tick->realtime_ns, .t_ns = (int64_t)(tick->now_ns - m->options.start_ns)};

        event_row_add(m->events, &at,
                      &(EventRow){.kind = kind, .severity = severity, .pid = key ? pid : 0, .in_run = key != 0, .process = key,
                                  .text = text, .size = strlen(text)});
}

void process_monitor_event(ProcessMonitor *m, const Tick *tick, const char *kind,
                           const char *severity, const Process *process, const char *text)
{
        add_event(m, tick, kind, severity, process ? process->pid : 0, process ? process->key : 0, text);
}

static void on_zombie(const Zombie *zombie, const ProcStat *parent, void *data)
{
        ProcessMonitor *m = data;
        char text[192], length[FORMAT_MAX];
        uint64_t now = m->tick.now_ns;

        format_duration(length, now > zombie->end_ns ? now - zombie->end_ns : 0);
        if (parent)
                snprintf(text, sizeof text, "%s (pid %d) ended %s ago and its parent, %s (pid %d), has not waited for it",
                         zombie->comm, zombie->pid, length, parent->comm, parent->pid);
        else
                snprintf(text, sizeof text, "%s (pid %d), which had ended, is gone after %s", zombie->comm, zombie->pid, length);
        add_event(m, &m->tick, parent ? "zombie" : "zombie-gone", "info", zombie->pid, zombie->key, text);
}

static void on_oom(ProcessMonitor *m, const TrackEvent *event)
{
        const Process *p = process_table_find(m->table, event->pid);
        Tick at = m->tick;
        char text[160], size[FORMAT_MAX];

        m->oom_kills++;
        at.now_ns = event->time_ns;
        at.realtime_ns += (int64_t)(event->time_ns - m->tick.now_ns);
        uint64_t rss = p ? process_resident(&p->watch.now) : 0;
        snprintf(text, sizeof text, "the kernel's OOM killer chose %s (pid %d%s%s)",
                 p ? p->comm : "a process", event->pid, rss ? ", " : "",
                 rss ? format_bytes(size, rss) : "");
        process_monitor_event(m, &at, "oom-kill", "critical", p, text);
}

static int add_sample(ProcessMonitor *m, const Process *p, uint64_t now_ns)
{
        int r = sample_row_add(m->samples, p, now_ns, m->options.start_ns);

        if (r == -ENOBUFS) {
                pass_on(m, m->options.samples, m->samples);
                r = sample_row_add(m->samples, p, now_ns, m->options.start_ns);
        }
        if (r < 0)
                m->error = m->error ? m->error : r;
        else
                m->n_samples++;
        return r;
}

/* The tree may have been higher than at any tick when this one ended. */
static void look_at_end(ProcessMonitor *m, const TrackEvent *event)
{
        const Process *p = process_table_find(m->table, event->pid);
        TrackEvent end = *event;
        ProcessSums sums;
        Process then;

        if (m->ticking) /* after the moment for which this tick stands: told as of just before it */
                end.time_ns = MIN(end.time_ns, m->tick.now_ns - 1);
        if (p && p->wanted && unseen_peaks_end(&m->unseen, p, &end, m->pss, &then, &sums) &&
            add_sample(m, &then, end.time_ns) == 0)
                totals_row_add(m->totals, &sums, m->pss != NULL, &m->tick, end.time_ns, m->options.start_ns);
}

static void on_event(const TrackEvent *event, void *data)
{
        ProcessMonitor *m = data;

        m->changed = true;
        if (event->type == TRACK_EXIT || event->type == TRACK_EXEC)
                look_at_end(m, event);
        if (event->type == TRACK_OOM)
                on_oom(m, event);
        else
                process_table_apply(event, m->table);
}

int process_monitor_drain(ProcessMonitor *m)
{
        int r = m->options.source->ops->drain(m->options.source, on_event, m);

        process_table_look(m->table);
        return r;
}

static void on_sample(const TrackSample *sample, void *data)
{
        ProcessMonitor *m = data;
        Process *p = process_table_find(m->table, sample->pid);

        if (!p || !p->wanted ||
            (sample->start_ns && p->start_ns && sample->start_ns != p->start_ns))
                return;
        ProcessWatch *w = &p->watch;
        w->changed = m->changed = true;
        if (m->pss) {
                static const TrackSample nothing;
                pss_note_shared(m->pss, w->seen ? &w->now : &nothing, sample);
        }
        w->now = *sample;
        w->seen = true;
        process_raise_peaks(p);
        process_advance_time(p);
        if (m->pss)
                pss_follow(m->pss, p);
}

/* Sources without an iterator: /proc, a process at a time. */
static void sample_from_proc(ProcessMonitor *m)
{
        size_t position = 0;
        Process *p;
        TrackSample sample;

        while (process_table_next(m->table, &position, &p)) {
                if (!p->wanted)
                        continue;
                if (proc_sampler_read(m->sampler, p->pid, p->start_ns, &sample) == 0)
                        on_sample(&sample, m);
                else
                        p->watch.seen = false; /* gone, and about to be told of */
        }
}

/* Processes that the source does not list though they exist: a kernel may hide some from its
 * iterators (seen with pid 1 of a sandbox), and /proc shows them all the same. */
static int add_untold(pid_t pid, void *data)
{
        ProcessMonitor *m = data;
        ProcStat stat;

        if (pid == getpid() || process_table_find(m->table, pid) ||
            proc_stat_read(m->options.host, pid, &stat) != 0 || stat.flags & PF_KTHREAD)
                return 0;
        TrackEvent found = found_event(&stat);
        process_table_apply(&found, m->table);
        Process *p = process_table_find(m->table, pid);
        if (p) {
                p->untold = true;
                m->n_untold++;
        }
        return 0;
}

static int find_untold(ProcessMonitor *m)
{
        int r = m->sampler ? 0 : proc_sampler_new(m->options.host, &m->sampler);

        return r < 0 ? r : proc_pids_walk(m->options.host, add_untold, m);
}

static void sample_untold(ProcessMonitor *m)
{
        size_t position = 0;
        TrackSample sample;
        Process *p;

        while (process_table_next(m->table, &position, &p)) {
                if (!p->untold)
                        continue;
                int r = proc_sampler_read(m->sampler, p->pid, p->start_ns, &sample);
                if (r == 0)
                        on_sample(&sample, m);
                if (r != PROC_GONE)
                        continue;
                TrackEvent gone = {.type = TRACK_EXIT, .pid = p->pid, .time_ns = m->tick.now_ns,
                                   .wait_status = -1, .peak_rss_bytes = TRACK_UNKNOWN,
                                   .figures = p->last};
                m->n_untold--;
                process_table_apply(&gone, m->table);
                position = 0; /* the walk's map has changed */
        }
}

static void write_sample(ProcessMonitor *m, Process *p)
{
        ProcessWatch *w = &p->watch;
        uint64_t now = m->tick.now_ns;

        if (w->written_ns && now - w->written_ns < REPEAT_NS_SECONDS * NS_PER_SECOND &&
            (!w->changed || !process_sample_differs(w)))
                return;
        if (add_sample(m, p, now) < 0)
                return;
        w->written = w->now;
        w->written_pss_bytes = w->pss_bytes;
        w->written_ns = now;
}

/* Rows of those that changed, and the sums. */
static void walk_alive(ProcessMonitor *m)
{
        const ProcessTableCounts *counts = process_table_counts(m->table);
        size_t position = 0;
        Process *p;

        m->sums = (ProcessSums){.cpu_us = counts->cpu_ns / 1000,
                         .read_bytes = counts->read_bytes,
                         .write_bytes = counts->write_bytes};
        while (process_table_next(m->table, &position, &p)) {
                if (!p->wanted)
                        continue;
                if (p->watch.changed || !p->watch.seen)
                        process_note_figures(p);
                if (p->watch.seen) {
                        if (m->pss && (p->peak_pss_bytes == TRACK_UNKNOWN ||
                                       p->watch.pss_bytes > p->peak_pss_bytes))
                                p->peak_pss_bytes = p->watch.pss_bytes;
                        write_sample(m, p);
                }
                p->watch.changed = false;
                process_sums_add(&m->sums, p);
        }
        position = 0;
        while (process_table_next_exited(m->table, &position, &p))
                if (p->wanted) {
                        process_note_figures(p);
                        process_sums_add(&m->sums, p);
                }
        if (m->pss)
                m->sums.pss += pss_file_bytes(m->pss);
}

static uint64_t only_up(uint64_t *highest, uint64_t value)
{
        *highest = MAX(*highest, value);
        return *highest;
}

static void write_totals(ProcessMonitor *m)
{
        const ProcessTableCounts *counts = process_table_counts(m->table);
        const Tick *tick = &m->tick;
        Batch *b = m->totals;
        ProcessSums sums = m->sums, *h = &m->highest;

        if (m->pss)
                sums.pss = tree_pss_bytes(&m->tree, &m->sums, tick->now_ns, tick->tree_pages, tick->tree_data);
        unseen_peaks_tick(&m->unseen, &sums, tick->now_ns);
        if (totals_row_add(b, &sums, m->pss != NULL, tick, tick->now_ns, m->options.start_ns) < 0)
                return;
        if (tick->cgroup_bytes != UINT64_MAX)
                batch_set_u64(b, TOTAL_CGROUP_BYTES, tick->cgroup_bytes);
        if (tick->cgroup_peak_bytes != UINT64_MAX)
                batch_set_u64(b, TOTAL_CGROUP_PEAK_BYTES, tick->cgroup_peak_bytes);
        batch_set_u64(b, TOTAL_CPU_US, only_up(&h->cpu_us, sums.cpu_us));
        batch_set_u64(b, TOTAL_READ_BYTES, only_up(&h->read_bytes, sums.read_bytes));
        batch_set_u64(b, TOTAL_WRITE_BYTES, only_up(&h->write_bytes, sums.write_bytes));
        batch_set_u64(b, TOTAL_STARTED, counts->started);
        batch_set_u64(b, TOTAL_ENDED, counts->ended);
        batch_set_u64(b, TOTAL_LATE_US, tick->late_ns / 1000);
}

static void tell_losses(ProcessMonitor *m)
{
        uint64_t lost = m->options.source->ops->lost(m->options.source);
        char text[96], count[FORMAT_MAX];

        if (lost == m->lost_told)
                return;
        snprintf(text, sizeof text, "%s events were lost since the last tick",
                 format_count(count, lost - m->lost_told));
        process_monitor_event(m, &m->tick, "lost-events", "warning", NULL, text);
        m->lost_told = lost;
}

int process_monitor_tick(ProcessMonitor *m, const Tick *tick, Error *err)
{
        const TrackOps *ops = m->options.source->ops;

        m->error = 0;
        m->tick = *tick;
        if (m->pss)
                pss_shmem_is_counted(m->pss, tick->tree_pages != NULL);
        m->ticking = true;
        int r = process_monitor_drain(m);
        m->ticking = false;
        if (r == 0 && ops->sample)
                r = ops->sample(m->options.source, on_sample, m);
        else if (r == 0)
                sample_from_proc(m);
        if (m->options.all && ops->sample && !m->searched) {
                m->searched = true;
                find_untold(m);
        }
        if (m->n_untold > 0)
                sample_untold(m);
        if (r < 0 && m->error == 0)
                m->error = error_set_errno(&m->sentence, r, "%s", ops->name);
        if (m->pss && (m->changed || tick->now_ns >= m->next_settle_ns)) {
                pss_count_files(m->pss);
                pss_read_some(m->pss, tick->now_ns, tick->now_ns - m->options.start_ns,
                              tick->own_cpu_ns);
        }
        if (m->changed || tick->now_ns >= m->next_settle_ns)
                walk_alive(m);
        m->changed = false;
        write_totals(m);
        tell_losses(m);
        if (tick->now_ns >= m->next_settle_ns) {
                process_table_settle(m->table, tick->now_ns, 5 * NS_PER_SECOND);
                zombies_look(m->zombies, m->table, tick->now_ns, on_zombie, m);
                m->next_settle_ns = tick->now_ns + NS_PER_SECOND;
        }
        pass_on(m, m->options.processes, m->processes);
        pass_on(m, m->options.samples, m->samples);
        pass_on(m, m->options.totals, m->totals);
        pass_on(m, m->options.events, m->events);
        if (m->error < 0 && err)
                *err = m->sentence;
        return m->error;
}

void process_monitor_waited(ProcessMonitor *m, pid_t pid, int wait_status)
{
        process_table_waited(m->table, pid, wait_status);
}

size_t process_monitor_awaited(const ProcessMonitor *m)
{
        size_t position = 0, n = 0;
        Process *p;

        while (process_table_next_exited(m->table, &position, &p))
                n += p->wanted;
        return n;
}

int process_monitor_finish(ProcessMonitor *m, uint64_t now_ns, Error *err)
{
        size_t position = 0;
        Process *p;

        m->error = 0;
        process_monitor_drain(m);
        process_table_settle(m->table, now_ns, 0);
        while (process_table_next(m->table, &position, &p))
                if (p->wanted)
                        on_ended(p, m);
        tell_losses(m);
        pass_on(m, m->options.processes, m->processes);
        pass_on(m, m->options.samples, m->samples);
        pass_on(m, m->options.totals, m->totals);
        pass_on(m, m->options.events, m->events);
        if (m->error < 0 && err)
                *err = m->sentence;
        return m->error;
}

static int add_live(const ProcessMonitor *m, Batch *rows, const Process *p)
{
        _cleanup_free_ char *response = response_files_peek(m->responses, p->key);

        return add_row(m, rows, p, response);
}

void process_monitor_live(Batch *rows, void *data)
{
        ProcessMonitor *m = data;
        size_t position = 0;
        Process *p;

        while (process_table_next(m->table, &position, &p))
                if (p->wanted && add_live(m, rows, p) < 0)
                        return; /* full: they have rows when they end */
        position = 0;
        while (process_table_next_exited(m->table, &position, &p))
                if (p->wanted && add_live(m, rows, p) < 0)
                        return;
}

uint64_t process_monitor_live_version(const void *data)
{
        const ProcessMonitor *m = data;
        const ProcessTableCounts *counts = process_table_counts(m->table);

        return counts->images + counts->ended; /* both only rise */
}

void process_monitor_counts(const ProcessMonitor *m, ProcessMonitorCounts *ret)
{
        const ProcessTableCounts *counts = process_table_counts(m->table);

        *ret = (ProcessMonitorCounts){
                .processes = counts->processes,
                .images = counts->images,
                .alive = counts->alive,
                .samples = m->n_samples,
                .oom_kills = m->oom_kills,
                .lost_events = m->options.source->ops->lost(m->options.source) + counts->dropped,
                .pss_reads = m->pss ? pss_reads(m->pss) : 0,
        };
}
