/* Writes and reads run.json from one table of fields. */
#include "store/run-info-json.h"

#include <errno.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "base/json-fields.h"

#define FIELD(group, key, kind, member) {group, key, JSON_##kind, offsetof(RunInfo, member), NULL}

static const JsonField fields[] = {
        FIELD(NULL, "id", TEXT, id),
        FIELD(NULL, "label", TEXT, label),
        FIELD(NULL, "vigia_version", TEXT, vigia_version),
        FIELD(NULL, "host", TEXT, host),
        FIELD(NULL, "kernel", TEXT, kernel),
        FIELD(NULL, "machine", TEXT, machine),
        FIELD(NULL, "cpu_model", TEXT, cpu_model),
        FIELD(NULL, "boot_id", TEXT, boot_id),
        FIELD(NULL, "cpus", UNSIGNED, cpus),
        FIELD(NULL, "memory_bytes", U64, memory_bytes),
        FIELD(NULL, "page_bytes", U64, page_bytes),
        FIELD(NULL, "scope", TEXT, scope),
        FIELD(NULL, "cwd", TEXT, cwd),
        FIELD(NULL, "user", TEXT, user),
        FIELD(NULL, "start_realtime_ns", I64, start_realtime_ns),
        FIELD(NULL, "start_monotonic_ns", U64, start_monotonic_ns),
        FIELD(NULL, "start_boottime_ns", U64, start_boottime_ns),
        FIELD(NULL, "end_realtime_ns", I64, end_realtime_ns),
        FIELD(NULL, "wall_ns", U64, wall_ns),
        FIELD(NULL, "exit_code", INT, exit_code),
        FIELD(NULL, "exit_signal", INT, exit_signal),
        FIELD(NULL, "timed_out", BOOL, timed_out),
        FIELD(NULL, "complete", BOOL, complete),
        FIELD(NULL, "recorder_died", TEXT, recorder_died),
        FIELD(NULL, "snapshot_of", TEXT, snapshot_of),
        FIELD(NULL, "recorder_pid", INT, recorder_pid),
        FIELD(NULL, "recorder_start_ns", U64, recorder_start_ns),
        FIELD(NULL, "interval_ns", U64, interval_ns),
        FIELD(NULL, "ticks", U64, ticks),
        FIELD(NULL, "late_ticks", U64, late_ticks),
        FIELD(NULL, "command_cpu_us", U64, command_cpu_us),
        FIELD(NULL, "cgroup", TEXT, cgroup),
        FIELD(NULL, "peak_cgroup_bytes", U64, peak_cgroup_bytes),
        FIELD(NULL, "output_bytes", U64, output_bytes),
        FIELD("rules", "name", TEXT, rules),
        FIELD("rules", "fingerprint", U64, rules_fingerprint),
        FIELD("capture", "source", TEXT, capture_source),
        FIELD("capture", "why", TEXT, capture_why),
        FIELD("capture", "partial", BOOL, partial),
        FIELD("capture", "processes", U64, processes),
        FIELD("capture", "lost_events", U64, lost_events),
        FIELD("capture", "lost_rows", U64, lost_rows),
        FIELD("own", "cpu_us", U64, own_cpu_us),
        FIELD("own", "peak_rss_bytes", U64, own_peak_rss_bytes),
        FIELD("own", "private_bytes", U64, own_private_bytes),
        FIELD("own", "written_bytes", U64, written_bytes),
};

_Static_assert(sizeof(pid_t) == sizeof(int), "recorder_pid is read and written as an int");

/* ---- writing ---- */

/* For people; read back from the figure in nanoseconds. */
static void add_date(Json *j, const char *key, int64_t realtime_ns)
{
        time_t seconds = (time_t)(realtime_ns / (int64_t)NS_PER_SECOND);
        struct tm tm;
        char text[32];

        if (realtime_ns < 0 || !gmtime_r(&seconds, &tm) ||
            strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &tm) == 0)
                json_add_null(j, key);
        else
                json_add_text(j, key, text);
}

/* Cut where there is too much of it. */
static void add_texts(Json *j, const char *key, char *const *texts, size_t max_bytes)
{
        size_t left = max_bytes;

        if (!texts) {
                json_add_null(j, key);
                return;
        }
        json_open_array(j, key, JSON_ONE_LINE);
        for (size_t i = 0; texts[i]; i++) {
                size_t size = strlen(texts[i]);
                bool cut = size > left || i >= RUN_JSON_ITEMS_MAX - 1;
                json_add_text(j, NULL, cut ? "…" : texts[i]);
                if (cut)
                        break;
                left -= size;
        }
        json_close(j);
}

static void add_monitors(Json *j, const RunInfo *info)
{
        json_open_array(j, "monitors", JSON_LINES);
        for (size_t i = 0; i < MIN(info->n_monitors, (size_t)RUN_JSON_ITEMS_MAX); i++) {
                const RunMonitor *m = &info->monitors[i];
                json_open_object(j, NULL, JSON_ONE_LINE);
                json_add_text(j, "name", m->name);
                json_add_u64(j, "interval_us", m->interval_us);
                json_add_u64(j, "rows", m->rows);
                json_add_u64(j, "errors", m->errors);
                json_add_u64(j, "late", m->late);
                if (m->absent)
                        json_add_bool(j, "absent", true);
                if (m->why[0])
                        json_add_text(j, "why", m->why);
                json_close(j);
        }
        json_close(j);
}

void run_info_to_json(const RunInfo *info, String *to)
{
        Json j = {.out = to};

        json_open_object(&j, NULL, JSON_LINES);
        json_add_i64(&j, "format", info->format);
        add_date(&j, "start", info->start_realtime_ns);
        add_date(&j, "end", info->end_realtime_ns);
        add_texts(&j, "command", info->command, RUN_JSON_COMMAND_MAX);
        json_add_fields(&j, fields, ARRAY_LENGTH(fields), info, RUN_JSON_TEXT_MAX);
        add_monitors(&j, info);
        add_texts(&j, "warnings", info->warnings, RUN_JSON_COMMAND_MAX);
        json_close(&j);
        string_add_char(to, '\n');
}

/* ---- reading ---- */

static int read_monitor(const JsonReader *r, const json_t *value, RunMonitor *ret)
{
        const char *name = json_string_value(json_object_get(value, "name"));
        const struct {
                const char *key;
                uint64_t *to;
        } numbers[] = {{"interval_us", &ret->interval_us},
                       {"rows", &ret->rows},
                       {"errors", &ret->errors},
                       {"late", &ret->late}};

        if (!name)
                return json_expected(r, "monitors", "objects with a name");
        const char *why = json_string_value(json_object_get(value, "why"));
        text_copy(ret->name, sizeof ret->name, name);
        text_copy(ret->why, sizeof ret->why, why ? why : "");
        ret->absent = json_is_true(json_object_get(value, "absent"));
        for (size_t i = 0; i < ARRAY_LENGTH(numbers); i++) {
                const json_t *n = json_object_get(value, numbers[i].key);
                if (!n || json_is_null(n))
                        continue;
                int e = json_read_number(r, numbers[i].key, n, INT64_MAX, numbers[i].to);
                if (e < 0)
                        return e;
        }
        return 0;
}

static int read_monitors(const JsonReader *r, const json_t *value, RunInfo *info)
{
        if (!value || json_is_null(value))
                return 0;
        if (!json_is_array(value) || json_array_size(value) > RUN_JSON_ITEMS_MAX)
                return json_expected(r, "monitors", "a list of monitors, or null");
        info->monitors = calloc(json_array_size(value) + 1, sizeof *info->monitors);
        if (!info->monitors)
                return json_out_of_memory(r);
        for (size_t i = 0; i < json_array_size(value); i++) {
                int e = read_monitor(r, json_array_get(value, i), &info->monitors[i]);
                if (e < 0)
                        return e;
                info->n_monitors = i + 1;
        }
        return 0;
}

static int read_all(const JsonReader *r, const json_t *root, RunInfo *info)
{
        int e = json_read_fields(r, fields, ARRAY_LENGTH(fields), root, info);

        if (e == 0)
                e = json_read_texts(r, "command", json_object_get(root, "command"), &info->command);
        if (e == 0)
                e = json_read_texts(r, "warnings", json_object_get(root, "warnings"), &info->warnings);
        if (e == 0)
                e = read_monitors(r, json_object_get(root, "monitors"), info);
        if (e == 0 && !info->id)
                return json_expected(r, "id", "the run's id");
        if (e == 0 && info->start_realtime_ns < 0)
                return json_expected(r, "start_realtime_ns", "the run's start");
        return e;
}

int run_info_from_json(RunInfo *info, const char *text, size_t size, const char *shown, Error *err)
{
        const JsonReader r = {shown, SIZE_MAX, RUN_JSON_ITEMS_MAX, err};
        json_t *root = NULL;
        RunInfo read;

        if (size > RUN_JSON_MAX)
                return error_set(err, EBADMSG, "%s: larger than %d bytes", shown, RUN_JSON_MAX);
        run_info_init(&read);
        int e = json_read_document(&r, text, size, RUN_FORMAT, &root, &read.format);
        if (e < 0)
                return e;
        e = read_all(&r, root, &read);
        json_decref(root);
        if (e < 0)
                run_info_done(&read);
        else
                *info = read;
        return e;
}
