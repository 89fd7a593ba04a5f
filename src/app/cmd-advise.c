/* `vigia advise RUN`: the build of a run at another -j, and settings that follow from it. */
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app/advise-command.h"
#include "app/commands.h"
#include "app/print.h"
#include "base/cleanup.h"
#include "base/log.h"
#include "base/nearest.h"
#include "base/text.h"
#include "report/report.h"
#include "sweep/jobs.h"

typedef struct AdviseCommand {
        const char *tool, *memory, *cores;
        uint64_t link_jobs;
        SweepJobs levels;
        bool json;
        ForecastOptions options;
} AdviseCommand;

typedef struct Reading {
        Advise *advise;
        const char *table;
} Reading;

static int observe(const Batch *rows, void *data)
{
        const Reading *reading = data;

        return advise_observe(reading->advise, reading->table, rows) < 0 ? -ENOMEM : 0;
}

static int observe_commands(const Batch *rows, void *data)
{
        return advise_observe_commands(data, rows) < 0 ? -ENOMEM : 0;
}

/* Kills of the run's own processes. */
static int observe_events(const Batch *rows, void *data)
{
        Advise *advise = data;
        int kind = schema_find(batch_schema(rows), "kind");

        for (size_t row = 0; kind >= 0 && row < batch_rows(rows); row++) {
                size_t size;
                const char *text = batch_text(rows, (size_t)kind, row, &size);
                advise->oom_kills += size == strlen("oom-kill") && memcmp(text, "oom-kill", size) == 0;
        }
        return 0;
}

/* What cannot be read of the machine's tables is as if it had not been recorded; without processes there is nothing. */
static int load(Advise *advise, RunReader *reader, const AdviseCommand *c, Error *err)
{
        static const char *const event_columns[] = {"kind", NULL};
        const RunInfo *info = run_reader_info(reader);
        int r = 0;

        for (size_t i = 0; r == 0 && build_rows_tables[i]; i++) {
                Error why = {0};
                const char *table = build_rows_tables[i];
                Reading reading = {advise, table};
                r = run_reader_each(reader, table, build_rows_columns(table), observe, &reading, &why);
                if (r < 0 && i > 0 && r != -ENOMEM) {
                        log_warning("the table %s could not be read whole: %s", table, why.message);
                        r = 0;
                }
                if (r < 0)
                        *err = why;
        }
        if (r == 0)
                r = run_reader_each(reader, "events", event_columns, observe_events, advise, err);
        if (r < 0)
                return r;
        advise->failed = info->exit_code > 0 || info->exit_signal > 0 || info->timed_out;
        advise->incomplete = !info->complete;
        advise->attached = !info->command;
        advise->partial = info->partial;
        advise->lost_events = info->lost_events == RUN_UNKNOWN ? 0 : info->lost_events;
        r = advise_plan(advise, info->wall_ns == RUN_UNKNOWN ? NAN : (double)info->wall_ns / 1e9);
        if (r == 0)
                r = run_reader_each(reader, "processes", plan_command_columns, observe_commands, advise, err);
        if (r >= 0)
                r = advise_finish(advise, &c->options, c->tool);
        return r == -ENOMEM ? error_set(err, r, "out of memory") : r;
}

static int show(const Advise *advise, const RunInfo *info, const AdviseCommand *c)
{
        const AdviseShown shown = {advise, info, c->tool};
        _cleanup_string_ String text = {0};
        ReportOptions page;

        report_options_for(stdout, &page);
        int r = c->json ? advise_show_json(&shown, &text) : advise_show_text(&shown, page.columns, page.color, page.ascii, &text);
        text.failed |= r < 0;
        int code = print_text(&text);
        return code != EXIT_FINE ? code : advise->plan || advise->list.n > 0 ? EXIT_FINE : EXIT_NO;
}

static int check_tool(const char *tool, Error *err)
{
        Nearest nearest = nearest_to(tool);
        char hint[NEAREST_HINT_MAX];

        for (size_t i = 0; advice_tools[i]; i++) {
                if (text_equal(tool, advice_tools[i]))
                        return 0;
                nearest_offer(&nearest, advice_tools[i]);
        }
        return error_set(err, EINVAL, "advise: --for %s: no such tool%s", tool, nearest_hint(&nearest, "", hint));
}

static int take_options(AdviseCommand *c, Error *err)
{
        int r = c->tool ? check_tool(c->tool, err) : 0;

        c->options = (ForecastOptions){.memory_bytes = BUILD_UNKNOWN, .levels = c->levels.n > 0 ? c->levels.levels : NULL,
                                       .n_levels = c->levels.n};
        if (r == 0 && c->cores &&
            (parse_doublez(c->cores, &c->options.cpus) < 0 || !(c->options.cpus >= 0.01 && c->options.cpus <= SWEEP_JOBS_MAX)))
                r = error_set(err, EINVAL, "advise: --cores %s: expected a number of CPUs such as 8 or 1.5", c->cores);
        if (r == 0 && c->link_jobs > SWEEP_JOBS_MAX)
                r = error_set(err, EINVAL, "advise: --links: expected at most %d", SWEEP_JOBS_MAX);
        c->options.link_jobs = (unsigned)c->link_jobs;
        if (r == 0 && c->memory && (parse_bytes(c->memory, &c->options.memory_bytes) < 0 || c->options.memory_bytes == 0))
                r = error_set(err, EINVAL, "advise: --memory %s: expected a size such as 8G or 12.5 GiB", c->memory);
        return r;
}

static int advise_run(const char *name, const AdviseCommand *c)
{
        _cleanup_(run_reader_freep) RunReader *reader = NULL;
        _cleanup_(advise_done) Advise advise = {0};
        Error err = {0};
        int r = run_reader_open_named(name, &reader, &err);

        if (r < 0) {
                log_error("%s", err.message);
                return EXIT_USAGE;
        }
        const RunInfo *info = run_reader_info(reader);
        r = advise_init(&advise, info->cpus);
        if (r == 0)
                r = load(&advise, reader, c, &err);
        if (r < 0) {
                log_error("%s", err.message[0] ? err.message : "out of memory");
                return EXIT_CANNOT;
        }
        return show(&advise, info, c);
}

static int run_advise(const Command *command, int argc, char **argv)
{
        AdviseCommand c = {.tool = NULL};
        TextList levels = {0};
        const Option options[] = {
                {0, "for", "TOOL", "only settings of make, ninja, cargo, systemd, …", OPTION_TEXT, &c.tool},
                {0, "cores", "N", "for so many CPUs; 1.5: of a quota", OPTION_TEXT, &c.cores},
                {0, "memory", "SIZE", "for so much memory: 16G", OPTION_TEXT, &c.memory},
                {'j', "jobs", "LIST", "the -j to look at: 4,8,16", OPTION_LIST, &levels},
                {0, "links", "N", "with so many links at a time", OPTION_NUMBER, &c.link_jobs},
                {0, "json", NULL, "data for programs: docs/advise.schema.json", OPTION_FLAG, &c.json},
        };
        _cleanup_free_ char **words = NULL;
        size_t n_words = 0;
        Error err = {0};

        int r = options_parse(command, options, ARRAY_LENGTH(options), argc, argv, false, &words, &n_words, &err);
        if (r > 0) {
                text_list_done(&levels);
                return EXIT_FINE;
        }
        for (size_t i = 0; r == 0 && i < levels.n; i++) {
                Error expected = {0};
                r = sweep_jobs_add(&c.levels, levels.items[i], &expected);
                if (r < 0)
                        error_set(&err, EINVAL, "advise: -j %s: %s", levels.items[i], expected.message);
        }
        text_list_done(&levels);
        if (r == 0 && n_words != 1)
                r = error_set(&err, EINVAL, "advise: expected one RUN: a path, an id, or last");
        if (r == 0)
                r = take_options(&c, &err);
        return r < 0 ? usage_error(command, &err) : advise_run(words[0], &c);
}

const Command command_advise = {
        .name = "advise",
        .summary = "which -j fits, how long it would take, and settings to paste",
        .usage = "[OPTIONS] RUN",
        .details = "RUN is a path, an id, the unique beginning of an id, or \"last\": a recorded\n"
                   "build. Its jobs are scheduled anew at other -j, with what they waited for,\n"
                   "the CPU time they needed and the memory they held. TOOL is one of make, ninja,\n"
                   "cargo, bazel, nix, cmake, meson, ccache, systemd, sysctl, swap.\n\n"
                   "Exit code 1: nothing can be said about this run.",
        .run = run_advise,
};
