/* What the CPUs do: times by kind of each and of all, load, run queue, context switches, forks.
 * One read of /proc/stat a sample, for on a machine of many interrupts that is what costs. */
#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "host/kernel-stat.h"
#include "monitor/monitor.h"

enum {
        CPU = MONITOR_FIRST,
        TIMES, /* CPU_TIMES columns in the order of CpuTime */
        CONTEXT_SWITCHES = TIMES + CPU_TIMES,
        INTERRUPTS,
        SOFTIRQS,
        FORKS,
        RUNNING_TASKS,
        BLOCKED_TASKS,
        TASKS,
        LOAD_1M,
        LOAD_5M,
        LOAD_15M,
        ONLINE_CPUS,
        N_COLUMNS,
};

/* Times are counted in steps of 10 ms: below this a machine is idle. */
#define BUSY 40000.0

static const Column cpu_columns[N_COLUMNS] = {
        MONITOR_TIME_COLUMNS,
        [CPU] = KEY("cpu", U32, NONE, "number of the CPU; null: all together"),
        [TIMES + CPU_USER] = COUNTER_NOISY("user_us", U64, US, BUSY, "programs, guests too"),
        [TIMES + CPU_NICE] = COUNTER_NOISY("nice_us", U64, US, BUSY, "programs of low priority"),
        [TIMES + CPU_SYSTEM] = COUNTER_NOISY("system_us", U64, US, BUSY, "the kernel for programs"),
        [TIMES + CPU_IDLE] = COUNTER_NOISY("idle_us", U64, US, NOISE_ANY, "nothing to do"),
        [TIMES + CPU_IOWAIT] = COUNTER_NOISY("iowait_us", U64, US, 200000,
                                             "nothing to do, while a task waits for I/O"),
        [TIMES + CPU_IRQ] = COUNTER_NOISY("irq_us", U64, US, BUSY, "interrupts"),
        [TIMES + CPU_SOFTIRQ] = COUNTER_NOISY("softirq_us", U64, US, BUSY, "soft interrupts"),
        [TIMES + CPU_STEAL] = COUNTER_NOISY("steal_us", U64, US, BUSY,
                                            "ready, but the hypervisor ran others"),
        [TIMES + CPU_GUEST] = COUNTER_NOISY("guest_us", U64, US, NOISE_ANY,
                                            "virtual machines; a part of user"),
        [TIMES + CPU_GUEST_NICE] = COUNTER_NOISY("guest_nice_us", U64, US, NOISE_ANY,
                                                 "the same of low priority; a part of nice"),
        [CONTEXT_SWITCHES] = COUNTER_NOISY("context_switches", U64, COUNT, NOISE_ANY,
                                           "from one task to another"),
        [INTERRUPTS] = COUNTER_NOISY("interrupts", U64, COUNT, NOISE_ANY, "interrupts served"),
        [SOFTIRQS] = COUNTER_NOISY("softirqs", U64, COUNT, NOISE_ANY, "soft interrupts served"),
        [FORKS] = COUNTER_NOISY("forks", U64, COUNT, NOISE_ANY, "processes and threads made"),
        [RUNNING_TASKS] = GAUGE_NOISY("running_tasks", U64, COUNT, 2, "tasks that run or could"),
        [BLOCKED_TASKS] = GAUGE_NOISY("blocked_tasks", U64, COUNT, 1, "tasks that wait for I/O"),
        [TASKS] = GAUGE_NOISY("tasks", U64, COUNT, 10, "threads of the machine"),
        [LOAD_1M] = GAUGE_NOISY("load_1m", F64, NONE, 0.5,
                                "tasks that ran, could or waited for I/O, over a minute"),
        [LOAD_5M] = GAUGE_NOISY("load_5m", F64, NONE, NOISE_ANY, "the same over 5 minutes"),
        [LOAD_15M] = GAUGE_NOISY("load_15m", F64, NONE, NOISE_ANY, "the same over 15 minutes"),
        [ONLINE_CPUS] = GAUGE("online_cpus", U32, COUNT, "CPUs in use"),
};

static const Schema cpu_schema = {"cpu", cpu_columns, N_COLUMNS};

/* 4,096 CPUs with as many interrupts write 600 KiB. */
enum { STAT_MIN = 4096, STAT_MAX = 4 << 20 };

typedef struct CpuState {
        int stat, load; /* load: -1 where there is none */
        uint64_t us_per_tick;
        char *text; /* of `capacity` bytes */
        size_t capacity;
} CpuState;

static int cpu_probe(const MonitorContext *context, Error *why, Error *fix)
{
        return monitor_probe_file(context, "proc/stat", why);
}

static ssize_t grow(CpuState *s, size_t capacity)
{
        char *text = capacity <= STAT_MAX ? realloc(s->text, capacity) : NULL;

        if (!text)
                return capacity <= STAT_MAX ? -ENOMEM : -EFBIG;
        s->text = text;
        s->capacity = capacity;
        return 0;
}

/* The whole file. The buffer grows at start, and again only if CPUs or devices were added. */
static ssize_t read_stat(CpuState *s)
{
        for (;;) {
                ssize_t n = host_reread(s->stat, s->text, s->capacity);
                if (n < 0 || (size_t)n + 1 < s->capacity)
                        return n;
                n = grow(s, s->capacity * 2);
                if (n < 0)
                        return n;
        }
}

static int cpu_start(void *state, const MonitorContext *context, Error *err)
{
        CpuState *s = state;
        ssize_t n = grow(s, STAT_MIN);

        if (n < 0)
                return error_set_errno(err, (int)n, "a buffer for /proc/stat");
        s->us_per_tick = 1000000 / (uint64_t)sysconf(_SC_CLK_TCK);
        s->stat = host_open(context->host, "proc/stat");
        n = s->stat < 0 ? s->stat : read_stat(s);
        if (n < 0) {
                fd_close(s->stat);
                free(s->text);
                return error_set_errno(err, (int)n, "/proc/stat");
        }
        s->load = host_open(context->host, "proc/loadavg");
        return 0;
}

static void set_times(const CpuState *s, Batch *rows, const CpuTimes *times)
{
        uint64_t us;

        for (size_t i = 0; i < CPU_TIMES; i++)
                if (times->ticks[i] != KERNEL_STAT_UNKNOWN &&
                    !__builtin_mul_overflow(times->ticks[i], s->us_per_tick, &us))
                        batch_set_u64(rows, TIMES + i, us);
}

static void set_load(const CpuState *s, Batch *rows)
{
        LoadAverage load;
        char text[128];
        ssize_t n = s->load >= 0 ? host_reread(s->load, text, sizeof text) : -ENOENT;

        if (n <= 0 || load_average_parse(text, (size_t)n, &load) < 0)
                return;
        batch_set_f64(rows, LOAD_1M, load.load_1m);
        batch_set_f64(rows, LOAD_5M, load.load_5m);
        batch_set_f64(rows, LOAD_15M, load.load_15m);
        batch_set_u64(rows, TASKS, load.tasks);
}

static uint32_t count_cpus(const char *text, const char *end)
{
        uint32_t cpu, n = 0;
        CpuTimes times;

        while (kernel_stat_next_cpu(&text, end, &cpu, &times))
                n++;
        return n;
}

static int cpu_sample(void *state, const MonitorTick *tick, Batch *rows, Error *err)
{
        CpuState *s = state;
        ssize_t n = read_stat(s);
        KernelStat stat;
        CpuTimes times;
        uint32_t cpu;

        if (n < 0)
                return error_set_errno(err, (int)n, "/proc/stat");
        const char *at = s->text, *end = s->text + n;
        if (kernel_stat_parse(at, (size_t)n, &stat) < 0)
                return error_set(err, EBADMSG, "/proc/stat: no line of all CPUs in it");
        int r = monitor_row(rows, tick);
        if (r < 0)
                return r;
        set_times(s, rows, &stat.total);
        batch_set_known(rows, CONTEXT_SWITCHES, stat.context_switches);
        batch_set_known(rows, INTERRUPTS, stat.interrupts);
        batch_set_known(rows, SOFTIRQS, stat.softirqs);
        batch_set_known(rows, FORKS, stat.forks);
        batch_set_known(rows, RUNNING_TASKS, stat.running);
        batch_set_known(rows, BLOCKED_TASKS, stat.blocked);
        set_load(s, rows);
        batch_set_u64(rows, ONLINE_CPUS, count_cpus(at, end));
        while (kernel_stat_next_cpu(&at, end, &cpu, &times)) {
                r = monitor_row(rows, tick);
                if (r < 0)
                        return r;
                batch_set_u64(rows, CPU, cpu);
                set_times(s, rows, &times);
        }
        return 0;
}

static void cpu_stop(void *state)
{
        CpuState *s = state;

        fd_close(s->stat);
        fd_close(s->load);
        free(s->text);
}

const Monitor monitor_cpu = {
        .name = "cpu",
        .what = "CPU times by kind, load, run queue, switches, forks",
        .schema = &cpu_schema,
        .interval_us = 250000,
        .state_size = sizeof(CpuState),
        .probe = cpu_probe,
        .start = cpu_start,
        .sample = cpu_sample,
        .stop = cpu_stop,
};
