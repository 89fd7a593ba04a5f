/*
 * A command's output, and nothing of the command left behind. Between vigia and the command stands
 * a helper, a fork of vigia that is the reaper of all that descends from it: when the command's first
 * process has ended, at the timeout, or when vigia itself is gone, the helper kills what is left, in
 * whatever session it hides, and ends.
 *
 *         vigia ──(out, err, status ⟵ , life ⟶)── helper ── command
 *
 * The helper shares vigia's memory image at the fork, in a process of many threads: after it only
 * what signal-safety(7) allows is called.
 */
#include "monitor/declared-internal.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/syscall.h>
#include <sys/timerfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/macros.h"
#include "host/proc-text.h"

enum {
        ERROR_LINE_MAX = 200,           /* of stderr, in the sentence */
        ERROR_MAX = 4096,         /* bytes of stderr looked at */
        KILL_ROUNDS = 1000,       /* of KILL_PAUSE_MS, for those that take their time to die */
        KILL_PAUSE_MS = 2,
        GRACE_S = 5,              /* for the helper, after it was told to end */
        FIRST_FREE_FD = 16,
};

/* What the helper says, once. */
typedef struct Ending {
        bool ran;        /* else `number` is the errno of execve */
        int code;        /* CLD_EXITED, CLD_KILLED, CLD_DUMPED */
        int number;      /* exit code or signal */
} Ending;

/* Both ends of the four pipes; by number, [0] to read. */
enum { OUT, ERR, STATUS, LIFE, N_PIPES };
typedef struct Pipes {
        int ends[N_PIPES][2];
} Pipes;

static void pipes_done(Pipes *pipes)
{
        for (int i = 0; i < N_PIPES; i++) {
                fd_close(pipes->ends[i][0]);
                fd_close(pipes->ends[i][1]);
        }
}

static int pipes_open(Pipes *pipes)
{
        memset(pipes->ends, -1, sizeof pipes->ends);
        for (int i = 0; i < N_PIPES; i++)
                if (pipe2(pipes->ends[i], O_CLOEXEC) < 0)
                        return -errno;
        return 0;
}

/* ---- in the helper: what signal-safety(7) allows, and no memory ---- */

/* Descriptors of the helper after it has put its own in order. */
enum { HELPER_STATUS = 3, HELPER_LIFE = 4, HELPER_CHILDREN = 5, HELPER_SIGNALS = 6, HELPER_END = 7 };

static void close_from(unsigned first)
{
        if (syscall(SYS_close_range, first, ~0u, 0) == 0)
                return;
        for (unsigned fd = first; fd < 65536; fd++) /* before Linux 5.9 */
                close((int)fd);
}

/* Others' pipes must not stay open in here: whoever reads them waits for their end. */
static bool take_descriptors(const DeclaredCommand *command, const Pipes *pipes)
{
        int wanted[HELPER_END] = {
                host_open(command->host, "dev/null"),
                pipes->ends[OUT][1],
                pipes->ends[ERR][1],
                pipes->ends[STATUS][1],
                pipes->ends[LIFE][0],
                host_open(command->host, "proc/thread-self/children"),
                -1,
        };
        sigset_t child;

        sigemptyset(&child);
        sigaddset(&child, SIGCHLD);
        wanted[HELPER_SIGNALS] = signalfd(-1, &child, SFD_CLOEXEC | SFD_NONBLOCK);
        for (int i = 0; i < HELPER_END; i++) {
                if (wanted[i] < 0 && i != HELPER_CHILDREN)
                        return false;
                wanted[i] = wanted[i] < 0 ? -1 : fcntl(wanted[i], F_DUPFD_CLOEXEC, FIRST_FREE_FD);
        }
        for (int i = 0; i < HELPER_END; i++) {
                close(i);
                if (wanted[i] >= 0 && dup3(wanted[i], i, i > STDERR_FILENO ? O_CLOEXEC : 0) < 0 &&
                    i > STDERR_FILENO)
                        return false;
        }
        close_from(HELPER_END);
        return true;
}

static void reset_signals(void)
{
        struct sigaction action = {.sa_handler = SIG_DFL};
        sigset_t none;

        for (int i = 1; i < NSIG; i++)
                sigaction(i, &action, NULL); /* KILL and STOP refuse */
        sigemptyset(&none);
        sigprocmask(SIG_SETMASK, &none, NULL);
}

static void tell(const Ending *ending)
{
        while (write(HELPER_STATUS, ending, sizeof *ending) < 0 && errno == EINTR)
                ;
}

static void run_command(const DeclaredCommand *command)
{
        setpgid(0, 0);
        reset_signals();
        execvpe(command->argv[0], (char *const *)command->argv, command->environment);
        Ending ending = {.number = errno};
        tell(&ending);
        _exit(127);
}

/* Children that were not ours to begin with come here when their parents end. */
static void kill_children(void)
{
        char text[4096];
        const char *at = text;
        pid_t pid;
        ssize_t n = pread(HELPER_CHILDREN, text, sizeof text - 1, 0);

        if (n <= 0)
                return;
        while (n > 0 && text[n - 1] != ' ') /* a number that is cut is another number */
                n--;
        while (proc_children_next(&at, text + n, &pid))
                kill(pid, SIGKILL);
}

static void kill_all(pid_t leader)
{
        kill(-leader, SIGKILL);
        kill(leader, SIGKILL);
        for (int i = 0; i < KILL_ROUNDS; i++) {
                pid_t pid;
                while ((pid = waitpid(-1, NULL, WNOHANG)) > 0)
                        ;
                if (pid < 0 && errno == ECHILD)
                        return;
                kill_children();
                poll(NULL, 0, KILL_PAUSE_MS);
        }
}

/* Until the command's first process has ended, which is then still to be waited for, or vigia wants
 * no more of it. */
static bool wait_for_end(pid_t leader, Ending *ending)
{
        struct pollfd watched[] = {{HELPER_LIFE, POLLIN, 0}, {HELPER_SIGNALS, POLLIN, 0}};
        struct signalfd_siginfo ignored;

        for (;;) {
                siginfo_t info = {0};
                if (waitid(P_PID, (id_t)leader, &info, WEXITED | WNOHANG | WNOWAIT) == 0 &&
                    info.si_pid == leader) {
                        *ending = (Ending){true, info.si_code, info.si_status};
                        return true;
                }
                if (poll(watched, ARRAY_LENGTH(watched), -1) < 0 && errno != EINTR)
                        return false;
                if (watched[0].revents)
                        return false;
                while (read(HELPER_SIGNALS, &ignored, sizeof ignored) > 0)
                        ;
        }
}

_Noreturn static void help(const DeclaredCommand *command, const Pipes *pipes)
{
        Ending ending = {.number = EAGAIN};
        sigset_t all;

        sigfillset(&all);
        sigprocmask(SIG_SETMASK, &all, NULL);
        setsid(); /* no terminal, and no signals from one */
        /* Named as the process it is a fork of: another name would look like another program. */
        prctl(PR_SET_NAME, program_invocation_short_name);
        if (!take_descriptors(command, pipes) || prctl(PR_SET_CHILD_SUBREAPER, 1) < 0)
                _exit(1);
        pid_t leader = _Fork();
        if (leader == 0)
                run_command(command);
        /* The command's output ends with its processes, not with this one. */
        close(STDOUT_FILENO);
        close(STDERR_FILENO);
        if (leader < 0) {
                ending.number = errno;
        } else {
                setpgid(leader, leader); /* it does so too: whoever is first */
                if (!wait_for_end(leader, &ending))
                        ending = (Ending){true, CLD_KILLED, SIGKILL};
                kill_all(leader);
        }
        tell(&ending);
        _exit(0);
}

/* ---- in vigia ---- */

typedef struct Talk {
        const DeclaredCommand *command;
        Pipes pipes;
        int timer;
        Buffer *out;
        char error[ERROR_MAX];
        size_t error_size;
        Ending ending;
        bool told, late, large, over;
        int failed; /* -errno of ours */
} Talk;

static int arm(int timer, uint64_t after_us)
{
        struct itimerspec when = {.it_value = {(time_t)(after_us / 1000000),
                                               (long)(after_us % 1000000) * 1000}};

        return timerfd_settime(timer, 0, &when, NULL) < 0 ? -errno : 0;
}

/* The helper kills everything then. */
static void stop_helper(Talk *t)
{
        t->pipes.ends[LIFE][1] = fd_close(t->pipes.ends[LIFE][1]);
        arm(t->timer, GRACE_S * 1000000ull);
}

static void take_output(Talk *t)
{
        char discarded[4096];
        ssize_t n;

        if (t->large || t->failed < 0) {
                n = read(t->pipes.ends[OUT][0], discarded, sizeof discarded);
        } else {
                t->failed = buffer_reserve(t->out, 16384);
                if (t->failed < 0) {
                        stop_helper(t);
                        return;
                }
                n = read(t->pipes.ends[OUT][0], t->out->data + t->out->size,
                         t->out->capacity - t->out->size - 1);
        }
        if (n == 0)
                t->pipes.ends[OUT][0] = fd_close(t->pipes.ends[OUT][0]);
        if (n <= 0 || t->large || t->failed < 0)
                return;
        t->out->size += (size_t)n;
        if (t->out->size > DECLARED_BYTES_MAX) {
                t->large = true;
                stop_helper(t);
        }
}

static void take_error(Talk *t)
{
        char discarded[1024];
        size_t room = sizeof t->error - t->error_size;
        ssize_t n = room > 0 ? read(t->pipes.ends[ERR][0], t->error + t->error_size, room) :
                               read(t->pipes.ends[ERR][0], discarded, sizeof discarded);

        if (n == 0)
                t->pipes.ends[ERR][0] = fd_close(t->pipes.ends[ERR][0]);
        else if (n > 0 && room > 0)
                t->error_size += (size_t)n;
}

static void take_ending(Talk *t)
{
        Ending ending;
        ssize_t n = read(t->pipes.ends[STATUS][0], &ending, sizeof ending);

        if (n == (ssize_t)sizeof ending && !t->told) { /* the first counts: execve's, if it failed */
                t->ending = ending;
                t->told = true;
        } else if (n == 0) {
                t->pipes.ends[STATUS][0] = fd_close(t->pipes.ends[STATUS][0]);
        }
}

static void take_time(Talk *t)
{
        uint64_t ignored;

        if (read(t->timer, &ignored, sizeof ignored) < 0)
                return;
        if (t->pipes.ends[LIFE][1] < 0) {
                t->over = true; /* not even the helper answers */
        } else {
                t->late = true;
                stop_helper(t);
        }
}

/* Until the helper has ended and all that was written is read. */
static void listen_to(Talk *t)
{
        while (!t->over) {
                const int *out = t->pipes.ends[OUT], *error = t->pipes.ends[ERR];
                const int *status = t->pipes.ends[STATUS];
                struct pollfd watched[] = {{out[0], POLLIN, 0}, {error[0], POLLIN, 0},
                                           {status[0], POLLIN, 0}, {t->timer, POLLIN, 0}};
                if (out[0] < 0 && error[0] < 0 && status[0] < 0)
                        break;
                if (poll(watched, ARRAY_LENGTH(watched), -1) < 0) {
                        if (errno == EINTR)
                                continue;
                        break;
                }
                if (watched[0].revents)
                        take_output(t);
                if (watched[1].revents)
                        take_error(t);
                if (watched[2].revents)
                        take_ending(t);
                if (watched[3].revents)
                        take_time(t);
        }
}

static int judge(const Talk *t, Error *err)
{
        const char *what = t->command->what;
        size_t line = 0;

        while (line < t->error_size && line < ERROR_LINE_MAX && t->error[line] != '\n')
                line++;
        if (t->failed < 0)
                return error_set(err, ENOMEM, "out of memory");
        if (t->large)
                return error_set(err, EFBIG, "%s: it wrote more than 1 MiB, and was killed", what);
        if (t->late)
                return error_set(err, ETIMEDOUT, "%s: it was not done after %g s, and was killed", what,
                                 (double)t->command->timeout_us / 1e6);
        if (!t->told)
                return error_set(err, EIO, "%s: it could not be started", what);
        if (!t->ending.ran)
                return error_set_errno(err, t->ending.number, "%s", what);
        const char *colon = line > 0 ? ": " : "";
        if (t->ending.code != CLD_EXITED)
                return error_set(err, EIO, "%s: signal %d ended it%s%.*s", what, t->ending.number,
                                 colon, (int)line, t->error);
        if (t->ending.number != 0)
                return error_set(err, EIO, "%s: exit code %d%s%.*s", what, t->ending.number, colon,
                                 (int)line, t->error);
        return 0;
}

static int talk(Talk *t, Error *err)
{
        pid_t helper = _Fork();

        if (helper < 0)
                return error_set_errno(err, errno, "%s", t->command->what);
        if (helper == 0)
                help(t->command, &t->pipes);
        for (int i = 0; i < N_PIPES; i++) {
                int theirs = i == LIFE ? 0 : 1;
                t->pipes.ends[i][theirs] = fd_close(t->pipes.ends[i][theirs]);
        }
        listen_to(t);
        if (t->over || t->pipes.ends[STATUS][0] >= 0)
                kill(helper, SIGKILL);
        while (waitpid(helper, NULL, 0) < 0 && errno == EINTR)
                ;
        return judge(t, err);
}

int declared_read_command(const DeclaredCommand *command, Buffer *to, Error *err)
{
        Talk t = {.command = command, .out = to};
        int r = pipes_open(&t.pipes);

        buffer_clear(to);
        t.timer = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
        if (r == 0 && t.timer < 0)
                r = -errno;
        if (r == 0)
                r = arm(t.timer, command->timeout_us);
        if (r < 0)
                error_set_errno(err, r, "%s", command->what);
        else
                r = talk(&t, err);
        fd_close(t.timer);
        pipes_done(&t.pipes);
        if (r < 0)
                return r;
        if (buffer_reserve(to, 1) < 0)
                return error_set(err, ENOMEM, "out of memory");
        to->data[to->size] = 0;
        return declared_check_text(to, command->what, err);
}
