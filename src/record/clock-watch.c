/* Three clocks at each tick: what they moved against each other since the last one. */
#include "record/clock-watch.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"

enum {
        SUSPEND_NS = 1000000000,   /* boottime ran ahead of monotonic by this in a tick: slept */
        CLOCK_STEP_NS = 100000000, /* realtime moved against monotonic: somebody set it */
};

void clock_watch_look(ClockWatch *watch, ProcessMonitor *monitor, const Tick *tick)
{
        int64_t clock_offset = tick->realtime_ns - (int64_t)tick->now_ns;
        uint64_t sleep_offset = clock_boottime_ns() - clock_monotonic_ns();
        int64_t slept = (int64_t)(sleep_offset - watch->sleep_offset_ns);
        int64_t step = clock_offset - watch->clock_offset_ns - slept;
        char text[96];

        if (watch->known && slept > SUSPEND_NS) {
                snprintf(text, sizeof text, "the machine was suspended for %.1f s", (double)slept / 1e9);
                process_monitor_event(monitor, tick, "suspend", "info", NULL, text);
        }
        if (watch->known && llabs(step) > CLOCK_STEP_NS) {
                snprintf(text, sizeof text, "the clock was set %s by %.3f s", step > 0 ? "forward" : "back",
                         (double)llabs(step) / 1e9);
                process_monitor_event(monitor, tick, "clock-step", "info", NULL, text);
        }
        *watch = (ClockWatch){true, clock_offset, sleep_offset};
}
