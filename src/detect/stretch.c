/* The run in a thousand buckets; those with few cores busy that touch, or nearly, are one stretch. */
#include "detect/stretch.h"

#include "base/clock.h"
#include "base/macros.h"

enum { BUCKETS = 1000 };
#define LEAST_PART  0.03
#define BRIDGE_PART 0.01

/* At most so many busy is few: one, and on big machines an eighth. */
static double few_cores(unsigned cores)
{
        return MAX(1.3, cores / 8.0);
}

static bool few(const Growth *use, double from_ns, double to_ns, double limit)
{
        return growth_between(use, (int64_t)from_ns, (int64_t)to_ns) * 1e3 <= limit * (to_ns - from_ns);
}

size_t stretches_find(const Growth *use, int64_t duration_ns, unsigned cores, Stretch ret[STRETCHES_MAX])
{
        const double duration = (double)duration_ns, width = duration / BUCKETS, limit = few_cores(cores);
        struct {
                double from, to;
        } found[BUCKETS];
        size_t n = 0, kept = 0;

        if (cores < 2 || duration_ns <= 0 || use->n < 2)
                return 0;
        for (unsigned k = 0; k < BUCKETS; k++) {
                double from = k * width, to = k == BUCKETS - 1 ? duration : from + width;
                if (!few(use, from, to, limit))
                        continue;
                /* A short burst between two such stretches does not part them, if both with it are still few. */
                if (n > 0 && from - found[n - 1].to <= duration * BRIDGE_PART + width / 2 && few(use, found[n - 1].from, to, limit)) {
                        found[n - 1].to = to;
                } else {
                        found[n].from = from;
                        found[n++].to = to;
                }
        }
        for (size_t i = 0; i < n && kept < STRETCHES_MAX; i++) {
                double length = found[i].to - found[i].from;
                if (length < MAX(duration * LEAST_PART, (double)(100 * NS_PER_MS)))
                        continue;
                ret[kept] = (Stretch){.from_ns = (int64_t)found[i].from, .to_ns = (int64_t)found[i].to, .tail = found[i].to >= duration * 0.99};
                ret[kept].cores = growth_between(use, ret[kept].from_ns, ret[kept].to_ns) * 1e3 / length;
                kept++;
        }
        return kept;
}
