/*
 * [[projects]] of a configuration: how a tree is set up, built and cleaned. MyMonitor's projects.toml
 * has this shape and loads unchanged. Those that ship with vigia (rules/projects) are in the binary.
 */
#pragma once

#include <stdint.h>

#include "config/settings.h"
#include "sweep/jobs.h"

extern const SettingList sweep_project_list;

enum { PROJECT_EXITS_MAX = 16 };

/* Texts are the settings'; NULL: not said. */
typedef struct Project {
        const char *name, *dir, *setup, *build, *clean;
        const char *match;    /* as --match */
        const char *programs; /* process_pattern: names of programs */
        const char *const *environment; /* NAME=VALUE */
        size_t n_environment;
        SweepJobs jobs; /* n 0: not said */
        uint8_t exits[PROJECT_EXITS_MAX]; /* that mean the build is fine */
        size_t n_exits;                   /* 0: not said, then it is 0 */
        const SettingSource *source;
} Project;

/* From a record of sweep_project_list. Names that mean the same are both said: a note. 0 or -EINVAL. */
int project_from_record(Settings *settings, const SettingRecord *record, Project *ret);

/* The record of that name among those gathered; NULL: none. */
const SettingRecord *project_find(const Settings *settings, const char *name);

/* Reads what ships with vigia into settings of its own: one of this name. -ENOENT: none. */
int project_shipped(const char *name, Settings **ret_settings, Project *ret, Error *err);

typedef struct ShippedProject {
        const char *name;
        const char *text;
        size_t size;
        const char *help;
} ShippedProject;

extern const ShippedProject shipped_projects[]; /* ended by name NULL */

/* MyMonitor's process_pattern ("make|gcc|ld|...") as an expression for command lines: the whole name
 * of the program has to match, in any folder. An alternative of nothing but "..." was never meant as
 * one and is left out. False: nothing is left. */
bool project_programs_regex(const char *pattern, String *to);

/* Notes what is wrong with any that was gathered. */
void projects_check(Settings *settings);
