/* Every other point is let go when there is room for no more. */
#include "detect/growth.h"

#include "base/clock.h"
#include "base/macros.h"
#include "detect/things.h"

static void thin_out(Growth *g)
{
        size_t n = 0;

        for (size_t i = 0; i < g->n; i += 2)
                g->points[n++] = g->points[i];
        g->n = n;
        g->least_ns = MAX(g->least_ns * 2, (g->points[n - 1].t_ns - g->points[0].t_ns) / (GROWTH_POINTS / 2));
}

void growth_add(Growth *g, int64_t t_ns, double value)
{
        if (g->n > 0 && t_ns <= g->points[g->n - 1].t_ns)
                return;
        if (g->n > 0 && value < g->last)
                g->offset += g->last;
        g->last = value;
        /* The newest is moved on until it is far enough from the one before. */
        if (g->n >= 2 && t_ns - g->points[g->n - 2].t_ns < g->least_ns)
                g->n--;
        if (g->n > GROWTH_POINTS)
                thin_out(g);
        g->points[g->n].t_ns = t_ns;
        g->points[g->n++].value = g->offset + value;
}

static double value_at(const Growth *g, int64_t t_ns)
{
        size_t low = 0, high = g->n - 1;

        if (t_ns <= g->points[0].t_ns)
                return g->points[0].value;
        if (t_ns >= g->points[high].t_ns)
                return g->points[high].value;
        while (high - low > 1) {
                size_t middle = (low + high) / 2;
                if (g->points[middle].t_ns <= t_ns)
                        low = middle;
                else
                        high = middle;
        }
        double part = (double)(t_ns - g->points[low].t_ns) / (double)(g->points[high].t_ns - g->points[low].t_ns);
        return g->points[low].value + (g->points[high].value - g->points[low].value) * part;
}

double growth_between(const Growth *g, int64_t from_ns, int64_t to_ns)
{
        return g->n < 2 || to_ns <= from_ns ? 0 : value_at(g, to_ns) - value_at(g, from_ns);
}

void growth_add_rows(Growth *g, const Batch *rows, const char *column)
{
        Cells at = cells_find(rows, "t_ns"), cells = cells_find(rows, column);

        for (size_t row = 0; row < batch_rows(rows); row++) {
                int64_t t_ns;
                double value;
                if (row_time(rows, at, row, &t_ns) && row_number(rows, cells, row, &value))
                        growth_add(g, t_ns, value);
        }
}
