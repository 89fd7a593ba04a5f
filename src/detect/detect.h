/*
 * Detectors: what is wrong in a run, from its rows. Each is one file that defines `const Detector
 * detector_NAME`, and its word in meson.build. A detector has no clock and opens no file: time is a column.
 *
 * The same rows come live, as they are recorded, and afterwards, table by table; rows of one table are in
 * their order both times, of different tables in any. So what needs two tables is put together in
 * `finish`, and what is raised while rows come is final in its id, subject and severity; words may be bettered.
 * Live, findings that `observe` raises are told as they come; those of `finish` at the end.
 */
#pragma once

#include "base/macros.h"
#include "detect/finding.h"
#include "detect/thresholds.h"
#include "table/batch.h"

#define DETECT_UNKNOWN UINT64_MAX

/* Of the run and its machine. */
typedef struct DetectFacts {
        uint64_t memory_bytes; /* of the machine; DETECT_UNKNOWN */
        unsigned cpus;         /* 0 unknown */
        uint64_t interval_ns;  /* between samples; DETECT_UNKNOWN */
        uint64_t wall_ns;      /* DETECT_UNKNOWN while it runs */
        int exit_code, exit_signal; /* of the command; -1: none */
        bool attached;         /* no command of our own */
        bool all;              /* the whole machine is watched */
        bool timed_out;
        bool complete;
        bool cgroup_v1;        /* the run's own memory cgroup is one of version 1; else version 2, or not known */
        char run[160];         /* what it is called by on a command line; "": unknown */
} DetectFacts;

typedef struct DetectContext {
        DetectFacts facts;
        Thresholds thresholds;
        bool live; /* rows come while they are recorded */
} DetectContext;

typedef struct DetectTable {
        const char *name;
        const char *const *columns; /* NULL-terminated; others need not be in the batch */
        /* Afterwards, given before all other tables: its rows say at which moments to look at those. */
        bool ahead;
} DetectTable;

typedef struct Detector {
        const char *name;
        const DetectTable *tables; /* ended by name NULL; may be NULL */
        bool afterwards; /* looks back on a whole run, and keeps much of it: left out live */
        size_t state_size;         /* of what the functions are given, all zero at first */
        /* Rows of one of its tables. 0 or -ENOMEM. */
        int (*observe)(void *state, const DetectContext *context, const char *table, const Batch *rows,
                       Findings *out);
        /* A line of the command's output without its end; at most FINDING_TEXT_MAX bytes. May be NULL. */
        void (*output)(void *state, const char *line, size_t size);
        /* After all rows. 0 or -ENOMEM; may be NULL. */
        int (*finish)(void *state, const DetectContext *context, Findings *out);
        void (*done)(void *state); /* frees what state owns; may be NULL */
} Detector;

typedef struct Detect Detect;

/* With all detectors. The context is copied. 0 or -ENOMEM. */
int detect_new(const DetectContext *context, Detect **ret);
Detect *detect_free(Detect *detect);
DEFINE_CLEANUP(Detect, detect)

/* Which tables are looked at, and which columns of them: at most DETECT_COLUMNS_MAX, ended by NULL. */
enum { DETECT_COLUMNS_MAX = 64, DETECT_TABLES_MAX = 32 };
const char *detect_table(const Detect *detect, size_t i, bool *ret_ahead); /* NULL: no more */
const char *const *detect_columns(const Detect *detect, const char *table); /* NULL: it is not */

/* `ahead`: the reading ahead, which only detectors that ask for it are given. Live and otherwise: false,
 * and afterwards those detectors are not given the table again. 0 or -ENOMEM. */
int detect_observe(Detect *detect, const char *table, const Batch *rows, bool ahead);
void detect_output(Detect *detect, const char *line, size_t size);
bool detect_wants_output(const Detect *detect);

/* Facts that are only known at the end; before detect_finish. */
void detect_set_facts(Detect *detect, const DetectFacts *facts);
/* 0 or -ENOMEM. */
int detect_finish(Detect *detect);
/* So far, in the order in which they were raised, until detect_finish has sorted them. */
Findings *detect_findings(Detect *detect);
