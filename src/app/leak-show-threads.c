/* The threads of each process: for a person a line or two, for programs all that is known. */
#include <math.h>
#include <stdio.h>

#include "app/leak-command.h"
#include "base/clock.h"
#include "base/json.h"

enum { GROUPS_SHOWN = 8, TOP_SHOWN = 3, INDENT = 12 };

static const LeakProcess *process_of(const LeakReport *report, uint64_t key)
{
        for (size_t i = 0; i < report->n; i++)
                if (report->processes[i].key == key)
                        return &report->processes[i];
        return NULL;
}

static void add_counts(const LeakThreadGroup *g, String *out)
{
        string_add_format(out, "%zu thread%s", g->threads, g->threads == 1 ? "" : "s");
        if (g->busy > 0)
                string_add_format(out, ", %zu always busy", g->busy);
        if (g->idle > 0)
                string_add_format(out, ", %zu idle (%.0f %%)", g->idle, 100.0 * (double)g->idle / (double)g->threads);
        if (g->never_ran > 0)
                string_add_format(out, ", %zu under 10 ms of CPU", g->never_ran);
}

static void add_top(const LeakThreadGroup *g, String *out)
{
        char time[FORMAT_MAX], part[FORMAT_MAX];

        for (size_t i = 0; i < MIN(g->n_top, (size_t)TOP_SHOWN); i++) {
                const LeakThread *t = g->top[i];
                string_add_format(out, "%s%s (%u) %s", i ? ", " : "", t->name[0] ? t->name : "?", t->tid,
                                  format_duration(time, t->cpu_us * NS_PER_US));
                if (!isnan(t->ratio))
                        string_add_format(out, ", %s of a CPU", format_percent(part, t->ratio));
        }
}

static void add_line(const char *label, const String *words, const ReportOptions *to, String *out)
{
        string_add_format(out, to->color ? "  \x1b[2m%-*s\x1b[0m" : "  %-*s", INDENT - 2, label);
        string_add_shown(out, string_get(words), (to->columns ? to->columns : 80) - INDENT, to->ascii);
        string_add_char(out, '\n');
}

/* More than its main thread, or a reason to look at it. */
static bool is_worth(const LeakThreadGroup *g)
{
        return g->threads > 1 || g->busy > 0;
}

void leak_show_threads(const LeakReport *report, const LeakThreadGroup *groups, size_t n, const ReportOptions *to, String *out)
{
        size_t shown = 0;

        for (size_t i = 0; i < n && shown < GROUPS_SHOWN; i++) {
                const LeakThreadGroup *g = &groups[i];
                const LeakProcess *p = process_of(report, g->process);
                _cleanup_string_ String line = {0}, top = {0};
                if (!p || !is_worth(g))
                        continue;
                string_add_format(&line, "%s (%d): ", p->comm ? p->comm : "process", p->pid);
                add_counts(g, &line);
                add_line(shown++ ? "" : "threads", &line, to, out);
                add_top(g, &top);
                if (top.size > 0)
                        add_line("", &top, to, out);
        }
}

static void add_thread_json(Json *j, const LeakThread *t)
{
        const char state[] = {t->state, '\0'};

        json_open_object(j, NULL, JSON_ONE_LINE);
        json_add_u64(j, "tid", t->tid);
        json_add_text(j, "name", t->name[0] ? t->name : NULL);
        json_add_text(j, "state", t->state ? state : NULL);
        json_add_fixed(j, "cpu_s", (double)t->cpu_us / 1e6, 3);
        json_add_fixed(j, "user_s", (double)t->user_us / 1e6, 3);
        json_add_fixed(j, "cpu_ratio", t->ratio, 4);
        json_close(j);
}

void leak_json_threads(const LeakReport *report, const LeakThreadGroup *groups, size_t n, Json *j)
{
        json_open_array(j, "threads", JSON_LINES);
        for (size_t i = 0; i < n; i++) {
                const LeakThreadGroup *g = &groups[i];
                const LeakProcess *p = process_of(report, g->process);
                if (!p)
                        continue;
                json_open_object(j, NULL, JSON_LINES);
                json_add_i64(j, "pid", p->pid);
                json_add_u64(j, "process", g->process);
                json_add_u64(j, "threads", g->threads);
                json_add_u64(j, "busy", g->busy);
                json_add_u64(j, "idle", g->idle);
                json_add_u64(j, "never_ran", g->never_ran);
                json_add_u64(j, "running", g->running);
                const char *alerts[] = {g->mostly_idle ? "mostly-idle" : g->long_user ? "user-time" : NULL,
                                        g->mostly_idle && g->long_user ? "user-time" : NULL, NULL};
                json_add_texts(j, "alerts", alerts);
                json_open_array(j, "top", JSON_LINES);
                for (size_t k = 0; k < g->n_top; k++)
                        add_thread_json(j, g->top[k]);
                json_close(j);
                json_close(j);
        }
        json_close(j);
}
