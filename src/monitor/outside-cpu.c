/* CPU time of all processes, and what it grew by. proc(5). */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "base/text.h"
#include "host/proc-identity.h"
#include "monitor/outside.h"

enum {
        PF_KTHREAD = 0x00200000, /* include/linux/sched.h */
        DEPTH_MAX = 64,          /* of a tree of processes */
};

typedef struct Reading {
        OutsideLook *look;
        const Host *host;
} Reading;

static int read_one(pid_t pid, void *data)
{
        Reading *reading = data;
        OutsideLook *look = reading->look;
        ProcStat stat;

        if (look->n == OUTSIDE_LOOK_MAX)
                return 1;
        if (proc_stat_read(reading->host, pid, &stat) != 0)
                return 0;
        OutsideProcess *items = array_grow(look->items, &look->capacity, look->n, sizeof *items);
        if (!items)
                return -ENOMEM;
        look->items = items;
        OutsideProcess *p = &look->items[look->n++];
        *p = (OutsideProcess){
                .pid = stat.pid,
                .ppid = stat.ppid,
                .start_ticks = stat.start_ticks,
                .own_ticks = stat.user_ticks + stat.system_ticks,
                .rss_pages = stat.rss_pages,
                .kernel = stat.flags & PF_KTHREAD,
        };
        p->ticks = p->own_ticks + stat.child_user_ticks + stat.child_system_ticks;
        text_copy(p->comm, sizeof p->comm, stat.comm);
        return 0;
}

static int compare_pids(const void *a, const void *b)
{
        const OutsideProcess *x = a, *y = b;

        return x->pid < y->pid ? -1 : x->pid > y->pid;
}

int outside_look_read(OutsideLook *look, const Host *host, uint64_t uptime_ticks)
{
        Reading reading = {look, host};

        look->n = 0;
        look->uptime_ticks = uptime_ticks;
        int r = proc_pids_walk(host, read_one, &reading);
        qsort(look->items, look->n, sizeof *look->items, compare_pids);
        return MIN(r, 0);
}

void outside_look_done(OutsideLook *look)
{
        free(look->items);
        *look = (OutsideLook){0};
}

OutsideProcess *outside_look_find(const OutsideLook *look, pid_t pid)
{
        OutsideProcess key = {.pid = pid};

        return look->n ? bsearch(&key, look->items, look->n, sizeof key, compare_pids) : NULL;
}

/* The same process in another look. */
static OutsideProcess *find_same(const OutsideLook *look, const OutsideProcess *p)
{
        OutsideProcess *same = outside_look_find(look, p->pid);

        return same && same->start_ticks == p->start_ticks ? same : NULL;
}

void outside_look_compare(const OutsideLook *first, OutsideLook *now)
{
        for (size_t i = 0; i < now->n; i++) {
                OutsideProcess *p = &now->items[i];
                const OutsideProcess *before = find_same(first, p);
                p->grown = (int64_t)(p->ticks - (before ? before->ticks : 0));
                if (!before && p->start_ticks < first->uptime_ticks)
                        p->grown = 0; /* it was overlooked */
        }
        /* Who has ended is in the sums of who waited for it, with what it had used before. */
        for (size_t i = 0; i < first->n; i++) {
                const OutsideProcess *gone = &first->items[i], *parent = gone;
                OutsideProcess *living = NULL;
                if (gone->ticks == 0 || find_same(now, gone))
                        continue;
                for (int depth = 0; parent && !living && depth < DEPTH_MAX; depth++) {
                        parent = outside_look_find(first, parent->ppid);
                        living = parent ? find_same(now, parent) : NULL;
                }
                if (living)
                        living->grown -= (int64_t)gone->ticks;
        }
        for (size_t i = 0; i < now->n; i++)
                now->items[i].grown = MAX(now->items[i].grown, (int64_t)0);
}

static bool descends_from(const OutsideLook *look, const OutsideProcess *p, pid_t ancestor)
{
        for (int depth = 0; p && depth < DEPTH_MAX; depth++) {
                if (p->pid == ancestor)
                        return true;
                p = p->ppid > 0 ? outside_look_find(look, p->ppid) : NULL;
        }
        return false;
}

uint64_t outside_look_subtree(const OutsideLook *now, pid_t pid)
{
        uint64_t sum = 0;

        for (size_t i = 0; i < now->n; i++)
                if (now->items[i].grown > 0 && descends_from(now, &now->items[i], pid))
                        sum += (uint64_t)now->items[i].grown;
        return sum;
}
