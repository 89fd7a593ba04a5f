/* Open files: of the machine against file-max, of processes against their RLIMIT_NOFILE. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "detect/detect.h"
#include "detect/episode.h"
#include "detect/things.h"

static const char *const files_columns[] = {"t_ns", "process", "fds", "fds_max", "open_files", "open_files_max", NULL};
static const char *const process_columns[] = {"process", "pid", "comm", "cmdline", NULL};

/* Ahead: rows of processes then need no keeping but of those that are named. */
static const DetectTable tables[] = {
        {"files", files_columns, true},
        {"processes", process_columns, false},
        {NULL},
};

enum { NEAR_MAX = 16, LIMIT_LEAST = 64, COMMAND_MAX = 160 };

typedef struct Near {
        uint64_t key;
        Episode many;
        double fds, limit; /* when nearest */
        int32_t pid;       /* -1: not known */
        char name[32];
        char *command;     /* owned; may be NULL */
} Near;

typedef struct Files {
        Episode machine;
        double open, most;
        Near near[NEAR_MAX];
        size_t n, n_more;
} Files;

/* ---- words ---- */

static void tell_machine(const Files *s, Findings *out)
{
        char open[FORMAT_MAX], most[FORMAT_MAX], share[FORMAT_MAX], at[FORMAT_MAX];
        _cleanup_string_ String length = {0};
        Finding *f = findings_raise(out, "open-files", NULL, episode_severity(&s->machine), SURE_CERTAIN, s->machine.first_ns);

        episode_duration(&s->machine, &length);
        finding_title(f, "%s of %s files that the machine may have open were open (%s)", format_count(open, (uint64_t)s->open),
                      format_count(most, (uint64_t)MIN(s->most, 9e18)), format_percent(share, s->machine.worst));
        finding_evidence(f, "most at %s; over the threshold %s", format_moment(at, s->machine.worst_ns),
                         length.size > 0 ? string_get(&length) : "at one reading");
        finding_meaning(f, "at fs.file-max every open fails with \"Too many open files in system\"");
        finding_advice(f, "raise it:\nsudo sysctl fs.file-max=%.0f\n", MIN(s->most * 2, 9e18));
}

static void tell_process(const Near *p, Findings *out)
{
        char subject[FORMAT_MAX], fds[FORMAT_MAX], most[FORMAT_MAX], share[FORMAT_MAX], at[FORMAT_MAX];
        _cleanup_string_ String who = {0};

        format_count(subject, p->key);
        Finding *f = findings_raise(out, "process-files", subject, episode_severity(&p->many), SURE_CERTAIN, p->many.first_ns);
        if (!f)
                return;
        f->process = p->key;
        f->pid = p->pid;
        finding_title(f, "%s had %s of the %s files open that it may have (%s)", p->name[0] ? p->name : "a process",
                      format_count(fds, (uint64_t)p->fds), format_count(most, (uint64_t)MIN(p->limit, 9e18)),
                      format_percent(share, p->many.worst));
        if (p->pid >= 0)
                string_add_format(&who, "; pid %d", p->pid);
        if (p->command)
                string_add_format(&who, ": %s", p->command);
        finding_evidence(f, "most at %s%s", format_moment(at, p->many.worst_ns), string_get(&who));
        finding_meaning(f, "at its RLIMIT_NOFILE every open fails with \"Too many open files\"; a number that only grows is a leak");
        finding_advice(f, "raise it where so many are needed: ulimit -n, systemd LimitNOFILE=");
}

/* ---- rows ---- */

static void observe_machine(Files *s, const Thresholds *t, int64_t t_ns, double open, double most, Findings *out)
{
        if (!(most >= 1) || !(open >= 0))
                return;
        double ratio = open / most;
        EpisodeLevel level = ratio > t->files_ratio ? EPISODE_WARNING : EPISODE_FINE;
        if (level != EPISODE_FINE && (s->machine.worst_level == EPISODE_FINE || ratio > s->machine.worst)) {
                s->open = open;
                s->most = most;
        }
        if (episode_note(&s->machine, t_ns, ratio, level, true))
                tell_machine(s, out);
}

static Near *near_of(Files *s, uint64_t key, bool make)
{
        for (size_t i = 0; i < s->n; i++)
                if (s->near[i].key == key)
                        return &s->near[i];
        if (!make)
                return NULL;
        if (s->n >= NEAR_MAX) {
                s->n_more++;
                return NULL;
        }
        s->near[s->n] = (Near){.key = key, .pid = -1};
        return &s->near[s->n++];
}

static void observe_process(Files *s, const Thresholds *t, int64_t t_ns, uint64_t key, double fds, double limit)
{
        if (!(limit >= LIMIT_LEAST) || !(fds >= 0)) /* who has so few means it */
                return;
        double ratio = fds / limit;
        EpisodeLevel level = ratio > t->files_ratio ? EPISODE_WARNING : EPISODE_FINE;
        Near *p = near_of(s, key, level != EPISODE_FINE);
        if (!p)
                return;
        if (level != EPISODE_FINE && (p->many.worst_level == EPISODE_FINE || ratio > p->many.worst)) {
                p->fds = fds;
                p->limit = limit;
        }
        episode_note(&p->many, t_ns, ratio, level, true);
}

static void observe_files(Files *s, const Thresholds *t, const Batch *rows, Findings *out)
{
        Cells at = cells_find(rows, "t_ns"), process = cells_find(rows, "process"), fds = cells_find(rows, "fds"),
              fds_max = cells_find(rows, "fds_max"), open = cells_find(rows, "open_files"), most = cells_find(rows, "open_files_max");

        for (size_t row = 0; row < batch_rows(rows); row++) {
                int64_t t_ns;
                uint64_t key;
                double n, limit;
                if (!row_time(rows, at, row, &t_ns))
                        continue;
                if (cells_get(process, row, &key)) {
                        if (row_number(rows, fds, row, &n) && row_number(rows, fds_max, row, &limit))
                                observe_process(s, t, t_ns, key, n, limit);
                } else if (row_number(rows, open, row, &n) && row_number(rows, most, row, &limit))
                        observe_machine(s, t, t_ns, n, limit, out);
        }
}

static int observe_names(Files *s, const Batch *rows)
{
        Cells key = cells_find(rows, "process"), pid = cells_find(rows, "pid"), comm = cells_find(rows, "comm"),
              cmdline = cells_find(rows, "cmdline");

        for (size_t row = 0; s->n > 0 && row < batch_rows(rows); row++) {
                uint64_t process;
                size_t size, name_size;
                double n;
                Near *p = cells_get(key, row, &process) ? near_of(s, process, false) : NULL;
                if (!p)
                        continue;
                const char *name = row_text(rows, comm, row, &name_size), *command = row_text(rows, cmdline, row, &size);
                p->pid = row_number(rows, pid, row, &n) && n > 0 && n <= INT32_MAX ? (int32_t)n : -1;
                name_size = MIN(name_size, sizeof p->name - 1);
                memcpy(p->name, name, name_size);
                p->name[name_size] = '\0';
                char *copy = size > 0 ? strndup(command, MIN(size, (size_t)COMMAND_MAX)) : NULL;
                if (size > 0 && !copy)
                        return -ENOMEM;
                free(p->command);
                p->command = copy;
        }
        return 0;
}

static int files_observe(void *state, const DetectContext *context, const char *table, const Batch *rows, Findings *out)
{
        if (text_equal(table, "processes"))
                return observe_names(state, rows);
        observe_files(state, &context->thresholds, rows, out);
        return 0;
}

static int files_finish(void *state, const DetectContext *context, Findings *out)
{
        const Files *s = state;

        if (s->machine.worst_level != EPISODE_FINE)
                tell_machine(s, out);
        for (size_t i = 0; i < s->n; i++)
                tell_process(&s->near[i], out);
        return 0;
}

static void files_done(void *state)
{
        Files *s = state;

        for (size_t i = 0; i < s->n; i++)
                free(s->near[i].command);
}

const Detector detector_files = {
        .name = "files",
        .tables = tables,
        .state_size = sizeof(Files),
        .observe = files_observe,
        .finish = files_finish,
        .done = files_done,
};
