/* Processes that ended and whom their parent does not wait for: by parent, how many stood for long. The events table has
 * them (recorded from the fifth second on), the table of processes who the parent was. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "base/clock.h"
#include "detect/detect.h"
#include "detect/things.h"

static const char *const event_columns[] = {"t_ns", "kind", "pid", "process", "text", NULL};
static const char *const process_columns[] = {"process", "parent", "pid", "comm", "start_ns", "end_ns", NULL};

/* Ahead: of a run without zombies, which most are, no process is kept then. */
static const DetectTable tables[] = {
        {"events", event_columns, true},
        {"processes", process_columns, false},
        {NULL},
};

enum { STOOD_MAX = 4096, KIN_MAX = 1 << 17, PARENTS_MAX = 64, TOLD_MAX = 6, WORDS_MAX = 200 };

#define NO_KEY UINT64_MAX

typedef struct Stood {
        uint64_t key;
        int64_t told_ns, gone_ns; /* INT64_MAX: it stood to the end */
        char *text; /* owned; the event's, of the first few */
} Stood;

/* A process image, as far as it is needed to find a parent. */
typedef struct Kin {
        uint64_t key, parent;
        int64_t start_ns, end_ns; /* INT64_MAX: alive */
        int32_t pid;
        char comm[16];
} Kin;

typedef struct Zombies {
        Stood *stood;
        size_t n_stood, stood_capacity;
        Kin *kin; /* by key, after sort_kin */
        size_t n_kin, kin_capacity;
} Zombies;

typedef struct Parent {
        const Kin *who; /* NULL: not in the run, or it ended before */
        int32_t pid;    /* of who; -1 */
        size_t n, n_left; /* zombies; those that stood to the end */
        const Stood *first;
        int64_t first_ended_ns, longest_ns;
} Parent;

/* ---- rows ---- */

static int observe_event(Zombies *z, const Batch *rows, Cells text, size_t row, uint64_t key, int64_t t_ns, bool gone)
{
        size_t size, i = z->n_stood;

        if (gone) {
                while (i > 0 && z->stood[i - 1].key != key)
                        i--;
                if (i > 0)
                        z->stood[i - 1].gone_ns = t_ns;
                return 0;
        }
        if (z->n_stood >= STOOD_MAX)
                return 0;
        Stood *stood = array_grow(z->stood, &z->stood_capacity, z->n_stood, sizeof *stood);
        if (!stood)
                return -ENOMEM;
        z->stood = stood;
        stood[z->n_stood] = (Stood){.key = key, .told_ns = t_ns, .gone_ns = INT64_MAX};
        const char *words = row_text(rows, text, row, &size);
        if (z->n_stood < PARENTS_MAX && size > 0)
                stood[z->n_stood].text = strndup(words, MIN(size, (size_t)WORDS_MAX));
        z->n_stood++;
        return 0;
}

static int observe_events(Zombies *z, const Batch *rows)
{
        Cells at = cells_find(rows, "t_ns"), kind = cells_find(rows, "kind"), process = cells_find(rows, "process"),
              text = cells_find(rows, "text");
        int r = 0;

        for (size_t row = 0; r == 0 && row < batch_rows(rows); row++) {
                uint64_t key;
                int64_t t_ns;
                bool gone = row_text_is(rows, kind, row, "zombie-gone");
                if ((gone || row_text_is(rows, kind, row, "zombie")) && cells_get(process, row, &key) && row_time(rows, at, row, &t_ns))
                        r = observe_event(z, rows, text, row, key, t_ns, gone);
        }
        return r;
}

static int observe_processes(Zombies *z, const Batch *rows)
{
        Cells process = cells_find(rows, "process"), parent = cells_find(rows, "parent"), pid = cells_find(rows, "pid"),
              comm = cells_find(rows, "comm"), start = cells_find(rows, "start_ns"), end = cells_find(rows, "end_ns");

        for (size_t row = 0; row < batch_rows(rows) && z->n_kin < KIN_MAX; row++) {
                Kin kin = {.end_ns = INT64_MAX, .pid = -1};
                size_t size;
                double number;
                if (!cells_get(process, row, &kin.key) || !row_time(rows, start, row, &kin.start_ns))
                        continue;
                kin.parent = cells_or(parent, row, NO_KEY);
                row_time(rows, end, row, &kin.end_ns);
                if (row_number(rows, pid, row, &number) && number > 0 && number <= INT32_MAX)
                        kin.pid = (int32_t)number;
                const char *name = row_text(rows, comm, row, &size);
                memcpy(kin.comm, name, MIN(size, sizeof kin.comm - 1));
                Kin *all = array_grow(z->kin, &z->kin_capacity, z->n_kin, sizeof *all);
                if (!all)
                        return -ENOMEM;
                z->kin = all;
                z->kin[z->n_kin++] = kin;
        }
        return 0;
}

static int zombies_observe(void *state, const DetectContext *context, const char *table, const Batch *rows, Findings *out)
{
        Zombies *z = state;

        if (text_equal(table, "events"))
                return observe_events(z, rows);
        return z->n_stood > 0 ? observe_processes(z, rows) : 0;
}

/* ---- who should have waited ---- */

static int compare_kin(const void *a, const void *b)
{
        const Kin *x = a, *y = b;

        return (x->key > y->key) - (x->key < y->key);
}

static const Kin *find_kin(const Zombies *z, uint64_t key)
{
        const Kin wanted = {.key = key};

        return z->n_kin > 0 ? bsearch(&wanted, z->kin, z->n_kin, sizeof *z->kin, compare_kin) : NULL;
}

/* What the process that forked it was at that time; NULL: it had ended, or was never in the run. */
static const Kin *parent_of(const Zombies *z, const Kin *zombie, int64_t t_ns)
{
        const Kin *forked = zombie && zombie->parent != NO_KEY ? find_kin(z, zombie->parent) : NULL, *now = forked;

        if (!forked || forked->end_ns > t_ns)
                return forked;
        /* It began another program. */
        for (size_t i = 0; forked->pid > 0 && i < z->n_kin; i++)
                if (z->kin[i].pid == forked->pid && z->kin[i].start_ns >= now->end_ns && z->kin[i].start_ns <= t_ns)
                        now = &z->kin[i];
        return now->end_ns > t_ns ? now : NULL;
}

static void add_to(Parent *parents, size_t *n, const Kin *who, const Stood *stood, int64_t ended_ns, int64_t until_ns)
{
        size_t i = 0;

        while (i < *n && (parents[i].who ? parents[i].pid : -1) != (who ? who->pid : -1))
                i++;
        if (i == PARENTS_MAX)
                return;
        Parent *p = &parents[i];
        if (i == *n)
                parents[(*n)++] = (Parent){.who = who, .pid = who ? who->pid : -1, .first = stood, .first_ended_ns = ended_ns};
        p->n++;
        p->n_left += stood->gone_ns == INT64_MAX;
        p->longest_ns = MAX(p->longest_ns, until_ns - ended_ns);
}

static size_t find_parents(Zombies *z, const DetectContext *context, Parent *parents)
{
        uint64_t wall = context->facts.wall_ns;
        size_t n = 0;

        qsort(z->kin, z->n_kin, sizeof *z->kin, compare_kin);
        for (size_t i = 0; i < z->n_stood; i++) {
                const Stood *s = &z->stood[i];
                const Kin *zombie = find_kin(z, s->key);
                int64_t end_ns = wall != DETECT_UNKNOWN && wall < INT64_MAX ? (int64_t)wall : s->told_ns;
                int64_t ended_ns = zombie && zombie->end_ns < s->told_ns ? zombie->end_ns : s->told_ns;
                int64_t until_ns = MIN(s->gone_ns, MAX(end_ns, s->told_ns));
                if (until_ns - ended_ns >= (int64_t)MIN(context->thresholds.zombie_ns, (uint64_t)INT64_MAX / 4))
                        add_to(parents, &n, parent_of(z, zombie, s->told_ns), s, ended_ns, until_ns);
        }
        return n;
}

/* ---- words ---- */

static void tell(const Parent *p, const DetectContext *context, Findings *out)
{
        char subject[FORMAT_MAX], n[FORMAT_MAX], left[FORMAT_MAX], at[FORMAT_MAX], longest[FORMAT_MAX];
        Severity severity = (double)p->n_left >= context->thresholds.zombies ? SEVERITY_WARNING : SEVERITY_INFO;
        _cleanup_string_ String words = {0};
        const char *text = p->first->text ? p->first->text : "", *who = p->who ? strstr(text, " ended ") : NULL;
        Finding *f = findings_raise(out, "zombies", p->who ? format_count(subject, p->who->key) : "adopted", severity, SURE_CERTAIN,
                                    p->first_ended_ns);

        /* Who it was; whose child, only where that is not said yet. */
        string_add_bytes(&words, text, who ? (size_t)(who - text) : strlen(text));
        if (f && p->who) {
                f->process = p->who->key;
                f->pid = p->pid;
        }
        if (p->who)
                finding_title(f, "%s (pid %d) does not wait for its children: %s ended and stayed as %s",
                              p->who->comm[0] ? p->who->comm : "a process", p->pid, format_count(n, p->n), p->n == 1 ? "a zombie" : "zombies");
        else
                finding_title(f, "%s process%s ended and stayed as %s: the parent is gone, or not of this run, and nobody waits",
                              format_count(n, p->n), p->n == 1 ? "" : "es", p->n == 1 ? "a zombie" : "zombies");
        finding_evidence(f, "%s still there at the end; the longest for %s; the first ended at %s%s%s", format_count(left, p->n_left),
                         format_duration(longest, (uint64_t)MAX(p->longest_ns, (int64_t)0)), format_moment(at, p->first_ended_ns),
                         words.size > 0 ? ": " : "", string_get(&words));
        finding_meaning(f, "a zombie holds no memory, but its number: enough of them, and no process can be started any more");
        if (p->who)
                finding_advice(f, "it has to call waitpid(2) when SIGCHLD comes, or ignore SIGCHLD; until then they go when it ends");
        else
                finding_advice(f, "process 1 has to wait for whom it adopts: in a container, docker run --init, or tini");
}

static int zombies_finish(void *state, const DetectContext *context, Findings *out)
{
        Zombies *z = state;
        Parent *parents = z->n_stood > 0 ? calloc(PARENTS_MAX, sizeof *parents) : NULL;
        bool told[PARENTS_MAX] = {false};

        if (!parents)
                return z->n_stood > 0 ? -ENOMEM : 0;
        size_t n = find_parents(z, context, parents);
        for (size_t k = 0; k < MIN(n, (size_t)TOLD_MAX); k++) {
                size_t most = n;
                for (size_t i = 0; i < n; i++)
                        if (!told[i] && (most == n || parents[i].n > parents[most].n))
                                most = i;
                told[most] = true;
                tell(&parents[most], context, out);
        }
        free(parents);
        return 0;
}

static void zombies_done(void *state)
{
        Zombies *z = state;

        for (size_t i = 0; i < z->n_stood; i++)
                free(z->stood[i].text);
        free(z->stood);
        free(z->kin);
}

const Detector detector_zombies = {
        .name = "zombies",
        .tables = tables,
        .state_size = sizeof(Zombies),
        .afterwards = true,
        .observe = zombies_observe,
        .finish = zombies_finish,
        .done = zombies_done,
};
