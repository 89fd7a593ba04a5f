/*
 * The configuration in force: files, preset, VIGIA_* variables and options in layers, and what
 * follows for the monitors. vigia.toml(5) is its manual.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "app/options.h"
#include "base/error.h"
#include "config/settings.h"
#include "monitor/declared.h"
#include "monitor/monitor.h"

/* What the command line says. Texts are borrowed until configuration_load has returned. */
typedef struct ConfigurationOptions {
        const char *file;        /* -c; NULL: VIGIA_CONFIG, or the user's */
        const char *projects;    /* a file of [[projects]], over the user's; NULL: none */
        const char *preset;
        TextList on, off, only;  /* lists with commas; owned: configuration_options_done */
        bool threads;            /* the monitor of that name */
} ConfigurationOptions;

enum { CONFIGURATION_OPTIONS = 6 };
/* Puts -c, --preset, -m, -x, --only and --threads at `to`; returns how many (CONFIGURATION_OPTIONS). */
size_t configuration_options(ConfigurationOptions *options, Option *to);
void configuration_options_done(ConfigurationOptions *options);

/* Any other option of the command that a key stands for. */
typedef struct ConfigurationOption {
        const char *key;   /* "run.interval" */
        const char *shown; /* "--interval" */
        const char *text;  /* NULL: not given */
} ConfigurationOption;

typedef struct Configuration {
        Settings *settings;
        const SettingSchema *schema;
        Monitor **declared;       /* ended by NULL; may be NULL */
        size_t n_declared;
        const SettingRecord **declarations; /* of them, as they were written */
        /* Monitors of the recording beside that of processes, in the order of the manual. */
        MonitorPlan *plan;
        const SettingSource **plan_why; /* who turned it on; NULL: it is on by itself */
        size_t n_plan;
        MonitorSetting *monitor_settings;
        size_t n_monitor_settings;
} Configuration;

/* Reads everything, each mistake a note of ->settings. 0; -EINVAL with the first problem (the rest
 * is there all the same); -ENOMEM. */
int configuration_load(Configuration *configuration, const ConfigurationOptions *options,
                       const ConfigurationOption *others, size_t n_others, Error *err);
/* Whether the first problem is an option's, which --help explains. */
bool configuration_is_usage(const Configuration *configuration);
/* One file by itself, without variables and options. As configuration_load. */
int configuration_load_file(Configuration *configuration, const char *path, Error *err);
void configuration_done(Configuration *configuration);

/* Its warnings, to the log. */
void configuration_warn(const Configuration *configuration);

/* What is set, or the default. */
const char *configuration_text(const Configuration *configuration, const char *key, const char *initial);
/* The same for a file: a relative name is from the folder of the configuration file that says it. */
const char *configuration_path(const Configuration *configuration, const char *key);
uint64_t configuration_number(const Configuration *configuration, const char *key, uint64_t initial);
double configuration_real(const Configuration *configuration, const char *key, double initial);

/* monitors-plan.c: what settings and declarations make of the monitors. Unknown names become notes.
 * 0 or -ENOMEM. */
int monitors_plan(Configuration *configuration);
