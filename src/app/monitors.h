/*
 * What `vigia monitors` tells: the monitors there are, and what became of trying each, as facts that
 * text, JSON and doctor share.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "base/macros.h"
#include "base/text.h"
#include "host/host.h"
#include "monitor/monitor.h"

/* One monitor, tried where it was asked for. */
typedef struct MonitorTrial {
        const Monitor *monitor;
        bool declared; /* by the configuration, not of this vigia */
        bool enabled;  /* recorded unless told otherwise */
        uint64_t interval_us;
        bool tried;
        bool works;
        uint64_t took_us;
        Error why, fix; /* of one that does not work; fix may be "" */
} MonitorTrial;

typedef struct MonitorTrials {
        MonitorTrial *items; /* owned */
        size_t n;
} MonitorTrials;

void monitor_trials_done(MonitorTrials *trials);

/* Those of the registry, then the declared ones (ended by NULL; may be NULL), none tried yet. 0 or
 * -ENOMEM. */
int monitor_trials_init(MonitorTrials *ret, Monitor *const *declared);

/* What a recording would take of them: enabled and interval_us follow the plan. */
void monitor_trials_plan(MonitorTrials *trials, const MonitorPlan *plan, size_t n);

/* Keeps those named, in the order of the names. -ENOENT with a sentence that has the nearest. */
int monitor_trials_select(MonitorTrials *trials, char *const *names, size_t n, Error *err);

/* Probes each, as for a command that is to be run. settings may be NULL. */
void monitor_trials_try(MonitorTrials *trials, const Host *host, const MonitorSetting *settings,
                        size_t n_settings);

/* How many work of those that were tried; `enabled` counts only those that are on. */
size_t monitor_trials_count(const MonitorTrials *trials, bool enabled, bool works);

/* For a person, 80 columns. */
void monitors_show_list(const MonitorTrials *trials, bool colour, String *to);
void monitors_show_trials(const MonitorTrials *trials, bool all, bool colour, String *to);
/* schema: of the monitor's table; NULL: not known here. */
void monitors_show_one(const MonitorTrial *trial, const Schema *schema, bool colour, String *to);

/* The same as JSON, docs/monitors.schema.json, and a newline at the end. With `schema` the columns and keys
 * of the first one are told too. */
void monitors_json(const MonitorTrials *trials, bool detailed, const Schema *schema, String *to);

/* "250 ms", "2 s", "event". */
const char *monitor_interval_text(char buffer[FORMAT_MAX], uint64_t interval_us);
/* "text or list", "duration", … */
const char *monitor_key_kind_name(MonitorKeyKind kind);
