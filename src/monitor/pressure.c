/* Pressure stall information of the machine: for which part of the time tasks waited for CPU,
 * memory, I/O or interrupts. Documentation/accounting/psi.rst. */
#include <errno.h>
#include <stdio.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "host/pressure-text.h"
#include "monitor/monitor.h"

enum {
        RESOURCE = MONITOR_FIRST,
        SOME_US,
        FULL_US,
        SOME_AVG10_PERCENT,
        SOME_AVG60_PERCENT,
        SOME_AVG300_PERCENT,
        FULL_AVG10_PERCENT,
        FULL_AVG60_PERCENT,
        FULL_AVG300_PERCENT,
        N_COLUMNS,
};

/* Idle machines stall a little all the time: a hundredth of a second says nothing. */
#define STALL_US 10000.0

static const Column pressure_columns[N_COLUMNS] = {
        MONITOR_TIME_COLUMNS,
        [RESOURCE] = KEY("resource", TEXT, NONE, "cpu, memory, io or irq"),
        [SOME_US] = COUNTER_NOISY("some_us", U64, US, STALL_US, "time in which some task waited"),
        [FULL_US] = COUNTER_NOISY("full_us", U64, US, STALL_US,
                                  "time in which every task that was not idle waited"),
        [SOME_AVG10_PERCENT] = GAUGE_NOISY("some_avg10_percent", F64, PERCENT, NOISE_ANY,
                                           "part of the last 10 s in which some task waited"),
        [SOME_AVG60_PERCENT] = GAUGE_NOISY("some_avg60_percent", F64, PERCENT, NOISE_ANY,
                                           "of the last minute"),
        [SOME_AVG300_PERCENT] = GAUGE_NOISY("some_avg300_percent", F64, PERCENT, NOISE_ANY,
                                            "of the last 5 minutes"),
        [FULL_AVG10_PERCENT] = GAUGE_NOISY("full_avg10_percent", F64, PERCENT, NOISE_ANY,
                                           "part of the last 10 s in which every task waited"),
        [FULL_AVG60_PERCENT] = GAUGE_NOISY("full_avg60_percent", F64, PERCENT, NOISE_ANY,
                                           "of the last minute"),
        [FULL_AVG300_PERCENT] = GAUGE_NOISY("full_avg300_percent", F64, PERCENT, NOISE_ANY,
                                            "of the last 5 minutes"),
};

static const Schema pressure_schema = {"pressure", pressure_columns, N_COLUMNS};

static const char *const resources[] = {"cpu", "memory", "io", "irq"};
enum { RESOURCES = ARRAY_LENGTH(resources) };

typedef struct PressureState {
        int fds[RESOURCES]; /* -1: this kernel does not have it */
} PressureState;

static int open_resource(const Host *host, size_t resource)
{
        char path[32];

        snprintf(path, sizeof path, "proc/pressure/%s", resources[resource]);
        return host_open(host, path);
}

static int pressure_probe(const MonitorContext *context, Error *why, Error *fix)
{
        _cleanup_close_ int fd = open_resource(context->host, 1);
        char text[256];
        int r = fd < 0 ? fd : (int)host_reread(fd, text, sizeof text);

        if (r >= 0)
                return 0;
        if (r != -ENOENT && r != -EOPNOTSUPP)
                return error_set_errno(why, r, "/proc/pressure/memory");
        /* Built in but off by default (CONFIG_PSI_DEFAULT_DISABLED): psi_proc_init makes nothing. */
        return error_set(why, EOPNOTSUPP,
                         r == -ENOENT ? "the kernel measures no pressure: it was built without "
                                        "CONFIG_PSI, or has to be booted with psi=1"
                                      : "the kernel measures no pressure unless booted with psi=1");
}

static int pressure_start(void *state, const MonitorContext *context, Error *err)
{
        PressureState *s = state;
        size_t found = 0;
        int r = 0;

        for (size_t i = 0; i < RESOURCES; i++) {
                s->fds[i] = open_resource(context->host, i);
                found += s->fds[i] >= 0;
                if (s->fds[i] < 0 && r == 0)
                        r = s->fds[i];
        }
        return found ? 0 : error_set_errno(err, r, "/proc/pressure");
}

static void set_line(Batch *rows, const PressureLine *line, size_t total, size_t avg10)
{
        if (!line->known)
                return;
        batch_set_u64(rows, total, line->total_us);
        batch_set_f64(rows, avg10, line->avg10);
        batch_set_f64(rows, avg10 + 1, line->avg60);
        batch_set_f64(rows, avg10 + 2, line->avg300);
}

static int pressure_sample(void *state, const MonitorTick *tick, Batch *rows, Error *err)
{
        PressureState *s = state;
        Pressure pressure;
        size_t found = 0;
        char text[256];
        int last = -ENODEV;

        for (size_t i = 0; i < RESOURCES; i++) {
                ssize_t n = s->fds[i] < 0 ? -ENOENT : host_reread(s->fds[i], text, sizeof text);
                int r = n < 0 ? (int)n : pressure_parse(text, (size_t)n, &pressure);
                if (r < 0) {
                        last = s->fds[i] < 0 ? last : r;
                        continue;
                }
                r = monitor_row(rows, tick);
                if (r == 0)
                        r = batch_set_textz(rows, RESOURCE, resources[i]);
                if (r < 0)
                        return r;
                set_line(rows, &pressure.some, SOME_US, SOME_AVG10_PERCENT);
                set_line(rows, &pressure.full, FULL_US, FULL_AVG10_PERCENT);
                found++;
        }
        return found ? 0 : error_set_errno(err, last, "/proc/pressure");
}

static void pressure_stop(void *state)
{
        PressureState *s = state;

        for (size_t i = 0; i < RESOURCES; i++)
                fd_close(s->fds[i]);
}

const Monitor monitor_pressure = {
        .name = "pressure",
        .what = "time lost waiting for CPU, memory, I/O (PSI)",
        .schema = &pressure_schema,
        .interval_us = 250000,
        .state_size = sizeof(PressureState),
        .probe = pressure_probe,
        .start = pressure_start,
        .sample = pressure_sample,
        .stop = pressure_stop,
};
