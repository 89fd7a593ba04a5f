/*
 * Who is to blame for a failure: of processes that ended badly, from the command down through its failing
 * children to the deepest. Pure.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What is known of a program's way to fail. */
typedef enum EndingKind {
        ENDING_OTHER, /* of a child's failure it may think nothing, later on */
        ENDING_SHELL, /* it ends as the last of its commands did */
        ENDING_TOOL,  /* make, gcc, env: it fails when what it starts does, if perhaps much later */
} EndingKind;

/* How a process ended. */
typedef struct Ending {
        int32_t pid, ppid;
        int64_t end_ns;
        int exit_code, exit_signal; /* -1 and 0: none */
        EndingKind kind;
} Ending;

#define CULPRIT_NONE SIZE_MAX

/* Index of the one to blame; CULPRIT_NONE: the command is not among them. Those that ended last come last. */
size_t culprit_find(const Ending *endings, size_t n, int32_t root_pid);

/* By the name of its main thread. */
EndingKind culprit_kind(const char *comm, size_t size);

/* The child's end is what the parent passed on: the same signal, the same code, or 128 and the signal. */
bool culprit_passes_on(const Ending *parent, const Ending *child);

/* The parent failed of it, as far as the two can tell: it passed it on, is a tool, or ended soon after. */
bool culprit_explains(const Ending *parent, const Ending *child);
