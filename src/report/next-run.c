/* Rows go to the advice on their way; what it comes to is told in a few lines, and vigia advise has the rest. */
#include "report/next-run.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "advise/advice-json.h"
#include "advise/brief.h"
#include "base/cleanup.h"
#include "model/cells.h"

/* ---- while tables are read ---- */

static NextRun *next_run_free(NextRun *next)
{
        if (next)
                advise_done(&next->advise);
        free(next);
        return NULL;
}

void next_run_done(ReportData *data)
{
        data->next_run = next_run_free(data->next_run);
}

/* The refusal stands; rows are not looked at any more. */
static void refuse(NextRun *next, const char *why)
{
        advise_done(&next->advise);
        next->why_not = why;
}

static bool is_open(const ReportData *data)
{
        return data->next_run && !data->next_run->why_not;
}

int next_run_begin(ReportData *data)
{
        const RunInfo *info = data->info;
        NextRun *next = calloc(1, sizeof *next);

        if (!next || advise_init(&next->advise, info->cpus) < 0) {
                free(next);
                return -ENOMEM;
        }
        data->next_run = next;
        Advise *a = &next->advise;
        a->failed = info->exit_code > 0 || info->exit_signal > 0 || info->timed_out;
        a->incomplete = !info->complete;
        a->attached = !info->command;
        a->partial = info->partial;
        a->lost_events = info->lost_events == RUN_UNKNOWN ? 0 : info->lost_events;
        next->wall_s = info->wall_ns == RUN_UNKNOWN ? NAN : (double)info->wall_ns / 1e9;
        const char *why = advise_refusal_of_run(a, next->wall_s);
        if (why)
                refuse(next, why);
        else if (info->processes > NEXT_RUN_PROCESSES_MAX)
                refuse(next, "the run is large: vigia advise looks at all of it");
        return 0;
}

const char *const *next_run_columns(const ReportData *data, const char *table)
{
        static const char *const events[] = {"kind", NULL};

        if (!is_open(data))
                return NULL;
        return text_equal(table, "events") ? events : build_rows_columns(table);
}

static void count_kills(Advise *a, const Batch *events)
{
        const Cells kind = cells_find(events, "kind");

        for (size_t row = 0; row < batch_rows(events); row++) {
                size_t size;
                const char *text = cells_text(kind, row, &size);
                a->oom_kills += size == strlen("oom-kill") && memcmp(text, "oom-kill", size) == 0;
        }
}

int next_run_observe(ReportData *data, const char *table, const Batch *rows)
{
        NextRun *next = data->next_run;

        if (!is_open(data))
                return 0;
        if (text_equal(table, "events")) {
                count_kills(&next->advise, rows);
                return 0;
        }
        if (text_equal(table, "samples"))
                next->samples += batch_rows(rows);
        if (next->samples > NEXT_RUN_SAMPLES_MAX) {
                refuse(next, "the run is large: vigia advise looks at all of it");
                return 0;
        }
        return advise_observe(&next->advise, table, rows);
}

static int observe_commands(const Batch *rows, void *data)
{
        return advise_observe_commands(data, rows) < 0 ? -ENOMEM : 0;
}

int next_run_finish(ReportData *data, RunReader *reader)
{
        const ForecastOptions options = {.memory_bytes = BUILD_UNKNOWN, .work = NEXT_RUN_WORK};
        NextRun *next = data->next_run;
        Error why = {0};

        if (!is_open(data))
                return 0;
        Advise *a = &next->advise;
        int r = advise_plan(a, next->wall_s);
        if (r >= 0)
                next->why_not = advice_doubt(a, &next->worth);
        if (r < 0 || next->why_not)
                return r < 0 ? -ENOMEM : 0;
        if (reader) /* what is damaged is said of the table, and dependencies are known the less */
                r = run_reader_each(reader, "processes", plan_command_columns, observe_commands, a, &why);
        if (r != -ENOMEM)
                r = advise_finish(a, &options, NULL);
        if (r < 0)
                return -ENOMEM;
        advice_brief(a, &next->brief, &next->why_not, &next->worth);
        return 0;
}

/* ---- forms ---- */

static bool is_told(const ReportData *data)
{
        return data->next_run && !data->next_run->why_not && data->next_run->advise.plan;
}

static void add_caveat(const Advise *a, String *to)
{
        if (a->failed)
                string_add(to, "; of what was built until it failed");
}

bool next_run_words(const ReportData *data, String *verdict)
{
        const NextRun *next = data->next_run;

        if (!is_told(data)) {
                if (next && next->worth)
                        string_add(verdict, next->why_not);
                return next && next->worth;
        }
        advice_add_brief(&next->advise, &next->brief, verdict);
        add_caveat(&next->advise, verdict);
        return true;
}

static void add_setting(Page *p, const Advice *advice, bool jobs)
{
        _cleanup_string_ String command = {0};

        if (!jobs) {
                _cleanup_string_ String words = {0};
                string_add_format(&words, "%s: %s", advice->title, advice->reason);
                page_text(p, "", PAGE_DIM, string_get(&words), 2);
                p->out->failed |= words.failed;
        }
        advice_add_command(advice, &command);
        page_label(p, "", PAGE_DIM);
        string_add(p->out, jobs ? "" : "  ");
        string_add_shown(p->out, string_get(&command), 0, p->ascii); /* whole: to be copied */
        string_add_char(p->out, '\n');
        p->out->failed |= command.failed;
}

void next_run_add_text(Page *p, size_t settings)
{
        _cleanup_string_ String verdict = {0};
        const NextRun *next = p->data->next_run;

        if (!next_run_words(p->data, &verdict))
                return;
        page_text(p, "next run", PAGE_DIM, string_get(&verdict), 4);
        p->out->failed |= verdict.failed;
        for (size_t i = 0; is_told(p->data) && i < MIN(next->brief.n, settings); i++)
                add_setting(p, next->brief.settings[i], i == 0 && advice_is_jobs(next->brief.settings[i]));
}

void next_run_add_json(Json *j, const ReportData *data)
{
        const NextRun *next = data->next_run;
        _cleanup_string_ String verdict = {0};

        if (!next) {
                json_add_null(j, "next_run");
                return;
        }
        json_open_object(j, "next_run", JSON_LINES);
        json_add_text(j, "refusal", next->why_not);
        json_add_bool(j, "build", next->worth);
        const bool told = is_told(data);
        const AdviceBrief none = {.n = 0}, *brief = told ? &next->brief : &none;
        if (told)
                next_run_words(data, &verdict);
        json_add_text(j, "verdict", told ? string_get(&verdict) : NULL);
        json_add_u64(j, "jobs", brief->best ? brief->best->jobs : UINT64_MAX);
        json_add_u64(j, "recorded_jobs", brief->recorded ? brief->recorded->jobs : UINT64_MAX);
        advice_add_levels_json(j, told ? &next->advise.forecast : &(Forecast){.n = 0});
        json_open_array(j, "settings", brief->n > 0 ? JSON_LINES : JSON_ONE_LINE);
        for (size_t i = 0; i < brief->n; i++)
                advice_add_setting_json(j, brief->settings[i]);
        json_close(j);
        json_close(j);
        j->out->failed |= verdict.failed;
}
