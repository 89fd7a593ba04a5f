/* One pass over /proc gives every process's parent; the descendants follow from that. */
#include "track/found.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/hash.h"
#include "base/macros.h"

TrackEvent found_event(const ProcStat *stat)
{
        uint64_t hz = (uint64_t)sysconf(_SC_CLK_TCK), tick_ns = NS_PER_SECOND / hz;
        TrackEvent event = {
                .type = TRACK_FOUND,
                .pid = stat->pid,
                .time_ns = clock_monotonic_ns(),
                .start_ns = proc_start_ns(stat->start_ticks, hz),
                .ppid = stat->ppid,
                .uid = -1,
                .wait_status = -1,
                .peak_rss_bytes = TRACK_UNKNOWN,
                .threads_max = stat->threads,
                .figures = {
                        .cpu_ns = (stat->user_ticks + stat->system_ticks) * tick_ns,
                        .user_ns = stat->user_ticks * tick_ns,
                        .system_ns = stat->system_ticks * tick_ns,
                        .minor_faults = stat->minor_faults,
                        .major_faults = stat->major_faults,
                        .voluntary_switches = TRACK_UNKNOWN,
                        .involuntary_switches = TRACK_UNKNOWN,
                        .read_bytes = TRACK_UNKNOWN,
                        .write_bytes = TRACK_UNKNOWN,
                        .read_chars = TRACK_UNKNOWN,
                        .write_chars = TRACK_UNKNOWN,
                },
        };

        memcpy(event.comm, stat->comm, strnlen(stat->comm, sizeof event.comm - 1));
        return event;
}

int found_read(const Host *host, pid_t pid, TrackEvent *ret)
{
        ProcStat stat;
        int64_t uid;
        int r = proc_stat_read(host, pid, &stat);

        if (r != 0)
                return r;
        if (proc_is_over(&stat))
                return PROC_GONE;
        r = proc_uid_read(host, pid, &uid);
        if (r != 0)
                return r;
        *ret = found_event(&stat);
        ret->uid = uid;
        return 0;
}

typedef struct Pair {
        pid_t pid, ppid;
} Pair;

typedef struct Scan {
        const Host *host;
        Buffer pairs;
} Scan;

static int note_parent(pid_t pid, void *data)
{
        Scan *scan = data;
        ProcStat stat;

        if (proc_stat_read(scan->host, pid, &stat) != 0)
                return 0;
        return buffer_append(&scan->pairs, &(Pair){pid, stat.ppid}, sizeof(Pair));
}

int found_walk(const Host *host, pid_t pid, ProcPidFn fn, void *data)
{
        _cleanup_(map_freep) Map *known = NULL;
        Scan scan = {.host = host};
        bool more = true;
        int r = map_new(&known);

        if (r == 0)
                r = proc_pids_walk(host, note_parent, &scan);
        if (r == 0)
                r = map_put(known, (uint64_t)pid, known);
        if (r == 0)
                r = fn(pid, data);
        for (const Pair *pairs = (const Pair *)(const void *)scan.pairs.data; r == 0 && more;) {
                more = false;
                for (size_t i = 0; r == 0 && i < scan.pairs.size / sizeof(Pair); i++) {
                        if (map_get(known, (uint64_t)pairs[i].pid) ||
                            !map_get(known, (uint64_t)pairs[i].ppid))
                                continue;
                        more = true;
                        r = map_put(known, (uint64_t)pairs[i].pid, known);
                        if (r == 0)
                                r = fn(pairs[i].pid, data);
                }
        }
        buffer_done(&scan.pairs);
        return r;
}

int found_queue_add(FoundQueue *queue, const TrackEvent *event)
{
        return buffer_append(&queue->events, event, sizeof *event);
}

void found_queue_tell(FoundQueue *queue, uint64_t until_ns, TrackEventFn fn, void *data)
{
        const TrackEvent *events = (const TrackEvent *)(const void *)queue->events.data;
        size_t n = queue->events.size / sizeof *events;

        while (queue->told < n && events[queue->told].time_ns <= until_ns)
                fn(&events[queue->told++], data);
        if (n > 0 && queue->told == n)
                found_queue_done(queue);
}

static int by_time(const void *a, const void *b)
{
        const TrackEvent *x = *(const TrackEvent *const *)a, *y = *(const TrackEvent *const *)b;

        if (x->time_ns != y->time_ns)
                return x->time_ns < y->time_ns ? -1 : 1;
        return x < y ? -1 : x > y;
}

int found_queue_tell_sorted(FoundQueue *queue, TrackEventFn fn, void *data)
{
        const TrackEvent *events = (const TrackEvent *)(const void *)queue->events.data;
        size_t n = queue->events.size / sizeof *events;
        _cleanup_free_ const TrackEvent **order = calloc(n + 1, sizeof *order);

        if (!order)
                return -ENOMEM;
        for (size_t i = 0; i < n; i++)
                order[i] = &events[i];
        qsort(order, n, sizeof *order, by_time);
        for (size_t i = 0; i < n; i++)
                fn(order[i], data);
        buffer_clear(&queue->events);
        return 0;
}

void found_queue_done(FoundQueue *queue)
{
        buffer_done(&queue->events);
        queue->told = 0;
}
