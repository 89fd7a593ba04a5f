/*
 * The source of last resort: /proc looked through at each drain. Processes that live between
 * two looks are missed, so it is partial. No more is opened per look than what is new:
 * a look lists pids (all of /proc, or the children of what is known where that is less), reads
 * stat of pids not seen before, and asks pidfds, in one poll(2), who ended.
 *
 * As a child subreaper the recorder becomes the parent of daemons of the tree, so that they
 * stay visible; it reaps them here, and leaves the command itself to whoever started it.
 * Children of the recorder's own are told from orphans by being there at the start, or by running its
 * program still. prctl(2), pidfd_open(2).
 */
#include "track/track.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/hash.h"
#include "base/text.h"
#include "track/exit-status.h"
#include "track/found.h"

enum {
        YOUNG_LOOKS = 20,     /* how long a process is watched for an exec at every look */
        OLD_LOOKS = 16,       /* and after that, at every so many */
        LIST_LOOKS = 64,      /* how often all of /proc is listed although little of it is ours */
        CHILDREN_COST = 8,    /* asking a process for its children, in pids of a listing */
        CHILDREN_SIZE = 4096,
        PIDFDS_MAX = 16384,
};

typedef struct Process {
        pid_t pid, ppid;
        uint64_t start_ns;
        int pidfd;            /* -1: none to be had */
        size_t slot;          /* in the poll array, if pidfd >= 0 */
        uint64_t looks;       /* since it was seen */
        uint64_t asked;       /* the look in which it was asked for its children */
        uint64_t stack_start;
        bool wanted;
        bool reap;            /* ours to wait for, should it become our child */
        char comm[16];
} Process;

typedef struct PollSource {
        TrackSource source;
        const Host *host;
        TrackScope scope;
        bool everything;
        bool lists_children;  /* CONFIG_PROC_CHILDREN */
        bool was_subreaper;
        pid_t root;           /* 0: attach */
        Map *processes;       /* pid → Process, owned */
        Map *strangers;       /* pid → look it was listed in last: not ours, or told of as ended */
        Buffer fresh;         /* ProcStat of pids not seen before */
        size_t listed;        /* pids in the last listing of /proc */
        uint64_t look;        /* counts the drains, from 1 */
        uint64_t own_stack;   /* ProcStat.stack_start of the recorder */
        char own_comm[64];    /* and its name */
        uint64_t drained_ns;
        struct pollfd *polls; /* of all with a pidfd */
        Process **polled;
        size_t n_polls, polls_max;
        ExitStatus *status;   /* NULL: no exit messages here */
        FoundQueue queue;
        bool failed;          /* out of memory */
} PollSource;

/* ---- who is known ---- */

static void watch(PollSource *s, Process *p)
{
        p->pidfd = s->n_polls < s->polls_max ? (int)syscall(SYS_pidfd_open, p->pid, 0) : -1;
        if (p->pidfd < 0)
                return;
        p->slot = s->n_polls;
        s->polls[s->n_polls] = (struct pollfd){.fd = p->pidfd, .events = POLLIN};
        s->polled[s->n_polls++] = p;
}

static void process_done(PollSource *s, Process *p)
{
        if (p->pidfd >= 0) {
                s->n_polls--;
                s->polls[p->slot] = s->polls[s->n_polls];
                s->polled[p->slot] = s->polled[s->n_polls];
                s->polled[p->slot]->slot = p->slot;
                fd_close(p->pidfd);
        }
        free(p);
}

static Process *process_new(PollSource *s, const ProcStat *stat, const TrackEvent *event)
{
        Process *p = calloc(1, sizeof *p);

        if (!p || map_put(s->processes, (uint64_t)stat->pid, p) < 0) {
                free(p);
                s->failed = true;
                return NULL;
        }
        p->pid = stat->pid;
        p->ppid = stat->ppid;
        p->start_ns = event->start_ns;
        p->stack_start = stat->stack_start;
        p->wanted = true;
        memcpy(p->comm, event->comm, sizeof p->comm);
        watch(s, p);
        return p;
}

static void tell(PollSource *s, const TrackEvent *event)
{
        if (found_queue_add(&s->queue, event) < 0)
                s->failed = true;
}

/* When it began, on the clock of events; not before the last look, which did not see it. */
static uint64_t begin_ns(const PollSource *s, uint64_t start_ns)
{
        uint64_t ahead = clock_boottime_ns() - clock_monotonic_ns();

        return MAX(start_ns > ahead ? start_ns - ahead : 0, s->drained_ns);
}

/* A fork of ours that runs our program still; a zombie has no stack any more, but its name. */
static bool is_helper(const PollSource *s, const ProcStat *stat)
{
        return stat->stack_start != 0 ? stat->stack_start == s->own_stack
                                      : proc_is_over(stat) && strcmp(stat->comm, s->own_comm) == 0;
}

/* An orphan of the tree: its parent came and went unseen, so it is our child now. */
static bool is_orphan(const PollSource *s, const ProcStat *stat)
{
        return s->root != 0 && stat->ppid == getpid() && stat->pid != s->root && !is_helper(s, stat);
}

static bool is_ours(const PollSource *s, const ProcStat *stat)
{
        return s->everything || is_orphan(s, stat) || (s->scope.descendants && map_get(s->processes, (uint64_t)stat->ppid));
}

/* Fork, and exec if it runs another program than its parent already. */
static void admit(PollSource *s, const ProcStat *stat, bool found)
{
        TrackEvent event = found_event(stat), exec;
        const Process *parent = map_get(s->processes, (uint64_t)stat->ppid);
        Process *p = process_new(s, stat, &event);

        if (!p)
                return;
        p->reap = s->root != 0 && p->pid != s->root && (stat->ppid != getpid() || is_orphan(s, stat));
        if (proc_uid_read(s->host, p->pid, &event.uid) != 0)
                event.uid = -1;
        if (!found) {
                event.type = TRACK_FORK;
                event.time_ns = begin_ns(s, p->start_ns);
                p->wanted = !parent || parent->wanted;
        }
        if (!p->wanted)
                return;
        tell(s, &event);
        if (found || p->pid == s->root || (parent && parent->stack_start == p->stack_start &&
                                           strcmp(parent->comm, p->comm) == 0))
                return;
        exec = event;
        exec.type = TRACK_EXEC;
        tell(s, &exec);
}

/* ---- looking ---- */

static void *as_look(const PollSource *s)
{
        return (void *)(uintptr_t)s->look; /* counts from 1 */
}

static int note_stranger(PollSource *s, pid_t pid)
{
        int r = map_put(s->strangers, (uint64_t)pid, as_look(s));

        s->failed |= r < 0;
        return r;
}

static int look_at(pid_t pid, void *data)
{
        PollSource *s = data;
        ProcStat stat;

        s->listed++;
        if (map_get(s->processes, (uint64_t)pid))
                return 0;
        if (map_get(s->strangers, (uint64_t)pid))
                return note_stranger(s, pid);
        if (proc_stat_read(s->host, pid, &stat) != 0)
                return 0;
        return buffer_append(&s->fresh, &stat, sizeof stat);
}

static int by_start(const void *a, const void *b)
{
        const ProcStat *x = a, *y = b;

        if (x->start_ticks != y->start_ticks)
                return x->start_ticks < y->start_ticks ? -1 : 1;
        return x->pid < y->pid ? -1 : x->pid > y->pid;
}

/* Parents come before their children by start, or, within a clock tick, by another pass. */
static void admit_fresh(PollSource *s, bool found)
{
        ProcStat *fresh = (ProcStat *)(void *)s->fresh.data;
        size_t n = s->fresh.size / sizeof *fresh, left = n, before;

        if (n > 1)
                qsort(fresh, n, sizeof *fresh, by_start);
        do {
                before = left;
                left = 0;
                for (size_t i = 0; i < before; i++)
                        if (is_ours(s, &fresh[i]))
                                admit(s, &fresh[i], found);
                        else
                                fresh[left++] = fresh[i];
        } while (left < before);
        for (size_t i = 0; i < left; i++)
                note_stranger(s, fresh[i].pid);
        buffer_clear(&s->fresh);
}

static bool is_unlisted(uint64_t pid, void *value, void *data)
{
        return value != as_look(data);
}

static void look_everywhere(PollSource *s, bool found)
{
        s->listed = 0;
        if (proc_pids_walk(s->host, look_at, s) == 0)
                map_remove_if(s->strangers, is_unlisted, s);
        admit_fresh(s, found);
}

typedef struct Ask {
        PollSource *source;
        pid_t pid;
} Ask;

static int ask_thread(pid_t tid, void *data)
{
        const Ask *ask = data;
        char name[64], text[CHILDREN_SIZE];
        const char *at = text;
        size_t size;
        pid_t child;

        snprintf(name, sizeof name, "task/%d/children", (int)tid);
        if (proc_file_read(ask->source->host, ask->pid, name, text, sizeof text, &size) != 0)
                return 0;
        while (proc_children_next(&at, text + size, &child))
                look_at(child, ask->source);
        return 0;
}

/* One of the known that was not asked in this look; 0: all were. */
static pid_t next_to_ask(PollSource *s, size_t *position)
{
        void *value;

        while (map_next(s->processes, position, NULL, &value)) {
                Process *p = value;
                if (p->asked == s->look)
                        continue;
                p->asked = s->look;
                return p->pid;
        }
        return 0;
}

/* Children of the known, then theirs, until there are no new ones. */
static void look_below(PollSource *s)
{
        size_t listed = s->listed, before;
        Ask ask = {s, getpid()};

        if (s->root != 0)
                proc_threads_walk(s->host, ask.pid, ask_thread, &ask);
        do {
                size_t position = 0;
                while ((ask.pid = next_to_ask(s, &position)) != 0)
                        proc_threads_walk(s->host, ask.pid, ask_thread, &ask);
                before = map_size(s->processes);
                admit_fresh(s, false);
        } while (map_size(s->processes) > before);
        s->listed = listed;
}

static void look(PollSource *s)
{
        bool few = map_size(s->processes) * CHILDREN_COST < s->listed, first = s->look == 1;

        s->look++;
        if (s->lists_children && few && !s->everything && s->look % LIST_LOOKS != 0)
                look_below(s);
        else
                look_everywhere(s, s->everything && first);
}

/* ---- what became of the known ---- */

static void check_exec(PollSource *s, Process *p)
{
        TrackEvent event;
        ProcStat stat;
        bool exec;

        if (proc_stat_read(s->host, p->pid, &stat) != 0 || proc_is_over(&stat))
                return;
        event = found_event(&stat);
        if (event.start_ns != p->start_ns)
                return;
        exec = stat.stack_start != p->stack_start && stat.stack_start != 0;
        if (!exec && strcmp(event.comm, p->comm) == 0)
                return;
        /* Another user's: a new name is all that an exec shows. */
        event.type = exec || stat.stack_start == 0 ? TRACK_EXEC : TRACK_COMM;
        p->stack_start = stat.stack_start;
        memcpy(p->comm, event.comm, sizeof p->comm);
        if (p->wanted)
                tell(s, &event);
}

static void end(PollSource *s, Process *p, uint64_t now)
{
        TrackEvent event = {.pid = p->pid};
        ProcStat stat;
        uint64_t over_ns;
        bool left = proc_stat_read(s->host, p->pid, &stat) == 0;

        if (left)
                event = found_event(&stat);
        if (!left || event.start_ns != p->start_ns) {
                event = found_event(&(ProcStat){.pid = p->pid});
                memset(&event.figures, 0xff, sizeof event.figures); /* TRACK_UNKNOWN */
                left = false;
        }
        event.type = TRACK_EXIT;
        event.time_ns = now;
        event.start_ns = p->start_ns;
        event.threads_max = 0;
        memcpy(event.comm, p->comm, sizeof event.comm);
        if (left && stat.state == 'Z' && stat.wait_status != 0)
                event.wait_status = stat.wait_status;
        if (s->status) {
                if (exit_status_find(s->status, p->pid, s->drained_ns, &event.wait_status,
                                     &over_ns))
                        event.time_ns = MIN(over_ns, now);
                exit_status_forget(s->status, p->pid);
        }
        if (!(p->reap && waitpid(p->pid, &event.wait_status, WNOHANG) == p->pid) && left)
                note_stranger(s, p->pid); /* a zombie for a while yet */
        if (p->wanted)
                tell(s, &event);
        map_remove(s->processes, (uint64_t)p->pid);
        process_done(s, p);
}

static bool has_ended(const PollSource *s, const Process *p)
{
        ProcStat stat;

        if (p->pidfd >= 0)
                return s->polls[p->slot].revents != 0;
        return proc_stat_read(s->host, p->pid, &stat) != 0 || proc_is_over(&stat) ||
               found_event(&stat).start_ns != p->start_ns;
}

static void follow_known(PollSource *s, uint64_t now)
{
        size_t n = map_size(s->processes), i = 0, position = 0;
        _cleanup_free_ Process **known = calloc(n + 1, sizeof *known);
        void *value;

        if (!known)
                return;
        if (s->n_polls > 0)
                poll(s->polls, s->n_polls, 0);
        while (i < n && map_next(s->processes, &position, NULL, &value))
                known[i++] = value;
        for (n = i, i = 0; i < n; i++) {
                Process *p = known[i];
                p->looks++;
                if (has_ended(s, p))
                        end(s, p, now);
                else if (p->looks < YOUNG_LOOKS || (p->looks + (uint64_t)p->pid) % OLD_LOOKS == 0)
                        check_exec(s, p);
        }
}

static int poll_drain(TrackSource *source, TrackEventFn fn, void *data)
{
        PollSource *s = (PollSource *)source;
        uint64_t now = clock_monotonic_ns();
        int r;

        if (s->status)
                exit_status_drain(s->status);
        look(s);
        follow_known(s, now);
        r = found_queue_tell_sorted(&s->queue, fn, data);
        if (s->status)
                exit_status_expire(s->status, s->drained_ns);
        s->drained_ns = now;
        if (s->failed)
                r = -ENOMEM;
        s->failed = false;
        return r;
}

static bool drop_process(uint64_t key, void *value, void *data)
{
        process_done(data, value);
        return true;
}

static TrackSource *poll_close(TrackSource *source)
{
        PollSource *s = (PollSource *)source;

        if (s->root != 0 && !s->was_subreaper)
                prctl(PR_SET_CHILD_SUBREAPER, 0);
        if (s->processes)
                map_remove_if(s->processes, drop_process, s);
        map_free(s->processes);
        map_free(s->strangers);
        exit_status_free(s->status);
        found_queue_done(&s->queue);
        buffer_done(&s->fresh);
        free(s->polls);
        free(s->polled);
        free(s);
        return NULL;
}

static bool host_lists_children(const Host *host)
{
        char name[64], text[64];
        size_t size;

        snprintf(name, sizeof name, "task/%d/children", (int)getpid());
        return proc_file_read(host, getpid(), name, text, sizeof text, &size) == 0;
}

static int poll_allocate(PollSource *s)
{
        struct rlimit limit;
        int r = map_new(&s->processes);

        if (r == 0)
                r = map_new(&s->strangers);
        if (r < 0)
                return r;
        s->polls_max = 256;
        if (getrlimit(RLIMIT_NOFILE, &limit) == 0)
                s->polls_max = (size_t)MIN(limit.rlim_cur / 4, (rlim_t)PIDFDS_MAX);
        s->polls = calloc(s->polls_max + 1, sizeof *s->polls);
        s->polled = calloc(s->polls_max + 1, sizeof(Process *));
        return s->polls && s->polled ? 0 : -ENOMEM;
}

static int poll_open(TrackSource **ret, const Host *host, const TrackScope *scope, Error *why)
{
        PollSource *s = calloc(1, sizeof *s);
        ProcStat stat;
        int r;

        if (!s)
                return error_set_errno(why, ENOMEM, "poll");
        s->source.ops = &track_poll_ops;
        s->host = host;
        s->scope = *scope;
        s->everything = scope->all || scope->watch_all;
        s->look = 1;
        s->drained_ns = clock_monotonic_ns();
        r = proc_stat_read(host, getpid(), &stat);
        if (r != 0) {
                free(s);
                return error_set(why, EOPNOTSUPP, "poll: /proc is not mounted or does not show this process");
        }
        r = poll_allocate(s);
        if (r < 0) {
                poll_close(&s->source);
                return error_set_errno(why, r, "poll");
        }
        s->own_stack = stat.stack_start;
        text_copy(s->own_comm, sizeof s->own_comm, stat.comm);
        s->lists_children = host_lists_children(host);
        if (exit_status_new(&s->status) < 0)
                s->status = NULL;
        *ret = &s->source;
        return 0;
}

/* The recorder's children that are there before the command is known are helpers of its own. */
static void note_helpers(PollSource *s)
{
        Ask ask = {s, getpid()};

        if (s->everything)
                return;
        if (s->lists_children)
                proc_threads_walk(s->host, ask.pid, ask_thread, &ask);
        else
                proc_pids_walk(s->host, look_at, s);
        admit_fresh(s, false);
}

static int poll_start(TrackSource *source, pid_t root, Error *err)
{
        PollSource *s = (PollSource *)source;
        ProcStat stat;
        int reaper = 0;

        if (prctl(PR_GET_CHILD_SUBREAPER, &reaper) == 0)
                s->was_subreaper = reaper;
        if (prctl(PR_SET_CHILD_SUBREAPER, 1) < 0)
                return error_set_errno(err, errno, "poll: PR_SET_CHILD_SUBREAPER");
        if (proc_stat_read(s->host, root, &stat) != 0)
                return error_set(err, ESRCH, "poll: the command's process is gone");
        note_helpers(s);
        map_remove(s->strangers, (uint64_t)root);
        s->root = root;
        admit(s, &stat, false);
        return s->failed ? error_set_errno(err, ENOMEM, "poll") : 0;
}

static int add_one(pid_t pid, void *data)
{
        PollSource *s = data;
        ProcStat stat;

        if (!map_get(s->processes, (uint64_t)pid) && proc_stat_read(s->host, pid, &stat) == 0 &&
            !proc_is_over(&stat)) {
                map_remove(s->strangers, (uint64_t)pid);
                admit(s, &stat, true);
        }
        return 0;
}

static int poll_add(TrackSource *source, pid_t pid, Error *err)
{
        PollSource *s = (PollSource *)source;
        Process *p;

        if (s->scope.descendants)
                found_walk(s->host, pid, add_one, s);
        else
                add_one(pid, s);
        p = map_get(s->processes, (uint64_t)pid);
        if (!p)
                return error_set(err, ESRCH, "process %d is gone", (int)pid);
        p->wanted = true;
        return 0;
}

static void poll_remove(TrackSource *source, pid_t pid)
{
        Process *p = map_get(((PollSource *)source)->processes, (uint64_t)pid);

        if (p)
                p->wanted = false;
}

static uint64_t poll_lost(TrackSource *source)
{
        return 0;
}

const TrackOps track_poll_ops = {
        .name = "poll",
        .partial = true,
        .open = poll_open,
        .start = poll_start,
        .add = poll_add,
        .remove = poll_remove,
        .drain = poll_drain,
        .lost = poll_lost,
        .close = poll_close,
};
