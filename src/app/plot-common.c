/* What all plots of runs share: opening, names, titles, reading tables. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "app/plot-command.h"
#include "base/cleanup.h"
#include "base/clock.h"

const char *plot_kind_name(PlotKind kind)
{
        static const char *const names[PLOT_KINDS] = {
                [PLOT_MEMORY] = "memory",       [PLOT_CPU] = "cpu",     [PLOT_PROCESSES] = "processes",
                [PLOT_COLUMN] = "column",       [PLOT_MIGRATION] = "migration",
                [PLOT_SWEEP] = "sweep",         [PLOT_CATEGORIES] = "categories",
        };

        return names[kind];
}

int plot_run_open(const char *path, PlotRun *ret, Error *err)
{
        PlotRun run = {.end_ns = INT64_MIN};
        int r = run_reader_open(path, &run.reader, err);

        if (r < 0)
                return r;
        const RunInfo *info = run_reader_info(run.reader);
        if (info->wall_ns != RUN_UNKNOWN && info->wall_ns < INT64_MAX)
                run.end_ns = (int64_t)info->wall_ns;
        run.dev = (info->host && strstr(info->host, "-dev")) || (info->label && strstr(info->label, "-dev"));
        *ret = run;
        return 0;
}

void plot_run_done(PlotRun *run)
{
        run_reader_free(run->reader);
        free(run->name);
        *run = (PlotRun){0};
}

static const char *name_of(const RunInfo *info, unsigned way)
{
        const char *name = way == 0 ? info->label : way == 1 ? info->host : info->id;

        return name ? name : "run";
}

static bool tells_apart(PlotRun *runs, size_t n, unsigned way)
{
        for (size_t i = 0; i < n; i++)
                for (size_t k = 0; k < i; k++)
                        if (text_equal(name_of(run_reader_info(runs[i].reader), way),
                                       name_of(run_reader_info(runs[k].reader), way)))
                                return false;
        return true;
}

int plot_runs_name(PlotRun *runs, size_t n)
{
        unsigned way = 0;

        while (way < 2 && !tells_apart(runs, n, way))
                way++;
        for (size_t i = 0; i < n; i++) {
                if (runs[i].name) /* of a sweep */
                        continue;
                runs[i].name = strdup(name_of(run_reader_info(runs[i].reader), way));
                if (!runs[i].name)
                        return -ENOMEM;
        }
        return 0;
}

static void add_date(int64_t realtime_ns, String *to)
{
        time_t seconds = (time_t)(realtime_ns / (int64_t)NS_PER_SECOND);
        struct tm local;
        char text[64];

        if (realtime_ns > 0 && localtime_r(&seconds, &local) && strftime(text, sizeof text, "%Y-%m-%d %H:%M %Z", &local))
                string_add_format(to, " · %s", text);
}

/* What stood on the command line, or what was attached to. */
static void add_command(const RunInfo *info, String *to)
{
        for (char **word = info->command; word && *word; word++)
                string_add_format(to, "%s%s", word == info->command ? "" : " ", *word);
        if (!info->command && info->scope)
                string_add(to, info->scope);
}

static void add_source(const PlotRun *runs, size_t n, String *to)
{
        const RunInfo *first = run_reader_info(runs[0].reader);

        for (size_t i = 0; i < n && i < 3; i++) {
                const RunInfo *info = run_reader_info(runs[i].reader);
                string_add_format(to, "%s%s", i ? ", " : "", info->id ? info->id : run_reader_path(runs[i].reader));
        }
        if (n > 3)
                string_add_format(to, " and %zu more", n - 3);
        if (first->host)
                string_add_format(to, " · %s", first->host);
        add_date(first->start_realtime_ns, to);
        string_add_format(to, " · vigia %s", first->vigia_version ? first->vigia_version : VIGIA_VERSION);
        for (size_t i = 0; i < n; i++)
                if (run_reader_info(runs[i].reader)->partial) {
                        string_add(to, " · partial: short processes may be missing");
                        break;
                }
}

int plot_describe(const PlotRequest *request, const char *what, const PlotRun *runs, size_t n, String *subtitle,
                  Plot *plot)
{
        _cleanup_string_ String title = {0}, line = {0}, source = {0};
        const RunInfo *info = run_reader_info(runs[0].reader);

        if (request->title)
                string_add(&title, request->title);
        else {
                string_add_format(&title, "%s: ", what);
                for (size_t i = 0; i < n && i < 4; i++)
                        string_add_format(&title, "%s%s", i ? ", " : "", runs[i].name);
                if (n > 4)
                        string_add_format(&title, " and %zu more", n - 4);
        }
        if (n == 1) {
                _cleanup_string_ String command = {0};
                add_command(info, &command);
                string_add_shown(&line, string_get(&command), 60, false);
                if (subtitle->size > 0 && line.size > 0)
                        string_add(&line, " · ");
        }
        string_add(&line, string_get(subtitle));
        add_source(runs, n, &source);
        plot->title = string_take(&title);
        plot->subtitle = line.size > 0 ? string_take(&line) : NULL;
        plot->source = string_take(&source);
        plot->width = request->width;
        plot->height = request->height;
        plot->theme = request->theme;
        return plot->title && plot->source && !line.failed && !subtitle->failed ? 0 : -ENOMEM;
}

PlotPanel *plot_time_panel(Plot *plot, uint64_t end_ns)
{
        PlotPanel *p = plot_add_panel(plot);

        if (!p)
                return NULL;
        p->x_end = (double)end_ns / (double)NS_PER_SECOND;
        p->steps = true;
        p->x_label = strdup("time since the start");
        return p->x_label ? p : NULL;
}

/* A monitor's table has its name, with '_' for '-'. */
static bool is_table_of(const char *monitor, const char *table)
{
        for (; *monitor && *table; monitor++, table++)
                if (*monitor != *table && !(*monitor == '-' && *table == '_'))
                        return false;
        return *monitor == *table;
}

uint64_t plot_table_interval_ns(const PlotRun *run, const char *table)
{
        const RunInfo *info = run_reader_info(run->reader);

        for (size_t i = 0; i < info->n_monitors; i++)
                if (is_table_of(info->monitors[i].name, table) &&
                    info->monitors[i].interval_us < UINT64_MAX / NS_PER_US)
                        return info->monitors[i].interval_us * NS_PER_US;
        return 0;
}
