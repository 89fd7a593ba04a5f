/* Counters of each CPU are kept and summed by package; see the header. */
#include "monitor/cpu-heat.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "base/text.h"
#include "host/sysfs-value.h"

#define CPUS "sys/devices/system/cpu"

enum { CPUS_MAX = 4096, CPUS_A_SAMPLE = 64 };

typedef struct HeatCpu {
        uint32_t number;
        uint64_t package;
        uint64_t throttles, throttled_ms, core_throttles, core_throttled_ms;
        uint64_t khz, limit_khz;
        bool counts; /* has throttle counters */
} HeatCpu;

struct CpuHeat {
        const Host *host;
        HeatCpu *cpus;
        size_t n, capacity, next;
        bool calm;
};

/* Before 5.18 x86 asked a CPU that had not been asked for 10 ms by an interrupt, idle ones too,
 * and slept 10 ms for the answer; since then it tells what the tick on that CPU measured
 * (arch_freq_get_on_cpu). We do not wake the machine that we watch: older kernels give no
 * frequency, only its limit. */
bool cpu_heat_release_is_calm(const char *text)
{
        const char *end = text + strlen(text);
        uint64_t major, minor;

        if (scan_u64(&text, end, &major) < 0 || text == end || *text++ != '.' ||
            scan_u64(&text, end, &minor) < 0)
                return false;
        return major > 5 || (major == 5 && minor >= 18);
}

static uint64_t cpu_value(const Host *host, uint32_t cpu, const char *file, uint64_t otherwise)
{
        char path[160];
        uint64_t value;

        snprintf(path, sizeof path, CPUS "/cpu%u/%s", cpu, file);
        return sysfs_u64(host, path, &value) == 0 ? value : otherwise;
}

static int add_cpu(const char *name, void *data)
{
        CpuHeat *heat = data;
        uint64_t number;

        if (!text_starts_with(name, "cpu") || parse_u64z(name + 3, &number) < 0 || number >= CPUS_MAX)
                return 0;
        HeatCpu *cpus = array_grow(heat->cpus, &heat->capacity, heat->n, sizeof *cpus);
        if (!cpus)
                return -ENOMEM;
        heat->cpus = cpus;
        heat->cpus[heat->n++] = (HeatCpu){
                .number = (uint32_t)number,
                .package = cpu_value(heat->host, (uint32_t)number, "topology/physical_package_id", 0),
                .throttles = HEAT_UNKNOWN, .throttled_ms = HEAT_UNKNOWN,
                .core_throttles = HEAT_UNKNOWN, .core_throttled_ms = HEAT_UNKNOWN,
                .khz = HEAT_UNKNOWN, .limit_khz = HEAT_UNKNOWN,
        };
        return heat->n == CPUS_MAX;
}

static void read_cpu(const CpuHeat *heat, HeatCpu *cpu)
{
        const Host *host = heat->host;
        uint32_t i = cpu->number;
        uint64_t count = cpu_value(host, i, "thermal_throttle/core_throttle_count", HEAT_UNKNOWN);

        if (count != HEAT_UNKNOWN) {
                cpu->counts = true;
                cpu->core_throttles = count;
                cpu->core_throttled_ms = cpu_value(
                        host, i, "thermal_throttle/core_throttle_total_time_ms", HEAT_UNKNOWN);
                cpu->throttles = cpu_value(host, i, "thermal_throttle/package_throttle_count",
                                           HEAT_UNKNOWN);
                cpu->throttled_ms = cpu_value(
                        host, i, "thermal_throttle/package_throttle_total_time_ms", HEAT_UNKNOWN);
        }
        cpu->limit_khz = cpu_value(host, i, "cpufreq/scaling_max_freq", HEAT_UNKNOWN);
        cpu->khz = HEAT_UNKNOWN;
        if (heat->calm && cpu->limit_khz != HEAT_UNKNOWN)
                cpu->khz = cpu_value(host, i, "cpufreq/scaling_cur_freq", HEAT_UNKNOWN);
}

int cpu_heat_new(const Host *host, CpuHeat **ret)
{
        CpuHeat *heat = calloc(1, sizeof *heat);
        char release[64];
        bool any = false;

        if (!heat)
                return -ENOMEM;
        heat->host = host;
        heat->calm = sysfs_text(host, "proc/sys/kernel/osrelease", release, sizeof release) > 0 &&
                     cpu_heat_release_is_calm(release);
        int r = host_list(host, CPUS, add_cpu, heat);
        for (size_t i = 0; r >= 0 && i < heat->n && !any; i++) {
                read_cpu(heat, &heat->cpus[i]);
                any = heat->cpus[i].counts || heat->cpus[i].limit_khz != HEAT_UNKNOWN;
        }
        if (r >= 0 && any) {
                *ret = heat;
                return 0;
        }
        cpu_heat_free(heat);
        return r == -ENOMEM ? r : -EOPNOTSUPP;
}

CpuHeat *cpu_heat_free(CpuHeat *heat)
{
        if (heat) {
                free(heat->cpus);
                free(heat);
        }
        return NULL;
}

void cpu_heat_read(CpuHeat *heat)
{
        for (size_t i = 0; i < CPUS_A_SAMPLE && i < heat->n; i++) {
                read_cpu(heat, &heat->cpus[heat->next]);
                heat->next = (heat->next + 1) % heat->n;
        }
}

static void take_sum(uint64_t *sum, uint64_t value)
{
        if (value != HEAT_UNKNOWN)
                *sum = *sum == HEAT_UNKNOWN ? value : *sum + value;
}

/* Each CPU counts what happened to its package: the one that saw most has it all. */
static void take_most(uint64_t *most, uint64_t value)
{
        if (value != HEAT_UNKNOWN && (*most == HEAT_UNKNOWN || value > *most))
                *most = value;
}

size_t cpu_heat_packages(const CpuHeat *heat, HeatPackage *packages)
{
        size_t n = 0;

        for (size_t i = 0; i < heat->n; i++) {
                const HeatCpu *cpu = &heat->cpus[i];
                size_t at = 0;
                if (!cpu->counts)
                        continue;
                while (at < n && packages[at].number != cpu->package)
                        at++;
                if (at == HEAT_PACKAGES_MAX)
                        continue;
                if (at == n)
                        packages[n++] = (HeatPackage){cpu->package, HEAT_UNKNOWN, HEAT_UNKNOWN,
                                                      HEAT_UNKNOWN, HEAT_UNKNOWN};
                take_most(&packages[at].throttles, cpu->throttles);
                take_most(&packages[at].throttled_ms, cpu->throttled_ms);
                take_sum(&packages[at].core_throttles, cpu->core_throttles);
                take_sum(&packages[at].core_throttled_ms, cpu->core_throttled_ms);
        }
        return n;
}

void cpu_heat_frequency(const CpuHeat *heat, HeatFrequency *ret)
{
        HeatFrequency f = {HEAT_UNKNOWN, HEAT_UNKNOWN, HEAT_UNKNOWN, HEAT_UNKNOWN};
        uint64_t sum_khz = 0, n = 0;

        for (size_t i = 0; i < heat->n; i++) {
                const HeatCpu *cpu = &heat->cpus[i];
                if (cpu->limit_khz != HEAT_UNKNOWN)
                        f.limit_hz = MIN(f.limit_hz, cpu->limit_khz * 1000);
                if (cpu->khz == HEAT_UNKNOWN)
                        continue;
                f.low_hz = MIN(f.low_hz, cpu->khz * 1000);
                take_most(&f.high_hz, cpu->khz * 1000);
                sum_khz += cpu->khz;
                n++;
        }
        if (n > 0)
                f.mean_hz = sum_khz / n * 1000;
        *ret = f;
}
