/*
 * How other commands (status, snapshot, stop) speak with a recorder at work: a socket named
 * `control` in the run directory, for the same user and root only. One request, one answer, both a
 * message of SOCK_SEQPACKET (unix(7)): a word, and JSON. The recorder never waits for whoever asks.
 */
#pragma once

#include <stdbool.h>

#include "base/error.h"
#include "base/text.h"
#include "loop/loop.h"

enum { CONTROL_ANSWER_MAX = 64 << 10 };

/* ---- the recorder's side ---- */

typedef struct Control Control;

typedef struct ControlOps {
        /* Adds the answer to a request ("status", "flush", "stop"): a JSON object. 0, or -EINVAL: there
         * is no such request. */
        int (*answer)(const char *request, String *to, void *data);
        void *data;
} ControlOps;

/* The socket is made; where the file system knows none, -errno: then nobody can ask. */
int control_new(int run_fd, Loop *loop, const ControlOps *ops, Control **ret);
/* After the loop, which frees its sources itself. Removes the socket. */
Control *control_free(Control *control);

/* ---- the other side ---- */

/* Asks the recorder of the run in that directory. 0 and the answer (owned, NUL-terminated);
 * -ENOENT, -ECONNREFUSED: nobody is there; -ECONNRESET, -EPIPE: it ended just now, or had too many
 * to answer to; -EACCES: somebody else's; -ETIMEDOUT. */
int control_ask(int run_fd, const char *request, unsigned timeout_ms, char **ret, Error *err);
