/* One job at a time, handed over under a lock. */
#include "record/monitor-worker.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <time.h>

#include "base/clock.h"
#include "base/thread.h"

enum { STACK_BYTES = 256 << 10 }; /* SQLite and NVML want more than a page or two */

typedef enum WorkerState { WORKER_IDLE, WORKER_ASKED, WORKER_DONE } WorkerState;

struct MonitorWorker {
        pthread_t thread;
        pthread_mutex_t lock; /* guards what follows */
        pthread_cond_t changed;
        WorkerState state;
        bool end;
        MonitorJob job;
        void *data;
        int result;
        Error sentence;
        MonitorWorker *abandoned; /* the one before */
};

/* Those whose job hangs: theirs until the process ends, so not lost. Ended by one thread. */
static MonitorWorker *abandoned;

static void *run(void *data)
{
        MonitorWorker *w = data;

        pthread_mutex_lock(&w->lock);
        while (!w->end) {
                if (w->state != WORKER_ASKED) {
                        pthread_cond_wait(&w->changed, &w->lock);
                        continue;
                }
                pthread_mutex_unlock(&w->lock);
                Error sentence = {0};
                int result = w->job(w->data, &sentence);
                pthread_mutex_lock(&w->lock);
                w->result = result;
                w->sentence = sentence;
                w->state = WORKER_DONE;
                pthread_cond_broadcast(&w->changed);
        }
        pthread_mutex_unlock(&w->lock);
        return NULL;
}

static int start_thread(MonitorWorker *w, const char *name)
{
        const ThreadOptions options = {.name = name, .stack_bytes = STACK_BYTES, .run = run, .data = w};

        return thread_start(&options, &w->thread);
}

static MonitorWorker *worker_free(MonitorWorker *w)
{
        pthread_mutex_destroy(&w->lock);
        pthread_cond_destroy(&w->changed);
        free(w);
        return NULL;
}

int monitor_worker_new(const char *name, MonitorWorker **ret)
{
        MonitorWorker *w = calloc(1, sizeof *w);
        pthread_condattr_t attributes;

        if (!w)
                return -ENOMEM;
        pthread_condattr_init(&attributes);
        pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
        pthread_mutex_init(&w->lock, NULL);
        pthread_cond_init(&w->changed, &attributes);
        pthread_condattr_destroy(&attributes);
        int r = start_thread(w, name);
        if (r < 0) {
                worker_free(w);
                return r;
        }
        *ret = w;
        return 0;
}

bool monitor_worker_ask(MonitorWorker *w, MonitorJob job, void *data)
{
        pthread_mutex_lock(&w->lock);
        bool free_now = w->state == WORKER_IDLE;
        if (free_now) {
                w->job = job;
                w->data = data;
                w->state = WORKER_ASKED;
                pthread_cond_broadcast(&w->changed);
        }
        pthread_mutex_unlock(&w->lock);
        return free_now;
}

bool monitor_worker_busy(MonitorWorker *w)
{
        pthread_mutex_lock(&w->lock);
        bool busy = w->state != WORKER_IDLE;
        pthread_mutex_unlock(&w->lock);
        return busy;
}

bool monitor_worker_fetch(MonitorWorker *w, int *ret, Error *err)
{
        pthread_mutex_lock(&w->lock);
        bool done = w->state == WORKER_DONE;
        if (done) {
                *ret = w->result;
                *err = w->sentence;
                w->state = WORKER_IDLE;
        }
        pthread_mutex_unlock(&w->lock);
        return done;
}

void monitor_worker_wait(MonitorWorker *w, uint64_t until_ns)
{
        struct timespec until = {.tv_sec = (time_t)(until_ns / NS_PER_SECOND),
                                 .tv_nsec = (long)(until_ns % NS_PER_SECOND)};

        pthread_mutex_lock(&w->lock);
        while (w->state == WORKER_ASKED &&
               pthread_cond_timedwait(&w->changed, &w->lock, &until) == 0)
                ;
        pthread_mutex_unlock(&w->lock);
}

bool monitor_worker_end(MonitorWorker *w)
{
        pthread_mutex_lock(&w->lock);
        bool hangs = w->state == WORKER_ASKED;
        w->end = true;
        pthread_cond_broadcast(&w->changed);
        pthread_mutex_unlock(&w->lock);
        if (hangs) {
                w->abandoned = abandoned;
                abandoned = w;
                pthread_detach(w->thread);
                return false;
        }
        pthread_join(w->thread, NULL);
        worker_free(w);
        return true;
}
