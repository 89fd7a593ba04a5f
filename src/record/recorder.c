/* Order matters: what is slow comes before the command is released, and the command's end is
 * followed by one last tick before anything else. */
#include "record/recorder.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/text.h"
#include "host/cgroup-find.h"
#include "host/proc-identity.h"
#include "loop/loop.h"
#include "record/clock-watch.h"
#include "record/command-cgroup.h"
#include "record/own-processes.h"

enum {
        OWN_CPU_TICKS = 4, /* between two readings of it */
        FINAL_WAIT_NS = 50000000,  /* at most, for final figures of processes */
        FINAL_LOOK_NS = 1000000,   /* between looks whether they are there */
        CGROUP_LOOK_NS = 250000000, /* between looks at who joined the watched cgroup */
};

typedef struct Recorder {
        const RecorderOptions *options;
        RecorderResult *result;
        Loop *loop;
        TrackSource *source;
        ProcessMonitor *monitor;
        Schedule *schedule;
        CommandCgroup *cgroup;
        Workload *workload;
        OwnProcesses own;
        LoopSource *timer, *monitor_timer, *ring, *signals;
        bool done;
        size_t n_added;
        uint64_t cgroup_due_ns;    /* when the watched cgroup is looked through again */
        bool cgroup_gone;
        bool tree_only;            /* what match_new asks for cannot be watched */
        ClockWatch clocks;
} Recorder;

static bool matches_any(const Recorder *r)
{
        return r->options->match || (r->options->match_new && !r->tree_only);
}

static bool ask_tree_pages(void *cgroup, uint64_t *ret_anon_bytes, uint64_t *ret_shmem_bytes)
{
        return command_cgroup_processes(cgroup, ret_anon_bytes, ret_shmem_bytes) == 0;
}

static void read_cgroup(const Recorder *r, Tick *tick)
{
        tick->cgroup_bytes = tick->cgroup_peak_bytes = UINT64_MAX;
        if (!r->cgroup)
                return;
        command_cgroup_follow(r->cgroup, clock_monotonic_ns(), &tick->cgroup_bytes, &tick->cgroup_peak_bytes);
        tick->tree_data = r->cgroup;
        if (!matches_any(r)) /* else processes outside it belong, too */
                tick->tree_pages = ask_tree_pages;
}

/* The clock is read last, right before the processes are: their CPU time over a time that is too short would be
 * more than the machine has. */
static void fill_tick(const Recorder *r, uint64_t begun_ns, uint64_t due_ns, Tick *tick)
{
        *tick = (Tick){0};
        read_cgroup(r, tick);
        tick->late_ns = begun_ns > due_ns ? begun_ns - due_ns : 0;
        if (r->result->ticks % OWN_CPU_TICKS == 0) /* a sum over all threads */
                tick->own_cpu_ns = clock_ns(CLOCK_PROCESS_CPUTIME_ID);
        for (int tries = 0; tries < 3; tries++) { /* again if another one had the CPU between the two clocks */
                uint64_t before_ns = clock_monotonic_ns();
                tick->realtime_ns = (int64_t)clock_realtime_ns();
                tick->now_ns = clock_monotonic_ns();
                if (tick->now_ns - before_ns < NS_PER_MS)
                        break;
        }
}

static void look_through_cgroup(Recorder *r, uint64_t now_ns);

/* What lies between the reading of the clock and that of the figures makes rates wrong: what can be done before,
 * is; what can wait, follows. */
static void tick_processes(Recorder *r, uint64_t due_ns)
{
        uint64_t begun_ns = clock_monotonic_ns();
        Error err = {0};
        Tick t;

        look_through_cgroup(r, begun_ns);
        process_monitor_drain(r->monitor);
        fill_tick(r, begun_ns, due_ns, &t);
        int e = process_monitor_tick(r->monitor, &t, &err);
        r->result->ticks++;
        r->result->late_ticks += t.late_ns > r->options->interval_ns;
        clock_watch_look(&r->clocks, r->monitor, &t);
        if (e < 0 && r->result->sink_error == 0) {
                r->result->sink_error = e;
                r->result->sink_sentence = err;
        }
        if (r->options->ticked)
                r->options->ticked(t.now_ns, r->options->data);
}

static void tick(Recorder *r, uint64_t due_ns)
{
        tick_processes(r, due_ns);
        if (!r->monitor_timer)
                schedule_tick(r->schedule, clock_monotonic_ns(), (int64_t)clock_realtime_ns(),
                              r->options->interval_ns / 2);
}

/* Monitors that want to be asked more often than processes are sampled. */
static int on_monitor_timer(uint64_t expirations, uint64_t due_ns, void *data)
{
        Recorder *r = data;
        uint64_t now = clock_monotonic_ns();

        schedule_tick(r->schedule, now, (int64_t)clock_realtime_ns(), NS_PER_MS);
        if (r->options->ticked)
                r->options->ticked(now, r->options->data);
        return 0;
}

static int on_timer(uint64_t expirations, uint64_t due_ns, void *data)
{
        Recorder *r = data;
        ProcessMonitorCounts counts;

        /* ticks that could not run are late, not lost: the values are as of now */
        r->result->late_ticks += expirations - 1;
        tick(r, due_ns);
        if (r->options->workload.argv)
                return 0;
        process_monitor_counts(r->monitor, &counts);
        bool over = r->options->duration_ns &&
                    clock_monotonic_ns() - r->result->start_ns >= r->options->duration_ns;
        bool empty = counts.alive == 0 && !r->options->all && !r->options->match &&
                     (!r->options->scope_cgroup || r->cgroup_gone);
        if (over || empty)
                loop_stop(r->loop);
        return 0;
}

/* The source's buffers are half full: emptied now, the tick would be too late. */
static int on_ring(int fd, uint32_t events, void *data)
{
        Recorder *r = data;

        return process_monitor_drain(r->monitor);
}

static void on_done(const WorkloadResult *result, void *data)
{
        Recorder *r = data;

        r->result->workload = *result;
        r->done = true;
        loop_stop(r->loop);
}

static int on_signal(const struct signalfd_siginfo *info, void *data)
{
        Recorder *r = data;

        r->result->interrupted = (int)info->ssi_signo;
        loop_stop(r->loop);
        return 0;
}

static bool on_match(const char *cmdline, void *data)
{
        const RecorderOptions *o = ((const Recorder *)data)->options;
        size_t size = strlen(cmdline);

        return o->match && regex_match(o->match, cmdline, size);
}

static bool on_match_at(const char *cmdline, const char *cwd, void *data)
{
        const RecorderOptions *o = ((const Recorder *)data)->options;
        size_t n = strlen(o->match_dir);
        bool within = strncmp(cwd, o->match_dir, n) == 0 && (cwd[n] == '\0' || cwd[n] == '/' || o->match_dir[n - 1] == '/');

        return within && regex_match(o->match_new, cmdline, strlen(cmdline));
}

static bool is_own(pid_t pid, void *data)
{
        const Recorder *r = data;

        return own_processes_has(&r->own, r->options->host, pid) ||
               (r->workload && pid == workload_relay_pid(r->workload));
}

static int fork_command(Recorder *r, Error *err)
{
        const RecorderOptions *o = r->options;

        if (o->own_cgroup &&
            command_cgroup_prepare(o->host, o->id, &r->cgroup, &r->result->cgroup_why) < 0)
                r->cgroup = NULL;
        WorkloadOptions workload = o->workload;
        workload.fork = command_cgroup_fork;
        workload.fork_data = r->cgroup;
        int e = workload_fork(r->loop, &workload, &r->workload, err);
        if (r->cgroup && e == 0)
                command_cgroup_adopt(r->cgroup, workload_pid(r->workload));
        return e;
}

/* Who may not watch the whole machine is not to lose the exact record of the tree over match_new. */
static int open_best(Recorder *r, const TrackScope *scope)
{
        const RecorderOptions *o = r->options;
        Error *why = &r->result->source_why, narrow_why = {0};
        TrackScope narrow = *scope;
        TrackSource *tree = NULL;

        int e = track_open(o->source, o->host, scope, &r->source, why);
        if (!o->match_new || o->match || o->all || (e == 0 && !r->source->ops->partial))
                return e;
        narrow.watch_all = false;
        if (track_open(o->source, o->host, &narrow, &tree, &narrow_why) < 0)
                return e;
        if (e == 0 && tree->ops->partial) {
                track_close(tree);
                return 0;
        }
        if (e == 0)
                track_close(r->source);
        error_prefix(why, 0, "processes outside the tree cannot be watched");
        r->source = tree;
        r->tree_only = true;
        return 0;
}

static int open_source(Recorder *r, Error *err)
{
        const RecorderOptions *o = r->options;
        TrackScope scope = {
                .all = o->all,
                .watch_all = matches_any(r),
                .descendants = o->workload.argv || o->descendants,
                .interval_ns = o->interval_ns,
        };

        int e = open_best(r, &scope);
        if (e < 0)
                return error_set(err, e, "nothing can be recorded: %s",
                                 r->result->source_why.message);
        r->result->source = r->source->ops->name;
        r->result->partial = r->source->ops->partial;
        return 0;
}

static int open_monitor(Recorder *r, Error *err)
{
        const RecorderOptions *o = r->options;
        ProcessMonitorOptions options = {
                .host = o->host,
                .source = r->source,
                .processes = o->processes,
                .samples = o->samples,
                .totals = o->totals,
                .events = o->events,
                .start_ns = r->result->start_ns,
                .start_realtime_ns = r->result->start_realtime_ns,
                .pss_budget_ratio = o->pss_budget_ratio,
                .all = o->all,
                .match_only = matches_any(r) && !o->all,
                .root = o->workload.argv ? workload_pid(r->workload) : 0,
                .match = matches_any(r) ? on_match : NULL,
                .match_at = o->match_new && !r->tree_only && o->match_dir && o->match_dir[0] ? on_match_at : NULL,
                .own = is_own,
                .match_data = r,
                .label = o->label,
                .label_data = o->label_data,
        };
        int e = process_monitor_new(&options, &r->monitor);

        return e < 0 ? error_set_errno(err, e, "process monitor") : 0;
}

/* One that exists. 0 or -errno with a sentence. */
static int add_process(Recorder *r, pid_t pid, Error *err)
{
        int e = r->source->ops->add(r->source, pid, err);

        if (e == 0)
                e = process_table_ask(process_monitor_table(r->monitor), pid);
        r->n_added += e == 0;
        return e;
}

static int add_if_matching(pid_t pid, void *data)
{
        Recorder *r = data;
        char cmdline[PROC_CMDLINE_MAX + 1];
        size_t size;
        bool cut;

        if (proc_cmdline_read(r->options->host, pid, cmdline, &size, &cut) != 0 || size == 0)
                return 0;
        for (size_t i = 0; i + 1 < size; i++)
                if (cmdline[i] == '\0')
                        cmdline[i] = ' ';
        if (regex_match(r->options->match, cmdline, strnlen(cmdline, size)) && !is_own(pid, r))
                add_process(r, pid, NULL);
        return 0;
}

static int add_if_new(pid_t pid, void *data)
{
        Recorder *r = data;

        const Process *p = process_table_find(process_monitor_table(r->monitor), pid);

        if ((!p || !p->wanted) && !is_own(pid, r))
                add_process(r, pid, NULL);
        return 0;
}

/* Who is in the watched cgroup now; what they fork comes by itself. */
static void look_through_cgroup(Recorder *r, uint64_t now_ns)
{
        char folder[CGROUP_PATH_MAX];

        if (!r->options->scope_cgroup || now_ns < r->cgroup_due_ns)
                return;
        r->cgroup_due_ns = now_ns + CGROUP_LOOK_NS;
        r->cgroup_gone = cgroup_find_folder(r->options->host, r->options->scope_cgroup, folder) < 0 ||
                         cgroup_walk_pids(r->options->host, folder, add_if_new, r) == -ENOENT;
}

/* Processes named with -p, and those that match. One that is gone already is said, not fatal,
 * unless none is left. */
static int add_scope(Recorder *r, Error *err)
{
        const RecorderOptions *o = r->options;
        Error why = {0};

        for (size_t i = 0; i < o->n_pids; i++) {
                if (why.message[0])
                        log_warning("%s", why.message);
                why = (Error){0};
                add_process(r, o->pids[i], &why);
        }
        if (o->match && !o->all)
                proc_pids_walk(o->host, add_if_matching, r);
        if (o->workload.argv)
                return r->source->ops->start(r->source, workload_pid(r->workload), err);
        look_through_cgroup(r, clock_monotonic_ns());
        if (r->n_added == 0 && (o->match || o->scope_cgroup) && !o->all)
                log_info("no process matches yet");
        if (r->n_added == 0 && !o->all && !o->match && !o->scope_cgroup)
                return error_set(err, ESRCH, "nothing to watch: %s", why.message);
        if (why.message[0])
                log_warning("%s", why.message);
        return 0;
}

static int watch_ring(Recorder *r)
{
        int fd = r->source->ops->fd ? r->source->ops->fd(r->source) : -1;

        return fd < 0 ? 0 : loop_add_fd(r->loop, fd, EPOLLIN, on_ring, r, &r->ring);
}

static int watch_signals(Recorder *r)
{
        struct sigaction hangup;
        sigset_t set;

        if (r->options->workload.argv) /* the workload passes them on */
                return 0;
        sigemptyset(&set);
        sigaddset(&set, SIGINT);
        sigaddset(&set, SIGTERM);
        if (r->options->stay)
                signal(SIGHUP, SIG_IGN);
        else if (sigaction(SIGHUP, NULL, &hangup) < 0 || hangup.sa_handler != SIG_IGN) /* nohup(1) */
                sigaddset(&set, SIGHUP);
        return loop_add_signals(r->loop, &set, on_signal, r, &r->signals);
}

static int add_monitors(Recorder *r)
{
        const RecorderOptions *o = r->options;
        const char *cgroup = r->cgroup ? command_cgroup_path(r->cgroup) : NULL;
        ScheduleOptions options = {
                .host = o->host,
                .loop = r->loop,
                .plan = o->plan,
                .n_plan = o->n_plan,
                .settings = o->settings,
                .n_settings = o->n_settings,
                .root = r->workload ? workload_pid(r->workload) : 0,
                .uid = r->workload ? workload_uid(r->workload) : getuid(),
                .all = o->all,
                .cgroup = o->scope_cgroup ? o->scope_cgroup : cgroup,
                .scope = process_monitor_scope(r->monitor),
                .run_fd = o->run_fd,
                .start_ns = r->result->start_ns,
                .events = o->events,
                .add_table = o->add_table,
                .data = o->data,
        };

        int e = schedule_new(&options, &r->schedule);
        if (e == 0)
                schedule_start(r->schedule, true);
        return e;
}

/* Those that need not see the command begin. They look at once: a run may be short. */
static int start_monitors(Recorder *r)
{
        uint64_t interval = schedule_interval_ns(r->schedule), now;
        int e = 0;

        schedule_start(r->schedule, false);
        now = clock_monotonic_ns();
        schedule_tick(r->schedule, now, (int64_t)clock_realtime_ns(), 0);
        if (interval < r->options->interval_ns)
                e = loop_add_timer(r->loop, now + interval, interval, on_monitor_timer, r,
                                   &r->monitor_timer);
        if (r->options->monitored)
                r->options->monitored(r->schedule, r->options->data);
        if (e == 0 && r->options->looping)
                e = r->options->looping(r->loop, r->schedule, r->options->data);
        return e;
}

/* The command's own place in the run is known: an exec that failed leaves nothing to record. */
static int release(Recorder *r)
{
        Error err = {0};

        if (r->cgroup) {
                if (command_cgroup_wait(r->cgroup, &r->result->cgroup_why) < 0)
                        r->cgroup = command_cgroup_free(r->cgroup);
                else
                        text_copy(r->result->cgroup, sizeof r->result->cgroup,
                                  command_cgroup_shown(r->cgroup));
        }
        int e = add_monitors(r);
        if (e < 0)
                return e;
        r->result->release_ns = clock_monotonic_ns();
        if (r->options->workload.argv)
                workload_release(r->workload, on_done, r, &err); /* `done` tells of a failure */
        return r->result->workload.exec_failed ? 0 : start_monitors(r);
}

/* From here on a write to a reader that is gone, or beyond `ulimit -f`, is an error, not death;
 * the command was forked before and keeps what we were started with. */
static void ignore_deadly_writes(void)
{
        signal(SIGPIPE, SIG_IGN);
        signal(SIGXFSZ, SIG_IGN);
}

static int set_up(Recorder *r, Error *err)
{
        int e = loop_new(&r->loop);

        if (e < 0)
                return error_set_errno(err, e, "event loop");
        if (r->options->workload.argv)
                e = fork_command(r, err);
        ignore_deadly_writes();
        if (r->options->match || r->options->match_new || r->options->scope_cgroup)
                own_processes_find(&r->own, r->options->host);
        if (e == 0)
                e = open_source(r, err);
        if (e == 0)
                e = open_monitor(r, err);
        if (e == 0)
                e = add_scope(r, err);
        if (e < 0)
                return e;
        if (r->options->ready)
                r->options->ready(r->monitor, r->options->data);
        e = watch_ring(r);
        if (e == 0)
                e = watch_signals(r);
        if (e == 0)
                e = loop_add_timer(r->loop, clock_monotonic_ns() + r->options->interval_ns,
                                   r->options->interval_ns, on_timer, r, &r->timer);
        return e < 0 ? error_set_errno(err, e, "event loop") : 0;
}

/* What was recorded is being finished: whoever asks again for the end, or is impatient at the
 * terminal, would only leave it in pieces. */
static void ignore_late_ends(void)
{
        signal(SIGINT, SIG_IGN);
        signal(SIGTERM, SIG_IGN);
        signal(SIGHUP, SIG_IGN);
}

/* Until then the last ones' CPU time is that of their last time slice but one: often nothing. */
static void await_final_figures(Recorder *r)
{
        uint64_t until_ns = clock_monotonic_ns() + FINAL_WAIT_NS;

        while (process_monitor_awaited(r->monitor) > 0 && clock_monotonic_ns() < until_ns) {
                nanosleep(&(struct timespec){.tv_nsec = FINAL_LOOK_NS}, NULL);
                process_monitor_drain(r->monitor);
        }
}

/* The last tick, and what the command's end tells. */
static void wind_up(Recorder *r)
{
        RecorderResult *result = r->result;
        Error err = {0};

        result->end_ns = r->done ? result->workload.end_ns : clock_monotonic_ns();
        result->end_realtime_ns = (int64_t)clock_realtime_ns();
        if (r->done && !result->workload.exec_failed) {
                int status = result->workload.exit_signal ? result->workload.exit_signal
                                                          : result->workload.exit_code << 8;
                process_monitor_drain(r->monitor);
                process_monitor_waited(r->monitor, workload_pid(r->workload), status);
        }
        if (r->cgroup) {
                uint64_t now;
                if (command_cgroup_memory(r->cgroup, &now, &result->cgroup_peak_bytes) < 0)
                        result->cgroup_peak_bytes = UINT64_MAX;
                result->cgroup_cpu_us = command_cgroup_cpu_us(r->cgroup);
        }
        tick_processes(r, clock_monotonic_ns());
        schedule_finish(r->schedule, clock_monotonic_ns(), (int64_t)clock_realtime_ns());
        if (r->options->monitored)
                r->options->monitored(r->schedule, r->options->data);
        await_final_figures(r);
        int e = process_monitor_finish(r->monitor, clock_monotonic_ns(), &err);
        if (e < 0 && result->sink_error == 0) {
                result->sink_error = e;
                result->sink_sentence = err;
        }
        process_monitor_counts(r->monitor, &result->counts);
        result->own_cpu_ns = clock_ns(CLOCK_PROCESS_CPUTIME_ID) +
                             result->workload.relay_cpu_us * NS_PER_US;
}

static void tear_down(Recorder *r)
{
        r->workload = workload_free(r->workload);
        r->schedule = schedule_free(r->schedule);
        r->monitor = process_monitor_free(r->monitor);
        r->source = track_close(r->source);
        r->cgroup = command_cgroup_free(r->cgroup);
        r->loop = loop_free(r->loop);
}

int recorder_run(const RecorderOptions *options, RecorderResult *result, Error *err)
{
        Recorder r = {.options = options, .result = result};

        *result = (RecorderResult){
                .start_ns = clock_monotonic_ns(),
                .start_realtime_ns = (int64_t)clock_realtime_ns(),
                .start_boottime_ns = clock_boottime_ns(),
                .cgroup_peak_bytes = UINT64_MAX,
                .cgroup_cpu_us = UINT64_MAX,
        };
        int e = set_up(&r, err);
        if (e == 0)
                e = release(&r);
        if (e == 0)
                e = loop_run(r.loop);
        if (e == 0)
                ignore_late_ends();
        if (e == 0)
                wind_up(&r);
        else if (!err->message[0])
                error_set_errno(err, e, "recording");
        tear_down(&r);
        return e;
}
