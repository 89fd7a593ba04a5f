/*
 * `vigia compare`: which runs stand against which. Words of the command line become runs (a sweep
 * becomes its own), and runs become groups: as they were named (--baseline, --dev), by label, by host,
 * each by itself, or, of sweeps, by -j.
 */
#pragma once

#include "app/options.h"
#include "base/regex.h"
#include "report/compare.h"

typedef enum CompareBy { COMPARE_EACH, COMPARE_LABEL, COMPARE_HOST, COMPARE_NAMED } CompareBy;

/* A run, before its tables are read. */
typedef struct GivenRun {
        char *path, *label, *host;
        unsigned jobs;      /* 0: of no sweep */
        bool expected_exit; /* its sweep says that it ended as it should */
        size_t word;        /* that it came from */
        size_t group;
} GivenRun;

typedef struct GivenWord {
        const char *text;
        bool dev;         /* with COMPARE_NAMED */
        char *sweep;      /* its label if it is a sweep; NULL: a run */
        char *sweep_id;
} GivenWord;

typedef struct CompareGroups {
        CompareBy by;
        Regex *dev; /* which hosts or labels are dev; owned */
        GivenWord *words;
        size_t n_words;
        GivenRun *runs;
        size_t n_runs;
} CompareGroups;

void compare_groups_done(CompareGroups *groups);

/* The words of the command line, "--baseline A B -- --dev C D" included: those behind --dev or
 * --baseline, up to the next of both, are that group's. -EINVAL with a sentence, -ENOMEM. */
int compare_groups_add_words(CompareGroups *groups, int argc, char **argv, char **words, size_t n_words,
                             const TextList *baseline, const TextList *dev, Error *err);

/* Takes out the "--" in front of --baseline and --dev, so that they are options all the same. Returns
 * the new argc. */
int compare_groups_join(int argc, char **argv);

/* Finds the runs, and makes groups and pairs of a comparison; GivenRun.group is set. -EINVAL (what
 * was given makes no two groups), -ENOENT, -ENOTUNIQ … with a sentence. */
int compare_groups_make(CompareGroups *groups, Comparison *comparison, Error *err);
