/*
 * Memory over time as programs show it, made up from a seed, with its truth: leaks and what is none. For
 * bench-leak and test-leak-judge. Samples come as a recorder writes them: at an interval that differs from trace
 * to trace and jitters, whole pages, and a row only where the value changed or ten seconds have passed.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "detect/trend-series.h"

typedef enum TraceKind {
        TRACE_LEAK_STEADY, /* in noise that holds for a while, with spikes */
        TRACE_LEAK_STEPS,  /* 6 to 40 jumps, at uneven times and of uneven height */
        TRACE_LEAK_TEETH,  /* below a saw-tooth */
        TRACE_LEAK_WARM,   /* behind a warm-up of up to a quarter of the time */
        TRACE_LEAK_WAVES,  /* under a load that comes and goes */
        TRACE_LEAKS,
        TRACE_FLAT = TRACE_LEAKS, /* a few pages come and go */
        TRACE_NOISE,              /* up to 20 MB of it */
        TRACE_WALK,               /* a random walk that returns */
        TRACE_WARM,
        TRACE_TEETH,
        TRACE_WAVES,
        TRACE_STEP,               /* one, at once or over a twentieth of the time */
        TRACE_FILL,               /* a cache that fills ever more slowly: tau up to a quarter of the time */
        TRACE_KINDS,
} TraceKind;

const char *trace_kind_name(TraceKind kind);

typedef struct Trace {
        double rate; /* MB (10^6 bytes) a minute; 0: no leak */
        TrendSeries series;
} Trace;

/* The leak's rate is between 0.05 and 20 MB a minute, evenly in its logarithm; its noise at most a quarter of
 * what it grows in half an hour. False: no memory. The caller ends it by trend_series_done. */
bool trace_make(Trace *trace, TraceKind kind, double minutes, uint64_t seed);
