/*
 * In which cgroup each controller has the run: what the monitor `cgroup` shows, and what lies above
 * it. On v1 controllers may have it in different ones.
 */
#pragma once

#include "host/cgroup-path.h"
#include "monitor/monitor.h"

/* Where a controller has the run. */
typedef struct CgroupPlace {
        bool seen;
        CgroupPath path;
        size_t level; /* 0, or the top of what is mounted */
} CgroupPlace;

enum { CGROUP_CONTROLLERS = 5 };

/* Embedded; nothing to free. */
typedef struct CgroupPlaces {
        CgroupPlace places[CGROUP_CONTROLLERS];
        char path[CGROUP_PATH_MAX]; /* the one that is shown as the run's; "": none */
} CgroupPlaces;

/* The cgroup that is to be watched, as [monitors.cgroup] or the recorder has it; NULL: the one that a
 * process is in. */
const char *cgroup_places_wanted(const MonitorContext *context);

/* The process whose cgroup it is then: the command, or the first that was attached to; 0: ourselves. */
pid_t cgroup_places_pid(const MonitorContext *context);

/* Whether that is not known yet: processes are watched, and there is none so far. To be asked again. */
bool cgroup_places_awaited(const MonitorContext *context);

/* Where each controller has the run. One that has it elsewhere (v1: a cgroup of the command's own is
 * in the memory hierarchy only) counts others' work too, and is not seen. False: none has. */
bool cgroup_places_find(CgroupPlaces *places, const MonitorContext *context);

/* controller: "memory", "cpu", "cpuacct", "blkio", "pids". */
const CgroupPlace *cgroup_places_of(const CgroupPlaces *places, const char *controller);
