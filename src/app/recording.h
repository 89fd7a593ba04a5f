/*
 * What run and attach share: a run directory, its store and run.json around a recorder, and the
 * summary at the end.
 */
#pragma once

#include <stdbool.h>

#include "app/configuration.h"
#include "app/control.h"
#include "app/labels.h"
#include "app/live-findings.h"
#include "app/options.h"
#include "base/error.h"
#include "record/recorder.h"
#include "store/run.h"

typedef struct Recording {
        /* From options; recording_check fills in what the configuration says. */
        const char *label, *output, *source, *interval, *match, *rules, *compression, *send, *export;
        const char *label_default; /* where nobody says one; NULL: the caller's matter */
        bool quiet, no_report, html;
        unsigned verbose;
        const char *pss_budget;
        ConfigurationOptions configured;
        Configuration configuration;
        bool bad_configuration; /* recording_check failed, and not for an option */
        /* at work */
        RunInfo info;
        RunStore *store;
        RecorderOptions options;
        RecorderResult result;
        Host *host;
        Regex *regex;
        Regex *regex_new; /* sweep: options.match_new */
        Labels labels;
        char *path; /* the run directory */
        int directory_fd;
        Sink *processes, *samples, *totals, *events;
        LiveFindings *live;      /* NULL: without memory, nobody looks */
        ProcessMonitor *monitor; /* while it records, and so the next two */
        Loop *loop;
        const Schedule *schedule;
        Control *control;    /* NULL: nobody can ask */
        bool background; /* start: its id finds it while it records, wherever it is */
        int ready_fd;        /* start: told when it records; -1: nobody waits */
        int output_fd;       /* the command writes to output.log by itself: this one; -1: it does not */
        uint64_t ticked_ns;
        int store_error;     /* newest -errno of the store, 0: fine */
        Error store_sentence;
} Recording;

void recording_init(Recording *recording);
void recording_done(Recording *recording);

/* The options that all commands which record have, at most so many, at `to`; returns how many. */
enum { RECORDING_OPTIONS = 12 + CONFIGURATION_OPTIONS };
size_t recording_options(Recording *recording, Option *to, size_t n_max);

/* Reads the configuration and checks all settings. -EINVAL with a sentence for bad usage and for
 * a bad configuration: recording_refuse. `whole_machine`: its defaults are gentler. */
int recording_check(Recording *recording, const char *command, bool whole_machine, Error *err);

/* Says the sentence: as usage_error, but a configuration's mistake is no matter of --help. */
int recording_refuse(const Recording *recording, const Command *command, const Error *err);

/* Makes the run directory and its first run.json; then the tables can be added to. */
int recording_begin(Recording *recording, Error *err);

/* output.log in the run directory; -1 and a warning where it cannot be had: the command matters more. */
int recording_open_output(const Recording *recording);

/* Records; finishes the run on disk in every case, but removes it if nothing ran (the exec of
 * the command failed: result.workload.exec_failed). */
int recording_run(Recording *recording, Error *err);

/* For recorder_run: serves status, snapshot and stop from now on. 0 always: a recording that cannot be
 * asked is one all the same. */
int recording_serve(Loop *loop, const Schedule *schedule, void *recording);

/* Makes of the finished run what is wanted, and sends it where it is; what fails is a warning. After recording_report. */
void recording_end(Recording *recording);

/* The options for it, of run and attach; returns how many. */
enum { RECORDING_END_OPTIONS = 2 };
size_t recording_end_options(Recording *recording, Option *to);

/* Whether a run can be made into such a thing at its end. 0, or -EINVAL with what was expected. */
int recording_check_export(const char *name, Error *expected);

/* The summary on stderr and summary.txt, unless not wanted; report.html where it is. */
void recording_report(Recording *recording);
