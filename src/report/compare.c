/* Runs become columns of figures: one run's tables are open at a time. */
#include "report/compare.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/hash.h"
#include "model/table-figures.h"
#include "report/report-data.h"

const char *figure_section_name(FigureSection section)
{
        static const char *const names[] = {"run", "major", "category", "monitor"};

        return names[section];
}

const char *statistic_name(Statistic statistic)
{
        static const char *const names[] = {"value", "peak", "cpu", "processes", "mean", "most", "total"};

        return names[statistic];
}

/* ---- making and freeing ---- */

static int add_figure(Comparison *c, const ComparedFigure *like, size_t *ret);

int comparison_init(Comparison *c)
{
        static const struct {
                const char *name;
                Unit unit;
                bool judged;
        } figures[RUN_FIGURES] = {
                [RUN_WALL] = {"wall", UNIT_SECONDS, true},
                [RUN_CPU] = {"cpu", UNIT_SECONDS, true},
                [RUN_USER] = {"user", UNIT_SECONDS, true},
                [RUN_SYSTEM] = {"system", UNIT_SECONDS, true},
                [RUN_CORES] = {"cores", UNIT_NONE, false},
                [RUN_PEAK] = {"peak_pss", UNIT_BYTES, true},
                [RUN_PEAK_RSS] = {"peak_rss", UNIT_BYTES, true},
                [RUN_PEAK_CGROUP] = {"peak_cgroup", UNIT_BYTES, true},
                [RUN_PROCESSES] = {"processes", UNIT_COUNT, false},
        };
        size_t at;

        *c = (Comparison){0};
        int r = map_new(&c->by_name);
        for (size_t i = 0; r == 0 && i < RUN_FIGURES; i++) {
                const ComparedFigure like = {.section = FIGURE_RUN, .name = (char *)figures[i].name,
                                             .unit = figures[i].unit, .judged = figures[i].judged};
                r = add_figure(c, &like, &at);
        }
        if (r < 0)
                comparison_done(c);
        return r;
}

static void run_done(ComparedRun *run)
{
        free(run->path);
        free(run->id);
        free(run->label);
        free(run->host);
        free(run->kernel);
        free(run->command);
        free(run->source);
        free(run->rules);
}

void comparison_done(Comparison *c)
{
        for (size_t i = 0; i < c->n_groups; i++)
                free(c->groups[i].name);
        for (size_t i = 0; i < c->n_runs; i++)
                run_done(&c->runs[i]);
        for (size_t i = 0; i < c->n_figures; i++) {
                free(c->figures[i].name);
                free(c->figures[i].within);
                free(c->figures[i].thing);
                free(c->figures[i].values);
        }
        for (size_t i = 0; i < c->n_pairs; i++)
                free(c->pairs[i].differences);
        for (size_t i = 0; i < c->n_notes; i++)
                free(c->notes[i].text);
        free(c->base_name);
        free(c->other_name);
        free(c->groups);
        free(c->runs);
        free(c->figures);
        free(c->pairs);
        map_free(c->by_name);
        *c = (Comparison){0};
}

static int copy_text(char **to, const char *text)
{
        if (!text)
                return 0;
        *to = strndup(text, COMPARE_TEXT_MAX);
        return *to ? 0 : -ENOMEM;
}

int comparison_add_group(Comparison *c, const char *name, unsigned jobs, size_t *ret)
{
        ComparedGroup *groups = realloc(c->groups, (c->n_groups + 1) * sizeof *groups);

        if (!groups)
                return -ENOMEM;
        c->groups = groups;
        groups[c->n_groups] = (ComparedGroup){.jobs = jobs};
        if (copy_text(&groups[c->n_groups].name, name) < 0)
                return -ENOMEM;
        *ret = c->n_groups++;
        return 0;
}

int comparison_add_pair(Comparison *c, size_t base, size_t other)
{
        ComparedPair *pairs = realloc(c->pairs, (c->n_pairs + 1) * sizeof *pairs);

        if (!pairs)
                return -ENOMEM;
        c->pairs = pairs;
        pairs[c->n_pairs++] = (ComparedPair){.base = base, .other = other};
        return 0;
}

/* ---- figures ---- */

static uint64_t name_hash(const ComparedFigure *f)
{
        uint64_t hash = hash_u64((uint64_t)f->section << 8 | (uint64_t)f->statistic);
        const char *const texts[] = {f->name, f->within, f->thing};

        for (size_t i = 0; i < ARRAY_LENGTH(texts); i++)
                hash = hash_u64(hash ^ (texts[i] ? hash_bytes(texts[i], strlen(texts[i])) : i));
        return hash;
}

static int add_figure(Comparison *c, const ComparedFigure *like, size_t *ret)
{
        if ((c->n_figures & (c->n_figures + 1)) == 0) {
                ComparedFigure *more = realloc(c->figures, 2 * (c->n_figures + 1) * sizeof *more);
                if (!more)
                        return -ENOMEM;
                c->figures = more;
        }
        ComparedFigure *f = &c->figures[c->n_figures];
        *f = (ComparedFigure){.section = like->section, .statistic = like->statistic, .unit = like->unit,
                              .judged = like->judged, .part = like->part};
        c->n_figures++;
        f->values = calloc(COMPARE_RUNS_MAX, sizeof *f->values);
        if (!f->values || copy_text(&f->name, like->name) < 0 || copy_text(&f->within, like->within) < 0 ||
            copy_text(&f->thing, like->thing) < 0)
                return -ENOMEM;
        for (size_t i = 0; i < COMPARE_RUNS_MAX; i++)
                f->values[i] = NAN;
        *ret = c->n_figures - 1;
        return map_put(c->by_name, name_hash(like), (void *)(uintptr_t)c->n_figures);
}

/* Of the run that is being added. */
static int set_figure(Comparison *c, const ComparedFigure *like, double value)
{
        uintptr_t found = (uintptr_t)map_get(c->by_name, name_hash(like));
        size_t at = found - 1;

        if (isnan(value))
                return 0;
        if (found == 0 && c->n_figures >= COMPARE_FIGURES_MAX) {
                c->figures_left_out++;
                return 0;
        }
        if (found == 0 && add_figure(c, like, &at) < 0)
                return -ENOMEM;
        c->figures[at].values[c->n_runs] = value;
        return 0;
}

static double known(uint64_t value, double per_unit)
{
        return value == SUMMARY_UNKNOWN ? NAN : (double)value / per_unit;
}

/* Over before the first sample: no peak was seen. */
static double known_peak(uint64_t bytes)
{
        return bytes == 0 ? NAN : known(bytes, 1);
}

static void take_run_figures(Comparison *c, const ReportData *d)
{
        const Summary *s = d->summary;
        double wall = known(report_wall_ns(d), 1e9), cpu = known(report_cpu_us(d), 1e6);
        const double values[RUN_FIGURES] = {
                [RUN_WALL] = wall,
                [RUN_CPU] = cpu,
                [RUN_USER] = known(s->user_us, 1e6),
                [RUN_SYSTEM] = known(s->system_us, 1e6),
                [RUN_CORES] = wall > 0.05 ? cpu / wall : NAN,
                [RUN_PEAK] = known_peak(s->peak_pss_bytes),
                [RUN_PEAK_RSS] = known_peak(s->peak_rss_bytes),
                [RUN_PEAK_CGROUP] = known_peak(d->info->peak_cgroup_bytes != RUN_UNKNOWN
                                                        ? d->info->peak_cgroup_bytes
                                                        : s->peak_cgroup_bytes),
                [RUN_PROCESSES] = known(report_processes(d), 1),
        };

        for (size_t i = 0; i < RUN_FIGURES; i++)
                c->figures[i].values[c->n_runs] = values[i];
}

static int take_group(Comparison *c, FigureSection section, const SummaryGroup *g)
{
        ComparedFigure f = {.section = section, .name = g->name, .within = g->major, .judged = true};
        int r;

        f.statistic = STATISTIC_PEAK;
        f.unit = UNIT_BYTES;
        r = set_figure(c, &f, known(g->peak_bytes, 1));
        f.statistic = STATISTIC_CPU;
        f.unit = UNIT_SECONDS;
        if (r == 0)
                r = set_figure(c, &f, known(g->cpu_us, 1e6));
        f.statistic = STATISTIC_PROCESSES;
        f.unit = UNIT_COUNT;
        f.judged = false;
        return r == 0 ? set_figure(c, &f, known(g->processes, 1)) : r;
}

static int take_groups(Comparison *c, const Summary *s)
{
        int r = 0;

        for (size_t i = 0; r == 0 && i < s->n_majors; i++)
                r = take_group(c, FIGURE_MAJOR, &s->majors[i]);
        for (size_t i = 0; r == 0 && i < s->n_groups; i++)
                r = take_group(c, FIGURE_CATEGORY, &s->groups[i]);
        return r;
}

/* ---- monitors ---- */

/* What is no level of the machine over time: told of already, or a row an event. */
static bool is_monitor_table(const char *table)
{
        static const char *const others[] = {"processes", "samples", "totals", "threads",
                                             "events", "kernel", "journal"};

        for (size_t i = 0; i < ARRAY_LENGTH(others); i++)
                if (text_equal(table, others[i]))
                        return false;
        return true;
}

static int take_monitor_figure(Comparison *c, const char *table, const TableFigure *figure, bool whole)
{
        ComparedFigure f = {
                .section = FIGURE_MONITOR,
                .name = (char *)figure->column->name,
                .within = (char *)table,
                .thing = *figure->thing ? (char *)figure->thing : NULL,
                .unit = figure->column->unit,
                .part = whole && *figure->thing,
        };
        int r;

        if (figure->column->role == ROLE_COUNTER) {
                f.statistic = STATISTIC_TOTAL;
                return set_figure(c, &f, figure->growth);
        }
        f.statistic = STATISTIC_MEAN;
        r = set_figure(c, &f, figure->mean);
        f.statistic = STATISTIC_MOST;
        return r == 0 ? set_figure(c, &f, figure->most) : r;
}

static int take_monitor(Comparison *c, const char *table, const TableFigures *figures)
{
        bool whole = table_figures_has_whole(figures);
        TableFigure figure;
        int r = 0;

        for (size_t i = 0; r == 0 && table_figures_get(figures, i, &figure); i++)
                r = take_monitor_figure(c, table, &figure, whole);
        c->figures_left_out += table_figures_left_out(figures);
        return r;
}

/* A table that is damaged costs its own figures. */
static int read_monitor(Comparison *c, RunReader *reader, const char *table, int64_t end_ns, bool *damaged)
{
        _cleanup_(table_figures_freep) TableFigures *figures = NULL;
        _cleanup_(run_cursor_freep) RunCursor *cursor = NULL;
        const ParquetSelection all = {0};
        const Batch *rows;
        int r = run_cursor_new(reader, table, &all, &cursor, NULL);

        if (r == 0)
                r = table_figures_new(run_cursor_schema(cursor), &figures);
        if (r == 0) {
                while ((r = run_cursor_next(cursor, &rows, NULL)) > 0)
                        if (table_figures_observe(figures, rows) < 0)
                                return -ENOMEM;
        } else if (r > 0)
                return 0;
        if (r == -ENOMEM)
                return r;
        *damaged |= r < 0 && r != -ENOENT;
        if (r < 0)
                return 0;
        table_figures_finish(figures, end_ns);
        return take_monitor(c, table, figures);
}

static int take_monitors(Comparison *c, RunReader *reader, const ReportData *d, bool *damaged)
{
        uint64_t wall = report_wall_ns(d);
        int64_t end_ns = wall < INT64_MAX ? (int64_t)wall : d->summary->last_ns;
        const char *const *tables = run_reader_tables(reader);
        int r = 0;

        for (; r == 0 && tables && *tables; tables++)
                if (is_monitor_table(*tables))
                        r = read_monitor(c, reader, *tables, end_ns, damaged);
        return r;
}

/* ---- the run itself ---- */

static int take_command(char **to, const RunInfo *info)
{
        _cleanup_string_ String text = {0};

        for (char **word = info->command; word && *word && text.size < COMPARE_TEXT_MAX; word++)
                string_add_format(&text, "%s%s", word == info->command ? "" : " ", *word);
        if (text.failed)
                return -ENOMEM;
        return copy_text(to, info->command ? string_get(&text) : info->scope);
}

static int take_facts(ComparedRun *run, const ReportData *d)
{
        const RunInfo *info = d->info;

        *run = (ComparedRun){
                .rules_fingerprint = info->rules_fingerprint,
                .memory_bytes = info->memory_bytes,
                .start_realtime_ns = info->start_realtime_ns,
                .lost_events = info->lost_events == RUN_UNKNOWN ? 0 : info->lost_events,
                .cpus = info->cpus,
                .exit_code = info->exit_code,
                .exit_signal = info->exit_signal,
                .timed_out = info->timed_out,
                .complete = info->complete,
                .recording = d->recording,
                .partial = info->partial,
        };
        if (copy_text(&run->path, d->path) < 0 || copy_text(&run->id, info->id) < 0 ||
            copy_text(&run->label, info->label) < 0 || copy_text(&run->host, info->host) < 0 ||
            copy_text(&run->kernel, info->kernel) < 0 || copy_text(&run->source, report_source(d)) < 0 ||
            copy_text(&run->rules, info->rules) < 0)
                return -ENOMEM;
        return take_command(&run->command, info);
}

bool compared_run_failed(const ComparedRun *run)
{
        if (run->expected_exit)
                return false;
        return run->exit_code > 0 || run->exit_signal > 0 || run->timed_out;
}

static int take(Comparison *c, ComparedRun *run, RunReader *reader, const ReportData *d)
{
        for (size_t i = 0; i < d->n_findings; i++)
                run->damaged |= text_equal(d->findings[i].id, "damaged-table");
        take_run_figures(c, d);
        int r = take_groups(c, d->summary);
        return r == 0 ? take_monitors(c, reader, d, &run->damaged) : r;
}

int comparison_add_run(Comparison *c, size_t group, RunReader *reader, const ReportLabels *labels,
                       unsigned jobs, bool expected_exit, Error *err)
{
        ComparedRun *runs;
        ReportData data;

        if (c->n_runs >= COMPARE_RUNS_MAX)
                return error_set(err, E2BIG, "more than %d runs", COMPARE_RUNS_MAX);
        int r = report_data_load_labelled(&data, reader, labels, err);
        if (r < 0)
                return r;
        runs = realloc(c->runs, (c->n_runs + 1) * sizeof *runs);
        if (runs) {
                c->runs = runs;
                r = take_facts(&runs[c->n_runs], &data);
                if (r == 0)
                        r = take(c, &runs[c->n_runs], reader, &data);
        }
        report_data_done(&data);
        if (!runs)
                return error_set(err, ENOMEM, "out of memory");
        ComparedRun *run = &runs[c->n_runs];
        run->jobs = jobs;
        run->expected_exit = expected_exit;
        run->group = group;
        c->n_runs++; /* from now on freed with the rest */
        if (r < 0)
                return error_set(err, r, "out of memory");
        c->groups[group].n_runs++;
        c->groups[group].n_failed += compared_run_failed(run);
        c->groups[group].n_unfinished += !run->complete;
        return 0;
}
