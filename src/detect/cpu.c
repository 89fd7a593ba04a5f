/* CPUs of the machine: more wanted than there are for long, and by whom; idle for I/O; taken by a hypervisor;
 * held back by a cgroup's quota. A run that keeps all CPUs busy is well: that is what it is for. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "detect/cgroup-advice.h"
#include "detect/detect.h"
#include "detect/episode.h"
#include "detect/growth.h"
#include "detect/things.h"
#include "detect/window.h"

static const char *const cpu_columns[] = {"t_ns", "cpu", "user_us", "nice_us", "system_us", "idle_us", "iowait_us",
                                          "irq_us", "softirq_us", "steal_us", "running_tasks", "blocked_tasks",
                                          "load_1m", "online_cpus", NULL};
static const char *const total_columns[] = {"t_ns", "cpu_us", NULL};
static const char *const cgroup_columns[] = {"t_ns", "path", "cpu_limit_ratio", "cpu_periods", "cpu_throttled_periods",
                                             "cpu_throttled_us", NULL};

static const DetectTable tables[] = {
        {"cpu", cpu_columns, false},
        {"totals", total_columns, false},
        {"cgroup", cgroup_columns, false},
        {NULL},
};

/* What is told of is no peak: it went on for so long. */
#define LOAD_LEAST_NS (60 * NS_PER_SECOND)
#define WAIT_LEAST_NS (10 * NS_PER_SECOND)
enum { PERIODS_LEAST = 50 };
#define OTHERS_MATTER 0.15 /* of all CPU time */

typedef struct Quota {
        char *path; /* owned; NULL: not known */
        double limit_cpus; /* 0: not known */
        bool any;
        double periods, throttled, throttled_us; /* of the newest row */
        double grown_periods, grown_throttled, grown_us;
        Window window;
        Episode held;
} Quota;

typedef struct Cpu {
        unsigned cpus; /* of the newest row; 0 unknown */
        Episode load, high; /* over load_warning; over load_critical */
        double cpus_at_worst;
        double running, blocked; /* sums over rows of high load */
        size_t n_loaded;
        Episode iowait, steal;
        Window iowait_window, steal_window;
        Growth busy, run; /* µs of CPU time: of the machine, of the run */
        Quota quota;
} Cpu;

/* ---- rows ---- */

static void observe_load(Cpu *c, const Thresholds *t, int64_t t_ns, double load, const double *running, const double *blocked)
{
        const double more = load - 1; /* one task beyond is no matter of a percentage */
        const double cpus = c->cpus;

        if (episode_note(&c->load, t_ns, load, more > t->load_warning_ratio * cpus ? EPISODE_TOLD : EPISODE_FINE, true) ||
            load >= c->load.worst)
                c->cpus_at_worst = cpus;
        episode_note(&c->high, t_ns, load, more > t->load_critical_ratio * cpus ? EPISODE_WARNING : EPISODE_FINE, true);
        if (c->load.now == EPISODE_FINE || !running || !blocked)
                return;
        c->running += *running;
        c->blocked += *blocked;
        c->n_loaded++;
}

/* All CPUs' times of a row, in µs: which of them is idle, which waits. */
typedef struct Times {
        double all, idle, iowait, steal;
        bool has_iowait, has_steal;
} Times;

static bool times_of(const Batch *rows, const Cells cells[8], size_t row, Times *ret)
{
        enum { IDLE = 3, IOWAIT = 4, STEAL = 7 };
        double value[8] = {0};
        bool has[8];

        *ret = (Times){0};
        for (size_t i = 0; i < 8; i++) {
                has[i] = row_number(rows, cells[i], row, &value[i]);
                ret->all += value[i];
        }
        ret->idle = value[IDLE];
        ret->iowait = value[IOWAIT];
        ret->steal = value[STEAL];
        ret->has_iowait = has[IOWAIT];
        ret->has_steal = has[STEAL];
        return has[0] && has[IDLE];
}

static void observe_times(Cpu *c, const Thresholds *t, int64_t t_ns, const Times *times)
{
        double ratio;

        growth_add(&c->busy, t_ns, MAX(times->all - times->idle - times->iowait - times->steal, 0.0));
        if (times->has_iowait && window_add(&c->iowait_window, t_ns, times->iowait, times->all, &ratio))
                episode_note(&c->iowait, t_ns, ratio, ratio > t->iowait_ratio ? EPISODE_WARNING : EPISODE_FINE, true);
        if (times->has_steal && window_add(&c->steal_window, t_ns, times->steal, times->all, &ratio))
                episode_note(&c->steal, t_ns, ratio, ratio > t->steal_ratio ? EPISODE_WARNING : EPISODE_FINE, true);
}

static void observe_cpu(Cpu *c, const DetectContext *context, const Batch *rows)
{
        static const char *const kinds[8] = {"user_us", "nice_us", "system_us", "idle_us", "iowait_us", "irq_us", "softirq_us", "steal_us"};
        Cells at = cells_find(rows, "t_ns"), cpu = cells_find(rows, "cpu"), online = cells_find(rows, "online_cpus"),
              load = cells_find(rows, "load_1m"), running = cells_find(rows, "running_tasks"),
              blocked = cells_find(rows, "blocked_tasks"), times[8];

        for (size_t i = 0; i < ARRAY_LENGTH(kinds); i++)
                times[i] = cells_find(rows, kinds[i]);
        for (size_t row = 0; row < batch_rows(rows); row++) {
                int64_t t_ns;
                uint64_t one;
                double value, run, wait, n;
                Times of;
                if (cells_get(cpu, row, &one) || !row_time(rows, at, row, &t_ns))
                        continue;
                if (row_number(rows, online, row, &n) && n >= 1 && n <= 1e6)
                        c->cpus = (unsigned)n;
                else if (c->cpus == 0)
                        c->cpus = context->facts.cpus;
                if (times_of(rows, times, row, &of))
                        observe_times(c, &context->thresholds, t_ns, &of);
                if (c->cpus == 0 || !row_number(rows, load, row, &value))
                        continue;
                bool told = row_number(rows, running, row, &run) && row_number(rows, blocked, row, &wait);
                observe_load(c, &context->thresholds, t_ns, value, told ? &run : NULL, told ? &wait : NULL);
        }
}

static void observe_totals(Cpu *c, const Batch *rows)
{
        Cells at = cells_find(rows, "t_ns"), cpu = cells_find(rows, "cpu_us");

        for (size_t row = 0; row < batch_rows(rows); row++) {
                int64_t t_ns;
                double us;
                if (row_time(rows, at, row, &t_ns) && row_number(rows, cpu, row, &us))
                        growth_add(&c->run, t_ns, us);
        }
}

static int observe_cgroup(Quota *q, const Thresholds *t, const Batch *rows)
{
        Cells at = cells_find(rows, "t_ns"), path = cells_find(rows, "path"), limit = cells_find(rows, "cpu_limit_ratio"),
              periods = cells_find(rows, "cpu_periods"), throttled = cells_find(rows, "cpu_throttled_periods"),
              throttled_us = cells_find(rows, "cpu_throttled_us");

        for (size_t row = 0; row < batch_rows(rows); row++) {
                int64_t t_ns;
                double n, held, us = 0, ratio;
                size_t size;
                const char *name = row_text(rows, path, row, &size);
                if (size > 0 && !q->path && !(q->path = strndup(name, MIN(size, (size_t)THING_NAME_MAX))))
                        return -ENOMEM;
                if (!row_time(rows, at, row, &t_ns) || !row_number(rows, periods, row, &n) ||
                    !row_number(rows, throttled, row, &held))
                        continue;
                row_number(rows, limit, row, &q->limit_cpus);
                row_number(rows, throttled_us, row, &us);
                if (q->any && n >= q->periods && held >= q->throttled && us >= q->throttled_us) {
                        q->grown_periods += n - q->periods;
                        q->grown_throttled += held - q->throttled;
                        q->grown_us += us - q->throttled_us;
                }
                q->any = true;
                q->periods = n;
                q->throttled = held;
                q->throttled_us = us;
                if (window_add(&q->window, t_ns, held, n, &ratio))
                        episode_note(&q->held, t_ns, ratio, ratio > t->throttled_ratio ? EPISODE_WARNING : EPISODE_FINE, true);
        }
        return 0;
}

static int cpu_observe(void *state, const DetectContext *context, const char *table, const Batch *rows, Findings *out)
{
        Cpu *c = state;

        if (text_equal(table, "cpu"))
                observe_cpu(c, context, rows);
        else if (text_equal(table, "totals"))
                observe_totals(c, rows);
        else
                return observe_cgroup(&c->quota, &context->thresholds, rows);
        return 0;
}

/* ---- words ---- */

/* Of all CPU time from one moment to another: what the run had and what others. False: not known. */
static bool shares_of(const Cpu *c, int64_t from_ns, int64_t to_ns, double *ret_run, double *ret_others)
{
        double all_us = (double)(to_ns - from_ns) / 1e3 * c->cpus, run = growth_between(&c->run, from_ns, to_ns),
               busy = growth_between(&c->busy, from_ns, to_ns);

        if (all_us <= 0 || c->run.n < 2 || c->busy.n < 2)
                return false;
        *ret_run = MIN(run / all_us, 1.0);
        *ret_others = MAX((busy - run) / all_us, 0.0);
        return true;
}

static void tell_load(const Cpu *c, Findings *out)
{
        const bool high = c->high.total_ns >= LOAD_LEAST_NS;
        const Episode *e = high ? &c->high : &c->load;
        char load[FORMAT_MAX], at[FORMAT_MAX], length[FORMAT_MAX], cpus[FORMAT_MAX], mine[FORMAT_MAX], theirs[FORMAT_MAX];
        double run = 0, others = 0;

        if (e->total_ns < LOAD_LEAST_NS)
                return;
        Finding *f = findings_raise(out, "load", NULL, episode_severity(e), SURE_CERTAIN, e->first_ns);
        if (!f)
                return;
        bool known = shares_of(c, e->first_ns, e->last_ns, &run, &others);
        bool waits = c->n_loaded > 0 && c->blocked > c->running;
        f->until_ns = e->now == EPISODE_FINE ? e->last_ns : FINDING_NO_TIME;
        finding_title(f, waits ? "many tasks waited for disks: a load of %s on %s cores"
                               : "more tasks wanted to run than there are cores: a load of %s on %s",
                      format_number(load, e->worst), format_count(cpus, (uint64_t)c->cpus_at_worst));
        _cleanup_string_ String who = {0};
        if (known)
                string_add_format(&who, "; meanwhile the run used %s of the cores, others %s", format_percent(mine, run),
                                  format_percent(theirs, others));
        finding_evidence(f, "the mean of a minute, highest at %s; so high for %s%s", format_moment(at, e->worst_ns),
                         format_duration(length, e->total_ns), string_get(&who));
        if (waits)
                finding_meaning(f, "more of these tasks waited for I/O than for a CPU: fewer CPUs would do");
        else if (known && others > OTHERS_MATTER && others > run)
                finding_meaning(f, "most of it was not the run's: it shared the machine, and took longer for it");
        else if (known && others > OTHERS_MATTER)
                finding_meaning(f, "the run and others shared the machine, and both took longer for it");
        else
                finding_meaning(f, "tasks took turns: more jobs than cores do not make a run faster, but each takes memory");
        if (known && !waits && run > others && run > 0.5)
                finding_advice(f, "run about %s jobs at once: -j%s", cpus, cpus);
}

static void tell_iowait(const Cpu *c, Findings *out)
{
        char share[FORMAT_MAX], at[FORMAT_MAX], length[FORMAT_MAX];
        const Episode *e = &c->iowait;

        if (e->worst_level == EPISODE_FINE || e->total_ns < WAIT_LEAST_NS)
                return;
        Finding *f = findings_raise(out, "iowait", NULL, episode_severity(e), SURE_CERTAIN, e->first_ns);
        finding_title(f, "CPUs had nothing to do while tasks waited for I/O: up to %s of their time", format_percent(share, e->worst));
        finding_evidence(f, "over 10 s, worst at %s; so much for %s", format_moment(at, e->worst_ns), format_duration(length, e->total_ns));
        finding_meaning(f, "the disks, or a file server, were slower than the work; it may have been others' I/O, too");
        finding_advice(f, "see which device was busy (table disk); put what is written for a short while into memory "
                          "(TMPDIR on a tmpfs), where there is some to spare");
}

static void tell_steal(const Cpu *c, Findings *out)
{
        char share[FORMAT_MAX], at[FORMAT_MAX], length[FORMAT_MAX];
        const Episode *e = &c->steal;

        if (e->worst_level == EPISODE_FINE || e->total_ns < WAIT_LEAST_NS)
                return;
        Finding *f = findings_raise(out, "steal", NULL, episode_severity(e), SURE_CERTAIN, e->first_ns);
        finding_title(f, "the hypervisor took up to %s of the CPU time", format_percent(share, e->worst));
        finding_evidence(f, "steal over 10 s, worst at %s; so much for %s", format_moment(at, e->worst_ns),
                         format_duration(length, e->total_ns));
        finding_meaning(f, "this is a virtual machine whose host ran others while it had work: times of this run say "
                           "little about the work itself");
        finding_advice(f, "repeat what you want to compare, on a quieter host or at another time");
}

static void tell_quota(const Cpu *c, const DetectContext *context, Findings *out)
{
        const Thresholds *t = &context->thresholds;
        const Quota *q = &c->quota;
        double ratio = q->grown_periods > 0 ? q->grown_throttled / q->grown_periods : 0;
        char share[FORMAT_MAX], limit[FORMAT_MAX], length[FORMAT_MAX], n[FORMAT_MAX], all[FORMAT_MAX];

        if (q->grown_periods < PERIODS_LEAST || (ratio <= t->throttled_ratio && q->held.total_ns < WAIT_LEAST_NS))
                return;
        Finding *f = findings_raise(out, "cpu-quota", q->path, SEVERITY_WARNING, SURE_CERTAIN,
                                    q->held.worst_level != EPISODE_FINE ? q->held.first_ns : FINDING_NO_TIME);
        if (q->limit_cpus > 0)
                finding_title(f, "a quota of %s CPUs held the run back in %s of its periods", format_number(limit, q->limit_cpus),
                              format_percent(share, ratio));
        else
                finding_title(f, "a CPU quota held the run back in %s of its periods", format_percent(share, ratio));
        _cleanup_string_ String held = {0};
        if (q->grown_us > 0)
                string_add_format(&held, "; its tasks were held back for %s, all together",
                                  format_duration(length, (uint64_t)MIN(q->grown_us * 1e3, 9e18)));
        finding_evidence(f, "cpu.max%s%s was used up in %s of %s periods%s", q->path ? " of " : "", q->path ? q->path : "",
                         format_count(n, (uint64_t)q->grown_throttled), format_count(all, (uint64_t)q->grown_periods), string_get(&held));
        finding_meaning(f, "when the quota of a period (100 ms, usually) is used up, nothing of the cgroup runs until the next one");
        /* To what the run could use: all the cores, or twice as much where they are not known. */
        const double more = c->cpus > q->limit_cpus ? c->cpus : q->limit_cpus * 2;
        _cleanup_string_ String advice = {0};
        if (q->limit_cpus >= 1)
                string_add_format(&advice, "run about %.0f job%s at once, or raise the quota, to %s CPUs say", q->limit_cpus,
                                  q->limit_cpus < 1.5 ? "" : "s", format_number(n, more));
        else
                string_add_format(&advice, "raise the quota%s%s%s", q->limit_cpus > 0 ? ", to " : "", q->limit_cpus > 0 ? format_number(n, more) : "",
                                  q->limit_cpus > 0 ? " CPUs say" : "");
        if (q->limit_cpus > 0) {
                string_add(&advice, ":\n");
                cgroup_advise(&advice, q->path ? q->path : "", context->facts.cgroup_v1, CGROUP_KNOB_CPU, (uint64_t)(MIN(more, 1e6) * 100 + 0.5));
        }
        finding_advice(f, "%s", string_get(&advice));
}

static int cpu_finish(void *state, const DetectContext *context, Findings *out)
{
        Cpu *c = state;

        if (c->cpus == 0)
                c->cpus = context->facts.cpus;
        tell_load(c, out);
        tell_iowait(c, out);
        tell_steal(c, out);
        tell_quota(c, context, out);
        return 0;
}

static void cpu_done(void *state)
{
        Cpu *c = state;

        free(c->quota.path);
}

const Detector detector_cpu = {
        .name = "cpu",
        .tables = tables,
        .state_size = sizeof(Cpu),
        .observe = cpu_observe,
        .finish = cpu_finish,
        .done = cpu_done,
};
