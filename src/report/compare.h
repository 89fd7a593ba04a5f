/*
 * Runs against each other: each is reduced to figures when it is added, and its tables are let go,
 * so that many runs cost little. Groups of runs are compared with the first group, or, of two sweeps,
 * at each -j by itself. compare-judge.c says what is worse, better or not clear.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "base/text.h"
#include "model/statistics.h"
#include "report/report.h"
#include "store/run.h"

enum {
        COMPARE_RUNS_MAX = 512,
        COMPARE_FIGURES_MAX = 8192,
        COMPARE_NOTES_MAX = 32,
        COMPARE_TEXT_MAX = 4096, /* bytes kept of a command line */
};

typedef enum FigureSection { FIGURE_RUN, FIGURE_MAJOR, FIGURE_CATEGORY, FIGURE_MONITOR } FigureSection;

typedef enum Statistic {
        STATISTIC_VALUE,  /* of the run as a whole */
        STATISTIC_PEAK, STATISTIC_CPU, STATISTIC_PROCESSES, /* of a category */
        STATISTIC_MEAN, STATISTIC_MOST, STATISTIC_TOTAL,    /* of a monitor's column */
} Statistic;

const char *figure_section_name(FigureSection section); /* "run", "major", "category", "monitor" */
const char *statistic_name(Statistic statistic);        /* "value", "peak", "cpu", …, "total" */

/* Those of a run as a whole, in this order. */
typedef enum RunFigure {
        RUN_WALL, RUN_CPU, RUN_USER, RUN_SYSTEM, RUN_CORES, RUN_PEAK, RUN_PEAK_RSS, RUN_PEAK_CGROUP,
        RUN_PROCESSES, RUN_FIGURES,
} RunFigure;

typedef struct ComparedFigure {
        FigureSection section;
        Statistic statistic;
        char *name;   /* wall …; a category; a monitor's column */
        char *within; /* a category's major; the monitor; may be NULL */
        char *thing;  /* of a monitor: what its keys say; NULL: none */
        Unit unit;    /* times of runs and categories: UNIT_SECONDS */
        bool judged;  /* more is worse; else no opinion */
        bool part;    /* of a monitor: one of several of which the whole is known (one CPU) */
        double *values; /* one a run; NAN unknown */
} ComparedFigure;

typedef struct ComparedRun {
        char *path, *id, *label, *host, *kernel, *command, *source, *rules;
        uint64_t rules_fingerprint, memory_bytes, lost_events;
        int64_t start_realtime_ns;
        unsigned cpus, jobs; /* jobs 0: of no sweep */
        int exit_code, exit_signal;
        bool timed_out, complete, recording, partial, expected_exit, damaged;
        size_t group;
} ComparedRun;

typedef struct ComparedGroup {
        char *name;
        unsigned jobs; /* its runs', of a sweep; 0: not said */
        size_t n_runs, n_failed, n_unfinished;
} ComparedGroup;

typedef enum Verdict {
        VERDICT_UNKNOWN, /* a side has no value */
        VERDICT_ALIKE,   /* the very same */
        VERDICT_UNSURE,  /* one run each: a difference, but no spread to hold it against */
        VERDICT_UNCLEAR, /* the interval holds "none" */
        VERDICT_MORE, VERDICT_LESS,
} Verdict;

typedef struct ComparedDifference {
        Spread a, b;
        Difference difference;
        Verdict verdict;
} ComparedDifference;

/* A group and the one it is held against. */
typedef struct ComparedPair {
        size_t base, other;
        ComparedDifference *differences; /* one a figure */
} ComparedPair;

/* A sentence about the runs: what differs between them (which may be what is tried), or a warning. */
typedef struct ComparedNote {
        char *text;
        bool warning;
} ComparedNote;

typedef struct Comparison {
        ComparedGroup *groups;
        size_t n_groups;
        ComparedRun *runs;
        size_t n_runs;
        ComparedFigure *figures; /* by section, as first met */
        size_t n_figures, figures_left_out;
        struct Map *by_name;
        ComparedPair *pairs;
        size_t n_pairs;
        bool per_jobs; /* pairs are of two sweeps, one a -j */
        char *base_name, *other_name; /* with per_jobs: of the sweeps */
        ComparedNote notes[COMPARE_NOTES_MAX]; /* why the runs are not quite comparable */
        size_t n_notes;
} Comparison;

int comparison_init(Comparison *comparison); /* 0 or -ENOMEM */
void comparison_done(Comparison *comparison);

/* A group, empty yet; *ret is its number. Names are strangers' and are made safe where shown. */
int comparison_add_group(Comparison *comparison, const char *name, unsigned jobs, size_t *ret);

/* Reads a run and keeps its figures. -E2BIG: too many runs; else as run.h. `expected_exit`: the exit
 * code was one that a sweep's project expects. */
int comparison_add_run(Comparison *comparison, size_t group, RunReader *reader, const ReportLabels *labels,
                       unsigned jobs, bool expected_exit, Error *err);

/* Group `other` against `base`. */
int comparison_add_pair(Comparison *comparison, size_t base, size_t other);

/* A sentence that is shown with the others; made safe then. 0 or -ENOMEM. */
int comparison_add_note(Comparison *comparison, bool warning, const char *text);

/* When all is added: differences, verdicts, warnings. 0 or -ENOMEM. */
int comparison_finish(Comparison *comparison);

bool compared_run_failed(const ComparedRun *run);

/* ---- regressions ---- */

typedef struct RegressionCheck {
        double bound;      /* 0.05: more than 5 % worse */
        bool figures[RUN_FIGURES];
        bool chosen;       /* the figures were named, so each must be known */
} RegressionCheck;

typedef enum Judgement {
        JUDGED_FINE,
        JUDGED_WORSE,      /* by more than the bound, and the interval (if any) excludes "as before" */
        JUDGED_NOT_SURE,   /* by more than the bound, but the interval holds "as before" */
        JUDGED_UNKNOWN,    /* no value on one side */
} Judgement;

/* "5%", "5 %", "2.5": a percentage from 0 to 1,000. "wall,cpu,peak". -EINVAL with what was expected. */
int regression_parse_bound(const char *text, double *ret, Error *err);
int regression_parse_figures(const char *text, RegressionCheck *ret, Error *err);

/* Of one figure of one pair. With repeats on both sides: worse is a ratio of the means over 1 + bound
 * and a lower end of its interval over 1. With one run on a side: the ratio alone. */
Judgement regression_judge(const RegressionCheck *check, const ComparedDifference *difference);

/* Of all: JUDGED_WORSE also where runs of a group failed and those of its base did not; JUDGED_UNKNOWN
 * where runs are unfinished, where a chosen figure is unknown, or all are. */
Judgement regression_judge_all(const RegressionCheck *check, const Comparison *comparison);

/* ---- forms ---- */

typedef struct CompareOptions {
        ReportOptions shown;
        bool all;                      /* every figure, however little it differs */
        const RegressionCheck *check;  /* NULL: none was asked for */
        /* Of the JSON, for a page: figures of each comparison, those that say most, and bytes of a run's
         * texts. 0: all. */
        size_t figures_most, text_most;
} CompareOptions;

/* Which figure is judged: for the peak the PSS where both sides know it, else the RSS, else the cgroup's. */
size_t regression_figure(const ComparedPair *pair, RunFigure figure);

int compare_write_text(const Comparison *comparison, const CompareOptions *options, String *out);
int compare_write_markdown(const Comparison *comparison, const CompareOptions *options, String *out);
int compare_write_json(const Comparison *comparison, const CompareOptions *options, String *out);
