/* Equal steps through a run, its beginning where that is wanted, and its end. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

typedef struct Moments {
        int64_t step_ns, end_ns;
        int64_t t_ns; /* the moment; before the first: 0 */
        int64_t first_ns; /* still to come: the beginning; 0: it is not wanted, or over */
        bool ended;
} Moments;

static inline Moments moments_make(uint64_t step_ns, int64_t end_ns)
{
        return (Moments){(int64_t)step_ns, end_ns > 0 ? end_ns : 0, 0, 0, false};
}

/* With a moment soon after the beginning, when all that is sampled was so once: what counters are compared with. None in
 * a run that is hardly longer. */
static inline Moments moments_make_with_first(uint64_t step_ns, int64_t end_ns)
{
        Moments m = moments_make(step_ns, end_ns);
        int64_t half_ns = m.step_ns / 2, first_ns = half_ns < 500000000 ? half_ns : 500000000;

        m.first_ns = m.end_ns > 2 * first_ns ? first_ns : 0;
        return m;
}

/* The next one: step, 2 × step, … and the end, once. */
static inline bool moments_next(Moments *m)
{
        if (m->ended)
                return false;
        int64_t whole_ns = m->t_ns - m->t_ns % m->step_ns;
        if (m->first_ns > 0) {
                m->t_ns = m->first_ns;
                m->first_ns = 0;
        } else if (m->end_ns - whole_ns <= m->step_ns) {
                m->t_ns = m->end_ns;
                m->ended = true;
        } else {
                m->t_ns = whole_ns + m->step_ns;
        }
        return true;
}
