/* The limits a build can run into and how near it is to them: of the machine, of the user, and of
 * the cgroup, which in a container are the ones that count. proc(5), getrlimit(2), cgroups(7). */
#include <errno.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "host/key-lines.h"
#include "monitor/scope-limits.h"

enum {
        TASKS = MONITOR_FIRST,
        THREADS_MAX,
        PID_MAX,
        USER_ID,
        USER_TASKS,
        NPROC_SOFT,
        NPROC_HARD,
        PIDS_CURRENT,
        PIDS_MAX,
        PIDS_PATH,
        MEMORY_CURRENT_BYTES,
        MEMORY_MAX_BYTES,
        MEMORY_PATH,
        OVERCOMMIT_MEMORY,
        OVERCOMMIT_RATIO_PERCENT,
        OVERCOMMIT_BYTES,
        COMMIT_LIMIT_BYTES,
        COMMITTED_BYTES,
        MAX_MAP_COUNT,
        FILE_MAX,
        N_COLUMNS,
};

/* Far from a limit nobody asks for the last task or megabyte. */
#define SOME_TASKS 30.0
#define LEVEL      (64.0 * 1024 * 1024)

static const Column limits_columns[N_COLUMNS] = {
        MONITOR_TIME_COLUMNS,
        [TASKS] = GAUGE_NOISY("tasks", U64, COUNT, SOME_TASKS, "threads of the machine"),
        [THREADS_MAX] = GAUGE("threads_max", U64, COUNT, "most threads the kernel makes"),
        [PID_MAX] = GAUGE("pid_max", U64, COUNT, "process numbers there are"),
        [USER_ID] = GAUGE("uid", U32, NONE, "the user whose limits these are"),
        [USER_TASKS] = GAUGE_NOISY("user_tasks", U64, COUNT, SOME_TASKS,
                                   "threads of that user, as far as they can be seen"),
        [NPROC_SOFT] = GAUGE("nproc_soft", U64, COUNT,
                             "RLIMIT_NPROC: threads the user may have; null: any number"),
        [NPROC_HARD] = GAUGE("nproc_hard", U64, COUNT, "how far that may be raised without root"),
        [PIDS_CURRENT] = GAUGE_NOISY("pids_current", U64, COUNT, SOME_TASKS,
                                     "threads in the cgroup with the tightest limit on them"),
        [PIDS_MAX] = GAUGE("pids_max", U64, COUNT, "its pids.max; null: none is set"),
        [PIDS_PATH] = WORDS("pids_path", "which cgroup that is"),
        [MEMORY_CURRENT_BYTES] = GAUGE_NOISY("memory_current_bytes", U64, BYTES, LEVEL,
                                             "memory of the cgroup with the tightest limit on it"),
        [MEMORY_MAX_BYTES] = GAUGE("memory_max_bytes", U64, BYTES,
                                   "its memory.max; null: none is set"),
        [MEMORY_PATH] = WORDS("memory_path", "which cgroup that is"),
        [OVERCOMMIT_MEMORY] = GAUGE("overcommit_memory", U32, NONE,
                                    "0: refuse what is absurd; 1: nothing; 2: beyond the limit"),
        [OVERCOMMIT_RATIO_PERCENT] = GAUGE("overcommit_ratio_percent", F64, PERCENT,
                                           "part of memory that counts for the commit limit"),
        [OVERCOMMIT_BYTES] = GAUGE("overcommit_bytes", U64, BYTES,
                                   "what counts instead of that part; null: not set"),
        [COMMIT_LIMIT_BYTES] = GAUGE_NOISY("commit_limit_bytes", U64, BYTES, LEVEL,
                                           "most that may be promised in mode 2"),
        [COMMITTED_BYTES] = GAUGE_NOISY("committed_bytes", U64, BYTES, LEVEL,
                                        "memory promised to processes"),
        [MAX_MAP_COUNT] = GAUGE("max_map_count", U64, COUNT, "mappings a process may have"),
        [FILE_MAX] = GAUGE("file_max", U64, COUNT, "open files the kernel allows"),
};

static const Schema limits_schema = {"limits", limits_columns, N_COLUMNS};

/* One number each, into its column. */
enum { SYSCTL_OVERCOMMIT_RATIO, SYSCTL_OVERCOMMIT_KBYTES, SYSCTL_FIRST_PLAIN };
static const struct {
        const char *path;
        size_t column;
} sysctls[] = {
        [SYSCTL_OVERCOMMIT_RATIO] = {"proc/sys/vm/overcommit_ratio", OVERCOMMIT_RATIO_PERCENT},
        [SYSCTL_OVERCOMMIT_KBYTES] = {"proc/sys/vm/overcommit_kbytes", OVERCOMMIT_BYTES},
        [SYSCTL_FIRST_PLAIN] = {"proc/sys/vm/overcommit_memory", OVERCOMMIT_MEMORY},
        {"proc/sys/vm/max_map_count", MAX_MAP_COUNT},
        {"proc/sys/fs/file-max", FILE_MAX},
};
enum { SYSCTLS = ARRAY_LENGTH(sysctls), MEMINFO_MAX = 8192 };

typedef struct LimitsState {
        ScopeLimits scope;
        int meminfo, sysctls[SYSCTLS]; /* -1: none */
} LimitsState;

static int limits_probe(const MonitorContext *context, Error *why, Error *fix)
{
        return monitor_probe_file(context, "proc/sys/kernel/threads-max", why);
}

static int limits_start(void *state, const MonitorContext *context, Error *err)
{
        LimitsState *s = state;

        s->meminfo = host_open(context->host, "proc/meminfo");
        for (size_t i = 0; i < SYSCTLS; i++)
                s->sysctls[i] = host_open(context->host, sysctls[i].path);
        scope_limits_open(&s->scope, context);
        return 0;
}

/* Unknown and unlimited are both null: there is no figure. */
static void set_sysctls(const LimitsState *s, Batch *rows)
{
        uint64_t value;

        for (size_t i = 0; i < SYSCTLS; i++) {
                if (sysctl_reread(s->sysctls[i], &value, 1) < 0)
                        continue;
                if (i == SYSCTL_OVERCOMMIT_RATIO)
                        batch_set_f64(rows, OVERCOMMIT_RATIO_PERCENT, (double)value);
                else if (i != SYSCTL_OVERCOMMIT_KBYTES)
                        batch_set_u64(rows, sysctls[i].column, value);
                else if (value > 0 && !__builtin_mul_overflow(value, (uint64_t)1024, &value))
                        batch_set_u64(rows, OVERCOMMIT_BYTES, value);
        }
}

static void set_bytes(size_t column, uint64_t value, void *data)
{
        batch_set_u64(data, column, value);
}

static void set_commit(const LimitsState *s, Batch *rows)
{
        static const KeyLine lines[] = {{"CommitLimit", COMMIT_LIMIT_BYTES},
                                        {"Committed_AS", COMMITTED_BYTES}};
        char text[MEMINFO_MAX];
        ssize_t n = s->meminfo < 0 ? -ENOENT : host_reread(s->meminfo, text, sizeof text);

        if (n > 0)
                key_lines_read(text, (size_t)n, lines, ARRAY_LENGTH(lines), set_bytes, rows);
}

/* 0, or -errno of the text. */
static int set_cgroup(Batch *rows, const CgroupLimits *limits, size_t current, size_t max,
                      size_t path)
{
        char text[CGROUP_PATH_MAX];
        CgroupLimit limit;

        if (!cgroup_limits_tightest(limits, &limit))
                return 0;
        batch_set_u64(rows, current, limit.current);
        batch_set_u64(rows, max, limit.limit);
        cgroup_path_level(&limits->path, limit.level, text);
        return batch_set_textz(rows, path, text);
}

static int limits_sample(void *state, const MonitorTick *tick, Batch *rows, Error *err)
{
        LimitsState *s = state;
        ScopeTasks tasks;
        int r = monitor_row(rows, tick);

        if (r < 0)
                return r;
        scope_limits_read_tasks(&s->scope, &tasks);
        if (tasks.threads_max == SCOPE_UNKNOWN)
                return error_set(err, ENODATA, "/proc/sys/kernel/threads-max cannot be read");
        batch_set_known(rows, TASKS, tasks.tasks);
        batch_set_known(rows, THREADS_MAX, tasks.threads_max);
        batch_set_known(rows, PID_MAX, tasks.pid_max);
        scope_limits_follow(&s->scope);
        scope_limits_read_process(&s->scope);
        scope_limits_count_tasks(&s->scope);
        if (!s->scope.scope)
                batch_set_u64(rows, USER_ID, s->scope.uid);
        batch_set_known(rows, USER_TASKS, s->scope.user_tasks);
        batch_set_known(rows, NPROC_SOFT, s->scope.nproc_soft);
        batch_set_known(rows, NPROC_HARD, s->scope.nproc_hard);
        set_sysctls(s, rows);
        set_commit(s, rows);
        r = set_cgroup(rows, &s->scope.pids, PIDS_CURRENT, PIDS_MAX, PIDS_PATH);
        if (r == 0)
                r = set_cgroup(rows, &s->scope.memory, MEMORY_CURRENT_BYTES, MEMORY_MAX_BYTES,
                               MEMORY_PATH);
        return r;
}

static void limits_stop(void *state)
{
        LimitsState *s = state;

        scope_limits_close(&s->scope);
        fd_close(s->meminfo);
        for (size_t i = 0; i < SYSCTLS; i++)
                fd_close(s->sysctls[i]);
}

const Monitor monitor_limits = {
        .name = "limits",
        .what = "limits on tasks, files, commit; user's and cgroup's",
        .schema = &limits_schema,
        .interval_us = 2000000,
        .state_size = sizeof(LimitsState),
        .probe = limits_probe,
        .start = limits_start,
        .sample = limits_sample,
        .stop = limits_stop,
};
