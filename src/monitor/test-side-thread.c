/* A thread that works, one that sleeps and one that hangs. */
#include <semaphore.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "monitor/side-thread.h"

typedef struct Work {
        unsigned asked, answered;
        sem_t *answer, *release, *freed;
} Work;

static void work_free(void *data)
{
        Work *work = data;
        sem_t *freed = work->freed;

        free(work);
        sem_post(freed);
}

static void answer(SideThread *self, void *data)
{
        Work *work = data;

        while (!side_thread_over(self)) {
                side_thread_pause(self, UINT64_MAX);
                side_thread_lock(self);
                work->answered = work->asked;
                side_thread_unlock(self);
                sem_post(work->answer);
        }
}

static void hang(SideThread *self, void *data)
{
        Work *work = data;

        sem_post(work->answer);
        sem_wait(work->release);
}

static void test_answers(void **state)
{
        Work *work = calloc(1, sizeof *work);
        SideThread *thread;
        sem_t answered, freed;

        sem_init(&answered, 0, 0);
        sem_init(&freed, 0, 0);
        work->answer = &answered;
        work->freed = &freed;
        assert_int_equal(side_thread_start(&(SideThreadOptions){"test", true, answer, work_free, work},
                                           &thread),
                         0);
        for (unsigned i = 1; i < 4; i++) {
                Work *held = side_thread_lock(thread);
                held->asked = i;
                side_thread_unlock(thread);
                side_thread_poke(thread);
                sem_wait(&answered);
                held = side_thread_lock(thread);
                assert_int_equal(held->answered, i);
                side_thread_unlock(thread);
        }
        assert_null(side_thread_end(thread)); /* it sleeps: must be woken */
        sem_wait(&freed);
        sem_destroy(&answered);
        sem_destroy(&freed);
}

static void test_one_that_hangs(void **state)
{
        Work *work = calloc(1, sizeof *work);
        SideThread *thread;
        sem_t in, release, freed;
        int n = -1;

        sem_init(&in, 0, 0);
        sem_init(&release, 0, 0);
        sem_init(&freed, 0, 0);
        *work = (Work){.answer = &in, .release = &release, .freed = &freed};
        assert_int_equal(side_thread_start(&(SideThreadOptions){"test", false, hang, work_free, work},
                                           &thread),
                         0);
        sem_wait(&in);
        side_thread_end(thread); /* comes back though it does not */
        assert_int_equal(sem_getvalue(&freed, &n), 0);
        assert_int_equal(n, 0);
        sem_post(&release);
        sem_wait(&freed); /* the thread itself freed */
        sem_destroy(&in);
        sem_destroy(&freed);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_answers),
                cmocka_unit_test(test_one_that_hangs),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
