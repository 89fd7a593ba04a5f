/* Buckets that double: a day costs what a minute costs. */
#include "detect/trend-series.h"

#include <errno.h>
#include <stdlib.h>

#include "base/macros.h"

void trend_series_init(TrendSeries *series, uint64_t hold_ns)
{
        *series = (TrendSeries){.hold_ns = hold_ns, .width_ns = TREND_WIDTH_LEAST_NS};
}

void trend_series_done(TrendSeries *series)
{
        free(series->buckets);
        trend_series_init(series, series->hold_ns);
}

void trend_series_clear(TrendSeries *series)
{
        series->n = 0;
        series->seen = 0;
        series->width_ns = TREND_WIDTH_LEAST_NS;
}

static bool is_known(const TrendBucket *b)
{
        return b->low <= b->high;
}

static TrendBucket merged(const TrendBucket *a, const TrendBucket *b)
{
        if (!is_known(a) || !is_known(b)) {
                TrendBucket one = is_known(a) ? *a : *b;
                one.weight /= 2;
                return one;
        }
        float weight = a->weight + b->weight;
        return (TrendBucket){
                .low = MIN(a->low, b->low),
                .high = MAX(a->high, b->high),
                .mean = weight > 0 ? (a->mean * a->weight + b->mean * b->weight) / weight : (a->mean + b->mean) / 2,
                .weight = weight / 2,
        };
}

static const TrendBucket unknown = {.low = 1, .high = -1};

static void halve(TrendSeries *s)
{
        size_t n = (s->n + 1) / 2;

        for (size_t i = 0; i < n; i++)
                s->buckets[i] = merged(&s->buckets[2 * i], 2 * i + 1 < s->n ? &s->buckets[2 * i + 1] : &unknown);
        s->n = n;
        s->width_ns *= 2;
}

/* Makes the bucket of that time exist. */
static int reach(TrendSeries *s, int64_t t_ns, size_t *ret)
{
        uint64_t at = (uint64_t)(t_ns - s->start_ns);

        while (at / s->width_ns >= TREND_POINTS)
                halve(s);
        size_t i = at / s->width_ns;
        if (i >= s->capacity) {
                size_t capacity = MIN(MAX(s->capacity * 2, i + 1), (size_t)TREND_POINTS);
                TrendBucket *buckets = realloc(s->buckets, capacity * sizeof *buckets);
                if (!buckets)
                        return -ENOMEM;
                s->buckets = buckets;
                s->capacity = capacity;
        }
        for (; s->n <= i; s->n++)
                s->buckets[s->n] = unknown;
        *ret = i;
        return 0;
}

static void tell(TrendBucket *b, double level, double weight)
{
        float value = (float)level;

        if (!is_known(b)) {
                *b = (TrendBucket){value, value, value, (float)weight};
                return;
        }
        b->low = MIN(b->low, value);
        b->high = MAX(b->high, value);
        double sum = (double)b->weight + weight;
        if (sum > 0)
                b->mean = (float)(((double)b->mean * (double)b->weight + level * weight) / sum);
        b->weight = (float)sum;
}

/* The last level until t_ns: at most TREND_POINTS buckets, for they are made wide enough first. */
static int hold(TrendSeries *s, int64_t t_ns)
{
        int64_t until = MIN(t_ns, s->last_ns + (int64_t)s->hold_ns);
        size_t last;
        int r = until > s->last_ns ? reach(s, until, &last) : 1;

        if (r != 0)
                return MIN(r, 0);
        for (int64_t from = s->last_ns; from < until;) {
                size_t i = (uint64_t)(from - s->start_ns) / s->width_ns;
                int64_t to = MIN(until, s->start_ns + (int64_t)((i + 1) * s->width_ns));
                tell(&s->buckets[i], s->last, (double)(to - from) / (double)s->width_ns);
                from = to;
        }
        return 0;
}

int trend_series_add(TrendSeries *series, int64_t t_ns, double level)
{
        size_t i;
        int r = 0;

        if (series->seen == 0)
                series->start_ns = t_ns;
        else
                t_ns = MAX(t_ns, series->last_ns);
        if (series->seen > 0 && series->hold_ns > 0)
                r = hold(series, t_ns);
        if (r == 0)
                r = reach(series, t_ns, &i);
        if (r < 0)
                return r;
        tell(&series->buckets[i], level, series->hold_ns > 0 ? 0 : 1);
        series->last = level;
        series->last_ns = t_ns;
        series->seen++;
        return 0;
}

int trend_series_finish(TrendSeries *series, int64_t end_ns)
{
        if (series->seen == 0 || series->hold_ns == 0 || end_ns <= series->last_ns)
                return 0;
        int r = hold(series, end_ns);
        if (r == 0)
                series->last_ns = MIN(end_ns, series->last_ns + (int64_t)series->hold_ns);
        return r;
}

size_t trend_series_points(const TrendSeries *series, double *t_min, double *low, double *high, double *mean)
{
        size_t n = 0;

        for (size_t i = 0; i < series->n; i++) {
                const TrendBucket *b = &series->buckets[i];
                /* The last one, begun only, would weigh as much as a whole one. */
                if (!is_known(b) || (i + 1 == series->n && i > 0 && series->hold_ns > 0 && b->weight < 0.5f))
                        continue;
                if (t_min)
                        t_min[n] = ((double)i + 0.5) * (double)series->width_ns / 60e9;
                if (low)
                        low[n] = (double)b->low;
                if (high)
                        high[n] = (double)b->high;
                if (mean)
                        mean[n] = (double)b->mean;
                n++;
        }
        return n;
}
