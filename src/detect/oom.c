/*
 * Out of memory: whom the kernel killed and by which limit; who ended by SIGKILL without the kernel having
 * said so; programs to which memory was refused. Here rows are gathered; see oom.h for who says what.
 */
#include "detect/oom.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "detect/things.h"

static const char *const event_columns[] = {"t_ns", "kind", "pid", "process", "text", NULL};
static const char *const process_columns[] = {"process", "parent", "pid", "ppid", "comm", "cmdline", "category",
                                              "start_ns", "end_ns", "exit_signal", "peak_rss_bytes", "peak_pss_bytes",
                                              "peak_source", NULL};
static const char *const memory_columns[] = {"t_ns", "total_bytes", "available_bytes", "swap_total_bytes",
                                             "swap_free_bytes", "oom_kills", NULL};
static const char *const cgroup_columns[] = {"t_ns", "path", "memory_bytes", "memory_max_bytes", "memory_limit_bytes",
                                             "oom_kills", NULL};
static const char *const total_columns[] = {"t_ns", "processes", "rss_bytes", "pss_bytes", NULL};
static const char *const limits_columns[] = {"t_ns", "memory_current_bytes", "memory_max_bytes", "memory_path", NULL};

static const DetectTable tables[] = {
        {"events", event_columns, true},
        {"processes", process_columns, false},
        {"memory", memory_columns, false},
        {"cgroup", cgroup_columns, false},
        {"totals", total_columns, false},
        {"limits", limits_columns, false},
        {NULL},
};

static void copy_text(char *to, size_t room, const Batch *rows, Cells c, size_t row)
{
        size_t size;
        const char *text = row_text(rows, c, row, &size);

        memcpy(to, text, MIN(size, room - 1));
        to[MIN(size, room - 1)] = '\0';
}

/* ---- events ---- */

static void observe_events(OomState *s, const DetectContext *context, const Batch *rows, Findings *out)
{
        Cells at = cells_find(rows, "t_ns"), kind = cells_find(rows, "kind"), pid = cells_find(rows, "pid"),
              process = cells_find(rows, "process"), words = cells_find(rows, "text");

        for (size_t row = 0; row < batch_rows(rows); row++) {
                size_t size;
                int64_t t_ns = batch_sane_ns(cells_or(at, row, 0));
                const char *text = row_text(rows, words, row, &size);
                bool told = row_text_is(rows, kind, row, "oom-kill");
                if (row_text_is(rows, kind, row, "kernel-oom-note"))
                        oom_take_note(s, text, size);
                else if (row_text_is(rows, kind, row, "journal"))
                        oom_take_journal(&s->words, t_ns, text, size);
                if (!told && !row_text_is(rows, kind, row, "kernel-oom"))
                        continue;
                uint64_t number = cells_or(pid, row, 0);
                OomKill *k = oom_take_event(s, t_ns, told, number <= INT32_MAX && number > 0 ? (int32_t)number : -1,
                                            cells_or(process, row, 0), text, size);
                /* A kill that may be the run's own is told when that is known. */
                if (k && (k->process || k->pid > 0))
                        oom_tell(s, k, context, out);
        }
}

/* ---- processes ---- */

static OomProcess read_process(const Batch *rows, const Cells c[], size_t row)
{
        OomProcess p = {
                .key = cells_or(c[0], row, OOM_UNKNOWN),
                .parent = cells_or(c[1], row, OOM_UNKNOWN),
                .pid = (int32_t)cells_or(c[2], row, UINT64_MAX),
                .ppid = (int32_t)cells_or(c[3], row, UINT64_MAX),
                .start_ns = batch_sane_ns(cells_or(c[7], row, 0)),
                .end_ns = batch_sane_ns(cells_or(c[8], row, INT64_MAX)),
                /* Proportional memory can be added up; resident counts shared pages once for each. */
                .peak_bytes = cells_or(c[11], row, cells_or(c[10], row, OOM_UNKNOWN)),
                .peak_exact = row_text_is(rows, c[12], row, "exact"),
        };

        copy_text(p.comm, sizeof p.comm, rows, c[4], row);
        copy_text(p.cmdline, sizeof p.cmdline, rows, c[5], row);
        copy_text(p.category, sizeof p.category, rows, c[6], row);
        return p;
}

static bool lived_at(const OomProcess *p, int64_t t_ns)
{
        return p->start_ns <= t_ns && p->end_ns >= t_ns;
}

bool oom_is_explained(const OomState *s, const OomProcess *p)
{
        for (size_t i = 0; i < s->n_kills; i++)
                if (s->kills[i].victim.key != OOM_UNKNOWN && s->kills[i].victim.key == p->key)
                        return true;
        return false;
}

static bool is_victim(const OomState *s, const OomKill *k, const OomProcess *p, bool by_sigkill)
{
        const int64_t near_ns = 5 * (int64_t)NS_PER_SECOND;

        if (k->process)
                return p->key == k->process;
        if (!by_sigkill || p->start_ns > k->t_ns + near_ns)
                return false;
        if (k->pid > 0) /* one that hangs in the kernel may die late */
                return k->pid == p->pid && p->end_ns >= k->t_ns - near_ns;
        return llabs(p->end_ns - k->t_ns) <= near_ns && k->comm[0] && text_equal(k->comm, p->comm) && !oom_is_explained(s, p);
}

static void count_category(OomKill *k, const OomProcess *p)
{
        size_t i = 0;

        while (i < k->n_categories && !text_equal(k->categories[i].name, p->category))
                i++;
        if (i == OOM_CATEGORIES || !p->category[0])
                return;
        if (i == k->n_categories)
                memcpy(k->categories[k->n_categories++].name, p->category, sizeof p->category);
        k->categories[i].n++;
        k->categories[i].peak_bytes += p->peak_bytes;
}

static void note_alive(OomKill *k, const OomProcess *p)
{
        size_t i = k->n_biggest;

        k->alive++;
        if (p->peak_bytes == OOM_UNKNOWN || p->peak_bytes > UINT64_MAX / 2 - k->alive_bytes)
                return;
        k->alive_bytes += p->peak_bytes;
        count_category(k, p);
        while (i > 0 && k->biggest[i - 1].peak_bytes < p->peak_bytes)
                i--;
        if (i == OOM_BIGGEST)
                return;
        size_t last = MIN(k->n_biggest, (size_t)OOM_BIGGEST - 1);
        memmove(&k->biggest[i + 1], &k->biggest[i], (last - i) * sizeof *p);
        k->biggest[i] = *p;
        k->n_biggest = last + 1;
}

static void note_process(OomState *s, const OomProcess *p, bool by_sigkill)
{
        for (size_t i = 0; i < s->n_kills; i++) {
                OomKill *k = &s->kills[i];
                if (k->victim.key == OOM_UNKNOWN && is_victim(s, k, p, by_sigkill)) {
                        k->victim = *p;
                        if (!k->comm[0])
                                memcpy(k->comm, p->comm, sizeof k->comm);
                }
                if (lived_at(p, k->t_ns))
                        note_alive(k, p);
        }
        if (by_sigkill && s->n_sigkills < OOM_SIGKILLS_MAX)
                s->sigkills[s->n_sigkills++] = *p;
        else if (by_sigkill)
                s->sigkills_left_out++;
        if (text_equal(p->comm, "timeout") && s->n_senders < OOM_SENDERS_MAX)
                s->senders[s->n_senders++] = *p;
}

static void observe_processes(OomState *s, const Batch *rows)
{
        Cells c[ARRAY_LENGTH(process_columns)], signal = cells_find(rows, "exit_signal");
        static const char *const names[] = {"process", "parent", "pid", "ppid", "comm", "cmdline", "category", "start_ns",
                                            "end_ns", "exit_signal", "peak_rss_bytes", "peak_pss_bytes", "peak_source"};

        for (size_t i = 0; i < ARRAY_LENGTH(names); i++)
                c[i] = cells_find(rows, names[i]);
        for (size_t row = 0; row < batch_rows(rows); row++) {
                OomProcess p = read_process(rows, c, row);
                note_process(s, &p, cells_or(signal, row, 0) == 9);
        }
}

/* ---- the machine ---- */

/* True when the row is nearer to the moment than what is known: the last before it, or the first behind. */
static bool is_nearer(const OomThen *then, int64_t kill_ns, int64_t t_ns)
{
        if (!then->known)
                return true;
        return t_ns <= kill_ns ? t_ns >= then->t_ns || then->t_ns > kill_ns : then->t_ns > kill_ns && t_ns < then->t_ns;
}

static void note_counter(OomCounter *c, int64_t t_ns, uint64_t value)
{
        if (!c->known) {
                *c = (OomCounter){.known = true, .first_ns = t_ns};
        } else if (value > c->last) {
                if (c->n_rises < OOM_RISES_MAX)
                        c->rises[c->n_rises++] = (OomRise){c->last_ns, t_ns, value - c->last};
                else
                        c->rises[OOM_RISES_MAX - 1].n += value - c->last;
        }
        c->last = value;
        c->last_ns = t_ns;
}

static void observe_memory(OomState *s, const Batch *rows)
{
        Cells at = cells_find(rows, "t_ns"), total = cells_find(rows, "total_bytes"),
              left = cells_find(rows, "available_bytes"), swap = cells_find(rows, "swap_total_bytes"),
              swap_free = cells_find(rows, "swap_free_bytes"), kills = cells_find(rows, "oom_kills");

        for (size_t row = 0; row < batch_rows(rows); row++) {
                uint64_t number;
                OomThen then = {.t_ns = batch_sane_ns(cells_or(at, row, 0)), .known = true, .a = cells_or(total, row, OOM_UNKNOWN),
                                .b = cells_or(left, row, OOM_UNKNOWN), .c = cells_or(swap, row, 0), .d = cells_or(swap_free, row, 0)};
                if (cells_get(kills, row, &number))
                        note_counter(&s->machine, then.t_ns, number);
                if (then.b != OOM_UNKNOWN && then.a != OOM_UNKNOWN && (s->total_bytes == 0 || then.b < s->least_bytes)) {
                        s->total_bytes = then.a;
                        s->least_bytes = then.b;
                        s->least_ns = then.t_ns;
                }
                s->last_memory = then;
                for (size_t i = 0; i < s->n_kills; i++)
                        if (is_nearer(&s->kills[i].memory, s->kills[i].t_ns, then.t_ns))
                                s->kills[i].memory = then;
        }
}

static void observe_cgroup(OomState *s, const Batch *rows)
{
        Cells at = cells_find(rows, "t_ns"), path = cells_find(rows, "path"), memory = cells_find(rows, "memory_bytes"),
              own = cells_find(rows, "memory_max_bytes"), lowest = cells_find(rows, "memory_limit_bytes"),
              kills = cells_find(rows, "oom_kills");

        for (size_t row = 0; row < batch_rows(rows); row++) {
                uint64_t number;
                OomThen then = {.t_ns = batch_sane_ns(cells_or(at, row, 0)), .known = true, .a = cells_or(memory, row, OOM_UNKNOWN),
                                .b = cells_or(own, row, OOM_UNKNOWN), .c = cells_or(lowest, row, OOM_UNKNOWN)};
                if (cells_get(kills, row, &number)) {
                        note_counter(&s->cgroup, then.t_ns, number);
                        copy_text(s->cgroup.path, sizeof s->cgroup.path, rows, path, row);
                }
                if (then.a != OOM_UNKNOWN && then.c != OOM_UNKNOWN && then.a >= s->cgroup_most_bytes) {
                        s->cgroup_most_bytes = then.a;
                        s->cgroup_limit_bytes = then.c;
                        s->cgroup_most_ns = then.t_ns;
                }
                s->last_cgroup = then;
                copy_text(s->last_cgroup_path, sizeof s->last_cgroup_path, rows, path, row);
                for (size_t i = 0; i < s->n_kills; i++) {
                        OomKill *k = &s->kills[i];
                        if (!is_nearer(&k->cgroup_then, k->t_ns, then.t_ns))
                                continue;
                        k->cgroup_then = then;
                        copy_text(k->cgroup_path, sizeof k->cgroup_path, rows, path, row);
                }
        }
}

static void observe_others(OomState *s, const Batch *rows, bool totals)
{
        Cells at = cells_find(rows, "t_ns"), a = cells_find(rows, totals ? "processes" : "memory_current_bytes"),
              b = cells_find(rows, totals ? "rss_bytes" : "memory_max_bytes"), c = cells_find(rows, totals ? "pss_bytes" : ""),
              path = cells_find(rows, "memory_path");

        for (size_t row = 0; row < batch_rows(rows); row++) {
                OomThen then = {.t_ns = batch_sane_ns(cells_or(at, row, 0)), .known = true, .a = cells_or(a, row, OOM_UNKNOWN),
                                .b = cells_or(b, row, OOM_UNKNOWN), .c = cells_or(c, row, OOM_UNKNOWN)};
                *(totals ? &s->last_totals : &s->last_limits) = then;
                if (!totals)
                        copy_text(s->last_limits_path, sizeof s->last_limits_path, rows, path, row);
                for (size_t i = 0; i < s->n_kills; i++) {
                        OomKill *k = &s->kills[i];
                        OomThen *to = totals ? &k->totals : &k->limits;
                        if (!is_nearer(to, k->t_ns, then.t_ns))
                                continue;
                        *to = then;
                        if (!totals)
                                copy_text(k->limits_path, sizeof k->limits_path, rows, path, row);
                }
        }
}

static int oom_observe(void *state, const DetectContext *context, const char *table, const Batch *rows, Findings *out)
{
        OomState *s = state;

        if (text_equal(table, "events"))
                observe_events(s, context, rows, out);
        else if (text_equal(table, "processes"))
                observe_processes(s, rows);
        else if (text_equal(table, "memory"))
                observe_memory(s, rows);
        else if (text_equal(table, "cgroup"))
                observe_cgroup(s, rows);
        else
                observe_others(s, rows, text_equal(table, "totals"));
        return 0;
}

static void oom_output(void *state, const char *line, size_t size)
{
        OomState *s = state;

        oom_take_line(&s->words, line, size);
}

static int oom_finish(void *state, const DetectContext *context, Findings *out)
{
        OomState *s = state;

        oom_tell_counted(s, context, out);
        for (size_t i = 0; i < s->n_kills; i++)
                oom_tell(s, &s->kills[i], context, out);
        oom_tell_sigkills(s, context, out);
        oom_tell_refused(s, context, out);
        return 0;
}

const Detector detector_oom = {
        .name = "oom",
        .tables = tables,
        .state_size = sizeof(OomState),
        .observe = oom_observe,
        .output = oom_output,
        .finish = oom_finish,
};
