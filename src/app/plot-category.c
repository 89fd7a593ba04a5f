/* Memory, CPU and processes by category: one run as a stack or lines; several as a line each, aligned at
 * their starts. */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "app/plot-command.h"
#include "base/cleanup.h"
#include "base/clock.h"

enum { PLACES = 900, LEVEL_BUCKETS = 20000, CPU_BUCKETS = 240, CPU_TICKS = 4, RESAMPLED_MOST = 100000 };

/* A line of the plot: one category, or several that the view shows as one. */
typedef struct Sum {
        char *name;
        PlotColor color;
        double *values;    /* n_buckets */
        double one_peak;   /* the highest of any of its categories, seen in a bucket or not */
        double peak;       /* of the sum in any bucket, or that */
        size_t n;          /* categories in it */
} Sum;

typedef struct Sums {
        Sum *items;
        size_t n;
} Sums;

static void sums_done(Sums *sums)
{
        for (size_t i = 0; i < sums->n; i++) {
                free(sums->items[i].name);
                free(sums->items[i].values);
        }
        free(sums->items);
        *sums = (Sums){0};
}

/* ---- reading ---- */

static CategoryMetric metric_of(const PlotRequest *request)
{
        return request->kind == PLOT_CPU         ? CATEGORY_CPU
               : request->kind == PLOT_PROCESSES ? CATEGORY_PROCESSES
                                                 : request->metric;
}

/* Levels are read as finely as ticks go, and made coarser when it is known what is shown together: peaks
 * told are then those of what is shown. */
static void choose_buckets(const PlotRequest *request, const PlotRun *run, CategorySeriesOptions *options)
{
        uint64_t interval = run_reader_info(run->reader)->interval_ns;
        uint64_t span = run->end_ns > 0 ? (uint64_t)run->end_ns : 0;

        options->span_ns = span;
        options->interval_ns = interval != RUN_UNKNOWN ? interval : 0;
        if (request->kind != PLOT_CPU) {
                options->buckets = LEVEL_BUCKETS;
                options->width_ns = MIN(options->interval_ns, span / 40);
        } else if (request->resample_ns) {
                options->width_ns = request->resample_ns;
                options->buckets = span ? MIN(span / request->resample_ns + 2, (uint64_t)RESAMPLED_MOST)
                                        : RESAMPLED_MOST;
        } else {
                options->buckets = CPU_BUCKETS;
                options->width_ns = MIN(options->interval_ns * CPU_TICKS, span / 40);
        }
}

typedef struct Reading {
        CategorySeriesBuilder *builder;
        const char *table;
        bool learn;
} Reading;

static int observe(const Batch *rows, void *data)
{
        const Reading *r = data;

        return r->learn ? category_series_learn(r->builder, rows)
                        : category_series_observe(r->builder, r->table, rows);
}

static int read_series(const PlotRequest *request, PlotRun *run, CategorySeries **ret, Error *err)
{
        static const struct {
                const char *name;
                const char *const *columns;
                bool learn;
        } tables[] = {{"processes", summary_learn_columns, true},
                      {"processes", category_series_process_columns, false},
                      {"totals", category_series_total_columns, false},
                      {"samples", category_series_sample_columns, false}};
        _cleanup_(category_series_builder_freep) CategorySeriesBuilder *builder = NULL;
        CategorySeriesOptions options = {.cpus = run_reader_info(run->reader)->cpus};
        bool relabel = request->relabel || !run_reader_info(run->reader)->rules;

        choose_buckets(request, run, &options);
        if (relabel) {
                options.label = labels_label;
                options.label_data = request->labels;
        }
        if (category_series_new(&options, &builder) < 0)
                return error_set(err, ENOMEM, "out of memory");
        for (size_t i = 0; i < ARRAY_LENGTH(tables); i++) {
                Reading reading = {builder, tables[i].name, tables[i].learn};
                if (tables[i].learn && !(relabel && labels_use_parents(request->labels)))
                        continue;
                int r = run_reader_each(run->reader, tables[i].name, tables[i].columns, observe, &reading, err);
                if (r < 0)
                        return error_prefix(err, r, "%s", run_reader_path(run->reader));
        }
        int r = category_series_finish(builder, run->end_ns, ret);
        return r < 0 ? error_set(err, ENOMEM, "out of memory") : 0;
}

/* ---- views ---- */

static bool is_asked_for(const PlotRequest *request, const CategoryLine *line)
{
        for (size_t i = 0; i < request->categories.n; i++)
                if (text_equal(request->categories.items[i], line->name) ||
                    (line->major && text_equal(request->categories.items[i], line->major)))
                        return true;
        return request->categories.n == 0 && !line->ignored;
}

/* Under which name a category stands in the view. */
static const char *shown_name(const PlotRequest *request, const CategoryLine *line)
{
        bool detailed = request->view == PLOT_DETAILED || !line->major ||
                        (request->view == PLOT_OTHER && text_equal(line->major, "Other"));

        return detailed ? line->name : line->major;
}

/* Colours as on the page: the first major of a hue has it, the others shades; a category is a shade of its
 * major by its place among all of it, whatever is shown. */
static PlotColor color_of(const PlotRequest *request, const CategorySeries *s, size_t k)
{
        const CategoryLine *line = &s->lines[k];
        PlotColor color = plot_category_color(line->major, line->name);
        size_t same_hue = 0, place = 0;

        for (size_t i = 0; i < k; i++)
                if (line->major && s->lines[i].major)
                        place += text_equal(s->lines[i].major, line->major);
        /* Majors of this hue that came before this one did. */
        for (size_t i = 0; line->major && i < s->n_lines && !text_equal(s->lines[i].major ? s->lines[i].major : "", line->major); i++) {
                PlotColor other = plot_category_color(s->lines[i].major, s->lines[i].name);
                bool first = s->lines[i].major && memcmp(&color, &other, sizeof color) == 0;
                for (size_t j = 0; first && j < i; j++)
                        first = !s->lines[j].major || !text_equal(s->lines[j].major, s->lines[i].major);
                same_hue += first;
        }
        color = plot_shade(color, same_hue * PLOT_MAJOR_SHADES);
        return text_equal(shown_name(request, line), line->name) && line->major ? plot_shade(color, place) : color;
}

static int sums_find(Sums *sums, const char *name, PlotColor color, size_t n, Sum **ret)
{
        for (size_t i = 0; i < sums->n; i++)
                if (text_equal(sums->items[i].name, name)) {
                        *ret = &sums->items[i];
                        return 0;
                }
        Sum *items = realloc(sums->items, (sums->n + 1) * sizeof *items);
        if (!items)
                return -ENOMEM;
        sums->items = items;
        Sum *sum = &items[sums->n++];
        *sum = (Sum){.name = strdup(name), .color = color, .values = calloc(n + 1, sizeof *sum->values)};
        *ret = sum;
        return sum->name && sum->values ? 0 : -ENOMEM;
}

static void sum_add(Sum *sum, const double *values, double one_peak, size_t n)
{
        sum->one_peak = fmax(sum->one_peak, one_peak);
        for (size_t i = 0; i < n; i++)
                sum->values[i] += values[i];
        sum->n++;
}

static void sums_measure(Sums *sums, size_t n)
{
        for (size_t k = 0; k < sums->n; k++) {
                sums->items[k].peak = sums->items[k].one_peak;
                for (size_t i = 0; i < n; i++)
                        sums->items[k].peak = fmax(sums->items[k].peak, sums->items[k].values[i]);
        }
}

static int compare_sums(const void *a, const void *b)
{
        const Sum *x = a, *y = b;

        if (x->peak != y->peak)
                return x->peak < y->peak ? 1 : -1;
        return strcmp(x->name, y->name);
}

/* Beyond the first `top` all become one, which is last. */
static int sums_keep(Sums *sums, size_t top, size_t n)
{
        _cleanup_string_ String name = {0};

        if (sums->n <= top + 1)
                return 0;
        Sum *rest = &sums->items[top];
        for (size_t k = top + 1; k < sums->n; k++) {
                sum_add(rest, sums->items[k].values, sums->items[k].one_peak, n);
                free(sums->items[k].name);
                free(sums->items[k].values);
        }
        string_add_format(&name, "%zu others", sums->n - top);
        sums->n = top + 1;
        free(rest->name);
        rest->name = string_take(&name);
        rest->color = plot_category_color("Other", "");
        sums_measure(sums, n);
        return rest->name ? 0 : -ENOMEM;
}

static int gather_sums(const PlotRequest *request, const CategorySeries *s, bool ignored, Sums *sums, bool *any)
{
        CategoryMetric m = metric_of(request);

        for (size_t k = 0; k < s->n_lines; k++) {
                const CategoryLine *line = &s->lines[k];
                bool asked = ignored || is_asked_for(request, line);
                Sum *sum;
                *any |= asked;
                if (!asked || !line->values[m])
                        continue;
                if (sums_find(sums, shown_name(request, line), color_of(request, s, k), s->n_buckets, &sum) < 0)
                        return -ENOMEM;
                sum_add(sum, line->values[m], line->peaks[m], s->n_buckets);
        }
        return 0;
}

static int make_sums(const PlotRequest *request, const CategorySeries *s, Sums *sums, Error *err)
{
        CategoryMetric m = metric_of(request);
        bool any = false, ignored = false;

        /* Where there is nothing but what is to be ignored, that is what was there. */
        for (unsigned pass = 0; pass < 2 && sums->n == 0; pass++, ignored = request->categories.n == 0)
                if (gather_sums(request, s, ignored, sums, &any) < 0)
                        return error_set(err, ENOMEM, "out of memory");
        if (!any && request->categories.n > 0) {
                _cleanup_string_ String there = {0};
                for (size_t k = 0; k < s->n_lines && k < 12; k++)
                        string_add_format(&there, "%s%s", k ? ", " : "", s->lines[k].name);
                return error_set(err, EINVAL, "plot: no process is of category %s; there are %s",
                                 request->categories.items[0], there.size ? string_get(&there) : "none");
        }
        /* Levels are unknown where nobody looked; a category without values there is, too. */
        for (size_t k = 0; k < sums->n; k++)
                for (size_t i = 0; m != CATEGORY_CPU && i < s->n_buckets; i++)
                        if (!s->known[i])
                                sums->items[k].values[i] = NAN;
        sums_measure(sums, s->n_buckets);
        if (sums->n > 1)
                qsort(sums->items, sums->n, sizeof *sums->items, compare_sums);
        return sums_keep(sums, request->top, s->n_buckets) < 0 ? error_set(err, ENOMEM, "out of memory") : 0;
}

/* ---- panels ---- */

static PlotUnit unit_of(const PlotRequest *request)
{
        return request->kind == PLOT_CPU         ? (PlotUnit){PLOT_NUMBER, NULL}
               : request->kind == PLOT_PROCESSES ? (PlotUnit){PLOT_COUNT, NULL}
                                                 : (PlotUnit){PLOT_BYTES, NULL};
}

static const char *axis_label(const PlotRequest *request, const CategorySeries *s)
{
        return request->kind == PLOT_CPU                           ? "CPU, cores busy"
               : request->kind == PLOT_PROCESSES                   ? "processes alive"
               : s->n_lines == 0                                   ? "memory"
               : request->metric == CATEGORY_RSS || !s->pss        ? "memory (RSS: shared pages count for each process)"
                                                                   : "memory (PSS)";
}

static int set_value(PlotSeries *series, PlotUnit unit, double value)
{
        char text[FORMAT_MAX];

        series->value = strdup(plot_value(unit, value, text));
        return series->value ? 0 : -ENOMEM;
}

/* How many buckets are one place of the picture. */
static size_t buckets_a_place(const PlotRequest *request, const CategorySeries *s)
{
        uint64_t place_ns = request->resample_ns ? request->resample_ns : s->end_ns / PLACES;

        return request->kind != PLOT_CPU ? (size_t)MAX((place_ns + s->width_ns / 2) / s->width_ns, (uint64_t)1) : 1;
}

static double sum_of(const Sums *sums, size_t bucket)
{
        double sum = 0;

        for (size_t k = 0; k < sums->n; k++)
                sum += sums->items[k].values[bucket];
        return sum;
}

/* Of the buckets in [from, to) the one where all that is shown comes to most; `from` if none is known. */
static size_t highest_sum(const Sums *sums, size_t from, size_t to)
{
        size_t found = from;

        for (size_t b = from; b < to; b++)
                if (sum_of(sums, b) > sum_of(sums, found) || (isnan(sum_of(sums, found)) && !isnan(sum_of(sums, b))))
                        found = b;
        return found;
}

static double highest_value(const double *values, size_t from, size_t to)
{
        double most = NAN;

        for (size_t b = from; b < to; b++)
                most = fmax(most, values[b]);
        return most;
}

/* A stack has in each place the parts of one moment, a line its own highest value. */
static int add_sums(const PlotRequest *request, const CategorySeries *s, const Sums *sums, PlotPanel *panel)
{
        size_t each = buckets_a_place(request, s), n = (s->n_buckets + each - 1) / each;
        _cleanup_free_ size_t *at = calloc(n + 1, sizeof *at);

        if (!at)
                return -ENOMEM;
        for (size_t i = 0; i < n; i++)
                at[i] = highest_sum(sums, i * each, MIN((i + 1) * each, s->n_buckets));
        panel->x_step = (double)s->width_ns * (double)each / (double)NS_PER_SECOND;
        for (size_t k = 0; k < sums->n; k++) {
                const Sum *sum = &sums->items[k];
                PlotSeries *series = plot_add_series(panel, sum->name, request->lines ? PLOT_LINE : PLOT_STACK,
                                                     sum->color, n);
                if (!series || set_value(series, panel->left.unit, sum->peak) < 0)
                        return -ENOMEM;
                for (size_t i = 0; i < n; i++)
                        series->y[i] = request->lines ? highest_value(sum->values, i * each,
                                                                      MIN((i + 1) * each, s->n_buckets))
                                                      : sum->values[at[i]];
        }
        return 0;
}

/* The tightest limit of the cgroup that the run was under. */
static int find_limit(const Batch *rows, void *data)
{
        double *limit = data;

        for (size_t row = 0; row < batch_rows(rows); row++)
                if (!batch_is_null(rows, 0, row))
                        *limit = fmin(*limit, batch_f64(rows, 0, row));
        return 0;
}

/* A limit is drawn where the data come near it; else it is said, since it would press them flat. */
static int add_limit(PlotPanel *panel, const char *name, double limit, double peak, String *subtitle)
{
        char value[FORMAT_MAX];

        if (!isfinite(limit) || limit <= 0)
                return 0;
        if (limit <= peak * 3)
                return plot_add_limit(panel, name, limit);
        string_add_format(subtitle, "%s%s %s", subtitle->size ? " · " : "", name, plot_value(panel->left.unit, limit, value));
        return 0;
}

static int add_limits(const PlotRequest *request, PlotRun *run, PlotPanel *panel, double peak, String *subtitle)
{
        static const char *const limits_columns[] = {"memory_max_bytes", NULL};
        static const char *const cgroup_columns[] = {"memory_limit_bytes", NULL};
        const RunInfo *info = run_reader_info(run->reader);
        double limit = INFINITY;
        Error unused = {0};

        if (request->kind == PLOT_PROCESSES)
                return 0;
        if (request->kind == PLOT_CPU)
                return info->cpus ? add_limit(panel, "cores of the machine", info->cpus, peak * 2, subtitle) : 0;
        /* A table that cannot be read costs its line. */
        run_reader_each(run->reader, "limits", limits_columns, find_limit, &limit, &unused);
        run_reader_each(run->reader, "cgroup", cgroup_columns, find_limit, &limit, &unused);
        double machine = info->memory_bytes != RUN_UNKNOWN ? (double)info->memory_bytes : INFINITY;
        int r = add_limit(panel, "limit of the cgroup", limit < machine ? limit : INFINITY, peak, subtitle);
        return r < 0 ? r : add_limit(panel, "memory of the machine", machine, peak, subtitle);
}

/* The highest sum of what is shown, and when. */
static double find_peak(const Sums *sums, size_t n, size_t *ret_at)
{
        double peak = 0;

        *ret_at = SIZE_MAX;
        for (size_t i = 0; i < n; i++) {
                double sum = sum_of(sums, i);
                if (sum > peak) {
                        peak = sum;
                        *ret_at = i;
                }
        }
        return peak;
}

static void say_peak(const CategorySeries *s, CategoryMetric m, PlotUnit unit, double peak, size_t at, String *to)
{
        char value[FORMAT_MAX], when[FORMAT_MAX];

        if (at == SIZE_MAX)
                return;
        int64_t t_ns = m == CATEGORY_CPU || s->at_ns[m][at] == INT64_MIN ? category_series_begin_ns(s, at)
                                                                         : s->at_ns[m][at];
        string_add_format(to, "peak %s%s at %s", plot_value(unit, peak, value),
                          m == CATEGORY_CPU         ? " cores"
                          : m == CATEGORY_PROCESSES ? " processes"
                                                    : "",
                          format_duration(when, t_ns > 0 ? (uint64_t)t_ns : 0));
}

/* How long nothing was recorded in between, where it can be seen. */
static void say_gaps(const CategorySeries *s, String *to)
{
        size_t first = 0, last = s->n_buckets, unknown = 0;
        char length[FORMAT_MAX];

        while (first < last && !s->known[first])
                first++;
        while (last > first && !s->known[last - 1])
                last--;
        for (size_t i = first; i < last; i++)
                unknown += !s->known[i];
        if (unknown > 0)
                string_add_format(to, "%snothing recorded for %s", to->size ? " · " : "", format_duration(length, unknown * s->width_ns));
}

static const char *what_of(const PlotRequest *request)
{
        return request->kind == PLOT_CPU         ? "CPU by category"
               : request->kind == PLOT_PROCESSES ? "Processes by category"
                                                 : "Memory by category";
}

static int make_one(const PlotRequest *request, PlotRun *run, Plot *plot, Error *err)
{
        _cleanup_(category_series_freep) CategorySeries *s = NULL;
        _cleanup_(sums_done) Sums sums = {0};
        _cleanup_string_ String subtitle = {0};
        size_t at;
        int r = read_series(request, run, &s, err);

        if (r == 0)
                r = make_sums(request, s, &sums, err);
        if (r < 0)
                return r;
        PlotPanel *panel = plot_time_panel(plot, s->end_ns);
        if (!panel)
                return error_set(err, ENOMEM, "out of memory");
        panel->left = (PlotAxis){.unit = unit_of(request), .label = strdup(axis_label(request, s))};
        panel->empty = strdup("no process was seen at a tick");
        panel->values = strdup(request->lines ? "highest of each" : "from the bottom up: highest");
        double peak = find_peak(&sums, s->n_buckets, &at);
        say_peak(s, metric_of(request), panel->left.unit, peak, at, &subtitle);
        say_gaps(s, &subtitle);
        if (!panel->left.label || !panel->empty || !panel->values || add_sums(request, s, &sums, panel) < 0 ||
            add_limits(request, run, panel, peak, &subtitle) < 0 ||
            plot_describe(request, what_of(request), run, 1, &subtitle, plot) < 0)
                return error_set(err, ENOMEM, "out of memory");
        return 0;
}

/* ---- several runs ---- */

static int add_run(const PlotRequest *request, PlotRun *run, size_t nth, Plot *plot, Error *err)
{
        _cleanup_(category_series_freep) CategorySeries *s = NULL;
        _cleanup_(sums_done) Sums sums = {0};
        int r = read_series(request, run, &s, err);

        if (r == 0)
                r = make_sums(request, s, &sums, err);
        if (r < 0)
                return r;
        PlotPanel *panel = plot->n_panels ? &plot->panels[0] : plot_time_panel(plot, s->end_ns);
        if (!panel)
                return error_set(err, ENOMEM, "out of memory");
        panel->x_end = fmax(panel->x_end, (double)s->end_ns / (double)NS_PER_SECOND);
        panel->left.unit = unit_of(request);
        if (!panel->left.label)
                panel->left.label = strdup(axis_label(request, s));
        if (!panel->values)
                panel->values = strdup("highest of each");
        size_t each = buckets_a_place(request, s), n = (s->n_buckets + each - 1) / each;
        PlotSeries *series = plot_add_series(panel, run->name, PLOT_LINE, plot_palette(nth), n + 1);
        if (!series || !panel->left.label || !panel->values)
                return error_set(err, ENOMEM, "out of memory");
        series->dashed = run->dev;
        series->x = calloc(n + 1, sizeof *series->x);
        if (!series->x)
                return error_set(err, ENOMEM, "out of memory");
        double peak = 0;
        for (size_t i = 0; i < n; i++) {
                size_t at = highest_sum(&sums, i * each, MIN((i + 1) * each, s->n_buckets));
                series->y[i] = sum_of(&sums, at);
                series->x[i] = (double)category_series_begin_ns(s, i * each) / (double)NS_PER_SECOND;
                peak = fmax(peak, series->y[i]);
        }
        series->x[n] = (double)s->end_ns / (double)NS_PER_SECOND; /* the last step ends here */
        series->y[n] = n ? series->y[n - 1] : NAN;
        return set_value(series, panel->left.unit, peak) < 0 ? error_set(err, ENOMEM, "out of memory") : 0;
}

/* Whether the machine's limits are the same for all. */
static bool are_alike(const PlotRun *runs, size_t n)
{
        const RunInfo *first = run_reader_info(runs[0].reader);

        for (size_t i = 1; i < n; i++) {
                const RunInfo *info = run_reader_info(runs[i].reader);
                if (info->cpus != first->cpus || info->memory_bytes != first->memory_bytes)
                        return false;
        }
        return true;
}

static double highest_of(const PlotPanel *panel)
{
        double most = 0;

        for (size_t k = 0; k < panel->n_series; k++)
                for (size_t i = 0; i < panel->series[k].n; i++)
                        most = fmax(most, panel->series[k].y[i]);
        return most;
}

static int make_overlay(const PlotRequest *request, PlotRun *runs, size_t n, Plot *plot, Error *err)
{
        _cleanup_string_ String what = {0}, subtitle = {0};

        for (size_t i = 0; i < n; i++) {
                int r = add_run(request, &runs[i], i, plot, err);
                if (r < 0)
                        return r;
        }
        string_add(&what, request->kind == PLOT_CPU         ? "CPU"
                          : request->kind == PLOT_PROCESSES ? "Processes"
                                                            : "Memory");
        for (size_t i = 0; i < request->categories.n; i++)
                string_add_format(&what, "%s%s", i ? ", " : " of ", request->categories.items[i]);
        string_add(&subtitle, "aligned at the start");
        if (are_alike(runs, n) &&
            add_limits(request, &runs[0], &plot->panels[0], highest_of(&plot->panels[0]), &subtitle) < 0)
                return error_set(err, ENOMEM, "out of memory");
        return plot_describe(request, string_get(&what), runs, n, &subtitle, plot) < 0
                       ? error_set(err, ENOMEM, "out of memory")
                       : 0;
}

int plot_make_category(const PlotRequest *request, PlotRun *runs, size_t n, Plot *plot, Error *err)
{
        if (request->cgroup && request->kind == PLOT_MEMORY) {
                const char *columns[] = {"cgroup_bytes"};
                PlotRequest column = *request;
                column.table = "totals";
                column.columns = (TextList){columns, 1};
                return plot_make_column(&column, runs, n, plot, err);
        }
        return n == 1 ? make_one(request, runs, plot, err) : make_overlay(request, runs, n, plot, err);
}
