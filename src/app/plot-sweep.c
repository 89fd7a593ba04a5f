/* A sweep: peak memory (bars) and time (line) against -j with the spread of the repeats; and what the
 * memory was made of at the peak of each -j. */
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "app/plot-command.h"
#include "base/cleanup.h"
#include "base/clock.h"
#include "sweep/result.h"

static double known(uint64_t value, double factor)
{
        return value == SUMMARY_UNKNOWN ? NAN : (double)value * factor;
}

/* The levels that anything is known of, fewest jobs first. */
typedef struct Levels {
        const SweepLevel *items[SWEEP_LEVELS_MAX];
        size_t n;
} Levels;

static void find_levels(const SweepResult *result, Levels *levels)
{
        for (size_t i = 0; i < result->n_levels && levels->n < SWEEP_LEVELS_MAX; i++) {
                const SweepLevel *level = &result->levels[i];
                size_t k = levels->n;
                if (level->n_done == 0)
                        continue;
                for (; k > 0 && levels->items[k - 1]->jobs > level->jobs; k--)
                        levels->items[k] = levels->items[k - 1];
                levels->items[k] = level;
                levels->n++;
        }
}

static int set_places(PlotPanel *panel, const Levels *levels)
{
        panel->places = calloc(levels->n + 1, sizeof *panel->places);
        if (!panel->places)
                return -ENOMEM;
        for (size_t i = 0; i < levels->n; i++, panel->n_places++) {
                _cleanup_string_ String name = {0};
                if (levels->items[i]->jobs)
                        string_add_format(&name, "-j%u", levels->items[i]->jobs);
                else
                        string_add(&name, "the command");
                panel->places[i] = string_take(&name);
                if (!panel->places[i])
                        return -ENOMEM;
        }
        panel->x_label = strdup("jobs at once");
        panel->empty = strdup("no build came through");
        return panel->x_label && panel->empty ? 0 : -ENOMEM;
}

static PlotSeries *add_spread(PlotPanel *panel, const char *name, PlotMark mark, PlotColor color, const Levels *levels,
                              size_t offset, double factor)
{
        PlotSeries *s = plot_add_series(panel, name, mark, color, levels->n);

        if (!s)
                return NULL;
        s->low = calloc(levels->n + 1, sizeof *s->low);
        s->high = calloc(levels->n + 1, sizeof *s->high);
        s->x = calloc(levels->n + 1, sizeof *s->x);
        if (!s->low || !s->high || !s->x)
                return NULL;
        for (size_t i = 0; i < levels->n; i++) {
                const SweepSpread *spread = (const void *)((const char *)levels->items[i] + offset);
                s->x[i] = (double)i;
                s->y[i] = spread->n ? known(spread->median, factor) : NAN;
                s->low[i] = spread->n ? known(spread->low, factor) : NAN;
                s->high[i] = spread->n ? known(spread->high, factor) : NAN;
        }
        return s;
}

static int make_summary(const PlotRequest *request, const Sweep *sweep, const SweepResult *result, Plot *plot,
                        String *subtitle)
{
        const PlotColors *colors = plot_colors(request->theme);
        PlotPanel *panel = plot_add_panel(plot);
        Levels levels = {0};
        char value[FORMAT_MAX];

        find_levels(result, &levels);
        if (!panel || set_places(panel, &levels) < 0)
                return -ENOMEM;
        panel->left = (PlotAxis){.unit = {PLOT_BYTES, NULL}, .label = strdup("peak memory of the tree (bars)")};
        panel->right = (PlotAxis){.unit = {PLOT_DURATION, NULL}, .label = strdup("time it took (line)")};
        if (!panel->left.label || !panel->right.label ||
            !add_spread(panel, "peak memory", PLOT_BAR, plot_category_color("Scripting", ""), &levels,
                        offsetof(SweepLevel, peak_bytes), 1))
                return -ENOMEM;
        PlotSeries *line = add_spread(panel, "time", PLOT_LINE, colors->critical, &levels,
                                      offsetof(SweepLevel, wall_ns), 1e-9);
        if (!line)
                return -ENOMEM;
        line->right = true;
        if (sweep->repeat > 1)
                string_add_format(subtitle, " · medians of %u repeats, whiskers from lowest to highest", sweep->repeat);
        if (result->best != SIZE_MAX && result->levels[result->best].jobs)
                string_add_format(subtitle, " · %s -j%u, %s", sweep_best_is_clear(result) ? "fastest" : "fastest, though not clearly,",
                                  result->levels[result->best].jobs,
                                  format_duration(value, result->levels[result->best].wall_ns.median));
        return 0;
}

/* ---- categories ---- */

/* The run of a level whose peak is its median (the lower of two): its parts are of one moment. */
const SweepRun *plot_median_run(const Sweep *sweep, unsigned jobs)
{
        const SweepRun *found = NULL;
        size_t n = 0;

        for (size_t i = 0; i < sweep->n_runs; i++)
                n += sweep->runs[i].jobs == jobs && sweep->runs[i].state == SWEEP_DONE && !sweep->runs[i].warm_up &&
                     sweep->runs[i].figures.peak_bytes != SUMMARY_UNKNOWN;
        for (size_t i = 0; i < sweep->n_runs && !found; i++) {
                const SweepRun *run = &sweep->runs[i];
                size_t below = 0;
                if (run->jobs != jobs || run->state != SWEEP_DONE || run->warm_up ||
                    run->figures.peak_bytes == SUMMARY_UNKNOWN)
                        continue;
                for (size_t k = 0; k < sweep->n_runs; k++) {
                        const SweepRun *other = &sweep->runs[k];
                        if (other->jobs == jobs && other->state == SWEEP_DONE && !other->warm_up &&
                            other->figures.peak_bytes != SUMMARY_UNKNOWN)
                                below += other->figures.peak_bytes < run->figures.peak_bytes ||
                                         (other->figures.peak_bytes == run->figures.peak_bytes && k < i);
                }
                if (below == (n - 1) / 2)
                        found = run;
        }
        return found;
}

static const char *group_name(const PlotRequest *request, const SweepGroup *group)
{
        bool detailed = request->view == PLOT_DETAILED || !group->major ||
                        (request->view == PLOT_OTHER && text_equal(group->major, "Other"));

        return detailed ? group->name : group->major;
}

static bool is_asked_for(const PlotRequest *request, const SweepGroup *group)
{
        for (size_t i = 0; i < request->categories.n; i++)
                if (text_equal(request->categories.items[i], group->name) ||
                    (group->major && text_equal(request->categories.items[i], group->major)))
                        return true;
        return request->categories.n == 0;
}

static int add_group(const PlotRequest *request, PlotPanel *panel, const SweepGroup *group, size_t level, size_t n)
{
        PlotSeries *series = NULL;
        const char *name = group_name(request, group);

        if (!is_asked_for(request, group) || group->at_peak_bytes == SUMMARY_UNKNOWN || group->at_peak_bytes == 0)
                return 0;
        for (size_t k = 0; k < panel->n_series && !series; k++)
                if (text_equal(panel->series[k].name, name))
                        series = &panel->series[k];
        if (!series) {
                PlotColor color = plot_category_color(group->major, name);
                size_t same = 0;
                for (size_t k = 0; k < panel->n_series; k++)
                        for (size_t shade = 0; shade < 7; shade++) {
                                PlotColor other = plot_shade(color, shade);
                                same += memcmp(&other, &panel->series[k].color, sizeof other) == 0;
                        }
                series = plot_add_series(panel, name, PLOT_BAR, plot_shade(color, same), n);
        }
        if (!series)
                return -ENOMEM;
        series->y[level] += (double)group->at_peak_bytes;
        return 0;
}

static double most_of(const PlotSeries *s)
{
        double most = 0;

        for (size_t i = 0; i < s->n; i++)
                most = fmax(most, s->y[i]);
        return most;
}

static int compare_series(const void *a, const void *b)
{
        double x = most_of(a), y = most_of(b);

        return x != y ? (x < y ? 1 : -1) : strcmp(((const PlotSeries *)a)->name, ((const PlotSeries *)b)->name);
}

/* Beyond the first `top` all become one. */
static int keep_top(PlotPanel *panel, size_t top)
{
        _cleanup_string_ String name = {0};

        if (panel->n_series <= top + 1)
                return 0;
        PlotSeries *rest = &panel->series[top];
        string_add_format(&name, "%zu others", panel->n_series - top);
        while (panel->n_series > top + 1) {
                PlotSeries *last = &panel->series[--panel->n_series];
                for (size_t i = 0; i < rest->n; i++)
                        rest->y[i] += last->y[i];
                free(last->name);
                free(last->y);
        }
        free(rest->name);
        rest->name = string_take(&name);
        rest->color = plot_category_color("Other", "");
        return rest->name ? 0 : -ENOMEM;
}

static int make_categories(const PlotRequest *request, const Sweep *sweep, const SweepResult *result, Plot *plot,
                           String *subtitle)
{
        PlotPanel *panel = plot_add_panel(plot);
        Levels levels = {0};
        char value[FORMAT_MAX];

        find_levels(result, &levels);
        if (!panel || set_places(panel, &levels) < 0)
                return -ENOMEM;
        panel->left = (PlotAxis){.unit = {PLOT_BYTES, NULL}, .label = strdup("memory at the peak of the tree")};
        panel->values = strdup("highest of each");
        if (!panel->left.label || !panel->values)
                return -ENOMEM;
        for (size_t i = 0; i < levels.n; i++) {
                const SweepRun *run = plot_median_run(sweep, levels.items[i]->jobs);
                for (size_t k = 0; run && k < run->figures.n_groups; k++)
                        if (add_group(request, panel, &run->figures.groups[k], i, levels.n) < 0)
                                return -ENOMEM;
        }
        if (panel->n_series > 1)
                qsort(panel->series, panel->n_series, sizeof *panel->series, compare_series);
        if (keep_top(panel, request->top) < 0)
                return -ENOMEM;
        for (size_t k = 0; k < panel->n_series; k++) {
                panel->series[k].value = strdup(plot_value(panel->left.unit, most_of(&panel->series[k]), value));
                if (!panel->series[k].value)
                        return -ENOMEM;
        }
        if (sweep->repeat > 1)
                string_add(subtitle, " · of the repeat whose peak is the median");
        return 0;
}

static int describe(const PlotRequest *request, const Sweep *sweep, const char *what, const String *subtitle, Plot *plot)
{
        _cleanup_string_ String title = {0}, source = {0};
        time_t seconds = (time_t)(sweep->start_realtime_ns / (int64_t)NS_PER_SECOND);
        struct tm local;
        char date[64];

        if (request->title)
                string_add(&title, request->title);
        else
                string_add_format(&title, "%s: %s", what, sweep->label ? sweep->label : "sweep");
        string_add(&source, sweep->id ? sweep->id : "sweep");
        if (sweep->host)
                string_add_format(&source, " · %s", sweep->host);
        if (sweep->start_realtime_ns > 0 && localtime_r(&seconds, &local) &&
            strftime(date, sizeof date, "%Y-%m-%d %H:%M %Z", &local))
                string_add_format(&source, " · %s", date);
        string_add_format(&source, " · vigia %s", sweep->vigia_version ? sweep->vigia_version : VIGIA_VERSION);
        plot->title = string_take(&title);
        plot->subtitle = strdup(string_get(subtitle));
        plot->source = string_take(&source);
        plot->width = request->width;
        plot->height = request->height;
        plot->theme = request->theme;
        return plot->title && plot->subtitle && plot->source ? 0 : -ENOMEM;
}

int plot_make_sweep(const PlotRequest *request, const Sweep *sweep, Plot *plot, Error *err)
{
        _cleanup_string_ String subtitle = {0};
        bool summary = request->kind == PLOT_SWEEP;
        SweepResult result;
        char value[FORMAT_MAX];

        if (sweep_result(sweep, &result) < 0)
                return error_set(err, ENOMEM, "out of memory");
        string_add_format(&subtitle, "%u CPUs, %s", sweep->cpus, format_bytes(value, sweep->memory_bytes));
        int r = summary ? make_summary(request, sweep, &result, plot, &subtitle)
                        : make_categories(request, sweep, &result, plot, &subtitle);
        if (r == 0 && result.n_failed > 0)
                string_add_format(&subtitle, " · %zu failed and are left out", result.n_failed);
        if (r == 0)
                r = describe(request, sweep, summary ? "Peak memory and time by -j" : "Peak memory by category and -j",
                             &subtitle, plot);
        sweep_result_done(&result);
        return r < 0 ? error_set(err, ENOMEM, "out of memory") : 0;
}
