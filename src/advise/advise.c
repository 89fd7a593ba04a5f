/* The steps of advise.h, and what is to be said about how far they can be trusted. */
#include "advise/advise.h"

#include <errno.h>
#include <math.h>

#include "base/cleanup.h"

#define OFF 0.10 /* how far a replay of the recording may be from it without a word */
#define TOLD_OFF 0.25 /* and how far two ways to count memory from each other */

int advise_init(Advise *a, unsigned cpus)
{
        *a = (Advise){.plan = NULL};
        return build_rows_init(&a->rows, cpus);
}

void advise_done(Advise *a)
{
        advice_list_done(&a->list);
        a->plan = plan_free(a->plan);
        build_rows_done(&a->rows);
}

int advise_observe(Advise *a, const char *table, const Batch *rows)
{
        return build_rows_observe(&a->rows, table, rows);
}

const char *advise_refusal_of_run(const Advise *a, double wall_s)
{
        if (a->attached)
                return "this recording began in the middle of what it watched (attach): what jobs waited for is not in it";
        if (a->incomplete)
                return "the recording is incomplete: how the build went on is not known";
        if (wall_s >= ADVISE_WALL_MAX_S)
                return "the run took a day or nearly so: that is not one build to be planned anew";
        return NULL;
}

const char *advise_refusal(const Advise *a)
{
        const char *why = advise_refusal_of_run(a, a->wall_s);

        if (why)
                return why;
        if (a->too_large)
                return "this run has more jobs than are looked at";
        if (a->rows.n == 0)
                return "no processes were recorded: there is nothing to advise";
        if (a->rows.n == 1)
                return "this run is of one process: nothing can be said about -j";
        return a->plan ? NULL : "no build tool ran jobs in this run: nothing can be said about -j";
}

int advise_plan(Advise *a, double wall_s)
{
        int r = build_rows_finish(&a->rows);

        a->wall_s = wall_s;
        if (r == 0)
                r = advise_refusal_of_run(a, wall_s) ? 1 : plan_new(&a->rows, wall_s, &a->plan);
        if (r != -E2BIG)
                return r;
        a->too_large = true;
        return 1;
}

int advise_observe_commands(Advise *a, const Batch *processes)
{
        return a->plan ? plan_observe_commands(a->plan, &a->rows, processes) : 0;
}

int advise_finish(Advise *a, const ForecastOptions *options, const char *tool)
{
        AdviceFacts facts = {.rows = &a->rows, .oom_kills = a->oom_kills, .partial = a->partial};
        int r = 0;

        if (a->plan) {
                r = plan_finish(a->plan, &a->rows);
                if (r == 0)
                        r = forecast_make(a->plan, &a->rows, options, &a->forecast);
                facts.plan = a->plan;
                facts.forecast = &a->forecast;
        }
        return r < 0 ? r : advice_make(&facts, tool, &a->list);
}

/* Of the recording itself. */
static void add_recording_note(const Advise *a, unsigned i, String *to)
{
        switch (i) {
        case 0:
                if (a->failed && a->plan)
                        string_add(to, "the build failed: the table is of what it did until then");
                break;
        case 1:
                if (!a->plan)
                        break;
                if (a->partial)
                        string_add(to, "processes were polled, and short ones missed: jobs are missing from the table");
                else if (a->lost_events > 0)
                        string_add(to, "events of processes were lost: jobs are missing from the table");
                break;
        case 2:
                if (!a->plan)
                        break;
                if (a->rows.samples_cut)
                        string_add(to, "not all samples were looked at: memory is partly told by peaks alone");
                else if (a->plan && a->rows.n_samples == 0)
                        string_add(to, "there are no samples: memory is told by the peaks of processes alone");
                break;
        default:
                break;
        }
}

/* Of the model. */
static void add_model_note(const Advise *a, unsigned i, String *to)
{
        const Plan *p = a->plan;
        const BuildMachine *m = &a->rows.machine;
        char told[FORMAT_MAX], once[FORMAT_MAX];

        switch (i) {
        case 3:
                if (isfinite(a->forecast.replay_ratio) && fabs(a->forecast.replay_ratio - 1) > OFF)
                        string_add_format(to, "a replay of the recording takes %.2f times as long as it did: times may be off as far",
                                          1 / a->forecast.replay_ratio);
                break;
        case 4:
                if (p->forced)
                        string_add_format(to, "makes in this build had a -j of their own (\"forced in submake\"), %u jobs at a time in all: "
                                              "the table is of jobs in all, not of the -j that it is called with", p->width);
                else if (p->width == 1)
                        string_add(to, "recorded with one job at a time: what jobs wait for is inferred from files and kinds of jobs alone");
                else if (p->width > 2 * p->capacity)
                        string_add_format(to, "recorded with %u jobs on %.3g CPUs: waiting for disks cannot be told from waiting for a CPU",
                                          p->width, p->capacity);
                break;
        case 5:
                if (m->outside_cpus >= 0.1 && a->forecast.cpus_given)
                        string_add_format(to, "others kept %.2g of %u CPUs busy meanwhile: what jobs needed is known the less exactly",
                                          m->outside_cpus, m->cpus);
                else if (m->outside_cpus >= 0.1)
                        string_add_format(to, "others kept %.2g of %u CPUs busy meanwhile; the table supposes that they do so again (without: --cores %u)",
                                          m->outside_cpus, m->cpus, m->cpus);
                else if (isnan(m->outside_cpus))
                        string_add(to, "what others did on the CPUs meanwhile is not known");
                break;
        case 6:
                if (a->forecast.limit_bytes == BUILD_UNKNOWN)
                        string_add(to, "how much memory there is was not recorded: try --memory");
                break;
        case 7:
                if (p->told_bytes != BUILD_UNKNOWN && p->peak_bytes != BUILD_UNKNOWN && p->peak_bytes > 0 &&
                    fabs((double)p->told_bytes / (double)p->peak_bytes - 1) > TOLD_OFF)
                        string_add_format(to, "the recording's own peak is %s, by %s; with shared pages counted once, as here, it is %s",
                                          format_bytes(told, p->told_bytes), a->rows.pss ? "PSS, partly estimated" : "RSS",
                                          format_bytes(once, p->peak_bytes));
                break;
        default:
                break;
        }
}

int advise_notes(const Advise *a, int (*say)(const char *sentence, void *data), void *data)
{
        int r = 0;

        for (unsigned i = 0; r == 0 && i < 8; i++) {
                _cleanup_string_ String text = {0};
                add_recording_note(a, i, &text);
                if (a->plan)
                        add_model_note(a, i, &text);
                if (text.size > 0)
                        r = say(string_get(&text), data);
        }
        return r;
}
