/* The command's life as vigia sees it: prepare the ways of its output, fork the relay, which
 * forks the command, release it, and turn what the relay tells into a result. */
#include "record/workload.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "record/workload-internal.h"

struct Workload {
        WorkloadOptions options;
        Loop *loop;
        LoopSource *signals, *control, *deadline;
        WorkloadTerminal terminal; /* `ours` only; the rest is the relay's */
        bool pty, session;
        bool taken;                /* the relay has the keyboard */
        bool wanted;               /* the command has had it: give it back when we are in front */
        bool stopped, exited, drained, lost, killing;
        unsigned answers;          /* of the relay since the last question */
        int stop_signal;           /* not acted upon yet */
        pid_t pid, relay;
        uid_t uid;
        int fd, hold, report;
        WorkloadDoneFn done;
        void *data;
        WorkloadResult result;
};

static const uint64_t kill_after_ns = 5 * NS_PER_SECOND;

/* --- preparing --- */

static void setup_init(WorkloadSetup *setup, const WorkloadOptions *options)
{
        *setup = (WorkloadSetup){
                .options = options,
                .child_fd = {-1, -1, -1},
                .control = {-1, -1},
                .hold = {-1, -1},
                .report = {-1, -1},
                .vigia = getpid(),
                .terminal = {.ours = -1, .master = -1, .slave = -1},
        };
        for (size_t i = 0; i < ARRAY_LENGTH(setup->streams); i++)
                setup->streams[i] = (WorkloadStream){.from = -1, .to = -1};
}

static void setup_done(WorkloadSetup *setup)
{
        for (size_t i = 0; i < ARRAY_LENGTH(setup->streams); i++) {
                if (setup->streams[i].pty)
                        setup->streams[i].from = -1; /* the terminal's */
                workload_stream_close(&setup->streams[i]);
        }
        for (int i = 1; i < 3; i++)
                if (!setup->pty || setup->child_fd[i] != setup->terminal.slave)
                        if (i == 1 || setup->child_fd[i] != setup->child_fd[1])
                                fd_close(setup->child_fd[i]);
        workload_terminal_done(&setup->terminal);
        for (int i = 0; i < 2; i++) {
                workload_close(&setup->control[i]);
                workload_close(&setup->hold[i]);
                workload_close(&setup->report[i]);
        }
        workload_user_done(&setup->user);
        free(setup->environment);
}

static int add_pipe(WorkloadSetup *setup, int fd, Error *err)
{
        int ends[2];
        int r = workload_pipe_make(ends);

        if (r < 0)
                return error_set_errno(err, r, "a pipe for the command's output");
        setup->child_fd[fd] = ends[1];
        if (setup->user.set && geteuid() == 0 && fchown(ends[1], setup->user.uid, (gid_t)-1) < 0) {
                /* then /dev/stdout cannot be opened again by name; all else works */
        }
        r = workload_stream_init(&setup->streams[setup->n_streams++], ends[0], fd, false);
        return r < 0 ? error_set_errno(err, r, "the command's output") : 0;
}

static int add_terminal(WorkloadSetup *setup, int fd, Error *err)
{
        int r = workload_terminal_init(&setup->terminal, fd, &setup->user, err);

        if (r < 0)
                return r;
        setup->pty = true;
        WorkloadStream *stream = &setup->streams[setup->n_streams++];
        r = workload_stream_init(stream, setup->terminal.master, fd, true);
        if (r < 0)
                return error_set_errno(err, r, "the command's output");
        for (int i = setup->terminal.session ? 0 : 1; i < 3; i++)
                if (isatty(i) && workload_same_file(i, fd))
                        setup->child_fd[i] = setup->terminal.slave;
        return 0;
}

/* Each of stdout and stderr goes through the pty if it is our terminal, through a pipe if it is
 * none, and is left alone if it is closed or another terminal. */
static int make_ways(WorkloadSetup *setup, Error *err)
{
        int terminal = isatty(1) ? 1 : isatty(2) ? 2 : -1;
        int r = 0;

        if (setup->options->output_fd < 0)
                return 0;
        if (terminal >= 0)
                r = add_terminal(setup, terminal, err);
        for (int fd = 1; fd < 3 && r == 0; fd++) {
                if (isatty(fd) || fcntl(fd, F_GETFD) < 0)
                        continue;
                if (fd == 2 && !isatty(1) && setup->child_fd[1] >= 0 && workload_same_file(1, 2))
                        setup->child_fd[2] = setup->child_fd[1];
                else
                        r = add_pipe(setup, fd, err);
        }
        return r;
}

static int make_links(WorkloadSetup *setup, Error *err)
{
        int pair[2];

        if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0)
                return error_set_errno(err, errno, "a socket to the relay");
        for (int i = 0; i < 2; i++) {
                setup->control[i] = fcntl(pair[i], F_DUPFD_CLOEXEC, 3);
                fd_close(pair[i]);
        }
        int r = workload_pipe_make(setup->hold);
        if (r == 0)
                r = workload_pipe_make(setup->report);
        if (r == 0 && (setup->control[0] < 0 || setup->control[1] < 0))
                r = -EMFILE;
        if (r == 0 && (fcntl(setup->hold[0], F_SETFL, 0) < 0 ||
                       fcntl(setup->report[0], F_SETFL, 0) < 0))
                r = -errno;
        return r < 0 ? error_set_errno(err, r, "a pipe to the command") : 0;
}

/* --- talking to the relay --- */

static void ask(const Workload *workload, RelayVerb verb, int value)
{
        RelayMessage message = {.verb = verb, .value = value};

        if (workload->fd >= 0)
                send(workload->fd, &message, sizeof message, MSG_NOSIGNAL | MSG_DONTWAIT);
}

static void note_exit(Workload *workload, const RelayMessage *message)
{
        WorkloadResult *result = &workload->result;

        result->usage = message->usage;
        result->end_ns = message->time_ns;
        result->exec_ns = MIN(result->exec_ns, result->end_ns); /* heard of late, on a busy machine */
        if (WIFSIGNALED(message->value)) {
                result->exit_signal = WTERMSIG(message->value);
                result->exit_code = 128 + result->exit_signal;
        } else {
                result->exit_code = WEXITSTATUS(message->value);
        }
}

static void note(Workload *workload, const RelayMessage *message)
{
        switch (message->verb) {
        case RELAY_STOPPED:
                workload->stopped = true;
                workload->stop_signal = message->value;
                break;
        case RELAY_CONTINUED:
                workload->stopped = false;
                workload->stop_signal = 0;
                break;
        case RELAY_EXITED:
                workload->stopped = false;
                workload->exited = true;
                workload->stop_signal = 0;
                note_exit(workload, message);
                break;
        case RELAY_DONE:
                workload->answers++;
                break;
        case RELAY_DRAINED:
                workload->drained = true;
                workload->taken = false; /* the relay gave our terminal back before it said so */
                workload->result.output_bytes = message->bytes;
                workload->result.output_error = message->value;
                workload->result.relay_cpu_us = message->cpu_us;
                break;
        default:
                break;
        }
}

/* Reads one message; false when there is none (now, or ever: lost). */
static bool hear(Workload *workload)
{
        RelayMessage message;

        if (workload->fd < 0)
                return false;
        ssize_t n = recv(workload->fd, &message, sizeof message, MSG_DONTWAIT);
        if (n < 0 && (errno == EAGAIN || errno == EINTR))
                return false;
        if (n != sizeof message) {
                workload->lost = !workload->drained;
                return false;
        }
        note(workload, &message);
        return true;
}

/* Asks and waits for the answer, which takes microseconds; false if none came. */
static bool ask_and_wait(Workload *workload, RelayVerb verb)
{
        enum { RELAY_ANSWER_MS = 1000 };
        struct pollfd ready = {.fd = workload->fd, .events = POLLIN};

        workload->answers = 0;
        ask(workload, verb, 0);
        while (!workload->answers && !workload->lost && poll(&ready, 1, RELAY_ANSWER_MS) > 0)
                hear(workload);
        return workload->answers > 0;
}

static void take_terminal(Workload *workload)
{
        workload->taken = workload->wanted = true;
        ask_and_wait(workload, RELAY_TAKE);
}

/* Our terminal as it was, when this returns. */
static void leave_terminal(Workload *workload)
{
        if (!workload->taken)
                return;
        workload->taken = false;
        if (!ask_and_wait(workload, RELAY_LEAVE))
                tcsetattr(workload->terminal.ours, TCSANOW, &workload->terminal.saved);
}

/* --- stop and go --- */

/* Goes on where the shell lets us: in front with the keyboard, or without. */
static void resume(Workload *workload)
{
        if (workload->session && workload->wanted && !workload->taken &&
            workload_terminal_is_foreground(&workload->terminal))
                take_terminal(workload);
        ask(workload, RELAY_SIGNAL, SIGCONT);
}

/* Stops vigia as the plain command would have stopped, so that the shell sees it. */
static void suspend(Workload *workload, int signal)
{
        sigset_t set, before, pending;

        leave_terminal(workload);
        sigemptyset(&set);
        sigaddset(&set, signal);
        sigprocmask(SIG_UNBLOCK, &set, &before);
        /* With a pty the command's stop has not reached our group yet; else it has. */
        kill(workload->session ? 0 : getpid(), signal);
        sigprocmask(SIG_SETMASK, &before, NULL);
        /* No SIGCONT waits: nothing stopped us (no shell there to continue us), so go on. */
        sigpending(&pending);
        if (!sigismember(&pending, SIGCONT) && signal == SIGTSTP)
                resume(workload);
}

static void react_to_stop(Workload *workload)
{
        int signal = workload->stop_signal;

        workload->stop_signal = 0;
        if (signal != SIGTSTP && signal != SIGTTIN && signal != SIGTTOU)
                return; /* by hand: whoever did it continues it */
        if (workload->session && signal != SIGTSTP &&
            workload_terminal_is_foreground(&workload->terminal)) {
                take_terminal(workload);
                ask(workload, RELAY_SIGNAL, SIGCONT);
                return;
        }
        suspend(workload, signal);
}

/* In our own process group (no session of its own) the command hears what the terminal sends
 * and what is sent to the group; only what was sent to vigia alone is to be passed on. */
static void pass_to_own_group(Workload *workload, const struct signalfd_siginfo *info)
{
        int signal = (int)info->ssi_signo;

        if (signal == SIGWINCH && workload->pty)
                ask(workload, RELAY_RESIZE, 0);
        if (signal == SIGTSTP && workload->stopped) {
                suspend(workload, SIGTSTP);
                return;
        }
        if (info->ssi_code > 0 || (pid_t)info->ssi_pid == workload->relay ||
            (pid_t)info->ssi_pid == workload->pid)
                return;
        if (signal != SIGCONT || workload->stopped)
                ask(workload, RELAY_SIGNAL, signal);
}

static void pass_to_session(Workload *workload, const struct signalfd_siginfo *info)
{
        int signal = (int)info->ssi_signo;

        switch (signal) {
        case SIGWINCH:
                ask(workload, RELAY_RESIZE, 0);
                break;
        case SIGCONT:
                resume(workload);
                break;
        case SIGINT:
        case SIGQUIT:
        case SIGTSTP:
                ask(workload, info->ssi_code > 0 ? RELAY_KEY : RELAY_SIGNAL, signal);
                break;
        default:
                ask(workload, RELAY_SIGNAL, signal);
        }
}

static int on_signal(const struct signalfd_siginfo *info, void *data)
{
        Workload *workload = data;

        if (info->ssi_signo == SIGPIPE || info->ssi_code == SI_TIMER)
                return 0; /* our own */
        if (workload->session)
                pass_to_session(workload, info);
        else
                pass_to_own_group(workload, info);
        return 0;
}

static int add_signals(Workload *workload)
{
        static const int passed[] = {SIGHUP,  SIGINT,    SIGQUIT, SIGUSR1, SIGUSR2, SIGALRM,
                                     SIGTERM, SIGCONT,   SIGTSTP, SIGURG,  SIGIO,   SIGPROF,
                                     SIGPWR,  SIGVTALRM, SIGWINCH, SIGPIPE};
        sigset_t set;

        sigemptyset(&set);
        for (size_t i = 0; i < ARRAY_LENGTH(passed); i++)
                sigaddset(&set, passed[i]);
        for (int signal = SIGRTMIN; signal <= SIGRTMAX; signal++)
                sigaddset(&set, signal);
        return loop_add_signals(workload->loop, &set, on_signal, workload, &workload->signals);
}

/* --- the end --- */

static int finish(Workload *workload)
{
        WorkloadResult *result = &workload->result;

        workload->control = loop_source_free(workload->control);
        workload->deadline = loop_source_free(workload->deadline);
        if (workload->lost) {
                /* The relay was killed: what became of the command nobody can say any more. */
                if (workload->taken)
                        tcsetattr(workload->terminal.ours, TCSANOW, &workload->terminal.saved);
                workload->taken = false;
                if (!workload->exited) {
                        result->exit_code = 125;
                        result->end_ns = clock_monotonic_ns();
                }
        }
        waitpid(workload->relay, NULL, WNOHANG);
        workload->done(result, workload->data);
        return 0;
}

static int on_control(int fd, uint32_t events, void *data)
{
        Workload *workload = data;

        while (hear(workload))
                ;
        if (workload->stop_signal)
                react_to_stop(workload);
        return workload->drained || workload->lost ? finish(workload) : 0;
}

static int on_deadline(uint64_t expirations, uint64_t due_ns, void *data)
{
        Workload *workload = data;

        if (workload->exited)
                return 0;
        workload->result.timed_out = true;
        workload_tree_signal(workload->pid, workload->killing ? SIGKILL : SIGTERM);
        if (workload->killing)
                return loop_timer_set(workload->deadline, 0, 0);
        workload->killing = true;
        return loop_timer_set(workload->deadline, clock_monotonic_ns() + kill_after_ns, 0);
}

/* --- the contract --- */

static int hear_of_fork(Workload *workload, Error *err)
{
        RelayMessage message;
        ssize_t n;

        do
                n = recv(workload->fd, &message, sizeof message, 0);
        while (n < 0 && errno == EINTR);
        if (n != sizeof message || message.verb != RELAY_FORKED)
                return error_set(err, EIO, "the relay of the command's output died");
        if (message.value < 0)
                return error_set_errno(err, message.value, "could not fork the command");
        workload->pid = message.value;
        return 0;
}

static int fork_relay(Workload *workload, WorkloadSetup *setup, Error *err)
{
        workload->result.start_ns = clock_monotonic_ns();
        workload->relay = fork();
        if (workload->relay == 0)
                workload_relay_run(setup);
        if (workload->relay < 0)
                return error_set_errno(err, errno, "could not fork");
        workload->fd = TAKE_FD(setup->control[0]);
        workload->hold = TAKE_FD(setup->hold[1]);
        workload->report = TAKE_FD(setup->report[0]);
        workload->pty = setup->pty;
        workload->session = setup->pty && setup->terminal.session;
        workload->terminal = setup->terminal;
        workload->terminal.ours = TAKE_FD(setup->terminal.ours);
        workload->terminal.master = workload->terminal.slave = -1;
        workload_close(&setup->control[1]);
        return hear_of_fork(workload, err);
}

int workload_fork(Loop *loop, const WorkloadOptions *options, Workload **ret, Error *err)
{
        _cleanup_(workload_freep) Workload *workload = calloc(1, sizeof *workload);
        WorkloadSetup setup;

        if (!workload)
                return error_set(err, ENOMEM, "out of memory");
        workload->fd = workload->hold = workload->report = workload->terminal.ours = -1;
        workload->options = *options;
        workload->loop = loop;
        setup_init(&setup, options);
        setup.mask = *loop_original_mask(loop);
        int r = options->user ? workload_user_init(&setup.user, options->user, err) : 0;
        if (r == 0) {
                r = workload_environment(&setup.user, &setup.environment);
                if (r < 0)
                        error_set_errno(err, r, "the command's environment");
        }
        if (r == 0)
                r = make_ways(&setup, err);
        if (r == 0)
                r = make_links(&setup, err);
        if (r == 0) {
                r = add_signals(workload);
                if (r < 0)
                        error_set_errno(err, r, "signals");
        }
        if (r == 0)
                r = fork_relay(workload, &setup, err);
        workload->uid = setup.user.set ? setup.user.uid : getuid();
        setup_done(&setup);
        if (r < 0)
                return r;
        *ret = TAKE(workload);
        return 0;
}

pid_t workload_pid(const Workload *workload)
{
        return workload->pid;
}

uid_t workload_uid(const Workload *workload)
{
        return workload->uid;
}

pid_t workload_relay_pid(const Workload *workload)
{
        return workload->relay;
}

/* One sentence, as env(1) would say it. */
static int tell_failure(Workload *workload, const WorkloadReport *report, Error *err)
{
        const char *name = workload->options.argv[0];

        workload->result.exec_failed = true;
        workload->result.exec_errno = report->error;
        if (report->step == STEP_USER)
                return error_set_errno(err, report->error, "cannot become user %s",
                                       workload->options.user);
        if (report->step == STEP_DESCRIPTORS)
                return error_set_errno(err, report->error, "the command's stdin, stdout, stderr");
        if (report->error != ENOENT)
                return error_set_errno(err, report->error, "cannot execute %s", name);
        if (strchr(name, '/') && access(name, F_OK) == 0)
                return error_set(err, ENOENT,
                                 "cannot execute %s: the interpreter that it names is not there",
                                 name);
        return error_set(err, ENOENT, "%s: not found", name);
}

int workload_release(Workload *workload, WorkloadDoneFn done, void *data, Error *err)
{
        WorkloadReport report;
        ssize_t n;

        workload->done = done;
        workload->data = data;
        int r = loop_add_fd(workload->loop, workload->fd, EPOLLIN, on_control, workload,
                            &workload->control);
        if (r == 0 && workload->options.timeout_ns > 0)
                r = loop_add_timer(workload->loop,
                                   clock_monotonic_ns() + workload->options.timeout_ns, 0,
                                   on_deadline, workload, &workload->deadline);
        if (r < 0)
                return error_set_errno(err, r, "the command");
        if (workload->session && workload->terminal.eager)
                take_terminal(workload);
        if (write(workload->hold, "", 1) < 0) {
                /* killed while it was held; its exit will tell */
        }
        workload_close(&workload->hold);
        do
                n = read(workload->report, &report, sizeof report);
        while (n < 0 && errno == EINTR);
        workload->result.exec_ns = clock_monotonic_ns();
        workload_close(&workload->report);
        return n == sizeof report ? tell_failure(workload, &report, err) : 0;
}

int workload_signal(Workload *workload, int signal)
{
        if (workload->exited || workload->fd < 0)
                return -ESRCH;
        ask(workload, RELAY_SIGNAL, signal);
        return 0;
}

Workload *workload_free(Workload *workload)
{
        if (!workload)
                return NULL;
        leave_terminal(workload);
        loop_source_free(workload->control);
        loop_source_free(workload->deadline);
        loop_source_free(workload->signals);
        workload_close(&workload->fd);
        workload_close(&workload->hold);
        workload_close(&workload->report);
        workload_close(&workload->terminal.ours);
        if (workload->relay > 0)
                waitpid(workload->relay, NULL, WNOHANG);
        free(workload);
        return NULL;
}
