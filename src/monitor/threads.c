/* The threads of the run's processes: state, CPU, name. Every thread costs the reading of a file,
 * so it is off unless asked for, and of many threads only so many are read in a sample. proc(5). */
#include <errno.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/text.h"
#include "host/proc-files.h"
#include "monitor/monitor.h"
#include "monitor/turns.h"

enum {
        PROCESS = MONITOR_FIRST,
        TID,
        START_BOOTTIME_NS,
        NAME,
        STATE,
        USER_US,
        SYSTEM_US,
        N_COLUMNS,
};

#define BUSY 15000.0 /* times are counted in steps of 10 ms */

static const Column threads_columns[N_COLUMNS] = {
        MONITOR_TIME_COLUMNS,
        [PROCESS] = KEY("process", U64, NONE, "the process it is of"),
        [TID] = KEY("tid", U32, NONE, "number of the thread"),
        [START_BOOTTIME_NS] = KEY("start_boottime_ns", U64, NS, "when it began, since the machine did"),
        [NAME] = WORDS("name", "what it calls itself"),
        [STATE] = {"state", COLUMN_TEXT, ROLE_TEXT, UNIT_NONE,
                   "R runs or could, S sleeps, D waits for a device, T stopped, Z ended", NOISE_ANY},
        [USER_US] = COUNTER_NOISY("user_us", U64, US, BUSY, "CPU time in the program"),
        [SYSTEM_US] = COUNTER_NOISY("system_us", U64, US, BUSY, "CPU time in the kernel"),
};

static const Schema threads_schema = {"threads", threads_columns, N_COLUMNS};

/* 8 µs each; with more, each is read in its turn. Beyond LISTED the rest is not even counted. */
enum { MOST = 1024, LISTED = 32768 };

typedef struct ThreadsState {
        const Host *host;
        const MonitorScope *scope;
        uint64_t hz;
        Turns turns;
        /* Of the sample under way: */
        const MonitorTick *tick;
        Batch *rows;
        const MonitorProcess *process;
        int task_fd;
        int result;
} ThreadsState;

static int threads_probe(const MonitorContext *context, Error *why, Error *fix)
{
        return monitor_probe_file(context, "proc/self/task", why);
}

static int threads_start(void *state, const MonitorContext *context, Error *err)
{
        ThreadsState *s = state;

        s->host = context->host;
        s->scope = context->scope;
        s->hz = (uint64_t)sysconf(_SC_CLK_TCK);
        return 0;
}

static int add_row(ThreadsState *s, const ProcStat *stat)
{
        int r = monitor_row(s->rows, s->tick);

        if (r < 0)
                return r;
        batch_set_u64(s->rows, PROCESS, s->process->process);
        batch_set_u64(s->rows, TID, (uint64_t)stat->pid);
        batch_set_u64(s->rows, START_BOOTTIME_NS, proc_start_ns(stat->start_ticks, s->hz));
        batch_set_u64(s->rows, USER_US, proc_start_ns(stat->user_ticks, s->hz) / 1000);
        batch_set_u64(s->rows, SYSTEM_US, proc_start_ns(stat->system_ticks, s->hz) / 1000);
        r = batch_set_text(s->rows, STATE, &stat->state, 1);
        return r == 0 ? batch_set_textz(s->rows, NAME, stat->comm) : r;
}

static int add_thread(const char *name, void *data)
{
        ThreadsState *s = data;
        ProcStat stat;
        uint64_t tid;

        if (s->turns.seen >= LISTED)
                return 1;
        if (parse_u64z(name, &tid) < 0 || tid == 0 || tid > INT32_MAX ||
            !turns_take(&s->turns, s->process->process << 32 ^ tid))
                return 0;
        if (proc_thread_stat_read(s->task_fd, (pid_t)tid, &stat) != 0)
                return 0; /* it has ended meanwhile */
        s->result = add_row(s, &stat);
        return s->result < 0;
}

static int add_process(const MonitorProcess *process, void *data)
{
        ThreadsState *s = data;
        _cleanup_close_ int fd = proc_threads_open(s->host, process->pid);

        if (fd < 0)
                return 0;
        s->process = process;
        s->task_fd = fd;
        numbers_walk(fd, add_thread, s);
        return s->result < 0 || s->turns.seen >= LISTED;
}

static int threads_sample(void *state, const MonitorTick *tick, Batch *rows, Error *err)
{
        ThreadsState *s = state;

        if (!s->scope)
                return 0;
        s->tick = tick;
        s->rows = rows;
        s->result = 0;
        turns_begin(&s->turns, MOST);
        s->scope->each(s->scope, add_process, s);
        return s->result;
}

const Monitor monitor_threads = {
        .name = "threads",
        .what = "state, CPU and name of each thread of the run",
        .schema = &threads_schema,
        .interval_us = 1000000,
        .off = true,
        .state_size = sizeof(ThreadsState),
        .probe = threads_probe,
        .start = threads_start,
        .sample = threads_sample,
};
