/*
 * `vigia leak`: what is asked for, where the rows come from, and how the answer is told. leak-read.c feeds a
 * LeakFinder, leak-show.c and leak-json.c tell what it found.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "app/options.h"
#include "base/error.h"
#include "base/regex.h"
#include "base/text.h"
#include "base/json.h"
#include "detect/leak-finder.h"
#include "detect/leak-threads.h"
#include "report/report.h"

typedef struct LeakAsked {
        TextList names, pids;         /* which processes; none: all */
        uint64_t since_ns, until_ns;  /* since the start of the run or log; until 0: the end */
        bool all, json;
        LeakOptions options;
        /* leak_filter_init's */
        Regex *regex;
        int32_t *numbers;
        size_t n_numbers;
} LeakAsked;

/* The filter of options.wanted. -EINVAL with a sentence. */
int leak_filter_init(LeakAsked *asked, Error *err);
void leak_asked_done(LeakAsked *asked);

/* What was read, for a title. */
typedef struct LeakSource {
        String name;         /* the run's id and label, or the names of the logs */
        bool is_log;
        bool recording;      /* it goes on */
        bool partial;        /* processes may have been missed */
        uint64_t bad_rows;   /* of logs */
        int64_t end_ns;      /* of the recording; INT64_MIN unknown */
        LeakThreads *threads; /* owned; NULL: there is no table of them */
        const LeakThreadGroup *groups; /* leak_source_finish's */
        size_t n_groups;
} LeakSource;

/* Finishes the threads. 0 or -ENOMEM. */
int leak_source_finish(LeakSource *source);
void leak_source_done(LeakSource *source);

/* A run, by whatever run_resolve takes. The finder is new, with asked->options. 0, or -errno with a sentence. */
int leak_read_run(const char *name, LeakAsked *asked, LeakSource *source, LeakFinder **ret, Error *err);

/* Logs of the memory guide: several make one. As leak_read_run. */
int leak_read_logs(char *const *words, size_t n, LeakAsked *asked, LeakSource *source, LeakFinder **ret, Error *err);

/* For a person, as wide as `to` says. */
void leak_show(const LeakAsked *asked, const LeakSource *source, const LeakReport *report, const ReportOptions *to,
               String *out);
/* SPEC 8's JSON, ended by '\n'. */
void leak_json(const LeakAsked *asked, const LeakSource *source, const LeakReport *report, String *out);

/* The threads of each process, where there are several: lines of the above, and a member of its JSON. */
void leak_show_threads(const LeakReport *report, const LeakThreadGroup *groups, size_t n, const ReportOptions *to, String *out);
void leak_json_threads(const LeakReport *report, const LeakThreadGroup *groups, size_t n, Json *j);
