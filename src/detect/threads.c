/* Threads of a process that has many: one that is always busy while the others wait, many that do nothing. Only
 * where the table of threads was asked for (--threads); a program of one thread that works is well. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "detect/detect.h"
#include "detect/leak-threads.h"
#include "detect/things.h"

static const char *const process_columns[] = {"process", "pid", "comm", NULL};

static const DetectTable tables[] = {
        {"threads", leak_thread_columns, true},
        {"processes", process_columns, false},
        {NULL},
};

enum { NAMED_MAX = 16, FEW_BUSY = 2, MANY = 5 };
#define SEEN_LEAST (30 * (int64_t)NS_PER_SECOND)

typedef struct Named {
        uint64_t process;
        int32_t pid;
        char name[32];
} Named;

typedef struct Threads {
        LeakThreads *rows;
        const LeakThreadGroup *groups; /* NULL: rows still come */
        size_t n_groups;
        Named named[NAMED_MAX];
        size_t n_named;
} Threads;

static int finish_rows(Threads *s)
{
        return s->rows && !s->groups ? leak_threads_finish(s->rows, &s->groups, &s->n_groups) : 0;
}

static bool is_busy(const LeakThread *t)
{
        return t->ratio > 0.9 && t->last_ns - t->first_ns >= SEEN_LEAST;
}

static bool one_holds_all(const LeakThreadGroup *g)
{
        return g->threads >= MANY && g->busy > 0 && g->busy <= FEW_BUSY && g->n_top > 0 && is_busy(g->top[0]) &&
               g->idle * 2 > g->threads;
}

/* Long enough to be called idle: it is the process's time that counts, threads come and go. */
static bool many_idle(const LeakThreadGroup *g)
{
        int64_t from_ns = INT64_MAX, to_ns = INT64_MIN;

        for (size_t i = 0; i < g->n_top; i++) {
                from_ns = MIN(from_ns, g->top[i]->first_ns);
                to_ns = MAX(to_ns, g->top[i]->last_ns);
        }
        return g->mostly_idle && g->n_top > 0 && to_ns - from_ns >= SEEN_LEAST;
}

static int observe_names(Threads *s, const Batch *rows)
{
        Cells key = cells_find(rows, "process"), pid = cells_find(rows, "pid"), comm = cells_find(rows, "comm");

        for (size_t row = 0; row < batch_rows(rows); row++) {
                uint64_t process;
                size_t size, i = 0;
                double n;
                if (!cells_get(key, row, &process) || s->n_named >= NAMED_MAX)
                        continue;
                while (i < s->n_groups && s->groups[i].process != process)
                        i++;
                if (i == s->n_groups || (!one_holds_all(&s->groups[i]) && !many_idle(&s->groups[i])))
                        continue;
                Named *named = &s->named[s->n_named++];
                const char *name = row_text(rows, comm, row, &size);
                *named = (Named){.process = process, .pid = -1};
                if (row_number(rows, pid, row, &n) && n > 0 && n <= INT32_MAX)
                        named->pid = (int32_t)n;
                memcpy(named->name, name, MIN(size, sizeof named->name - 1));
        }
        return 0;
}

static int threads_observe(void *state, const DetectContext *context, const char *table, const Batch *rows, Findings *out)
{
        Threads *s = state;

        if (text_equal(table, "threads")) {
                int r = s->rows ? 0 : leak_threads_new(&s->rows);
                return r < 0 || s->groups ? r : leak_threads_observe(s->rows, rows);
        }
        if (!s->rows)
                return 0;
        int r = finish_rows(s);
        return r < 0 ? r : observe_names(s, rows);
}

static Finding *raise(const Threads *s, const LeakThreadGroup *g, const char *id, Sureness sure, String *who, Findings *out)
{
        char subject[FORMAT_MAX];
        const Named *named = NULL;

        for (size_t i = 0; i < s->n_named; i++)
                if (s->named[i].process == g->process)
                        named = &s->named[i];
        Finding *f = findings_raise(out, id, format_count(subject, g->process), SEVERITY_INFO, sure, FINDING_NO_TIME);
        if (f) {
                f->process = g->process;
                f->pid = named ? named->pid : -1;
        }
        string_add(who, named && named->name[0] ? named->name : "a process");
        if (named && named->pid > 0)
                string_add_format(who, " (pid %d)", named->pid);
        return f;
}

static int tell(const Threads *s, const LeakThreadGroup *g, Findings *out)
{
        char n[FORMAT_MAX], all[FORMAT_MAX], cpu[FORMAT_MAX], seen[FORMAT_MAX], never[FORMAT_MAX];
        _cleanup_string_ String busy = {0}, idle = {0};

        if (one_holds_all(g)) {
                const LeakThread *t = g->top[0];
                Finding *f = raise(s, g, "thread-busy", SURE_LIKELY, &busy, out);
                finding_title(f, "one thread of %s, %s, was always busy while most of its %s did nothing", string_get(&busy),
                              t->name[0] ? t->name : "unnamed", format_count(all, g->threads));
                finding_evidence(f, "thread %u used %s of CPU time in %s; %s of %s were idle", t->tid,
                                 format_duration(cpu, (t->cpu_us - t->first_cpu_us) * NS_PER_US),
                                 format_duration(seen, (uint64_t)(t->last_ns - t->first_ns)), format_count(n, g->idle), all);
                finding_meaning(f, "the others may wait for what it does: more cores would not help there");
        }
        if (many_idle(g)) {
                Finding *f = raise(s, g, "threads-idle", SURE_CERTAIN, &idle, out);
                finding_title(f, "%s of %s threads of %s were idle", format_count(n, g->idle), format_count(all, g->threads), string_get(&idle));
                finding_evidence(f, "each under 1 %% of a CPU; %s of them never ran, as far as the kernel's steps of 10 ms tell",
                                 format_count(never, g->never_ran));
                finding_meaning(f, "a pool that is larger than its work costs memory (a stack each), and tasks of the limits on them");
        }
        return busy.failed || idle.failed ? -ENOMEM : 0;
}

static int threads_finish(void *state, const DetectContext *context, Findings *out)
{
        Threads *s = state;
        int r = finish_rows(s);

        for (size_t i = 0; r == 0 && i < s->n_groups; i++)
                r = tell(s, &s->groups[i], out);
        return r;
}

static void threads_done(void *state)
{
        Threads *s = state;

        leak_threads_free(s->rows);
}

const Detector detector_threads = {
        .name = "threads",
        .tables = tables,
        .state_size = sizeof(Threads),
        .afterwards = true,
        .observe = threads_observe,
        .finish = threads_finish,
        .done = threads_done,
};
