/* Children lie by their ends, so that the last one before a moment is found by halving. */
#include "model/chain.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/macros.h"

#define ROUNDING_NS ((int64_t)NS_PER_MS)
#define SOON_NS     ((int64_t)250 * (int64_t)NS_PER_MS)

enum { EXECS_MAX = 1000 };

typedef struct Walk {
        const ChainProcess *p;
        size_t n;
        uint32_t *from;  /* n + 1 */
        uint32_t *list;  /* children of i: list[from[i]] … by their ends */
        uint8_t *used;   /* with equal times, this keeps it from going round */
        ChainStep *steps;
        size_t n_steps, capacity;
        bool failed;
} Walk;

static int compare_ends(const void *a, const void *b, void *data)
{
        const ChainProcess *p = data;
        int64_t x = p[*(const uint32_t *)a].end_ns, y = p[*(const uint32_t *)b].end_ns;

        return (x > y) - (x < y);
}

static bool has_parent(const ChainProcess *p, size_t i)
{
        return p[i].parent >= 0 && (size_t)p[i].parent < i;
}

static int list_children(Walk *w)
{
        w->from = calloc(w->n + 2, sizeof *w->from);
        w->list = calloc(w->n + 1, sizeof *w->list);
        w->used = calloc(w->n, 1);
        if (!w->from || !w->list || !w->used)
                return -ENOMEM;
        /* from[i + 1] is where i's begin while they are put in, and where they end in the end. */
        for (size_t i = 0; i < w->n; i++)
                if (has_parent(w->p, i))
                        w->from[w->p[i].parent + 2]++;
        for (size_t i = 0; i < w->n; i++)
                w->from[i + 1] += w->from[i];
        for (size_t i = 0; i < w->n; i++)
                if (has_parent(w->p, i))
                        w->list[w->from[w->p[i].parent + 1]++] = (uint32_t)i;
        for (size_t i = 0; i < w->n; i++)
                if (w->from[i + 1] - w->from[i] > 1)
                        qsort_r(w->list + w->from[i], w->from[i + 1] - w->from[i], sizeof *w->list, compare_ends, (void *)w->p);
        return 0;
}

/* Behind the last child of `i` that ended at or before t. */
static uint32_t behind_last(const Walk *w, size_t i, int64_t t)
{
        uint32_t low = w->from[i], high = w->from[i + 1];

        while (low < high) {
                uint32_t middle = low + (high - low) / 2;
                if (w->p[w->list[middle]].end_ns <= t + ROUNDING_NS)
                        low = middle + 1;
                else
                        high = middle;
        }
        return low;
}

/* A family that is killed does not end in order: who ended soonest after its parent, but soon. -1: none. */
static int64_t alive_at_end(const Walk *w, size_t i, int64_t t)
{
        for (uint32_t k = behind_last(w, i, t); k < w->from[i + 1]; k++) {
                const ChainProcess *child = &w->p[w->list[k]];
                if (child->end_ns > t + SOON_NS)
                        break;
                if (child->start_ns < t)
                        return w->list[k];
        }
        return -1;
}

static int64_t last_child(const Walk *w, size_t i, int64_t t)
{
        uint32_t k = behind_last(w, i, t);

        while (k > w->from[i] && w->used[w->list[k - 1]])
                k--;
        return k > w->from[i] ? (int64_t)w->list[k - 1] : -1;
}

/* The row that this process was before it became another program; -1: none. */
static int64_t image_before(const Walk *w, size_t at)
{
        for (size_t i = 0; i < w->n; i++)
                if (i != at && w->p[i].pid == w->p[at].pid && w->p[i].start_ns < w->p[at].start_ns &&
                    llabs(w->p[i].end_ns - w->p[at].start_ns) <= ROUNDING_NS)
                        return (int64_t)i;
        return -1;
}

/* The row that this process became by its last exec, where execs are not too many: its end is the family's. */
static size_t last_image(const Walk *w, size_t at)
{
        for (unsigned execs = 0; execs < EXECS_MAX; execs++) {
                size_t i = 0;
                while (i < w->n && !(w->p[i].pid == w->p[at].pid && w->p[i].start_ns > w->p[at].start_ns &&
                                     llabs(w->p[i].start_ns - w->p[at].end_ns) <= ROUNDING_NS))
                        i++;
                if (i == w->n)
                        break;
                at = i;
        }
        return at;
}

/* Steps are made from the last to the first. */
static void add_step(Walk *w, size_t process, int64_t from_ns, int64_t to_ns)
{
        ChainStep *last = w->n_steps > 0 ? &w->steps[w->n_steps - 1] : NULL;

        if (to_ns <= from_ns)
                return;
        if (last && last->process == process && last->from_ns == to_ns) {
                last->from_ns = from_ns;
                return;
        }
        if (w->n_steps == w->capacity) {
                size_t capacity = MAX(w->capacity * 2, (size_t)256);
                ChainStep *steps = realloc(w->steps, capacity * sizeof *steps);
                if (!steps) {
                        w->failed = true;
                        return;
                }
                w->steps = steps;
                w->capacity = capacity;
        }
        w->steps[w->n_steps++] = (ChainStep){(uint32_t)process, from_ns, to_ns};
}

static size_t root_of(const Walk *w)
{
        size_t root = w->n;

        for (size_t i = 0; i < w->n; i++)
                if (!has_parent(w->p, i) &&
                    (root == w->n || w->p[i].end_ns - w->p[i].start_ns > w->p[root].end_ns - w->p[root].start_ns))
                        root = i;
        return root;
}

static void walk(Walk *w)
{
        const size_t root = last_image(w, root_of(w));
        size_t at = root;
        int64_t t = w->p[at].end_ns;

        /* Each turn goes back in time, or up. */
        for (bool entered = true; !w->failed;) {
                const int64_t alive = entered ? alive_at_end(w, at, t) : -1;
                const int64_t child = alive >= 0 ? alive : last_child(w, at, t);
                if (child >= 0 && w->p[child].end_ns > w->p[at].start_ns && !w->used[child]) {
                        w->used[child] = 1;
                        add_step(w, at, w->p[child].end_ns, t);
                        t = MIN(t, w->p[child].end_ns);
                        at = (size_t)child;
                        entered = true;
                        continue;
                }
                add_step(w, at, w->p[at].start_ns, t);
                t = MIN(t, w->p[at].start_ns);
                int64_t above = at == root || !has_parent(w->p, at) ? image_before(w, at) : w->p[at].parent;
                if (above < 0 || (above > (int64_t)at && at != root))
                        break;
                if (at == root && w->used[above])
                        break;
                if (at == root)
                        w->used[above] = 1;
                at = (size_t)above;
                entered = false;
        }
}

int chain_find(const ChainProcess *processes, size_t n, ChainStep **ret, size_t *ret_n)
{
        Walk w = {.p = processes, .n = n};
        int r = 0;

        *ret = NULL;
        *ret_n = 0;
        if (n == 0)
                return 0;
        r = list_children(&w);
        if (r == 0)
                walk(&w);
        free(w.from);
        free(w.list);
        free(w.used);
        if (r < 0 || w.failed) {
                free(w.steps);
                return -ENOMEM;
        }
        for (size_t i = 0; i < w.n_steps / 2; i++) {
                ChainStep step = w.steps[i];
                w.steps[i] = w.steps[w.n_steps - 1 - i];
                w.steps[w.n_steps - 1 - i] = step;
        }
        *ret = w.steps;
        *ret_n = w.n_steps;
        return 0;
}
