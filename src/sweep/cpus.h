/*
 * Which CPUs the build gets and which the recorder (sched_setaffinity(2)). Only those of our own
 * mask are given away: that already honours taskset(1) and the cgroup's cpuset.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "base/text.h"

enum { CPUS_MAX = 8192 };

typedef struct CpuSet {
        uint64_t bits[CPUS_MAX / 64];
} CpuSet;

/* "0-7,16". -EINVAL with what was expected. */
int cpu_set_parse(const char *text, CpuSet *ret, Error *expected);
int cpu_set_check(const char *text, Error *expected); /* a SettingKey's */
void cpu_set_add_text(String *to, const CpuSet *set); /* the same form; "" for none */
unsigned cpu_set_count(const CpuSet *set);
bool cpu_set_within(const CpuSet *set, const CpuSet *all);

int cpu_set_own(CpuSet *ret);         /* of this thread; 0 or -errno */
int cpu_set_apply(const CpuSet *set); /* to this thread; only a system call */

typedef enum CpuPolicy { CPUS_OFF, CPUS_ADAPTIVE, CPUS_MANUAL } CpuPolicy;

typedef struct CpuPlan {
        CpuSet build, recorder; /* both are all there is where policy is CPUS_OFF */
        bool few;               /* the build gets fewer than its -j */
        bool shared;            /* none is left for the recorder alone */
} CpuPlan;

/* Adaptive, as MyMonitor has it: the build gets min(max(1.25 j, j + 4), all) of `all`, the recorder
 * the rest, and `preferred` (SIZE_MAX: any) if it is not the build's alone; where there is no rest
 * they share. `plan` holds the sets already if the policy is manual: an empty one becomes all of
 * `all` that is not the other's. */
void cpu_plan(CpuPolicy policy, const CpuSet *all, unsigned jobs, size_t preferred, CpuPlan *plan);
