/* sweep.json from one table of fields a struct, which serves both ways. What was derived from the
 * runs ("levels") is written for readers and never read back. */
#include "sweep/sweep.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "sweep/result.h"

typedef enum FieldKind {
        FIELD_TEXT,     /* char *, NULL unknown */
        FIELD_TEXTS,    /* char **, NULL-terminated; NULL none */
        FIELD_U64,      /* RUN_UNKNOWN unknown */
        FIELD_SEED,     /* any u64: as a text, which no JSON reader rounds */
        FIELD_I64,      /* negative: unknown, keeps its initial value */
        FIELD_INT,      /* -1 unknown */
        FIELD_UNSIGNED,
        FIELD_BOOL,
        FIELD_WORD,     /* an enum, by its names */
} FieldKind;

typedef struct Field {
        const char *key;
        FieldKind kind;
        size_t offset;
        const char *const *words; /* of FIELD_WORD; ended by NULL */
} Field;

static const char *const orders[] = {"given", "random", NULL};
static const char *const policies[] = {"off", "adaptive", "manual", NULL};
static const char *const states[] = {"planned", "running", "done", "failed", "timed out", "interrupted", NULL};

#define FIELD(type, kind, member) {#member, FIELD_##kind, offsetof(type, member), NULL}

static const Field sweep_fields[] = {
        FIELD(Sweep, TEXT, id),
        FIELD(Sweep, TEXT, label),
        FIELD(Sweep, TEXT, project),
        FIELD(Sweep, TEXTS, command),
        FIELD(Sweep, TEXT, setup),
        FIELD(Sweep, TEXT, clean),
        FIELD(Sweep, TEXT, dir),
        FIELD(Sweep, TEXTS, environment),
        FIELD(Sweep, TEXT, match),
        {"process_pattern", FIELD_TEXT, offsetof(Sweep, programs), NULL},
        FIELD(Sweep, BOOL, redacted),
        FIELD(Sweep, UNSIGNED, repeat),
        {"order", FIELD_WORD, offsetof(Sweep, order), orders},
        FIELD(Sweep, SEED, seed),
        FIELD(Sweep, BOOL, pre_clean),
        FIELD(Sweep, BOOL, post_clean),
        FIELD(Sweep, BOOL, warm_up),
        FIELD(Sweep, BOOL, keep_going),
        FIELD(Sweep, BOOL, set_up),
        FIELD(Sweep, U64, timeout_ns),
        FIELD(Sweep, U64, limit_ns),
        {"scheduling", FIELD_WORD, offsetof(Sweep, policy), policies},
        FIELD(Sweep, TEXT, build_cpus),
        FIELD(Sweep, TEXT, recorder_cpus),
        FIELD(Sweep, TEXTS, options),
        FIELD(Sweep, TEXT, vigia_version),
        FIELD(Sweep, TEXT, host),
        FIELD(Sweep, TEXT, kernel),
        FIELD(Sweep, TEXT, machine),
        FIELD(Sweep, TEXT, user),
        FIELD(Sweep, UNSIGNED, cpus),
        FIELD(Sweep, UNSIGNED, usable_cpus),
        FIELD(Sweep, U64, memory_bytes),
        FIELD(Sweep, I64, start_realtime_ns),
        FIELD(Sweep, I64, end_realtime_ns),
        FIELD(Sweep, U64, spent_ns),
};

static const Field run_fields[] = {
        FIELD(SweepRun, TEXT, path),
        FIELD(SweepRun, UNSIGNED, jobs),
        FIELD(SweepRun, UNSIGNED, repeat),
        FIELD(SweepRun, BOOL, warm_up),
        {"state", FIELD_WORD, offsetof(SweepRun, state), states},
        FIELD(SweepRun, INT, exit_code),
        FIELD(SweepRun, INT, exit_signal),
        FIELD(SweepRun, TEXT, build_cpus),
        FIELD(SweepRun, TEXT, recorder_cpus),
        FIELD(SweepRun, U64, around_ns),
        {"wall_ns", FIELD_U64, offsetof(SweepRun, figures.wall_ns), NULL},
        {"cpu_us", FIELD_U64, offsetof(SweepRun, figures.cpu_us), NULL},
        {"user_us", FIELD_U64, offsetof(SweepRun, figures.user_us), NULL},
        {"system_us", FIELD_U64, offsetof(SweepRun, figures.system_us), NULL},
        {"peak_bytes", FIELD_U64, offsetof(SweepRun, figures.peak_bytes), NULL},
        {"peak_rss_bytes", FIELD_U64, offsetof(SweepRun, figures.peak_rss_bytes), NULL},
        {"peak_cgroup_bytes", FIELD_U64, offsetof(SweepRun, figures.peak_cgroup_bytes), NULL},
        {"peak_t_ns", FIELD_I64, offsetof(SweepRun, figures.peak_t_ns), NULL},
        {"processes", FIELD_U64, offsetof(SweepRun, figures.processes), NULL},
        {"lost_events", FIELD_U64, offsetof(SweepRun, figures.lost_events), NULL},
        {"partial", FIELD_BOOL, offsetof(SweepRun, figures.partial), NULL},
};

static const Field group_fields[] = {
        FIELD(SweepGroup, TEXT, major),
        {"category", FIELD_TEXT, offsetof(SweepGroup, name), NULL},
        FIELD(SweepGroup, U64, processes),
        FIELD(SweepGroup, U64, peak_bytes),
        FIELD(SweepGroup, U64, at_peak_bytes),
        FIELD(SweepGroup, U64, largest_bytes),
        FIELD(SweepGroup, U64, cpu_us),
};

enum { TEXTS_MAX = 4096, TEXT_BYTES_MAX = 64 << 10 };

/* ---- writing ---- */

static void add_text(String *to, const char *text)
{
        if (!text) {
                string_add(to, "null");
                return;
        }
        string_add_char(to, '"');
        string_add_json(to, text, strlen(text));
        string_add_char(to, '"');
}

static void add_number(String *to, uint64_t value)
{
        if (value > INT64_MAX)
                string_add(to, "null");
        else
                string_add_format(to, "%llu", (unsigned long long)value);
}

static void add_texts(String *to, char *const *texts)
{
        string_add(to, texts ? "[" : "null");
        for (size_t i = 0; texts && texts[i]; i++) {
                string_add(to, i ? ", " : "");
                add_text(to, texts[i]);
        }
        string_add(to, texts ? "]" : "");
}

static void add_value(String *to, const Field *f, const void *from)
{
        const char *at = (const char *)from + f->offset;

        switch (f->kind) {
        case FIELD_TEXT:
                add_text(to, *(char *const *)at);
                break;
        case FIELD_TEXTS:
                add_texts(to, *(char *const *const *)at);
                break;
        case FIELD_U64:
                add_number(to, *(const uint64_t *)at);
                break;
        case FIELD_SEED:
                string_add_format(to, "\"%llu\"", (unsigned long long)*(const uint64_t *)at);
                break;
        case FIELD_I64:
                add_number(to, (uint64_t)*(const int64_t *)at);
                break;
        case FIELD_INT:
                add_number(to, *(const int *)at < 0 ? RUN_UNKNOWN : (uint64_t)*(const int *)at);
                break;
        case FIELD_UNSIGNED:
                add_number(to, *(const unsigned *)at);
                break;
        case FIELD_BOOL:
                string_add(to, *(const bool *)at ? "true" : "false");
                break;
        case FIELD_WORD:
                add_text(to, f->words[*(const unsigned *)at]);
                break;
        }
}

static void add_fields(String *to, const Field *fields, size_t n, const void *from, const char *between)
{
        for (size_t i = 0; i < n; i++) {
                string_add_format(to, "%s\"%s\": ", i ? between : "", fields[i].key);
                add_value(to, &fields[i], from);
        }
}

static void add_numbers(String *to, const char *key, const unsigned *numbers, size_t n)
{
        string_add_format(to, ",\n  \"%s\": [", key);
        for (size_t i = 0; i < n; i++)
                string_add_format(to, "%s%u", i ? ", " : "", numbers[i]);
        string_add_char(to, ']');
}

static void add_runs(String *to, const Sweep *sweep)
{
        string_add(to, ",\n  \"runs\": [");
        for (size_t i = 0; i < sweep->n_runs; i++) {
                const SweepRun *run = &sweep->runs[i];
                string_add(to, i ? ",\n    {" : "\n    {");
                add_fields(to, run_fields, ARRAY_LENGTH(run_fields), run, ", ");
                string_add(to, ",\n     \"categories\": [");
                for (size_t g = 0; g < run->figures.n_groups; g++) {
                        string_add(to, g ? ",\n       {" : "\n       {");
                        add_fields(to, group_fields, ARRAY_LENGTH(group_fields), &run->figures.groups[g], ", ");
                        string_add_char(to, '}');
                }
                string_add(to, "]}");
        }
        string_add(to, "\n  ]");
}

/* Seconds and cores are for people; what was counted is counted. */
static void add_spread(String *to, const char *key, const SweepSpread *spread, double unit)
{
        if (spread->n == 0)
                string_add_format(to, ", \"%s\": null", key);
        else
                string_add_format(to, ", \"%s\": {\"median\": %.15g, \"low\": %.15g, \"high\": %.15g}", key,
                                  (double)spread->median / unit, (double)spread->low / unit,
                                  (double)spread->high / unit);
}

static void add_level(String *to, const SweepResult *result, const SweepLevel *level)
{
        string_add(to, "    {\"jobs\": ");
        add_number(to, level->jobs > 0 ? level->jobs : RUN_UNKNOWN);
        string_add_format(to, ", \"done\": %zu, \"failed\": %zu, \"left\": %zu", level->n_done, level->n_failed,
                          level->n_left);
        add_spread(to, "wall_s", &level->wall_ns, 1e9);
        add_spread(to, "peak_bytes", &level->peak_bytes, 1);
        add_spread(to, "cpu_s", &level->cpu_us, 1e6);
        add_spread(to, "cores_busy", &level->busy_milli, 1e3);
        string_add_format(to, ", \"best\": %s,\n     \"categories\": [",
                          level == &result->levels[MIN(result->best, result->n_levels)] ? "true" : "false");
        for (size_t i = 0; i < result->n_categories; i++) {
                string_add(to, i ? ",\n       {\"major\": " : "\n       {\"major\": ");
                add_text(to, result->categories[i].major);
                string_add(to, ", \"category\": ");
                add_text(to, result->categories[i].name);
                add_spread(to, "peak_bytes", &level->categories[i], 1);
                string_add_char(to, '}');
        }
        string_add(to, "]}");
}

static int add_levels(String *to, const Sweep *sweep)
{
        SweepResult result;
        int r = sweep_result(sweep, &result);

        if (r < 0)
                return r;
        string_add(to, ",\n  \"levels\": [\n");
        for (size_t i = 0; i < result.n_levels; i++) {
                string_add(to, i ? ",\n" : "");
                add_level(to, &result, &result.levels[i]);
        }
        string_add(to, "\n  ]");
        sweep_result_done(&result);
        return 0;
}

int sweep_to_json(const Sweep *sweep, String *to)
{
        unsigned exits[ARRAY_LENGTH(sweep->exits)] = {0};

        string_add_format(to, "{\n  \"format\": %d,\n  ", SWEEP_FORMAT);
        add_fields(to, sweep_fields, ARRAY_LENGTH(sweep_fields), sweep, ",\n  ");
        for (size_t i = 0; i < sweep->n_exits; i++)
                exits[i] = sweep->exits[i];
        add_numbers(to, "expected_exit", exits, MAX(sweep->n_exits, (size_t)1));
        add_numbers(to, "jobs", sweep->jobs.levels, sweep->jobs.n);
        add_runs(to, sweep);
        int r = add_levels(to, sweep);
        string_add(to, "\n}\n");
        return r < 0 || to->failed ? -ENOMEM : 0;
}

int sweep_write(const Sweep *sweep, int dirfd, bool durable, Error *err)
{
        _cleanup_string_ String text = {0};
        int r = sweep_to_json(sweep, &text);

        if (r == 0)
                r = file_replace(dirfd, SWEEP_FILE, string_get(&text), text.size, durable);
        return r < 0 ? error_set_errno(err, r, SWEEP_FILE) : 0;
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

static int out_of_memory(const Reader *r)
{
        return error_set(r->err, ENOMEM, "out of memory");
}

static int read_text(const Reader *r, const char *key, const json_t *value, char **ret)
{
        if (!json_is_string(value) || json_string_length(value) > TEXT_BYTES_MAX)
                return wrong(r, key, "a text or null");
        free(*ret);
        *ret = strdup(json_string_value(value));
        return *ret ? 0 : out_of_memory(r);
}

static int read_texts(const Reader *r, const char *key, const json_t *value, char ***ret)
{
        size_t n = json_array_size(value);
        int e = 0;

        if (!json_is_array(value) || n > TEXTS_MAX || *ret)
                return wrong(r, key, "a list of texts, or null");
        *ret = calloc(n + 1, sizeof **ret);
        if (!*ret)
                return out_of_memory(r);
        for (size_t i = 0; i < n && e == 0; i++)
                e = read_text(r, key, json_array_get(value, i), &(*ret)[i]);
        return e;
}

static int read_number(const Reader *r, const char *key, const json_t *value, uint64_t max, uint64_t *ret)
{
        json_int_t n = json_integer_value(value);

        if (!json_is_integer(value) || n < 0 || (uint64_t)n > max)
                return wrong(r, key, "a whole number that fits, or null");
        *ret = (uint64_t)n;
        return 0;
}

static int read_word(const Reader *r, const Field *f, const json_t *value, unsigned *ret)
{
        const char *text = json_string_value(value);

        for (unsigned i = 0; text && f->words[i]; i++)
                if (text_equal(f->words[i], text)) {
                        *ret = i;
                        return 0;
                }
        return wrong(r, f->key, "one of the words of docs/run-format.md");
}

static int read_value(const Reader *r, const Field *f, const json_t *value, void *to)
{
        char *at = (char *)to + f->offset;
        uint64_t n = 0;
        int e = 0;

        if (!value || json_is_null(value))
                return 0; /* stays unknown */
        switch (f->kind) {
        case FIELD_TEXT:
                return read_text(r, f->key, value, (char **)at);
        case FIELD_TEXTS:
                return read_texts(r, f->key, value, (char ***)at);
        case FIELD_WORD:
                return read_word(r, f, value, (unsigned *)at);
        case FIELD_BOOL:
                if (!json_is_boolean(value))
                        return wrong(r, f->key, "true or false");
                *(bool *)at = json_is_true(value);
                return 0;
        case FIELD_SEED:
                if (!json_is_string(value) || parse_u64z(json_string_value(value), &n) < 0)
                        return wrong(r, f->key, "a number as a text");
                *(uint64_t *)at = n;
                return 0;
        case FIELD_U64:
        case FIELD_I64:
                e = read_number(r, f->key, value, INT64_MAX, &n);
                if (e == 0)
                        memcpy(at, &n, sizeof n);
                return e;
        case FIELD_INT:
        case FIELD_UNSIGNED:
                e = read_number(r, f->key, value, INT_MAX, &n);
                if (e == 0)
                        *(unsigned *)at = (unsigned)n;
                return e;
        }
        return 0;
}

static int read_fields(const Reader *r, const Field *fields, size_t n, const json_t *from, void *to)
{
        int e = 0;

        for (size_t i = 0; i < n && e == 0; i++)
                e = read_value(r, &fields[i], json_object_get(from, fields[i].key), to);
        return e;
}

static int read_groups(const Reader *r, const json_t *list, SweepFigures *figures)
{
        size_t n = json_array_size(list);
        int e = 0;

        if (!list || json_is_null(list))
                return 0;
        if (!json_is_array(list) || n > SWEEP_GROUPS)
                return wrong(r, "categories", "a list of categories");
        figures->groups = calloc(n + 1, sizeof *figures->groups);
        if (!figures->groups)
                return out_of_memory(r);
        for (size_t i = 0; i < n && e == 0; i++) {
                SweepGroup *group = &figures->groups[figures->n_groups++];
                *group = (SweepGroup){.peak_bytes = SUMMARY_UNKNOWN,
                                      .at_peak_bytes = SUMMARY_UNKNOWN,
                                      .largest_bytes = SUMMARY_UNKNOWN,
                                      .cpu_us = SUMMARY_UNKNOWN};
                e = read_fields(r, group_fields, ARRAY_LENGTH(group_fields), json_array_get(list, i), group);
                if (e == 0 && !group->name)
                        e = wrong(r, "categories", "objects with a category");
        }
        return e;
}

/* A name in the sweep's own directory, nothing that leads out of it. */
static bool is_plain_name(const char *path)
{
        return path && path[0] && path[0] != '.' && !strchr(path, '/') && strlen(path) < 64;
}

static int read_run(const Reader *r, const json_t *from, SweepRun *run)
{
        *run = (SweepRun){.exit_code = -1, .exit_signal = -1, .around_ns = RUN_UNKNOWN};
        sweep_drop_figures(run);
        if (!json_is_object(from))
                return wrong(r, "runs", "a list of objects");
        int e = read_fields(r, run_fields, ARRAY_LENGTH(run_fields), from, run);
        if (e == 0)
                e = read_groups(r, json_object_get(from, "categories"), &run->figures);
        if (e == 0 && !is_plain_name(run->path))
                e = wrong(r, "path", "the name of a folder in the sweep's");
        return e;
}

static int read_runs(const Reader *r, const json_t *list, Sweep *sweep)
{
        size_t n = json_array_size(list);
        int e = 0;

        if (!json_is_array(list) || n == 0 || n > SWEEP_RUNS_MAX)
                return wrong(r, "runs", "a list of runs");
        sweep->runs = calloc(n, sizeof *sweep->runs);
        if (!sweep->runs)
                return out_of_memory(r);
        for (size_t i = 0; i < n && e == 0; i++) {
                e = read_run(r, json_array_get(list, i), &sweep->runs[i]);
                sweep->n_runs++;
        }
        return e;
}

static int read_jobs(const Reader *r, const json_t *list, SweepJobs *jobs)
{
        size_t n = json_array_size(list);
        int e = 0;

        if (!json_is_array(list) || n > SWEEP_LEVELS_MAX)
                return wrong(r, "jobs", "a list of numbers");
        for (size_t i = 0; i < n && e == 0; i++) {
                uint64_t number = 0;
                e = read_number(r, "jobs", json_array_get(list, i), SWEEP_JOBS_MAX, &number);
                jobs->levels[i] = (unsigned)number;
                if (e == 0 && number == 0)
                        e = wrong(r, "jobs", "numbers from 1 on");
        }
        jobs->n = n;
        return e;
}

static int read_exits(const Reader *r, const json_t *list, Sweep *sweep)
{
        size_t n = json_array_size(list);
        int e = 0;

        if (!list)
                return 0;
        if (!json_is_array(list) || n > ARRAY_LENGTH(sweep->exits))
                return wrong(r, "expected_exit", "a list of exit codes");
        for (size_t i = 0; i < n && e == 0; i++) {
                uint64_t code = 0;
                e = read_number(r, "expected_exit", json_array_get(list, i), 255, &code);
                sweep->exits[i] = (uint8_t)code;
        }
        sweep->n_exits = n;
        return e;
}

static int check(const Reader *r, const Sweep *sweep)
{
        if (!sweep->id || !sweep->label)
                return wrong(r, sweep->id ? "label" : "id", "a text");
        if (!sweep->command || !sweep->command[0])
                return wrong(r, "command", "what is built with");
        if (!sweep->dir || sweep->dir[0] != '/')
                return wrong(r, "dir", "an absolute path");
        if (sweep->repeat < 1 || sweep->repeat > SWEEP_REPEAT_MAX)
                return wrong(r, "repeat", "a number from 1 on");
        return 0;
}

static int read_all(const Reader *r, const json_t *root, Sweep *sweep)
{
        const json_t *format = json_object_get(root, "format");

        if (!json_is_object(root))
                return error_set(r->err, EBADMSG, "%s:1:1: expected an object: { … }", r->shown);
        if (!json_is_integer(format) || json_integer_value(format) < 1)
                return wrong(r, "format", "the format's number");
        if (json_integer_value(format) > SWEEP_FORMAT)
                return error_set(r->err, EOPNOTSUPP, "%s: format %lld is newer than what this vigia reads (%d)",
                                 r->shown, (long long)json_integer_value(format), SWEEP_FORMAT);
        int e = read_fields(r, sweep_fields, ARRAY_LENGTH(sweep_fields), root, sweep);
        if (e == 0)
                e = read_jobs(r, json_object_get(root, "jobs"), &sweep->jobs);
        if (e == 0)
                e = read_exits(r, json_object_get(root, "expected_exit"), sweep);
        if (e == 0)
                e = read_runs(r, json_object_get(root, "runs"), sweep);
        return e < 0 ? e : check(r, sweep);
}

int sweep_from_json(Sweep *sweep, const char *text, size_t size, const char *shown, Error *err)
{
        const Reader r = {shown, err};
        json_error_t where;
        Sweep read;

        json_t *root = json_loadb(text, size, JSON_REJECT_DUPLICATES, &where);
        if (!root)
                return error_set(err, EBADMSG, "%s:%d:%d: %s", shown, MAX(where.line, 1), MAX(where.column, 1),
                                 where.text);
        sweep_init(&read);
        int e = read_all(&r, root, &read);
        json_decref(root);
        if (e < 0)
                sweep_done(&read);
        else
                *sweep = read;
        return e;
}

int sweep_read(Sweep *sweep, int dirfd, const char *shown_path, Error *err)
{
        Buffer text = {0};
        _cleanup_string_ String shown = {0};
        Error why = {0};

        string_add_format(&shown, "%s/" SWEEP_FILE, shown_path);
        int r = file_read_path(dirfd, SWEEP_FILE, SWEEP_JSON_MAX, &text, &why);
        if (r == -ENOENT)
                error_set(err, r, "no sweep at %s: it has no " SWEEP_FILE, shown_path);
        else if (r < 0)
                error_set(err, r, "%s", why.message);
        else
                r = sweep_from_json(sweep, (const char *)text.data, text.size, string_get(&shown), err);
        buffer_done(&text);
        return r;
}
