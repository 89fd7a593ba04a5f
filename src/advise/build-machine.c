/* The machine around a build: memory, limits of the cgroup, and the CPU time that others took meanwhile,
 * which is all CPU time less the run's. */
#include "advise/build-machine.h"

#include <math.h>

#include "base/text.h"
#include "model/cells.h"

static const char *const cpu_columns[] = {"cpu",    "user_us",    "nice_us",  "system_us", "irq_us", "softirq_us",
                                          "steal_us", "idle_us", "iowait_us", "tasks",     NULL};
static const char *const memory_columns[] = {"t_ns", "available_bytes", "total_bytes", "swap_total_bytes", "swap_free_bytes", NULL};
static const char *const limits_columns[] = {"tasks", "threads_max", "pid_max", "pids_max", "pids_current", "memory_max_bytes", "overcommit_memory", "commit_limit_bytes", "committed_bytes", NULL};
static const char *const cgroup_columns[] = {"memory_max_bytes", "memory_high_bytes", "memory_limit_bytes", "cpu_limit_ratio", "tasks_limit", NULL};
static const char *const above_columns[] = {"memory_max_bytes", "memory_high_bytes", "cpu_limit_ratio", "tasks_max", NULL};

const char *const *build_machine_columns(const char *table)
{
        if (text_equal(table, "cpu"))
                return cpu_columns;
        if (text_equal(table, "memory"))
                return memory_columns;
        if (text_equal(table, "limits"))
                return limits_columns;
        if (text_equal(table, "cgroups_above"))
                return above_columns;
        return text_equal(table, "cgroup") ? cgroup_columns : NULL;
}

void build_machine_init(BuildMachine *m, unsigned cpus)
{
        *m = (BuildMachine){
                .cpus = cpus,
                .cpu_limit = NAN,
                .outside_cpus = NAN,
                .busy_ratio = NAN,
                .iowait_ratio = NAN,
                .memory_bytes = BUILD_UNKNOWN,
                .available_bytes = BUILD_UNKNOWN,
                .available_least_bytes = BUILD_UNKNOWN,
                .limit_bytes = BUILD_UNKNOWN,
                .swap_total_bytes = BUILD_UNKNOWN,
                .swap_most_bytes = BUILD_UNKNOWN,
                .swap_least_bytes = BUILD_UNKNOWN,
                .tasks_limit = BUILD_UNKNOWN,
                .threads_max = BUILD_UNKNOWN,
                .pid_max = BUILD_UNKNOWN,
                .overcommit_memory = BUILD_UNKNOWN,
                .commit_limit_bytes = BUILD_UNKNOWN,
                .committed_most_bytes = BUILD_UNKNOWN,
                .tasks_most = BUILD_UNKNOWN,
                .scope_tasks_most = BUILD_UNKNOWN,
        };
}

static void span(BuildSpan *s, uint64_t value)
{
        if (!s->begun)
                *s = (BuildSpan){.begun = true, .first = value, .last = value};
        /* iowait goes back now and then, by a little: proc(5). */
        s->broken |= value + 1000000 < s->last;
        s->last = MAX(s->last, value);
}

static double grown(const BuildSpan *s)
{
        return s->begun && !s->broken ? (double)(s->last - s->first) : NAN;
}

void build_machine_totals(BuildMachineState *state, const Batch *totals)
{
        Cells t = cells_find(totals, "t_ns"), cpu = cells_find(totals, "cpu_us");
        uint64_t value, t_ns;

        for (size_t row = 0; row < batch_rows(totals); row++) {
                if (!cells_get(cpu, row, &value) || !cells_get(t, row, &t_ns))
                        continue;
                if (!state->run.begun)
                        state->run_first_ns = batch_sane_ns(t_ns);
                state->run_last_ns = batch_sane_ns(t_ns);
                span(&state->run, value);
        }
}

static void observe_cpu(BuildMachineState *s, const Batch *rows)
{
        static const char *const kinds[] = {"user_us", "nice_us", "system_us", "irq_us", "softirq_us", "steal_us", "idle_us", "iowait_us"};
        Cells cpu = cells_find(rows, "cpu"), cells[ARRAY_LENGTH(kinds)];

        for (size_t i = 0; i < ARRAY_LENGTH(kinds); i++)
                cells[i] = cells_find(rows, kinds[i]);
        for (size_t row = 0; row < batch_rows(rows); row++) {
                uint64_t number, idle, all = 0;
                if (cells_get(cpu, row, &number) || !cells_get(cells[6], row, &idle))
                        continue; /* of one CPU */
                for (size_t i = 0; i < ARRAY_LENGTH(kinds); i++)
                        all += cells_or(cells[i], row, 0);
                span(&s->all, all);
                span(&s->steal, cells_or(cells[5], row, 0));
                span(&s->idle, idle + cells_or(cells[7], row, 0));
                span(&s->iowait, cells_or(cells[7], row, 0));
        }
}

static void highest(uint64_t value, uint64_t *to)
{
        *to = *to == BUILD_UNKNOWN ? value : MAX(*to, value);
}

static void observe_memory(BuildMachine *m, const Batch *rows)
{
        Cells available = cells_find(rows, "available_bytes"), total = cells_find(rows, "total_bytes");
        Cells swap = cells_find(rows, "swap_total_bytes"), left = cells_find(rows, "swap_free_bytes");
        uint64_t bytes;

        for (size_t row = 0; row < batch_rows(rows); row++) {
                cells_get(total, row, &m->memory_bytes);
                cells_get(swap, row, &m->swap_total_bytes);
                if (cells_get(left, row, &bytes) && m->swap_total_bytes != BUILD_UNKNOWN && bytes <= m->swap_total_bytes) {
                        uint64_t used = m->swap_total_bytes - bytes;
                        highest(used, &m->swap_most_bytes);
                        m->swap_least_bytes = MIN(m->swap_least_bytes, used);
                }
                if (!cells_get(available, row, &bytes))
                        continue;
                if (m->available_bytes == BUILD_UNKNOWN)
                        m->available_bytes = bytes;
                m->available_least_bytes = MIN(m->available_least_bytes, bytes);
        }
}

static void lowest(Cells c, size_t row, uint64_t *to)
{
        uint64_t value;

        if (cells_get(c, row, &value))
                *to = MIN(*to, value);
}

/* Every cgroup above binds: what counts is the lowest. */
static void observe_above(BuildMachine *m, BuildMachineState *s, const Batch *rows)
{
        Cells max = cells_find(rows, "memory_max_bytes"), high = cells_find(rows, "memory_high_bytes"),
              tasks = cells_find(rows, "tasks_max"), ratio = cells_find(rows, "cpu_limit_ratio");

        for (size_t row = 0; row < batch_rows(rows); row++) {
                lowest(max, row, &m->limit_bytes);
                lowest(high, row, &m->limit_bytes);
                lowest(tasks, row, &m->tasks_limit);
                if (ratio.column < 0 || batch_is_null(rows, (size_t)ratio.column, row))
                        continue;
                double cpus = batch_f64(rows, (size_t)ratio.column, row);
                s->cpu_limit_above = s->cpu_limit_above > 0 ? fmin(s->cpu_limit_above, cpus) : cpus;
        }
}

static void observe_limits(BuildMachine *m, const Batch *rows)
{
        Cells memory = cells_find(rows, "memory_max_bytes"), high = cells_find(rows, "memory_high_bytes"), pids = cells_find(rows, "pids_max");
        Cells above = cells_find(rows, "memory_limit_bytes"), tasks_limit = cells_find(rows, "tasks_limit");
        Cells ratio = cells_find(rows, "cpu_limit_ratio"), tasks = cells_find(rows, "tasks");
        Cells threads = cells_find(rows, "threads_max"), pid_max = cells_find(rows, "pid_max");
        Cells overcommit = cells_find(rows, "overcommit_memory"), current = cells_find(rows, "pids_current");
        Cells commit = cells_find(rows, "commit_limit_bytes"), committed = cells_find(rows, "committed_bytes");
        uint64_t value;

        for (size_t row = 0; row < batch_rows(rows); row++) {
                lowest(memory, row, &m->limit_bytes);
                lowest(high, row, &m->limit_bytes); /* nothing is killed there, but it takes much longer */
                lowest(above, row, &m->limit_bytes);
                lowest(pids, row, &m->tasks_limit);
                lowest(tasks_limit, row, &m->tasks_limit);
                cells_get(threads, row, &m->threads_max);
                cells_get(pid_max, row, &m->pid_max);
                cells_get(overcommit, row, &m->overcommit_memory);
                cells_get(commit, row, &m->commit_limit_bytes);
                if (cells_get(committed, row, &value))
                        highest(value, &m->committed_most_bytes);
                if (cells_get(current, row, &value))
                        highest(value, &m->scope_tasks_most);
                if (cells_get(tasks, row, &value))
                        highest(value, &m->tasks_most);
                if (ratio.column >= 0 && !batch_is_null(rows, (size_t)ratio.column, row))
                        m->cpu_limit = batch_f64(rows, (size_t)ratio.column, row);
        }
}

void build_machine_observe(BuildMachine *m, BuildMachineState *state, const char *table, const Batch *rows)
{
        if (text_equal(table, "cpu"))
                observe_cpu(state, rows);
        else if (text_equal(table, "memory"))
                observe_memory(m, rows);
        else if (text_equal(table, "limits") || text_equal(table, "cgroup"))
                observe_limits(m, rows);
        else if (text_equal(table, "cgroups_above"))
                observe_above(m, state, rows);
}

/* Others' share: of what was busy, what the run did not use; time that the hypervisor took is theirs, too. */
void build_machine_finish(BuildMachine *m, const BuildMachineState *s)
{
        double all = grown(&s->all), idle = grown(&s->idle), iowait = grown(&s->iowait), run = grown(&s->run);
        double run_s = (double)(s->run_last_ns - s->run_first_ns) / 1e9;

        if (s->cpu_limit_above > 0)
                m->cpu_limit = fmin(m->cpu_limit, s->cpu_limit_above);
        if (!(all > 0) || isnan(idle))
                return;
        m->busy_ratio = 1 - idle / all;
        m->iowait_ratio = iowait / all;
        if (!(run_s > 0) || isnan(run) || m->cpus == 0)
                return;
        double others = m->busy_ratio * m->cpus - run / 1e6 / run_s;
        /* Below a twentieth of a CPU it is the clocks that disagree. */
        m->outside_cpus = others < 0.05 ? 0 : MIN(others, (double)m->cpus);
}
