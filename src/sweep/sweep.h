/*
 * A sweep: the same work at several -j. A directory with sweep.json, one run directory each, the
 * log of what was done in between, and summary.txt. sweep.json says everything that is needed to go
 * on after an interruption; it is replaced as a whole after each step (docs/run-format.md).
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "base/text.h"
#include "model/summary.h"
#include "store/run.h"
#include "sweep/cpus.h"
#include "sweep/jobs.h"

enum {
        SWEEP_FORMAT = 1,
        SWEEP_RUNS_MAX = 4096,
        SWEEP_REPEAT_MAX = 1000,
        SWEEP_GROUPS = 24, /* categories kept of each run */
        SWEEP_JSON_MAX = 16 << 20,
};

#define SWEEP_FILE "sweep.json"
#define SWEEP_LOG "sweep.log"

typedef enum SweepState {
        SWEEP_PLANNED,
        SWEEP_RUNNING,     /* or nobody came back to say what became of it */
        SWEEP_DONE,
        SWEEP_FAILED,      /* the build's exit code is none of the expected */
        SWEEP_TIMED_OUT,
        SWEEP_INTERRUPTED,
} SweepState;

const char *sweep_state_name(SweepState state); /* "planned", "running", … */

/* Processes of one kind: as SummaryGroup. Unknown figures are SUMMARY_UNKNOWN. */
typedef struct SweepGroup {
        char *major, *name; /* major NULL: no rules applied */
        uint64_t processes, peak_bytes, at_peak_bytes, largest_bytes, cpu_us;
} SweepGroup;

/* What is compared of a run; the rest is in its own directory. */
typedef struct SweepFigures {
        uint64_t wall_ns, cpu_us, user_us, system_us; /* RUN_UNKNOWN */
        uint64_t peak_bytes;     /* of the tree: PSS, or RSS where that is all there is */
        uint64_t peak_rss_bytes, peak_cgroup_bytes;
        int64_t peak_t_ns;       /* INT64_MIN: unknown */
        uint64_t processes, lost_events;
        bool partial;
        SweepGroup *groups; /* highest peak first */
        size_t n_groups;
} SweepFigures;

typedef struct SweepRun {
        unsigned jobs;   /* 0: the command knows no -j */
        unsigned repeat; /* from 1 */
        bool warm_up;    /* before all others, and in no table */
        char *path;      /* below the sweep's */
        SweepState state;
        int exit_code, exit_signal; /* -1: none */
        char *build_cpus, *recorder_cpus; /* NULL: all */
        uint64_t around_ns; /* what cleaning and the like took besides; RUN_UNKNOWN */
        SweepFigures figures;
} SweepRun;

typedef enum SweepOrder { SWEEP_AS_GIVEN, SWEEP_RANDOM } SweepOrder;

typedef struct Sweep {
        char *id, *label, *vigia_version, *host, *kernel, *machine, *user;
        char *project;   /* NULL: a command */
        char **command;  /* NULL-terminated words; of a project sh, -c and the template */
        char *setup, *clean; /* for sh -c; NULL: none */
        char *dir;
        char **environment; /* NAME=VALUE …, NULL-terminated; may be NULL */
        char *match, *programs;
        bool redacted;   /* something in the commands or the environment is not stored as it is: secrets */
        /* As they are executed; not stored. NULL where they are not known: read from a redacted one. */
        char **run_command, **run_environment, *run_setup, *run_clean;
        uint8_t exits[16];
        size_t n_exits;  /* 0: it is 0 */
        SweepJobs jobs;  /* n 0: the command knows no -j */
        unsigned repeat;
        SweepOrder order;
        uint64_t seed;
        bool pre_clean, post_clean, warm_up, keep_going, set_up;
        uint64_t timeout_ns, limit_ns; /* 0: none */
        CpuPolicy policy;
        char *build_cpus, *recorder_cpus; /* as asked for; NULL: not */
        char **options;  /* of the recording: "interval=0.1" …; NULL-terminated; may be NULL */
        unsigned cpus, usable_cpus;
        uint64_t memory_bytes;
        int64_t start_realtime_ns, end_realtime_ns; /* -1: not ended */
        uint64_t spent_ns; /* in all sessions so far */
        SweepRun *runs;
        size_t n_runs;
} Sweep;

void sweep_init(Sweep *sweep);
void sweep_done(Sweep *sweep);

/* Of all that is planned only the first run, warm-up not counted. */
void sweep_keep_first(Sweep *sweep);

/* Of one that was read and is not redacted: what is stored is what is executed. 0 or -ENOMEM. */
int sweep_use_stored(Sweep *sweep);

/* Makes ->runs from jobs, repeat, order, seed, warm_up. Rounds: every -j once, then every -j again,
 * so that a machine that slows down meanwhile slows all of them; random: each round in an order of
 * its own. 0, -E2BIG with a sentence, -ENOMEM. */
int sweep_plan(Sweep *sweep, Error *err);

/* How a build that ended so is to be called. */
SweepState sweep_judge(const Sweep *sweep, const RunInfo *info);

/* From a run that was read. 0 or -ENOMEM; what was there is freed. */
int sweep_take_figures(SweepRun *run, const RunInfo *info, const Summary *summary);
void sweep_drop_figures(SweepRun *run);

/* How long the rest will take, from the runs that are done and those that are not; RUN_UNKNOWN before
 * the first is. `elapsed_ns`: of the one at work. */
uint64_t sweep_time_left_ns(const Sweep *sweep, const SweepRun *at_work, uint64_t elapsed_ns);
/* What this run is expected to take by itself. */
uint64_t sweep_expected_ns(const Sweep *sweep, const SweepRun *run);

/* ---- sweep.json ---- */

int sweep_write(const Sweep *sweep, int dirfd, bool durable, Error *err);
/* Appends it. -ENOMEM */
int sweep_to_json(const Sweep *sweep, String *to);
/* Into an initialised one, untouched on failure. -ENOENT; -EBADMSG with FILE:LINE:COL: …;
 * -EOPNOTSUPP: of a newer vigia. */
int sweep_read(Sweep *sweep, int dirfd, const char *shown_path, Error *err);
int sweep_from_json(Sweep *sweep, const char *text, size_t size, const char *shown, Error *err);

/* ---- where sweeps live: beside the runs (run.h), ID = YYYYMMDD-HHMMSS-LABEL-sweep ---- */

bool sweep_is_at(const char *path); /* the folder has a sweep.json */

/* A path, an id, its unique beginning. "last" is the newest sweep; `or_run`: -ENOENT if a run is
 * newer. -ENOENT, -ENOTUNIQ with a sentence. The path is owned. */
int sweep_resolve(const char *name, bool or_run, char **ret_path, Error *err);

/* All in runs_directory(), oldest first; owned, NULL-terminated. */
int sweeps_list(char ***ret);
