/* The poll source over a tree that lives long enough to be seen: orphans adopted and reaped,
 * statuses, an exec without a fork, and that nobody else's child is taken. */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/clock.h"
#include "base/text.h"
#include "track/track.h"

enum { EVENTS_MAX = 4096 };

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
        if (seen->n > 0)
                assert_true(seen->events[seen->n - 1].time_ns <= event->time_ns);
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
        assert_int_equal(track_poll_ops.open(&seen->source, seen->host, &scope, &why), 0);
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

static void drain(Seen *seen)
{
        nanosleep(&(struct timespec){.tv_nsec = 5000000}, NULL);
        assert_int_equal(track_poll_ops.drain(seen->source, on_event, seen), 0);
}

static const TrackEvent *find(const Seen *seen, TrackEventType type, pid_t pid)
{
        for (size_t i = 0; i < seen->n; i++)
                if (seen->events[i].type == type && seen->events[i].pid == pid)
                        return &seen->events[i];
        return NULL;
}

/* A held child whose next byte lets it go on: fn decides what it does. */
static pid_t start(Seen *seen, void (*fn)(int in, int out), int *ret_in, int *ret_out)
{
        int in[2], out[2];
        Error err = {0};
        pid_t pid;

        assert_int_equal(pipe2(in, O_CLOEXEC) | pipe2(out, O_CLOEXEC), 0);
        pid = fork();
        assert_true(pid >= 0);
        if (pid == 0) {
                close(in[1]);
                close(out[0]);
                fn(in[0], out[1]);
                _exit(0);
        }
        close(in[0]);
        close(out[1]);
        *ret_in = in[1];
        *ret_out = out[0];
        assert_int_equal(track_poll_ops.start(seen->source, pid, &err), 0);
        return pid;
}

static void await(int in)
{
        char c;

        if (read(in, &c, 1) != 1)
                _exit(9);
}

static void go(int in)
{
        assert_int_equal(write(in, "\n", 1), 1);
}

/* A daemon whose parent leaves at once. It reports its pid and ends with 5 when told. */
static void leave_daemon(int in, int out)
{
        await(in);
        dup2(in, 0);
        dup2(out, 1);
        execl("/bin/sh", "sh", "-c",
              "exec 3<&0; (setsid sh -c 'echo $$; read x <&3; exit 5' &); read x <&3; exit 3", NULL);
}

static pid_t read_pid(int out)
{
        char text[32] = "";
        uint64_t pid = 0;
        ssize_t n = read(out, text, sizeof text - 1);

        assert_true(n > 1 && parse_u64(text, (size_t)n - 1, &pid) == 0);
        return (pid_t)pid;
}

static void test_orphans(void **state)
{
        Seen *seen = *state;
        int in, out, status;
        pid_t root = start(seen, leave_daemon, &in, &out), daemon;
        const TrackEvent *event;

        drain(seen);
        assert_non_null(find(seen, TRACK_FORK, root));
        go(in);
        daemon = read_pid(out);
        for (int i = 0; i < 400 && !find(seen, TRACK_FORK, daemon); i++)
                drain(seen);
        assert_non_null(find(seen, TRACK_FORK, daemon));
        go(in);
        go(in); /* both end, whichever reads first */
        for (int i = 0; i < 400 && !(find(seen, TRACK_EXIT, daemon) && find(seen, TRACK_EXIT, root));
             i++)
                drain(seen);
        event = find(seen, TRACK_EXIT, daemon);
        assert_non_null(event);
        assert_int_equal(event->wait_status, 5 << 8);
        assert_non_null(find(seen, TRACK_EXIT, root));
        for (int i = 0; i < 3; i++)
                drain(seen); /* zombies are not told of again */
        assert_int_equal(seen->of[TRACK_FORK], seen->of[TRACK_EXIT]);
        assert_int_equal(waitpid(root, &status, 0), root); /* left for us */
        assert_int_equal(status, 3 << 8);
        assert_int_equal(waitpid(-1, &status, WNOHANG), -1);
        assert_int_equal(errno, ECHILD); /* and the daemon is reaped */
        close(in);
        close(out);
}

static void exec_cat(int in, int out)
{
        await(in);
        dup2(in, 0);
        dup2(out, 1);
        execl("/bin/cat", "cat", NULL);
}

static void test_exec(void **state)
{
        Seen *seen = *state;
        int in, out;
        pid_t root = start(seen, exec_cat, &in, &out);
        char c;

        drain(seen);
        assert_int_equal(seen->of[TRACK_EXEC], 0);
        go(in);
        go(in);
        assert_int_equal(read(out, &c, 1), 1); /* cat runs */
        drain(seen);
        assert_int_equal(seen->of[TRACK_EXEC], 1);
        assert_string_equal(find(seen, TRACK_EXEC, root)->comm, "cat");
        assert_int_equal(find(seen, TRACK_EXEC, root)->start_ns,
                         find(seen, TRACK_FORK, root)->start_ns);
        close(in);
        for (int i = 0; i < 400 && seen->of[TRACK_EXIT] == 0; i++)
                drain(seen);
        assert_int_equal(seen->of[TRACK_EXIT], 1);
        assert_int_equal(waitpid(root, NULL, 0), root);
        close(out);
}

static void test_attach(void **state)
{
        Seen *seen = *state;
        Error err = {0};
        int hold[2];
        char c;
        pid_t pid;

        assert_int_equal(pipe2(hold, O_CLOEXEC), 0);
        pid = fork();
        assert_true(pid >= 0);
        if (pid == 0) {
                close(hold[1]);
                if (fork() == 0)
                        _exit(read(hold[0], &c, 1) == 0 ? 0 : 1);
                _exit(wait(NULL) > 0 ? 0 : 1);
        }
        close(hold[0]);
        nanosleep(&(struct timespec){.tv_nsec = 20000000}, NULL);
        assert_int_equal(track_poll_ops.add(seen->source, pid, &err), 0);
        drain(seen);
        assert_int_equal(seen->of[TRACK_FOUND] + seen->of[TRACK_FORK], 2);
        assert_int_equal(find(seen, TRACK_FOUND, pid)->uid, geteuid());
        close(hold[1]);
        for (int i = 0; i < 400 && seen->of[TRACK_EXIT] < 2; i++)
                drain(seen);
        assert_int_equal(seen->of[TRACK_EXIT], 2);
        assert_int_equal(waitpid(pid, NULL, 0), pid); /* not reaped for us */
        assert_int_equal(track_poll_ops.add(seen->source, pid, &err), -ESRCH);
}

static void end_at_once(int in, int out)
{
        await(in);
}

static pid_t fork_helper(bool exec)
{
        pid_t pid = fork();

        assert_true(pid >= 0);
        if (pid == 0) {
                if (exec)
                        execl("/bin/sleep", "sleep", "0.02", NULL);
                nanosleep(&(struct timespec){.tv_nsec = 20000000}, NULL);
                _exit(4);
        }
        return pid;
}

/* Children that are not the command's stay ours, from before the start and from after. */
static void test_helpers(void **state)
{
        Seen *seen = *state;
        int in, out, status;
        pid_t before = fork_helper(true), root = start(seen, end_at_once, &in, &out);
        pid_t after = fork_helper(false);

        for (int i = 0; i < 10; i++)
                drain(seen);
        go(in);
        for (int i = 0; i < 400 && seen->of[TRACK_EXIT] == 0; i++)
                drain(seen);
        assert_int_equal(seen->of[TRACK_FORK], 1);
        assert_int_equal(seen->of[TRACK_EXIT], 1);
        assert_int_equal(waitpid(before, &status, 0), before);
        assert_int_equal(waitpid(after, &status, 0), after);
        assert_int_equal(status, 4 << 8);
        assert_int_equal(waitpid(root, &status, 0), root);
        close(in);
        close(out);
}

static void test_subreaper_is_put_back(void **state)
{
        int reaper = -1;

        assert_int_equal(prctl(PR_GET_CHILD_SUBREAPER, &reaper), 0);
        assert_int_equal(reaper, 0);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test_setup_teardown(test_orphans, setup, teardown),
                cmocka_unit_test_setup_teardown(test_exec, setup, teardown),
                cmocka_unit_test_setup_teardown(test_attach, setup, teardown),
                cmocka_unit_test_setup_teardown(test_helpers, setup, teardown),
                cmocka_unit_test(test_subreaper_is_put_back),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
