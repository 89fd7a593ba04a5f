/* The perf source over trees whose numbers, statuses and CPU time this test decides. Skipped
 * where the kernel refuses perf events. */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/clock.h"
#include "track/track.h"

enum { EVENTS_MAX = 16384 };

typedef struct Seen {
        Host *host;
        TrackSource *source;
        TrackEvent events[EVENTS_MAX];
        size_t n, of[TRACK_OOM + 1];
} Seen;

static void on_event(const TrackEvent *event, void *data)
{
        Seen *seen = data;

        assert_true(seen->n < EVENTS_MAX);
        seen->events[seen->n++] = *event;
        seen->of[event->type]++;
}

static int setup(void **state)
{
        static const TrackScope scope = {.descendants = true, .interval_ns = 50 * NS_PER_MS};
        Seen *seen = calloc(1, sizeof *seen);
        Error why = {0};

        *state = seen;
        assert_int_equal(host_new(NULL, &seen->host), 0);
        if (track_perf_ops.open(&seen->source, seen->host, &scope, &why) < 0) {
                assert_true(why.message[0] != '\0');
                print_message("# %s\n", why.message);
                seen->source = NULL;
        }
        return 0;
}

static int teardown(void **state)
{
        Seen *seen = *state;

        track_closep(&seen->source);
        host_free(seen->host);
        free(seen);
        return 0;
}

/* Runs fn in a held child under the source, drains as a recorder does, to the end. */
static void record(Seen *seen, void (*fn)(void), struct rusage *usage)
{
        int hold[2];
        Error err = {0};
        pid_t pid, waited = 0;
        char c;

        if (!seen->source)
                skip();
        assert_int_equal(pipe2(hold, O_CLOEXEC), 0);
        pid = fork();
        assert_true(pid >= 0);
        if (pid == 0) {
                close(hold[1]);
                if (read(hold[0], &c, 1) != 0)
                        _exit(1);
                fn();
                _exit(0);
        }
        close(hold[0]);
        assert_int_equal(track_perf_ops.start(seen->source, pid, &err), 0);
        close(hold[1]);
        while (waited == 0) {
                nanosleep(&(struct timespec){.tv_nsec = 5000000}, NULL);
                assert_int_equal(track_perf_ops.drain(seen->source, on_event, seen), 0);
                waited = wait4(pid, NULL, WNOHANG, usage);
        }
        assert_int_equal(waited, pid);
        assert_int_equal(track_perf_ops.drain(seen->source, on_event, seen), 0);
        assert_int_equal(track_perf_ops.lost(seen->source), 0);
}

static void check_order(const Seen *seen)
{
        for (size_t i = 1; i < seen->n; i++)
                assert_true(seen->events[i - 1].time_ns <= seen->events[i].time_ns);
}

static const TrackEvent *find(const Seen *seen, TrackEventType type, const char *comm)
{
        for (size_t i = 0; i < seen->n; i++)
                if (seen->events[i].type == type && strcmp(seen->events[i].comm, comm) == 0)
                        return &seen->events[i];
        fail_msg("no event %d of %s", (int)type, comm);
        return NULL;
}

static void run_true(void)
{
        pid_t pid = vfork();

        if (pid == 0) {
                execl("/bin/true", "true", NULL);
                _exit(127);
        }
        waitpid(pid, NULL, 0);
}

static void four_streams(void)
{
        for (int stream = 0; stream < 4; stream++)
                if (fork() == 0) {
                        for (int i = 0; i < 100; i++)
                                run_true();
                        _exit(0);
                }
        while (wait(NULL) > 0)
                ;
}

static void test_counts(void **state)
{
        Seen *seen = *state;

        record(seen, four_streams, NULL);
        assert_int_equal(seen->of[TRACK_FORK], 405);
        assert_int_equal(seen->of[TRACK_EXEC], 400);
        assert_int_equal(seen->of[TRACK_EXIT], 405);
        check_order(seen);
}

static void end_in_three_ways(void)
{
        if (fork() == 0) {
                execl("/bin/sh", "sh", "-c", "exit 7", NULL);
                _exit(127);
        }
        wait(NULL);
        if (fork() == 0) {
                execl("/bin/false", "false", NULL);
                _exit(127);
        }
        wait(NULL);
        if (fork() == 0)
                raise(SIGKILL);
        wait(NULL);
}

/* Known on Linux 6.6 and later outside containers, all or nothing. */
static void test_statuses(void **state)
{
        Seen *seen = *state;
        size_t known = 0, killed = 0;

        record(seen, end_in_three_ways, NULL);
        for (size_t i = 0; i < seen->n; i++)
                if (seen->events[i].type == TRACK_EXIT) {
                        known += seen->events[i].wait_status >= 0;
                        killed += seen->events[i].wait_status == SIGKILL;
                }
        if (known == 0)
                skip();
        assert_int_equal(known, seen->of[TRACK_EXIT]);
        assert_int_equal(killed, 1);
        assert_int_equal(find(seen, TRACK_EXIT, "sh")->wait_status, 7 << 8);
        assert_int_equal(find(seen, TRACK_EXIT, "false")->wait_status, 1 << 8);
}

static void *burn(void *data)
{
        uint64_t begin = clock_ns(CLOCK_THREAD_CPUTIME_ID);

        while (clock_ns(CLOCK_THREAD_CPUTIME_ID) - begin < 30 * NS_PER_MS)
                ;
        return NULL;
}

static void burn_threads(void)
{
        pthread_t threads[3];

        for (int i = 0; i < 3; i++)
                if (pthread_create(&threads[i], NULL, burn, NULL) != 0)
                        _exit(1);
        for (int i = 0; i < 3; i++)
                pthread_join(threads[i], NULL);
}

static void burn_everywhere(void)
{
        for (int i = 0; i < 2; i++)
                if (fork() == 0) {
                        burn_threads();
                        _exit(0);
                }
        burn_threads();
        while (wait(NULL) > 0)
                ;
}

/* What the hypervisor took of all CPUs since the start, to a tick: perf's clock runs on meanwhile, and what wait4 tells
 * leaves it out. proc_stat(5). */
static uint64_t stolen_ns(void)
{
        unsigned long long steal = 0;
        FILE *file = fopen("/proc/stat", "re");

        assert_non_null(file);
        assert_int_equal(fscanf(file, "cpu %*u %*u %*u %*u %*u %*u %*u %llu", &steal), 1);
        fclose(file);
        return steal * (NS_PER_SECOND / (uint64_t)sysconf(_SC_CLK_TCK));
}

static void test_cpu(void **state)
{
        const uint64_t stolen_before = stolen_ns(), tick = NS_PER_SECOND / (uint64_t)sysconf(_SC_CLK_TCK);
        Seen *seen = *state;
        struct rusage usage;
        uint64_t sum = 0, truth;

        record(seen, burn_everywhere, &usage);
        const uint64_t stolen = stolen_ns() - stolen_before + tick;
        assert_int_equal(seen->of[TRACK_EXIT], 3);
        for (size_t i = 0; i < seen->n; i++) {
                const TrackEvent *event = &seen->events[i];
                if (event->type != TRACK_EXIT)
                        continue;
                if (event->figures.cpu_ns == TRACK_UNKNOWN)
                        skip(); /* Linux 5.13 … 6.18: no records at exit */
                assert_int_equal(event->threads_max, 4);
                assert_true(event->figures.cpu_ns >= 90 * NS_PER_MS);
                sum += event->figures.cpu_ns;
        }
        truth = (uint64_t)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) * NS_PER_SECOND +
                (uint64_t)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) * NS_PER_US;
        assert_in_range(sum, truth - truth / 20, truth + truth / 20 + stolen);
}

static void *exec_sleep(void *data)
{
        execl("/bin/sleep", "sleep", "0.01", NULL);
        return NULL;
}

static void *leave_late(void *data)
{
        nanosleep(&(struct timespec){.tv_nsec = 20000000}, NULL);
        return NULL;
}

static void odd_threads(void)
{
        pthread_t thread;

        if (fork() == 0) { /* the leader leaves first */
                if (pthread_create(&thread, NULL, leave_late, NULL) == 0)
                        syscall(SYS_exit, 0);
        }
        if (fork() == 0) { /* not the leader execs */
                if (pthread_create(&thread, NULL, exec_sleep, NULL) == 0)
                        pause();
        }
        while (wait(NULL) > 0)
                ;
}

static void test_odd_threads(void **state)
{
        Seen *seen = *state;
        const TrackEvent *slept;

        record(seen, odd_threads, NULL);
        assert_int_equal(seen->of[TRACK_FORK], 3);
        assert_int_equal(seen->of[TRACK_EXIT], 3);
        assert_int_equal(seen->of[TRACK_EXEC], 1);
        slept = find(seen, TRACK_EXIT, "sleep");
        assert_true(slept->wait_status <= 0);
        check_order(seen);
}

/* A process of two threads that runs already, told of with what it forks later. */
static void test_attach(void **state)
{
        Seen *seen = *state;
        int go[2], ready[2];
        Error err = {0};
        pid_t pid;
        pthread_t thread;
        char c;

        if (!seen->source)
                skip();
        assert_int_equal(pipe2(go, O_CLOEXEC) | pipe2(ready, O_CLOEXEC), 0);
        pid = fork();
        assert_true(pid >= 0);
        if (pid == 0) {
                close(go[1]);
                pthread_create(&thread, NULL, leave_late, NULL);
                if (write(ready[1], "r", 1) != 1 || read(go[0], &c, 1) != 0)
                        _exit(1);
                pthread_join(thread, NULL);
                run_true();
                _exit(3);
        }
        close(go[0]);
        assert_int_equal(read(ready[0], &c, 1), 1);
        assert_int_equal(track_perf_ops.add(seen->source, pid, &err), 0);
        assert_int_equal(track_perf_ops.add(seen->source, pid, &err), 0); /* once is enough */
        close(go[1]);
        assert_int_equal(waitpid(pid, NULL, 0), pid);
        for (int i = 0; i < 200 && seen->of[TRACK_EXIT] < 2; i++) {
                assert_int_equal(track_perf_ops.drain(seen->source, on_event, seen), 0);
                nanosleep(&(struct timespec){.tv_nsec = 5000000}, NULL);
        }
        assert_int_equal(seen->of[TRACK_FOUND], 1);
        assert_int_equal(seen->events[0].pid, pid);
        assert_true(seen->events[0].start_ns > 0);
        assert_int_equal(seen->events[0].uid, geteuid());
        assert_int_equal(seen->of[TRACK_FORK], 1);
        assert_int_equal(seen->of[TRACK_EXEC], 1);
        assert_int_equal(seen->of[TRACK_EXIT], 2);
        assert_int_equal(track_perf_ops.add(seen->source, pid, &err), -ESRCH);
        assert_true(err.message[0] != '\0');
        close(ready[0]);
        close(ready[1]);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test_setup_teardown(test_counts, setup, teardown),
                cmocka_unit_test_setup_teardown(test_statuses, setup, teardown),
                cmocka_unit_test_setup_teardown(test_cpu, setup, teardown),
                cmocka_unit_test_setup_teardown(test_odd_threads, setup, teardown),
                cmocka_unit_test_setup_teardown(test_attach, setup, teardown),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
