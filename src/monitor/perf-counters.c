/* One descriptor for each event and CPU or task; inherited ones need no more for what is forked. */
#include "monitor/perf-counters.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/text.h"
#include "track/perf-open.h"

enum { CPUS_MAX = 1024 };

typedef struct Counter {
        PerfEvent event;
        const char *scope;
        bool user_only;
        int *fds;
        size_t n_fds;
        Error why; /* "": it is counted */
} Counter;

struct PerfCounters {
        size_t n;
        Counter counters[PERF_EVENTS_MAX];
};

/* PERF_FORMAT_TOTAL_TIME_ENABLED | RUNNING. */
typedef struct Sum {
        uint64_t value, enabled_ns, running_ns;
} Sum;

static struct perf_event_attr make_attr(const PerfEvent *event, bool user_only)
{
        return (struct perf_event_attr){
                .type = event->type,
                .size = sizeof(struct perf_event_attr),
                .config = event->config[0],
                .config1 = event->config[1],
                .config2 = event->config[2],
                .read_format = PERF_FORMAT_TOTAL_TIME_ENABLED | PERF_FORMAT_TOTAL_TIME_RUNNING,
                .exclude_kernel = user_only || event->user_only,
                .exclude_hv = user_only || event->user_only,
                .exclude_user = event->kernel_only,
        };
}

/* Where the kernel may not be counted (kernel.perf_event_paranoid 2), user space alone is, but for
 * events that only happen in the kernel: those would be 0 and wrong. */
static int open_one(const Counter *counter, const struct perf_event_attr *attr, pid_t pid, int cpu,
                    bool *user_only)
{
        const PerfEvent *event = &counter->event;
        struct perf_event_attr copy = *attr;
        int fd = *user_only ? -EACCES : perf_open(&copy, pid, cpu);

        if ((fd != -EACCES && fd != -EPERM) || event->in_kernel || event->user_only ||
            event->kernel_only || event->of_machine)
                return fd;
        copy.exclude_kernel = copy.exclude_hv = 1;
        fd = perf_open(&copy, pid, cpu);
        if (fd >= 0)
                *user_only = true;
        return fd;
}

static int add_fd(Counter *counter, int fd)
{
        int *fds = realloc(counter->fds, (counter->n_fds + 1) * sizeof *fds);

        if (!fds) {
                fd_close(fd);
                return -ENOMEM;
        }
        counter->fds = fds;
        counter->fds[counter->n_fds++] = fd;
        return 0;
}

static void close_fds(Counter *counter)
{
        for (size_t i = 0; i < counter->n_fds; i++)
                fd_close(counter->fds[i]);
        free(counter->fds);
        counter->fds = NULL;
        counter->n_fds = 0;
}

static int open_command(Counter *counter, pid_t command)
{
        struct perf_event_attr attr = make_attr(&counter->event, false);

        counter->scope = "command";
        attr.disabled = attr.enable_on_exec = attr.inherit = 1;
        int fd = open_one(counter, &attr, command, -1, &counter->user_only);
        return fd < 0 ? fd : add_fd(counter, fd);
}

/* A task that ended meanwhile is no loss. */
static int open_tasks(Counter *counter, const PerfScope *scope)
{
        struct perf_event_attr attr = make_attr(&counter->event, false);
        int r = scope->n_tasks ? -ESRCH : 0;

        counter->scope = "processes";
        attr.inherit = 1;
        for (size_t i = 0; i < scope->n_tasks; i++) {
                int fd = open_one(counter, &attr, scope->tasks[i], -1, &counter->user_only);
                if (fd == -ESRCH)
                        continue;
                r = fd < 0 ? fd : add_fd(counter, fd);
                if (r < 0)
                        break;
        }
        return r;
}

static int open_machine(Counter *counter, const Host *host)
{
        struct perf_event_attr attr = make_attr(&counter->event, false);
        const char *cpus_text = counter->event.cpus;
        int cpus[CPUS_MAX], r = 0;
        int n = counter->event.of_machine
                        ? perf_cpus_parse(cpus_text, strlen(cpus_text), cpus, CPUS_MAX)
                        : perf_cpus(host, cpus, CPUS_MAX);

        counter->scope = "machine";
        if (n < 0)
                return n;
        for (int i = 0; r == 0 && i < n; i++) {
                int fd = open_one(counter, &attr, -1, cpus[i], &counter->user_only);
                r = fd < 0 ? fd : add_fd(counter, fd);
        }
        return r;
}

static void say_why(Counter *counter, const Host *host, int r)
{
        const PerfEvent *event = &counter->event;

        if (r == -ENOENT || r == -EOPNOTSUPP || r == -ENODEV || r == -EINVAL || r == -ENXIO)
                error_set(&counter->why, r, "perf: %s cannot be counted here: this processor or "
                                            "virtual machine does not offer it", event->name);
        else if ((r == -EACCES || r == -EPERM) && (event->in_kernel || event->kernel_only))
                error_set(&counter->why, r, "perf: %s is of the kernel; as root run: "
                                            "sysctl kernel.perf_event_paranoid=%d", event->name,
                          event->type == PERF_TYPE_TRACEPOINT ? -1 : 1);
        else
                perf_refused(host, r, text_equal(counter->scope, "machine"), &counter->why);
}

static int open_counter(Counter *counter, const Host *host, const PerfScope *scope)
{
        int r;

        if (counter->event.of_machine || (!scope->command && !scope->tasks))
                r = open_machine(counter, host);
        else if (scope->command)
                r = open_command(counter, scope->command);
        else
                r = open_tasks(counter, scope);
        if (r < 0) {
                close_fds(counter);
                say_why(counter, host, r);
        }
        return r;
}

int perf_counters_new(const Host *host, const PerfEvent *events, size_t n, const PerfScope *scope,
                      PerfCounters **ret, Error *err)
{
        _cleanup_(perf_counters_freep) PerfCounters *counters = calloc(1, sizeof *counters);
        int r = -EOPNOTSUPP;
        bool any = false;

        if (!counters)
                return error_set_errno(err, ENOMEM, "perf");
        for (size_t i = 0; i < n && i < PERF_EVENTS_MAX; i++) {
                Counter *counter = &counters->counters[counters->n++];
                counter->event = events[i];
                int opened = open_counter(counter, host, scope);
                any |= opened == 0;
                r = opened;
        }
        if (!any)
                return error_set(err, r < 0 ? r : -EINVAL, "%s",
                                 counters->n ? counters->counters[counters->n - 1].why.message
                                             : "perf: no events to count");
        *ret = TAKE(counters);
        return 0;
}

PerfCounters *perf_counters_free(PerfCounters *counters)
{
        if (counters) {
                for (size_t i = 0; i < counters->n; i++)
                        close_fds(&counters->counters[i]);
                free(counters);
        }
        return NULL;
}

size_t perf_counters_count(const PerfCounters *counters)
{
        return counters->n;
}

void perf_counters_read(const PerfCounters *counters, size_t i, PerfReading *ret)
{
        const Counter *counter = &counters->counters[i];
        Sum sum = {0, 0, 0}, one;
        bool complete = true;

        for (size_t j = 0; j < counter->n_fds; j++) {
                if (read(counter->fds[j], &one, sizeof one) != sizeof one) {
                        complete = false;
                        continue;
                }
                sum.value += one.value;
                sum.enabled_ns += one.enabled_ns;
                sum.running_ns += one.running_ns;
        }
        *ret = (PerfReading){
                .event = &counter->event,
                .scope = counter->scope,
                .user_only = counter->user_only,
                .known = complete && sum.running_ns > 0,
                .value = sum.value,
                .enabled_us = sum.enabled_ns / 1000,
                .running_us = sum.running_ns / 1000,
                .why = counter->why.message[0] ? counter->why.message : NULL,
        };
}
