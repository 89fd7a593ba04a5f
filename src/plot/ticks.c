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

static const char *number_label(PlotUnit unit, double step, double value, char *buffer)
{
        static const struct {
                double least;
                const char *name;
        } large[] = {{1e12, " T"}, {1e9, " G"}, {1e6, " M"}, {1e4, " k"}};
        const char *scale = "", *suffix = unit.kind == PLOT_PERCENT ? "%" : unit.suffix;
        int digits = 0;

        for (size_t i = 0; i < ARRAY_LENGTH(large); i++)
                if (fabs(value) >= large[i].least) {
                        double divisor = large[i].least == 1e4 ? 1e3 : large[i].least;
                        value /= divisor;
                        step /= divisor;
                        scale = large[i].name;
                        break;
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
                snprintf(buffer, FORMAT_MAX, "%.24s%.4s", format_bytes(bytes, (uint64_t)MIN(value, 1e19)),
                         unit.suffix ? unit.suffix : "");
                return buffer;
        }
        return unit.kind == PLOT_DURATION ? duration_label(step, value, buffer)
                                          : number_label(unit, step, value, buffer);
}

const char *plot_value(PlotUnit unit, double value, char buffer[FORMAT_MAX])
{
        if (!isfinite(value)) {
                snprintf(buffer, FORMAT_MAX, "unknown");
                return buffer;
        }
        if (unit.kind == PLOT_DURATION && value >= 0)
                return format_duration(buffer, (uint64_t)(MIN(value, 1e9) * 1e9));
        if (unit.kind == PLOT_BYTES || value == 0)
                return tick_label(unit, 1, value, buffer);
        /* A step of three significant digits gives just those. */
        double step = unit.kind == PLOT_COUNT ? 1 : pow(10, floor(log10(fabs(value))) - 2);
        value = nearbyint(value / step) * step;
        while (step < 1 && fabs(nearbyint(value / step / 10) * step * 10 - value) < step / 1000)
                step *= 10; /* 2.00 → 2 */
        return number_label(unit, MIN(step, 1.0), value, buffer);
}
