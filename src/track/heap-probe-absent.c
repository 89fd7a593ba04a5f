/* Built without libbpf. */
#include <errno.h>

#include "track/heap-probe.h"

int heap_probe_possible(Error *why)
{
        return error_set(why, EOPNOTSUPP, "this vigia was built without libbpf");
}

int heap_probe_new(pid_t pid, const char *library, HeapProbe **ret, Error *err)
{
        return heap_probe_possible(err);
}

HeapProbe *heap_probe_free(HeapProbe *probe)
{
        return NULL;
}

int heap_probe_sample(HeapProbe *probe, unsigned shift)
{
        return -EOPNOTSUPP;
}

void heap_probe_counters(const HeapProbe *probe, uint64_t *ret_calls, uint64_t *ret_missed)
{
        *ret_calls = *ret_missed = 0;
}

void heap_probe_set_texts(HeapProbe *probe, const struct heap_texts *texts)
{
}

void heap_probe_drain(HeapProbe *probe, void (*fn)(uint64_t key, const struct heap_snippet *snippet, void *data), void *data)
{
}

int heap_probe_each(const HeapProbe *probe, int (*fn)(const HeapPlace *place, void *data), void *data)
{
        return -EOPNOTSUPP;
}
