/* A clock that was set, or a machine that slept, is recorded as an event, not smoothed over. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "monitor/process.h"

typedef struct ClockWatch {
        bool known;               /* zeroed at first: no tick yet */
        int64_t clock_offset_ns;  /* realtime - monotonic at the last tick */
        uint64_t sleep_offset_ns; /* boottime - monotonic at the last tick */
} ClockWatch;

void clock_watch_look(ClockWatch *watch, ProcessMonitor *monitor, const Tick *tick);
