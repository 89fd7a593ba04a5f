/* Settings around a build: a limit that kills the build and not the machine, swap, limits of the kernel that
 * it came near to. */
#include <math.h>

#include "advise/advice.h"
#include "base/cleanup.h"

#define NEAR 0.8       /* of a limit */
#define LARGE 0.6      /* part of the machine's memory from which on a build had better have a limit of its own */

enum { GIB = 1 << 30 };

/* Rounded up to a figure that one would type. */
static uint64_t round_up(double bytes)
{
        uint64_t step = bytes >= 16.0 * GIB ? GIB : bytes >= GIB ? GIB / 4 : 64 << 20;

        return ((uint64_t)(bytes / (double)step) + 1) * step;
}

static void add_mib(String *to, uint64_t bytes)
{
        if (bytes % GIB == 0)
                string_add_format(to, "%lluG", (unsigned long long)(bytes / GIB));
        else
                string_add_format(to, "%lluM", (unsigned long long)(bytes >> 20));
}

static int add_scope(const AdviceFacts *facts, AdviceList *list)
{
        const Forecast *f = facts->forecast;
        _cleanup_(advice_text_done) AdviceText text = {0};
        char high[FORMAT_MAX], memory[FORMAT_MAX];

        if (!f || f->best == SIZE_MAX || f->limit_bytes == BUILD_UNKNOWN)
                return 0;
        const ForecastLevel *best = &f->levels[f->best];
        bool large = best->peak_bytes.high > (double)f->limit_bytes * LARGE;
        if (!large && facts->oom_kills == 0)
                return 0;
        uint64_t limit = MIN(round_up(best->peak_bytes.high * 1.1), f->limit_bytes);
        string_add(&text.title, "a limit for the build alone");
        string_add(&text.reason, facts->oom_kills > 0 ? "the kernel killed for memory in this run: with a limit it is the build that pays"
                                                      : "should the build need more than expected, it fails and not the machine");
        string_add(&text.snippet, "systemd-run --user --scope -p MemoryMax=");
        add_mib(&text.snippet, limit);
        string_add_format(&text.snippet, " -p MemorySwapMax=0 make -j%u", best->jobs);
        string_add_format(&text.evidence, "up to %s at -j%u, of %s", format_bytes(high, (uint64_t)best->peak_bytes.high), best->jobs,
                          format_bytes(memory, f->limit_bytes));
        if (facts->oom_kills > 0)
                string_add_format(&text.evidence, "; %llu killed", (unsigned long long)facts->oom_kills);
        return advice_add(list, "systemd-memory-max", "systemd", &text);
}

/* Where not even one job at a time is sure to fit. */
static int add_swap(const AdviceFacts *facts, AdviceList *list)
{
        const Forecast *f = facts->forecast;
        const BuildMachine *m = &facts->rows->machine;
        _cleanup_(advice_text_done) AdviceText text = {0};
        char needs[FORMAT_MAX], room[FORMAT_MAX], swap[FORMAT_MAX];

        if (!f || f->best != SIZE_MAX || f->n == 0 || f->limit_is_cgroup || f->room_given || m->swap_total_bytes == BUILD_UNKNOWN)
                return 0;
        double missing = f->levels[0].peak_bytes.high - (double)f->room_bytes;
        if (missing <= (double)m->swap_total_bytes)
                return 0;
        uint64_t size = round_up(missing - (double)m->swap_total_bytes);
        string_add(&text.title, "more swap");
        string_add_format(&text.reason, "a single job at a time needs more than there is");
        string_add(&text.snippet, "fallocate -l ");
        add_mib(&text.snippet, size);
        string_add(&text.snippet, " /swapfile && chmod 600 /swapfile && mkswap /swapfile && swapon /swapfile");
        string_add_format(&text.evidence, "up to %s at -j%u, %s free for it, %s of swap",
                          format_bytes(needs, (uint64_t)f->levels[0].peak_bytes.high), f->levels[0].jobs,
                          format_bytes(room, f->room_bytes), format_bytes(swap, m->swap_total_bytes));
        return advice_add(list, "swap-size", "swap", &text);
}

static int add_near(AdviceList *list, const char *id, const char *key, uint64_t most, uint64_t limit)
{
        _cleanup_(advice_text_done) AdviceText text = {0};
        char used[FORMAT_MAX], of[FORMAT_MAX];

        if (most == BUILD_UNKNOWN || limit == BUILD_UNKNOWN || limit == 0 || (double)most < (double)limit * NEAR)
                return 0;
        string_add_format(&text.title, "more room below %s", key);
        string_add(&text.reason, "near this limit programs cannot start others: \"Resource temporarily unavailable\"");
        string_add_format(&text.snippet, "sysctl -w %s=%llu", key, (unsigned long long)limit * 2);
        string_add_format(&text.evidence, "%s tasks of %s", format_count(used, most), format_count(of, limit));
        return advice_add(list, id, "sysctl", &text);
}

static int add_overcommit(const AdviceFacts *facts, AdviceList *list)
{
        const BuildMachine *m = &facts->rows->machine;
        _cleanup_(advice_text_done) AdviceText text = {0};
        char promised[FORMAT_MAX], limit[FORMAT_MAX];

        if (m->overcommit_memory != 2 || m->commit_limit_bytes == BUILD_UNKNOWN || m->committed_most_bytes == BUILD_UNKNOWN ||
            (double)m->committed_most_bytes < (double)m->commit_limit_bytes * NEAR)
                return 0;
        string_add(&text.title, "memory may be promised beyond the limit");
        string_add(&text.reason, "in mode 2 the kernel refuses memory, and forks, at the commit limit although there is free memory");
        string_add(&text.snippet, "sysctl -w vm.overcommit_memory=0");
        string_add_format(&text.evidence, "%s promised of %s", format_bytes(promised, m->committed_most_bytes),
                          format_bytes(limit, m->commit_limit_bytes));
        return advice_add(list, "sysctl-overcommit", "sysctl", &text);
}

/* Swapping while there was plenty left: the kernel prefers files to programs. */
static int add_swappiness(const AdviceFacts *facts, AdviceList *list)
{
        const BuildMachine *m = &facts->rows->machine;
        _cleanup_(advice_text_done) AdviceText text = {0};
        char swapped[FORMAT_MAX], left[FORMAT_MAX];

        if (m->swap_most_bytes == BUILD_UNKNOWN || m->swap_least_bytes == BUILD_UNKNOWN || m->available_least_bytes == BUILD_UNKNOWN ||
            m->memory_bytes == BUILD_UNKNOWN || m->swap_most_bytes - m->swap_least_bytes < (256u << 20) ||
            m->available_least_bytes < m->memory_bytes / 4)
                return 0;
        string_add(&text.title, "swap later");
        string_add(&text.reason, "memory of programs was swapped out although a quarter of it was never in use");
        string_add(&text.snippet, "sysctl -w vm.swappiness=10");
        string_add_format(&text.evidence, "%s more swap in use, at least %s available all the time",
                          format_bytes(swapped, m->swap_most_bytes - m->swap_least_bytes), format_bytes(left, m->available_least_bytes));
        return advice_add(list, "sysctl-swappiness", "sysctl", &text);
}

static int add_tasks(const AdviceFacts *facts, AdviceList *list)
{
        const BuildMachine *m = &facts->rows->machine;
        _cleanup_(advice_text_done) AdviceText text = {0};
        char used[FORMAT_MAX], of[FORMAT_MAX];

        if (m->tasks_limit == BUILD_UNKNOWN || m->scope_tasks_most == BUILD_UNKNOWN ||
            (double)m->scope_tasks_most < (double)m->tasks_limit * NEAR)
                return 0;
        string_add(&text.title, "more tasks for the build");
        string_add(&text.reason, "at pids.max of its cgroup a fork fails");
        string_add_format(&text.snippet, "systemd-run --user --scope -p TasksMax=%llu …", (unsigned long long)m->tasks_limit * 2);
        string_add_format(&text.evidence, "%s tasks of %s", format_count(used, m->scope_tasks_most), format_count(of, m->tasks_limit));
        return advice_add(list, "systemd-tasks-max", "systemd", &text);
}

int advice_system(const AdviceFacts *facts, const char *tool, AdviceList *list)
{
        const BuildMachine *m = &facts->rows->machine;
        int r = 0;

        if (advice_wanted(tool, "systemd")) {
                r = add_scope(facts, list);
                if (r == 0)
                        r = add_tasks(facts, list);
        }
        if (r == 0 && advice_wanted(tool, "swap"))
                r = add_swap(facts, list);
        if (r < 0 || !advice_wanted(tool, "sysctl"))
                return r;
        r = add_near(list, "sysctl-threads-max", "kernel.threads-max", m->tasks_most, m->threads_max);
        if (r == 0)
                r = add_near(list, "sysctl-pid-max", "kernel.pid_max", m->tasks_most, m->pid_max);
        if (r == 0)
                r = add_overcommit(facts, list);
        return r < 0 ? r : add_swappiness(facts, list);
}
