/* Two holders, the owner and the thread itself: the last to let go frees. */
#include "monitor/side-thread.h"

#include <errno.h>
#include <linux/ioprio.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/thread.h"

enum { STACK_BYTES = 256 << 10, END_WAIT_MS = 50 };

struct SideThread {
        SideThreadOptions options;
        pthread_mutex_t lock; /* guards what follows, and the data */
        pthread_cond_t changed;
        unsigned holders;
        bool done, poked;
        atomic_bool over; /* set under the lock, read without */
};

static void let_go(SideThread *t)
{
        pthread_mutex_lock(&t->lock);
        bool last = --t->holders == 0;
        t->done = true;
        pthread_cond_broadcast(&t->changed);
        pthread_mutex_unlock(&t->lock);
        if (!last)
                return;
        if (t->options.free_data)
                t->options.free_data(t->options.data);
        pthread_cond_destroy(&t->changed);
        pthread_mutex_destroy(&t->lock);
        free(t);
}

/* Refused at worst, and then it is an ordinary thread. ioprio_set(2), sched(7). */
static void become_idle(void)
{
        struct sched_param none = {0};

        pthread_setschedparam(pthread_self(), SCHED_IDLE, &none);
        syscall(SYS_ioprio_set, IOPRIO_WHO_PROCESS, 0, IOPRIO_PRIO_VALUE(IOPRIO_CLASS_IDLE, 7));
}

static void *run(void *data)
{
        SideThread *t = data;

        if (t->options.idle)
                become_idle();
        t->options.run(t, t->options.data);
        let_go(t);
        return NULL;
}

static int launch(SideThread *t)
{
        const ThreadOptions options = {t->options.name, STACK_BYTES, .detached = true, .run = run, .data = t};
        pthread_t thread;

        pthread_mutex_lock(&t->lock); /* it lives until it is named */
        int r = thread_start(&options, &thread);
        pthread_mutex_unlock(&t->lock);
        return r;
}

int side_thread_start(const SideThreadOptions *options, SideThread **ret)
{
        SideThread *t = calloc(1, sizeof *t);
        pthread_condattr_t attributes;

        if (!t)
                return -ENOMEM;
        t->options = *options;
        t->holders = 2;
        pthread_mutex_init(&t->lock, NULL);
        pthread_condattr_init(&attributes);
        pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
        pthread_cond_init(&t->changed, &attributes);
        pthread_condattr_destroy(&attributes);
        int r = launch(t);
        if (r < 0) {
                pthread_cond_destroy(&t->changed);
                pthread_mutex_destroy(&t->lock);
                free(t);
                return r;
        }
        *ret = t;
        return 0;
}

void *side_thread_lock(SideThread *t)
{
        pthread_mutex_lock(&t->lock);
        return t->options.data;
}

void *side_thread_try(SideThread *t)
{
        return pthread_mutex_trylock(&t->lock) == 0 ? t->options.data : NULL;
}

void side_thread_unlock(SideThread *t)
{
        pthread_mutex_unlock(&t->lock);
}

void side_thread_poke(SideThread *t)
{
        pthread_mutex_lock(&t->lock);
        t->poked = true;
        pthread_cond_broadcast(&t->changed);
        pthread_mutex_unlock(&t->lock);
}

static struct timespec moment(uint64_t from_now_ns)
{
        uint64_t at = clock_monotonic_ns() + from_now_ns;

        return (struct timespec){.tv_sec = (time_t)(at / NS_PER_SECOND),
                                 .tv_nsec = (long)(at % NS_PER_SECOND)};
}

static SideThread *end(SideThread *t, uint64_t wait_ns)
{
        if (!t)
                return NULL;
        struct timespec until = moment(wait_ns);
        pthread_mutex_lock(&t->lock);
        t->over = true;
        pthread_cond_broadcast(&t->changed);
        while (wait_ns > 0 && !t->done && pthread_cond_timedwait(&t->changed, &t->lock, &until) == 0)
                ;
        pthread_mutex_unlock(&t->lock);
        let_go(t);
        return NULL;
}

SideThread *side_thread_end(SideThread *t)
{
        return end(t, END_WAIT_MS * NS_PER_MS);
}

SideThread *side_thread_leave(SideThread *t)
{
        return end(t, 0);
}

bool side_thread_over(SideThread *t)
{
        return atomic_load_explicit(&t->over, memory_order_relaxed);
}

void side_thread_pause(SideThread *t, uint64_t ns)
{
        struct timespec until = {0};

        if (ns != UINT64_MAX)
                until = moment(ns);
        pthread_mutex_lock(&t->lock);
        while (!t->over && !t->poked) {
                int r = ns == UINT64_MAX ? pthread_cond_wait(&t->changed, &t->lock)
                                         : pthread_cond_timedwait(&t->changed, &t->lock, &until);
                if (r != 0)
                        break;
        }
        t->poked = false;
        pthread_mutex_unlock(&t->lock);
}
