/*
 * Who worked for a run without being in it, as far as can be known: processes that the run was seen
 * connected to, processes that were busy meanwhile, and programs of the run whose work is known to be
 * done by a daemon. That none was found does not say that there was none.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/macros.h"
#include "base/text.h"
#include "table/batch.h"

#define OUTSIDE_UNKNOWN UINT64_MAX

typedef enum OutsideHow {
        OUTSIDE_CONNECTED, /* a process of the run was connected to it */
        OUTSIDE_CLIENT,    /* a program of the run is known to have its work done by it */
        OUTSIDE_BUSY,      /* it used CPU time meanwhile, more than it usually does */
} OutsideHow;

const char *outside_how_name(OutsideHow how); /* "connected", "client", "busy" */

/* Texts are owned unless said otherwise; NULL unknown. */
typedef struct OutsideWorker {
        OutsideHow how;
        int32_t pid;       /* -1: not known */
        int64_t start_ns;  /* since boot, exact to a clock tick */
        int64_t uid;       /* -1 */
        char *name, *cmdline;
        char *address;     /* of the socket connected to: a path, "@name", or "port N" */
        char *client;      /* CLIENT: the program of the run */
        uint64_t connections, cpu_us, rss_bytes; /* OUTSIDE_UNKNOWN */
        char *match;       /* an expression for --match that would take it in; NULL: none known */
        const char *note;  /* more that can be done; not owned */
} OutsideWorker;

typedef struct Outside {
        OutsideWorker *workers; /* connected, then clients, then busy; most CPU time first */
        size_t n;
        /* What is in the run, but no descendant of its command: taken in by --match. */
        uint64_t matched_processes, matched_cpu_us;
} Outside;

Outside *outside_free(Outside *outside);
DEFINE_CLEANUP(Outside, outside)

/* Sums over those that worked: 0 if nothing is known. */
uint64_t outside_cpu_us(const Outside *outside);

extern const char *const outside_columns_read[], *const outside_parent_columns[];

typedef struct OutsideBuilder OutsideBuilder;

/* start_boottime_ns: of the run. `command`: it has one (else it was attached). 0 or -ENOMEM. */
int outside_new(uint64_t start_boottime_ns, bool command, OutsideBuilder **ret);
OutsideBuilder *outside_builder_free(OutsideBuilder *builder);
DEFINE_CLEANUP(OutsideBuilder, outside_builder)

/* Rows of the table outside, then of processes (summary_process_columns); others are ignored. 0 or -ENOMEM. */
int outside_observe(OutsideBuilder *builder, const char *table, const Batch *rows);

/* After all processes: whether some came by themselves, so that their descendants are to be found, by a
 * second reading of processes (outside_parent_columns). */
bool outside_wants_parents(const OutsideBuilder *builder);
int outside_observe_parents(OutsideBuilder *builder, const Batch *rows);

/* run_cpu_us: of the run, or OUTSIDE_UNKNOWN. 0 or -ENOMEM. */
int outside_finish(OutsideBuilder *builder, uint64_t run_cpu_us, Outside **ret);

/* Appends an expression that matches this command line and its like; nothing where only every use of an
 * interpreter would. */
void outside_add_match(String *to, const char *cmdline);
