/* sweep.json from one table of fields a struct, which serves both ways. What was derived from the
 * runs ("levels") is written for readers and never read back. */
#include "sweep/sweep.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "base/json-fields.h"
#include "sweep/result.h"

static const char *const orders[] = {"given", "random", NULL};
static const char *const policies[] = {"off", "adaptive", "manual", NULL};
static const char *const states[] = {"planned", "running", "done", "failed", "timed out", "interrupted", NULL};

#define FIELD(type, kind, member) {NULL, #member, JSON_##kind, offsetof(type, member), NULL}

static const JsonField sweep_fields[] = {
        FIELD(Sweep, TEXT, id),
        FIELD(Sweep, TEXT, label),
        FIELD(Sweep, TEXT, project),
        FIELD(Sweep, TEXTS, command),
        FIELD(Sweep, TEXT, setup),
        FIELD(Sweep, TEXT, clean),
        FIELD(Sweep, TEXT, dir),
        FIELD(Sweep, TEXTS, environment),
        FIELD(Sweep, TEXT, match),
        {NULL, "process_pattern", JSON_TEXT, offsetof(Sweep, programs), NULL},
        FIELD(Sweep, BOOL, redacted),
        FIELD(Sweep, UNSIGNED, repeat),
        {NULL, "order", JSON_WORD, offsetof(Sweep, order), orders},
        FIELD(Sweep, SEED, seed),
        FIELD(Sweep, BOOL, pre_clean),
        FIELD(Sweep, BOOL, post_clean),
        FIELD(Sweep, BOOL, warm_up),
        FIELD(Sweep, BOOL, keep_going),
        FIELD(Sweep, BOOL, set_up),
        FIELD(Sweep, U64, timeout_ns),
        FIELD(Sweep, U64, limit_ns),
        {NULL, "scheduling", JSON_WORD, offsetof(Sweep, policy), policies},
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

static const JsonField run_fields[] = {
        FIELD(SweepRun, TEXT, path),
        FIELD(SweepRun, UNSIGNED, jobs),
        FIELD(SweepRun, UNSIGNED, repeat),
        FIELD(SweepRun, BOOL, warm_up),
        {NULL, "state", JSON_WORD, offsetof(SweepRun, state), states},
        FIELD(SweepRun, INT, exit_code),
        FIELD(SweepRun, INT, exit_signal),
        FIELD(SweepRun, TEXT, build_cpus),
        FIELD(SweepRun, TEXT, recorder_cpus),
        FIELD(SweepRun, U64, around_ns),
        {NULL, "wall_ns", JSON_U64, offsetof(SweepRun, figures.wall_ns), NULL},
        {NULL, "cpu_us", JSON_U64, offsetof(SweepRun, figures.cpu_us), NULL},
        {NULL, "user_us", JSON_U64, offsetof(SweepRun, figures.user_us), NULL},
        {NULL, "system_us", JSON_U64, offsetof(SweepRun, figures.system_us), NULL},
        {NULL, "peak_bytes", JSON_U64, offsetof(SweepRun, figures.peak_bytes), NULL},
        {NULL, "peak_rss_bytes", JSON_U64, offsetof(SweepRun, figures.peak_rss_bytes), NULL},
        {NULL, "peak_cgroup_bytes", JSON_U64, offsetof(SweepRun, figures.peak_cgroup_bytes), NULL},
        {NULL, "peak_t_ns", JSON_I64, offsetof(SweepRun, figures.peak_t_ns), NULL},
        {NULL, "processes", JSON_U64, offsetof(SweepRun, figures.processes), NULL},
        {NULL, "lost_events", JSON_U64, offsetof(SweepRun, figures.lost_events), NULL},
        {NULL, "partial", JSON_BOOL, offsetof(SweepRun, figures.partial), NULL},
};

static const JsonField group_fields[] = {
        FIELD(SweepGroup, TEXT, major),
        {NULL, "category", JSON_TEXT, offsetof(SweepGroup, name), NULL},
        FIELD(SweepGroup, U64, processes),
        FIELD(SweepGroup, U64, peak_bytes),
        FIELD(SweepGroup, U64, at_peak_bytes),
        FIELD(SweepGroup, U64, largest_bytes),
        FIELD(SweepGroup, U64, cpu_us),
};

enum { TEXTS_MAX = 4096, TEXT_BYTES_MAX = 64 << 10 };

/* ---- writing ---- */

static void add_runs(Json *j, const Sweep *sweep)
{
        json_open_array(j, "runs", JSON_LINES);
        for (size_t i = 0; i < sweep->n_runs; i++) {
                const SweepRun *run = &sweep->runs[i];
                json_open_object(j, NULL, JSON_ONE_LINE);
                json_add_fields(j, run_fields, ARRAY_LENGTH(run_fields), run, SIZE_MAX);
                json_open_array(j, "categories", JSON_ONE_LINE);
                for (size_t g = 0; g < run->figures.n_groups; g++) {
                        json_open_object(j, NULL, JSON_ONE_LINE);
                        json_add_fields(j, group_fields, ARRAY_LENGTH(group_fields), &run->figures.groups[g], SIZE_MAX);
                        json_close(j);
                }
                json_close(j);
                json_close(j);
        }
        json_close(j);
}

/* Seconds and cores are for people; what was counted is counted. */
static void add_spread(Json *j, const char *key, const SweepSpread *spread, double unit)
{
        if (spread->n == 0) {
                json_add_null(j, key);
                return;
        }
        json_open_object(j, key, JSON_ONE_LINE);
        json_add_number(j, "median", (double)spread->median / unit, 15);
        json_add_number(j, "low", (double)spread->low / unit, 15);
        json_add_number(j, "high", (double)spread->high / unit, 15);
        json_close(j);
}

static void add_level(Json *j, const SweepResult *result, const SweepLevel *level)
{
        json_open_object(j, NULL, JSON_ONE_LINE);
        json_add_u64(j, "jobs", level->jobs > 0 ? level->jobs : RUN_UNKNOWN);
        json_add_u64(j, "done", level->n_done);
        json_add_u64(j, "failed", level->n_failed);
        json_add_u64(j, "left", level->n_left);
        add_spread(j, "wall_s", &level->wall_ns, 1e9);
        add_spread(j, "peak_bytes", &level->peak_bytes, 1);
        add_spread(j, "cpu_s", &level->cpu_us, 1e6);
        add_spread(j, "cores_busy", &level->busy_milli, 1e3);
        json_add_bool(j, "best", level == &result->levels[MIN(result->best, result->n_levels)]);
        json_open_array(j, "categories", JSON_ONE_LINE);
        for (size_t i = 0; i < result->n_categories; i++) {
                json_open_object(j, NULL, JSON_ONE_LINE);
                json_add_text(j, "major", result->categories[i].major);
                json_add_text(j, "category", result->categories[i].name);
                add_spread(j, "peak_bytes", &level->categories[i], 1);
                json_close(j);
        }
        json_close(j);
        json_close(j);
}

static int add_levels(Json *j, const Sweep *sweep)
{
        SweepResult result;
        int r = sweep_result(sweep, &result);

        if (r < 0)
                return r;
        json_open_array(j, "levels", JSON_LINES);
        for (size_t i = 0; i < result.n_levels; i++)
                add_level(j, &result, &result.levels[i]);
        json_close(j);
        sweep_result_done(&result);
        return 0;
}

int sweep_to_json(const Sweep *sweep, String *to)
{
        Json j = {.out = to};

        json_open_object(&j, NULL, JSON_LINES);
        json_add_u64(&j, "format", SWEEP_FORMAT);
        json_add_fields(&j, sweep_fields, ARRAY_LENGTH(sweep_fields), sweep, SIZE_MAX);
        json_open_array(&j, "expected_exit", JSON_ONE_LINE);
        for (size_t i = 0; i < MAX(sweep->n_exits, (size_t)1); i++)
                json_add_u64(&j, NULL, sweep->n_exits > 0 ? sweep->exits[i] : 0);
        json_close(&j);
        json_open_array(&j, "jobs", JSON_ONE_LINE);
        for (size_t i = 0; i < sweep->jobs.n; i++)
                json_add_u64(&j, NULL, sweep->jobs.levels[i]);
        json_close(&j);
        add_runs(&j, sweep);
        int r = add_levels(&j, sweep);
        json_close(&j);
        string_add_char(to, '\n');
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

static int read_groups(const JsonReader *r, const json_t *list, SweepFigures *figures)
{
        size_t n = json_array_size(list);
        int e = 0;

        if (!list || json_is_null(list))
                return 0;
        if (!json_is_array(list) || n > SWEEP_GROUPS)
                return json_expected(r, "categories", "a list of categories");
        figures->groups = calloc(n + 1, sizeof *figures->groups);
        if (!figures->groups)
                return json_out_of_memory(r);
        for (size_t i = 0; i < n && e == 0; i++) {
                SweepGroup *group = &figures->groups[figures->n_groups++];
                *group = (SweepGroup){.peak_bytes = SUMMARY_UNKNOWN,
                                      .at_peak_bytes = SUMMARY_UNKNOWN,
                                      .largest_bytes = SUMMARY_UNKNOWN,
                                      .cpu_us = SUMMARY_UNKNOWN};
                e = json_read_fields(r, group_fields, ARRAY_LENGTH(group_fields), json_array_get(list, i), group);
                if (e == 0 && !group->name)
                        e = json_expected(r, "categories", "objects with a category");
        }
        return e;
}

/* A name in the sweep's own directory, nothing that leads out of it. */
static bool is_plain_name(const char *path)
{
        return path && path[0] && path[0] != '.' && !strchr(path, '/') && strlen(path) < 64;
}

static int read_run(const JsonReader *r, const json_t *from, SweepRun *run)
{
        *run = (SweepRun){.exit_code = -1, .exit_signal = -1, .around_ns = RUN_UNKNOWN};
        sweep_drop_figures(run);
        if (!json_is_object(from))
                return json_expected(r, "runs", "a list of objects");
        int e = json_read_fields(r, run_fields, ARRAY_LENGTH(run_fields), from, run);
        if (e == 0)
                e = read_groups(r, json_object_get(from, "categories"), &run->figures);
        if (e == 0 && !is_plain_name(run->path))
                e = json_expected(r, "path", "the name of a folder in the sweep's");
        return e;
}

static int read_runs(const JsonReader *r, const json_t *list, Sweep *sweep)
{
        size_t n = json_array_size(list);
        int e = 0;

        if (!json_is_array(list) || n == 0 || n > SWEEP_RUNS_MAX)
                return json_expected(r, "runs", "a list of runs");
        sweep->runs = calloc(n, sizeof *sweep->runs);
        if (!sweep->runs)
                return json_out_of_memory(r);
        for (size_t i = 0; i < n && e == 0; i++) {
                e = read_run(r, json_array_get(list, i), &sweep->runs[i]);
                sweep->n_runs++;
        }
        return e;
}

static int read_jobs(const JsonReader *r, const json_t *list, SweepJobs *jobs)
{
        size_t n = json_array_size(list);
        int e = 0;

        if (!json_is_array(list) || n > SWEEP_LEVELS_MAX)
                return json_expected(r, "jobs", "a list of numbers");
        for (size_t i = 0; i < n && e == 0; i++) {
                uint64_t number = 0;
                e = json_read_number(r, "jobs", json_array_get(list, i), SWEEP_JOBS_MAX, &number);
                jobs->levels[i] = (unsigned)number;
                if (e == 0 && number == 0)
                        e = json_expected(r, "jobs", "numbers from 1 on");
        }
        jobs->n = n;
        return e;
}

static int read_exits(const JsonReader *r, const json_t *list, Sweep *sweep)
{
        size_t n = json_array_size(list);
        int e = 0;

        if (!list)
                return 0;
        if (!json_is_array(list) || n > ARRAY_LENGTH(sweep->exits))
                return json_expected(r, "expected_exit", "a list of exit codes");
        for (size_t i = 0; i < n && e == 0; i++) {
                uint64_t code = 0;
                e = json_read_number(r, "expected_exit", json_array_get(list, i), 255, &code);
                sweep->exits[i] = (uint8_t)code;
        }
        sweep->n_exits = n;
        return e;
}

static int check(const JsonReader *r, const Sweep *sweep)
{
        if (!sweep->id || !sweep->label)
                return json_expected(r, sweep->id ? "label" : "id", "a text");
        if (!sweep->command || !sweep->command[0])
                return json_expected(r, "command", "what is built with");
        if (!sweep->dir || sweep->dir[0] != '/')
                return json_expected(r, "dir", "an absolute path");
        if (sweep->repeat < 1 || sweep->repeat > SWEEP_REPEAT_MAX)
                return json_expected(r, "repeat", "a number from 1 on");
        return 0;
}

static int read_all(const JsonReader *r, const json_t *root, Sweep *sweep)
{
        int e = json_read_fields(r, sweep_fields, ARRAY_LENGTH(sweep_fields), root, sweep);
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
        const JsonReader r = {shown, TEXT_BYTES_MAX, TEXTS_MAX, err};
        json_t *root = NULL;
        Sweep read;
        int format;

        int e = json_read_document(&r, text, size, SWEEP_FORMAT, &root, &format);
        if (e < 0)
                return e;
        sweep_init(&read);
        e = read_all(&r, root, &read);
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
