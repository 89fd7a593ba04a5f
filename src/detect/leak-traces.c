/* Each kind is a level without noise; what is common (noise, spikes, sampling, pages) comes on top. */
#include "detect/leak-traces.h"

#include <math.h>

#include "base/macros.h"

enum { STEPS_MAX = 40 };

typedef struct Maker {
        uint64_t random;
        TraceKind kind;
        double minutes, rate;
        double base, noise, held_s;        /* MB; the noise's time to fade */
        double spikes, spike_mb, spike_s;  /* a minute */
        double height, tau, begin, ramp;   /* of a warm-up, a step, a fill; minutes */
        double period, phase, swing;       /* of teeth and waves */
        double steps[STEPS_MAX], heights[STEPS_MAX];
        unsigned n_steps;
        bool ramped, bridge;
        /* As it goes: */
        double wander, spike, tooth, tooth_until, tooth_from, tooth_swing, walk;
} Maker;

static double uniform(Maker *m)
{
        uint64_t z = m->random += 0x9e3779b97f4a7c15u; /* SplitMix64 */

        z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
        z = (z ^ z >> 27) * 0x94d049bb133111ebu;
        return ((double)((z ^ z >> 31) >> 11) + 0.5) * 0x1p-53;
}

static double between(Maker *m, double low, double high)
{
        return low + (high - low) * uniform(m);
}

static double between_log(Maker *m, double low, double high)
{
        return low * pow(high / low, uniform(m));
}

static double normal(Maker *m)
{
        return sqrt(-2 * log(uniform(m))) * cos(2 * M_PI * uniform(m));
}

const char *trace_kind_name(TraceKind kind)
{
        static const char *const names[TRACE_KINDS] = {
                "leak, steady", "leak, in steps", "leak, saw-tooth", "leak, after warm-up", "leak, in waves",
                "flat", "noise", "walk that returns", "warm-up", "saw-tooth", "waves", "one step", "cache that fills",
        };

        return names[kind];
}

static void choose_noise(Maker *m)
{
        double grown = m->rate * 30;

        if (m->kind == TRACE_FLAT)
                m->noise = between_log(m, 0.002, 0.05);
        else if (m->kind == TRACE_NOISE)
                m->noise = between_log(m, 0.1, 20);
        else if (m->rate > 0)
                m->noise = grown * between_log(m, 0.002, 0.25);
        else
                m->noise = between_log(m, 0.01, 5);
        m->held_s = between_log(m, 0.5, 45);
        if (uniform(m) < 0.4) {
                m->spikes = between_log(m, 0.2, 6);
                m->spike_mb = m->noise * between(m, 3, 30);
                m->spike_s = between_log(m, 0.5, 10);
        }
}

static void choose_steps(Maker *m)
{
        double sum = 0;

        m->n_steps = 6 + (unsigned)(uniform(m) * (STEPS_MAX - 6));
        for (unsigned i = 0; i < m->n_steps; i++) {
                m->steps[i] = m->minutes * ((double)i + between(m, 0.1, 0.9)) / m->n_steps;
                m->heights[i] = between(m, 0.5, 1.5);
                sum += m->heights[i];
        }
        for (unsigned i = 0; i < m->n_steps; i++)
                m->heights[i] *= m->rate * m->minutes / sum;
}

static void choose(Maker *m)
{
        bool leaks = m->kind < TRACE_LEAKS;

        m->rate = leaks ? between_log(m, 0.05, 20) : 0;
        m->base = between_log(m, 5, 2000);
        choose_noise(m);
        choose_steps(m);
        m->ramped = uniform(m) < 0.5;
        m->bridge = uniform(m) < 0.5;
        m->begin = m->minutes * between(m, 0.15, 0.85);
        m->ramp = m->ramped ? m->minutes * between(m, 0.005, 0.05) : 0;
        m->height = between_log(m, 2, 300);
        m->tau = m->minutes * between_log(m, 0.01, 0.07);
        if (m->kind == TRACE_FILL)
                m->tau = m->minutes * between_log(m, 1 / 15.0, 0.25);
        m->period = m->minutes * between_log(m, 0.008, 0.07);
        if (m->kind == TRACE_WAVES || m->kind == TRACE_LEAK_WAVES)
                m->period = m->minutes * between_log(m, 0.02, 0.25);
        m->phase = uniform(m);
        m->swing = m->kind == TRACE_LEAK_WAVES ? m->rate * m->minutes * between_log(m, 0.02, 0.5) : between_log(m, 3, 200);
        m->walk = between_log(m, 0.5, 30);
        m->tooth_until = -1;
}

/* A walk that is pulled back: with the noise's own time, or slowly; or the one whose end is where it began. */
static double wander(Maker *m, double t, double dt)
{
        double tau = m->kind == TRACE_WALK ? m->minutes / 12 : m->held_s / 60;

        if (m->kind == TRACE_WALK && m->bridge)
                m->wander += -m->wander * dt / MAX(m->minutes - t, dt) + sqrt(dt / m->minutes) * 2 * normal(m);
        else
                m->wander = m->wander * exp(-dt / tau) + sqrt(1 - exp(-2 * dt / tau)) * normal(m);
        return m->wander * (m->kind == TRACE_WALK ? m->walk : m->noise);
}

static double tooth(Maker *m, double t)
{
        if (t >= m->tooth_until) {
                m->tooth_from = m->tooth_until < 0 ? -m->phase * m->period : m->tooth_until;
                m->tooth_until = m->tooth_from + m->period * between(m, 0.8, 1.2);
                m->tooth_swing = m->swing * between(m, 0.8, 1.2);
        }
        return m->tooth_swing * (t - m->tooth_from) / (m->tooth_until - m->tooth_from);
}

static double warm(const Maker *m, double t)
{
        if (m->ramped)
                return m->height * MIN(t / (3 * m->tau), 1.0);
        return m->height * (1 - exp(-t / m->tau));
}

static double level(Maker *m, double t)
{
        double leaked = m->rate * t;

        switch (m->kind) {
        case TRACE_LEAK_STEPS:
                leaked = 0;
                for (unsigned i = 0; i < m->n_steps; i++)
                        leaked += t >= m->steps[i] ? m->heights[i] : 0;
                return leaked;
        case TRACE_LEAK_TEETH:
        case TRACE_TEETH:
                return leaked + tooth(m, t);
        case TRACE_LEAK_WARM:
        case TRACE_WARM:
                return leaked + warm(m, t);
        case TRACE_LEAK_WAVES:
        case TRACE_WAVES:
                return leaked + m->swing * (1 + sin(2 * M_PI * (t / m->period + m->phase)));
        case TRACE_STEP:
                return t < m->begin ? 0 : t < m->begin + m->ramp ? m->height * (t - m->begin) / m->ramp : m->height;
        case TRACE_FILL:
                return m->height * (1 - exp(-t / m->tau));
        default:
                return leaked;
        }
}

bool trace_make(Trace *trace, TraceKind kind, double minutes, uint64_t seed)
{
        static const double intervals_s[] = {0.25, 0.5, 1, 1, 2, 5, 10};
        Maker m = {.random = seed * 1000003 + (uint64_t)kind * 7919 + 17, .kind = kind, .minutes = minutes};
        double last_mb = -1, told = -1;

        choose(&m);
        double interval = intervals_s[(size_t)(uniform(&m) * ARRAY_LENGTH(intervals_s))] / 60;
        if (kind == TRACE_TEETH || kind == TRACE_LEAK_TEETH)
                interval = MIN(interval, m.period / 8); /* of what is shorter no sampling has the troughs */
        trend_series_init(&trace->series, 25000000000);
        trace->rate = m.rate;
        for (double t = 0, dt = 0; t < minutes; dt = interval * between(&m, 0.9, 1.1), t += dt) {
                if (uniform(&m) < m.spikes * dt)
                        m.spike += m.spike_mb * between(&m, 0.2, 1);
                m.spike *= m.spikes > 0 ? exp(-dt * 60 / m.spike_s) : 0;
                double mb = MAX(m.base + level(&m, t) + wander(&m, t, dt) + m.spike, 0.1);
                mb = floor(mb * 1e6 / 4096) * 4096 / 1e6;
                if (mb == last_mb && t - told < 1 / 6.0)
                        continue;
                if (trend_series_add(&trace->series, (int64_t)(t * 60e9), mb) < 0)
                        return false;
                last_mb = mb;
                told = t;
        }
        return trend_series_finish(&trace->series, (int64_t)(minutes * 60e9)) == 0;
}
