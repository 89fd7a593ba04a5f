/*
 * What heat does to the processor: how often and how long it was held down (x86:
 * arch/x86/kernel/cpu/mce/therm_throt.c), and how fast it runs
 * (Documentation/admin-guide/pm/cpufreq.rst). Summed up, so that 256 CPUs are a few rows.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "host/host.h"

#define HEAT_UNKNOWN UINT64_MAX

enum { HEAT_PACKAGES_MAX = 64 };

typedef struct HeatPackage {
        uint64_t number;
        uint64_t throttles, throttled_ms;           /* of the package; HEAT_UNKNOWN */
        uint64_t core_throttles, core_throttled_ms; /* of its cores together */
} HeatPackage;

typedef struct HeatFrequency {
        uint64_t mean_hz, low_hz, high_hz; /* of the CPUs that told one; HEAT_UNKNOWN */
        uint64_t limit_hz;                 /* the lowest that a CPU is held to now */
} HeatFrequency;

typedef struct CpuHeat CpuHeat;

/* 0, -EOPNOTSUPP (this machine tells nothing of the kind) or -ENOMEM. */
int cpu_heat_new(const Host *host, CpuHeat **ret);
CpuHeat *cpu_heat_free(CpuHeat *heat);
DEFINE_CLEANUP(CpuHeat, cpu_heat)

/* Reads the next 64 CPUs: on a machine of more the figures of the others are of samples before.
 * A CPU that is taken offline keeps what it counted. */
void cpu_heat_read(CpuHeat *heat);

/* How many packages were filled in, at most HEAT_PACKAGES_MAX. */
size_t cpu_heat_packages(const CpuHeat *heat, HeatPackage *packages);
void cpu_heat_frequency(const CpuHeat *heat, HeatFrequency *ret);

/* Whether asking for the frequency of a CPU leaves the CPU alone. Pure: text is
 * /proc/sys/kernel/osrelease. */
bool cpu_heat_release_is_calm(const char *text);
