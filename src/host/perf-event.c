/* Generic events by table; what else a name may be. include/uapi/linux/perf_event.h. */
#include "host/perf-event.h"

#include <errno.h>
#include <linux/perf_event.h>
#include <stdio.h>
#include <string.h>

#include "base/macros.h"
#include "base/text.h"
#include "host/sysfs-value.h"
#include "host/tracefs.h"

typedef struct Generic {
        const char *name;
        uint32_t type;
        uint64_t config;
        bool in_kernel;
} Generic;

#define SOFTWARE(name, config) {name, PERF_TYPE_SOFTWARE, PERF_COUNT_SW_##config, false}
#define SWITCHING(name, config) {name, PERF_TYPE_SOFTWARE, PERF_COUNT_SW_##config, true}
#define HARDWARE(name, config) {name, PERF_TYPE_HARDWARE, PERF_COUNT_HW_##config, false}

static const Generic generics[] = {
        SOFTWARE("task-clock", TASK_CLOCK),
        SOFTWARE("cpu-clock", CPU_CLOCK),
        SOFTWARE("page-faults", PAGE_FAULTS),
        SOFTWARE("faults", PAGE_FAULTS),
        SOFTWARE("minor-faults", PAGE_FAULTS_MIN),
        SOFTWARE("major-faults", PAGE_FAULTS_MAJ),
        SOFTWARE("alignment-faults", ALIGNMENT_FAULTS),
        SOFTWARE("emulation-faults", EMULATION_FAULTS),
        SWITCHING("context-switches", CONTEXT_SWITCHES),
        SWITCHING("cs", CONTEXT_SWITCHES),
        SWITCHING("cpu-migrations", CPU_MIGRATIONS),
        SWITCHING("migrations", CPU_MIGRATIONS),
        HARDWARE("cycles", CPU_CYCLES),
        HARDWARE("cpu-cycles", CPU_CYCLES),
        HARDWARE("instructions", INSTRUCTIONS),
        HARDWARE("cache-references", CACHE_REFERENCES),
        HARDWARE("cache-misses", CACHE_MISSES),
        HARDWARE("branches", BRANCH_INSTRUCTIONS),
        HARDWARE("branch-instructions", BRANCH_INSTRUCTIONS),
        HARDWARE("branch-misses", BRANCH_MISSES),
        HARDWARE("bus-cycles", BUS_CYCLES),
        HARDWARE("stalled-cycles-frontend", STALLED_CYCLES_FRONTEND),
        HARDWARE("stalled-cycles-backend", STALLED_CYCLES_BACKEND),
        HARDWARE("ref-cycles", REF_CPU_CYCLES),
};

/* "L1-dcache" and "-load-misses". */
static bool find_cache(const char *name, PerfEvent *ret)
{
        static const char *const caches[] = {
                [PERF_COUNT_HW_CACHE_L1D] = "L1-dcache", [PERF_COUNT_HW_CACHE_L1I] = "L1-icache",
                [PERF_COUNT_HW_CACHE_LL] = "LLC",        [PERF_COUNT_HW_CACHE_DTLB] = "dTLB",
                [PERF_COUNT_HW_CACHE_ITLB] = "iTLB",     [PERF_COUNT_HW_CACHE_BPU] = "branch",
                [PERF_COUNT_HW_CACHE_NODE] = "node",
        };
        static const struct {
                const char *name;
                unsigned operation, result;
        } operations[] = {
                {"-loads", PERF_COUNT_HW_CACHE_OP_READ, PERF_COUNT_HW_CACHE_RESULT_ACCESS},
                {"-load-misses", PERF_COUNT_HW_CACHE_OP_READ, PERF_COUNT_HW_CACHE_RESULT_MISS},
                {"-stores", PERF_COUNT_HW_CACHE_OP_WRITE, PERF_COUNT_HW_CACHE_RESULT_ACCESS},
                {"-store-misses", PERF_COUNT_HW_CACHE_OP_WRITE, PERF_COUNT_HW_CACHE_RESULT_MISS},
                {"-prefetches", PERF_COUNT_HW_CACHE_OP_PREFETCH, PERF_COUNT_HW_CACHE_RESULT_ACCESS},
                {"-prefetch-misses", PERF_COUNT_HW_CACHE_OP_PREFETCH, PERF_COUNT_HW_CACHE_RESULT_MISS},
        };

        for (size_t i = 0; i < ARRAY_LENGTH(caches); i++) {
                if (!text_starts_with(name, caches[i]))
                        continue;
                const char *rest = name + strlen(caches[i]);
                for (size_t j = 0; j < ARRAY_LENGTH(operations); j++) {
                        if (!text_equal(rest, operations[j].name))
                                continue;
                        ret->type = PERF_TYPE_HW_CACHE;
                        ret->config[0] = i | operations[j].operation << 8 | operations[j].result << 16;
                        return true;
                }
        }
        return false;
}

bool perf_event_generic(const char *name, PerfEvent *ret)
{
        for (size_t i = 0; i < ARRAY_LENGTH(generics); i++) {
                if (!text_equal(name, generics[i].name))
                        continue;
                ret->type = generics[i].type;
                ret->config[0] = generics[i].config;
                ret->in_kernel = generics[i].in_kernel;
                if (text_ends_with(generics[i].name, "-clock"))
                        text_copy(ret->unit, sizeof ret->unit, "ns");
                return true;
        }
        if (name[0] == 'r' && !strpbrk(name, "xX") &&
            sysfs_parse_hex(name + 1, strlen(name + 1), &ret->config[0]) == 0) {
                ret->type = PERF_TYPE_RAW;
                return true;
        }
        return find_cache(name, ret);
}

static bool take_modifiers(const char *text, PerfEvent *event)
{
        bool user = false, kernel = false;

        if (!text[0])
                return false;
        for (; *text; text++) {
                if (*text != 'u' && *text != 'k')
                        return false;
                user |= *text == 'u';
                kernel |= *text == 'k';
        }
        event->user_only = user && !kernel;
        event->kernel_only = kernel && !user;
        return true;
}

static int find_unit(const Host *host, char *name, PerfEvent *event, Error *why)
{
        char *terms = strchr(name, '/');
        char *end = strrchr(name, '/');

        *terms++ = '\0';
        if (end < terms)
                return error_set(why, EINVAL, "perf: %s has no second '/'; expected unit/event/",
                                 event->name);
        *end = '\0';
        const char *modifiers = end[1] == ':' ? end + 2 : end + 1;
        if (*modifiers && !take_modifiers(modifiers, event))
                return error_set(why, EINVAL, "perf: %s: only u and k can be behind an event",
                                 event->name);
        return perf_event_of_unit(host, name, terms, event, why);
}

int perf_event_find(const Host *host, const char *text, PerfEvent *ret, Error *why, Error *fix)
{
        PerfEvent event = {.scale = 1};
        char name[PERF_NAME_MAX];
        int r = 0;

        if (!text_copy(event.name, sizeof event.name, text))
                return error_set(why, EINVAL, "perf: the name of an event has %d bytes at most",
                                 PERF_NAME_MAX - 1);
        text_copy(name, sizeof name, text);
        char *colon = strrchr(name, ':');
        if (strchr(name, '/')) {
                r = find_unit(host, name, &event, why);
        } else {
                if (colon && take_modifiers(colon + 1, &event))
                        *colon = '\0';
                if (perf_event_generic(name, &event)) {
                        r = 0;
                } else if (strchr(name, ':')) {
                        *strchr(name, ':') = '/';
                        event.type = PERF_TYPE_TRACEPOINT;
                        event.in_kernel = true;
                        r = tracefs_event_id(host, name, &event.config[0], why, fix);
                } else {
                        r = error_set(why, EINVAL, "perf: there is no event %s; expected one of "
                                                   "perf list", event.name);
                }
        }
        if (r == 0)
                *ret = event;
        return r;
}

/* The unit's number goes into the upper half (PERF_PMU_TYPE_SHIFT; Linux 5.13). */
size_t perf_event_by_core(const Host *host, const PerfEvent *event, PerfEvent ret[2])
{
        static const char *const units[] = {"cpu_core", "cpu_atom"};
        uint64_t types[2];
        char path[96];

        ret[0] = *event;
        if (event->type != PERF_TYPE_HARDWARE && event->type != PERF_TYPE_HW_CACHE)
                return 1;
        for (size_t i = 0; i < 2; i++) {
                snprintf(path, sizeof path, "sys/bus/event_source/devices/%s/type", units[i]);
                if (sysfs_u64(host, path, &types[i]) < 0 || types[i] > UINT32_MAX)
                        return 1;
        }
        for (size_t i = 0; i < 2; i++) {
                ret[i] = *event;
                ret[i].config[0] |= types[i] << 32;
                snprintf(ret[i].name, sizeof ret[i].name, "%s/%.80s/", units[i], event->name);
        }
        return 2;
}
