/* Sets as bits, with room for any machine that Linux runs on. */
#include "sweep/cpus.h"

#include <errno.h>
#include <sched.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

static bool has(const CpuSet *set, size_t cpu)
{
        return set->bits[cpu / 64] >> (cpu % 64) & 1;
}

static void put(CpuSet *set, size_t cpu)
{
        set->bits[cpu / 64] |= UINT64_C(1) << (cpu % 64);
}

static int add_range(CpuSet *set, const char *text, size_t size)
{
        const char *dash = memchr(text, '-', size);
        size_t n = dash ? (size_t)(dash - text) : size;
        uint64_t first, last;

        if (parse_u64(text, n, &first) < 0 || first >= CPUS_MAX)
                return -EINVAL;
        last = first;
        if (dash && (parse_u64(dash + 1, size - n - 1, &last) < 0 || last >= CPUS_MAX || last < first))
                return -EINVAL;
        for (; first <= last; first++)
                put(set, first);
        return 0;
}

int cpu_set_parse(const char *text, CpuSet *ret, Error *expected)
{
        CpuSet set = {0};

        for (;;) {
                size_t n = strcspn(text, ",");
                if (add_range(&set, text, n) < 0)
                        return error_set(expected, EINVAL, "numbers of CPUs, such as 0-7,16");
                if (text[n] == '\0')
                        break;
                text += n + 1;
        }
        *ret = set;
        return 0;
}

int cpu_set_check(const char *text, Error *expected)
{
        CpuSet set;

        return cpu_set_parse(text, &set, expected);
}

void cpu_set_add_text(String *to, const CpuSet *set)
{
        bool first = true;

        for (size_t cpu = 0; cpu < CPUS_MAX; cpu++) {
                if (!has(set, cpu))
                        continue;
                size_t last = cpu;
                while (last + 1 < CPUS_MAX && has(set, last + 1))
                        last++;
                string_add_format(to, "%s%zu", first ? "" : ",", cpu);
                if (last > cpu)
                        string_add_format(to, "-%zu", last);
                first = false;
                cpu = last;
        }
}

unsigned cpu_set_count(const CpuSet *set)
{
        unsigned n = 0;

        for (size_t i = 0; i < ARRAY_LENGTH(set->bits); i++)
                n += (unsigned)__builtin_popcountll(set->bits[i]);
        return n;
}

bool cpu_set_within(const CpuSet *set, const CpuSet *all)
{
        for (size_t i = 0; i < ARRAY_LENGTH(set->bits); i++)
                if (set->bits[i] & ~all->bits[i])
                        return false;
        return true;
}

/* The raw calls take any size that holds the kernel's masks; the kernel says how much it filled. */
int cpu_set_own(CpuSet *ret)
{
        CpuSet set = {0};

        if (syscall(SYS_sched_getaffinity, 0, sizeof set.bits, set.bits) < 0)
                return -errno;
        *ret = set;
        return 0;
}

int cpu_set_apply(const CpuSet *set)
{
        return syscall(SYS_sched_setaffinity, 0, sizeof set->bits, set->bits) < 0 ? -errno : 0;
}

static CpuSet without(const CpuSet *all, const CpuSet *some)
{
        CpuSet rest;

        for (size_t i = 0; i < ARRAY_LENGTH(rest.bits); i++)
                rest.bits[i] = all->bits[i] & ~some->bits[i];
        return rest;
}

static bool overlap(const CpuSet *a, const CpuSet *b)
{
        for (size_t i = 0; i < ARRAY_LENGTH(a->bits); i++)
                if (a->bits[i] & b->bits[i])
                        return true;
        return false;
}

/* The build's are taken from the end: interrupts tend to come in on the first ones. */
static void plan_adaptive(const CpuSet *all, unsigned jobs, size_t preferred, CpuPlan *plan)
{
        unsigned n = cpu_set_count(all);
        unsigned wanted = MIN(MAX(jobs + jobs / 4, jobs + 4), n);
        bool keep = preferred < CPUS_MAX && has(all, preferred) && wanted < n;

        plan->build = (CpuSet){0};
        for (size_t cpu = CPUS_MAX; cpu > 0 && wanted > 0; cpu--) {
                if (!has(all, cpu - 1) || (keep && cpu - 1 == preferred))
                        continue;
                put(&plan->build, cpu - 1);
                wanted--;
        }
        plan->recorder = without(all, &plan->build);
        plan->shared = cpu_set_count(&plan->recorder) == 0;
        if (plan->shared)
                plan->recorder = *all;
}

static void plan_manual(const CpuSet *all, CpuPlan *plan)
{
        if (cpu_set_count(&plan->build) == 0)
                plan->build = without(all, &plan->recorder);
        if (cpu_set_count(&plan->recorder) == 0)
                plan->recorder = without(all, &plan->build);
        if (cpu_set_count(&plan->build) == 0)
                plan->build = *all;
        if (cpu_set_count(&plan->recorder) == 0)
                plan->recorder = *all;
        plan->shared = overlap(&plan->build, &plan->recorder);
}

void cpu_plan(CpuPolicy policy, const CpuSet *all, unsigned jobs, size_t preferred, CpuPlan *plan)
{
        if (policy == CPUS_ADAPTIVE)
                plan_adaptive(all, jobs, preferred, plan);
        else if (policy == CPUS_MANUAL)
                plan_manual(all, plan);
        else
                plan->build = plan->recorder = *all;
        plan->few = policy != CPUS_OFF && cpu_set_count(&plan->build) < jobs;
        plan->shared &= policy != CPUS_OFF;
}
