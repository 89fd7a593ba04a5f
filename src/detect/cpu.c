/* CPUs of the machine: more wanted than there are for long, and by whom; idle for I/O; taken by a hypervisor.
 * A run that keeps all CPUs busy is well: that is what it is for. */
#include "base/clock.h"
#include "detect/detect.h"
#include "detect/episode.h"
#include "detect/growth.h"
#include "detect/things.h"
#include "detect/window.h"

static const char *const cpu_columns[] = {"t_ns", "cpu", "user_us", "nice_us", "system_us", "idle_us", "iowait_us",
                                          "irq_us", "softirq_us", "steal_us", "running_tasks", "blocked_tasks",
                                          "load_1m", "online_cpus", NULL};
static const char *const total_columns[] = {"t_ns", "cpu_us", NULL};
static const DetectTable tables[] = {
        {"cpu", cpu_columns, false},
        {"totals", total_columns, false},
        {NULL},
};

/* What is told of is no peak: it went on for so long. */
#define LOAD_LEAST_NS (60 * NS_PER_SECOND)
#define WAIT_LEAST_NS (10 * NS_PER_SECOND)
#define OTHERS_MATTER 0.15 /* of all CPU time */

/* A share of all CPU time: over 10 s again and again, and over the whole run. */
typedef struct Share {
        Window window;
        Episode episode;
        double part, whole;         /* of the newest row … */
        double part_sum, whole_sum; /* … and what they grew by */
        bool any;
} Share;

typedef struct Cpu {
        unsigned cpus; /* of the newest row; 0 unknown */
        Episode load, high; /* over load_warning; over load_critical */
        double cpus_at_worst;
        double running, blocked; /* sums over rows of high load */
        size_t n_loaded;
        Share iowait, steal;
        Growth busy, run; /* µs of CPU time: of the machine, of the run */
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

static void share_add(Share *s, int64_t t_ns, double part, double whole, double limit)
{
        double ratio;

        if (s->any && part >= s->part && whole >= s->whole) {
                s->part_sum += part - s->part;
                s->whole_sum += whole - s->whole;
        }
        s->any = true;
        s->part = part;
        s->whole = whole;
        if (window_add(&s->window, t_ns, part, whole, &ratio))
                episode_note(&s->episode, t_ns, ratio, ratio > limit ? EPISODE_WARNING : EPISODE_FINE, true);
}

/* For long enough, or in the mean of a run that is short. */
static bool share_is_told(const Share *s, double limit)
{
        const Episode *e = &s->episode;

        return e->worst_level != EPISODE_FINE && (e->total_ns >= WAIT_LEAST_NS || s->part_sum > limit * s->whole_sum);
}

static void observe_times(Cpu *c, const Thresholds *t, int64_t t_ns, const Times *times)
{
        growth_add(&c->busy, t_ns, MAX(times->all - times->idle - times->iowait - times->steal, 0.0));
        if (times->has_iowait)
                share_add(&c->iowait, t_ns, times->iowait, times->all, t->iowait_ratio);
        if (times->has_steal)
                share_add(&c->steal, t_ns, times->steal, times->all, t->steal_ratio);
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

static int cpu_observe(void *state, const DetectContext *context, const char *table, const Batch *rows, Findings *out)
{
        Cpu *c = state;

        if (text_equal(table, "cpu"))
                observe_cpu(c, context, rows);
        else
                growth_add_rows(&c->run, rows, "cpu_us");
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

static void tell_iowait(const Cpu *c, const Thresholds *t, Findings *out)
{
        char share[FORMAT_MAX], at[FORMAT_MAX], length[FORMAT_MAX];
        const Episode *e = &c->iowait.episode;

        if (!share_is_told(&c->iowait, t->iowait_ratio))
                return;
        Finding *f = findings_raise(out, "iowait", NULL, episode_severity(e), SURE_CERTAIN, e->first_ns);
        finding_title(f, "CPUs had nothing to do while tasks waited for I/O: up to %s of their time", format_percent(share, e->worst));
        finding_evidence(f, "over 10 s, worst at %s; so much for %s", format_moment(at, e->worst_ns), format_duration(length, e->total_ns));
        finding_meaning(f, "the disks, or a file server, were slower than the work; it may have been others' I/O, too");
        finding_advice(f, "see which device was busy (table disk); put what is written for a short while into memory "
                          "(TMPDIR on a tmpfs), where there is some to spare");
}

static void tell_steal(const Cpu *c, const Thresholds *t, Findings *out)
{
        char share[FORMAT_MAX], at[FORMAT_MAX], length[FORMAT_MAX];
        const Episode *e = &c->steal.episode;

        if (!share_is_told(&c->steal, t->steal_ratio))
                return;
        Finding *f = findings_raise(out, "steal", NULL, episode_severity(e), SURE_CERTAIN, e->first_ns);
        finding_title(f, "the hypervisor took up to %s of the CPU time", format_percent(share, e->worst));
        finding_evidence(f, "steal over 10 s, worst at %s; so much for %s", format_moment(at, e->worst_ns),
                         format_duration(length, e->total_ns));
        finding_meaning(f, "this is a virtual machine whose host ran others while it had work: times of this run say "
                           "little about the work itself");
        finding_advice(f, "repeat what you want to compare, on a quieter host or at another time");
}

static int cpu_finish(void *state, const DetectContext *context, Findings *out)
{
        Cpu *c = state;

        if (c->cpus == 0)
                c->cpus = context->facts.cpus;
        tell_load(c, out);
        tell_iowait(c, &context->thresholds, out);
        tell_steal(c, &context->thresholds, out);
        return 0;
}

const Detector detector_cpu = {
        .name = "cpu",
        .tables = tables,
        .state_size = sizeof(Cpu),
        .observe = cpu_observe,
        .finish = cpu_finish,
};
