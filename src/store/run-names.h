/* Names of what lies in the place for runs: runs, and sweeps, which are found in the same way. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"

typedef struct RunsEntry {
        int64_t start_ns;
        bool early; /* of those that start at one time it comes first */
} RunsEntry;

/* Whether dirfd/name is what is looked for, and when it began. */
typedef bool (*RunsLookFn)(int dirfd, const char *name, RunsEntry *ret);

/* All that `look` knows in a directory, oldest first; names owned, array NULL-terminated. A directory that
 * is not there has none. 0 or -errno. */
int run_names_list(const char *directory, RunsLookFn look, char ***ret);

void run_names_free(char **names);
static inline void run_names_freep(char ***names)
{
        run_names_free(*names);
}

/* The one that `given` says: its name, a beginning that no other has, or "last". *ret NULL: none.
 * -ENOTUNIQ: the sentence lists some of those `what` ("runs"). */
int run_names_find(char *const *names, const char *given, const char *what, const char **ret, Error *err);

/* Whether a folder has this file, which makes it what it is: run.json, sweep.json. */
bool run_names_is_at(const char *path, const char *file);

/* A path that says where such a folder is, or its file: the folder's real path, owned. -ENOENT: there is
 * no `what` ("run") there. */
int run_names_resolve(const char *path, const char *file, const char *what, char **ret, Error *err);
