/* Programs whose work is done by a daemon that is not their child: the one table of them. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

typedef struct OutsideDaemon {
        const char *name;           /* as people call it */
        const char *const *clients; /* names of programs, NULL-terminated */
        const char *client_words;   /* in the client's command line, one of them, "|" between; NULL: any */
        const char *const *daemons; /* parts of the daemon's command line or its name, NULL-terminated */
        const char *match;          /* for --match; NULL: none would help */
        const char *note;           /* more to say; NULL: nothing */
} OutsideDaemon;

extern const OutsideDaemon outside_daemons[]; /* ended by name NULL */

/* Whether a process is a client of it, or the daemon itself. cmdline may be NULL. */
bool outside_is_client(const OutsideDaemon *daemon, const char *comm, const char *cmdline);
bool outside_is_daemon(const OutsideDaemon *daemon, const char *comm, const char *cmdline);
