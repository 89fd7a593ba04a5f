/* Which monitors there are, and what probing each says. */
#include "app/monitors.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/nearest.h"

void monitor_trials_done(MonitorTrials *trials)
{
        free(trials->items);
        *trials = (MonitorTrials){0};
}

int monitor_trials_init(MonitorTrials *ret, Monitor *const *declared)
{
        size_t n_own = 0, n;

        while (monitors[n_own])
                n_own++;
        for (n = n_own; declared && declared[n - n_own];)
                n++;
        MonitorTrial *items = calloc(n + 1, sizeof *items);

        if (!items)
                return -ENOMEM;
        for (size_t i = 0; i < n; i++) {
                const Monitor *m = i < n_own ? monitors[i] : declared[i - n_own];
                items[i] = (MonitorTrial){.monitor = m,
                                          .declared = i >= n_own,
                                          .enabled = !m->off,
                                          .interval_us = m->interval_us};
        }
        *ret = (MonitorTrials){items, n};
        return 0;
}

void monitor_trials_plan(MonitorTrials *trials, const MonitorPlan *plan, size_t n)
{
        for (size_t i = 0; i < trials->n; i++) {
                MonitorTrial *t = &trials->items[i];
                t->enabled = false;
                for (size_t j = 0; j < n; j++)
                        if (plan[j].monitor == t->monitor) {
                                t->enabled = true;
                                t->interval_us = plan[j].interval_us;
                        }
        }
}

static int select_one(const MonitorTrials *trials, const char *name, MonitorTrial *ret, Error *err)
{
        char hint[NEAREST_HINT_MAX];
        Nearest nearest = nearest_to(name);

        for (size_t i = 0; i < trials->n; i++) {
                if (text_equal(trials->items[i].monitor->name, name)) {
                        *ret = trials->items[i];
                        return 0;
                }
                nearest_offer(&nearest, trials->items[i].monitor->name);
        }
        return error_set(err, ENOENT, "there is no monitor %s%s", name,
                         nearest_hint(&nearest, "", hint));
}

int monitor_trials_select(MonitorTrials *trials, char *const *names, size_t n, Error *err)
{
        MonitorTrial *items = calloc(n + 1, sizeof *items);
        int r = items ? 0 : error_set(err, ENOMEM, "out of memory");

        for (size_t i = 0; r == 0 && i < n; i++)
                r = select_one(trials, names[i], &items[i], err);
        if (r < 0) {
                free(items);
                return r;
        }
        free(trials->items);
        *trials = (MonitorTrials){items, n};
        return 0;
}

void monitor_trials_try(MonitorTrials *trials, const Host *host, const MonitorSetting *settings,
                        size_t n_settings)
{
        for (size_t i = 0; i < trials->n; i++) {
                MonitorTrial *t = &trials->items[i];
                const MonitorContext context = {
                        .host = host,
                        .monitor = t->monitor,
                        .interval_us = t->interval_us,
                        .uid = getuid(),
                        .settings = settings,
                        .n_settings = n_settings,
                        .run_fd = -1,
                };
                uint64_t start = clock_monotonic_ns();
                int r = t->monitor->probe(&context, &t->why, &t->fix);
                t->took_us = (clock_monotonic_ns() - start) / NS_PER_US;
                t->tried = true;
                t->works = r >= 0;
                if (!t->works && !t->why.message[0])
                        error_set_errno(&t->why, r, "%s", t->monitor->name);
        }
}

size_t monitor_trials_count(const MonitorTrials *trials, bool enabled, bool works)
{
        size_t n = 0;

        for (size_t i = 0; i < trials->n; i++) {
                const MonitorTrial *t = &trials->items[i];
                n += (!enabled || t->enabled) && (!works || t->works);
        }
        return n;
}

const char *monitor_interval_text(char buffer[FORMAT_MAX], uint64_t interval_us)
{
        unsigned long long us = interval_us;

        if (us == 0)
                snprintf(buffer, FORMAT_MAX, "event");
        else if (us % 1000 == 0 && us < 1000000)
                snprintf(buffer, FORMAT_MAX, "%llu ms", us / 1000);
        else if (us % 1000000 == 0 && us <= 120000000)
                snprintf(buffer, FORMAT_MAX, "%llu s", us / 1000000);
        else
                format_duration(buffer, interval_us * NS_PER_US);
        return buffer;
}

const char *monitor_key_kind_name(MonitorKeyKind kind)
{
        static const char *const names[] = {
                [MONITOR_KEY_TEXTS] = "text or list", [MONITOR_KEY_NUMBER] = "number",
                [MONITOR_KEY_DURATION] = "duration",  [MONITOR_KEY_BYTES] = "bytes",
                [MONITOR_KEY_BOOL] = "true or false",
        };

        return (size_t)kind < ARRAY_LENGTH(names) ? names[kind] : "?";
}
