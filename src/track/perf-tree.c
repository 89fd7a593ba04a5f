/* One entry per living process. */
#include "track/perf-tree.h"

#include <errno.h>
#include <linux/perf_event.h>
#include <stdlib.h>
#include <string.h>

static const TrackFigures unknown_figures = {
        TRACK_UNKNOWN, TRACK_UNKNOWN, TRACK_UNKNOWN, TRACK_UNKNOWN, TRACK_UNKNOWN, TRACK_UNKNOWN,
        TRACK_UNKNOWN, TRACK_UNKNOWN, TRACK_UNKNOWN, TRACK_UNKNOWN, TRACK_UNKNOWN,
};

int perf_tree_init(PerfTree *tree, bool everything, bool descendants)
{
        *tree = (PerfTree){.everything = everything, .descendants = descendants};
        return map_new(&tree->processes);
}

static bool drop_any(uint64_t key, void *value, void *data)
{
        free(value);
        return true;
}

void perf_tree_done(PerfTree *tree)
{
        if (tree->processes)
                map_remove_if(tree->processes, drop_any, NULL);
        tree->processes = map_free(tree->processes);
}

PerfProcess *perf_tree_find(const PerfTree *tree, pid_t pid)
{
        return map_get(tree->processes, (uint64_t)pid);
}

PerfProcess *perf_tree_add(PerfTree *tree, pid_t pid, uint64_t time_ns, const char *comm)
{
        PerfProcess *p = calloc(1, sizeof *p);

        if (!p || map_put(tree->processes, (uint64_t)pid, p) < 0) {
                free(p);
                tree->dropped++;
                return NULL;
        }
        p->pid = pid;
        p->threads = p->threads_max = 1;
        p->since_ns = time_ns;
        memcpy(p->comm, comm, strnlen(comm, sizeof p->comm - 1));
        return p;
}

void perf_tree_drop(PerfTree *tree, pid_t pid)
{
        free(map_remove(tree->processes, (uint64_t)pid));
}

TrackEvent perf_tree_event(const PerfProcess *process, TrackEventType type, uint64_t time_ns)
{
        TrackEvent event = {
                .type = type,
                .pid = process->pid,
                .time_ns = time_ns,
                .uid = -1,
                .wait_status = -1,
                .peak_rss_bytes = TRACK_UNKNOWN,
                .threads_max = type == TRACK_EXIT ? process->threads_max : 0,
                .figures = unknown_figures,
        };

        memcpy(event.comm, process->comm, sizeof event.comm);
        return event;
}

static bool follow_fork(PerfTree *tree, const PerfRecord *record, TrackEvent *ret)
{
        PerfProcess *parent = perf_tree_find(tree, record->ppid), *p;

        if (record->tid != record->pid) {
                p = perf_tree_find(tree, record->pid);
                if (p) {
                        p->threads++;
                        if (p->threads > p->threads_max)
                                p->threads_max = p->threads;
                }
                return false;
        }
        if (!tree->everything && (!parent || !tree->descendants))
                return false;
        p = perf_tree_find(tree, record->pid);
        if (p && p->since_ns >= record->time_ns)
                return false; /* found in /proc before its fork was read */
        if (p)
                perf_tree_drop(tree, p->pid); /* its exit was lost */
        p = perf_tree_add(tree, record->pid, record->time_ns, parent ? parent->comm : "");
        if (!p)
                return false;
        p->removed = parent && parent->removed;
        p->counted = p->pid == tree->root || (parent && parent->counted);
        *ret = perf_tree_event(p, TRACK_FORK, record->time_ns);
        ret->ppid = record->ppid;
        return !p->removed;
}

static bool follow_comm(PerfTree *tree, const PerfRecord *record, TrackEvent *ret)
{
        PerfProcess *p = perf_tree_find(tree, record->pid);

        if (!p || (!record->exec && record->tid != record->pid))
                return false; /* a thread's name is not the process's */
        memcpy(p->comm, record->comm, sizeof p->comm);
        if (record->exec) {
                p->threads = p->threads_max = 1;
                p->since_ns = record->time_ns;
        }
        *ret = perf_tree_event(p, record->exec ? TRACK_EXEC : TRACK_COMM, record->time_ns);
        return !p->removed;
}

PerfProcess *perf_tree_ends(const PerfTree *tree, const PerfRecord *record)
{
        PerfProcess *p = NULL;

        if (record->type == PERF_RECORD_EXIT)
                p = perf_tree_find(tree, record->pid);
        return p && p->threads <= 1 ? p : NULL;
}

static bool follow_exit(PerfTree *tree, const PerfRecord *record, TrackEvent *ret)
{
        PerfProcess *p = perf_tree_find(tree, record->pid);
        bool told;

        if (!p)
                return false;
        p->ended++;
        if (p->threads > 1) {
                p->threads--;
                return false;
        }
        told = !p->removed;
        *ret = perf_tree_event(p, TRACK_EXIT, record->time_ns);
        perf_tree_drop(tree, p->pid);
        return told;
}

bool perf_tree_apply(PerfTree *tree, const PerfRecord *record, TrackEvent *ret)
{
        if (record->pid <= 0)
                return false; /* of a pid namespace that we do not see */
        switch (record->type) {
        case PERF_RECORD_FORK:
                return follow_fork(tree, record, ret);
        case PERF_RECORD_COMM:
                return follow_comm(tree, record, ret);
        case PERF_RECORD_EXIT:
                return follow_exit(tree, record, ret);
        default:
                return false;
        }
}
