/* The texts of the whole machine on any bytes: /proc/stat, loadavg, pressure, limits, cpuinfo, /proc/sys. The
 * text is copied to its exact size so that a read past its end is seen. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "host/cpu-model.h"
#include "host/kernel-stat.h"
#include "host/pressure-text.h"
#include "host/proc-limits.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void parse(const char *text, size_t size)
{
        const char *at = text, *end = text + size, *before;
        KernelStat stat;
        LoadAverage load;
        Pressure pressure;
        CpuTimes times;
        uint64_t soft, hard, numbers[3];
        uint32_t cpu;
        char model[32];

        if (kernel_stat_parse(text, size, &stat) == 0 &&
            stat.total.ticks[CPU_IDLE] == KERNEL_STAT_UNKNOWN)
                abort();
        for (before = at; kernel_stat_next_cpu(&at, end, &cpu, &times); before = at)
                if (at <= before || at > end || cpu == UINT32_MAX)
                        abort();
        if (load_average_parse(text, size, &load) == 0 && load.load_1m != load.load_1m)
                abort();
        if (pressure_parse(text, size, &pressure) == 0 && !pressure.some.known &&
            !pressure.full.known)
                abort();
        proc_limit_parse(text, size, "Max processes", &soft, &hard);
        proc_limit_parse(text, size, "Max open files", &soft, NULL);
        sysctl_parse(text, size, numbers, 3);
        if (cpu_model_parse(text, size, model, sizeof model) == 0 && (!model[0] || strlen(model) >= sizeof model))
                abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        char *text = malloc(size ? size : 1);

        if (!text)
                return 0;
        if (size)
                memcpy(text, data, size);
        parse(text, size);
        free(text);
        return 0;
}
