/* Where an axis has its ticks, and what stands at them: at most five, in steps of 1, 2 and 5; of bytes
 * in powers of two; of time as clocks have it. Pure functions. */
#pragma once

#include <stddef.h>

#include "base/text.h"

enum { TICKS_MOST = 5 };

typedef enum PlotUnitKind {
        PLOT_NUMBER,
        PLOT_COUNT, /* whole numbers */
        PLOT_BYTES,
        PLOT_PERCENT,
        PLOT_DURATION, /* seconds */
} PlotUnitKind;

typedef struct PlotUnit {
        PlotUnitKind kind;
        const char *suffix; /* behind the number: "W", "/s"; NULL: none; not owned */
} PlotUnit;

typedef struct Ticks {
        double at[TICKS_MOST];
        size_t n;
        double step;
} Ticks;

/* Ticks within [least, most]; most > least. */
void ticks_find(PlotUnit unit, double least, double most, Ticks *ret);

/* A value at an axis, where neighbours are `step` apart: "0", "1.5 GiB", "1m 30s". */
const char *tick_label(PlotUnit unit, double step, double value, char buffer[FORMAT_MAX]);

/* A value by itself, three digits: "3.94 GiB", "12.3 s", "1,204 /s". */
const char *plot_value(PlotUnit unit, double value, char buffer[FORMAT_MAX]);
