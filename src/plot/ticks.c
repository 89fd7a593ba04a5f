/* Steps that people count in. */
#include "plot/ticks.h"

#include <math.h>
#include <stdint.h>
#include <stdio.h>

#include "base/macros.h"

static double step_decimal(double rough)
{
        double power = pow(10, floor(log10(rough)));
        static const double steps[] = {1, 2, 5, 10};

        for (size_t i = 0; i < ARRAY_LENGTH(steps); i++)
                if (steps[i] * power >= rough * (1 - 1e-9))
                        return steps[i] * power;
        return 10 * power;
}

static double step_of_time(double rough)
{
        static const double steps[] = {10,   15,   30,    60,    120,   300,   600,    900,
                                       1800, 3600, 7200, 10800, 21600, 43200, 86400};

        if (rough <= 5)
                return step_decimal(rough);
        for (size_t i = 0; i < ARRAY_LENGTH(steps); i++)
                if (steps[i] >= rough * (1 - 1e-9))
                        return steps[i];
        return 86400 * step_decimal(rough / 86400);
}

static double step_for(PlotUnit unit, double rough)
{
        switch (unit.kind) {
        case PLOT_BYTES:
                return MAX(exp2(ceil(log2(rough) - 1e-9)), 1.0);
        case PLOT_DURATION:
                return step_of_time(rough);
        case PLOT_COUNT:
                return MAX(step_decimal(rough), 1.0);
        case PLOT_NUMBER:
        case PLOT_PERCENT:
                break;
        }
        return step_decimal(rough);
}

static double next_step(PlotUnit unit, double step)
{
        return step_for(unit, step * 1.01);
}

void ticks_find(PlotUnit unit, double least, double most, Ticks *ret)
{
        double span = most - least;

        *ret = (Ticks){.step = 1};
        if (!isfinite(span) || span <= 0)
                return;
        double step = step_for(unit, span / TICKS_MOST);
        while (floor(most / step * (1 + 1e-12)) - ceil(least / step - 1e-9) + 1 > TICKS_MOST)
                step = next_step(unit, step);
        ret->step = step;
        for (double i = ceil(least / step - 1e-9); ret->n < TICKS_MOST && i * step <= most * (1 + 1e-12); i++)
                ret->at[ret->n++] = i * step + 0.0; /* never -0 */
}

static const char *duration_label(double step, double seconds, char *buffer)
{
        double whole = floor(seconds + 0.5);
        unsigned long long s = (unsigned long long)MIN(whole, 1e15), day = s / 86400, hour = s / 3600 % 24;
        unsigned long long minute = s / 60 % 60;

        if (step < 0.01)
                snprintf(buffer, FORMAT_MAX, "%.*f ms", step < 0.001 ? 1 : 0, seconds * 1000);
        else if (seconds < 59.95 && step < 60)
                snprintf(buffer, FORMAT_MAX, "%.*f s", step < 0.1 ? 2 : step < 1 ? 1 : 0, seconds);
        else if (s < 3600)
                snprintf(buffer, FORMAT_MAX, step < 60 ? "%llum %02llus" : "%llum", minute, s % 60);
        else if (s < 86400 || step < 86400)
                snprintf(buffer, FORMAT_MAX, step < 3600 ? "%lluh %02llum" : "%lluh", day * 24 + hour, minute);
        else
                snprintf(buffer, FORMAT_MAX, "%llud", day);
        return buffer;
}

/* In thousands, millions … where `size` is of that order. */
static const char *number_label(PlotUnit unit, double size, double step, double value, char *buffer)
{
        static const struct {
                double least;
                const char *name;
        } large[] = {{1e12, " T"}, {1e9, " G"}, {1e6, " M"}, {1e3, " k"}};
        const char *scale = "", *suffix = unit.kind == PLOT_PERCENT ? "%" : unit.suffix;
        int digits = 0;

        for (size_t i = 0; i < ARRAY_LENGTH(large) && !*scale; i++)
                if (size >= large[i].least) {
                        value /= large[i].least;
                        step /= large[i].least;
                        scale = large[i].name;
                }
        while (digits < 6 && fabs(step * pow(10, digits) - nearbyint(step * pow(10, digits))) > 1e-6)
                digits++;
        snprintf(buffer, FORMAT_MAX, "%.*f%s%s%s", digits, value, scale, suffix && !*scale ? " " : "",
                 suffix ? suffix : "");
        return buffer;
}

const char *tick_label(PlotUnit unit, double step, double value, char buffer[FORMAT_MAX])
{
        if (value == 0) {
                snprintf(buffer, FORMAT_MAX, "0");
                return buffer;
        }
        if (unit.kind == PLOT_BYTES) {
                char bytes[FORMAT_MAX];
                snprintf(buffer, FORMAT_MAX, "%.24s%.4s", format_bytes(bytes, (uint64_t)fmin(fmax(value, 0), 1e19)),
                         unit.suffix ? unit.suffix : "");
                return buffer;
        }
        return unit.kind == PLOT_DURATION ? duration_label(step, value, buffer)
                                          : number_label(unit, step, step, value, buffer);
}

const char *plot_value(PlotUnit unit, double value, char buffer[FORMAT_MAX])
{
        if (!isfinite(value)) {
                snprintf(buffer, FORMAT_MAX, "unknown");
                return buffer;
        }
        if (unit.kind == PLOT_DURATION && value >= 0)
                return format_duration(buffer, (uint64_t)(fmin(value, 1e9) * 1e9));
        if (unit.kind == PLOT_BYTES || value == 0)
                return tick_label(unit, 1, value, buffer);
        if (unit.kind == PLOT_COUNT && value > 0 && value < 1e7)
                return format_count(buffer, (uint64_t)nearbyint(value));
        /* A step of three significant digits, or of fewer if that says the same: 2.00 → 2. */
        double step = pow(10, floor(log10(fabs(value))) - 2), size = fabs(value);
        value = nearbyint(value / step) * step;
        for (size_t i = 0; i < 2 && fabs(nearbyint(value / step / 10) * step * 10 - value) < step / 1000; i++)
                step *= 10;
        return number_label(unit, size < 1e4 ? 0 : size, step, value, buffer);
}
