/* The relay process: parent of the command, mover of bytes. All signals are blocked; it waits
 * in poll(2) for vigia's words, the command's state, output and the keyboard. When vigia is
 * gone, finished or killed, it goes on for as long as somebody holds the command's output. */
#include "record/workload-internal.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/macros.h"

enum {
        SILENCE_MS = 50,     /* after the command's end, with drain_ns 0 */
        CHATTER_MS = 1000,   /* … and how long a daemon that never falls silent is waited for */
};

typedef struct Relay {
        WorkloadSetup *setup;
        WorkloadTerminal *terminal;
        WorkloadLog log;
        int control;  /* -1: vigia is gone */
        int children; /* signalfd of SIGCHLD */
        pid_t command;
        bool session, exited, drained, hurry;
        uint64_t exited_ns, moved_ns;
} Relay;

static void tell(const Relay *relay, RelayMessage message)
{
        if (relay->control >= 0)
                send(relay->control, &message, sizeof message, MSG_NOSIGNAL);
}

/* --- signals --- */

static void signal_command(const Relay *relay, int signal)
{
        pid_t front = 0;

        if (relay->exited)
                return;
        if (!relay->session) {
                kill(relay->command, signal);
                return;
        }
        /* What a key would have sent goes to who is in front; the rest to the command's group. */
        if ((signal == SIGINT || signal == SIGQUIT || signal == SIGTSTP) &&
            relay->terminal->foreground &&
            ioctl(relay->terminal->master, TIOCGPGRP, &front) == 0 && front > 1) {
                kill(-front, signal);
                return;
        }
        kill(-relay->command, signal);
        if (signal == SIGCONT && relay->terminal->group > 1 &&
            relay->terminal->group != relay->command)
                kill(-relay->terminal->group, signal);
}

static void on_key(Relay *relay, int signal)
{
        if (relay->terminal->foreground)
                workload_terminal_key(relay->terminal, signal);
        else
                signal_command(relay, signal);
}

static bool reap(Relay *relay)
{
        RelayMessage message = {.verb = RELAY_EXITED};
        int status;

        while (!relay->exited) {
                pid_t pid = wait4(relay->command, &status, WUNTRACED | WCONTINUED | WNOHANG,
                                  &message.usage);
                if (pid == 0 || (pid < 0 && errno == EINTR))
                        return false;
                message.value = pid < 0 ? 125 << 8 : status;
                if (pid > 0 && WIFSTOPPED(status)) {
                        tell(relay, (RelayMessage){.verb = RELAY_STOPPED, .value = WSTOPSIG(status)});
                        continue;
                }
                if (pid > 0 && WIFCONTINUED(status)) {
                        tell(relay, (RelayMessage){.verb = RELAY_CONTINUED});
                        /* Vigia may have stopped with it, and nobody else may know to wake it. */
                        if (!relay->session)
                                kill(relay->setup->vigia, SIGCONT);
                        continue;
                }
                message.time_ns = relay->exited_ns = relay->moved_ns = clock_monotonic_ns();
                relay->exited = true;
        }
        tell(relay, message);
        return true;
}

static void on_children(Relay *relay)
{
        struct signalfd_siginfo info;

        while (read(relay->children, &info, sizeof info) == sizeof info)
                ;
        if (relay->exited || !reap(relay))
                return;
        /* From here on the end of the pty is the end of who still has it. */
        if (relay->setup->pty)
                workload_close(&relay->terminal->slave);
}

/* --- vigia's words --- */

static void move_output(Relay *relay)
{
        for (size_t i = 0; i < relay->setup->n_streams; i++) {
                WorkloadStream *stream = &relay->setup->streams[i];
                if (stream->from < 0)
                        continue;
                if (stream->pty)
                        stream->plain = !relay->terminal->foreground;
                if (workload_stream_move(stream, &relay->log))
                        relay->moved_ns = relay->exited ? clock_monotonic_ns() : 0;
                if (stream->pty && stream->from < 0)
                        relay->terminal->master = -1;
        }
}

/* What was translated for a raw terminal must not reach a cooked one. */
static void leave_terminal(Relay *relay)
{
        if (!relay->setup->pty)
                return;
        if (relay->terminal->foreground) {
                if (!workload_terminal_is_taken_over(relay->terminal))
                        move_output(relay);
                for (size_t i = 0; i < relay->setup->n_streams; i++)
                        if (relay->setup->streams[i].pty)
                                workload_stream_make_plain(&relay->setup->streams[i]);
        }
        workload_terminal_release(relay->terminal);
}

static void on_control(Relay *relay)
{
        RelayMessage message;
        ssize_t n = recv(relay->control, &message, sizeof message, MSG_DONTWAIT);

        if (n < 0 && (errno == EAGAIN || errno == EINTR))
                return;
        if (n != sizeof message) {
                workload_close(&relay->control);
                leave_terminal(relay);
                return;
        }
        switch (message.verb) {
        case RELAY_TAKE:
                move_output(relay);
                workload_terminal_take(relay->terminal, relay->command);
                tell(relay, (RelayMessage){.verb = RELAY_DONE});
                break;
        case RELAY_LEAVE:
                leave_terminal(relay);
                tell(relay, (RelayMessage){.verb = RELAY_DONE});
                break;
        case RELAY_RESIZE:
                workload_terminal_resize(relay->terminal);
                break;
        case RELAY_SIGNAL:
                relay->hurry = relay->exited;
                signal_command(relay, message.value);
                break;
        case RELAY_KEY:
                relay->hurry = relay->exited;
                on_key(relay, message.value);
                break;
        default:
                break;
        }
}

/* --- the end --- */

static bool output_is_open(const Relay *relay)
{
        for (size_t i = 0; i < relay->setup->n_streams; i++)
                if (relay->setup->streams[i].from >= 0)
                        return true;
        return false;
}

static bool output_is_pending(const Relay *relay)
{
        for (size_t i = 0; i < relay->setup->n_streams; i++)
                if (relay->setup->streams[i].from >= 0 && relay->setup->streams[i].blocked)
                        return true;
        return false;
}

/* Milliseconds that the command's output may still be waited for; 0 enough, -1 no limit. */
static int patience_ms(const Relay *relay)
{
        uint64_t now = clock_monotonic_ns(), drain_ns = relay->setup->options->drain_ns;
        uint64_t until = relay->exited_ns + drain_ns;

        if (!relay->exited || relay->drained)
                return -1;
        if (!output_is_open(relay) || relay->hurry)
                return 0;
        if (output_is_pending(relay))
                return -1; /* it is the command's, and a plain write would wait, too */
        if (drain_ns == 0)
                until = MIN(relay->moved_ns + SILENCE_MS * NS_PER_MS,
                            relay->exited_ns + CHATTER_MS * NS_PER_MS);
        return now >= until ? 0 : (int)MIN((until - now) / NS_PER_MS + 1, (uint64_t)60000);
}

static void tell_drained(Relay *relay)
{
        RelayMessage message = {.verb = RELAY_DRAINED};
        struct rusage usage;

        /* Not earlier: the last of the output is still meant for a raw terminal. */
        leave_terminal(relay);
        if (!output_is_open(relay))
                workload_log_flush(&relay->log);
        getrusage(RUSAGE_SELF, &usage);
        message.bytes = relay->log.bytes;
        message.value = relay->log.error;
        message.cpu_us = (uint64_t)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) * 1000000 +
                         (uint64_t)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec);
        tell(relay, message);
        relay->drained = true;
}

/* --- the loop --- */

enum { POLL_CONTROL, POLL_CHILDREN, POLL_KEYBOARD, POLL_PTY, POLL_STREAMS, POLL_MAX = 8 };

static void fill_polls(const Relay *relay, struct pollfd polls[POLL_MAX])
{
        const WorkloadTerminal *terminal = relay->terminal;
        bool typed = terminal->input_start < terminal->input_end;

        for (size_t i = 0; i < POLL_MAX; i++)
                polls[i] = (struct pollfd){.fd = -1};
        polls[POLL_CONTROL] = (struct pollfd){.fd = relay->control, .events = POLLIN};
        polls[POLL_CHILDREN] = (struct pollfd){.fd = relay->children, .events = POLLIN};
        if (relay->setup->pty && terminal->foreground && terminal->master >= 0) {
                if (typed)
                        polls[POLL_PTY] = (struct pollfd){.fd = terminal->master, .events = POLLOUT};
                else
                        polls[POLL_KEYBOARD] = (struct pollfd){.fd = terminal->ours, .events = POLLIN};
        }
        for (size_t i = 0; i < relay->setup->n_streams; i++) {
                const WorkloadStream *stream = &relay->setup->streams[i];
                struct pollfd *from = &polls[POLL_STREAMS + 2 * i];
                if (stream->from < 0)
                        continue;
                if (!stream->blocked)
                        *from = (struct pollfd){.fd = stream->from, .events = POLLIN};
                /* Errors are told even with no events asked for: nobody reads any more. */
                if (stream->kind != SINK_FILE)
                        from[1] = (struct pollfd){.fd = stream->to,
                                                  .events = stream->blocked ? POLLOUT : 0};
        }
}

/* A reader that is gone is noticed before the command's next write, which then fails as it
 * would on our stdout itself. */
static void close_unread(Relay *relay, const struct pollfd polls[POLL_MAX])
{
        for (size_t i = 0; i < relay->setup->n_streams; i++) {
                WorkloadStream *stream = &relay->setup->streams[i];
                if (stream->from < 0 ||
                    !(polls[POLL_STREAMS + 2 * i + 1].revents & (POLLERR | POLLHUP | POLLNVAL)))
                        continue;
                if (stream->pty)
                        relay->terminal->master = -1;
                workload_stream_close(stream);
        }
}

static void serve(Relay *relay)
{
        struct pollfd polls[POLL_MAX];
        int wait_ms;

        while (!(relay->exited && relay->drained && !output_is_open(relay))) {
                wait_ms = patience_ms(relay);
                fill_polls(relay, polls);
                if (poll(polls, POLL_MAX, wait_ms) < 0 && errno != EINTR)
                        return;
                close_unread(relay, polls);
                /* Before any output: the shell may have its terminal back already. */
                while (polls[POLL_CONTROL].revents & POLLHUP && relay->control >= 0)
                        on_control(relay);
                move_output(relay);
                if (polls[POLL_CHILDREN].revents)
                        on_children(relay);
                if (polls[POLL_CONTROL].revents && relay->control >= 0)
                        on_control(relay);
                workload_terminal_follow(relay->terminal);
                if (((polls[POLL_KEYBOARD].revents | polls[POLL_PTY].revents) != 0) &&
                    relay->terminal->foreground && relay->terminal->master >= 0 &&
                    !workload_terminal_move(relay->terminal))
                        leave_terminal(relay);
                if (relay->exited && !relay->drained && patience_ms(relay) == 0)
                        tell_drained(relay);
        }
}

/* --- the beginning --- */

static int compare_fds(const void *a, const void *b)
{
        return *(const int *)a - *(const int *)b;
}

/* Everything of vigia's but what the relay needs: no daemon may keep a run's files, a perf
 * event or the reading end of our stdin open. */
static void close_others(const Relay *relay)
{
        int keep[16];
        unsigned n = 0, from = 0;
        const WorkloadSetup *setup = relay->setup;

        keep[n++] = relay->control;
        keep[n++] = relay->children;
        keep[n++] = relay->log.fd;
        if (setup->pty) {
                keep[n++] = setup->terminal.ours;
                keep[n++] = setup->terminal.master;
                keep[n++] = setup->terminal.slave;
        }
        for (size_t i = 0; i < setup->n_streams; i++) {
                keep[n++] = setup->streams[i].from;
                keep[n++] = setup->streams[i].to;
        }
        qsort(keep, n, sizeof keep[0], compare_fds);
        for (unsigned i = 0; i < n; i++) {
                if (keep[i] < 0)
                        continue;
                if ((unsigned)keep[i] > from)
                        close_range(from, (unsigned)keep[i] - 1, 0);
                from = (unsigned)keep[i] + 1;
        }
        close_range(from, ~0u, 0);
}

static void begin_session(Relay *relay)
{
        WorkloadTerminal *terminal = relay->terminal;

        setsid();
        ioctl(terminal->slave, TIOCSCTTY, 0);
        /* A parent in the session but in another group is what makes the command's group stop
         * on ^Z: one that is orphaned ignores it (setpgid(2), "orphaned"). */
        terminal->group = 0;
}

static pid_t fork_command(const WorkloadOptions *options)
{
        return options->fork ? options->fork(options->fork_data) : fork();
}

void workload_relay_run(WorkloadSetup *setup)
{
        struct sigaction theirs, ours = {.sa_handler = SIG_DFL};
        sigset_t all, children;
        Relay relay = {.setup = setup, .terminal = &setup->terminal, .control = setup->control[1],
                       .log.fd = setup->options->output_fd,
                       .session = setup->pty && setup->terminal.session};

        prctl(PR_SET_NAME, "vigia-relay");
        sigfillset(&all);
        sigprocmask(SIG_SETMASK, &all, NULL);
        sigaction(SIGCHLD, &ours, &theirs);
        sigemptyset(&children);
        sigaddset(&children, SIGCHLD);
        relay.children = signalfd(-1, &children, SFD_CLOEXEC | SFD_NONBLOCK);
        if (relay.session)
                begin_session(&relay);
        relay.command = relay.children < 0 ? -1 : fork_command(setup->options);
        if (relay.command == 0)
                workload_child_run(setup, &theirs);
        int failed = -errno;
        workload_capabilities_drop();
        if (relay.command > 0 && relay.session)
                setpgid(relay.command, relay.command);
        close_others(&relay);
        tell(&relay, (RelayMessage){.verb = RELAY_FORKED,
                                    .value = relay.command > 0 ? relay.command : failed});
        if (relay.command > 0)
                serve(&relay);
        _exit(0);
}
