/* Student's t of what was added from stretch to stretch; the level of a stretch is its lower quartile. */
#include "detect/leak-lumps.h"

#include <math.h>
#include <string.h>

#include "base/macros.h"
#include "detect/trend.h"
#include "model/statistics.h"

enum { STRETCHES = 12, STRETCHES_LEAST = 7, POINTS_EACH = 3 };

typedef struct Levels {
        double t[STRETCHES], y[STRETCHES];
        size_t n;
} Levels;

/* Of equal numbers of points: where samples are missing, nothing is known of what was added. */
static Levels find_levels(const LeakPoints *p)
{
        Levels levels = {.n = MIN(p->n / POINTS_EACH, (size_t)STRETCHES)};
        double room[TREND_POINTS];

        for (size_t k = 0; k < levels.n; k++) {
                size_t from = k * p->n / levels.n, to = (k + 1) * p->n / levels.n;
                memcpy(room, p->y + from, (to - from) * sizeof *room);
                levels.y[k] = trend_select(room, to - from, (to - from - 1) / 4);
                levels.t[k] = (p->t[from] + p->t[to - 1]) / 2;
        }
        return levels;
}

static double deepest_fall(const Levels *l)
{
        double high = l->y[0], fell = 0;

        for (size_t k = 1; k < l->n; k++) {
                high = MAX(high, l->y[k]);
                fell = MAX(fell, high - l->y[k]);
        }
        return fell;
}

LeakLumps leak_lumps(const LeakPoints *points)
{
        const Levels l = find_levels(points);
        double added[STRETCHES], zero = 0, one = 0, m = (double)l.n - 1;
        LeakLumps lumps = {.p = 1};

        if (l.n < STRETCHES_LEAST)
                return lumps;
        double grew = l.y[l.n - 1] - l.y[0], time = l.t[l.n - 1] - l.t[0];
        for (size_t k = 0; k + 1 < l.n; k++)
                added[k] = l.y[k + 1] - l.y[k] - grew * (l.t[k + 1] - l.t[k]) / time;
        for (size_t k = 0; k + 1 < l.n; k++) {
                zero += added[k] * added[k] / (m - 1);
                if (k > 0)
                        one += added[k] * added[k - 1] / (m - 1);
        }
        size_t third = l.n - 1 - l.n / 3;
        double spread = sqrt(zero * m);
        lumps.n = l.n - 1;
        lumps.rate = grew / time;
        lumps.reach = student_quantile(0.975, m - 1) * spread / time;
        lumps.p = spread > 0 ? 2 * student_tail(fabs(grew) / spread, m - 1) : grew != 0 ? 0 : 1;
        lumps.end = (l.y[l.n - 1] - l.y[third]) / (l.t[l.n - 1] - l.t[third]);
        lumps.fell = grew > 0 ? deepest_fall(&l) / grew : INFINITY;
        lumps.wanders = one > -zero / 4;
        return lumps;
}
