/* A record a thread, found by its numbers; groups are made at the end, when threads are in order of processes. */
#include "detect/leak-threads.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "base/clock.h"
#include "base/hash.h"

#define BUSY       0.9
#define IDLE       0.01
#define BUSY_TIME  (10 * (int64_t)NS_PER_SECOND)
#define USER_LONG  10000000 /* µs */
#define IDLE_LEAST 5

struct LeakThreads {
        LeakThread *items;
        size_t n, capacity;
        Map *by_hash; /* of process, tid and start; index + 1 */
        uint64_t left_out;
        LeakThreadGroup *groups;
        size_t n_groups, groups_capacity;
};

const char *const leak_thread_columns[] = {"t_ns", "process", "tid", "start_boottime_ns", "name", "state", "user_us",
                                           "system_us", NULL};
enum { T_NS, PROCESS, TID, START, NAME, STATE, USER, SYSTEM, N_COLUMNS };

int leak_threads_new(LeakThreads **ret)
{
        LeakThreads *t = calloc(1, sizeof *t);

        if (!t || map_new(&t->by_hash) < 0) {
                free(t);
                return -ENOMEM;
        }
        *ret = t;
        return 0;
}

LeakThreads *leak_threads_free(LeakThreads *t)
{
        if (!t)
                return NULL;
        free(t->items);
        free(t->groups);
        map_free(t->by_hash);
        free(t);
        return NULL;
}

uint64_t leak_threads_left_out(const LeakThreads *threads)
{
        return threads->left_out;
}

static bool number(const Batch *rows, const int *at, int which, size_t row, uint64_t *ret)
{
        if (at[which] < 0 || batch_is_null(rows, (size_t)at[which], row))
                return false;
        *ret = batch_u64(rows, (size_t)at[which], row);
        return true;
}

/* NULL and 0: left out; NULL and -ENOMEM. */
static int find_thread(LeakThreads *t, uint64_t process, uint32_t tid, uint64_t start, LeakThread **ret)
{
        const uint64_t identity[] = {process, tid, start};
        uint64_t hash = hash_bytes(identity, sizeof identity);
        size_t at = (uintptr_t)map_get(t->by_hash, hash);

        *ret = NULL;
        if (at > 0) {
                *ret = &t->items[at - 1];
                return 0;
        }
        if (t->n >= LEAK_THREADS_MAX) {
                t->left_out++;
                return 0;
        }
        LeakThread *items = array_grow(t->items, &t->capacity, t->n, sizeof *items);
        if (!items)
                return -ENOMEM;
        t->items = items;
        t->items[t->n] = (LeakThread){.process = process, .tid = tid, .start_ns = start, .first_ns = INT64_MAX};
        *ret = &t->items[t->n++];
        return map_put(t->by_hash, hash, (void *)(uintptr_t)t->n);
}

static void take_words(LeakThread *thread, const Batch *rows, const int *at, size_t row)
{
        size_t size;
        const char *text;

        if (at[NAME] >= 0) {
                text = batch_text(rows, (size_t)at[NAME], row, &size);
                size = MIN(size, sizeof thread->name - 1);
                if (size > 0) {
                        memcpy(thread->name, text, size);
                        thread->name[size] = '\0';
                }
        }
        if (at[STATE] >= 0) {
                text = batch_text(rows, (size_t)at[STATE], row, &size);
                if (size > 0)
                        thread->state = *text;
        }
}

static int observe_row(LeakThreads *t, const Batch *rows, const int *at, size_t row)
{
        uint64_t time, process, tid, start = 0, user, system;
        LeakThread *thread;

        if (!number(rows, at, T_NS, row, &time) || !number(rows, at, PROCESS, row, &process) ||
            !number(rows, at, TID, row, &tid))
                return 0;
        number(rows, at, START, row, &start);
        int r = find_thread(t, process, (uint32_t)tid, start, &thread);
        if (r < 0 || !thread)
                return r;
        int64_t t_ns = batch_sane_ns((uint64_t)batch_i64(rows, (size_t)at[T_NS], row));
        take_words(thread, rows, at, row);
        if (number(rows, at, USER, row, &user) && number(rows, at, SYSTEM, row, &system)) {
                thread->cpu_us = user + system;
                thread->user_us = user;
                if (!thread->has_cpu)
                        thread->first_cpu_us = thread->cpu_us;
                thread->has_cpu = true;
        }
        thread->first_ns = MIN(thread->first_ns, t_ns);
        thread->last_ns = MAX(thread->last_ns, t_ns);
        return 0;
}

int leak_threads_observe(LeakThreads *threads, const Batch *rows)
{
        const Schema *schema = batch_schema(rows);
        int at[N_COLUMNS], r = 0;

        for (int i = 0; i < N_COLUMNS; i++) {
                at[i] = schema_find(schema, leak_thread_columns[i]);
                bool is_text = at[i] >= 0 && schema->columns[at[i]].type == COLUMN_TEXT;
                if (is_text != (i == NAME || i == STATE))
                        at[i] = -1;
        }
        for (size_t row = 0; r == 0 && row < batch_rows(rows); row++)
                r = observe_row(threads, rows, at, row);
        return r;
}

/* By process, then by CPU time. */
static int compare_threads(const void *a, const void *b)
{
        const LeakThread *x = a, *y = b;

        if (x->process != y->process)
                return x->process < y->process ? -1 : 1;
        if (x->cpu_us != y->cpu_us)
                return x->cpu_us > y->cpu_us ? -1 : 1;
        return (x->tid > y->tid) - (x->tid < y->tid);
}

static int compare_groups(const void *a, const void *b)
{
        const LeakThreadGroup *x = a, *y = b;

        if (x->threads != y->threads)
                return x->threads > y->threads ? -1 : 1;
        return (x->process > y->process) - (x->process < y->process);
}

static void add_thread(LeakThreadGroup *g, LeakThread *t)
{
        int64_t seen = t->last_ns - t->first_ns;

        t->ratio = t->has_cpu && seen > 0 && t->cpu_us >= t->first_cpu_us
                           ? (double)(t->cpu_us - t->first_cpu_us) * 1e3 / (double)seen : NAN;
        g->threads++;
        g->running += t->state == 'R';
        g->busy += t->ratio > BUSY && seen >= BUSY_TIME;
        /* A log has no CPU time, but says who is idle. */
        bool idle = t->has_cpu ? t->cpu_us == 0 || t->ratio < IDLE : t->state == 'S';
        g->idle += idle;
        g->never_ran += t->has_cpu && t->cpu_us == 0;
        g->long_user |= t->user_us > USER_LONG;
        if (g->n_top < LEAK_THREADS_TOP && t->has_cpu && t->cpu_us > 0)
                g->top[g->n_top++] = t;
}

int leak_threads_finish(LeakThreads *t, const LeakThreadGroup **ret, size_t *ret_n)
{
        if (t->n > 1)
                qsort(t->items, t->n, sizeof *t->items, compare_threads);
        for (size_t i = 0; i < t->n; i++) {
                if (i == 0 || t->items[i].process != t->items[i - 1].process) {
                        LeakThreadGroup *groups = array_grow(t->groups, &t->groups_capacity, t->n_groups, sizeof *groups);
                        if (!groups)
                                return -ENOMEM;
                        t->groups = groups;
                        t->groups[t->n_groups++] = (LeakThreadGroup){.process = t->items[i].process};
                }
                add_thread(&t->groups[t->n_groups - 1], &t->items[i]);
        }
        for (size_t i = 0; i < t->n_groups; i++)
                t->groups[i].mostly_idle = t->groups[i].threads >= IDLE_LEAST && t->groups[i].idle * 5 > t->groups[i].threads * 4;
        if (t->n_groups > 1)
                qsort(t->groups, t->n_groups, sizeof *t->groups, compare_groups);
        *ret = t->groups;
        *ret_n = t->n_groups;
        return 0;
}
