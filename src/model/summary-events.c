/*
 * Rows of events: what was reported meanwhile. Of more than can be kept, critical ones push others
 * out. An OOM kill can be told twice, by bpf ("oom-kill") and by the kernel's log ("kernel-oom"):
 * one of them is kept, bpf's, which knows the process.
 */
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "model/summary-builder.h"

const char *const summary_event_columns[] = {"t_ns", "kind",    "severity", "pid",
                                             "text", "process", NULL};

static bool cell_is(const Batch *rows, Cells c, size_t row, const char *word)
{
        uint64_t unused;
        size_t size;

        if (!cells_get(c, row, &unused))
                return false;
        const char *text = batch_text(rows, (size_t)c.column, row, &size);
        return size == strlen(word) && memcmp(text, word, size) == 0;
}

static void drop(Summary *s, size_t i)
{
        free(s->kept[i].kind);
        free(s->kept[i].severity);
        free(s->kept[i].text);
        s->n_kept--;
        memmove(&s->kept[i], &s->kept[i + 1], (s->n_kept - i) * sizeof s->kept[i]);
}

static bool is_kind(const SummaryEvent *e, const char *kind)
{
        return e->kind && text_equal(e->kind, kind);
}

/* n_kept: none is. */
static size_t find_kill(const Summary *s, const char *kind, int32_t pid)
{
        size_t i = 0;

        while (i < s->n_kept && !(pid > 0 && s->kept[i].pid == pid && is_kind(&s->kept[i], kind)))
                i++;
        return i;
}

/* False: all are as important. */
static bool make_room(Summary *s)
{
        for (size_t i = s->n_kept; i-- > 0;) {
                const SummaryEvent *e = &s->kept[i];
                if (e->severity && text_equal(e->severity, "critical"))
                        continue;
                drop(s, i);
                return true;
        }
        return false;
}

typedef struct EventCells {
        Cells t, kind, severity, pid, process, text;
} EventCells;

static int keep(Summary *s, const Batch *rows, const EventCells *c, size_t row, int32_t pid)
{
        SummaryEvent *e = &s->kept[s->n_kept++];

        *e = (SummaryEvent){.t_ns = (int64_t)cells_or(c->t, row, 0), .pid = pid};
        int r = cells_copy_text(rows, c->kind, row, &e->kind);
        if (r == 0)
                r = cells_copy_text(rows, c->severity, row, &e->severity);
        if (r == 0)
                r = cells_copy_text(rows, c->text, row, &e->text);
        return r;
}

static int observe(SummaryBuilder *b, const Batch *rows, const EventCells *c, size_t row)
{
        Summary *s = b->summary;
        int32_t pid = (int32_t)cells_or(c->pid, row, UINT64_MAX);
        bool told = cell_is(rows, c->kind, row, "oom-kill");
        bool logged = cell_is(rows, c->kind, row, "kernel-oom");
        uint64_t unused;

        b->kills_told += told;
        b->kills_logged += logged && cells_get(c->process, row, &unused);
        s->oom_kills = MAX(b->kills_told, b->kills_logged);
        if (logged && find_kill(s, "oom-kill", pid) < s->n_kept)
                return 0;
        if (told) {
                size_t i = find_kill(s, "kernel-oom", pid);
                if (i < s->n_kept)
                        drop(s, i);
        }
        if (cell_is(rows, c->severity, row, "info") || cell_is(rows, c->kind, row, "finding"))
                return 0; /* what was found meanwhile is found again, from the same rows */
        bool critical = cell_is(rows, c->severity, row, "critical");
        if (s->n_kept == SUMMARY_EVENTS && !(critical && make_room(s)))
                return 0;
        return keep(s, rows, c, row, pid);
}

int summary_observe_events(SummaryBuilder *b, const Batch *rows)
{
        EventCells c = {
                .t = cells_find(rows, "t_ns"),
                .kind = cells_find(rows, "kind"),
                .severity = cells_find(rows, "severity"),
                .pid = cells_find(rows, "pid"),
                .process = cells_find(rows, "process"),
                .text = cells_find(rows, "text"),
        };
        Summary *s = b->summary;
        int r = 0;

        for (size_t row = 0; r == 0 && row < batch_rows(rows); row++) {
                s->events++;
                s->last_ns = MAX(s->last_ns, (int64_t)cells_or(c.t, row, 0));
                r = observe(b, rows, &c, row);
        }
        return r;
}
