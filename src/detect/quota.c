/* A quota of CPU time that held the run back: of its own cgroup, or of one above it, which it shares with others.
 * Then it is only told of where the run had a part of what was used: whoever sleeps is not held back. */
#include <errno.h>
#include <string.h>

#include "base/clock.h"
#include "detect/cgroup-advice.h"
#include "detect/cgroup-level.h"
#include "detect/detect.h"
#include "detect/episode.h"
#include "detect/growth.h"
#include "detect/window.h"

static const char *const total_columns[] = {"t_ns", "cpu_us", NULL};
static const char *const cgroup_columns[] = {"t_ns", "path", "cpu_limit_ratio", "cpu_us", "cpu_periods", "cpu_throttled_periods",
                                             "cpu_throttled_us", NULL};
static const char *const above_columns[] = {"t_ns", "path", "version", "cpu_limit_ratio", "cpu_us", "cpu_periods",
                                            "cpu_throttled_periods", "cpu_throttled_us", NULL};

static const DetectTable tables[] = {
        {"totals", total_columns, false},
        {"cgroup", cgroup_columns, false},
        {"cgroups_above", above_columns, false},
        {NULL},
};

/* What is told of is no peak: it went on for so long. */
#define WAIT_LEAST_NS (10 * NS_PER_SECOND)
#define SHARE_LEAST   0.05 /* of the CPU time of a cgroup above: with less the run is a bystander */
#define SHARE_MOST    0.95 /* with more the others are */
enum { PERIODS_LEAST = 50 };

typedef struct Quota {
        CgroupLevel level;
        double limit_cpus; /* 0: not known */
        bool any;
        double periods, throttled, throttled_us; /* of the newest row */
        double grown_periods, grown_throttled, grown_us;
        int64_t t_ns, first_ns, last_ns; /* newest row; when it first and last was used up */
        Window window;
        Episode held;
        Growth cpu; /* µs */
} Quota;

typedef struct Quotas {
        Things levels;
        Growth run; /* µs of CPU time */
} Quotas;

/* ---- rows ---- */

static void grow(Quota *q, int64_t t_ns, double periods, double throttled, double us)
{
        if (q->any && periods >= q->periods && throttled >= q->throttled && us >= q->throttled_us) {
                if (throttled > q->throttled) {
                        q->first_ns = q->grown_throttled > 0 ? q->first_ns : q->t_ns;
                        q->last_ns = t_ns;
                }
                q->grown_periods += periods - q->periods;
                q->grown_throttled += throttled - q->throttled;
                q->grown_us += us - q->throttled_us;
        }
        q->any = true;
        q->t_ns = t_ns;
        q->periods = periods;
        q->throttled = throttled;
        q->throttled_us = us;
}

static int quota_observe(void *state, const DetectContext *context, const char *table, const Batch *rows, Findings *out)
{
        Quotas *s = state;
        Cells at = cells_find(rows, "t_ns"), limit = cells_find(rows, "cpu_limit_ratio"), periods = cells_find(rows, "cpu_periods"),
              throttled = cells_find(rows, "cpu_throttled_periods"), throttled_us = cells_find(rows, "cpu_throttled_us"),
              cpu = cells_find(rows, "cpu_us");

        if (text_equal(table, "totals")) {
                growth_add_rows(&s->run, rows, "cpu_us");
                return 0;
        }
        for (size_t row = 0; row < batch_rows(rows); row++) {
                int64_t t_ns;
                double n, held, us = 0, ratio, used;
                if (!row_time(rows, at, row, &t_ns) || !row_number(rows, periods, row, &n) || !row_number(rows, throttled, row, &held))
                        continue;
                Quota *q = cgroup_level_get(&s->levels, rows, table, row, context->facts.cgroup_v1, sizeof *q);
                if (!q && s->levels.n < THINGS_MAX)
                        return -ENOMEM;
                if (!q)
                        continue;
                row_number(rows, limit, row, &q->limit_cpus);
                row_number(rows, throttled_us, row, &us);
                if (row_number(rows, cpu, row, &used))
                        growth_add(&q->cpu, t_ns, used);
                grow(q, t_ns, n, held, us);
                if (window_add(&q->window, t_ns, held, n, &ratio))
                        episode_note(&q->held, t_ns, ratio, ratio > context->thresholds.throttled_ratio ? EPISODE_WARNING : EPISODE_FINE, true);
        }
        return 0;
}

/* ---- words ---- */

/* The run's part of the CPU time of a cgroup above while its quota was used up; -1: not known. */
static double share_of(const Quotas *s, const Quota *q)
{
        const double all = growth_between(&q->cpu, q->first_ns, q->last_ns);

        if (!q->level.above || s->run.n < 2 || q->cpu.n < 2 || !(all > 0))
                return -1;
        return MIN(growth_between(&s->run, q->first_ns, q->last_ns) / all, 1.0);
}

/* The others in it are who is held back: v1 may count its CPU time elsewhere, but it is no more than the quota. */
static bool is_bystander(const Quotas *s, const Quota *q, double share)
{
        const double most = q->limit_cpus * (double)(q->last_ns - q->first_ns) / 1e3;

        if (share >= 0 || !q->level.above || s->run.n < 2 || !(most > 0))
                return share >= 0 && share < SHARE_LEAST;
        return growth_between(&s->run, q->first_ns, q->last_ns) / most < SHARE_LEAST;
}

static void tell_advice(const Quota *q, const char *path, const DetectContext *context, Finding *f)
{
        /* To what the run could use: all the cores, or twice as much where they are not known. */
        const double more = context->facts.cpus > q->limit_cpus ? context->facts.cpus : q->limit_cpus * 2;
        _cleanup_string_ String advice = {0};

        if (q->limit_cpus >= 1)
                string_add_format(&advice, "run about %.0f job%s at once, or raise the quota", q->limit_cpus, q->limit_cpus < 1.5 ? "" : "s");
        else
                string_add(&advice, "raise the quota");
        if (q->limit_cpus > 0) {
                string_add_format(&advice, ", to %.3g CPU%s say:\n", more, more > 1 ? "s" : "");
                cgroup_advise(&advice, path, q->level.v1, CGROUP_KNOB_CPU, (uint64_t)(MIN(more, 1e6) * 100 + 0.5));
        }
        finding_advice(f, "%s", string_get(&advice));
}

static void tell(const Quotas *s, const Quota *q, const char *path, const DetectContext *context, Findings *out)
{
        const double threshold = context->thresholds.throttled_ratio, share = share_of(s, q),
                     ratio = q->grown_periods > 0 ? q->grown_throttled / q->grown_periods : 0;
        char part[FORMAT_MAX], limit[FORMAT_MAX], length[FORMAT_MAX], n[FORMAT_MAX], all[FORMAT_MAX];
        _cleanup_string_ String whose = {0}, held = {0};

        if (q->grown_periods < PERIODS_LEAST || (ratio <= threshold && q->held.total_ns < WAIT_LEAST_NS) || is_bystander(s, q, share))
                return;
        /* The episode is seen when 10 s of it are over. */
        const int64_t from_ns = q->held.worst_level != EPISODE_FINE ? MAX(q->first_ns, q->held.first_ns - WINDOW_SECONDS * (int64_t)NS_PER_SECOND)
                                                                    : q->first_ns;
        Finding *f = findings_raise(out, "cpu-quota", path[0] ? path : NULL, SEVERITY_WARNING, SURE_CERTAIN, from_ns);
        if (!f)
                return;
        f->until_ns = q->last_ns;
        cgroup_level_add_where(&whose, &q->level, path);
        if (q->limit_cpus > 0)
                finding_title(f, "a quota of %s CPUs%s held the run back in %s of its periods", format_number(limit, q->limit_cpus),
                              string_get(&whose), format_percent(part, ratio));
        else
                finding_title(f, "a CPU quota%s held the run back in %s of its periods", string_get(&whose), format_percent(part, ratio));
        if (q->grown_us > 0)
                string_add_format(&held, "; its tasks were held back for %s, all together",
                                  format_duration(length, (uint64_t)MIN(q->grown_us * 1e3, 9e18)));
        if (share >= 0)
                string_add_format(&held, "; of the CPU time that it used the run had %s", format_percent(part, share));
        finding_evidence(f, "%s%s%s was used up in %s of %s periods%s", q->level.v1 ? "cpu.cfs_quota_us" : "cpu.max", path[0] ? " of " : "", path,
                         format_count(n, (uint64_t)q->grown_throttled), format_count(all, (uint64_t)q->grown_periods), string_get(&held));
        finding_meaning(f, "when the quota of a period (100 ms, usually) is used up, nothing of the cgroup%s runs until the next one%s",
                        q->level.above ? " and of all below it" : "",
                        share >= 0 && share < SHARE_MOST ? "; what else is in it uses it up, too" : "");
        tell_advice(q, path, context, f);
}

static int quota_finish(void *state, const DetectContext *context, Findings *out)
{
        Quotas *s = state;

        for (size_t i = 0; i < s->levels.n; i++)
                tell(s, s->levels.items[i].state, s->levels.items[i].name, context, out);
        return 0;
}

static void quota_done(void *state)
{
        Quotas *s = state;

        things_done(&s->levels);
}

const Detector detector_quota = {
        .name = "quota",
        .tables = tables,
        .state_size = sizeof(Quotas),
        .observe = quota_observe,
        .finish = quota_finish,
        .done = quota_done,
};
