/* Events as they happened; findings that are no event at the time they are about, or at the end. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "app/export-nixos-csv.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/hash.h"
#include "export/out-buffer.h"
#include "export/output-file.h"
#include "store/run.h"

enum {
        LINES_MAX = 50000,
        TEXT_COLUMNS = 1000,
        CHUNK = 1 << 16,
};

typedef struct LogLine {
        int64_t t_ns;
        size_t order; /* of those at one time */
        char *text;   /* with its level */
} LogLine;

typedef struct LogLines {
        LogLine *items;
        size_t n, left_out;
        Map *said; /* by the hash of the text */
} LogLines;

/* Text before it is made safe is what tells lines apart. */
static int add(LogLines *lines, int64_t t_ns, const char *level, const char *text, const char *more)
{
        _cleanup_string_ String line = {0};
        uint64_t hash = hash_bytes(text, strlen(text));

        if (map_get(lines->said, hash))
                return 0;
        if (lines->n == LINES_MAX) {
                lines->left_out++;
                return 0;
        }
        string_add_format(&line, "[%s] ", level);
        string_add_shown(&line, text, TEXT_COLUMNS, false);
        if (more && *more) {
                string_add(&line, ": ");
                string_add_shown(&line, more, TEXT_COLUMNS, false);
        }
        LogLine *items = realloc(lines->items, (lines->n + 1) * sizeof *items);
        if (!items)
                return -ENOMEM;
        lines->items = items;
        items[lines->n] = (LogLine){t_ns, lines->n, string_take(&line)};
        return items[lines->n].text ? (lines->n++, 0) : -ENOMEM;
}

/* Two events of the same words are two; a finding of them is none more. */
static int remember(LogLines *lines, const char *text)
{
        return map_put(lines->said, hash_bytes(text, strlen(text)), lines);
}

static const char *level_of(const char *severity)
{
        return text_equal(severity, "critical") ? "CRITICAL" : text_equal(severity, "warning") ? "WARNING" : "INFO";
}

static void take_cell(const Batch *rows, const char *column, size_t row, String *to)
{
        int at = schema_find(batch_schema(rows), column);
        size_t size;

        string_clear(to);
        if (at < 0 || batch_schema(rows)->columns[at].type != COLUMN_TEXT || batch_is_null(rows, (size_t)at, row))
                return;
        const char *text = batch_text(rows, (size_t)at, row, &size);
        string_add_bytes(to, text, strnlen(text, MIN(size, (size_t)8192)));
}

/* Lines of a journal are in journal.log; here only those that are a warning or worse. */
static int add_events(const Batch *rows, void *data)
{
        LogLines *lines = data;
        _cleanup_string_ String kind = {0}, severity = {0}, text = {0};
        int t_ns = schema_find(batch_schema(rows), "t_ns"), r = 0;

        for (size_t row = 0; r == 0 && t_ns >= 0 && row < batch_rows(rows); row++) {
                take_cell(rows, "kind", row, &kind);
                take_cell(rows, "severity", row, &severity);
                take_cell(rows, "text", row, &text);
                const char *said = text.size ? string_get(&text) : string_get(&kind);
                bool journal = text_equal(string_get(&kind), "journal");
                if (text_equal(string_get(&kind), "late-tick") || (journal && text_equal(string_get(&severity), "info")))
                        continue;
                r = add(lines, batch_i64(rows, (size_t)t_ns, row), level_of(string_get(&severity)), said, NULL);
        }
        return r;
}

static int add_findings(LogLines *lines, const ReportData *data, int64_t end_ns)
{
        int r = 0;

        for (size_t i = 0; r == 0 && i < lines->n; i++)
                r = remember(lines, strchr(lines->items[i].text, ']') + 2);
        for (size_t i = 0; r == 0 && i < data->n_findings; i++) {
                const Finding *f = &data->findings[i];
                r = add(lines, f->t_ns == INT64_MIN ? end_ns : f->t_ns, level_of(severity_name(f->severity)), f->title,
                        f->evidence);
        }
        return r;
}

static int add_frame(LogLines *lines, const ReportData *data, int64_t end_ns)
{
        const RunInfo *info = data->info;
        _cleanup_string_ String begun = {0}, ended = {0};
        char wall[FORMAT_MAX];

        string_add(&begun, "recording of");
        for (char **word = info->command; word && *word && begun.size < 4096; word++)
                string_add_format(&begun, " %s", *word);
        if (!info->command)
                string_add_format(&begun, " %s", info->scope ? info->scope : "a run");
        string_add_format(&begun, " begins, vigia %s", info->vigia_version ? info->vigia_version : "");
        if (info->exit_signal > 0)
                string_add_format(&ended, "the command was ended by signal %d", info->exit_signal);
        else if (info->exit_code >= 0)
                string_add_format(&ended, "the command ended with exit code %d", info->exit_code);
        else
                string_add(&ended, "the recording ended");
        string_add_format(&ended, " after %s", format_duration(wall, report_wall_ns(data)));
        bool failed = info->exit_signal > 0 || info->exit_code > 0;
        int r = begun.failed || ended.failed ? -ENOMEM : add(lines, INT64_MIN, "INFO", string_get(&begun), NULL);
        return r < 0 ? r : add(lines, end_ns, failed ? "ERROR" : "INFO", string_get(&ended), NULL);
}

static int compare_lines(const void *a, const void *b)
{
        const LogLine *x = a, *y = b;

        return x->t_ns != y->t_ns ? (x->t_ns < y->t_ns ? -1 : 1) : x->order < y->order ? -1 : 1;
}

static int write_lines(const LogLines *lines, int64_t start_ns, OutBuffer *out, Error *err)
{
        int r = 0;

        for (size_t i = 0; r == 0 && i < lines->n; i++) {
                const LogLine *line = &lines->items[i];
                time_t when = (time_t)((start_ns + (line->t_ns == INT64_MIN ? 0 : line->t_ns)) / (int64_t)NS_PER_SECOND);
                _cleanup_string_ String text = {0};
                char stamp[32];
                struct tm local;
                if (!localtime_r(&when, &local) || strftime(stamp, sizeof stamp, "%Y-%m-%d %H:%M:%S", &local) == 0)
                        return error_set(err, EBADMSG, "a time that no calendar has");
                string_add_format(&text, "%s %s\n", stamp, line->text);
                if (text.failed || buffer_append(&out->pending, string_get(&text), text.size) < 0)
                        return error_set(err, ENOMEM, "out of memory");
                r = out_buffer_drain(out, CHUNK, err);
        }
        return r == 0 ? out_buffer_drain(out, 0, err) : r;
}

int nixos_log_write(RunReader *reader, const ReportData *data, const char *path, Error *err)
{
        _cleanup_(output_file_done) OutputFile file = {.fd = -1};
        int64_t end_ns = nixos_end_ns(data);
        LogLines lines = {0};
        OutBuffer out = {.fd = -1};
        int r = map_new(&lines.said) < 0 ? error_set(err, ENOMEM, "out of memory") : run_reader_each(reader, "events", NULL, add_events, &lines, err);

        if (r == 0 && (add_findings(&lines, data, end_ns) < 0 || add_frame(&lines, data, end_ns) < 0))
                r = error_set(err, ENOMEM, "out of memory");
        if (r == 0)
                r = output_file_open(&file, path, err);
        out.fd = file.fd;
        if (r == 0 && lines.n > 0) {
                qsort(lines.items, lines.n, sizeof *lines.items, compare_lines);
                r = write_lines(&lines, data->info->start_realtime_ns, &out, err);
        }
        if (r == 0 && lines.left_out > 0) {
                _cleanup_string_ String more = {0};
                string_add_format(&more, "%zu further lines are left out\n", lines.left_out);
                r = file_write_all(file.fd, string_get(&more), more.size);
        }
        for (size_t i = 0; i < lines.n; i++)
                free(lines.items[i].text);
        free(lines.items);
        map_free(lines.said);
        buffer_done(&out.pending);
        return r < 0 ? r : output_file_commit(&file, err);
}
