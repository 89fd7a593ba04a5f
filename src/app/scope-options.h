/* Which processes are watched: the options that attach and start share. */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "app/options.h"
#include "app/recording.h"

typedef struct ScopeOptions {
        TextList pids, names;
        const char *cgroup;
        bool all, alone;
        uint64_t duration_ns;
        /* scope_check's */
        pid_t *numbers;
        String joined; /* expressions */
        char *cgroup_path;
} ScopeOptions;

enum { SCOPE_OPTIONS = 6 };
/* Puts them at `to`; returns how many (SCOPE_OPTIONS). */
size_t scope_options(ScopeOptions *scope, Option *to);

/* What they say goes into the recording, before recording_check. -EINVAL with a sentence. */
int scope_check(ScopeOptions *scope, Recording *recording, const char *command, Error *err);

void scope_done(ScopeOptions *scope);
