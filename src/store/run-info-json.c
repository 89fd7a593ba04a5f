/* Writes and reads run.json from one table of fields. */
#include "store/run-info-json.h"

#include <errno.h>
#include <limits.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <jansson.h>

#include "base/clock.h"

typedef enum FieldKind {
        FIELD_TEXT,     /* char *, NULL unknown */
        FIELD_U64,      /* RUN_UNKNOWN unknown */
        FIELD_I64,      /* -1 unknown */
        FIELD_INT,      /* -1 unknown */
        FIELD_UNSIGNED, /* 0 unknown */
        FIELD_BOOL,
} FieldKind;

typedef struct Field {
        const char *group; /* the object it lies in; NULL: the outermost */
        const char *key;
        FieldKind kind;
        size_t offset;
} Field;

#define FIELD(group, key, kind, member) {group, key, FIELD_##kind, offsetof(RunInfo, member)}

static const Field fields[] = {
        FIELD(NULL, "id", TEXT, id),
        FIELD(NULL, "label", TEXT, label),
        FIELD(NULL, "vigia_version", TEXT, vigia_version),
        FIELD(NULL, "host", TEXT, host),
        FIELD(NULL, "kernel", TEXT, kernel),
        FIELD(NULL, "machine", TEXT, machine),
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

static void add_text(String *to, const char *text, size_t max)
{
        if (!text) {
                string_add(to, "null");
                return;
        }
        string_add_char(to, '"');
        string_add_json(to, text, strnlen(text, max));
        string_add_char(to, '"');
}

static void add_u64(String *to, uint64_t value)
{
        if (value > INT64_MAX) /* RUN_UNKNOWN, and what JSON readers cannot hold */
                string_add(to, "null");
        else
                string_add_format(to, "%llu", (unsigned long long)value);
}

static void add_field(String *to, const Field *f, const RunInfo *info)
{
        const char *at = (const char *)info + f->offset;

        switch (f->kind) {
        case FIELD_TEXT:
                add_text(to, *(char *const *)at, RUN_JSON_TEXT_MAX);
                break;
        case FIELD_U64:
                add_u64(to, *(const uint64_t *)at);
                break;
        case FIELD_I64:
                add_u64(to, (uint64_t)MAX(*(const int64_t *)at, (int64_t)-1));
                break;
        case FIELD_INT:
                add_u64(to, *(const int *)at < 0 ? RUN_UNKNOWN : (uint64_t)*(const int *)at);
                break;
        case FIELD_UNSIGNED:
                add_u64(to, *(const unsigned *)at);
                break;
        case FIELD_BOOL:
                string_add(to, *(const bool *)at ? "true" : "false");
                break;
        }
}

/* For people; read back from the figure in nanoseconds. */
static void add_date(String *to, const char *key, int64_t realtime_ns)
{
        time_t seconds = (time_t)(realtime_ns / (int64_t)NS_PER_SECOND);
        struct tm tm;
        char text[32];

        if (realtime_ns < 0 || !gmtime_r(&seconds, &tm) ||
            strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &tm) == 0)
                string_add_format(to, "  \"%s\": null,\n", key);
        else
                string_add_format(to, "  \"%s\": \"%s\",\n", key, text);
}

static void add_texts(String *to, const char *key, char *const *texts, size_t max_bytes)
{
        size_t left = max_bytes;

        string_add_format(to, "  \"%s\": ", key);
        if (!texts) {
                string_add(to, "null");
                return;
        }
        string_add_char(to, '[');
        for (size_t i = 0; texts[i]; i++) {
                size_t size = strlen(texts[i]);
                bool cut = size > left || i >= RUN_JSON_ITEMS_MAX - 1;
                string_add(to, i ? ", " : "");
                add_text(to, cut ? "…" : texts[i], RUN_JSON_COMMAND_MAX);
                if (cut)
                        break;
                left -= size;
        }
        string_add_char(to, ']');
}

static void add_monitors(String *to, const RunInfo *info)
{
        string_add(to, "  \"monitors\": [");
        for (size_t i = 0; i < MIN(info->n_monitors, (size_t)RUN_JSON_ITEMS_MAX); i++) {
                const RunMonitor *m = &info->monitors[i];
                string_add(to, i ? ",\n    {\"name\": " : "\n    {\"name\": ");
                add_text(to, m->name, sizeof m->name);
                string_add(to, ", \"interval_us\": ");
                add_u64(to, m->interval_us);
                string_add(to, ", \"rows\": ");
                add_u64(to, m->rows);
                string_add(to, ", \"errors\": ");
                add_u64(to, m->errors);
                string_add(to, ", \"late\": ");
                add_u64(to, m->late);
                if (m->absent)
                        string_add(to, ", \"absent\": true");
                if (m->why[0]) {
                        string_add(to, ", \"why\": ");
                        add_text(to, m->why, sizeof m->why);
                }
                string_add_char(to, '}');
        }
        string_add(to, info->n_monitors ? "\n  ]" : "]");
}

void run_info_to_json(const RunInfo *info, String *to)
{
        const char *group = NULL;

        string_add_format(to, "{\n  \"format\": %d,\n", info->format);
        add_date(to, "start", info->start_realtime_ns);
        add_date(to, "end", info->end_realtime_ns);
        add_texts(to, "command", info->command, RUN_JSON_COMMAND_MAX);
        for (size_t i = 0; i < ARRAY_LENGTH(fields); i++) {
                const Field *f = &fields[i];
                if (!text_equal(f->group ? f->group : "", group ? group : ""))
                        string_add_format(to, "%s,\n  \"%s\": {\n    ", group ? "\n  }" : "", f->group);
                else
                        string_add(to, group ? ",\n    " : ",\n  ");
                string_add_format(to, "\"%s\": ", f->key);
                add_field(to, f, info);
                group = f->group;
        }
        string_add(to, group ? "\n  },\n" : ",\n");
        add_monitors(to, info);
        string_add(to, ",\n");
        add_texts(to, "warnings", info->warnings, RUN_JSON_COMMAND_MAX);
        string_add(to, "\n}\n");
}

/* ---- reading ---- */

typedef struct Reader {
        const char *shown;
        Error *err;
} Reader;

static int wrong(const Reader *r, const char *key, const char *expected)
{
        return error_set(r->err, EBADMSG, "%s: \"%s\": expected %s", r->shown, key, expected);
}

static int read_text(const Reader *r, const char *key, const json_t *value, char **ret)
{
        if (!json_is_string(value))
                return wrong(r, key, "a text or null");
        *ret = strdup(json_string_value(value));
        return *ret ? 0 : error_set(r->err, ENOMEM, "out of memory");
}

static int read_number(const Reader *r, const char *key, const json_t *value, uint64_t max,
                       uint64_t *ret)
{
        json_int_t n = json_integer_value(value);

        if (!json_is_integer(value) || n < 0 || (uint64_t)n > max)
                return wrong(r, key, "a whole number that fits, or null");
        *ret = (uint64_t)n;
        return 0;
}

static int read_field(const Reader *r, const Field *f, const json_t *value, RunInfo *info)
{
        char *at = (char *)info + f->offset;
        uint64_t n = 0;
        int e = 0;

        if (!value || json_is_null(value))
                return 0; /* stays unknown */
        if (f->kind == FIELD_TEXT)
                return read_text(r, f->key, value, (char **)at);
        if (f->kind == FIELD_BOOL) {
                if (!json_is_boolean(value))
                        return wrong(r, f->key, "true or false");
                *(bool *)at = json_is_true(value);
                return 0;
        }
        bool wide = f->kind == FIELD_U64 || f->kind == FIELD_I64;
        e = read_number(r, f->key, value, wide ? INT64_MAX : INT_MAX, &n);
        if (e < 0)
                return e;
        if (f->kind == FIELD_U64)
                *(uint64_t *)at = n;
        else if (f->kind == FIELD_I64)
                *(int64_t *)at = (int64_t)n;
        else if (f->kind == FIELD_INT)
                *(int *)at = (int)n;
        else
                *(unsigned *)at = (unsigned)n;
        return 0;
}

static int read_texts(const Reader *r, const char *key, const json_t *value, char ***ret)
{
        if (!value || json_is_null(value))
                return 0;
        if (!json_is_array(value) || json_array_size(value) > RUN_JSON_ITEMS_MAX)
                return wrong(r, key, "a list of texts, or null");
        size_t n = json_array_size(value);
        char **texts = calloc(n + 1, sizeof *texts);
        if (!texts)
                return error_set(r->err, ENOMEM, "out of memory");
        *ret = texts; /* run_info_done frees it on failure too */
        for (size_t i = 0; i < n; i++) {
                int e = read_text(r, key, json_array_get(value, i), &texts[i]);
                if (e < 0)
                        return e;
        }
        return 0;
}

static int read_monitor(const Reader *r, const json_t *value, RunMonitor *ret)
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
                return wrong(r, "monitors", "objects with a name");
        const char *why = json_string_value(json_object_get(value, "why"));
        text_copy(ret->name, sizeof ret->name, name);
        text_copy(ret->why, sizeof ret->why, why ? why : "");
        ret->absent = json_is_true(json_object_get(value, "absent"));
        for (size_t i = 0; i < ARRAY_LENGTH(numbers); i++) {
                const json_t *n = json_object_get(value, numbers[i].key);
                if (!n || json_is_null(n))
                        continue;
                int e = read_number(r, numbers[i].key, n, INT64_MAX, numbers[i].to);
                if (e < 0)
                        return e;
        }
        return 0;
}

static int read_monitors(const Reader *r, const json_t *value, RunInfo *info)
{
        if (!value || json_is_null(value))
                return 0;
        if (!json_is_array(value) || json_array_size(value) > RUN_JSON_ITEMS_MAX)
                return wrong(r, "monitors", "a list of monitors, or null");
        info->monitors = calloc(json_array_size(value) + 1, sizeof *info->monitors);
        if (!info->monitors)
                return error_set(r->err, ENOMEM, "out of memory");
        for (size_t i = 0; i < json_array_size(value); i++) {
                int e = read_monitor(r, json_array_get(value, i), &info->monitors[i]);
                if (e < 0)
                        return e;
                info->n_monitors = i + 1;
        }
        return 0;
}

static int read_all(const Reader *r, const json_t *root, RunInfo *info)
{
        const json_t *format = json_object_get(root, "format");
        int e = 0;

        if (!json_is_object(root))
                return error_set(r->err, EBADMSG, "%s:1:1: expected an object: { … }", r->shown);
        if (!json_is_integer(format) || json_integer_value(format) < 1)
                return wrong(r, "format", "the format's number");
        if (json_integer_value(format) > RUN_FORMAT)
                return error_set(r->err, EOPNOTSUPP,
                                 "%s: format %lld is newer than what this vigia reads (%d)", r->shown,
                                 (long long)json_integer_value(format), RUN_FORMAT);
        info->format = (int)json_integer_value(format);
        for (size_t i = 0; i < ARRAY_LENGTH(fields) && e == 0; i++) {
                const Field *f = &fields[i];
                const json_t *in = f->group ? json_object_get(root, f->group) : root;
                if (in && !json_is_object(in) && !json_is_null(in))
                        return wrong(r, f->group, "an object");
                e = read_field(r, f, json_object_get(in, f->key), info);
        }
        if (e == 0)
                e = read_texts(r, "command", json_object_get(root, "command"), &info->command);
        if (e == 0)
                e = read_texts(r, "warnings", json_object_get(root, "warnings"), &info->warnings);
        if (e == 0)
                e = read_monitors(r, json_object_get(root, "monitors"), info);
        if (e == 0 && !info->id)
                return wrong(r, "id", "the run's id");
        if (e == 0 && info->start_realtime_ns < 0)
                return wrong(r, "start_realtime_ns", "the run's start");
        return e;
}

int run_info_from_json(RunInfo *info, const char *text, size_t size, const char *shown, Error *err)
{
        const Reader r = {shown, err};
        json_error_t where;
        RunInfo read;

        if (size > RUN_JSON_MAX)
                return error_set(err, EBADMSG, "%s: larger than %d bytes", shown, RUN_JSON_MAX);
        json_t *root = json_loadb(text, size, JSON_REJECT_DUPLICATES, &where);
        if (!root)
                return error_set(err, EBADMSG, "%s:%d:%d: %s", shown, MAX(where.line, 1),
                                 MAX(where.column, 1), where.text);
        run_info_init(&read);
        int e = read_all(&r, root, &read);
        json_decref(root);
        if (e < 0)
                run_info_done(&read);
        else
                *info = read;
        return e;
}
