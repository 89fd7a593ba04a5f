/* `vigia plot RUN…`: charts of runs and sweeps as PNG, SVG or PDF. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "app/commands.h"
#include "app/plot-files.h"
#include "base/cleanup.h"
#include "base/file.h"
#include "base/log.h"
#include "base/text.h"
#include "export/output-file.h"

typedef struct PlotOptions {
        const char *output, *format, *kind, *view, *metric, *size, *theme, *top, *rules;
        TextList jobs;
        bool stacked, lines;
        PlotRequest request;
        PlotFormat as;
        bool chosen; /* --kind, or what implies one */
        bool output_failed; /* told: it was the output, not what was asked for */
        bool folder; /* -o is one: all that can be plotted, unless --kind says what */
        PlotGiven given;
} PlotOptions;

typedef struct Choice {
        const char *name;
        int value;
} Choice;

static int choose(const char *option, const char *given, const Choice *choices, size_t n, int *ret, Error *err)
{
        _cleanup_string_ String names = {0};

        for (size_t i = 0; given && i < n; i++) {
                if (text_equal(choices[i].name, given)) {
                        *ret = choices[i].value;
                        return 0;
                }
                string_add_format(&names, "%s%s", i == 0 ? "" : i + 1 == n ? " or " : ", ", choices[i].name);
        }
        return given ? error_set(err, EINVAL, "plot: --%s %s: expected %s", option, given, string_get(&names)) : 0;
}

static int take_kind(PlotOptions *o, Error *err)
{
        int kind = -1;

        for (int i = 0; o->kind && i < PLOT_KINDS; i++)
                if (text_equal(o->kind, plot_kind_name((PlotKind)i)))
                        kind = i;
        if (o->kind && kind < 0)
                return error_set(err, EINVAL, "plot: --kind %s: expected memory, cpu, processes, column, migration, "
                                              "sweep or categories", o->kind);
        if (kind < 0 && o->request.columns.n > 0)
                kind = PLOT_COLUMN;
        if (kind == PLOT_COLUMN && (!o->request.table || o->request.columns.n == 0))
                return error_set(err, EINVAL, "plot: expected --table NAME and --column NAME; docs/monitors.md has them");
        if (o->request.table && kind != PLOT_COLUMN && kind != PLOT_MIGRATION)
                return error_set(err, EINVAL, "plot: --table goes with --column, or with --kind migration");
        if (o->request.keys.n > 0 && kind != PLOT_COLUMN)
                return error_set(err, EINVAL, "plot: --key goes with --column");
        o->chosen = kind >= 0;
        o->request.kind = kind >= 0 ? (PlotKind)kind : PLOT_MEMORY;
        return 0;
}

static int take_looks(PlotOptions *o, Error *err)
{
        static const Choice views[] = {{"major", PLOT_MAJOR}, {"detailed", PLOT_DETAILED}, {"other", PLOT_OTHER}};
        static const Choice themes[] = {{"light", PLOT_LIGHT}, {"dark", PLOT_DARK}};
        static const Choice metrics[] = {{"pss", CATEGORY_PSS}, {"rss", CATEGORY_RSS}, {"cgroup", CATEGORY_METRICS}};
        int view = PLOT_MAJOR, theme = PLOT_LIGHT, metric = CATEGORY_PSS;
        uint64_t top = PLOT_TOP;
        int r = choose("view", o->view, views, ARRAY_LENGTH(views), &view, err);

        if (r == 0)
                r = choose("theme", o->theme, themes, ARRAY_LENGTH(themes), &theme, err);
        if (r == 0)
                r = choose("metric", o->metric, metrics, ARRAY_LENGTH(metrics), &metric, err);
        if (r == 0 && o->stacked && o->lines)
                r = error_set(err, EINVAL, "plot: --stacked and --lines exclude each other");
        if (r == 0 && o->top && (parse_u64z(o->top, &top) < 0 || top == 0 || top > PLOT_TOP_MOST))
                r = error_set(err, EINVAL, "plot: --top %s: expected 1 to %d", o->top, PLOT_TOP_MOST);
        if (r == 0 && o->size) {
                r = plot_size_parse(o->size, &o->request.width, &o->request.height, err);
                error_prefix(err, r, "plot: --size %s", o->size);
        }
        o->request.view = (PlotView)view;
        o->request.theme = (PlotTheme)theme;
        o->request.cgroup = metric == CATEGORY_METRICS;
        o->request.metric = o->request.cgroup ? CATEGORY_PSS : (CategoryMetric)metric;
        o->request.lines = o->lines;
        o->request.top = (size_t)top;
        return r;
}

/* PNG where it can be made and nothing else is said. */
static int take_output(PlotOptions *o, Error *err)
{
        struct stat st;
        bool there = o->output && stat(o->output, &st) == 0, by_name = false;

        o->as = plot_format_available(PLOT_PNG, NULL) ? PLOT_PNG : PLOT_SVG;
        if (o->output && !text_equal(o->output, "-")) {
                const char *slash = strrchr(o->output, '/'), *dot = strrchr(slash ? slash : o->output, '.');
                by_name = plot_format_of_path(o->output, &o->as) == 0;
                o->folder = there ? S_ISDIR(st.st_mode) : text_ends_with(o->output, "/") || !dot;
                if (!o->folder && !by_name && !o->format && !(there && !S_ISREG(st.st_mode)))
                        return error_set(err, EINVAL, "plot: -o %s: expected a name that ends in .png, .svg or .pdf, "
                                         "a folder, or --format", o->output);
        }
        if (o->format && plot_format_parse(o->format, &o->as) < 0)
                return error_set(err, EINVAL, "plot: --format %s: expected png, svg or pdf", o->format);
        return plot_format_available(o->as, err) ? 0 : -EOPNOTSUPP;
}

static int take_jobs(PlotOptions *o, Error *err)
{
        for (size_t i = 0; i < o->jobs.n; i++) {
                Error expected = {0};
                if (sweep_jobs_add(&o->given.jobs, o->jobs.items[i], &expected) < 0)
                        return error_set(err, EINVAL, "plot: --jobs %s: %s", o->jobs.items[i], expected.message);
        }
        return 0;
}

/* ---- one picture ---- */

static int make(const PlotOptions *o, PlotKind kind, PlotRun *runs, size_t n, Plot *plot, Error *err)
{
        PlotRequest request = o->request;

        request.kind = kind;
        switch (kind) {
        case PLOT_COLUMN:
                return plot_make_column(&request, runs, n, plot, err);
        case PLOT_MIGRATION:
                return plot_make_migration(&request, runs, n, plot, err);
        case PLOT_SWEEP:
        case PLOT_CATEGORIES:
                return plot_make_sweep(&request, &o->given.sweep, plot, err);
        default:
                return plot_make_category(&request, runs, n, plot, err);
        }
}

static int write_plot(PlotOptions *o, PlotKind kind, PlotRun *runs, size_t n, const char *path, Error *err)
{
        _cleanup_(output_file_done) OutputFile file = {.fd = -1};
        _cleanup_(plot_done) Plot plot = {0};
        int r = make(o, kind, runs, n, &plot, err);

        if (r < 0)
                return r;
        o->output_failed = true;
        r = output_file_open(&file, path, err);
        if (r == 0)
                r = plot_write(&plot, o->as, file.fd, err);
        if (r == 0)
                r = output_file_commit(&file, err);
        if (r < 0)
                return r;
        o->output_failed = false;
        if (!text_equal(path, "-"))
                printf("%s\n", path);
        return 0;
}

/* ---- which pictures ---- */

static void add_safe(String *to, const char *name)
{
        for (; *name; name++) {
                bool plain = (*name >= '0' && *name <= '9') || (*name >= 'a' && *name <= 'z') ||
                             (*name >= 'A' && *name <= 'Z') || strchr("-_.", *name);
                string_add_char(to, plain ? *name : '_');
        }
}

static const char *id_of(const PlotOptions *o)
{
        const char *id = o->given.sweep_path ? o->given.sweep.id
                         : o->given.n_runs   ? run_reader_info(o->given.runs[0].reader)->id
                                             : NULL;

        return id ? id : "run";
}

static int write_one(PlotOptions *o, Error *err)
{
        _cleanup_string_ String path = {0};
        PlotGiven *given = &o->given;

        if (o->output)
                string_add(&path, o->output);
        else {
                add_safe(&path, id_of(o));
                string_add_format(&path, "-%s.%s", plot_kind_name(o->request.kind), plot_format_name(o->as));
        }
        return path.failed ? error_set(err, ENOMEM, "out of memory")
                           : write_plot(o, o->request.kind, given->runs, given->n_runs, string_get(&path), err);
}

static int write_into(PlotOptions *o, PlotKind kind, PlotRun *runs, size_t n, const char *behind, Error *err)
{
        _cleanup_string_ String path = {0};

        string_add_format(&path, "%s%s%s", o->output, text_ends_with(o->output, "/") ? "" : "/", plot_kind_name(kind));
        for (size_t i = 0; kind == PLOT_COLUMN && i < o->request.columns.n; i++) {
                string_add_char(&path, '-');
                add_safe(&path, o->request.columns.items[i]);
        }
        string_add_format(&path, "%s.%s", behind, plot_format_name(o->as));
        return path.failed ? error_set(err, ENOMEM, "out of memory")
                           : write_plot(o, kind, runs, n, string_get(&path), err);
}

static bool has_migration(PlotGiven *given)
{
        for (size_t i = 0; i < given->n_runs; i++)
                if (!run_reader_has(given->runs[i].reader, "folio_migration") && !run_reader_has(given->runs[i].reader, "migrate"))
                        return false;
        return given->n_runs > 0;
}

static bool is_of_sweep(PlotKind kind)
{
        return kind == PLOT_SWEEP || kind == PLOT_CATEGORIES;
}

/* All that can be plotted of what was given: of a sweep itself, of runs together, of each -j alone. */
static int write_folder(PlotOptions *o, Error *err)
{
        PlotGiven *given = &o->given;
        int r = directory_make(o->output, 0755);

        if (r < 0) {
                o->output_failed = true;
                return error_set_errno(err, r, "%s", o->output);
        }
        for (int kind = 0; r == 0 && kind < PLOT_KINDS; kind++) {
                PlotKind k = (PlotKind)kind;
                if (o->chosen ? k != o->request.kind : k == PLOT_COLUMN)
                        continue;
                if (!o->chosen && ((is_of_sweep(k) && !given->sweep_path) ||
                                   (k == PLOT_MIGRATION && !has_migration(given))))
                        continue;
                r = write_into(o, k, given->runs, given->n_runs, "", err);
                for (size_t i = 0; r == 0 && given->sweep_path && !is_of_sweep(k) && i < given->n_runs; i++) {
                        char behind[32];
                        snprintf(behind, sizeof behind, "-j%u", given->runs[i].jobs);
                        r = write_into(o, k, &given->runs[i], 1, behind, err);
                }
        }
        return r;
}

static int open_given(PlotOptions *o, char **words, size_t n_words, Error *err)
{
        int r = 0;

        for (size_t i = 0; r == 0 && i < n_words; i++)
                r = plot_given_add(&o->given, words[i], err);
        if (r == 0 && !o->given.sweep_path && o->given.jobs.n > 0)
                return error_set(err, EINVAL, "plot: --jobs goes with a sweep");
        if (r == 0 && o->given.sweep_path && !o->chosen && !o->folder)
                o->request.kind = PLOT_SWEEP;
        if (r == 0 && is_of_sweep(o->request.kind) && !o->given.sweep_path)
                return error_set(err, EINVAL, "plot: --kind %s: expected a sweep", o->kind);
        if (r == 0 && o->given.sweep_path && (!is_of_sweep(o->request.kind) || o->folder))
                r = plot_given_open_sweep(&o->given, err);
        if (r == 0 && plot_runs_name(o->given.runs, o->given.n_runs) < 0)
                r = error_set(err, ENOMEM, "out of memory");
        return r;
}

static int work(PlotOptions *o, char **words, size_t n_words)
{
        Labels labels;
        Error err = {0};
        int r = labels_open(&labels, o->rules, &err);

        if (r < 0) {
                log_error("%s", err.message);
                return EXIT_USAGE;
        }
        o->request.labels = &labels;
        o->request.relabel = o->rules != NULL;
        r = open_given(o, words, n_words, &err);
        if (r == 0)
                r = o->folder ? write_folder(o, &err) : write_one(o, &err);
        labels_done(&labels);
        if (r == 0)
                return EXIT_FINE;
        log_error("%s", err.message);
        if (o->output_failed)
                return EXIT_CANNOT;
        return r == -EINVAL || r == -ENOENT || r == -ENOTUNIQ || r == -EBADMSG || r == -EOPNOTSUPP ? EXIT_USAGE
                                                                                                   : EXIT_CANNOT;
}

static int run_plot(const Command *command, int argc, char **argv)
{
        PlotOptions o = {0};
        const Option options[] = {
                {'o', "output", "PATH", "a file, a folder for all plots, or - for stdout", OPTION_TEXT, &o.output},
                {0, "format", "NAME", "png, svg or pdf; else by the file's ending", OPTION_TEXT, &o.format},
                {'k', "kind", "NAME", "what is drawn, see below", OPTION_TEXT, &o.kind},
                {0, "stacked", NULL, "categories as a stack (the default)", OPTION_FLAG, &o.stacked},
                {0, "lines", NULL, "categories as lines", OPTION_FLAG, &o.lines},
                {0, "view", "NAME", "major, detailed, or other: major, Other expanded", OPTION_TEXT, &o.view},
                {0, "metric", "NAME", "memory as pss, rss, or of the cgroup", OPTION_TEXT, &o.metric},
                {0, "category", "NAME", "only this category; may be given again", OPTION_LIST, &o.request.categories},
                {0, "top", "N", "the largest N, the others in one (8)", OPTION_TEXT, &o.top},
                {0, "table", "NAME", "a table of the run, for --column", OPTION_TEXT, &o.request.table},
                {0, "column", "NAME", "a column of it; may be given again", OPTION_LIST, &o.request.columns},
                {0, "key", "TEXT", "only rows whose key has this in it (sda, cpu 3)", OPTION_LIST, &o.request.keys},
                {'j', "jobs", "LIST", "of a sweep only these: 4,8", OPTION_LIST, &o.jobs},
                {0, "resample", "DURATION", "one value for each 1s, 500ms …; peaks stay", OPTION_DURATION,
                 &o.request.resample_ns},
                {0, "size", "WxH", "in px (1280x720; of several panels 1280x1080)", OPTION_TEXT, &o.size},
                {0, "theme", "NAME", "light or dark", OPTION_TEXT, &o.theme},
                {0, "title", "TEXT", "instead of what is plotted and of which run", OPTION_TEXT, &o.request.title},
                {'r', "rules", "FILE", "label processes anew by these rules", OPTION_TEXT, &o.rules},
        };
        _cleanup_free_ char **words = NULL;
        size_t n_words;
        Error err = {0};
        int r = options_parse(command, options, ARRAY_LENGTH(options), argc, argv, false, &words, &n_words, &err);

        if (r == 0 && n_words == 0)
                r = error_set(&err, EINVAL, "plot: expected a RUN or a sweep: a path, an id, or last");
        if (r == 0)
                r = take_kind(&o, &err);
        if (r == 0)
                r = take_looks(&o, &err);
        if (r == 0)
                r = take_output(&o, &err);
        if (r == 0)
                r = take_jobs(&o, &err);
        int code = r > 0 ? EXIT_FINE : r < 0 ? usage_error(command, &err) : work(&o, words, n_words);
        plot_given_done(&o.given);
        text_list_done(&o.jobs);
        text_list_done(&o.request.categories);
        text_list_done(&o.request.columns);
        text_list_done(&o.request.keys);
        return code;
}

const Command command_plot = {
        .name = "plot",
        .summary = "draw charts of runs and sweeps as PNG, SVG or PDF",
        .usage = "[OPTIONS] RUN…",
        .details = "Of a run: its memory by category, unless --kind says otherwise; of several runs:\n"
                   "a line each, aligned at their starts, those whose host or label has -dev in it\n"
                   "dashed. Of a sweep: peak memory and time against -j.\n\n"
                   "Kinds: memory, cpu, processes (by category), column, migration; of a sweep also\n"
                   "sweep and categories.\n\n"
                   "  vigia plot last -o memory.png\n"
                   "  vigia plot last --kind cpu --view detailed --lines -o cpu.svg\n"
                   "  vigia plot last --table pressure --column some_us --key memory -o psi.pdf\n"
                   "  vigia plot last -o plots                all there is to plot, into a folder",
        .run = run_plot,
};
