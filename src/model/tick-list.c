/* Three arrays, and a place in them that only goes on. */
#include "model/tick-list.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>

#include "base/macros.h"

void tick_list_done(TickList *list)
{
        free(list->t_ns);
        free(list->bytes);
        free(list->looked);
        *list = (TickList){0};
}

int tick_list_add(TickList *list, int64_t t_ns, double bytes, bool looked)
{
        if (list->n >= TICK_LIST_MAX || (list->n > 0 && t_ns <= list->t_ns[list->n - 1]))
                return 0;
        if (list->n == list->capacity) {
                size_t capacity = MAX(list->capacity * 2, (size_t)1024);
                int64_t *t = realloc(list->t_ns, capacity * sizeof *t);
                if (!t)
                        return -ENOMEM;
                list->t_ns = t;
                float *b = realloc(list->bytes, capacity * sizeof *b);
                if (!b)
                        return -ENOMEM;
                list->bytes = b;
                bool *l = realloc(list->looked, capacity * sizeof *l);
                if (!l)
                        return -ENOMEM;
                list->looked = l;
                list->capacity = capacity;
        }
        list->t_ns[list->n] = t_ns;
        list->looked[list->n] = looked;
        list->bytes[list->n++] = (float)bytes;
        return 0;
}

int64_t tick_list_after(TickList *list, int64_t t_ns)
{
        while (list->next < list->n && list->t_ns[list->next] <= t_ns)
                list->next++;
        return list->next < list->n ? list->t_ns[list->next] : INT64_MAX;
}

static bool is_tick(TickList *list, int64_t t_ns)
{
        tick_list_after(list, t_ns);
        return list->next > 0 && list->t_ns[list->next - 1] == t_ns;
}

double tick_list_bytes(TickList *list, int64_t t_ns)
{
        return is_tick(list, t_ns) ? (double)list->bytes[list->next - 1] : (double)NAN;
}

bool tick_list_looked(TickList *list, int64_t t_ns)
{
        return !is_tick(list, t_ns) || list->looked[list->next - 1];
}
