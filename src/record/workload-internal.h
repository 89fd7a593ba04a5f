/*
 * Shared by the workload-*.c files only. Between vigia and the command sits the relay, a small
 * process forked from vigia that is the command's parent, moves its output, owns the pty and
 * the modes of our terminal, and waits for it. So a slow reader of our stdout never delays a
 * tick, SIGKILL of vigia does not touch the command or its output, and daemons that outlive
 * the command keep somebody who reads them.
 *
 *   vigia --- control (SOCK_SEQPACKET) --- relay --- fork --- command
 *     \------- hold and report pipes -------------------------/
 *
 * The relay is forked from a process that may have threads, so it calls nothing but system
 * calls, on memory that was there before.
 */
#pragma once

#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/resource.h>
#include <sys/types.h>
#include <termios.h>
#include <unistd.h>

#include "base/error.h"
#include "record/workload.h"

/* --- what the child becomes: workload-child.c --- */

typedef struct WorkloadUser {
        bool set;
        uid_t uid;
        gid_t gid;
        gid_t *groups; /* owned */
        size_t n_groups;
        char *texts[4]; /* owned: HOME=, USER=, LOGNAME=, SHELL= */
} WorkloadUser;

/* Replaces *ret (NULL at first) by the command's environment: ours as vigia was started with,
 * and the user's texts in place of the same variables. Owned: free; the strings are not. */
int workload_environment(const WorkloadUser *user, char ***ret);

/* -EINVAL unknown user, -EPERM not allowed, -ENOMEM; with a sentence. */
int workload_user_init(WorkloadUser *user, const char *name, Error *err);
void workload_user_done(WorkloadUser *user);

/* Gives up what vigia's file capabilities gave it, for ever. */
void workload_capabilities_drop(void);

/* What the command's process tells through the report pipe when it could not exec; nothing
 * (the pipe closes on exec) when it could. */
typedef enum WorkloadStep { STEP_EXEC, STEP_USER, STEP_DESCRIPTORS } WorkloadStep;
typedef struct WorkloadReport {
        int step, error;
} WorkloadReport;

typedef struct WorkloadSetup WorkloadSetup;

/* The forked child up to exec; never returns. */
void workload_child_run(const WorkloadSetup *setup, const struct sigaction *child_action)
        __attribute__((noreturn));

/* --- where output goes: workload-output.c --- */

typedef struct WorkloadLog {
        int fd;          /* -1: none, or given up after the first error */
        int error;       /* -errno of that */
        bool held;       /* a carriage return whose successor is not known yet */
        uint64_t bytes;  /* of the command's output, passed on */
} WorkloadLog;

/* How `to` can be written without ever waiting in write(2). Descriptors that we inherited are
 * shared with others, so O_NONBLOCK is never set on them: */
typedef enum WorkloadSinkKind {
        SINK_OWN,    /* reopened: a private, non-blocking description of the same pipe or terminal */
        SINK_SOCKET, /* MSG_DONTWAIT */
        SINK_SMALL,  /* could not be reopened: as much as fits for sure, when poll(2) says so */
        SINK_FILE,   /* regular files and devices do not wait */
} WorkloadSinkKind;

typedef struct WorkloadStream {
        int from; /* read end of the pipe or pty master, O_NONBLOCK; -1: closed */
        int to;
        WorkloadSinkKind kind;
        bool pty, to_pipe;
        bool plain;      /* take \r\n back to \n: our terminal will do it again */
        bool translated; /* the buffer holds \r\n for every \n that was written */
        bool teeing;     /* pipe to pipe without copying, while that works */
        uint8_t *buffer;
        size_t start, end; /* what is not passed on yet */
        bool little;       /* the last move took so little that no more will be there */
        bool blocked;      /* something waits for room in `to` */
} WorkloadStream;

enum { WORKLOAD_BUFFER = 256 * 1024 };

/* Makes a pipe whose ends are above 2, close-on-exec, with room for 1 MiB where allowed; the
 * read end is O_NONBLOCK. */
int workload_pipe_make(int ret[2]);

/* True if output through a and b lands in the same place, so that its order shows. */
bool workload_same_file(int a, int b);

int workload_stream_init(WorkloadStream *stream, int from, int to, bool pty);
void workload_stream_close(WorkloadStream *stream);

/* Moves what can be moved now, at most a few buffers. Closes the stream at its end, or when
 * nobody reads `to` any more. True if anything moved. */
bool workload_stream_move(WorkloadStream *stream, WorkloadLog *log);

/* From now on our terminal makes \r\n of \n itself; also for what is in the buffer. */
void workload_stream_make_plain(WorkloadStream *stream);

static inline bool workload_stream_pending(const WorkloadStream *stream)
{
        return stream->start < stream->end;
}

/* Logs what was passed on; `data` is not needed any more and may change. With `translated`,
 * takes back what the pty made of line ends, so that the log holds what the command wrote. */
void workload_log_passed(WorkloadLog *log, uint8_t *data, size_t size, bool translated);
void workload_log_flush(WorkloadLog *log);

/* --- our terminal and the command's: workload-terminal.c --- */

typedef struct WorkloadTerminal {
        int ours;         /* a private, non-blocking description, or -1 */
        int master, slave;
        bool session;     /* the pty controls a session of its own; else it only looks like one */
        bool eager;       /* take the keyboard at once, not when the command asks for it */
        bool foreground;  /* we are in raw mode and forward the keyboard */
        struct termios saved, raw; /* of ours */
        struct termios given;      /* what the pty last had from us */
        pid_t group;      /* the pty's foreground group to return to; 0: the command's */
        int ahead;        /* bytes that were typed before we took the keyboard */
        uint8_t input[4096];
        size_t input_start, input_end;
} WorkloadTerminal;

/* `fd` is our stdout or stderr, a terminal. Opens the pty with its modes and size. */
int workload_terminal_init(WorkloadTerminal *terminal, int fd, const WorkloadUser *user, Error *err);
void workload_terminal_done(WorkloadTerminal *terminal); /* closes; modes are not touched */

/* True if our process group is the foreground one of our terminal (vigia only). */
bool workload_terminal_is_foreground(const WorkloadTerminal *terminal);

void workload_terminal_resize(const WorkloadTerminal *terminal);

/* Relay only. The first gives the command the keyboard: raw mode, its group in front. The
 * second gives ours back as it was, with nobody in front on the pty. */
void workload_terminal_take(WorkloadTerminal *terminal, pid_t command);
void workload_terminal_release(WorkloadTerminal *terminal);

/* Relay only: vigia was killed and its shell was faster than we: it has set its terminal's
 * modes anew, to edit a line, say. They are not ours to restore. */
bool workload_terminal_is_taken_over(const WorkloadTerminal *terminal);

/* Relay only: follows the command's changes of which keys are signals. */
void workload_terminal_follow(WorkloadTerminal *terminal);

/* Relay only: a key that our terminal turned into a signal, as a byte for the pty. */
void workload_terminal_key(WorkloadTerminal *terminal, int signal);

/* Relay only: from keyboard to pty. False when our terminal is gone. */
bool workload_terminal_move(WorkloadTerminal *terminal);

/* --- the relay: workload-relay.c --- */

typedef enum RelayVerb {
        /* to the relay */
        RELAY_TAKE,    /* the keyboard and our terminal's modes; answered with RELAY_DONE */
        RELAY_LEAVE,   /* them; answered with RELAY_DONE */
        RELAY_RESIZE,
        RELAY_SIGNAL,  /* value: signal for the command */
        RELAY_KEY,     /* value: SIGINT, SIGQUIT or SIGTSTP that our terminal made of a key */
        /* from the relay */
        RELAY_FORKED,  /* value: pid, or -errno */
        RELAY_DONE,
        RELAY_STOPPED, /* value: signal */
        RELAY_CONTINUED,
        RELAY_EXITED,  /* value: wait status; usage, time_ns */
        RELAY_DRAINED, /* bytes, cpu_us; value: output_error */
} RelayVerb;

typedef struct RelayMessage {
        RelayVerb verb;
        int value;
        uint64_t time_ns, bytes, cpu_us;
        struct rusage usage;
} RelayMessage;

struct WorkloadSetup {
        const WorkloadOptions *options;
        WorkloadUser user;
        char **environment;
        WorkloadTerminal terminal;
        bool pty;               /* terminal is in use */
        int child_fd[3];        /* what becomes the command's 0, 1, 2; -1: ours as it is */
        bool stderr_joins;      /* stderr goes the way of stdout */
        WorkloadStream streams[2];
        size_t n_streams;
        int control[2];         /* vigia's, the relay's */
        int hold[2], report[2]; /* read, write */
        pid_t vigia;
        sigset_t mask;          /* that the command starts with */
};

/* The relay's life; never returns. */
void workload_relay_run(WorkloadSetup *setup) __attribute__((noreturn));

/* --- workload-tree.c --- */

/* Signals the process and all its descendants that can be found; those that are stopped go on,
 * so that they hear it. */
void workload_tree_signal(pid_t root, int signal);

static inline void workload_close(int *fd)
{
        if (*fd >= 0)
                close(*fd);
        *fd = -1;
}
