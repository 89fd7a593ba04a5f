/* Commands: their output, their mistakes, their end; and that nothing of them stays. */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/cleanup.h"
#include "base/macros.h"
#include "host/proc-text.h"
#include "monitor/declared-internal.h"

enum { LONG_US = 60000000 };

typedef struct World {
        Host *host;
        Buffer out;
        Error err;
        int r;
} World;

static void run_with(World *w, const char *const *argv, uint64_t timeout_us)
{
        char *const environment[] = {(char *)"PATH=/usr/bin:/bin", (char *)"COLOUR=blue", NULL};

        *w = (World){.r = 0};
        assert_int_equal(host_new(NULL, &w->host), 0);
        DeclaredCommand command = {w->host, argv, environment, "'it'", timeout_us};
        w->r = declared_read_command(&command, &w->out, &w->err);
}

static void run_shell(World *w, const char *text, uint64_t timeout_us)
{
        const char *const argv[] = {"/bin/sh", "-c", text, NULL};

        run_with(w, argv, timeout_us);
}

static void done(World *w)
{
        buffer_done(&w->out);
        host_free(w->host);
        /* No child of ours is left, not even a zombie. */
        assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
        assert_int_equal(errno, ECHILD);
}

static void assert_out(World *w, const char *expected)
{
        if (w->r < 0)
                fail_msg("%s", w->err.message);
        assert_string_equal((char *)w->out.data, expected);
        assert_int_equal(w->out.size, strlen(expected));
}

static void test_output(void **state)
{
        const char *const argv[] = {"printf", "%s|%s", "a b", "$HOME *", NULL};
        World w;

        run_with(&w, argv, LONG_US); /* no shell looks at it */
        assert_out(&w, "a b|$HOME *");
        done(&w);
        run_shell(&w, "echo $COLOUR; cat; echo heard >&2", LONG_US); /* stdin is at its end */
        assert_out(&w, "blue\n");
        done(&w);
        run_shell(&w, ":", LONG_US);
        assert_out(&w, "");
        done(&w);
}

/* No terminal, a session apart, no descriptors but three, signals as they should be. */
static void test_surroundings(void **state)
{
        World w;

        signal(SIGPIPE, SIG_IGN);
        run_shell(&w, "ls /proc/self/fd | wc -l; (: </dev/tty) 2>/dev/null || echo none; "
                      /* 32 and 33 are the C library's: they stay as whoever started this left them */
                      "grep -E 'SigBlk|SigIgn' /proc/self/status | sed 's/00000001800/00000000000/'",
                  LONG_US);
        signal(SIGPIPE, SIG_DFL);
        assert_out(&w, "4\nnone\nSigBlk:\t0000000000000000\nSigIgn:\t0000000000000000\n");
        done(&w); /* 4: ls has the folder open, too */
        run_shell(&w, "cut -d' ' -f6 /proc/self/stat | tr -d '\\n'", LONG_US);
        uint64_t session = 0;
        assert_int_equal(parse_u64((char *)w.out.data, w.out.size, &session), 0);
        assert_true(session > 0 && session != (uint64_t)getsid(0));
        done(&w);
}

static void test_failures(void **state)
{
        const char *const nowhere[] = {"/nonexistent/program", NULL};
        World w;

        run_with(&w, nowhere, LONG_US);
        assert_int_equal(w.r, -ENOENT);
        assert_string_equal(w.err.message, "'it': No such file or directory");
        done(&w);
        run_shell(&w, "echo some; echo broken >&2; echo more >&2; exit 3", LONG_US);
        assert_true(w.r < 0);
        assert_string_equal(w.err.message, "'it': exit code 3: broken");
        done(&w);
        run_shell(&w, "kill -TERM $$", LONG_US);
        assert_true(w.r < 0);
        assert_string_equal(w.err.message, "'it': signal 15 ended it");
        done(&w);
        run_shell(&w, "printf 'a\\0b'", LONG_US);
        assert_int_equal(w.r, -EBADMSG);
        done(&w);
        /* Chatter on stderr neither fails nor blocks. */
        run_shell(&w, "head -c 300000 /dev/zero >&2; echo 5", LONG_US);
        assert_out(&w, "5\n");
        done(&w);
}

static void test_too_much(void **state)
{
        World w;

        run_shell(&w, "head -c 1048576 /dev/zero | tr '\\0' x", LONG_US);
        assert_int_equal(w.r, 0);
        assert_int_equal(w.out.size, DECLARED_BYTES_MAX);
        done(&w);
        run_shell(&w, "exec yes", LONG_US);
        assert_int_equal(w.r, -EFBIG);
        assert_string_equal(w.err.message, "'it': it wrote more than 1 MiB, and was killed");
        done(&w);
}

/* A file that is locked as long as anything that has inherited it lives. */
typedef struct Witness {
        char path[64];
} Witness;

static void witness_begin(Witness *witness)
{
        int fd;

        *witness = (Witness){"/tmp/vigia-witness.XXXXXX"};
        fd = mkstemp(witness->path);
        assert_true(fd >= 0);
        close(fd);
}

static void witness_end(Witness *witness, World *w)
{
        _cleanup_close_ int fd = open(witness->path, O_RDWR | O_CLOEXEC);
        char text[64] = "";
        ssize_t n = read(fd, text, sizeof text - 1);
        const char *at = text;
        pid_t pid;
        int pids = 0;

        assert_true(n > 0);
        while (proc_children_next(&at, text + n, &pid)) {
                assert_int_equal(kill(pid, 0), -1); /* gone, not even a zombie */
                assert_int_equal(errno, ESRCH);
                pids++;
        }
        assert_true(pids > 0);
        unlink(witness->path);
}

static void run_witnessed(World *w, const Witness *witness, const char *format, uint64_t timeout_us)
{
        _cleanup_string_ String text = {0};

        string_add_format(&text, "f=%s; ", witness->path);
        string_add(&text, format);
        run_shell(w, string_get(&text), timeout_us);
}

static void test_timeout_kills_them_all(void **state)
{
        Witness witness;
        World w;

        witness_begin(&witness);
        run_witnessed(&w, &witness,
                      "trap '' TERM INT HUP; sleep 1000 & echo $! $$ >$f; "
                      "sh -c 'trap \"\" TERM; echo $$ >>'$f'; sleep 1000; :' & wait", 1000000);
        assert_int_equal(w.r, -ETIMEDOUT);
        assert_string_equal(w.err.message, "'it': it was not done after 1 s, and was killed");
        witness_end(&witness, &w);
        done(&w);
}

/* What the command leaves behind is gone when it is, in whatever session, with its output open. */
static void test_nothing_stays(void **state)
{
        Witness witness;
        World w;

        witness_begin(&witness);
        run_witnessed(&w, &witness,
                      "setsid sh -c 'echo $$ >'$f'.1; exec sleep 1000' & "
                      "(setsid sh -c 'echo $$ >'$f'.2; exec sleep 1000' &) ; sleep 1000 & "
                      "while [ ! -s $f.1 ] || [ ! -s $f.2 ]; do sleep 0.01; done; "
                      "cat $f.1 $f.2 >$f; rm $f.1 $f.2; echo 7", LONG_US);
        assert_out(&w, "7\n");
        witness_end(&witness, &w);
        done(&w);
}

/* When vigia is killed, the command goes, too. */
static void test_vigia_killed(void **state)
{
        Witness witness;
        World w = {.r = 0};
        pid_t child, command = 0;
        int status;

        witness_begin(&witness);
        assert_int_equal(prctl(PR_SET_CHILD_SUBREAPER, 1), 0);
        child = fork();
        if (child == 0) {
                run_witnessed(&w, &witness, "echo $$ >$f; exec sleep 1000", LONG_US);
                _exit(0);
        }
        while (command == 0) {
                _cleanup_close_ int fd = open(witness.path, O_RDONLY | O_CLOEXEC);
                char text[32];
                ssize_t n = read(fd, text, sizeof text);
                const char *at = text;
                if (n > 0 && text[n - 1] == '\n')
                        proc_children_next(&at, text + n, &command);
                usleep(1000);
        }
        assert_int_equal(kill(child, SIGKILL), 0);
        assert_int_equal(waitpid(child, &status, 0), child);
        while (waitpid(-1, &status, 0) > 0) /* the helper, which is ours now, after it has killed */
                ;
        assert_int_equal(errno, ECHILD);
        witness_end(&witness, &w);
        assert_int_equal(prctl(PR_SET_CHILD_SUBREAPER, 0), 0);
}

/* A command of one thread does not hold the pipes of another's. */
static void test_as_a_monitor(void **state)
{
        const char *const argv[] = {"printf", "on 1\\noff 2\\n", NULL};
        const char *const environment[] = {"PATH=/nonexistent:/usr/bin", "EXTRA=5", NULL};
        const DeclaredMonitor list = {.name = "list", .command = argv};
        const DeclaredMonitor shell = {.name = "shell", .shell = "echo x $EXTRA", .environment = environment};
        const DeclaredMonitor absent = {.name = "absent", .command = (const char *const[]){"no-such", NULL}};
        const DeclaredMonitor *all[] = {&list, &shell, &absent};
        const MonitorTick tick = {.t_ns = 5};
        World w = {.r = 0};

        assert_int_equal(host_new(NULL, &w.host), 0);
        for (size_t i = 0; i < ARRAY_LENGTH(all); i++) {
                _cleanup_(declared_monitor_freep) Monitor *m = NULL;
                Batch *rows = NULL;
                uint64_t data[DECLARED_STATE_SIZE / 8] = {0};
                Error fix = {0};
                assert_int_equal(declared_monitor_new(all[i], &m, &w.err), 0);
                MonitorContext context = {.host = w.host, .monitor = m, .interval_us = LONG_US,
                                          .run_fd = -1};
                if (all[i] == &absent) {
                        assert_int_equal(m->probe(&context, &w.err, &fix), -ENOENT);
                        assert_string_equal(w.err.message, "there is no program no-such");
                        break;
                }
                assert_int_equal(m->probe(&context, &w.err, &fix), 0);
                assert_int_equal(m->start(data, &context, &w.err), 0);
                assert_int_equal(batch_new(m->table(data), 10, 100, &rows), 0);
                assert_int_equal(m->sample(data, &tick, rows, &w.err), 0);
                assert_int_equal(batch_i64(rows, MONITOR_FIRST, 0), i == 0 ? 1 : 5);
                batch_free(rows);
                m->stop(data);
        }
        done(&w);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_output),
                cmocka_unit_test(test_surroundings),
                cmocka_unit_test(test_failures),
                cmocka_unit_test(test_too_much),
                cmocka_unit_test(test_timeout_kills_them_all),
                cmocka_unit_test(test_nothing_stays),
                cmocka_unit_test(test_vigia_killed),
                cmocka_unit_test(test_as_a_monitor),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
