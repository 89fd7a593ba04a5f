/*
 * Forks that were refused, and by which limit. The kernel says it (its log, the cgroup's pids.events), or a
 * program does; then the limits as they were in the run say which it can have been. See fork.h.
 */
#include "detect/fork.h"

#include <string.h>

#include "detect/said.h"
#include "detect/things.h"

static const char *const event_columns[] = {"t_ns", "kind", "text", NULL};
static const char *const cgroup_columns[] = {"t_ns", "path", "tasks", "tasks_peak", "tasks_max", "tasks_limit", "forks_refused", NULL};
static const char *const limits_columns[] = {"t_ns", "tasks", "threads_max", "pid_max", "uid", "user_tasks", "nproc_soft",
                                             "nproc_hard", "pids_current", "pids_max", "pids_path", "overcommit_memory",
                                             "commit_limit_bytes", "committed_bytes", NULL};
static const char *const fork_columns[] = {"t_ns", "verdict", "limit", "path", "limit_bytes", "used_bytes", "left_bytes",
                                           "limit_tasks", "used_tasks", NULL};
static const char *const total_columns[] = {"t_ns", "threads", NULL};

static const DetectTable tables[] = {
        {"events", event_columns, false}, {"cgroup", cgroup_columns, false}, {"limits", limits_columns, false},
        {"fork", fork_columns, false},    {"totals", total_columns, false},  {NULL},
};

enum { PYTHON_LINES = 3 };

static void copy_text(char *to, size_t room, const Batch *rows, const char *column, size_t row)
{
        size_t size;
        const char *text = row_text(rows, cells_find(rows, column), row, &size);

        memcpy(to, text, MIN(size, room - 1));
        to[MIN(size, room - 1)] = '\0';
}

static uint64_t cell(const Batch *rows, const char *column, size_t row)
{
        return cells_or(cells_find(rows, column), row, FORK_NONE);
}

/* Keeps the nearest: what left least of the limit, by its ratio. */
static void note_reach(ForkState *s, ForkBound bound, uint64_t used, uint64_t limit, int64_t t_ns, const char *path)
{
        ForkReach *r = &s->reach[bound];

        if (limit == FORK_NONE || used == FORK_NONE || limit == 0)
                return;
        if (r->known && (double)used / (double)limit <= (double)r->used / (double)r->limit)
                return;
        *r = (ForkReach){.known = true, .used = used, .limit = limit, .t_ns = t_ns};
        text_copy(r->path, sizeof r->path, path);
}

/* ---- rows ---- */

static void observe_events(ForkState *s, const DetectContext *context, const Batch *rows, Findings *out)
{
        static const char in[] = "controller in ";

        for (size_t row = 0; row < batch_rows(rows); row++) {
                size_t size, i = 0;
                if (!row_text_is(rows, cells_find(rows, "kind"), row, "kernel-fork-rejected"))
                        continue;
                const char *text = row_text(rows, cells_find(rows, "text"), row, &size);
                const char *path = memmem(text, size, in, strlen(in));
                char name[FORK_PATH] = "";
                if (path) {
                        path += strlen(in);
                        size -= (size_t)(path - text);
                        memcpy(name, path, MIN(size, sizeof name - 1));
                }
                while (i < s->n_rejected && !text_equal(s->rejected[i].path, name))
                        i++;
                if (i == FORK_PATHS_MAX)
                        continue;
                ForkRejected *r = &s->rejected[i];
                if (i == s->n_rejected) {
                        *r = (ForkRejected){.t_ns = batch_sane_ns(cells_or(cells_find(rows, "t_ns"), row, 0))};
                        memcpy(r->path, name, sizeof r->path);
                        s->n_rejected++;
                }
                r->n++;
                fork_tell_rejected(s, r, context, out);
        }
}

static void observe_cgroup(ForkState *s, const Batch *rows)
{
        for (size_t row = 0; row < batch_rows(rows); row++) {
                int64_t t_ns = batch_sane_ns(cells_or(cells_find(rows, "t_ns"), row, 0));
                uint64_t refused = cell(rows, "forks_refused", row), peak = cell(rows, "tasks_peak", row),
                         tasks = cell(rows, "tasks", row);
                copy_text(s->cgroup, sizeof s->cgroup, rows, "path", row);
                /* Its own limit its own peak came near to; one further up is counted there. */
                note_reach(s, BOUND_PIDS, peak != FORK_NONE ? peak : tasks, cell(rows, "tasks_max", row), t_ns, s->cgroup);
                if (refused == FORK_NONE)
                        continue;
                if (s->counted && refused > s->counted_last) {
                        s->counted_ns = s->counted_rise == 0 ? t_ns : s->counted_ns;
                        s->counted_rise += refused - s->counted_last;
                }
                s->counted = true;
                s->counted_last = refused;
        }
}

static void observe_limits(ForkState *s, const Batch *rows)
{
        char path[FORK_PATH];

        for (size_t row = 0; row < batch_rows(rows); row++) {
                int64_t t_ns = batch_sane_ns(cells_or(cells_find(rows, "t_ns"), row, 0));
                uint64_t tasks = cell(rows, "tasks", row), user = cell(rows, "user_tasks", row), uid = cell(rows, "uid", row);
                if (uid != FORK_NONE) {
                        s->uid = uid;
                        s->nproc_hard = cell(rows, "nproc_hard", row);
                }
                if (user != FORK_NONE)
                        s->user_least = MIN(s->user_least, user);
                if (uid != 0) /* root is not bound */
                        note_reach(s, BOUND_USER, user, cell(rows, "nproc_soft", row), t_ns, "");
                note_reach(s, BOUND_THREADS, tasks, cell(rows, "threads_max", row), t_ns, "");
                note_reach(s, BOUND_PID_NUMBER, tasks, cell(rows, "pid_max", row), t_ns, "");
                copy_text(path, sizeof path, rows, "pids_path", row);
                note_reach(s, BOUND_PIDS, cell(rows, "pids_current", row), cell(rows, "pids_max", row), t_ns, path);
                if (cell(rows, "overcommit_memory", row) == 2)
                        note_reach(s, BOUND_COMMIT, cell(rows, "committed_bytes", row), cell(rows, "commit_limit_bytes", row), t_ns, "");
        }
}

/* The monitor's own judgement; of memory only where it said no or barely. */
static void observe_fork(ForkState *s, const Batch *rows)
{
        static const struct {
                const char *name;
                ForkBound bound;
        } names[] = {{"RLIMIT_NPROC", BOUND_USER},        {"pids.max", BOUND_PIDS},
                     {"threads-max", BOUND_THREADS},      {"pid_max", BOUND_PID_NUMBER},
                     {"CommitLimit", BOUND_COMMIT},       {"overcommit_memory", BOUND_OVERCOMMIT},
                     {"memory.max", BOUND_CGROUP_MEMORY}, {"MemAvailable", BOUND_MEMORY}};
        char path[FORK_PATH];

        for (size_t row = 0; row < batch_rows(rows); row++) {
                int64_t t_ns = batch_sane_ns(cells_or(cells_find(rows, "t_ns"), row, 0));
                for (size_t i = 0; i < ARRAY_LENGTH(names); i++) {
                        bool tasks = bound_is_tasks(names[i].bound);
                        if (!row_text_is(rows, cells_find(rows, "limit"), row, names[i].name) || (!tasks && row_text_is(rows, cells_find(rows, "verdict"), row, "yes")))
                                continue;
                        copy_text(path, sizeof path, rows, "path", row);
                        uint64_t limit = cell(rows, tasks ? "limit_tasks" : "limit_bytes", row),
                                 used = cell(rows, tasks ? "used_tasks" : "used_bytes", row), left = cell(rows, "left_bytes", row);
                        if (used == FORK_NONE && !tasks && limit != FORK_NONE && left <= limit)
                                used = limit - left;
                        note_reach(s, names[i].bound, used, limit, t_ns, path);
                }
        }
}

static void observe_totals(ForkState *s, const Batch *rows)
{
        for (size_t row = 0; row < batch_rows(rows); row++) {
                uint64_t n = cell(rows, "threads", row);
                if (n != FORK_NONE)
                        s->threads_most = MAX(s->threads_most, n);
        }
}

static void begin(ForkState *s)
{
        if (!s->begun)
                s->uid = s->nproc_hard = s->user_least = FORK_NONE;
        s->begun = true;
}

static int fork_observe(void *state, const DetectContext *context, const char *table, const Batch *rows, Findings *out)
{
        ForkState *s = state;

        begin(s);
        if (text_equal(table, "events"))
                observe_events(s, context, rows, out);
        else if (text_equal(table, "cgroup"))
                observe_cgroup(s, rows);
        else if (text_equal(table, "limits"))
                observe_limits(s, rows);
        else if (text_equal(table, "fork"))
                observe_fork(s, rows);
        else
                observe_totals(s, rows);
        return 0;
}

static void fork_output(void *state, const char *line, size_t size)
{
        ForkState *s = state;
        ForkError error = said_is_quoted(line, size) ? FORK_SAID_NOTHING : fork_read_line(line, size);

        if (error == FORK_SAID_NOTHING && s->python_lines > 0)
                error = fork_read_python_error(line, size);
        s->python_lines = fork_is_python_call(line, size) ? PYTHON_LINES : s->python_lines > 0 ? s->python_lines - 1 : 0;
        if (error == FORK_SAID_NOTHING)
                return;
        s->words[error]++;
        if (!s->line[0])
                said_quote(s->line, sizeof s->line, line, size);
}

static int fork_finish(void *state, const DetectContext *context, Findings *out)
{
        begin(state);
        fork_tell(state, context, out);
        return 0;
}

const Detector detector_fork = {
        .name = "fork",
        .tables = tables,
        .state_size = sizeof(ForkState),
        .observe = fork_observe,
        .output = fork_output,
        .finish = fork_finish,
};
