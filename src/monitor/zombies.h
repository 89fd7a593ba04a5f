/*
 * Processes of the run that ended and whose parent has not asked how: told once when that has been so for
 * ZOMBIE_NS, and once more when it is over. For a moment every process is one.
 *
 * Bounded: of very many that end at a time some are not looked at; ZOMBIES_MAX stand at a time.
 */
#pragma once

#include <stdint.h>

#include "base/clock.h"
#include "base/macros.h"
#include "host/host.h"
#include "host/proc-text.h"
#include "track/process-table.h"

enum { ZOMBIES_MAX = 1024, ZOMBIES_RECENT = 1024 };
#define ZOMBIE_NS (5 * NS_PER_SECOND)

typedef struct Zombie {
        uint64_t key, start_ns, end_ns; /* as Process has them */
        pid_t pid;
        char comm[16];
} Zombie;

typedef struct Zombies Zombies;

int zombies_new(const Host *host, Zombies **ret); /* 0 or -ENOMEM; the host is borrowed */
Zombies *zombies_free(Zombies *zombies);
DEFINE_CLEANUP(Zombies, zombies)

/* It has ended and leaves the table, though it may not have been waited for. */
void zombies_note(Zombies *zombies, const Process *process);

/* The parent as it is now; NULL: it is there no more, and `zombie` with it. */
typedef void (*ZombieFn)(const Zombie *zombie, const ProcStat *parent, void *data);

/* Every second or so. Those that wait in the table for their figures are looked at, too. */
void zombies_look(Zombies *zombies, const ProcessTable *table, uint64_t now_ns, ZombieFn fn, void *data);
