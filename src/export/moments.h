/* Equal steps through a run, and its end. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

typedef struct Moments {
        int64_t step_ns, end_ns;
        int64_t t_ns; /* the moment; before the first: 0 */
        bool ended;
} Moments;

static inline Moments moments_make(uint64_t step_ns, int64_t end_ns)
{
        return (Moments){(int64_t)step_ns, end_ns > 0 ? end_ns : 0, 0, false};
}

/* The next one: step, 2 × step, … and the end, once. */
static inline bool moments_next(Moments *m)
{
        if (m->ended)
                return false;
        if (m->end_ns - m->t_ns <= m->step_ns) {
                m->t_ns = m->end_ns;
                m->ended = true;
        } else {
                m->t_ns += m->step_ns;
        }
        return true;
}
