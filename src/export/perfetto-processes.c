/* A slice an image, on the track of its process. Tracks are named at the end, by their last image. */
#include "export/perfetto-internal.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "base/cleanup.h"
#include "base/clock.h"
#include "base/hash.h"
#include "export/process-reader.h"

enum { NAME_COLUMNS = 80, CATEGORY_COLUMNS = 64 };

typedef struct Track {
        int64_t number; /* in the trace: the pid, or one that stands for it */
        int32_t pid;
        uint32_t image;             /* the last one seen */
        int64_t start_ns, end_ns;   /* of the first and of the last image */
        char *name, *label;         /* owned; label NULL: none */
} Track;

typedef struct Tracks {
        Track *items;
        size_t n, capacity;
        Map *by_pid; /* the latest of a pid, by index + 1 */
        size_t reused;
        size_t threads;
} Tracks;

static void tracks_done(Tracks *tracks)
{
        for (size_t i = 0; i < tracks->n; i++) {
                free(tracks->items[i].name);
                free(tracks->items[i].label);
        }
        free(tracks->items);
        map_free(tracks->by_pid);
}

static int add_track(Tracks *tracks, const ProcessRow *row, bool reused, Track **ret)
{
        Track *items = array_grow(tracks->items, &tracks->capacity, tracks->n, sizeof *items);

        if (!items)
                return -ENOMEM;
        tracks->items = items;
        int32_t pid = row->process.pid;
        bool stands_for = reused || pid <= 0 || pid >= PERFETTO_RUN_PID;
        tracks->items[tracks->n] = (Track){
                .number = stands_for ? PERFETTO_RUN_PID + 1 + (int64_t)tracks->reused++ : pid,
                .pid = pid,
                .start_ns = row->start_ns,
        };
        *ret = &tracks->items[tracks->n++];
        return map_put(tracks->by_pid, (uint64_t)(uint32_t)pid, (void *)(uintptr_t)tracks->n);
}

/* An image goes on where the one before it ended; all else under its pid is another process. */
static int find_track(Tracks *tracks, const ProcessRow *row, Track **ret)
{
        size_t found = (size_t)(uintptr_t)map_get(tracks->by_pid, (uint64_t)(uint32_t)row->process.pid);
        Track *track = found ? &tracks->items[found - 1] : NULL;

        if (track && row->image == track->image + 1 && row->start_ns == track->end_ns) {
                *ret = track;
                return 0;
        }
        return add_track(tracks, row, track != NULL, ret);
}

static int replace(char **to, String *text)
{
        char *taken = string_take(text);

        if (!taken)
                return -ENOMEM;
        free(*to);
        *to = taken;
        return 0;
}

/* Categories are separated by commas there. */
static void add_category(String *out, const char *name)
{
        size_t from = out->size;

        string_add_shown(out, name, CATEGORY_COLUMNS, false);
        for (size_t i = from; i < out->size; i++)
                if (out->text[i] == ',')
                        out->text[i] = '_';
}

static void add_categories(const ProcessRow *row, String *out)
{
        if (row->major && *row->major)
                add_category(out, row->major);
        if (row->process.category && *row->process.category &&
            !(row->major && text_equal(row->major, row->process.category))) {
                string_add(out, out->size ? "," : "");
                add_category(out, row->process.category);
        }
        if (out->size == 0)
                string_add(out, "process");
}

static void add_name(const PerfettoRun *p, const ProcessRow *row, String *out)
{
        _cleanup_string_ String name = {0}, work = {0};

        process_row_name(row, &name);
        if (p->options->add_work)
                p->options->add_work(&row->process, &work);
        if (work.size > 0)
                string_add_format(&name, " %s", string_get(&work));
        string_add_shown(out, string_get(&name), NAME_COLUMNS, false);
        out->failed |= name.failed || work.failed;
}

static void add_seconds(Json *j, const char *key, uint64_t us)
{
        if (us != SUMMARY_UNKNOWN)
                json_add_fixed(j, key, (double)us / 1e6, 6);
}

static void add_bytes(Json *j, const char *key, uint64_t bytes)
{
        if (bytes != SUMMARY_UNKNOWN)
                json_add_u64(j, key, bytes);
}

/* What is not known is left out: a viewer shows null as a text. */
static void add_arguments(Json *j, const ProcessRow *row)
{
        const SummaryProcess *s = &row->process;

        if (s->cmdline || s->comm)
                json_add_text(j, "command", s->cmdline ? s->cmdline : s->comm);
        if (row->major)
                json_add_text(j, "major", row->major);
        if (s->category)
                json_add_text(j, "category", s->category);
        if (s->end_ns == INT64_MAX)
                json_add_bool(j, "alive_at_end", true);
        if (s->exit_signal > 0)
                json_add_i64(j, "exit_signal", s->exit_signal);
        if (s->exit_code >= 0)
                json_add_i64(j, "exit_code", s->exit_code);
        add_seconds(j, "cpu_s", s->cpu_us);
        add_seconds(j, "user_s", row->user_us);
        add_seconds(j, "system_s", row->system_us);
        add_bytes(j, "peak_rss_bytes", s->peak_rss_bytes);
        add_bytes(j, "peak_pss_bytes", s->peak_pss_bytes);
        if (s->exe)
                json_add_text(j, "exe", s->exe);
        if (row->cwd)
                json_add_text(j, "cwd", row->cwd);
        json_add_i64(j, "pid", s->pid);
        json_add_i64(j, "ppid", s->ppid);
        json_add_u64(j, "process", s->process);
        if (row->parent != 0)
                json_add_u64(j, "parent", row->parent);
        if (row->start_ns != INT64_MIN)
                json_add_fixed(j, "start_s", (double)row->start_ns / 1e9, 9);
}

static int64_t end_of(const PerfettoRun *p, const ProcessRow *row)
{
        if (row->process.end_ns != INT64_MAX)
                return row->process.end_ns;
        return p->options->wall_ns <= INT64_MAX ? (int64_t)p->options->wall_ns : 0;
}

static int add_image(const PerfettoRun *p, Tracks *tracks, const ProcessRow *row)
{
        _cleanup_string_ String name = {0}, categories = {0}, label = {0};
        Track *track;
        int64_t start_ns = MAX(row->start_ns, (int64_t)0), end_ns = MAX(end_of(p, row), start_ns);

        if (find_track(tracks, row, &track) < 0)
                return -ENOMEM;
        track->image = row->image;
        track->end_ns = row->process.end_ns;
        add_name(p, row, &name);
        add_categories(row, &categories);
        if (name.failed || categories.failed)
                return -ENOMEM;
        trace_begin_slice(p->to, string_get(&name), string_get(&categories), start_ns, end_ns - start_ns,
                          track->number, track->number);
        add_arguments(&p->to->json, row);
        trace_end_event(p->to);
        if (row->process.category)
                string_add_shown(&label, row->process.category, CATEGORY_COLUMNS, false);
        if (label.size > 0 && replace(&track->label, &label) < 0)
                return -ENOMEM;
        return replace(&track->name, &name);
}

static void name_tracks(const PerfettoRun *p, const Tracks *tracks)
{
        for (size_t i = 0; i < tracks->n; i++) {
                const Track *t = &tracks->items[i];
                _cleanup_string_ String name = {0};
                string_add(&name, t->name);
                if (t->number != t->pid)
                        string_add_format(&name, " (pid %d again)", (int)t->pid);
                trace_add_metadata(p->to, "process_name", "name", string_get(&name), t->number, t->number);
                trace_add_metadata(p->to, "thread_name", "name", t->name, t->number, t->number);
                if (t->label)
                        trace_add_metadata(p->to, "process_labels", "labels", t->label, t->number, t->number);
                /* milliseconds: a 32-bit number for 24 days */
                int64_t order = MAX(t->start_ns, (int64_t)0) / (int64_t)NS_PER_MS;
                trace_add_sort_index(p->to, "process_sort_index", MIN(order, (int64_t)INT32_MAX - 1) + 1, t->number,
                                     t->number);
        }
}

int perfetto_add_processes(const PerfettoRun *p)
{
        _cleanup_(process_reader_freep) ProcessReader *reader = NULL;
        _cleanup_(tracks_done) Tracks tracks = {0};
        const ProcessRow *row;
        int r = process_reader_new(p->run, p->options->labeller, &reader, p->err);

        if (r == 0 && map_new(&tracks.by_pid) < 0)
                r = error_set(p->err, ENOMEM, "out of memory");
        while (r == 0 && p->to->failed == 0 && (r = process_reader_next(reader, &row, p->err)) > 0)
                r = add_image(p, &tracks, row) < 0 ? error_set(p->err, ENOMEM, "out of memory") : 0;
        r = perfetto_forgive(p, r);
        if (r == 0)
                name_tracks(p, &tracks);
        return r;
}
