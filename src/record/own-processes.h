/*
 * Which processes are vigia's own: the recorder, what it was started by (sudo, a shell), and its forks that
 * run its program still, such as the relay. They are no part of what is recorded, though their command
 * lines hold the expression of --match itself.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "host/host.h"

enum { OWN_PROCESSES_MAX = 64 };

typedef struct OwnProcesses {
        struct {
                pid_t pid;
                uint64_t start_ticks;
        } line[OWN_PROCESSES_MAX]; /* the recorder, its parent, and so on */
        size_t n;
        uint64_t stack_start; /* of the recorder's program: kept over fork, new with every exec; 0 unknown */
} OwnProcesses;

/* In the process that records, once it is forked. */
void own_processes_find(OwnProcesses *own, const Host *host);

bool own_processes_has(const OwnProcesses *own, const Host *host, pid_t pid);
