/*
 * Out of memory: whom the kernel killed and by which limit; who ended by SIGKILL without the kernel having
 * said so; programs to which memory was refused. Here rows are gathered; see oom.h for who says what.
 */
#include "detect/oom.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "detect/said.h"
#include "detect/things.h"

static const char *const event_columns[] = {"t_ns", "kind", "pid", "process", "text", NULL};
static const char *const process_columns[] = {"process", "parent", "pid", "ppid", "comm", "cmdline", "category",
                                              "start_ns", "end_ns", "exit_signal", "exit_code", "peak_rss_bytes", "peak_pss_bytes",
                                              "peak_source", "cpu_us", "signal_by", "signal_pid", "signal_comm", NULL};
static const char *const memory_columns[] = {"t_ns", "total_bytes", "available_bytes", "swap_total_bytes",
                                             "swap_free_bytes", "oom_kills", "commit_limit_bytes", "committed_bytes", NULL};
static const char *const cgroup_columns[] = {"t_ns", "path", "memory_bytes", "memory_max_bytes", "memory_limit_bytes",
                                             "oom_kills", NULL};
static const char *const total_columns[] = {"t_ns", "processes", "rss_bytes", "pss_bytes", NULL};
static const char *const limits_columns[] = {"t_ns", "memory_current_bytes", "memory_max_bytes", "memory_path", "overcommit_memory", NULL};
static const char *const sample_columns[] = {"t_ns", "process", "rss_anon_bytes", "rss_file_bytes", "rss_shmem_bytes", "pss_bytes", NULL};

static const DetectTable tables[] = {
        {"events", event_columns, true},
        {"processes", process_columns, false},
        {"memory", memory_columns, false},
        {"cgroup", cgroup_columns, false},
        {"totals", total_columns, false},
        {"limits", limits_columns, false},
        {"samples", sample_columns, false},
        {NULL},
};

static void copy_text(char *to, size_t room, const Batch *rows, Cells c, size_t row)
{
        size_t size;
        const char *text = row_text(rows, c, row, &size);

        memcpy(to, text, MIN(size, room - 1));
        to[MIN(size, room - 1)] = '\0';
}

/* The kernel's stamps are so right. */
#define LATE_NS (2 * (int64_t)NS_PER_SECOND)

/* ---- events ---- */

/* The kernel refused to promise memory to a process; whose it is its row says, or its pid. mm/util.c (__vm_enough_memory). */
static void note_refused(OomState *s, int64_t t_ns, int32_t pid, bool ours, const char *text, size_t size)
{
        static const char begins[] = "__vm_enough_memory: ";

        if (s->kernel_refused_ours || size < strlen(begins) || memcmp(text, begins, strlen(begins)) != 0)
                return;
        said_quote(s->kernel_refused, sizeof s->kernel_refused, text, size);
        s->kernel_refused_ns = t_ns;
        s->kernel_refused_pid = pid;
        s->kernel_refused_ours = ours;
}

static void observe_events(OomState *s, const DetectContext *context, const Batch *rows, Findings *out)
{
        Cells at = cells_find(rows, "t_ns"), kind = cells_find(rows, "kind"), pid = cells_find(rows, "pid"),
              process = cells_find(rows, "process"), words = cells_find(rows, "text");

        for (size_t row = 0; row < batch_rows(rows); row++) {
                size_t size;
                uint64_t key;
                int64_t t_ns = batch_sane_ns(cells_or(at, row, 0));
                const char *text = row_text(rows, words, row, &size);
                bool told = row_text_is(rows, kind, row, "oom-kill");
                if (row_text_is(rows, kind, row, "kernel-oom-note"))
                        oom_take_note(s, text, size);
                else if (row_text_is(rows, kind, row, "journal"))
                        oom_take_journal(&s->words, t_ns, text, size);
                else if (row_text_is(rows, kind, row, "kernel-allocation-failure"))
                        note_refused(s, t_ns, (int32_t)cells_or(pid, row, UINT64_MAX), cells_get(process, row, &key), text, size);
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
                .cpu_us = cells_or(cells_find(rows, "cpu_us"), row, OOM_UNKNOWN),
                .peak_exact = row_text_is(rows, c[12], row, "exact"),
                .held_bytes = OOM_UNKNOWN,
        };

        copy_text(p.comm, sizeof p.comm, rows, c[4], row);
        copy_text(p.cmdline, sizeof p.cmdline, rows, c[5], row);
        copy_text(p.category, sizeof p.category, rows, c[6], row);
        return p;
}

bool oom_is_explained(const OomState *s, const OomProcess *p)
{
        for (size_t i = 0; i < s->n_kills; i++)
                if (s->kills[i].victim.key != OOM_UNKNOWN && s->kills[i].victim.key == p->key)
                        return true;
        return false;
}

static bool is_victim(const OomState *s, const OomKill *k, const OomProcess *p)
{
        const int64_t near_ns = 5 * (int64_t)NS_PER_SECOND;

        if (k->process)
                return p->key == k->process;
        if (p->signal != 9 || p->sender.by == SENDER_PROCESS || p->start_ns > k->t_ns + near_ns)
                return false;
        if (k->pid > 0) /* one that hangs in the kernel may die late */
                return k->pid == p->pid && p->end_ns >= k->t_ns - near_ns;
        return llabs(p->end_ns - k->t_ns) <= near_ns && k->comm[0] && text_equal(k->comm, p->comm) && !oom_is_explained(s, p);
}

static OomScene *scene_at(OomState *s, size_t i)
{
        if (i < s->n_kills)
                return &s->kills[i].scene;
        i -= s->n_kills;
        if (i < MIN(s->n_sigkills, (size_t)OOM_SCENES_MAX))
                return &s->scenes[i];
        i -= MIN(s->n_sigkills, (size_t)OOM_SCENES_MAX);
        return i < s->n_suspects ? &s->suspects[i].scene : NULL;
}

/* Whoever ended at that moment may have been written before it. */
static void begin_scene(const OomState *s, OomScene *scene, int64_t t_ns)
{
        oom_scene_begin(scene, &s->last, t_ns);
        for (size_t i = 0; i < MIN(s->n_recent, (size_t)OOM_RECENT_MAX); i++)
                oom_scene_note(scene, &s->recent[i]);
}

static void note_suspect(OomState *s, const OomProcess *p)
{
        size_t i = s->n_suspects;

        if (p->peak_bytes == OOM_UNKNOWN)
                return;
        if (i == OOM_SUSPECTS_MAX) {
                i = 0;
                for (size_t k = 1; k < OOM_SUSPECTS_MAX; k++)
                        if (s->suspects[k].process.peak_bytes < s->suspects[i].process.peak_bytes)
                                i = k;
                if (s->suspects[i].process.peak_bytes >= p->peak_bytes)
                        return;
        } else {
                s->n_suspects++;
        }
        s->suspects[i].process = *p;
        begin_scene(s, &s->suspects[i].scene, p->end_ns);
}

/* `p` may be who killed `victim`, and may have ended a moment before it. */
static void note_sender(OomProcess *victim, const OomProcess *p)
{
        if (sender_is_other(&victim->sender, victim->pid) && victim->sender.pid == p->pid && p->start_ns <= victim->end_ns &&
            p->end_ns >= victim->end_ns - (int64_t)NS_PER_SECOND)
                memcpy(victim->sender_cmdline, p->cmdline, sizeof victim->sender_cmdline);
}

static void note_sigkill(OomState *s, const OomProcess *p)
{
        if (s->n_sigkills == OOM_SIGKILLS_MAX) {
                s->sigkills_left_out++;
                return;
        }
        s->sigkills[s->n_sigkills] = *p;
        for (size_t i = 0; i < MIN(s->n_recent, (size_t)OOM_RECENT_MAX); i++)
                note_sender(&s->sigkills[s->n_sigkills], &s->recent[i]);
        if (s->n_sigkills < OOM_SCENES_MAX)
                begin_scene(s, &s->scenes[s->n_sigkills], p->end_ns);
        s->n_sigkills++;
}

/* Nix asks its hook whether another machine would build, and kills it when that says no: in every build. */
static bool is_nix_hook(const OomProcess *p)
{
        return text_starts_with(p->comm, "build-remote") || (text_starts_with(p->comm, "nix") && strstr(p->cmdline, " __build-remote"));
}

static void note_process(OomState *s, const OomProcess *p)
{
        OomScene *scene;

        for (size_t i = 0; i < s->n_kills; i++) {
                OomKill *k = &s->kills[i];
                if (k->victim.key != OOM_UNKNOWN || !is_victim(s, k, p))
                        continue;
                k->victim = *p;
                if (!k->comm[0])
                        memcpy(k->comm, p->comm, sizeof k->comm);
        }
        s->kernel_refused_ours |= s->kernel_refused_pid > 0 && s->kernel_refused_pid == p->pid && p->start_ns <= s->kernel_refused_ns + LATE_NS &&
                                  p->end_ns >= s->kernel_refused_ns - LATE_NS;
        for (size_t i = 0; i < s->n_sigkills; i++)
                note_sender(&s->sigkills[i], p);
        if (p->signal == 9 && !is_nix_hook(p))
                note_sigkill(s, p);
        else if (p->signal == 15)
                s->terms[s->n_terms++ % OOM_TERMS_MAX] = *p;
        else if (p->end_unknown)
                note_suspect(s, p);
        for (size_t i = 0; (scene = scene_at(s, i)); i++)
                oom_scene_note(scene, p);
        s->recent[s->n_recent++ % OOM_RECENT_MAX] = *p;
        if (text_equal(p->comm, "timeout") && s->n_senders < OOM_SENDERS_MAX)
                s->senders[s->n_senders++] = *p;
}

static void observe_processes(OomState *s, const Batch *rows)
{
        Cells c[ARRAY_LENGTH(process_columns)], signal = cells_find(rows, "exit_signal"), code = cells_find(rows, "exit_code");
        static const char *const names[] = {"process", "parent", "pid", "ppid", "comm", "cmdline", "category", "start_ns",
                                            "end_ns", "exit_signal", "peak_rss_bytes", "peak_pss_bytes", "peak_source"};

        const SenderCells sender = sender_cells(rows);

        for (size_t i = 0; i < ARRAY_LENGTH(names); i++)
                c[i] = cells_find(rows, names[i]);
        for (size_t row = 0; row < batch_rows(rows); row++) {
                OomProcess p = read_process(rows, c, row);
                uint64_t value;
                const bool signalled = cells_get(signal, row, &value), exited = cells_get(code, row, &value);
                p.end_unknown = p.end_ns != INT64_MAX && !signalled && !exited;
                p.exit_code = exited ? (int)MIN(value, (uint64_t)255) : -1;
                p.signal = (unsigned)MIN(cells_or(signal, row, 0), (uint64_t)64);
                sender_read(&sender, row, &p.sender);
                note_process(s, &p);
        }
}

/* ---- the machine ---- */

/* To what is known of every moment, and of the newest. */
static void note_row(OomState *s, OomTable table, const OomThen *row, const char *path)
{
        OomScene *scene;

        s->last.t_ns = INT64_MAX;
        oom_scene_row(&s->last, table, row, path);
        for (size_t i = 0; (scene = scene_at(s, i)); i++)
                oom_scene_row(scene, table, row, path);
}

/* `before`: the row before this one. */
static void note_counter(OomCounter *c, int64_t t_ns, uint64_t value, const OomThen *before)
{
        if (!c->known) {
                *c = (OomCounter){.known = true, .first_ns = t_ns};
        } else if (value > c->last) {
                if (c->n_rises < OOM_RISES_MAX)
                        c->rises[c->n_rises++] = (OomRise){c->last_ns, t_ns, value - c->last, *before};
                else
                        c->rises[OOM_RISES_MAX - 1].n += value - c->last;
        }
        c->last = value;
        c->last_ns = t_ns;
}

/* What is promised to programs, where it came nearest to what may be. */
static void note_promised(OomState *s, const Batch *rows, size_t row, int64_t t_ns)
{
        uint64_t promised, limit;

        if (!cells_get(cells_find(rows, "committed_bytes"), row, &promised) || !cells_get(cells_find(rows, "commit_limit_bytes"), row, &limit) ||
            limit == 0)
                return;
        if (s->promise_limit_bytes > 0 && (double)promised / (double)limit <= (double)s->promised_bytes / (double)s->promise_limit_bytes)
                return;
        s->promised_bytes = promised;
        s->promise_limit_bytes = limit;
        s->promised_ns = t_ns;
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
                        note_counter(&s->machine, then.t_ns, number, &s->last.memory);
                if (then.b != OOM_UNKNOWN && then.a != OOM_UNKNOWN && (s->total_bytes == 0 || then.b < s->least_bytes)) {
                        s->total_bytes = then.a;
                        s->least_bytes = then.b;
                        s->least_ns = then.t_ns;
                }
                note_promised(s, rows, row, then.t_ns);
                note_row(s, OOM_MEMORY, &then, NULL);
        }
}

static void observe_cgroup(OomState *s, const Batch *rows)
{
        Cells at = cells_find(rows, "t_ns"), path = cells_find(rows, "path"), memory = cells_find(rows, "memory_bytes"),
              own = cells_find(rows, "memory_max_bytes"), lowest = cells_find(rows, "memory_limit_bytes"),
              kills = cells_find(rows, "oom_kills");
        char name[OOM_PATH];

        for (size_t row = 0; row < batch_rows(rows); row++) {
                uint64_t number;
                OomThen then = {.t_ns = batch_sane_ns(cells_or(at, row, 0)), .known = true, .a = cells_or(memory, row, OOM_UNKNOWN),
                                .b = cells_or(own, row, OOM_UNKNOWN), .c = cells_or(lowest, row, OOM_UNKNOWN)};
                copy_text(name, sizeof name, rows, path, row);
                if (cells_get(kills, row, &number)) {
                        note_counter(&s->cgroup, then.t_ns, number, &s->last.cgroup);
                        text_copy(s->cgroup.path, sizeof s->cgroup.path, name);
                }
                if (then.a != OOM_UNKNOWN && then.c != OOM_UNKNOWN && then.a >= s->cgroup_most_bytes) {
                        s->cgroup_most_bytes = then.a;
                        s->cgroup_limit_bytes = then.c;
                        s->cgroup_most_ns = then.t_ns;
                }
                note_row(s, OOM_CGROUP, &then, name);
        }
}

static void observe_others(OomState *s, const Batch *rows, bool totals)
{
        Cells at = cells_find(rows, "t_ns"), a = cells_find(rows, totals ? "processes" : "memory_current_bytes"),
              b = cells_find(rows, totals ? "rss_bytes" : "memory_max_bytes"), c = cells_find(rows, totals ? "pss_bytes" : ""),
              path = cells_find(rows, "memory_path"), overcommit = cells_find(rows, "overcommit_memory");
        char name[OOM_PATH];

        for (size_t row = 0; row < batch_rows(rows); row++) {
                OomThen then = {.t_ns = batch_sane_ns(cells_or(at, row, 0)), .known = true, .a = cells_or(a, row, OOM_UNKNOWN),
                                .b = cells_or(b, row, OOM_UNKNOWN), .c = cells_or(c, row, OOM_UNKNOWN)};
                copy_text(name, sizeof name, rows, path, row);
                s->strict |= !totals && cells_or(overcommit, row, 0) == 2;
                note_row(s, totals ? OOM_TOTALS : OOM_LIMITS, &then, name);
        }
}

static void observe_samples(OomState *s, const Batch *rows)
{
        Cells at = cells_find(rows, "t_ns"), process = cells_find(rows, "process"), anon = cells_find(rows, "rss_anon_bytes"),
              file = cells_find(rows, "rss_file_bytes"), shmem = cells_find(rows, "rss_shmem_bytes"), pss = cells_find(rows, "pss_bytes");
        OomScene *scene;

        for (size_t row = 0; scene_at(s, 0) && row < batch_rows(rows); row++) {
                uint64_t key, bytes = 0;
                if (!cells_get(process, row, &key) ||
                    (!cells_get(pss, row, &bytes) && (__builtin_add_overflow(cells_or(anon, row, 0), cells_or(file, row, 0), &bytes) ||
                                                      __builtin_add_overflow(bytes, cells_or(shmem, row, 0), &bytes))))
                        continue;
                for (size_t i = 0; (scene = scene_at(s, i)); i++)
                        oom_scene_sample(scene, batch_sane_ns(cells_or(at, row, 0)), key, bytes);
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
        else if (text_equal(table, "samples"))
                observe_samples(s, rows);
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
