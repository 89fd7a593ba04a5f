/* Who is not in the run, but was connected to it or busy meanwhile. A thread of its own asks the kernel
 * which sockets are connected, looks up the ends, and reads every process's CPU time, within a thousandth
 * of one CPU; a sample only tells what is known by now. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/text.h"
#include "monitor/monitor.h"
#include "monitor/outside.h"
#include "monitor/side-thread.h"

enum {
        PID = MONITOR_FIRST,
        START_BOOTTIME_NS,
        HOW,
        ADDRESS,
        COMM,
        CMDLINE,
        OUTSIDE_UID,
        PROCESS,
        CONNECTIONS,
        CPU_US,
        USUAL_CPU_US,
        RSS_BYTES,
        N_COLUMNS,
};

#define LEVEL (16.0 * 1024 * 1024)

static const Column outside_columns[N_COLUMNS] = {
        MONITOR_TIME_COLUMNS,
        [PID] = KEY("pid", U32, NONE, "null: a process that we may not see (another user's)"),
        [START_BOOTTIME_NS] = KEY("start_boottime_ns", U64, NS, "when it began, since the machine did"),
        [HOW] = KEY("how", TEXT, NONE, "unix, tcp: a process of the run was connected to it; busy: it used CPU "
                                       "time meanwhile"),
        [ADDRESS] = KEY("address", TEXT, NONE, "path or abstract name (@) of the socket, or TCP port; busy: null"),
        [COMM] = WORDS("comm", "its name"),
        [CMDLINE] = WORDS("cmdline", "its arguments, secrets masked"),
        [OUTSIDE_UID] = GAUGE("uid", U32, NONE, "whose it is"),
        [PROCESS] = GAUGE_NOISY("process", U64, NONE, NOISE_ANY, "who of the run was seen connected last"),
        [CONNECTIONS] = COUNTER_NOISY("connections", U64, COUNT, 16, "seen; short ones are missed"),
        [CPU_US] = COUNTER_NOISY("cpu_us", U64, US, NOISE_ANY,
                                 "CPU time since the first look, of what it started, too, unless it is busy"),
        [USUAL_CPU_US] = GAUGE_NOISY("usual_cpu_us", U64, US, NOISE_ANY,
                                     "what it would have used at its average before; null: it is younger"),
        [RSS_BYTES] = GAUGE_NOISY("rss_bytes", U64, BYTES, LEVEL, "resident, its own"),
};

static const Schema outside_schema = {"outside", outside_columns, N_COLUMNS};

enum {
        /* One part of a CPU in so many is used for each: */
        UNIX_SHARE = 10000,
        TCP_SHARE = 12000,   /* the kernel's whole table is walked */
        CPU_SHARE = 8000,
        SETTLE_MS = 250,     /* into the run, before the first look: the shortest have none */
        REST_MAX_S = 8,
        LAST_PROCESSES = 2000, /* on the machine, for a last look at the run's end: 8 ms */
        BUSY_LEAST_MS = 500, /* of CPU time */
        BUSY_LEAST_PERCENT = 2, /* of one CPU */
};

/* Shared under the thread's lock, but what is marked as the thread's own. */
typedef struct Watcher {
        Host *host;
        uint64_t hz;
        OutsideTree tree;
        OutsidePeer peers[OUTSIDE_PEERS_MAX];
        size_t n_peers;
        OutsideProcess busy[OUTSIDE_BUSY_MAX];
        size_t n_busy;
        OutsideLook first;    /* not changed once it is there */
        bool has_first;
        uint64_t now_ticks;   /* when peers and busy were looked at */
        /* the thread's: */
        OutsideTree own_tree;
        OutsidePeer own_peers[OUTSIDE_PEERS_MAX];
        size_t n_own_peers;
        OutsideLook look;
        OutsideSockets sockets;
        uint64_t unix_due_ns, tcp_due_ns, cpu_due_ns;
        bool dead; /* sockets cannot be asked for */
} Watcher;

typedef struct OutsideState {
        Watcher *watcher; /* owned by the thread */
        SideThread *thread;
        const MonitorScope *scope;
        bool was_alive;
        OutsideTree tree; /* as gathered for this sample */
} OutsideState;

static void watcher_free(void *data)
{
        Watcher *w = data;

        outside_look_done(&w->first);
        outside_look_done(&w->look);
        outside_sockets_done(&w->sockets);
        host_free(w->host);
        free(w);
}

/* What is not there is not touched. */
static void copy_tree(OutsideTree *to, const OutsideTree *from)
{
        memcpy(to->pid, from->pid, from->n * sizeof *to->pid);
        memcpy(to->process, from->process, from->n * sizeof *to->process);
        to->n = from->n;
}

static uint64_t uptime_ticks(const Watcher *w)
{
        return clock_boottime_ns() / (NS_PER_SECOND / w->hz);
}

/* ---- CPU time ---- */

/* Not of the run, not of the kernel, not vigia or what carries the command's output. */
static bool is_outside(const OutsideTree *tree, const OutsideProcess *p)
{
        return !p->kernel && p->pid != getpid() && p->ppid != getpid() && !outside_tree_find(tree, p->pid);
}

/* Orphans that end are in the sums of init, whoever's they were. */
static uint64_t busy_ticks(const OutsideLook *first, const OutsideProcess *p)
{
        const OutsideProcess *before = p->pid == 1 ? outside_look_find(first, 1) : NULL;

        return p->pid == 1 ? p->own_ticks - (before ? before->own_ticks : 0) : (uint64_t)p->grown;
}

static size_t find_busy(const Watcher *w, const OutsideTree *tree, const OutsideLook *now, OutsideProcess *busy)
{
        uint64_t least = (now->uptime_ticks - w->first.uptime_ticks) * BUSY_LEAST_PERCENT / 100;
        size_t n = 0;

        least = MAX(least, w->hz * BUSY_LEAST_MS / 1000);
        for (size_t i = 0; i < now->n; i++) {
                OutsideProcess p = now->items[i];
                size_t at;
                p.grown = (int64_t)busy_ticks(&w->first, &p);
                if ((uint64_t)p.grown < least || !is_outside(tree, &p))
                        continue;
                for (at = n; at > 0 && busy[at - 1].grown < p.grown; at--)
                        if (at < OUTSIDE_BUSY_MAX)
                                busy[at] = busy[at - 1];
                if (at < OUTSIDE_BUSY_MAX)
                        busy[at] = p;
                n = MIN(n + 1, (size_t)OUTSIDE_BUSY_MAX);
        }
        return n;
}

static void measure_peers(const OutsideLook *now, OutsidePeer *peers, size_t n)
{
        for (size_t i = 0; i < n; i++) {
                const OutsideProcess *p = peers[i].pid ? outside_look_find(now, peers[i].pid) : NULL;
                if (!p || p->start_ticks != peers[i].start_ticks)
                        continue; /* gone: what was known last */
                peers[i].cpu_ticks = outside_look_subtree(now, p->pid);
                peers[i].rss_pages = p->rss_pages;
        }
}

/* ---- the thread ---- */

static void look_at_cpu(Watcher *w, SideThread *self)
{
        OutsideProcess busy[OUTSIDE_BUSY_MAX];
        size_t n;

        if (!w->has_first) {
                OutsideLook first = {0};
                bool read = outside_look_read(&first, w->host, uptime_ticks(w)) == 0;
                side_thread_lock(self);
                w->first = first;
                w->has_first = read;
                side_thread_unlock(self);
                return;
        }
        if (outside_look_read(&w->look, w->host, uptime_ticks(w)) < 0)
                return;
        outside_look_compare(&w->first, &w->look);
        measure_peers(&w->look, w->own_peers, w->n_own_peers);
        n = find_busy(w, &w->own_tree, &w->look, busy);
        side_thread_lock(self);
        memcpy(w->busy, busy, n * sizeof *busy);
        w->n_busy = n;
        w->now_ticks = w->look.uptime_ticks;
        side_thread_unlock(self);
}

/* What was just done may be done again when it has had its rest. */
static void rest(uint64_t *due_ns, uint64_t now_ns, uint64_t cpu_before_ns, uint64_t share)
{
        uint64_t cost_ns = clock_ns(CLOCK_THREAD_CPUTIME_ID) - cpu_before_ns;

        *due_ns = now_ns + MIN(cost_ns * share, REST_MAX_S * NS_PER_SECOND);
}

static void look_at_sockets(Watcher *w, uint64_t now_ns)
{
        uint64_t cpu_ns = clock_ns(CLOCK_THREAD_CPUTIME_ID);
        bool tcp = now_ns >= w->tcp_due_ns;
        Error unused;

        if (w->sockets.fd < 0 && !w->dead)
                w->dead = outside_sockets_open(&w->sockets, &unused) < 0;
        if (w->dead || now_ns < w->unix_due_ns)
                return;
        outside_sockets_look(&w->sockets, w->host, &w->own_tree, tcp, w->own_peers, &w->n_own_peers);
        rest(tcp ? &w->tcp_due_ns : &w->unix_due_ns, now_ns, cpu_ns, tcp ? TCP_SHARE : UNIX_SHARE);
}

static void look_once(Watcher *w, SideThread *self)
{
        uint64_t now_ns = clock_monotonic_ns(), cpu_ns;

        side_thread_lock(self);
        copy_tree(&w->own_tree, &w->tree);
        side_thread_unlock(self);
        look_at_sockets(w, now_ns);
        cpu_ns = clock_ns(CLOCK_THREAD_CPUTIME_ID);
        if (now_ns >= w->cpu_due_ns) {
                look_at_cpu(w, self);
                rest(&w->cpu_due_ns, now_ns, cpu_ns, CPU_SHARE);
        }
        side_thread_lock(self);
        memcpy(w->peers, w->own_peers, w->n_own_peers * sizeof *w->peers);
        w->n_peers = w->n_own_peers;
        side_thread_unlock(self);
}

/* A look for each sample that pokes, at what is due. */
static void watch(SideThread *self, void *data)
{
        Watcher *w = data;
        uint64_t begin_ns = clock_monotonic_ns() + SETTLE_MS * NS_PER_MS, now_ns;

        while (!side_thread_over(self)) {
                now_ns = clock_monotonic_ns();
                if (now_ns < begin_ns) {
                        side_thread_pause(self, begin_ns - now_ns);
                        continue;
                }
                look_once(w, self);
                side_thread_pause(self, UINT64_MAX);
        }
}

/* ---- the monitor ---- */

static int outside_probe(const MonitorContext *context, Error *why, Error *fix)
{
        if (!host_is_live(context->host))
                return error_set(why, EOPNOTSUPP, "it asks the kernel of the machine it runs on, not of a recorded one");
        if (context->all)
                return error_set(why, EOPNOTSUPP, "the whole machine is in the run: nothing is outside");
        int fd = socket_diag_open(why);
        if (fd < 0)
                return fd;
        fd_close(fd);
        return 0;
}

static int outside_start(void *state, const MonitorContext *context, Error *err)
{
        OutsideState *s = state;
        Watcher *w = calloc(1, sizeof *w);

        if (!w)
                return error_set(err, ENOMEM, "out of memory");
        w->sockets.fd = -1;
        w->hz = (uint64_t)sysconf(_SC_CLK_TCK);
        int r = host_new(NULL, &w->host);
        if (r == 0)
                r = side_thread_start(&(SideThreadOptions){.name = "vigia-outside",
                                                           .run = watch,
                                                           .free_data = watcher_free,
                                                           .data = w},
                                      &s->thread);
        if (r < 0) {
                watcher_free(w);
                return error_set_errno(err, r, "a thread to look in");
        }
        s->watcher = w;
        s->scope = context->scope;
        return 0;
}

static int take_process(const MonitorProcess *process, void *data)
{
        OutsideTree *tree = data;

        if (tree->n == OUTSIDE_TREE_MAX)
                return 1;
        tree->pid[tree->n] = process->pid;
        tree->process[tree->n++] = process->process;
        return 0;
}

/* Shell's method: no allocation, and they come nearly in order. */
static void sort_tree(OutsideTree *tree)
{
        for (size_t gap = tree->n / 2; gap > 0; gap /= 2)
                for (size_t i = gap; i < tree->n; i++) {
                        pid_t pid = tree->pid[i];
                        uint64_t process = tree->process[i];
                        size_t at = i;
                        for (; at >= gap && tree->pid[at - gap] > pid; at -= gap) {
                                tree->pid[at] = tree->pid[at - gap];
                                tree->process[at] = tree->process[at - gap];
                        }
                        tree->pid[at] = pid;
                        tree->process[at] = process;
                }
}

static int set_text(Batch *rows, size_t column, const char *text)
{
        return text[0] ? batch_set_textz(rows, column, text) : 0;
}

static uint64_t ticks_us(const Watcher *w, uint64_t ticks)
{
        return ticks * (1000000 / w->hz);
}

/* What was used before the first look, on average, for as long as the run took since. */
static void set_usual(const Watcher *w, Batch *rows, pid_t pid, uint64_t start_ticks, uint64_t now_ticks)
{
        const OutsideProcess *before = w->has_first ? outside_look_find(&w->first, pid) : NULL;

        if (!before || before->start_ticks != start_ticks || w->first.uptime_ticks <= start_ticks)
                return;
        double lived = (double)(w->first.uptime_ticks - start_ticks);
        double since = (double)(MAX(now_ticks, w->first.uptime_ticks) - w->first.uptime_ticks);
        batch_set_u64(rows, USUAL_CPU_US, (uint64_t)((double)ticks_us(w, before->ticks) * (since / lived)));
}

static int add_peer(const Watcher *w, const OutsidePeer *p, const MonitorTick *tick, Batch *rows)
{
        int r = monitor_row(rows, tick);

        if (r < 0)
                return r;
        if (p->pid) {
                batch_set_u64(rows, PID, (uint64_t)p->pid);
                batch_set_u64(rows, START_BOOTTIME_NS, p->start_ticks * (NS_PER_SECOND / w->hz));
                set_usual(w, rows, p->pid, p->start_ticks, w->now_ticks);
        }
        if (p->uid >= 0)
                batch_set_u64(rows, OUTSIDE_UID, (uint64_t)p->uid);
        batch_set_u64(rows, PROCESS, p->process);
        batch_set_u64(rows, CONNECTIONS, p->connections);
        if (p->cpu_ticks != UINT64_MAX)
                batch_set_u64(rows, CPU_US, ticks_us(w, p->cpu_ticks));
        if (p->rss_pages != UINT64_MAX)
                batch_set_u64(rows, RSS_BYTES, p->rss_pages * (uint64_t)sysconf(_SC_PAGESIZE));
        const char *how = p->tcp ? "tcp" : "unix";
        r = set_text(rows, HOW, how);
        if (r == 0)
                r = set_text(rows, ADDRESS, p->address);
        if (r == 0)
                r = set_text(rows, COMM, p->comm);
        return r == 0 ? set_text(rows, CMDLINE, p->cmdline) : r;
}

static int add_busy(const Watcher *w, const OutsideProcess *p, const MonitorTick *tick, Batch *rows)
{
        OutsidePeer who = {.pid = p->pid, .uid = -1};
        int r = monitor_row(rows, tick);

        if (r < 0)
                return r;
        outside_peer_describe(w->host, &who);
        batch_set_u64(rows, PID, (uint64_t)p->pid);
        batch_set_u64(rows, START_BOOTTIME_NS, p->start_ticks * (NS_PER_SECOND / w->hz));
        set_usual(w, rows, p->pid, p->start_ticks, w->now_ticks);
        if (who.uid >= 0)
                batch_set_u64(rows, OUTSIDE_UID, (uint64_t)who.uid);
        batch_set_u64(rows, CPU_US, ticks_us(w, (uint64_t)p->grown));
        batch_set_u64(rows, RSS_BYTES, p->rss_pages * (uint64_t)sysconf(_SC_PAGESIZE));
        r = set_text(rows, HOW, "busy");
        if (r == 0)
                r = set_text(rows, COMM, p->comm);
        return r == 0 && who.start_ticks == p->start_ticks ? set_text(rows, CMDLINE, who.cmdline) : r;
}

/* The run is over: what the thread saw last may be seconds old. The lock is held. */
static void look_last(Watcher *w)
{
        OutsideLook now = {0};

        if (!w->has_first || w->first.n > LAST_PROCESSES || outside_look_read(&now, w->host, uptime_ticks(w)) < 0) {
                outside_look_done(&now);
                return;
        }
        outside_look_compare(&w->first, &now);
        measure_peers(&now, w->peers, w->n_peers);
        w->n_busy = find_busy(w, &w->tree, &now, w->busy);
        w->now_ticks = now.uptime_ticks;
        outside_look_done(&now);
}

static int outside_sample(void *state, const MonitorTick *tick, Batch *rows, Error *err)
{
        OutsideState *s = state;
        int r = 0;

        s->tree.n = 0;
        if (s->scope)
                s->scope->each(s->scope, take_process, &s->tree);
        sort_tree(&s->tree);
        Watcher *w = side_thread_try(s->thread);
        if (!w)
                return 0;
        if (s->tree.n == 0 && s->was_alive)
                look_last(w);
        s->was_alive = s->tree.n > 0;
        copy_tree(&w->tree, &s->tree);
        for (size_t i = 0; r == 0 && i < w->n_peers; i++)
                r = add_peer(w, &w->peers[i], tick, rows);
        for (size_t i = 0; r == 0 && i < w->n_busy; i++)
                r = add_busy(w, &w->busy[i], tick, rows);
        side_thread_unlock(s->thread);
        side_thread_poke(s->thread);
        return r;
}

static void outside_stop(void *state)
{
        side_thread_end(((OutsideState *)state)->thread);
}

const Monitor monitor_outside = {
        .name = "outside",
        .what = "who is not in the run, but was connected to it or busy",
        .schema = &outside_schema,
        .interval_us = 1000000,
        .state_size = sizeof(OutsideState),
        .probe = outside_probe,
        .start = outside_start,
        .sample = outside_sample,
        .stop = outside_stop,
};
