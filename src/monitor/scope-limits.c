/* Descriptors kept from start to stop; the process that stands for the run is chosen at start. */
#include "monitor/scope-limits.h"

#include <errno.h>
#include <stdio.h>

#include "base/cleanup.h"
#include "base/macros.h"
#include "host/kernel-stat.h"

/* One walk of /proc in so many samples as it sees thousands of processes. */
enum { WALK_PROCESSES = 1024, WALK_AGAIN = 30 };

static int take_first(const MonitorProcess *process, void *data)
{
        *(pid_t *)data = process->pid;
        return 1;
}

/* Who stands for the run: the command, else any of what is attached to, else (0) we. */
static pid_t find_process(const MonitorContext *context)
{
        pid_t pid = context->root;

        if (pid == 0 && context->scope && !context->all)
                context->scope->each(context->scope, take_first, &pid);
        return pid;
}

static int open_process(const Host *host, pid_t pid)
{
        char path[48];
        int fd = -ENOENT;

        if (pid > 0) {
                snprintf(path, sizeof path, "proc/%d/limits", (int)pid);
                fd = host_open(host, path);
        }
        return fd >= 0 ? fd : host_open(host, "proc/self/limits");
}

void scope_limits_open(ScopeLimits *limits, const MonitorContext *context)
{
        pid_t pid = find_process(context);

        limits->host = context->host;
        limits->uid = context->uid;
        limits->nproc_soft = limits->nproc_hard = LIMIT_NONE;
        limits->user_tasks = SCOPE_UNKNOWN;
        /* Without cgroups there is no limit of theirs. */
        cgroup_limits_open(&limits->pids, context->host, context->cgroup, pid, CGROUP_PIDS);
        cgroup_limits_open(&limits->memory, context->host, context->cgroup, pid, CGROUP_MEMORY);
        limits->process = open_process(context->host, pid);
        limits->proc = host_open(context->host, "proc");
        limits->loadavg = host_open(context->host, "proc/loadavg");
        limits->pid_max = host_open(context->host, "proc/sys/kernel/pid_max");
        limits->threads_max = host_open(context->host, "proc/sys/kernel/threads-max");
}

void scope_limits_close(ScopeLimits *limits)
{
        cgroup_limits_close(&limits->pids);
        cgroup_limits_close(&limits->memory);
        fd_close(limits->process);
        fd_close(limits->proc);
        fd_close(limits->loadavg);
        fd_close(limits->pid_max);
        fd_close(limits->threads_max);
}

void scope_limits_read_tasks(const ScopeLimits *limits, ScopeTasks *ret)
{
        ScopeTasks tasks = {SCOPE_UNKNOWN, SCOPE_UNKNOWN, SCOPE_UNKNOWN};
        LoadAverage load;
        char text[128];
        ssize_t n = limits->loadavg < 0 ? -ENOENT : host_reread(limits->loadavg, text, sizeof text);

        if (n > 0 && load_average_parse(text, (size_t)n, &load) == 0)
                tasks.tasks = load.tasks;
        sysctl_reread(limits->threads_max, &tasks.threads_max, 1);
        sysctl_reread(limits->pid_max, &tasks.pid_max, 1);
        *ret = tasks;
}

void scope_limits_read_process(ScopeLimits *limits)
{
        char text[4096];
        ssize_t n = limits->process < 0 ? -ENOENT : host_reread(limits->process, text, sizeof text);

        if (n > 0)
                proc_limit_parse(text, (size_t)n, "Max processes", &limits->nproc_soft,
                                 &limits->nproc_hard);
}

void scope_limits_count_tasks(ScopeLimits *limits)
{
        size_t processes = 0;

        if (limits->skip > 0) {
                limits->skip--;
                return;
        }
        if (limits->proc < 0)
                return;
        int r = user_tasks_count(limits->proc, limits->uid, &limits->user_tasks, &processes);
        if (r < 0)
                limits->user_tasks = SCOPE_UNKNOWN;
        limits->skip = r < 0 ? WALK_AGAIN : (unsigned)(processes / WALK_PROCESSES);
}
