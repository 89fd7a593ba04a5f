/* Could a process of some size be forked now, and which limit would stop it: gathers the facts,
 * fork-verdict.c judges them. What is costly to know is asked only when it could decide. */
#include <errno.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "host/key-lines.h"
#include "monitor/fork-verdict.h"
#include "monitor/scope-limits.h"

enum {
        SIZE_BYTES = MONITOR_FIRST,
        VERDICT,
        LIMIT,
        PATH,
        LIMIT_BYTES,
        USED_BYTES,
        LEFT_BYTES,
        LIMIT_TASKS,
        USED_TASKS,
        LEFT_TASKS,
        FITS,
        AVAILABLE_BYTES,
        MIN_FREE_BYTES,
        N_COLUMNS,
};

#define LEVEL (64.0 * 1024 * 1024)

static const Column fork_columns[N_COLUMNS] = {
        MONITOR_TIME_COLUMNS,
        [SIZE_BYTES] = GAUGE("size_bytes", U64, BYTES, "the process that is asked about"),
        [VERDICT] = WORDS("verdict", "yes, marginal or no"),
        [LIMIT] = WORDS("limit", "what would stop it, or is nearest to: the kernel's name"),
        [PATH] = WORDS("path", "the cgroup whose limit that is"),
        [LIMIT_BYTES] = GAUGE_NOISY("limit_bytes", U64, BYTES, LEVEL, "where it lies, of memory"),
        [USED_BYTES] = GAUGE_NOISY("used_bytes", U64, BYTES, LEVEL, "used of it"),
        [LEFT_BYTES] = GAUGE_NOISY("left_bytes", U64, BYTES, LEVEL,
                                   "left of it, with what the kernel would give up"),
        [LIMIT_TASKS] = GAUGE("limit_tasks", U64, COUNT, "where it lies, of threads"),
        [USED_TASKS] = GAUGE_NOISY("used_tasks", U64, COUNT, 8, "used of it"),
        [LEFT_TASKS] = GAUGE_NOISY("left_tasks", U64, COUNT, 8, "left of it"),
        [FITS] = GAUGE_NOISY("fits", U64, COUNT, NOISE_ANY, "so many such processes would fit"),
        [AVAILABLE_BYTES] = GAUGE_NOISY("available_bytes", U64, BYTES, LEVEL,
                                        "what programs can still get without swapping"),
        [MIN_FREE_BYTES] = GAUGE("min_free_bytes", U64, BYTES,
                                 "what the kernel keeps for itself (min_free_kbytes)"),
};

static const Schema fork_schema = {"fork", fork_columns, N_COLUMNS};

static const MonitorKey fork_keys[] = {
        {"size", MONITOR_KEY_BYTES, "memory of the process that is asked about (512 MiB)"},
        {0},
};

enum { DEFAULT_SIZE = 512 << 20, MEMINFO_MAX = 8192 };

/* Values of /proc/sys/vm; the reserves do not change by themselves. */
typedef struct ForkState {
        ScopeLimits scope;
        int meminfo, overcommit; /* overcommit: -1 where there is none */
        uint64_t min_free_bytes;
        ForkFacts facts;
} ForkState;

static int fork_probe(const MonitorContext *context, Error *why, Error *fix)
{
        return monitor_probe_file(context, "proc/meminfo", why);
}

/* "8192", in KiB; FORK_UNKNOWN without. */
static uint64_t read_kbytes(const Host *host, const char *path)
{
        _cleanup_close_ int fd = host_open(host, path);
        uint64_t value;

        if (sysctl_reread(fd, &value, 1) < 0 ||
            __builtin_mul_overflow(value, (uint64_t)1024, &value))
                return FORK_UNKNOWN;
        return value;
}

static int fork_start(void *state, const MonitorContext *context, Error *err)
{
        const MonitorSetting *size = monitor_setting(context, "size");
        const Host *host = context->host;
        ForkState *s = state;

        s->meminfo = monitor_open_file(context, "proc/meminfo", err);
        if (s->meminfo < 0)
                return s->meminfo;
        s->overcommit = host_open(host, "proc/sys/vm/overcommit_memory");
        s->min_free_bytes = read_kbytes(host, "proc/sys/vm/min_free_kbytes");
        s->facts.size_bytes = size && size->number > 0 ? size->number : DEFAULT_SIZE;
        s->facts.admin_reserve_bytes = read_kbytes(host, "proc/sys/vm/admin_reserve_kbytes");
        s->facts.user_reserve_bytes = read_kbytes(host, "proc/sys/vm/user_reserve_kbytes");
        scope_limits_open(&s->scope, context);
        return 0;
}

static void set_fact(size_t target, uint64_t value, void *data)
{
        uint64_t *const fact = (uint64_t *)(void *)((char *)data + target);

        *fact = value;
}

/* -EBADMSG: not what the kernel writes. */
static int read_memory(ForkState *s)
{
        static const KeyLine lines[] = {
                {"MemTotal", offsetof(ForkFacts, total_bytes)},
                {"MemAvailable", offsetof(ForkFacts, available_bytes)},
                {"SwapTotal", offsetof(ForkFacts, swap_total_bytes)},
                {"SwapFree", offsetof(ForkFacts, swap_free_bytes)},
                {"CommitLimit", offsetof(ForkFacts, commit_limit_bytes)},
                {"Committed_AS", offsetof(ForkFacts, committed_bytes)},
        };
        char text[MEMINFO_MAX];
        ssize_t n = host_reread(s->meminfo, text, sizeof text);

        for (size_t i = 0; i < ARRAY_LENGTH(lines); i++)
                set_fact(lines[i].target, FORK_UNKNOWN, &s->facts);
        if (n < 0)
                return (int)n;
        key_lines_read(text, (size_t)n, lines, ARRAY_LENGTH(lines), set_fact, &s->facts);
        s->facts.overcommit_mode = FORK_UNKNOWN;
        sysctl_reread(s->overcommit, &s->facts.overcommit_mode, 1);
        return s->facts.total_bytes == FORK_UNKNOWN ? -EBADMSG : 0;
}

/* Whether so little is left that what swap and page cache would give decides. */
static bool is_short(const ForkFacts *facts, const CgroupLimit *limit)
{
        uint64_t left = limit->limit > limit->current ? limit->limit - limit->current : 0;

        return left / 2 < facts->size_bytes;
}

static void read_cgroups(ForkState *s)
{
        const CgroupLimits *const both[] = {&s->scope.memory, &s->scope.pids};
        ForkFacts *facts = &s->facts;
        CgroupLimit limit;

        facts->n_cgroups = 0;
        for (size_t i = 0; i < ARRAY_LENGTH(both); i++)
                for (size_t level = 0; level < both[i]->n_levels; level++) {
                        if (!cgroup_limits_read(both[i], level, &limit))
                                continue;
                        ForkCgroup *c = &facts->cgroups[facts->n_cgroups++];
                        *c = (ForkCgroup){.memory = i == 0,
                                          .limit = limit.limit,
                                          .current = limit.current,
                                          .swap_left = FORK_UNKNOWN,
                                          .level = level};
                        if (!c->memory || !is_short(facts, &limit))
                                continue;
                        c->reclaimable = cgroup_limits_reclaimable(both[i], s->scope.host, level);
                        c->swap_left = cgroup_limits_swap_left(both[i], s->scope.host, &limit);
                }
}
_Static_assert((size_t)FORK_CGROUPS_MAX >= 2 * (size_t)CGROUP_LEVELS_MAX, "both resources fit");

/* The user's tasks are counted only where all tasks together would come near his limit. */
static void read_tasks(ForkState *s)
{
        ForkFacts *facts = &s->facts;
        ScopeTasks tasks;

        scope_limits_read_tasks(&s->scope, &tasks);
        facts->tasks = tasks.tasks;
        facts->threads_max = tasks.threads_max;
        facts->pid_max = tasks.pid_max;
        facts->user_tasks = FORK_UNKNOWN;
        facts->root = s->scope.root;
        if (facts->root)
                return;
        scope_limits_read_process(&s->scope);
        facts->user_limit = s->scope.nproc_soft;
        if (facts->user_limit == LIMIT_NONE || facts->tasks < facts->user_limit / 2)
                return;
        scope_limits_count_tasks(&s->scope);
        facts->user_tasks = s->scope.user_tasks;
}

static int set_path(const ForkState *s, const ForkVerdict *verdict, Batch *rows)
{
        const CgroupLimits *limits = verdict->tasks ? &s->scope.pids : &s->scope.memory;
        char path[CGROUP_PATH_MAX];

        if (verdict->limit != FORK_CGROUP_MEMORY && verdict->limit != FORK_CGROUP_PIDS)
                return 0;
        cgroup_path_level(&limits->path, s->facts.cgroups[verdict->cgroup].level, path);
        return batch_set_textz(rows, PATH, path);
}

static int fork_sample(void *state, const MonitorTick *tick, Batch *rows, Error *err)
{
        ForkState *s = state;
        int r = read_memory(s);

        if (r < 0)
                return error_set_errno(err, r, "/proc/meminfo");
        scope_limits_follow(&s->scope);
        read_cgroups(s);
        read_tasks(s);
        ForkVerdict verdict = fork_judge(&s->facts);
        r = monitor_row(rows, tick);
        if (r < 0)
                return r;
        batch_set_u64(rows, SIZE_BYTES, s->facts.size_bytes);
        batch_set_known(rows, AVAILABLE_BYTES, s->facts.available_bytes);
        batch_set_known(rows, MIN_FREE_BYTES, s->min_free_bytes);
        if (!verdict.known)
                return 0;
        batch_set_u64(rows, verdict.tasks ? LIMIT_TASKS : LIMIT_BYTES, verdict.most);
        batch_set_known(rows, verdict.tasks ? USED_TASKS : USED_BYTES, verdict.used);
        batch_set_u64(rows, verdict.tasks ? LEFT_TASKS : LEFT_BYTES, verdict.left);
        batch_set_u64(rows, FITS, verdict.fits);
        r = batch_set_textz(rows, VERDICT, fork_answer_name(verdict.answer));
        if (r == 0)
                r = batch_set_textz(rows, LIMIT, fork_limit_name(verdict.limit));
        return r == 0 ? set_path(s, &verdict, rows) : r;
}

static void fork_stop(void *state)
{
        ForkState *s = state;

        scope_limits_close(&s->scope);
        fd_close(s->meminfo);
        fd_close(s->overcommit);
}

const Monitor monitor_fork = {
        .name = "fork",
        .what = "whether another process fits, and what would stop it",
        .schema = &fork_schema,
        .interval_us = 1000000,
        .keys = fork_keys,
        .state_size = sizeof(ForkState),
        .probe = fork_probe,
        .start = fork_start,
        .sample = fork_sample,
        .stop = fork_stop,
};
