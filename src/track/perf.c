/*
 * Lifecycles from perf_event_open(2), without privilege. A dummy event per CPU on the command,
 * inherited by all it forks, writes FORK, COMM and EXIT of its tree into a ring per CPU, each
 * ring written by its own CPU alone. What the tasks used is counted by perf-count.h, how they
 * ended is told by exit-status.h.
 *
 * Cost: each inherited event is an allocation at every fork, so there is one a CPU and no
 * more (rings cannot be shared between CPUs). Where the whole machine may be watched anyway
 * (kernel.perf_event_paranoid ≤ 0, CAP_PERFMON) and CPUs are many, events of the CPUs, which
 * nothing inherits, take their place, and the tree is picked out here.
 *
 * Not known: peaks (faults do not give them: against VmHWM, minor faults times the page size
 * were 79 % low over 134 runs of cc1, 74 % of as, 180 % high of python3, for the kernel maps
 * around a fault and frees in between; samples carry VmHWM instead), I/O, user and system apart,
 * figures at an exec, arguments.
 *
 * No descriptor of an event is ever polled: the kernel wakes its readers at every exit of a
 * child that inherited it (perf_event_exit_event), watermark or not. A timer stands in where
 * ticks are far apart.
 */
#include "track/perf-source.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/timerfd.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/clock.h"

/* A record's time is taken a little before it can be seen in its ring: what is younger waits
 * for the next drain, so that the merge of the rings is in order of time. */
#define SETTLE_NS (100 * NS_PER_US)
/* How long an exit waits for its task's figures and status, which come behind it. */
#define EXIT_WAIT_NS (100 * NS_PER_MS)
/* How long a drain after the command's end does, which may be the last. */
#define LAST_WAIT_NS (5 * NS_PER_MS)
#define TIMER_NS (200 * NS_PER_MS)
#define STATUS_KEPT_NS (10 * NS_PER_SECOND)
/* The share of its CPU time that giving back its memory may take of a process. */
#define TEARDOWN_LEAST_NS (20 * NS_PER_US)
#define TEARDOWN_SHARE    3

static TrackSource *perf_close(TrackSource *source)
{
        PerfSource *s = (PerfSource *)source;

        perf_count_done(&s->count);
        perf_events_close(s);
        perf_tree_done(&s->tree);
        exit_status_free(s->status);
        found_queue_done(&s->queue);
        fd_close(s->timer_fd);
        free(s);
        return NULL;
}

static int make_timer(PerfSource *s)
{
        struct itimerspec every = {.it_interval.tv_nsec = TIMER_NS, .it_value.tv_nsec = TIMER_NS};

        if (s->scope.interval_ns <= TIMER_NS)
                return 0;
        s->timer_fd = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
        if (s->timer_fd < 0 || timerfd_settime(s->timer_fd, 0, &every, NULL) < 0)
                return -errno;
        return 0;
}

static int remember(pid_t pid, void *data)
{
        PerfSource *s = data;
        PerfProcess *p;
        TrackEvent event;

        if (perf_tree_find(&s->tree, pid) || found_read(s->host, pid, &event) != 0)
                return 0;
        p = perf_tree_add(&s->tree, pid, event.time_ns, event.comm);
        if (!p)
                return -ENOMEM;
        p->found = true;
        if (s->tree.everything) /* before all that the rings tell of its children */
                event.time_ns = s->opened_ns;
        p->threads = p->threads_max = MAX(event.threads_max, 1u);
        return found_queue_add(&s->queue, &event);
}

static int open_all(PerfSource *s, Error *why)
{
        bool everything = s->scope.all || s->scope.watch_all;
        int r;

        if (perf_tree_init(&s->tree, everything, s->scope.descendants) < 0)
                return error_set_errno(why, ENOMEM, "perf");
        if (exit_status_new(&s->status) < 0) /* before the rings would see the child it tries */
                s->status = NULL;
        s->opened_ns = clock_monotonic_ns();
        r = perf_events_open(s, everything, why);
        if (r < 0)
                return r;
        if (make_timer(s) < 0)
                return error_set_errno(why, errno, "perf: timerfd_create");
        if (!everything)
                return 0;
        r = proc_pids_walk(s->host, remember, s);
        return r < 0 ? error_set_errno(why, r, "perf: the list of processes") : 0;
}

static int perf_source_open(TrackSource **ret, const Host *host, const TrackScope *scope,
                            Error *why)
{
        PerfSource *s = calloc(1, sizeof *s);
        int r;

        if (!s)
                return error_set_errno(why, ENOMEM, "perf");
        s->source.ops = &track_perf_ops;
        s->host = host;
        s->scope = *scope;
        s->timer_fd = -1;
        perf_count_init(&s->count);
        r = open_all(s, why);
        if (r < 0) {
                perf_close(&s->source);
                return r;
        }
        if (why)
                why->message[0] = '\0';
        *ret = &s->source;
        return 0;
}

static int perf_start(TrackSource *source, pid_t root, Error *err)
{
        PerfSource *s = (PerfSource *)source;
        PerfProcess *p;
        TrackEvent event;
        int r = 0;

        s->tree.root = root;
        if (!s->wide)
                r = perf_events_follow(s, root, err);
        if (r < 0)
                return r;
        perf_count_start(&s->count, root); /* without it, figures are unknown */
        if (s->tree.everything)
                return 0; /* its fork is in the rings */
        r = found_read(s->host, root, &event);
        if (r != 0)
                return error_set(err, ESRCH, "perf: the command's process is gone");
        event.type = TRACK_FORK;
        p = perf_tree_add(&s->tree, root, event.time_ns, event.comm);
        if (!p)
                return error_set_errno(err, ENOMEM, "perf");
        p->counted = true;
        return found_queue_add(&s->queue, &event);
}

/* ---- attaching ---- */

typedef struct Attach {
        PerfSource *source;
        Error *err;
        Map *seen; /* threads that have events */
        size_t opened;
} Attach;

static int attach_thread(pid_t tid, void *data)
{
        Attach *a = data;
        int r;

        if (map_get(a->seen, (uint64_t)tid))
                return 0;
        r = map_put(a->seen, (uint64_t)tid, a);
        if (r == 0)
                r = perf_events_follow(a->source, tid, a->err);
        if (r == -ESRCH)
                return 0; /* ended meanwhile */
        a->opened += r == 0;
        return r;
}

/* Threads and children that come while we walk belong to tasks without an event: walk again until
 * a pass finds nothing new. */
static int attach_process(pid_t pid, void *data)
{
        Attach *a = data;
        size_t before;
        int r;

        do {
                before = a->opened;
                r = a->source->wide ? 0 : proc_threads_walk(a->source->host, pid, attach_thread, a);
                if (r != 0)
                        return r < 0 ? r : 0;
        } while (a->opened > before);
        return remember(pid, a->source);
}

static int perf_add(TrackSource *source, pid_t pid, Error *err)
{
        PerfSource *s = (PerfSource *)source;
        _cleanup_(map_freep) Map *seen = NULL;
        Attach attach = {.source = s, .err = err};
        PerfProcess *p = perf_tree_find(&s->tree, pid);
        TrackEvent event;
        int r = map_new(&seen);

        if (r < 0)
                return error_set_errno(err, r, "perf");
        if (p) {
                p->removed = false;
                return 0;
        }
        if (found_read(s->host, pid, &event) != 0)
                return error_set(err, ESRCH, "process %d is gone", (int)pid);
        attach.seen = seen;
        r = s->scope.descendants ? found_walk(s->host, pid, attach_process, &attach)
                                 : attach_process(pid, &attach);
        return r;
}

static void perf_remove(TrackSource *source, pid_t pid)
{
        PerfProcess *p = perf_tree_find(&((PerfSource *)source)->tree, pid);

        if (p)
                p->removed = true;
}

/* ---- draining ---- */

/* The command is over, so this drain may be the last: nothing may be left for another. */
static bool root_over(const PerfSource *s)
{
        siginfo_t info = {0};

        if (s->tree.root == 0)
                return false;
        if (waitid(P_PID, (id_t)s->tree.root, &info, WEXITED | WNOHANG | WNOWAIT) == 0)
                return info.si_pid != 0;
        return kill(s->tree.root, 0) < 0 && errno == ESRCH;
}

/* Whether all that can be known of an ended process is there, or will never be. */
static bool is_settled(const PerfSource *s, const PerfProcess *p, uint64_t exit_ns, uint64_t now)
{
        int wait_status;
        uint64_t over_ns;

        if (now >= exit_ns + EXIT_WAIT_NS)
                return true;
        if (s->count.on && p->counted && !perf_count_complete(&s->count, p->pid, p->ended + 1))
                return false;
        return !s->status || exit_status_missed(s->status, exit_ns) ||
               exit_status_find(s->status, p->pid, exit_ns, &wait_status, &over_ns);
}

static void take_in(PerfSource *s)
{
        perf_count_drain(&s->count);
        if (s->status)
                exit_status_drain(s->status);
}

static void wait_settled(PerfSource *s, const PerfProcess *p, uint64_t exit_ns, uint64_t *now)
{
        struct timespec pause = {.tv_nsec = 200 * (long)NS_PER_US};

        while (!is_settled(s, p, exit_ns, *now)) {
                if (*now >= exit_ns + LAST_WAIT_NS)
                        return;
                nanosleep(&pause, NULL);
                *now = clock_monotonic_ns();
                take_in(s);
        }
}

static PerfRing *earliest(PerfSource *s)
{
        PerfRing *best = NULL;
        uint64_t best_ns = 0;

        for (size_t i = 0; i < s->n_cpus; i++) {
                const PerfRecord *record = perf_ring_next(&s->cpus[i].ring);
                if (record && (!best || record->time_ns < best_ns)) {
                        best = &s->cpus[i].ring;
                        best_ns = record->time_ns;
                }
        }
        return best;
}

/* Since Linux 6.16 a task's events end before its memory is given back, which is a twentieth of
 * a compiler's time. The message about its end comes after that, so the time between is
 * added, as far as it can be work and not a wait for a CPU or a file. */
static void add_teardown(TrackEvent *event, uint64_t over_ns)
{
        uint64_t cpu_ns = event->figures.cpu_ns, most;

        if (cpu_ns == TRACK_UNKNOWN || over_ns <= event->time_ns)
                return;
        most = MAX(cpu_ns / TEARDOWN_SHARE, TEARDOWN_LEAST_NS);
        event->figures.cpu_ns += MIN(over_ns - event->time_ns, most);
}

static void follow(PerfSource *s, const PerfRecord *record, TrackEventFn fn, void *data)
{
        const PerfProcess *p = perf_tree_ends(&s->tree, record);
        PerfProcess ended = p ? *p : (PerfProcess){0};
        uint64_t over_ns;
        TrackEvent event;

        if (record->type == PERF_RECORD_LOST)
                s->lost_records += record->lost;
        if (record->type == PERF_RECORD_FORK && record->tid == record->pid)
                perf_count_fork(&s->count, record->pid, record->time_ns);
        if (!perf_tree_apply(&s->tree, record, &event))
                return;
        if (event.type == TRACK_EXIT && ended.counted)
                perf_count_take(&s->count, ended.pid, ended.ended + 1, &event.figures);
        if (event.type == TRACK_EXIT && s->status) {
                if (exit_status_find(s->status, ended.pid, event.time_ns, &event.wait_status,
                                     &over_ns))
                        add_teardown(&event, over_ns);
                exit_status_forget(s->status, ended.pid);
        }
        fn(&event, data);
}

static void merge(PerfSource *s, uint64_t now, TrackEventFn fn, void *data)
{
        uint64_t horizon = now - SETTLE_NS;
        bool over = false;
        PerfRing *ring;

        while ((ring = earliest(s))) {
                const PerfRecord *record = perf_ring_next(ring);
                const PerfProcess *p = perf_tree_ends(&s->tree, record);
                /* Waiting must not fill the rings: then the exit's figures are unknown. */
                bool early = record->time_ns > horizon ||
                             (p && !perf_ring_is_crowded(ring) &&
                              !is_settled(s, p, record->time_ns, now));
                if (early && !over)
                        over = root_over(s);
                if (early && !over)
                        return; /* stays in the ring */
                if (early && p)
                        wait_settled(s, p, record->time_ns, &now);
                if (over)
                        horizon = UINT64_MAX;
                found_queue_tell(&s->queue, record->time_ns, fn, data);
                follow(s, record, fn, data);
                perf_ring_take(ring);
        }
}

typedef struct Check {
        PerfSource *source;
        bool all;
        uint64_t time_ns;
        TrackEventFn fn;
        void *data;
} Check;

/* Processes whose end was not told: lost with a full ring, or attached to too late. */
static bool check_process(uint64_t key, void *value, void *data)
{
        Check *check = data;
        PerfProcess *p = value;
        TrackEvent event;

        if ((!check->all && (!p->found || check->source->wide)) || kill(p->pid, 0) == 0 ||
            errno != ESRCH)
                return false;
        event = perf_tree_event(p, TRACK_EXIT, check->time_ns);
        if (!p->removed)
                check->fn(&event, check->data);
        free(p);
        return true;
}

static uint64_t perf_lost(TrackSource *source)
{
        const PerfSource *s = (const PerfSource *)source;

        return MAX(perf_events_lost(s), s->lost_records) + s->tree.dropped;
}

static int perf_drain(TrackSource *source, TrackEventFn fn, void *data)
{
        PerfSource *s = (PerfSource *)source;
        Check check = {.source = s, .fn = fn, .data = data};
        uint64_t now = clock_monotonic_ns(), expirations;

        check.time_ns = now - SETTLE_NS;
        if (s->timer_fd >= 0 && read(s->timer_fd, &expirations, sizeof expirations) < 0 &&
            errno != EAGAIN)
                return -errno;
        for (size_t i = 0; i < s->n_cpus; i++)
                perf_ring_look(&s->cpus[i].ring);
        take_in(s);
        merge(s, now, fn, data);
        found_queue_tell(&s->queue, UINT64_MAX, fn, data);
        for (size_t i = 0; i < s->n_cpus; i++)
                perf_ring_release(&s->cpus[i].ring);
        check.all = s->lost_records > s->lost_checked;
        s->lost_checked = s->lost_records;
        if (check.all || (s->tree.root == 0 && !s->wide))
                map_remove_if(s->tree.processes, check_process, &check);
        if (s->status)
                exit_status_expire(s->status, now - STATUS_KEPT_NS);
        return 0;
}

static int perf_fd(TrackSource *source)
{
        return ((PerfSource *)source)->timer_fd;
}

const TrackOps track_perf_ops = {
        .name = "perf",
        .open = perf_source_open,
        .start = perf_start,
        .add = perf_add,
        .remove = perf_remove,
        .drain = perf_drain,
        .fd = perf_fd,
        .lost = perf_lost,
        .close = perf_close,
};
