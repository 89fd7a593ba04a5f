/* Recordings at work: found by name, or because there is only one; and asked. */
#pragma once

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#include "app/options.h"
#include "base/error.h"
#include "store/run.h"

/* One that is being recorded now. */
typedef struct Running {
        char *path; /* owned */
        int fd;     /* its directory */
        RunInfo info;
} Running;

void running_done(Running *running);

/* The command line of a command about one recording, or about the only one: *ret_name is the RUN that
 * is given, or NULL. 1: help was shown; -EINVAL. */
int running_parse(const Command *command, const Option *options, size_t n_options, int argc, char **argv,
                  const char **ret_name, Error *err);

/* Says what failed and why; the exit code. A run that there is not, or is not named, is a mistake in usage. */
int running_failed(int result, const Error *err);

/* All in the place for runs, oldest first. */
int running_list(Running **ret, size_t *ret_n);
void running_list_free(Running *list, size_t n);

/* The one of that name (as RUN everywhere); NULL: the only one. -EINVAL: there is no such run, or
 * there are several and none was named; -ESRCH: there is, but nobody records it; with a sentence. */
int running_find(const char *name, Running *ret, Error *err);

/* Asks its recorder. 0 and the answer as JSON (json_decref), or -errno with a sentence. An answer that
 * is an error is one: -EPERM. */
int running_ask(const Running *running, const char *request, json_t **ret, Error *err);

/* What running_ask came to means that nobody is there to answer: it has no socket, or is ending. */
bool running_is_silent(int result);

/* The recorder, as a descriptor that only it can be signalled and waited for by (pidfd_open(2)).
 * -ESRCH: it is gone, or the pid is another's by now. -EPERM: it was never the recorder of that run. */
int running_pidfd(const Running *running, Error *err);

/* Waits until it has ended. -ETIMEDOUT. */
int running_wait(int pidfd, uint64_t timeout_ns);
