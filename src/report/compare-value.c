/* Figures, changes and intervals as a person reads them, and which of them are worth a line. */
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "report/compare-internal.h"

enum { PICK_CATEGORIES = 6, PICK_MONITOR_FIGURES = 12 };

static const double notable_ratio = 1.1;

const CompareTable compare_tables[COMPARE_TABLES] = {
        {NULL, FIGURE_RUN, STATISTIC_VALUE, false},
        {"category peaks", FIGURE_MAJOR, STATISTIC_PEAK, false},
        {"category CPU", FIGURE_MAJOR, STATISTIC_CPU, false},
        {"program peaks", FIGURE_CATEGORY, STATISTIC_PEAK, false},
        {"program CPU", FIGURE_CATEGORY, STATISTIC_CPU, false},
        {"category counts", FIGURE_MAJOR, STATISTIC_PROCESSES, true},
        {"program counts", FIGURE_CATEGORY, STATISTIC_PROCESSES, true},
        {"monitors", FIGURE_MONITOR, STATISTIC_TOTAL, false},
};

/* ---- values ---- */

static void add_plain(char *buffer, size_t size, double value, const char *behind)
{
        char count[FORMAT_MAX];

        if (value >= 1000 && value < 1e15)
                snprintf(buffer, size, "%s%s", format_count(count, (uint64_t)(value + 0.5)), behind);
        else if (value >= 1e15)
                snprintf(buffer, size, "%.2e%s", value, behind);
        else if (value == floor(value) || value >= 99.95)
                snprintf(buffer, size, "%.0f%s", value, behind);
        else
                snprintf(buffer, size, "%.*f%s", value >= 9.995 ? 1 : 2, value, behind);
}

static const double time_units[UNIT_LAST + 1] = {
        [UNIT_NS] = 1, [UNIT_US] = 1e3, [UNIT_MS] = 1e6, [UNIT_SECONDS] = 1e9,
};

static void add_scaled(char *buffer, size_t size, double value, double factor, const char *unit)
{
        add_plain(buffer, size, value * factor, unit);
}

const char *compare_value(char buffer[COMPARE_VALUE_MAX], double value, Unit unit, bool ascii)
{
        char *to = buffer, figure[FORMAT_MAX];
        size_t size = COMPARE_VALUE_MAX;

        if (!isfinite(value)) {
                snprintf(buffer, size, "unknown");
                return buffer;
        }
        if (value < 0) {
                *to++ = '-';
                size--;
                value = -value;
        }
        if (unit == UNIT_BYTES && value < 1e19)
                snprintf(to, size, "%s", format_bytes(figure, (uint64_t)(value + 0.5)));
        else if (unit <= UNIT_LAST && time_units[unit] > 0 && value * time_units[unit] < 1e19)
                snprintf(to, size, "%s", format_duration(figure, (uint64_t)(value * time_units[unit] + 0.5)));
        else if (unit == UNIT_RATIO)
                snprintf(to, size, "%s", value > 0 ? format_percent(figure, value) : "0 %");
        else if (unit == UNIT_PERCENT)
                add_plain(to, size, value, " %");
        else if (unit == UNIT_CELSIUS)
                add_plain(to, size, value, ascii ? " C" : " °C");
        else if (unit == UNIT_WATTS)
                add_plain(to, size, value, " W");
        else if (unit == UNIT_VOLTS)
                add_plain(to, size, value, " V");
        else if (unit == UNIT_RPM)
                add_plain(to, size, value, " rpm");
        else if (unit == UNIT_MICROJOULES)
                add_scaled(to, size, value, 1e-6, " J");
        else if (unit == UNIT_HERTZ)
                add_scaled(to, size, value, value >= 1e9 ? 1e-9 : 1e-6, value >= 1e9 ? " GHz" : " MHz");
        else
                add_plain(to, size, value, "");
        return buffer;
}

/* ---- changes ---- */

/* Percent with a sign, as fine as it deserves; without the "%". */
static void add_percent(char *buffer, size_t size, double ratio)
{
        double percent = (ratio - 1) * 100;

        if (fabs(percent) < 0.05)
                snprintf(buffer, size, "0");
        else if (fabs(percent) < 9.95)
                snprintf(buffer, size, "%+.1f", percent);
        else if (fabs(percent) < 99999)
                snprintf(buffer, size, "%+.0f", percent);
        else
                snprintf(buffer, size, "%+.0e", percent);
}

/* "×9.7": where percents would be thousands. */
static void add_times(char *buffer, size_t size, double ratio, bool ascii)
{
        snprintf(buffer, size, ratio < 9.95 ? "%s%.1f" : ratio < 1e5 ? "%s%.0f" : "%s%.0e", ascii ? "x" : "×", ratio);
}

const char *compare_change(char buffer[COMPARE_VALUE_MAX], const ComparedDifference *d, Unit unit, bool ascii)
{
        const Difference *x = &d->difference;
        char value[COMPARE_VALUE_MAX];

        buffer[0] = '\0';
        if (isnan(x->change))
                return buffer;
        if (x->change == 0)
                snprintf(buffer, COMPARE_VALUE_MAX, "same");
        else if (isnan(x->ratio) && x->a == 0 && unit != UNIT_CELSIUS)
                snprintf(buffer, COMPARE_VALUE_MAX, "new");
        else if (isnan(x->ratio) || unit == UNIT_CELSIUS)
                snprintf(buffer, COMPARE_VALUE_MAX, "%s%.40s", x->change > 0 ? "+" : "",
                         compare_value(value, x->change, unit, ascii));
        else if (x->ratio >= 3)
                add_times(buffer, COMPARE_VALUE_MAX, x->ratio, ascii);
        else {
                add_percent(value, sizeof value, x->ratio);
                snprintf(buffer, COMPARE_VALUE_MAX, "%.40s %%", value);
        }
        return buffer;
}

const char *compare_interval(char buffer[COMPARE_VALUE_MAX], const ComparedDifference *d, Unit unit, bool ascii)
{
        bool degrees = unit == UNIT_CELSIUS; /* where 0 is, is no matter of theirs */
        const Interval *interval = degrees ? &d->difference.change_interval : &d->difference.ratio_interval;
        char low[16], high[16];

        buffer[0] = '\0';
        if (interval->method == INTERVAL_NONE || d->verdict == VERDICT_ALIKE)
                return buffer;
        if (degrees) {
                snprintf(low, sizeof low, "%+.2g", interval->low);
                snprintf(high, sizeof high, "%+.2g", interval->high);
        } else if (interval->high >= 10) {
                add_times(low, sizeof low, interval->low, ascii);
                add_times(high, sizeof high, interval->high, ascii);
        } else {
                add_percent(low, sizeof low, interval->low);
                add_percent(high, sizeof high, interval->high);
        }
        snprintf(buffer, COMPARE_VALUE_MAX, "%s %s %s%s", low, ascii ? ".." : "…", high,
                 degrees ? ascii ? " C" : " °C" : interval->high >= 10 ? "" : " %");
        return buffer;
}

void compare_figure_name(const ComparedFigure *f, String *to)
{
        static const char *const names[][2] = {
                {"wall", "wall time"}, {"cpu", "CPU time"}, {"user", "CPU user"}, {"system", "CPU system"},
                {"cores", "cores busy"}, {"peak_pss", "peak PSS"}, {"peak_rss", "peak RSS"},
                {"peak_cgroup", "peak of cgroup"}, {"processes", "processes"},
        };

        if (f->section == FIGURE_MONITOR) {
                string_add_format(to, "%s%s%s %s%s", f->within, f->thing ? " " : "", f->thing ? f->thing : "",
                                  f->name, f->statistic == STATISTIC_MOST   ? " most"
                                           : f->statistic == STATISTIC_MEAN ? " mean"
                                                                            : "");
                return;
        }
        for (size_t i = 0; f->section == FIGURE_RUN && i < ARRAY_LENGTH(names); i++)
                if (text_equal(f->name, names[i][0])) {
                        string_add(to, names[i][1]);
                        return;
                }
        string_add(to, f->name);
}

/* ---- what is worth a line ---- */

/* A change under this says nothing, however large a part it is of what was there. */
static double least_change(Unit unit)
{
        switch (unit) {
        case UNIT_BYTES:
                return 1 << 18;
        case UNIT_NS:
        case UNIT_US:
        case UNIT_MS:
        case UNIT_SECONDS:
                return 1e7 / time_units[unit];
        case UNIT_RATIO:
                return 0.01;
        case UNIT_PERCENT:
                return 1;
        case UNIT_CELSIUS:
                return 2;
        case UNIT_WATTS:
                return 0.5;
        case UNIT_VOLTS:
                return 0.05;
        case UNIT_MICROJOULES:
        case UNIT_HERTZ:
                return 1e6;
        default:
                return 10;
        }
}

bool compare_is_notable(const ComparedFigure *f, const ComparedDifference *d)
{
        const Difference *x = &d->difference;

        if (d->verdict == VERDICT_UNKNOWN || d->verdict == VERDICT_ALIKE || d->verdict == VERDICT_UNCLEAR ||
            f->part || fabs(x->change) < least_change(f->unit))
                return false;
        return isnan(x->ratio) || f->unit == UNIT_CELSIUS || x->ratio >= notable_ratio || x->ratio <= 1 / notable_ratio;
}

typedef struct Pick {
        size_t figure;
        double weight;
} Pick;

static int compare_picks(const void *a, const void *b)
{
        const Pick *x = a, *y = b;

        if (x->weight != y->weight)
                return x->weight < y->weight ? 1 : -1;
        return x->figure < y->figure ? -1 : x->figure > y->figure;
}

/* Of a monitor's gauge both mean and most may differ: one line is enough. */
static bool is_told(const Comparison *c, const ComparedPair *pair, size_t at)
{
        const ComparedFigure *f = &c->figures[at], *before = at > 0 ? f - 1 : f;

        return f->statistic == STATISTIC_MOST && before->statistic == STATISTIC_MEAN &&
               text_equal(before->name, f->name) && text_equal(before->within, f->within) &&
               compare_is_notable(before, &pair->differences[at - 1]);
}

static double weight_of(const ComparedFigure *f, const ComparedDifference *d)
{
        const Difference *x = &d->difference;

        if (f->section == FIGURE_RUN)
                return 0;
        if (f->section != FIGURE_MONITOR)
                return fmax(x->a, x->b); /* one that is unknown is no reason */
        if (isnan(x->ratio))
                return fabs(log(notable_ratio)); /* from nothing: no measure, so behind the others */
        return x->ratio > 0 ? fabs(log(x->ratio)) : 50;
}

static bool is_wanted(const Comparison *c, const ComparedPair *pair, size_t at, bool all)
{
        const ComparedFigure *f = &c->figures[at];
        const ComparedDifference *d = &pair->differences[at];

        if (isnan(d->difference.a) && isnan(d->difference.b))
                return false;
        if (all || f->section == FIGURE_RUN)
                return true;
        if (f->section == FIGURE_MONITOR)
                return compare_is_notable(f, d) && !is_told(c, pair, at);
        return fmax(d->difference.a, d->difference.b) >= least_change(f->unit);
}

int compare_pick(const Comparison *c, const ComparedPair *pair, FigureSection section, Statistic statistic,
                 bool all, size_t **ret, size_t *ret_n)
{
        _cleanup_free_ Pick *picks = calloc(c->n_figures + 1, sizeof *picks);
        _cleanup_free_ size_t *chosen = calloc(c->n_figures + 1, sizeof *chosen);
        size_t n = 0, most = section == FIGURE_RUN ? SIZE_MAX : section == FIGURE_MONITOR ? PICK_MONITOR_FIGURES
                                                                                           : PICK_CATEGORIES;

        if (!picks || !chosen)
                return -ENOMEM;
        for (size_t i = 0; i < c->n_figures; i++)
                if (c->figures[i].section == section &&
                    (section == FIGURE_MONITOR || c->figures[i].statistic == statistic) && is_wanted(c, pair, i, all))
                        picks[n++] = (Pick){i, all && section == FIGURE_MONITOR
                                                       ? 0
                                                       : weight_of(&c->figures[i], &pair->differences[i])};
        qsort(picks, n, sizeof *picks, compare_picks);
        n = all ? n : MIN(n, most);
        for (size_t i = 0; i < n; i++)
                chosen[i] = picks[i].figure;
        *ret = TAKE(chosen);
        *ret_n = n;
        return 0;
}

/* ---- what a page has room for ---- */

/* A category's part of its run: what is small everywhere says little, however much it grew. */
static double part_of_run(const ComparedFigure *f, const ComparedPair *pair, const ComparedDifference *d)
{
        static const RunFigure wholes[] = {
                [STATISTIC_PEAK] = RUN_PEAK, [STATISTIC_CPU] = RUN_CPU, [STATISTIC_PROCESSES] = RUN_PROCESSES};
        const Difference *whole = &pair->differences[regression_figure(pair, wholes[f->statistic])].difference;
        double most = fmax(whole->a, whole->b);

        return most > 0 ? fmax(d->difference.a, d->difference.b) / most : 0;
}

/* Among each other figures of monitors by their change; a category of a tenth of the run as one that grew by e. */
static double say_of(const ComparedFigure *f, const ComparedPair *pair, const ComparedDifference *d)
{
        if (f->section == FIGURE_RUN)
                return INFINITY;
        if (f->section != FIGURE_MONITOR)
                return 10 * part_of_run(f, pair, d);
        return compare_is_notable(f, d) ? fmin(weight_of(f, d), 5) : 0;
}

int compare_choose(const Comparison *c, const ComparedPair *pair, size_t most, bool *told)
{
        _cleanup_free_ Pick *picks = calloc(c->n_figures + 1, sizeof *picks);
        size_t n = 0;

        if (!picks)
                return -ENOMEM;
        for (size_t i = 0; i < c->n_figures; i++) {
                const ComparedDifference *d = &pair->differences[i];
                told[i] = false;
                if (!c->figures[i].part && !(isnan(d->difference.a) && isnan(d->difference.b)))
                        picks[n++] = (Pick){i, say_of(&c->figures[i], pair, d)};
        }
        qsort(picks, n, sizeof *picks, compare_picks);
        for (size_t i = 0; i < n && (i < most || c->figures[picks[i].figure].section == FIGURE_RUN); i++)
                told[picks[i].figure] = true;
        return 0;
}
