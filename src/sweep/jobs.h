/*
 * The levels of a sweep: -j 8,4,2 and what it is filled into. {j}, <N> and {j_level} in a command
 * stand for the number; after a '$' they are the shell's (${j}).
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"
#include "base/text.h"

enum { SWEEP_LEVELS_MAX = 64, SWEEP_JOBS_MAX = 65536 };

typedef struct SweepJobs {
        unsigned levels[SWEEP_LEVELS_MAX];
        size_t n;
} SweepJobs;

/* Adds "8" or "8,4,2" to what is there. -EINVAL with what was expected. */
int sweep_jobs_add(SweepJobs *jobs, const char *text, Error *expected);

/* A SettingKey's check. */
int sweep_jobs_check(const char *text, Error *expected);

/* 1, 2, 4, … and all of the CPUs. */
void sweep_jobs_default(SweepJobs *jobs, unsigned cpus);

/* Whether the number is asked for anywhere in the text. */
bool sweep_has_jobs(const char *text);

/* Appends the text with the number filled in. */
void sweep_fill_jobs(String *to, const char *text, unsigned jobs);
