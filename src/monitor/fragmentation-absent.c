/* Built without libbpf, clang or bpftool. */
#include "monitor/fragmentation-counters.h"

#include <errno.h>
#include <stddef.h>

int fragmentation_counters_probe(const Host *host, Error *why)
{
        return error_set(why, EOPNOTSUPP, "built without bpf");
}

int fragmentation_counters_new(const Host *host, FragmentationCounters **ret, Error *err)
{
        return error_set(err, EOPNOTSUPP, "built without bpf");
}

FragmentationCounters *fragmentation_counters_free(FragmentationCounters *counters)
{
        return NULL;
}

const uint64_t *fragmentation_fallbacks(const FragmentationCounters *counters)
{
        return NULL;
}

const struct bpf_compaction *fragmentation_compactions(const FragmentationCounters *counters)
{
        return NULL;
}
