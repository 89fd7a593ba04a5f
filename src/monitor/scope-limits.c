/* Descriptors kept from start to stop; of attached processes the first one seen is as good as any. */
#include "monitor/scope-limits.h"

#include <errno.h>
#include <stdio.h>

#include "base/cleanup.h"
#include "base/macros.h"
#include "host/kernel-stat.h"
#include "host/proc-identity.h"

/* One walk of /proc (0.7 µs a process) in so many samples as it sees hundreds of processes; rarely where
 * nothing binds the user. */
enum { WALK_PROCESSES = 64, WALK_AGAIN = 30, WALK_UNBOUND = 4 };

/* pid 0: our own. */
static int open_file(const Host *host, pid_t pid, const char *name)
{
        char path[48];

        if (pid > 0)
                snprintf(path, sizeof path, "proc/%d/%s", (int)pid, name);
        else
                snprintf(path, sizeof path, "proc/self/%s", name);
        return host_open(host, path);
}

/* Root of a user namespace is bound by RLIMIT_NPROC as anybody else: the kernel asks for a
 * capability over the machine. The machine's own namespace maps every user to itself
 * (user_namespaces(7)). */
static bool is_machine_root(const Host *host, pid_t pid, uid_t uid)
{
        _cleanup_close_ int fd = uid == 0 ? open_file(host, pid, "uid_map") : -ENOENT;
        uint64_t map[3];

        return uid == 0 && (sysctl_reread(fd, map, 3) < 0 ||
                            (map[0] == 0 && map[1] == 0 && map[2] == UINT32_MAX));
}

static void stand_for(ScopeLimits *limits, pid_t pid, uid_t uid)
{
        const Host *host = limits->host;

        limits->uid = uid;
        limits->root = is_machine_root(host, pid, uid);
        limits->process = open_file(host, pid, "limits");
        scope_limits_read_process(limits);
        /* Without cgroups there is no limit of theirs. */
        cgroup_limits_open(&limits->pids, host, limits->cgroup, pid, CGROUP_PIDS);
        cgroup_limits_open(&limits->memory, host, limits->cgroup, pid, CGROUP_MEMORY);
}

static int take_first(const MonitorProcess *process, void *data)
{
        *(pid_t *)data = process->pid;
        return 1;
}

void scope_limits_follow(ScopeLimits *limits)
{
        int64_t uid;
        pid_t pid = 0;

        if (!limits->scope)
                return;
        limits->scope->each(limits->scope, take_first, &pid);
        if (pid <= 0 || proc_uid_read(limits->host, pid, &uid) != 0)
                return;
        stand_for(limits, pid, (uid_t)uid);
        limits->scope = NULL;
}

void scope_limits_open(ScopeLimits *limits, const MonitorContext *context)
{
        limits->host = context->host;
        limits->cgroup = context->cgroup;
        limits->uid = context->uid;
        limits->nproc_soft = limits->nproc_hard = LIMIT_NONE;
        limits->user_tasks = SCOPE_UNKNOWN;
        limits->process = -1;
        limits->proc = host_open(context->host, "proc");
        limits->loadavg = host_open(context->host, "proc/loadavg");
        limits->pid_max = host_open(context->host, "proc/sys/kernel/pid_max");
        limits->threads_max = host_open(context->host, "proc/sys/kernel/threads-max");
        if (context->root == 0 && context->scope && !context->all)
                limits->scope = context->scope;
        else
                stand_for(limits, context->root, context->uid);
        /* A command that is gone already began with ours. */
        if (!limits->scope && !limits->process_read) {
                fd_close(limits->process);
                limits->process = open_file(limits->host, 0, "limits");
                scope_limits_read_process(limits);
        }
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

        if (n <= 0)
                return;
        proc_limit_parse(text, (size_t)n, "Max processes", &limits->nproc_soft, &limits->nproc_hard);
        limits->process_read = true;
}

void scope_limits_count_tasks(ScopeLimits *limits)
{
        size_t processes = 0;

        if (limits->skip > 0) {
                limits->skip--;
                return;
        }
        if (limits->proc < 0 || limits->scope)
                return;
        int r = user_tasks_count(limits->proc, limits->uid, &limits->user_tasks, &processes);
        if (r < 0)
                limits->user_tasks = SCOPE_UNKNOWN;
        limits->skip = r < 0 ? WALK_AGAIN : (unsigned)(processes / WALK_PROCESSES);
        if (limits->root || limits->nproc_soft == LIMIT_NONE)
                limits->skip = MAX(limits->skip, (unsigned)WALK_UNBOUND);
}
