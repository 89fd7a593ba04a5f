/*
 * Advice about one recorded run, from its rows to settings. In this order:
 *
 *     advise_init; advise_observe each table of build_rows_tables (columns: build_rows_columns);
 *     advise_plan; advise_observe_commands: processes once more (plan_command_columns), if there is a plan;
 *     advise_finish; the result is in `plan`, `forecast` and `list`; advise_done.
 */
#pragma once

#include "advise/advice.h"

typedef struct Advise {
        BuildRows rows;
        Plan *plan;         /* NULL: no build tool ran jobs in it, or too many */
        Forecast forecast;  /* n 0: none */
        AdviceList list;
        bool too_large;     /* more processes or jobs than are looked at */
        bool failed, incomplete, attached, partial; /* by the caller, before advise_plan: of the run */
        uint64_t oom_kills, lost_events; /* likewise, before advise_finish */
        double wall_s;
} Advise;

/* A run as long as this is many builds, or none. */
#define ADVISE_WALL_MAX_S (20.0 * 3600)

int advise_init(Advise *a, unsigned cpus); /* of the machine it was recorded on; 0 or -ENOMEM */
void advise_done(Advise *a);

int advise_observe(Advise *a, const char *table, const Batch *rows); /* 0 or -ENOMEM */

/* wall_s: NAN unknown. 0 or -ENOMEM; 1: there is no plan. */
int advise_plan(Advise *a, double wall_s);
int advise_observe_commands(Advise *a, const Batch *processes);

/* What can be said before the first row: a sentence why there will be no plan; NULL: nothing speaks against it. */
const char *advise_refusal_of_run(const Advise *a, double wall_s);
/* After advise_finish: a sentence why nothing is said about -j; NULL: there is a forecast. */
const char *advise_refusal(const Advise *a);

/* tool: as advice_make. 0 or -ENOMEM. */
int advise_finish(Advise *a, const ForecastOptions *options, const char *tool);

/* What is not known, or to be taken with care: sentences. Each is handed to say(). 0, or what it returned. */
int advise_notes(const Advise *a, int (*say)(const char *sentence, void *data), void *data);
