/* A point at least every 5 s / 16; the oldest is the last one that is 10 s old. */
#include "detect/window.h"

#include <string.h>

#include "base/clock.h"

bool window_add(Window *w, int64_t t_ns, double part, double whole, double *ret)
{
        const int64_t span_ns = WINDOW_SECONDS * (int64_t)NS_PER_SECOND;
        size_t old = 0;

        if (w->n > 0 && (part < w->points[w->n - 1].part || whole < w->points[w->n - 1].whole || t_ns < w->points[w->n - 1].t_ns))
                w->n = 0;
        while (old + 1 < w->n && t_ns - w->points[old + 1].t_ns >= span_ns)
                old++;
        if (old > 0)
                memmove(w->points, w->points + old, (w->n - old) * sizeof *w->points);
        w->n -= old;
        const WindowPoint *first = &w->points[0];
        bool known = w->n > 0 && t_ns - first->t_ns >= span_ns && whole > first->whole;
        if (known)
                *ret = (part - first->part) / (whole - first->whole);
        if (w->n == 0 || (w->n < WINDOW_POINTS && t_ns - w->points[w->n - 1].t_ns >= span_ns / (WINDOW_POINTS / 2)))
                w->points[w->n++] = (WindowPoint){t_ns, part, whole};
        return known;
}
