/* `vigia runs`: the runs there are, newest last, a line each. */
#include "app/options.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "app/commands.h"
#include "app/print.h"
#include "base/cleanup.h"
#include "base/clock.h"
#include "base/json.h"
#include "base/log.h"
#include "base/terminal.h"
#include "base/text.h"
#include "store/run-info-json.h"
#include "store/run-lock.h"
#include "store/run-names.h"
#include "store/run-parts.h"
#include "sweep/sweep.h"

enum {
        COLUMNS_DEFAULT = 80,
        FIGURES_WIDTH = 10 + 7 + 10 + 8 + 8 + 5 * 2, /* what stands behind the id */
        ID_WIDTH_MIN = 20,
        DEPTH_MAX = 8,
};

typedef struct Listing {
        char *path, *name; /* owned */
        RunInfo info;
        bool readable, recording;
        bool is_sweep;
        size_t n_runs, n_done, n_failed; /* of a sweep */
        uint64_t size_bytes;
        uint64_t peak_bytes; /* RUN_UNKNOWN: unknown */
} Listing;

static void listing_done(Listing *l)
{
        free(l->path);
        free(l->name);
        run_info_done(&l->info);
}

/* ---- what there is to know of a run without reading its rows ---- */

static uint64_t size_of_folder(int dirfd, const char *name, unsigned depth)
{
        _cleanup_closedir_ DIR *dir = NULL;
        uint64_t sum = 0;
        int fd = openat(dirfd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

        dir = fd < 0 ? NULL : fdopendir(fd);
        if (!dir) {
                fd_close(fd);
                return 0;
        }
        for (struct dirent *e; (e = readdir(dir));) {
                struct stat st;
                if (text_equal(e->d_name, ".") || text_equal(e->d_name, "..") ||
                    fstatat(fd, e->d_name, &st, AT_SYMLINK_NOFOLLOW) < 0)
                        continue;
                if (S_ISDIR(st.st_mode) && depth < DEPTH_MAX)
                        sum += size_of_folder(fd, e->d_name, depth + 1);
                else if (S_ISREG(st.st_mode))
                        sum += (uint64_t)st.st_size;
        }
        return sum;
}

static uint64_t largest(const ParquetFile *file, const char *column)
{
        int c = schema_find(parquet_schema(file), column);
        uint64_t max = 0;
        bool known = false;

        for (size_t i = 0; c >= 0 && i < parquet_row_groups(file); i++) {
                ParquetStatistics s = {0};
                parquet_statistics(file, i, (size_t)c, &s);
                if (s.has_min_max) {
                        max = MAX(max, s.max);
                        known = true;
                }
        }
        return known && max > 0 ? max : RUN_UNKNOWN; /* 0: over before the first sample */
}

/* The tree's peak, from the statistics in the footer of the totals. */
static uint64_t peak_of(int dirfd, const RunInfo *info)
{
        _cleanup_(parquet_closep) ParquetFile *file = NULL;
        _cleanup_close_ int fd = run_open_regular(dirfd, "totals.parquet");
        uint64_t peak = RUN_UNKNOWN;

        if (fd >= 0 && parquet_open(fd, &file, NULL) == 0) {
                peak = largest(file, "pss_bytes");
                if (peak == RUN_UNKNOWN)
                        peak = largest(file, "rss_bytes");
        }
        return peak == RUN_UNKNOWN ? info->peak_cgroup_bytes : peak;
}

/* What a run.json would say, so that a sweep can be listed as a run. */
static void take_sweep(Listing *l, Sweep *sweep)
{
        RunInfo *info = &l->info;

        l->is_sweep = l->readable = true;
        for (size_t i = 0; i < sweep->n_runs; i++) {
                const SweepRun *run = &sweep->runs[i];
                uint64_t peak = run->figures.peak_bytes;
                l->n_runs++;
                l->n_done += run->state == SWEEP_DONE;
                l->n_failed += run->state == SWEEP_FAILED || run->state == SWEEP_TIMED_OUT;
                if (peak != RUN_UNKNOWN && (l->peak_bytes == RUN_UNKNOWN || peak > l->peak_bytes))
                        l->peak_bytes = peak;
        }
        info->label = TAKE(sweep->label);
        info->host = TAKE(sweep->host);
        info->command = TAKE(sweep->command);
        info->start_realtime_ns = sweep->start_realtime_ns;
        info->wall_ns = sweep->spent_ns > 0 ? sweep->spent_ns : RUN_UNKNOWN;
        info->complete = l->n_done + l->n_failed == l->n_runs;
}

static void look_at_sweep(int fd, const char *path, Listing *l)
{
        Sweep sweep;

        sweep_init(&sweep);
        if (sweep_read(&sweep, fd, path, NULL) == 0) {
                take_sweep(l, &sweep);
                /* who works on it holds the lock */
                l->recording = flock(fd, LOCK_SH | LOCK_NB) < 0 && errno == EWOULDBLOCK;
        }
        sweep_done(&sweep);
}

static int look_at(const char *runs, const char *name, Listing *ret)
{
        char path[PATH_MAX];

        run_info_init(&ret->info);
        snprintf(path, sizeof path, "%s/%s", runs, name);
        ret->path = strdup(path);
        ret->name = strdup(name);
        ret->peak_bytes = RUN_UNKNOWN;
        if (!ret->path || !ret->name)
                return -ENOMEM;
        _cleanup_close_ int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        if (fd < 0)
                return 0; /* removed meanwhile, or not ours to see */
        ret->readable = run_info_read(&ret->info, fd, path, NULL) == 0;
        ret->recording = ret->readable && !ret->info.complete &&
                         (run_lock_held(fd) || run_info_recorder_alive(&ret->info));
        ret->size_bytes = size_of_folder(fd, ".", 0);
        if (!ret->readable && sweep_is_at(path))
                look_at_sweep(fd, path, ret);
        else
                ret->peak_bytes = peak_of(fd, &ret->info);
        return 0;
}

/* ---- a table for people ---- */

static const char *when_of(char buffer[FORMAT_MAX], const Listing *l, int64_t now_ns)
{
        int64_t minutes = (now_ns - l->info.start_realtime_ns) / (int64_t)(60 * NS_PER_SECOND);
        time_t seconds = (time_t)(l->info.start_realtime_ns / (int64_t)NS_PER_SECOND);
        struct tm tm;

        if (!l->readable)
                return "-";
        if (minutes >= 0 && minutes < 1)
                return "just now";
        if (minutes > 0 && minutes < 60)
                snprintf(buffer, FORMAT_MAX, "%d min ago", (int)minutes);
        else if (minutes > 0 && minutes < 24 * 60)
                snprintf(buffer, FORMAT_MAX, "%d h ago", (int)(minutes / 60));
        else if (minutes > 0 && minutes < 7 * 24 * 60)
                snprintf(buffer, FORMAT_MAX, "%d d ago", (int)(minutes / (24 * 60)));
        else if (!localtime_r(&seconds, &tm) || strftime(buffer, FORMAT_MAX, "%Y-%m-%d", &tm) == 0)
                return "-";
        return buffer;
}

static const char *exit_of(char buffer[FORMAT_MAX], const Listing *l)
{
        const RunInfo *info = &l->info;
        const char *signal_name;

        if (!l->readable)
                return "unreadable";
        if (l->recording)
                return "recording";
        if (l->is_sweep) {
                if (l->n_failed > 0)
                        snprintf(buffer, FORMAT_MAX, "%zu failed", l->n_failed);
                else
                        snprintf(buffer, FORMAT_MAX, "%zu/%zu runs", l->n_done, l->n_runs);
                return buffer;
        }
        if (!info->complete)
                return info->snapshot_of ? "snapshot" : "incomplete";
        if (info->timed_out)
                return "timed out";
        if (info->exit_signal > 0) {
                signal_name = sigabbrev_np(info->exit_signal);
                if (signal_name)
                        snprintf(buffer, FORMAT_MAX, "SIG%s", signal_name);
                else
                        snprintf(buffer, FORMAT_MAX, "signal %d", info->exit_signal);
                return buffer;
        }
        if (info->exit_code < 0)
                return "-";
        snprintf(buffer, FORMAT_MAX, "%d", info->exit_code);
        return buffer;
}

static const char *wall_of(char buffer[FORMAT_MAX], const Listing *l, int64_t now_ns)
{
        int64_t so_far = now_ns - l->info.start_realtime_ns;

        if (l->recording && so_far >= 0)
                return format_duration(buffer, (uint64_t)so_far);
        return l->info.wall_ns == RUN_UNKNOWN ? "-" : format_duration(buffer, l->info.wall_ns);
}

/* An id is cut at its end: its beginning is what can be typed. */
static void add_id(String *line, const char *name, size_t width)
{
        _cleanup_string_ String safe = {0};

        string_add_shown(&safe, name, 0, true);
        const char *text = string_get(&safe);
        size_t size = strlen(text);
        if (size > width) {
                string_add_bytes(line, text, width - 2);
                string_add(line, "..");
        } else {
                string_add_format(line, "%-*s", (int)width, text);
        }
}

static void add_row(String *to, const Listing *l, size_t id_width, int64_t now_ns)
{
        char when[FORMAT_MAX], wall[FORMAT_MAX], code[FORMAT_MAX], peak[FORMAT_MAX],
                size[FORMAT_MAX];

        add_id(to, l->name, id_width);
        string_add_format(to, "  %10s  %7s  %10s  %8s  %8s\n", when_of(when, l, now_ns),
                          wall_of(wall, l, now_ns), exit_of(code, l),
                          l->peak_bytes == RUN_UNKNOWN ? "-" : format_bytes(peak, l->peak_bytes),
                          format_bytes(size, l->size_bytes));
}

/* As wide as the longest id, and no wider than the terminal; piped, nothing is cut. */
static size_t id_width(const Listing *list, size_t n, Terminal terminal)
{
        size_t width = ID_WIDTH_MIN, columns = terminal.columns ? terminal.columns : COLUMNS_DEFAULT;

        for (size_t i = 0; i < n; i++)
                width = MAX(width, strlen(list[i].name));
        if (!terminal.is_terminal)
                return width;
        return MIN(width, MAX(columns, (size_t)(FIGURES_WIDTH + ID_WIDTH_MIN)) - FIGURES_WIDTH);
}

static int print_table(const Listing *list, size_t n)
{
        _cleanup_string_ String text = {0};
        const Terminal terminal = terminal_of(STDOUT_FILENO);
        int64_t now = (int64_t)clock_realtime_ns();
        size_t width = id_width(list, n, terminal);

        string_begin_style(&text, terminal.color, STYLE_DIM);
        string_add_format(&text, "%-*s  %10s  %7s  %10s  %8s  %8s", (int)width, "run", "when", "wall", "exit", "peak", "size");
        string_end_style(&text, terminal.color, STYLE_DIM);
        string_add_char(&text, '\n');
        for (size_t i = 0; i < n; i++)
                add_row(&text, &list[i], width, now);
        return print_text(&text);
}

/* ---- JSON ---- */

static const char *state_of(const Listing *l)
{
        return !l->readable        ? "unreadable"
               : l->recording      ? "recording"
               : l->info.complete ? "complete"
               : l->info.snapshot_of ? "snapshot"
                                     : "incomplete";
}

static void add_listing(Json *j, const Listing *l)
{
        const RunInfo *info = &l->info;

        json_open_object(j, NULL, JSON_ONE_LINE);
        json_add_text(j, "id", l->name);
        json_add_text(j, "path", l->path);
        json_add_text(j, "label", info->label);
        json_add_text(j, "state", state_of(l));
        json_add_texts(j, "command", (const char *const *)info->command);
        json_add_text(j, "scope", info->scope);
        json_add_text(j, "host", info->host);
        json_add_u64(j, "start_realtime_ns", (uint64_t)info->start_realtime_ns);
        json_add_fixed(j, "wall_s", info->wall_ns == RUN_UNKNOWN ? NAN : (double)info->wall_ns / 1e9, 3);
        json_add_u64(j, "exit_code", (uint64_t)(int64_t)info->exit_code);
        json_add_u64(j, "exit_signal", (uint64_t)(int64_t)info->exit_signal);
        json_add_bool(j, "timed_out", info->timed_out);
        json_add_u64(j, "peak_bytes", l->peak_bytes);
        json_add_u64(j, "size_bytes", l->size_bytes);
        if (l->is_sweep) {
                json_open_object(j, "sweep", JSON_ONE_LINE);
                json_add_u64(j, "runs", l->n_runs);
                json_add_u64(j, "done", l->n_done);
                json_add_u64(j, "failed", l->n_failed);
                json_close(j);
        }
        json_close(j);
}

static int print_json(const Listing *list, size_t n)
{
        _cleanup_string_ String text = {0};
        Json j = {.out = &text};

        json_open_array(&j, NULL, JSON_LINES);
        for (size_t i = 0; i < n; i++)
                add_listing(&j, &list[i]);
        json_close(&j);
        string_add_char(&text, '\n');
        return print_text(&text);
}

/* ---- the command ---- */

typedef struct Wanted {
        char *const *words; /* an id holds one of them; NULL-terminated, none: all */
        uint64_t newest;    /* 0: all */
        bool json;
} Wanted;

static bool is_wanted(const Wanted *w, const char *name)
{
        for (size_t i = 0; w->words[i]; i++)
                if (strstr(name, w->words[i]))
                        return true;
        return !w->words[0];
}

/* Keeps the wanted names, in place; returns how many, the newest last. */
static size_t select_names(const Wanted *w, char **names)
{
        size_t kept = 0;

        for (size_t i = 0; names[i]; i++)
                if (is_wanted(w, names[i])) {
                        char *name = names[kept];
                        names[kept++] = names[i];
                        names[i] = name;
                }
        return kept;
}

/* Of runs and sweeps together, the newest last. */
static int compare_starts(const void *a, const void *b)
{
        const Listing *x = a, *y = b;

        if (x->info.start_realtime_ns != y->info.start_realtime_ns)
                return x->info.start_realtime_ns < y->info.start_realtime_ns ? -1 : 1;
        return x->is_sweep != y->is_sweep ? (x->is_sweep ? -1 : 1) : 0;
}

/* Adds the newest of these names. 0 or -ENOMEM. */
static int gather(const Wanted *w, const char *runs, char **names, Listing **list, size_t *n)
{
        size_t n_names = select_names(w, names), skip = w->newest && n_names > w->newest ? n_names - w->newest : 0;
        Listing *larger = realloc(*list, (*n + n_names - skip + 1) * sizeof **list);
        int r = larger ? 0 : -ENOMEM;

        if (larger)
                *list = larger;
        for (size_t i = skip; i < n_names && r == 0; i++) {
                (*list)[*n] = (Listing){0};
                r = look_at(runs, names[i], &(*list)[(*n)++]);
        }
        return r;
}

/* → exit code, or -errno. */
static int show(const Wanted *w, const char *runs, char **names, char **sweeps)
{
        Listing *list = NULL;
        size_t n = 0;
        int code = EXIT_FINE;
        int r = gather(w, runs, names, &list, &n);

        if (r == 0)
                r = gather(w, runs, sweeps, &list, &n);
        if (r == 0 && n > 0 && sweeps[0]) /* runs alone are in order */
                qsort(list, n, sizeof *list, compare_starts);
        size_t skip = w->newest && n > w->newest ? n - w->newest : 0;
        if (r == 0 && w->json)
                code = print_json(list + skip, n - skip);
        else if (r == 0 && n > 0)
                code = print_table(list + skip, n - skip);
        else if (r == 0 && !w->words[0])
                log_warning("no runs in %s yet; record one: vigia run -- make", runs);
        for (size_t i = 0; list && i < n; i++)
                listing_done(&list[i]);
        free(list);
        if (r == 0 && n == 0 && w->words[0]) {
                log_warning("no run of that name in %s", runs);
                code = MAX(code, (int)EXIT_NO);
        }
        return r < 0 ? r : code;
}

static int list_runs(const Wanted *w)
{
        _cleanup_free_ char *runs = NULL;
        _cleanup_(run_names_freep) char **names = NULL, **sweeps = NULL;
        int r = runs_directory(&runs);

        if (r < 0) {
                log_error("no place for runs: HOME is not set; set VIGIA_DIR");
                return EXIT_CANNOT;
        }
        r = runs_list(&names);
        if (r == 0)
                r = sweeps_list(&sweeps);
        if (r == 0)
                r = show(w, runs, names, sweeps);
        if (r < 0) {
                log_error("%s: %s", runs, strerror(-r));
                return EXIT_CANNOT;
        }
        return r;
}

static int run(const Command *command, int argc, char **argv)
{
        _cleanup_free_ char **words = NULL;
        Wanted wanted = {0};
        size_t n = 0;
        Error err = {0};
        const Option options[] = {
                {'n', "newest", "N", "only the newest N", OPTION_NUMBER, &wanted.newest},
                {0, "json", NULL, "as JSON", OPTION_FLAG, &wanted.json},
        };
        int r = options_parse(command, options, ARRAY_LENGTH(options), argc, argv, false, &words, &n,
                              &err);

        if (r != 0)
                return r > 0 ? EXIT_FINE : usage_error(command, &err);
        wanted.words = words;
        return list_runs(&wanted);
}

const Command command_runs = {
        .name = "runs",
        .summary = "list runs, newest last",
        .usage = "[OPTIONS] [TEXT…]",
        .details = "With TEXT, only runs whose id contains one of the texts. Runs that are not\n"
                   "complete are marked: recording (the recorder is alive), snapshot (a copy of one\n"
                   "that went on), or incomplete (the recorder died; see vigia recover).",
        .run = run,
};
