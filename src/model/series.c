/* Folding pairs of slots keeps maxima (or sums) exact at every width. */
#include "model/series.h"

#include <string.h>

#include "base/clock.h"
#include "base/macros.h"

void series_init(Series *s, bool amounts)
{
        *s = (Series){.width_ns = NS_PER_MS, .amounts = amounts};
}

static void fold(Series *s)
{
        for (size_t i = 0; i < SERIES_SLOTS / 2; i++) {
                double a = s->slots[2 * i], b = s->slots[2 * i + 1];
                s->slots[i] = s->amounts ? a + b : MAX(a, b);
        }
        memset(s->slots + SERIES_SLOTS / 2, 0, sizeof s->slots / 2);
        s->width_ns *= 2;
}

void series_add(Series *s, int64_t from_ns, int64_t to_ns, double value)
{
        uint64_t to = to_ns > 0 ? (uint64_t)to_ns : 0;
        uint64_t from = from_ns > 0 ? MIN((uint64_t)from_ns, to) : 0;

        while (to / s->width_ns >= SERIES_SLOTS)
                fold(s);
        s->end_ns = MAX(s->end_ns, to);
        size_t first = from / s->width_ns, last = to / s->width_ns;
        for (size_t i = first; i <= last; i++) {
                if (!s->amounts) {
                        s->slots[i] = MAX(s->slots[i], value);
                        continue;
                }
                uint64_t start = MAX(from, i * s->width_ns), end = MIN(to, (i + 1) * s->width_ns);
                s->slots[i] += to == from ? value : value * (double)(end - start) / (double)(to - from);
        }
}

bool series_columns(const Series *s, uint64_t span_ns, size_t n, double *ret)
{
        double span = (double)(span_ns ? span_ns : s->end_ns), width = (double)s->width_ns;

        if (s->end_ns == 0 || n == 0)
                return false;
        for (size_t i = 0; i < n; i++) {
                double from = span * (double)i / (double)n, to = span * (double)(i + 1) / (double)n;
                double sum = 0, highest = 0;
                for (size_t k = (size_t)MIN(from / width, (double)SERIES_SLOTS);
                     k < SERIES_SLOTS && (double)k * width < to; k++) {
                        double start = MAX(from, (double)k * width);
                        double end = MIN(to, (double)(k + 1) * width);
                        sum += s->slots[k] * (end - start) / width;
                        highest = MAX(highest, s->slots[k]);
                }
                ret[i] = s->amounts ? sum / ((to - from) / (double)NS_PER_SECOND) : highest;
        }
        return true;
}

uint64_t series_tail_under(const Series *s, uint64_t span_ns, double per_second)
{
        uint64_t span = span_ns ? span_ns : s->end_ns;
        double limit = per_second * (double)s->width_ns / (double)NS_PER_SECOND;
        size_t slot = MIN(span / s->width_ns + 1, (uint64_t)SERIES_SLOTS);

        if (s->end_ns == 0)
                return 0;
        while (slot > 0 && s->slots[slot - 1] <= limit)
                slot--;
        return span > slot * s->width_ns ? span - slot * s->width_ns : 0;
}
