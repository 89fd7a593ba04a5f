/* Told unasked only where a replay of the recording is near to what it was, and nothing of it is missing. */
#include "advise/brief.h"

#include <math.h>
#include <string.h>

#include "base/clock.h"

#define UNDERSTOOD 0.25 /* how far a replay of the recording may be from it */
#define OTHERS 0.25     /* part of the CPUs that others may have had */
#define LEAST_S 1.0     /* a build that is shorter is not worth a word */

bool advice_is_jobs(const Advice *a)
{
        const char *dash = strrchr(a->id, '-');

        return dash && text_equal(dash, "-jobs");
}

static bool recorded_is_best(const Forecast *f)
{
        return f->best < f->n && f->levels[f->best].recorded;
}

/* The lower the sooner; from NOT_TOLD on not at all. */
enum { NOT_TOLD = 100 };

static unsigned rank(const Advise *a, const Advice *advice)
{
        static const struct {
                const char *id;
                unsigned rank;
        } ranks[] = {
                {"swap-size", 1}, {"cmake-link-pool", 3}, {"meson-link-pool", 2}, {"ccache", 4}, {"systemd-tasks-max", 5},
                {"sysctl-overcommit", 5}, {"sysctl-threads-max", 6}, {"sysctl-pid-max", 6}, {"sysctl-swappiness", 7},
                {"make-load", 9},
        };

        if (advice_is_jobs(advice)) /* one tool's is enough */
                return recorded_is_best(&a->forecast) || !text_equal(advice->tool, build_tool_name(a->plan->main_tool)) ? NOT_TOLD : 0;
        if (text_equal(advice->id, "systemd-memory-max"))
                return a->oom_kills > 0 ? 1 : 8;
        for (size_t i = 0; i < ARRAY_LENGTH(ranks); i++)
                if (text_equal(advice->id, ranks[i].id))
                        return ranks[i].rank;
        return NOT_TOLD;
}

/* A pool of links is one thing, whoever is told of it. */
static bool told_already(const AdviceBrief *brief, const Advice *advice)
{
        for (size_t i = 0; i < brief->n; i++)
                if (text_equal(brief->settings[i]->title, advice->title))
                        return true;
        return false;
}

static void pick(const Advise *a, AdviceBrief *brief)
{
        for (unsigned wanted = 0; wanted < NOT_TOLD; wanted++)
                for (size_t i = 0; i < a->list.n && brief->n < BRIEF_SETTINGS; i++)
                        if (rank(a, &a->list.items[i]) == wanted && !told_already(brief, &a->list.items[i]))
                                brief->settings[brief->n++] = &a->list.items[i];
}

/* What the rest of a report says already is not worth a line here. */
const char *advice_doubt(const Advise *a, bool *ret_worth)
{
        const char *why = advise_refusal(a);

        *ret_worth = a->too_large;
        if (why)
                return why;
        if (a->partial)
                return "processes were polled, and short ones missed: too little is known of the build's jobs";
        if (a->lost_events > 0)
                return "events of processes were lost: too little is known of the build's jobs";
        if (a->failed && a->oom_kills == 0)
                return "the build failed: how it would have gone on is not known";
        if (a->plan->main_tool == TOOL_NONE || a->plan->main_tool == TOOL_OTHER)
                return "no build tool was seen whose settings are known";
        if (a->wall_s < LEAST_S || a->plan->n_jobs < 3)
                return "the build is too short to be planned anew";
        if (isnan(a->rows.machine.outside_cpus))
                return "what others did on the CPUs meanwhile was not recorded: vigia advise supposes that they were idle";
        *ret_worth = true;
        if (a->plan->forced)
                return "makes in this build had a -j of their own, beside each other: what another one would do is not known";
        if (a->rows.machine.outside_cpus > OTHERS * a->rows.machine.cpus)
                return "others kept much of the CPUs busy meanwhile: what it takes without them is not known (vigia advise --cores)";
        return NULL;
}

static const char *doubt_of_forecast(const Advise *a)
{
        const Forecast *f = &a->forecast;

        if (!isfinite(f->replay_ratio) || fabs(f->replay_ratio - 1) > UNDERSTOOD)
                return "a replay of the recording takes another time than it did: what the build waits for is not understood";
        /* Who was killed had not yet taken all that it would have. */
        if (a->oom_kills > 0 && (f->best >= f->n || f->levels[f->best].jobs >= a->plan->width))
                return "memory ran out with as many jobs as there were; with how many fewer it would not is not known";
        return NULL;
}

int advice_brief(const Advise *a, AdviceBrief *ret, const char **ret_why, bool *ret_worth)
{
        AdviceBrief brief = {.n = 0};
        const Forecast *f = &a->forecast;

        *ret_why = advice_doubt(a, ret_worth);
        if (!*ret_why)
                *ret_why = doubt_of_forecast(a);
        if (*ret_why)
                return 1;
        pick(a, &brief);
        brief.best = f->best < f->n ? &f->levels[f->best] : NULL;
        for (size_t i = 0; i < f->n; i++)
                if (f->levels[i].recorded)
                        brief.recorded = &f->levels[i];
        *ret = brief;
        return 0;
}

void advice_add_brief(const Advise *a, const AdviceBrief *brief, String *to)
{
        char took[FORMAT_MAX], peak[FORMAT_MAX];

        advice_add_verdict(&a->forecast, to);
        if (a->failed || !brief->recorded || brief->recorded == brief->best || !(a->wall_s > 0))
                return;
        string_add_format(to, "; -j%u took %s", brief->recorded->jobs, format_duration(took, (uint64_t)(a->wall_s * 1e9)));
        if (a->plan->peak_bytes != BUILD_UNKNOWN)
                string_add_format(to, " and %s", format_bytes(peak, a->plan->peak_bytes));
}

void advice_add_command(const Advice *advice, String *to)
{
        const char *at = advice->snippet;

        while (*at == '#' && strchr(at, '\n'))
                at = strchr(at, '\n') + 1;
        string_add_bytes(to, at, strcspn(at, "\n"));
}
