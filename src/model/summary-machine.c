/* Rows of the machine's monitors: how much memory was left, how busy the CPUs were, what was waited for. */
#include <math.h>
#include <string.h>

#include "model/summary-builder.h"

const char *const summary_memory_columns[] = {"t_ns", "available_bytes", "total_bytes",
                                              "swap_total_bytes", "swap_free_bytes", NULL};
const char *const summary_cpu_columns[] = {"t_ns",   "cpu",       "user_us", "nice_us",
                                           "system_us", "idle_us", "iowait_us", "irq_us",
                                           "softirq_us", "steal_us", NULL};
const char *const summary_pressure_columns[] = {"t_ns", "resource", "some_us", NULL};

void summary_machine_init(SummaryMachine *m)
{
        *m = (SummaryMachine){
                .available_least_bytes = SUMMARY_UNKNOWN,
                .total_bytes = SUMMARY_UNKNOWN,
                .swap_most_bytes = SUMMARY_UNKNOWN,
                .busy_ratio = NAN,
                .iowait_ratio = NAN,
        };
        for (size_t i = 0; i < SUMMARY_PRESSURES; i++)
                m->waited_ratio[i] = NAN;
}

int summary_observe_memory(SummaryBuilder *b, const Batch *rows)
{
        SummaryMachine *m = &b->summary->machine;
        Cells t = cells_find(rows, "t_ns"), available = cells_find(rows, "available_bytes");
        Cells total = cells_find(rows, "total_bytes");
        Cells swap = cells_find(rows, "swap_total_bytes"), left = cells_find(rows, "swap_free_bytes");

        for (size_t row = 0; row < batch_rows(rows); row++) {
                uint64_t bytes, free_bytes;
                if (cells_get(total, row, &bytes))
                        m->total_bytes = bytes;
                if (cells_get(available, row, &bytes) && bytes < m->available_least_bytes) {
                        m->available_least_bytes = bytes;
                        m->available_least_t_ns = (int64_t)cells_or(t, row, 0);
                }
                if (cells_get(swap, row, &bytes) && cells_get(left, row, &free_bytes) &&
                    free_bytes <= bytes &&
                    (m->swap_most_bytes == SUMMARY_UNKNOWN || bytes - free_bytes > m->swap_most_bytes))
                        m->swap_most_bytes = bytes - free_bytes;
        }
        return 0;
}

/* Differences of counters over the whole recording; one that went back (a CPU that came again)
 * makes them unknown. */
static bool grown(CounterSpan *span, uint64_t value, int64_t t_ns)
{
        if (!span->begun) {
                *span = (CounterSpan){.begun = true, .first = value, .last = value,
                                      .first_t_ns = t_ns, .last_t_ns = t_ns};
                return true;
        }
        span->broken |= value < span->last || t_ns < span->last_t_ns;
        span->last = value;
        span->last_t_ns = t_ns;
        return !span->broken;
}

int summary_observe_cpu(SummaryBuilder *b, const Batch *rows)
{
        static const char *const kinds[] = {"user_us", "nice_us", "system_us", "irq_us",
                                            "softirq_us", "steal_us", "idle_us", "iowait_us"};
        Cells t = cells_find(rows, "t_ns"), cpu = cells_find(rows, "cpu"), cells[8];

        for (size_t i = 0; i < ARRAY_LENGTH(kinds); i++)
                cells[i] = cells_find(rows, kinds[i]);
        for (size_t row = 0; row < batch_rows(rows); row++) {
                uint64_t number, all = 0, idle, iowait;
                if (cells_get(cpu, row, &number) || !cells_get(cells[6], row, &idle))
                        continue; /* of one CPU; or not of this table */
                int64_t t_ns = (int64_t)cells_or(t, row, 0);
                iowait = cells_or(cells[7], row, 0);
                for (size_t i = 0; i < ARRAY_LENGTH(kinds); i++)
                        all += cells_or(cells[i], row, 0);
                grown(&b->cpu_all, all, t_ns);
                grown(&b->cpu_idle, idle + iowait, t_ns);
                grown(&b->cpu_iowait, iowait, t_ns);
        }
        return 0;
}

int summary_observe_pressure(SummaryBuilder *b, const Batch *rows)
{
        static const char *const names[SUMMARY_PRESSURES] = {"cpu", "memory", "io"};
        Cells t = cells_find(rows, "t_ns"), resource = cells_find(rows, "resource");
        Cells some = cells_find(rows, "some_us");

        for (size_t row = 0; row < batch_rows(rows); row++) {
                uint64_t value, unused;
                size_t size;
                if (!cells_get(some, row, &value) || !cells_get(resource, row, &unused))
                        continue;
                const char *name = batch_text(rows, (size_t)resource.column, row, &size);
                for (size_t i = 0; i < SUMMARY_PRESSURES; i++)
                        if (size == strlen(names[i]) && memcmp(name, names[i], size) == 0)
                                grown(&b->pressure[i], value, (int64_t)cells_or(t, row, 0));
        }
        return 0;
}

static double share(const CounterSpan *part, double whole)
{
        if (!part->begun || part->broken || !(whole > 0))
                return NAN;
        double ratio = (double)(part->last - part->first) / whole;
        return ratio <= 1 ? ratio : 1; /* ticks of the kernel's clock do not add up to the last one */
}

void summary_finish_machine(SummaryBuilder *b)
{
        SummaryMachine *m = &b->summary->machine;
        double all = b->cpu_all.broken ? NAN : (double)(b->cpu_all.last - b->cpu_all.first);
        double idle = share(&b->cpu_idle, all);

        m->iowait_ratio = share(&b->cpu_iowait, all);
        m->busy_ratio = isnan(idle) ? NAN : 1 - idle;
        for (size_t i = 0; i < SUMMARY_PRESSURES; i++) {
                const CounterSpan *span = &b->pressure[i];
                m->waited_ratio[i] = share(span, (double)(span->last_t_ns - span->first_t_ns) / 1e3);
        }
}
