/*
 * Where a run is sent: [USER@]HOST[:PATH] over ssh, as scp(1) has it, or a folder of this machine. A
 * name with a '/' before any ':' is a folder (as are "." and ".."); all others are hosts. PATH is
 * from the user's home there unless it begins with '/'. An IPv6 address stands in brackets.
 */
#pragma once

#include <stdbool.h>

#include "base/error.h"

typedef struct Destination {
        bool local;
        char *host;      /* user@host for ssh(1); NULL: local */
        char *rsync;     /* the same for rsync(1): with brackets around an address */
        char *directory; /* never empty; never begins with '-': "./…" where it is relative */
        char *shown;     /* for people */
} Destination;

/* -EINVAL with a sentence: empty, begins with '-', holds control characters, or cannot be a host. */
int destination_parse(const char *text, Destination *ret, Error *err);
void destination_done(Destination *destination);
