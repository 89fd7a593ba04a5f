/*
 * The processes of a run and whether they leak: private memory, descriptors and threads of each over time, from rows
 * of its tables, judged by leak_judge. Pure over rows: the order is processes, then samples, then the others.
 *
 * Memory is that of the image which lived longest (an exec begins with new memory); descriptors and threads are the
 * whole process's. Private memory is rss_anon_bytes + swap_bytes; where that is unknown, pss_bytes.
 *
 * Bounded: LEAK_PROCESSES_MAX processes are looked at, those that lived longest; the others are counted.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/macros.h"
#include "detect/leak-images.h"
#include "detect/leak-judge.h"
#include "detect/thresholds.h"
#include "table/batch.h"

enum { LEAK_PROCESSES_MAX = 2048 };

#define LEAK_NO_BYTES UINT64_MAX

typedef enum LeakRoom {
        LEAK_ROOM_UNKNOWN,
        LEAK_ROOM_MACHINE, /* what is available, and free swap */
        LEAK_ROOM_CGROUP,  /* what its tightest cgroup leaves */
} LeakRoom;

/* When a level that goes on growing has used up all there is, in minutes; INFINITY: never at that rate. */
typedef struct LeakExhaustion {
        double minutes, soonest, latest; /* at the rate, and at the ends of its interval; NAN: it does not grow */
} LeakExhaustion;

typedef struct LeakProcess {
        int32_t pid;
        uint64_t key;            /* of the image */
        const char *comm, *cmdline; /* the finder's; NULL unknown */
        int64_t start_ns, end_ns;   /* of the process; LEAK_ALIVE */
        LeakVerdict memory;      /* MB (10^6 bytes) */
        LeakVerdict fds, threads;
        uint64_t memory_bytes;   /* the last seen; LEAK_NO_BYTES */
        uint64_t pss_bytes;      /* the last that was read; LEAK_NO_BYTES */
        int64_t memory_ns, fds_ns, threads_ns; /* from when on each was judged, behind the warm-up */
        bool is_estimate;        /* its memory is no private memory, but an estimate of what it holds */
        bool step;               /* a compiler, or another of a build: it is no leak, what it grows by */
        bool well;               /* it ended, with code 0 */
        bool over;               /* it ended while what was recorded went on: it takes no more */
        LeakExhaustion exhaustion;
        bool orphan;             /* it outlived its parent, and stayed for long */
        int64_t orphaned_ns;     /* since when */
        const LeakImage *parent; /* its first; the finder's; NULL unknown */
} LeakProcess;

typedef struct LeakReport {
        LeakProcess *processes; /* most certain and largest first, those that are over behind the others */
        size_t n;
        size_t n_short;     /* of them, LEAK_UNKNOWN in memory */
        size_t n_leaking;   /* of them, slow or leak in anything, and no steps */
        uint64_t seen;      /* processes there were, as images of the table */
        uint64_t left_out;  /* never looked at: there were too many */
        uint64_t unwatched; /* lived too briefly for a sample, or were filtered out */
        double minutes;     /* over which was looked */
        LeakRoom room;      /* which is the tighter */
        uint64_t room_bytes; /* LEAK_NO_BYTES */
        double mb_per_min;  /* of all together that leak or grow slowly, and are not over */
        LeakExhaustion exhaustion;
} LeakReport;

typedef struct LeakOptions {
        LeakLimits memory, counts;    /* counts: of fds and of threads */
        int64_t from_ns, until_ns;    /* samples outside are not looked at; 0 and INT64_MAX: all */
        uint64_t hold_ns;             /* as TrendSeries has it; a run: three intervals, 25 s at least */
        int64_t least_life_ns;        /* who lived for less is not looked at; 0: all are */
        bool of_command;              /* a run of a command: its build tools are steps, too; if not they may be servers */
        /* NULL: all processes */
        bool (*wanted)(int32_t pid, const char *comm, const char *cmdline, void *data);
        void *data;
} LeakOptions;

extern const LeakOptions leak_options_default;

/* Of [findings], for a run sampled every interval_ns (UINT64_MAX unknown); `of_command`: as above. */
LeakOptions leak_options_of(const Thresholds *thresholds, uint64_t interval_ns, bool of_command);
uint64_t leak_hold_ns(uint64_t interval_ns); /* hold_ns of such a run */

LeakClass leak_worst_class(const LeakProcess *process); /* of the three */

typedef struct LeakFinder LeakFinder;

int leak_finder_new(const LeakOptions *options, LeakFinder **ret); /* 0 or -ENOMEM */
LeakFinder *leak_finder_free(LeakFinder *finder);
DEFINE_CLEANUP(LeakFinder, leak_finder)

/* Columns of a table that it looks at, NULL-terminated; NULL: none of it. */
const char *const *leak_finder_columns(const char *table);
/* The tables in their order, NULL-terminated. */
extern const char *const leak_finder_tables[];

/* Rows of a table of that name; of others nothing is done. 0 or -ENOMEM. */
int leak_finder_observe(LeakFinder *finder, const char *table, const Batch *rows);

/* The last levels hold until end_ns (INT64_MIN: the last row). The report is the finder's, until it is freed. 0 or
 * -ENOMEM. */
int leak_finder_finish(LeakFinder *finder, int64_t end_ns, const LeakReport **ret);
