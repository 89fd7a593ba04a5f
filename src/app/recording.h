/*
 * What run and attach share: a run directory, its store and run.json around a recorder, and the
 * summary at the end.
 */
#pragma once

#include <stdbool.h>

#include "app/options.h"
#include "base/error.h"
#include "record/recorder.h"
#include "store/run.h"

typedef struct Recording {
        /* settings, from options */
        const char *label, *output, *source, *interval, *match, *compression;
        bool quiet, no_report;
        unsigned verbose;
        const char *pss_budget;
        /* at work */
        RunInfo info;
        RunStore *store;
        RecorderOptions options;
        RecorderResult result;
        Host *host;
        Regex *regex;
        char *path; /* the run directory */
        int directory_fd;
        Sink *processes, *samples, *totals, *events;
        MonitorPlan *plan;   /* the monitors, beside that of processes; owned */
        size_t n_plan;
        int store_error;     /* newest -errno of the store, 0: fine */
        Error store_sentence;
} Recording;

void recording_init(Recording *recording);
void recording_done(Recording *recording);

/* The options that both commands have: n_max slots at `to`; returns how many were filled. */
size_t recording_options(Recording *recording, Option *to, size_t n_max);

/* Checks the settings. -EINVAL with a sentence for bad usage. */
int recording_check(Recording *recording, const char *command, double interval_default, Error *err);

/* Makes the run directory and its first run.json; then the tables can be added to. */
int recording_begin(Recording *recording, Error *err);

/* Records; finishes the run on disk in every case, but removes it if nothing ran (the exec of
 * the command failed: result.workload.exec_failed). */
int recording_run(Recording *recording, Error *err);

/* The summary on stderr and summary.txt, unless not wanted. */
void recording_report(Recording *recording);
