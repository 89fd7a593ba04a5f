/* How sure a sweep's figures are, what failed, and where they are from. */
#include <inttypes.h>

#include "base/clock.h"
#include "sweep/result.h"

typedef struct Remarks {
        const Sweep *sweep;
        const SweepResult *result;
        SweepRemarkFn tell;
        void *data;
} Remarks;

static void add_failures(const Remarks *p)
{
        for (size_t i = 0; i < p->sweep->n_runs; i++) {
                const SweepRun *run = &p->sweep->runs[i];
                _cleanup_string_ String text = {0};
                char time[FORMAT_MAX];
                if (run->state != SWEEP_FAILED && run->state != SWEEP_TIMED_OUT && run->state != SWEEP_INTERRUPTED)
                        continue;
                string_add_format(&text, "%s: ", run->path);
                if (run->state != SWEEP_FAILED)
                        string_add(&text, sweep_state_name(run->state));
                else if (run->exit_signal > 0)
                        string_add_format(&text, "killed by signal %d", run->exit_signal);
                else
                        string_add_format(&text, "exit %d", run->exit_code);
                if (run->figures.wall_ns != RUN_UNKNOWN)
                        string_add_format(&text, " after %s", format_duration(time, run->figures.wall_ns));
                if (run->state != SWEEP_INTERRUPTED)
                        string_add_format(&text, "; its output is in %s/output.log", run->path);
                p->tell(p->data, run->state == SWEEP_INTERRUPTED ? "stopped" : "failed", string_get(&text));
        }
}

static void add_sureness(const Remarks *p)
{
        const SweepResult *result = p->result;
        size_t least = SIZE_MAX;
        bool partial = false;
        uint64_t lost = 0;

        for (size_t i = 0; i < result->n_levels; i++) {
                if (result->levels[i].n_done > 0)
                        least = MIN(least, result->levels[i].n_done);
                partial |= result->levels[i].partial;
                lost += result->levels[i].lost_events;
        }
        if (least == 1)
                p->tell(p->data, "spread", result->n_done == 1 ? "one run: no spread known"
                                        : result->n_done == sweep_count_measured(result)
                                                ? "one run each: no spread known"
                                                : "some have one run only: their spread is not known");
        else if (result->n_levels > 1 && result->n_done > 0 && !sweep_best_is_clear(result))
                p->tell(p->data, "spread", "the ranges of the fastest overlap: more repeats would tell them apart");
        if (partial)
                p->tell(p->data, "partial", "short processes were missed (capture by polling): peaks and CPU are too low");
        if (lost > 0) {
                _cleanup_string_ String text = {0};
                char count[FORMAT_MAX];
                string_add_format(&text, "%s events of processes; their figures are missing", format_count(count, lost));
                p->tell(p->data, "lost", string_get(&text));
        }
}

static void add_cpus(const Remarks *p)
{
        static const char *const names[] = {"", "adaptive", "manual"};
        _cleanup_string_ String text = {0};

        if (p->sweep->policy == CPUS_OFF)
                return;
        string_add_format(&text, "%s:", names[p->sweep->policy]);
        for (size_t i = 0; i < p->result->n_levels; i++)
                for (size_t k = 0; k < p->sweep->n_runs; k++) {
                        const SweepRun *run = &p->sweep->runs[k];
                        char name[FORMAT_MAX];
                        if (run->warm_up || run->jobs != p->result->levels[i].jobs || !run->build_cpus)
                                continue;
                        string_add_format(&text, "%s %s on %s, recorder on %s", i ? ";" : "", sweep_level_name(name, run->jobs),
                                          run->build_cpus, run->recorder_cpus);
                        break;
                }
        p->tell(p->data, "CPUs", string_get(&text));
}

void sweep_remarks(const Sweep *s, const SweepResult *result, SweepRemarkFn tell, void *data)
{
        const Remarks remarks = {s, result, tell, data}, *p = &remarks;
        _cleanup_string_ String text = {0};
        char count[FORMAT_MAX];

        add_failures(p);
        add_sureness(p);
        add_cpus(p);
        if (s->order == SWEEP_RANDOM) {
                string_add_format(&text, "random, --seed %" PRIu64, s->seed);
                p->tell(p->data, "order", string_get(&text));
                string_clear(&text);
        }
        if (s->host)
                string_add_format(&text, "%s, ", s->host);
        string_add_format(&text, "%u CPUs", s->cpus);
        if (s->usable_cpus != s->cpus)
                string_add_format(&text, " (%u of them ours)", s->usable_cpus);
        if (s->memory_bytes != RUN_UNKNOWN)
                string_add_format(&text, ", %s", format_bytes(count, s->memory_bytes));
        p->tell(p->data, "machine", string_get(&text));
}
