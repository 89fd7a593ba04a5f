/*
 * When each monitor is sampled, and what becomes of its rows: one that is absent is passed over, one
 * that fails is dropped from the tick, counted, and tried again ever more rarely; one that may block
 * has a thread of its own; rows that say nothing new are left out. None stops another, or the
 * recording. For the recorder's one thread.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "loop/loop.h"
#include "monitor/monitor.h"
#include "table/sink.h"

typedef struct Schedule Schedule;

typedef struct ScheduleOptions {
        const Host *host;
        Loop *loop;
        const MonitorPlan *plan;
        size_t n_plan;
        const MonitorSetting *settings;
        size_t n_settings;
        pid_t root;               /* as in MonitorContext, and so are the next */
        uid_t uid;
        bool all;
        const char *cgroup;
        const MonitorScope *scope;
        int run_fd;
        uint64_t start_ns;        /* CLOCK_MONOTONIC of the run's start */
        Sink *events;             /* for the rows of monitors of events; may be NULL */
        /* A table for a monitor's rows: called when the first of them are there. */
        int (*add_table)(const Schema *schema, Sink **ret, void *data, Error *err);
        void *data;
} ScheduleOptions;

/* All borrowed until schedule_free. 0 or -ENOMEM. */
int schedule_new(const ScheduleOptions *options, Schedule **ret);

/* Begins with the monitors that must see the command from its first instruction (`early`), and later
 * with the rest. Never fails: a monitor that cannot start is said in its figures. */
void schedule_start(Schedule *schedule, bool early);

/* The shortest interval of a monitor that is sampled by time; UINT64_MAX: there is none. */
uint64_t schedule_interval_ns(const Schedule *schedule);

/* Samples those that are due, or will be before `slack_ns` more have passed. */
void schedule_tick(Schedule *schedule, uint64_t now_ns, int64_t realtime_ns, uint64_t slack_ns);

/* One last sample of each, and the rows that were held back. Waits a moment at most for those that
 * block. Then only schedule_figures and schedule_free. */
void schedule_finish(Schedule *schedule, uint64_t now_ns, int64_t realtime_ns);

/* What is known about a monitor so far, for run.json. */
typedef struct ScheduleFigures {
        const char *name;
        uint64_t interval_us;
        uint64_t rows;   /* told */
        uint64_t errors; /* samples and starts that failed */
        uint64_t late;   /* samples that were left out for want of time */
        bool absent;     /* not here, and why */
        Error why;       /* or the latest failure; "": none */
} ScheduleFigures;

size_t schedule_count(const Schedule *schedule);
void schedule_figures(const Schedule *schedule, size_t i, ScheduleFigures *ret);

Schedule *schedule_free(Schedule *schedule);
DEFINE_CLEANUP(Schedule, schedule)
