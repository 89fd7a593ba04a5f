/* The frame of the trace: what the run is, its events and findings; the rest is in perfetto-*.c. */
#include "export/perfetto-internal.h"

#include <errno.h>
#include <string.h>

#include "base/cleanup.h"

enum { TITLE_COLUMNS = 120, TEXT_MAX = 4096 };

int perfetto_forgive(const PerfettoRun *p, int result)
{
        if (result != -EBADMSG)
                return result;
        if (p->options->warn)
                p->options->warn(p->err->message);
        return 0;
}

int perfetto_read(const PerfettoRun *p, const char *table, const char *const *columns, RunRowsFn fn, void *data)
{
        return perfetto_forgive(p, run_reader_each(p->run, table, columns, fn, data, p->err));
}

/* ---- what the run is ---- */

static void add_header(const PerfettoRun *p)
{
        const RunInfo *info = run_reader_info(p->run);
        Json *j = &p->to->json;
        _cleanup_string_ String command = {0};

        trace_open_header(p->to);
        json_add_text(j, "recorder", "vigia");
        json_add_text(j, "version", info->vigia_version);
        json_add_text(j, "run", info->id);
        json_add_text(j, "label", info->label);
        for (char **word = info->command; word && *word; word++)
                string_add_format(&command, "%s%s", word == info->command ? "" : " ", *word);
        json_add_text(j, "command", info->command ? string_get(&command) : info->scope);
        json_add_text(j, "host", info->host);
        json_add_text(j, "kernel", info->kernel);
        json_add_u64(j, "cpus", info->cpus > 0 ? info->cpus : UINT64_MAX);
        json_add_u64(j, "memory_bytes", info->memory_bytes);
        json_add_i64(j, "start_realtime_ns", info->start_realtime_ns);
        json_add_i64(j, "exit_code", info->exit_code);
        json_add_bool(j, "complete", info->complete);
        json_add_bool(j, "partial", info->partial);
        json_open_array(j, "findings", JSON_ONE_LINE);
        for (size_t i = 0; i < p->options->n_marks; i++) {
                const PerfettoMark *m = &p->options->marks[i];
                if (m->t_ns != INT64_MIN)
                        continue; /* is an instant */
                json_open_object(j, NULL, JSON_ONE_LINE);
                json_add_text(j, "id", m->id);
                json_add_text(j, "severity", m->severity);
                json_add_text(j, "title", m->title);
                json_close(j);
        }
        json_close(j);
        trace_close_header(p->to);
        p->to->pending.failed |= command.failed;
}

static void name_run(const PerfettoRun *p)
{
        const RunInfo *info = run_reader_info(p->run);
        _cleanup_string_ String name = {0}, shown = {0};

        string_add_format(&name, "run %s", info->label ? info->label : info->id ? info->id : "");
        string_add_shown(&shown, string_get(&name), TITLE_COLUMNS, false);
        trace_add_metadata(p->to, "process_name", "name", string_get(&shown), PERFETTO_RUN_PID, PERFETTO_RUN_PID);
        trace_add_metadata(p->to, "thread_name", "name", "events and findings", PERFETTO_RUN_PID, PERFETTO_RUN_PID);
        trace_add_sort_index(p->to, "process_sort_index", 0, PERFETTO_RUN_PID, PERFETTO_RUN_PID);
        p->to->pending.failed |= name.failed || shown.failed;
}

/* ---- moments ---- */

static void add_shown_text(Json *j, const char *key, const char *text)
{
        if (text && *text)
                json_add_bytes(j, key, text, strnlen(text, TEXT_MAX));
}

static void add_marks(const PerfettoRun *p)
{
        for (size_t i = 0; i < p->options->n_marks; i++) {
                const PerfettoMark *m = &p->options->marks[i];
                _cleanup_string_ String title = {0};
                if (m->t_ns == INT64_MIN)
                        continue;
                string_add_shown(&title, m->title, TITLE_COLUMNS, false);
                trace_begin_instant(p->to, string_get(&title), "finding", m->t_ns, 'g', PERFETTO_RUN_PID, PERFETTO_RUN_PID);
                add_shown_text(&p->to->json, "id", m->id);
                add_shown_text(&p->to->json, "severity", m->severity);
                add_shown_text(&p->to->json, "title", m->title);
                add_shown_text(&p->to->json, "evidence", m->evidence);
                add_shown_text(&p->to->json, "advice", m->advice);
                trace_end_event(p->to);
                p->to->pending.failed |= title.failed;
        }
}

static const char *cell_text(const Batch *rows, const char *column, size_t row, String *to)
{
        int at = schema_find(batch_schema(rows), column);
        size_t size;

        string_clear(to);
        if (at < 0 || batch_is_null(rows, (size_t)at, row))
                return "";
        const char *text = batch_text(rows, (size_t)at, row, &size);
        string_add_bytes(to, text, MIN(size, (size_t)TEXT_MAX));
        return string_get(to);
}

/* What is a finding, too, is told once: that of an OOM kill is "oom", of a fork that was refused "fork". */
static bool is_mark(const PerfettoRun *p, int64_t t_ns, const char *kind)
{
        if (text_equal(kind, "finding"))
                return true;
        for (size_t i = 0; i < p->options->n_marks; i++)
                if (p->options->marks[i].t_ns == t_ns && strstr(kind, p->options->marks[i].id))
                        return true;
        return false;
}

static int add_events(const Batch *rows, void *data)
{
        const PerfettoRun *p = data;
        int t = schema_find(batch_schema(rows), "t_ns"), pid = schema_find(batch_schema(rows), "pid");
        _cleanup_string_ String kind = {0}, severity = {0}, text = {0}, name = {0};

        for (size_t row = 0; t >= 0 && row < batch_rows(rows); row++) {
                int64_t t_ns = batch_i64(rows, (size_t)t, row);
                if (batch_is_null(rows, (size_t)t, row) || is_mark(p, t_ns, cell_text(rows, "kind", row, &kind)))
                        continue;
                string_clear(&name);
                string_add_shown(&name, kind.size > 0 ? string_get(&kind) : "event", TITLE_COLUMNS, false);
                trace_begin_instant(p->to, string_get(&name), "event", t_ns, 'p', PERFETTO_RUN_PID, PERFETTO_RUN_PID);
                add_shown_text(&p->to->json, "severity", cell_text(rows, "severity", row, &severity));
                add_shown_text(&p->to->json, "text", cell_text(rows, "text", row, &text));
                if (pid >= 0 && !batch_is_null(rows, (size_t)pid, row))
                        json_add_i64(&p->to->json, "pid", batch_i64(rows, (size_t)pid, row));
                trace_end_event(p->to);
        }
        return kind.failed || severity.failed || text.failed || name.failed ? -ENOMEM : 0;
}

int perfetto_write(RunReader *run, const PerfettoOptions *options, int fd, bool *ret_output, Error *err)
{
        static const char *const event_columns[] = {"t_ns", "kind", "severity", "pid", "text", NULL};
        _cleanup_(trace_writer_done) TraceWriter to;
        PerfettoRun p = {run, options, &to, err};

        trace_writer_init(&to, fd);
        add_header(&p);
        name_run(&p);
        add_marks(&p);
        int r = perfetto_read(&p, "events", event_columns, add_events, &p);
        if (r == 0)
                r = perfetto_add_categories(&p);
        if (r == 0)
                r = perfetto_add_tables(&p);
        if (r == 0)
                r = perfetto_add_processes(&p);
        if (r < 0 && to.failed == 0) {
                *ret_output = false;
                return r;
        }
        *ret_output = true;
        return trace_finish(&to, err);
}
