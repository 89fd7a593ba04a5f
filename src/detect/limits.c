/* Tasks against the limits on them: of the user, of the cgroup, of the kernel. The one that is nearest binds. */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "detect/cgroup-advice.h"
#include "detect/detect.h"
#include "detect/episode.h"
#include "detect/things.h"

static const char *const limits_columns[] = {"t_ns", "tasks", "threads_max", "pid_max", "uid", "user_tasks", "nproc_soft",
                                             "pids_current", "pids_max", "pids_path", NULL};

static const DetectTable tables[] = {{"limits", limits_columns, false}, {NULL}};

typedef enum Limit { LIMIT_NPROC, LIMIT_PIDS_MAX, LIMIT_PID_MAX, LIMIT_THREADS_MAX, N_LIMITS } Limit;

typedef struct Limited {
        Episode near;
        double used, limit; /* when nearest */
} Limited;

typedef struct Limits {
        Limited limits[N_LIMITS];
        char *path;   /* of the cgroup; owned */
        uint64_t uid;
        bool user;    /* known */
} Limits;

static const char *const names[N_LIMITS] = {
        [LIMIT_NPROC] = "RLIMIT_NPROC",
        [LIMIT_PIDS_MAX] = "pids.max",
        [LIMIT_PID_MAX] = "kernel.pid_max",
        [LIMIT_THREADS_MAX] = "kernel.threads-max",
};

static void advise(const Limits *l, Limit i, bool v1, Finding *f)
{
        const uint64_t limit = (uint64_t)MIN(l->limits[i].limit, 1e15);
        _cleanup_string_ String advice = {0};

        switch (i) {
        case LIMIT_NPROC:
                finding_advice(f, "raise it for this user, in the shell that starts the build, or for good in /etc/security/limits.conf (nproc):\n"
                                  "ulimit -u %" PRIu64 "\n", limit * 2);
                break;
        case LIMIT_PIDS_MAX:
                string_add(&advice, "run fewer jobs at once (-j), or raise it:\n");
                cgroup_advise(&advice, l->path ? l->path : "", v1, CGROUP_KNOB_TASKS, MAX(limit * 2, (uint64_t)512));
                finding_advice(f, "%s", string_get(&advice));
                break;
        case LIMIT_PID_MAX:
                finding_advice(f, "raise it:\nsudo sysctl kernel.pid_max=4194304\n");
                break;
        default:
                finding_advice(f, "run fewer jobs at once (-j), or raise it:\nsudo sysctl kernel.threads-max=%" PRIu64 "\n", MAX(limit * 2, (uint64_t)512));
        }
}

static void tell(const Limits *l, Limit i, const DetectContext *context, Findings *out)
{
        const Limited *of = &l->limits[i];
        char used[FORMAT_MAX], limit[FORMAT_MAX], share[FORMAT_MAX], at[FORMAT_MAX];
        _cleanup_string_ String length = {0};
        Finding *f = findings_raise(out, "tasks-limit", names[i], episode_severity(&of->near), SURE_CERTAIN, of->near.first_ns);

        if (!f)
                return;
        episode_duration(&of->near, &length);
        finding_title(f, "%s of %s tasks that %s allows were in use (%s)", format_count(used, (uint64_t)of->used),
                      format_count(limit, (uint64_t)MIN(of->limit, 9e18)), names[i], format_percent(share, of->near.worst));
        _cleanup_string_ String whose = {0};
        if (i == LIMIT_NPROC && l->user)
                string_add_format(&whose, "threads of user %u; ", (unsigned)l->uid);
        else if (i == LIMIT_PIDS_MAX && l->path)
                string_add_format(&whose, "threads in the cgroup %s; ", l->path);
        else
                string_add(&whose, "threads count, too; ");
        finding_evidence(f, "%smost at %s; over the threshold %s", string_get(&whose), format_moment(at, of->near.worst_ns),
                         length.size > 0 ? string_get(&length) : "at one reading");
        finding_meaning(f, "at the limit fork fails with \"Resource temporarily unavailable\"");
        advise(l, i, context->facts.cgroup_v1, f);
}

static void note(Limits *l, Limit i, int64_t t_ns, double used, double limit, const DetectContext *context,
                 Findings *out)
{
        const Thresholds *t = &context->thresholds;
        Limited *of = &l->limits[i];

        if (!(limit >= 1) || !(used >= 0))
                return;
        double ratio = used / limit;
        EpisodeLevel level = EPISODE_FINE;
        if (i == LIMIT_THREADS_MAX)
                level = ratio > t->threads_ratio ? EPISODE_CRITICAL : EPISODE_FINE;
        else if (ratio > t->tasks_warning_ratio)
                level = ratio > t->tasks_critical_ratio ? EPISODE_CRITICAL : EPISODE_WARNING;
        if (level != EPISODE_FINE && (of->near.worst_level == EPISODE_FINE || ratio > of->near.worst)) {
                of->used = used;
                of->limit = limit;
        }
        if (episode_note(&of->near, t_ns, ratio, level, true))
                tell(l, i, context, out);
}

static int limits_observe(void *state, const DetectContext *context, const char *table, const Batch *rows, Findings *out)
{
        static const char *const used_names[N_LIMITS] = {"user_tasks", "pids_current", "tasks", "tasks"};
        static const char *const limit_names[N_LIMITS] = {"nproc_soft", "pids_max", "pid_max", "threads_max"};
        Limits *l = state;
        Cells at = cells_find(rows, "t_ns"), uid = cells_find(rows, "uid"), path = cells_find(rows, "pids_path"), used[N_LIMITS], limit[N_LIMITS];

        for (size_t i = 0; i < N_LIMITS; i++) {
                used[i] = cells_find(rows, used_names[i]);
                limit[i] = cells_find(rows, limit_names[i]);
        }
        for (size_t row = 0; row < batch_rows(rows); row++) {
                int64_t t_ns;
                size_t size;
                double n, most;
                const char *cgroup = row_text(rows, path, row, &size);
                if (!row_time(rows, at, row, &t_ns))
                        continue;
                if (size > 0 && !l->path && !(l->path = strndup(cgroup, MIN(size, (size_t)THING_NAME_MAX))))
                        return -ENOMEM;
                l->user |= cells_get(uid, row, &l->uid);
                for (size_t i = 0; i < N_LIMITS; i++) {
                        /* The superuser is not held by it. */
                        if (i == LIMIT_NPROC && (!l->user || l->uid == 0))
                                continue;
                        if (row_number(rows, used[i], row, &n) && row_number(rows, limit[i], row, &most))
                                note(l, (Limit)i, t_ns, n, most, context, out);
                }
        }
        return 0;
}

/* With the worst that there was. */
static int limits_finish(void *state, const DetectContext *context, Findings *out)
{
        const Limits *l = state;

        for (size_t i = 0; i < N_LIMITS; i++)
                if (l->limits[i].near.worst_level != EPISODE_FINE)
                        tell(l, (Limit)i, context, out);
        return 0;
}

static void limits_done(void *state)
{
        Limits *l = state;

        free(l->path);
}

const Detector detector_limits = {
        .name = "limits",
        .tables = tables,
        .state_size = sizeof(Limits),
        .observe = limits_observe,
        .finish = limits_finish,
        .done = limits_done,
};
